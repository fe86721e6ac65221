//! Configuration: one file a section, each with its defaults, its documents and its checks.
//!
//! Imports nothing of the house above. Every part receives its own section by value; only this
//! module reads the environment.

pub mod admission;
pub mod channels;
pub mod client;
pub mod http;
pub mod hub;
pub mod identity;
pub mod value;
