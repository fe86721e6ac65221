//! Keeps the write-ahead log short, beside the writer and not in its way.
//!
//! By default SQLite copies the log into the database inside some unlucky commit, which then takes a
//! hundred times as long. Here a thread of its own does it while commits go on. What is appended
//! meanwhile keeps the log from starting anew, so a log that has grown long all the same is finished
//! by the writer: little is left to copy then. <https://www.sqlite.org/wal.html>, section 3.3.

use std::{
    os::raw::c_int,
    sync::mpsc::{Receiver, SyncSender, sync_channel},
    thread::{self, JoinHandle},
};

use rusqlite::{Connection, hooks::Wal};

use super::connection::Opening;
use crate::store::OpenFault;

/// When the log is copied, in pages of 4 KiB.
#[derive(Clone, Copy)]
pub(super) struct Limits {
    /// After how many more pages it is copied beside the writer.
    pub(super) copy_pages: c_int,
    /// At which length the writer finishes it.
    pub(super) finish_pages: c_int,
}

/// Copied each 16 MB; kept below 100 MB.
pub(super) const LIMITS: Limits = Limits { copy_pages: 4_000, finish_pages: 24_000 };

/// The thread that copies; it ends when the writer's connection lets go of the hook.
pub(super) struct Keeper {
    thread: JoinHandle<()>,
}

/// What the writer's connection tells of each commit.
struct Watch {
    limits: Limits,
    requests: SyncSender<()>,
    asked_at: c_int,
}

impl Keeper {
    /// Watches over the log of `writer`.
    pub(super) fn start(
        opening: &Opening,
        writer: &mut Connection,
        limits: Limits,
    ) -> Result<Self, OpenFault> {
        // One request waits at most: a copy takes all that there is.
        let (requests, received) = sync_channel(1);
        let connection = opening.for_reading()?;
        let thread = thread::Builder::new()
            .name("store-keeper".to_owned())
            .spawn(move || copy_on_request(&connection, &received))?;
        let mut watch = Watch { limits, requests, asked_at: 0 };
        writer.wal_hook(Some(move |log: &mut Wal, pages: c_int| {
            watch.commit(log, pages);
            // An error here would fail a commit that is durable already.
            Ok(())
        }))?;
        Ok(Self { thread })
    }

    /// Ends the thread, so that the writer's connection is the last one.
    pub(super) fn stop(self, writer: &mut Connection) {
        let no_hook: Option<fn(&mut Wal, c_int) -> rusqlite::Result<()>> = None;
        if let Err(error) = writer.wal_hook(no_hook) {
            tracing::warn!(%error, "the log is still being watched");
            return;
        }
        if self.thread.join().is_err() {
            tracing::error!("the thread that keeps the log short has panicked");
        }
    }
}

impl Watch {
    fn commit(&mut self, log: &mut Wal, pages: c_int) {
        if pages < self.asked_at {
            // The log has started anew.
            self.asked_at = 0;
        }
        if pages >= self.limits.finish_pages {
            if let Err(error) = log.checkpoint() {
                tracing::warn!(%error, "the log could not be copied into the database");
            }
        } else if pages - self.asked_at >= self.limits.copy_pages
            && self.requests.try_send(()).is_ok()
        {
            self.asked_at = pages;
        }
    }
}

fn copy_on_request(connection: &Connection, requests: &Receiver<()>) {
    while requests.recv().is_ok() {
        // PASSIVE waits for nobody, and nobody for it.
        if let Err(error) = connection.execute_batch("PRAGMA wal_checkpoint(PASSIVE)") {
            tracing::warn!(%error, "the log could not be copied into the database");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use tempfile::TempDir;

    use super::*;
    use crate::config;

    const NEVER: c_int = c_int::MAX;
    const PAGE: u64 = 4_096;

    /// Writes 200 pages in 40 commits; how long database and log are then.
    fn lengths(copy_pages: c_int, finish_pages: c_int) -> (u64, u64) {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("belfry.db");
        let opening = Opening::new(path.clone(), &config::store::Store::default());
        let mut writer = opening.for_writing().unwrap();
        writer.execute_batch("CREATE TABLE pages (content BLOB)").unwrap();
        let limits = Limits { copy_pages, finish_pages };
        let keeper = Keeper::start(&opening, &mut writer, limits).unwrap();
        for _ in 0..40 {
            writer.execute("INSERT INTO pages VALUES (zeroblob(5 * 4096))", []).unwrap();
        }
        keeper.stop(&mut writer);
        let length = |path: &Path| fs::metadata(path).unwrap().len();
        (length(&path), length(&path.with_extension("db-wal")))
    }

    #[test]
    fn a_log_that_has_grown_is_copied_beside_the_writer() {
        let (database, _) = lengths(50, NEVER);
        assert!(database > 50 * PAGE, "{database}");
    }

    #[test]
    fn a_log_that_keeps_growing_is_finished_by_the_writer_and_starts_anew() {
        let (database, log) = lengths(NEVER, 60);
        assert!(database > 100 * PAGE && log < 80 * PAGE, "{database} {log}");
    }

    #[test]
    fn without_a_keeper_the_log_would_only_grow() {
        let (database, log) = lengths(NEVER, NEVER);
        assert!(database < 10 * PAGE && log > 200 * PAGE, "{database} {log}");
    }
}
