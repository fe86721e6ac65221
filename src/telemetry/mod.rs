//! What operators see of the house: logs, metrics, health. Never a word that somebody said.
//!
//! Knows no domain: parts report what happened to them, in numbers and in names of their own code.

pub mod health;
pub mod instrument;
pub mod label;
pub mod logging;
pub mod metric;

pub use self::{health::Health, metric::Metrics};
