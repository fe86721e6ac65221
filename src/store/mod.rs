//! The database: statements in one SQL text for every engine, and nothing of what they mean.
//!
//! Writes are transactions without conversation: a list of statements that commits whole or not at
//! all, each with the number of rows it must touch. That is enough for optimistic concurrency, it
//! needs no lock across an `.await`, and both SQLite and PostgreSQL can pipeline it.

pub mod statement;

pub use statement::{Row, Rows, Statement, Value};

/// Why the database did not do as asked.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// A guarded statement touched another number of rows: somebody else was first. Nothing of the
    /// transaction was kept.
    #[error("statement {index} of the transaction met another state than it expected")]
    Guard {
        /// Which statement of the list.
        index: usize,
    },
    /// A unique key exists already. Nothing of the transaction was kept.
    #[error("statement {index} of the transaction met an existing key")]
    Duplicate {
        /// Which statement of the list.
        index: usize,
    },
    /// The queue of writes is full, or the database cannot be written now. Nothing was kept.
    #[error("the database takes no writes now")]
    Unavailable,
    /// The engine refused: a fault of ours or of the disk. Nothing was kept.
    #[error("the database failed: {0}")]
    Engine(String),
}

/// The database of this node. Cheap to clone.
#[derive(Clone)]
pub struct Store {}

impl Store {
    /// Reads with one statement, on a reader's thread, from the newest committed state.
    pub async fn read(&self, _statement: Statement) -> Result<Rows, Fault> {
        std::future::ready(Err(Fault::Unavailable)).await
    }

    /// Commits `statements` as one transaction; returns, for each, the rows of its `RETURNING`
    /// clause. Resolves after the transaction is durable.
    pub async fn commit(&self, _statements: Vec<Statement>) -> Result<Vec<Rows>, Fault> {
        std::future::ready(Err(Fault::Unavailable)).await
    }
}
