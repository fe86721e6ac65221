//! The part of media that reads uploaded bytes.

#[path = "../../src/media/format/mod.rs"]
pub mod format;
