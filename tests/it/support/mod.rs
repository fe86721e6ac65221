//! The vocabulary of the tests: a house, its visitors, what they say and hear.

mod house;
mod visitor;

pub use self::{house::House, visitor::Visitor};
