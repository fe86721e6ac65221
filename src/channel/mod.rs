//! Channels as operators configure them: who may do what, and the platform's own door to them.
//!
//! The domains' channels (`user`, `live` …) are namespaces like any other; what is special about
//! them is said in their settings, not here.

pub mod access;

pub mod operations;
pub mod platform;

pub use self::{
    access::{Access, Denied, Entrance},
    operations::operations,
    platform::Platform,
};
