//! What uploaded bytes are, found out from the bytes alone, and what is taken out of them.
//!
//! Everything here works on bytes in memory, knows no file and no clock, and is fuzzed. What comes out
//! is built from the parts that draw the picture or carry the sound; what is not known to do either is
//! left out, so that no place, device or name travels with it.

mod cursor;
mod kind;
pub mod picture;
pub mod voice;

pub use self::kind::{Class, Kind, Sniffed, sniff};

/// Why bytes are not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Flaw {
    /// They are not what they begin as, or were cut off.
    #[error("the file is damaged: {0}")]
    Damaged(&'static str),
    /// They are sound, but hold something that is not taken.
    #[error("{0}")]
    Unwanted(&'static str),
}

impl Flaw {
    /// What its author can do about it.
    pub fn reason(self) -> &'static str {
        match self {
            Self::Damaged(reason) | Self::Unwanted(reason) => reason,
        }
    }
}

#[cfg(test)]
mod tests;
