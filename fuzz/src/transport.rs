//! The part of the transport that reads bytes.

#[path = "../../src/transport/frame/mod.rs"]
pub mod frame;
