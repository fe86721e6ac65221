//! The one section that the files under test read, and the values in it.

#[path = "../../src/config/moderation.rs"]
pub mod moderation;
#[path = "../../src/config/value.rs"]
pub mod value;
