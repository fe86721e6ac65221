//! What was said: append-only records, sealed at rest, numbered without gaps.
//!
//! Knows threads, authors and bytes; what a record means is its domain's business.

use crate::store::Statement;

/// A record to append.
#[derive(Clone, Debug)]
pub struct Draft {
    /// The thread it belongs to: a conversation's id, or later a room's.
    pub thread: String,
    /// Who wrote it: a user's id, or empty for the house itself.
    pub author: String,
    /// The author's idempotency key within the thread, at most 64 characters.
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
#[derive(Clone, Debug, PartialEq, Eq)]
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

/// Why nothing was appended.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// The `client_id` was used for other content.
    #[error("this client_id was used for other content")]
    Conflict,
    /// A guarded statement beside the record met another state than it expected.
    #[error("the state beside the record has changed")]
    Guard,
    /// The queue is full or the database cannot be written: nothing was stored.
    #[error("the archive takes no records now")]
    Unavailable,
    /// A key is missing or the sealed content does not open: tampering, or the wrong key ring.
    #[error("a record does not open with the keys at hand")]
    Sealed,
    /// The database failed.
    #[error(transparent)]
    Store(#[from] crate::store::Fault),
}

/// The archive of this node. Cheap to clone.
#[derive(Clone)]
pub struct Archive {}

impl Archive {
    /// Appends a record and what belongs beside it; resolves when both are durable.
    pub async fn append(&self, _draft: Draft) -> Result<Appended, Fault> {
        std::future::ready(Err(Fault::Unavailable)).await
    }

    /// The record that `author` appended to `thread` under `client_id`, `None` when there is none:
    /// what a retried send is answered from when its content would not be the same (a verdict of
    /// newer rules, a fresh hold).
    pub async fn find(
        &self,
        _thread: &str,
        _author: &str,
        _client_id: &str,
    ) -> Result<Option<Record>, Fault> {
        std::future::ready(Err(Fault::Unavailable)).await
    }

    /// Reads records of `thread` with `after < seq < before`, at most `limit`, in order of `seq`;
    /// the newest ones when `newest` is set, the oldest otherwise.
    pub async fn read(&self, _thread: &str, _window: Window) -> Result<Vec<Record>, Fault> {
        std::future::ready(Err(Fault::Unavailable)).await
    }
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
