//! One connection to the file, set up for its thread.

use std::{
    fs::{DirBuilder, OpenOptions},
    io,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::PathBuf,
    time::Duration,
};

use rusqlite::{Connection, OpenFlags};

use crate::{config, store::OpenFault};

/// What a thread needs to open its connection.
#[derive(Clone)]
pub(super) struct Opening {
    path: PathBuf,
    cache_kib: usize,
    busy_timeout: Duration,
}

/// More than the house has statements, so each is compiled once per thread.
const STATEMENTS: usize = 512;

impl Opening {
    /// The file at `path`, with the settings of `section`.
    pub(super) fn new(path: PathBuf, section: &config::store::Store) -> Self {
        let busy_timeout = section.busy_timeout.0;
        Self { path, cache_kib: section.cache.0 / 1_024, busy_timeout }
    }

    /// The connection that writes: makes the file and its folder when they are missing, both for
    /// their owner alone.
    pub(super) fn for_writing(&self) -> Result<Connection, OpenFault> {
        if let Some(folder) = self.path.parent() {
            DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        }
        self.make_file()?;
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE;
        let connection = self.open(flags)?;
        // https://www.sqlite.org/pragma.html: FULL syncs the log at each commit, which NORMAL does
        // not; the log's file shrinks back to 64 MiB after a burst.
        connection.execute_batch(
            "PRAGMA journal_mode = WAL;
             PRAGMA synchronous = FULL;
             PRAGMA journal_size_limit = 67108864;
             PRAGMA foreign_keys = ON;",
        )?;
        Ok(connection)
    }

    /// SQLite would make the file readable for everyone whom the umask does not exclude. Its log and the
    /// log's index take the mode of the file (`findCreateFileMode` in SQLite's `os_unix.c`).
    fn make_file(&self) -> io::Result<()> {
        // Only a new file is opened: closing one lets go of all locks that this process has on it
        // (https://www.sqlite.org/howtocorrupt.html, section 2.2).
        match OpenOptions::new().write(true).create_new(true).mode(0o600).open(&self.path) {
            Err(fault) if fault.kind() != io::ErrorKind::AlreadyExists => Err(fault),
            _ => Ok(()),
        }
    }

    /// A connection that reads, and cannot write.
    pub(super) fn for_reading(&self) -> Result<Connection, OpenFault> {
        // Not SQLITE_OPEN_READ_ONLY: the first reader of a log must be able to recover its index.
        let connection = self.open(OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        connection.execute_batch("PRAGMA query_only = ON;")?;
        Ok(connection)
    }

    fn open(&self, flags: OpenFlags) -> Result<Connection, OpenFault> {
        // Each connection stays on one thread, so it needs no mutex of its own.
        let connection =
            Connection::open_with_flags(&self.path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
        connection.busy_timeout(self.busy_timeout)?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS);
        // No mmap: a failing disk must be an error here, not a signal that ends the process.
        connection.execute_batch(&format!(
            "PRAGMA temp_store = MEMORY; PRAGMA cache_size = -{};",
            self.cache_kib.max(1_024)
        ))?;
        Ok(connection)
    }
}
