//! The archive's promises, on a real database.

mod appending;
mod crowding;
mod model;
mod opening;
mod sealing;

use tempfile::TempDir;

use super::*;
use crate::{
    clock::Clock,
    config::{archive, keys::Keys, store::Store as Section, value::Secret},
    store::{Rows, Store},
    telemetry::{Health, Metrics},
};

/// The day on which every test begins.
const TODAY_MS: i64 = 1_800_000_000_000;

/// An archive on a file of its own.
struct House {
    folder: TempDir,
    clock: Clock,
    store: Store,
    archive: Archive,
}

impl House {
    async fn new() -> Self {
        Self::at(TempDir::new().unwrap(), Clock::set(TODAY_MS)).await
    }

    async fn at(folder: TempDir, clock: Clock) -> Self {
        let store = store_at(&folder).await;
        let archive = archive_in(&store, &folder, &clock).await.unwrap();
        Self { folder, clock, store, archive }
    }

    /// As after a restart of the server.
    async fn restarted(self) -> Self {
        self.archive.close().await;
        self.store.close().await;
        Self::at(self.folder, self.clock).await
    }

    /// Another node on the same database.
    async fn neighbour(&self) -> (Store, Archive) {
        let store = store_at(&self.folder).await;
        let archive = archive_in(&store, &self.folder, &self.clock).await.unwrap();
        (store, archive)
    }

    async fn sql(&self, sql: &str) -> Rows {
        let rows = self.store.commit(vec![Statement::new(sql.to_owned())]).await.unwrap();
        rows.into_iter().next().unwrap()
    }

    /// The texts of a thread, and a check that they are numbered from 1 without gaps.
    async fn texts(&self, thread: &str) -> Vec<String> {
        texts(&self.archive, thread).await
    }
}

async fn texts(archive: &Archive, thread: &str) -> Vec<String> {
    let records = archive.read(thread, Window::after(0, usize::MAX)).await.unwrap();
    for (expected, record) in (1..).zip(&records) {
        assert_eq!(record.seq, expected);
    }
    records.into_iter().map(|record| String::from_utf8(record.content.unwrap()).unwrap()).collect()
}

async fn store_at(folder: &TempDir) -> Store {
    let section = Section::sqlite(&folder.path().join("belfry.db"));
    Store::open(&section, &Metrics::new(), Health::default().part("store")).await.unwrap()
}

async fn archive_in(store: &Store, folder: &TempDir, clock: &Clock) -> Result<Archive, OpenFault> {
    let section = archive::Archive { lanes: 2, ..archive::Archive::default() };
    let keys = keys_of(folder);
    Archive::open(store.clone(), &section, &keys, clock.clone(), &Metrics::new()).await
}

fn keys_of(folder: &TempDir) -> Keys {
    Keys { file: folder.path().join("keys.toml"), ring: Secret::default() }
}

fn draft(thread: &str, author: &str, text: &str) -> Draft {
    Draft {
        thread: thread.to_owned(),
        author: author.to_owned(),
        client_id: None,
        kind: "message",
        content: text.as_bytes().to_vec(),
        beside: Vec::new(),
    }
}

impl Draft {
    fn once(self, client_id: &str) -> Self {
        Self { client_id: Some(client_id.to_owned()), ..self }
    }

    fn with(mut self, statement: Statement) -> Self {
        self.beside.push(statement);
        self
    }
}
