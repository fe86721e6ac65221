//! What was said: append-only records, sealed at rest, numbered without gaps.
//!
//! Knows threads, authors and bytes; what a record means is its domain's business. A *lane* numbers
//! and seals the records of its threads and commits them in batches; reading goes straight to the
//! database. `docs/decisions/` tells why there is one.

mod handle;
mod head;
mod key_ring;
mod lane;
mod load;
mod mark;
mod plan;
mod proof;
mod read;
mod thread_key;

use std::fmt;

pub use self::{handle::Archive, key_ring::RingFault};
use crate::store::{self, Statement};

/// A record to append.
#[derive(Clone)]
pub struct Draft {
    /// The thread it belongs to: a conversation's id, or later a room's.
    pub thread: String,
    /// Who wrote it: a user's id, or empty for the house itself.
    pub author: String,
    /// The author's idempotency key within the thread, at most 64 characters. It is remembered for
    /// a day at least.
    pub client_id: Option<String>,
    /// What it is, in the domain's words: `message`, `recall`, `hold` … At most 32 characters.
    pub kind: &'static str,
    /// The content, sealed before it is stored.
    pub content: Vec<u8>,
    /// What else must change in the same transaction: the domain's own tables. Each `$seq` in their
    /// text stands for the record's sequence number, `$at` for its time in milliseconds.
    pub beside: Vec<Statement>,
}

/// A record as it is stored, its content opened.
#[derive(Clone, PartialEq, Eq)]
pub struct Record {
    /// Its number in the thread, from 1, without gaps.
    pub seq: i64,
    /// When it was stored, in milliseconds.
    pub at_ms: i64,
    /// Who wrote it.
    pub author: String,
    /// What it is.
    pub kind: String,
    /// The opened content; `None` when the thread's key was destroyed.
    pub content: Option<Vec<u8>>,
}

/// What appending came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Appended {
    /// Stored now, durable.
    New(Receipt),
    /// The same author sent the same content under this `client_id` before: that record's receipt.
    Again(Receipt),
}

/// Where a record stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// Its number in the thread.
    pub seq: i64,
    /// When it was stored, in milliseconds.
    pub at_ms: i64,
}

/// Which records of a thread to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// Only above this number; 0 for all.
    pub after: i64,
    /// Only below this number; `i64::MAX` for all.
    pub before: i64,
    /// At most so many.
    pub limit: usize,
    /// Which end of the window counts when there are more than `limit`.
    pub newest: bool,
}

/// Why nothing was appended, or read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The `client_id` was used for other content.
    #[error("this client_id was used for other content")]
    Conflict,
    /// A statement beside the record met another state than it expected, or an existing key.
    #[error("the state beside the record has changed")]
    Guard,
    /// The thread took as many records as it may within the time that what was sent is remembered.
    #[error("the thread takes no more records for {retry_ms} ms")]
    Full {
        /// When it takes some again, in milliseconds.
        retry_ms: i64,
    },
    /// The queue is full or the database cannot be written: nothing was stored.
    #[error("the archive takes no records now")]
    Unavailable,
    /// A key is missing or destroyed, or the sealed content does not open: tampering, or the wrong
    /// key ring.
    #[error("a record does not open with the keys at hand")]
    Sealed,
    /// The database failed.
    #[error(transparent)]
    Store(store::Fault),
}

/// Why the archive did not open.
#[derive(Debug, thiserror::Error)]
pub enum OpenFault {
    /// The key ring cannot be used.
    #[error(transparent)]
    Ring(#[from] RingFault),
    /// A key that the archive was written with is not in the ring.
    #[error("the archive was written with key {version}, which is not in the key ring")]
    KeyMissing {
        /// Its version.
        version: i64,
    },
    /// The ring has another key of this version than the archive was written with.
    #[error("the archive was written with another key {version} than the key ring has")]
    KeyDiffers {
        /// Its version.
        version: i64,
    },
    /// The database failed.
    #[error(transparent)]
    Store(#[from] store::Fault),
}

impl From<store::Fault> for Fault {
    fn from(fault: store::Fault) -> Self {
        match fault {
            store::Fault::Unavailable => Self::Unavailable,
            other => Self::Store(other),
        }
    }
}

impl Appended {
    /// Where the record stands, whenever it was stored.
    pub fn receipt(&self) -> Receipt {
        match self {
            Self::New(receipt) | Self::Again(receipt) => *receipt,
        }
    }
}

impl Window {
    /// The newest records, at most `limit`.
    pub fn newest(limit: usize) -> Self {
        Self { after: 0, before: i64::MAX, limit, newest: true }
    }

    /// The records that follow `seq`, at most `limit`.
    pub fn after(seq: i64, limit: usize) -> Self {
        Self { after: seq, before: i64::MAX, limit, newest: false }
    }
}

// By hand: what somebody said must not reach a log by way of a debugging line.
impl fmt::Debug for Draft {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = self.content.len();
        write!(f, "Draft({} in {}: {bytes} bytes by {:?})", self.kind, self.thread, self.author)
    }
}

impl fmt::Debug for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { seq, at_ms, author, kind, content } = self;
        let bytes = content.as_ref().map(Vec::len);
        write!(f, "Record({seq} at {at_ms}: {kind}, {bytes:?} bytes by {author:?})")
    }
}

#[cfg(test)]
mod tests;
