//! Channels as operators configure them: who may do what, and the platform's own door to them.
//!
//! The domains' channels (`user`, `live` …) are namespaces like any other; what is special about
//! them is said in their settings, or by the [`Domain`] they belong to, not here.

pub mod access;
pub mod domain;
pub mod operations;
pub mod platform;

pub use self::{
    access::{Access, Denied, Entrance},
    domain::Domain,
    operations::operations,
    platform::Platform,
};

#[cfg(test)]
mod tests;
