//! The threads that read: they share one queue, and none of them can write.

use std::{
    sync::{Arc, Mutex, PoisonError, mpsc::Receiver},
    thread,
};

use rusqlite::{Connection, ErrorCode};
use tokio::sync::oneshot;

use super::{
    connection::Opening,
    run::{fault, run},
};
use crate::store::{Fault, OpenFault, Rows, Statement};

/// What a reader is asked to do.
pub(super) enum Query {
    /// One statement.
    One(Statement, oneshot::Sender<Result<Rows, Fault>>),
    /// Several, from one state of the database.
    All(Vec<Statement>, oneshot::Sender<Result<Vec<Rows>, Fault>>),
    /// End, and drop this when it is done.
    Close(oneshot::Sender<()>),
}

/// One thread's state.
pub(super) struct Reader {
    connection: Connection,
    queries: Arc<Mutex<Receiver<Query>>>,
}

impl Reader {
    /// Starts `count` threads that share `queries`.
    pub(super) fn start_all(
        count: usize,
        opening: &Opening,
        queries: Receiver<Query>,
    ) -> Result<(), OpenFault> {
        let queries = Arc::new(Mutex::new(queries));
        for number in 0..count {
            let reader = Self { connection: opening.for_reading()?, queries: Arc::clone(&queries) };
            thread::Builder::new().name(format!("store-reader-{number}")).spawn(|| reader.run())?;
        }
        Ok(())
    }

    fn run(self) {
        while let Some(query) = self.next() {
            match query {
                // Whoever asked may have gone: then nobody misses the answer.
                Query::One(statement, answer) => drop(answer.send(self.one(0, &statement))),
                Query::All(statements, answer) => drop(answer.send(self.all(&statements))),
                Query::Close(farewell) => {
                    drop(self.connection);
                    return drop(farewell);
                }
            }
        }
    }

    /// The next query. The readers wait for it one behind the other, at the lock.
    fn next(&self) -> Option<Query> {
        self.queries.lock().unwrap_or_else(PoisonError::into_inner).recv().ok()
    }

    fn one(&self, index: usize, statement: &Statement) -> Result<Rows, Fault> {
        match run(&self.connection, statement) {
            Ok(effect) => Ok(effect.rows),
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::ReadOnly) => {
                Err(Fault::Engine("a reader was asked to write".to_owned()))
            }
            Err(error) => Err(fault(&error, index)),
        }
    }

    fn all(&self, statements: &[Statement]) -> Result<Vec<Rows>, Fault> {
        let state = self.connection.unchecked_transaction().map_err(|e| fault(&e, 0))?;
        let rows = statements.iter().enumerate().map(|(at, each)| self.one(at, each)).collect();
        // Nothing was written, so how the transaction ends makes no difference.
        drop(state);
        rows
    }
}
