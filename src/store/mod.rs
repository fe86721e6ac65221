//! The database: statements in one SQL text for every engine, and nothing of what they mean.
//!
//! Writes are transactions without conversation: a list of statements that commits whole or not at
//! all, each with the number of rows it must touch. That is enough for optimistic concurrency, it
//! needs no lock across an `.await`, and both SQLite and PostgreSQL can pipeline it.

pub mod migration;
mod sqlite;
pub mod statement;

use self::sqlite::Sqlite;
pub use self::statement::{Row, Rows, Statement, Value};
use crate::{
    config::{self, fault::Wrong, store::Location},
    telemetry::{Metrics, health::Part},
};

/// The statements of one transaction, in the order in which they run.
pub type Transaction = Vec<Statement>;

/// What a transaction comes to: for each statement, the rows of its `RETURNING` clause.
pub type Outcome = Result<Vec<Rows>, Fault>;

/// Why the database did not do as asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
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
    /// The queue is full, or the database cannot be reached or written now. Nothing was kept.
    #[error("the database takes no work now")]
    Unavailable,
    /// The engine refused: a fault of ours or of the disk. Nothing was kept.
    #[error("the database failed: {0}")]
    Engine(String),
}

/// Why the database did not open.
#[derive(Debug, thiserror::Error)]
pub enum OpenFault {
    /// `store.url` names no database that this server can open.
    #[error("`store.{}`: {}", .0.key, .0.reason)]
    Url(Wrong),
    /// The folder of the file could not be made, or a thread not started.
    #[error("the database's file or thread could not be made")]
    Io(#[from] std::io::Error),
    /// A newer server has worked on this database.
    #[error(
        "the database has migration {found}, which this server does not know; run the newer server"
    )]
    Newer {
        /// The migration's number.
        found: i64,
    },
    /// A migration failed; the database is as it was before it.
    #[error("migration {name} failed")]
    Migration {
        /// The file's name.
        name: &'static str,
        /// What the engine said.
        source: rusqlite::Error,
    },
    /// The engine refused to open the database.
    #[error("the database did not open")]
    Engine(#[from] rusqlite::Error),
}

/// The database of this node. Cheap to clone; its threads end with the last clone.
#[derive(Clone)]
pub struct Store {
    engine: Sqlite,
}

impl Store {
    /// Opens the database that `section` names, makes it when it is missing, and brings its tables
    /// up to date. `health` is told when it takes no writes, and when it does again.
    pub async fn open(
        section: &config::store::Store,
        metrics: &Metrics,
        health: Part,
    ) -> Result<Self, OpenFault> {
        let Location::Sqlite(path) = section.location().map_err(OpenFault::Url)?;
        Ok(Self { engine: Sqlite::open(path, section, metrics, health).await? })
    }

    /// Reads with one statement, on a reader's thread, from the newest committed state.
    pub async fn read(&self, statement: Statement) -> Result<Rows, Fault> {
        self.engine.read(statement).await
    }

    /// Reads with several statements, all from the same committed state.
    pub async fn read_all(&self, statements: Vec<Statement>) -> Result<Vec<Rows>, Fault> {
        self.engine.read_all(statements).await
    }

    /// Commits `statements` as one transaction; returns, for each, the rows of its `RETURNING`
    /// clause. Resolves after the transaction is durable. Once called, the transaction runs even if
    /// nobody waits for the answer.
    pub async fn commit(&self, statements: Transaction) -> Outcome {
        self.engine.commit(statements).await
    }

    /// Commits each of `transactions` by itself, in this order, and answers for all together: one
    /// round through the queue for many small transactions.
    pub async fn commit_each(&self, transactions: Vec<Transaction>) -> Vec<Outcome> {
        if transactions.is_empty() {
            return Vec::new();
        }
        self.engine.commit_each(transactions).await
    }

    /// Commits what is queued, folds the write-ahead log into the file and ends the threads. Every
    /// clone answers [`Fault::Unavailable`] from now on.
    pub async fn close(&self) {
        self.engine.close().await;
    }
}

#[cfg(test)]
mod tests;
