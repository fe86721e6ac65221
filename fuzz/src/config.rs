//! The one section that the files under test read.

#[path = "../../src/config/moderation.rs"]
pub mod moderation;
