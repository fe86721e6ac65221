//! The vocabulary of the tests: a house, its visitors, what they say and hear.

mod answer;
mod hearer;
mod house;
mod platform;
mod streamer;
mod visitor;

pub use self::{
    answer::{Answer, Ask},
    hearer::Hearer,
    house::House,
    platform::{call, service},
    streamer::{Messages, Streamer, Way},
    visitor::{PATIENCE, Visitor},
};

/// `text` as a member of a query.
pub fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}
