//! The one section that the files under test read, and the values in it.

#[path = "../../src/config/fault.rs"]
pub mod fault;
#[path = "../../src/config/moderation.rs"]
pub mod moderation;
#[path = "../../src/config/value.rs"]
pub mod value;
