//! The store's promises, on a real file.

use std::{fs, os::unix::fs::PermissionsExt as _, path::Path};

use tempfile::TempDir;

use super::*;
use crate::{config::value::Span, telemetry::Health};

async fn opened(folder: &TempDir) -> Store {
    with_shelf(open(&section(folder.path())).await).await
}

async fn with_shelf(opened: Result<Store, OpenFault>) -> Store {
    let store = opened.unwrap();
    let table = "CREATE TABLE IF NOT EXISTS shelf
                     (name TEXT PRIMARY KEY, count BIGINT CHECK (count >= 0), note BLOB)";
    store.commit(vec![Statement::new(table)]).await.unwrap();
    store
}

async fn open(section: &config::store::Store) -> Result<Store, OpenFault> {
    Store::open(section, &Metrics::new(), Health::default().part("store")).await
}

fn section(folder: &Path) -> config::store::Store {
    config::store::Store {
        busy_timeout: Span::milliseconds(20),
        ..config::store::Store::sqlite(&folder.join("deeper/belfry.db"))
    }
}

fn put(name: &str, count: i64) -> Statement {
    Statement::new("INSERT INTO shelf (name, count) VALUES ($1, $2)").bind(name).bind(count)
}

fn add(name: &str, count: i64, expected: i64) -> Statement {
    Statement::new("UPDATE shelf SET count = count + $1 WHERE name = $2 AND count = $3")
        .bind(count)
        .bind(name)
        .bind(expected)
        .touching(1)
}

async fn shelf(store: &Store) -> Vec<(String, i64)> {
    let rows = store.read(Statement::new("SELECT name, count FROM shelf ORDER BY name")).await;
    rows.unwrap().iter().map(|row| (row.text(0).to_owned(), row.int(1))).collect()
}

#[tokio::test]
async fn what_is_committed_is_read_at_once_and_after_a_restart() {
    let folder = TempDir::new().unwrap();
    let store = opened(&folder).await;
    store.commit(vec![put("apples", 3), put("pears", 5)]).await.unwrap();
    assert_eq!(shelf(&store).await, [("apples".to_owned(), 3), ("pears".to_owned(), 5)]);
    store.close().await;
    let store = opened(&folder).await;
    assert_eq!(shelf(&store).await, [("apples".to_owned(), 3), ("pears".to_owned(), 5)]);
}

#[tokio::test]
async fn the_files_are_their_owners_alone() {
    let folder = TempDir::new().unwrap();
    let store = opened(&folder).await;
    store.commit(vec![put("apples", 3)]).await.unwrap();
    let mode = |name: &str| {
        let path = folder.path().join("deeper").join(name);
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    };
    assert_eq!(
        ["", "belfry.db", "belfry.db-wal", "belfry.db-shm"].map(mode),
        [0o700, 0o600, 0o600, 0o600]
    );
}

#[tokio::test]
async fn every_type_of_value_comes_back_as_it_was() {
    let folder = TempDir::new().unwrap();
    let store = opened(&folder).await;
    let statement = Statement::new(
        "INSERT INTO shelf (name, count, note) VALUES ($1, $2, $3) RETURNING name, count, note, NULL",
    );
    let rows = store
        .commit(vec![statement.bind("海棠").bind(i64::MAX).bind(vec![0, 255, 7])])
        .await
        .unwrap();
    let expected = vec!["海棠".into(), i64::MAX.into(), vec![0, 255, 7].into(), Value::Null];
    assert_eq!(rows, [[Row(expected)]]);
}

#[tokio::test]
async fn placeholders_may_come_in_any_order_and_more_than_once() {
    let folder = TempDir::new().unwrap();
    let store = opened(&folder).await;
    let statement = Statement::new("SELECT $2, $1, $2").bind("one").bind("two");
    let rows = store.read(statement).await.unwrap();
    assert_eq!(rows, [Row(vec!["two".into(), "one".into(), "two".into()])]);
    for wrong in ["SELECT $1", "SELECT $1, $3", "SELECT $one, $two", "SELECT ?, ?"] {
        let fault = store.read(Statement::new(wrong).bind(1).bind(2)).await;
        assert!(matches!(fault, Err(Fault::Engine(_))), "{wrong}: {fault:?}");
    }
}

#[tokio::test]
async fn a_guard_that_misses_undoes_its_transaction_alone() {
    let folder = TempDir::new().unwrap();
    let store = opened(&folder).await;
    let outcomes = store
        .commit_each(vec![
            vec![put("apples", 1)],
            vec![put("pears", 1), add("apples", 1, 99)],
            vec![add("apples", 1, 1)],
        ])
        .await;
    assert!(outcomes[0].is_ok() && outcomes[2].is_ok());
    assert_eq!(outcomes[1], Err(Fault::Guard { index: 1 }));
    assert_eq!(shelf(&store).await, [("apples".to_owned(), 2)]);
}

#[tokio::test]
async fn an_existing_key_undoes_its_transaction_alone() {
    let folder = TempDir::new().unwrap();
    let store = opened(&folder).await;
    store.commit(vec![put("apples", 1)]).await.unwrap();
    let outcomes = store
        .commit_each(vec![vec![put("pears", 1), put("apples", 2)], vec![put("plums", 4)]])
        .await;
    assert_eq!(outcomes[0], Err(Fault::Duplicate { index: 1 }));
    assert!(outcomes[1].is_ok());
    assert_eq!(shelf(&store).await, [("apples".to_owned(), 1), ("plums".to_owned(), 4)]);
}

#[tokio::test]
async fn a_statement_of_ours_that_is_wrong_is_an_engine_fault_and_harms_no_other() {
    let folder = TempDir::new().unwrap();
    let store = opened(&folder).await;
    let outcomes = store
        .commit_each(vec![
            vec![put("apples", 1)],
            vec![put("pears", -1)],
            vec![Statement::new("INSERT INTO nowhere VALUES ($1)").bind(1)],
            vec![Statement::new("DELETE FROM shelf WHERE name = $1")],
        ])
        .await;
    assert!(outcomes[0].is_ok());
    for outcome in &outcomes[1..] {
        assert!(matches!(outcome, Err(Fault::Engine(_))), "{outcome:?}");
    }
    assert_eq!(shelf(&store).await, [("apples".to_owned(), 1)]);
}

#[tokio::test]
async fn a_reader_cannot_write_and_refuses_what_is_no_portable_type() {
    let folder = TempDir::new().unwrap();
    let store = opened(&folder).await;
    let write = store.read(put("apples", 1)).await;
    assert!(matches!(write, Err(Fault::Engine(_))), "{write:?}");
    let real = store.read(Statement::new("SELECT 0.5")).await;
    assert!(matches!(real, Err(Fault::Engine(_))), "{real:?}");
    assert_eq!(shelf(&store).await, []);
}

#[tokio::test]
async fn several_reads_see_one_state() {
    let folder = TempDir::new().unwrap();
    let store = opened(&folder).await;
    store.commit(vec![put("apples", 1), put("pears", 1)]).await.unwrap();
    let count = || Statement::new("SELECT SUM(count) FROM shelf");
    let mover = async {
        for round in 1..50 {
            store.commit(vec![add("apples", 1, round), add("pears", 1, round)]).await.unwrap();
        }
    };
    let looker = async {
        for _ in 0..50 {
            let rows = store.read_all(vec![count(), count()]).await.unwrap();
            assert_eq!(rows[0], rows[1]);
            assert_eq!(rows[0][0].int(0) % 2, 0, "half of a transaction was seen");
        }
    };
    tokio::join!(mover, looker);
    assert_eq!(shelf(&store).await, [("apples".to_owned(), 50), ("pears".to_owned(), 50)]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_transactions_share_one_commit() {
    let folder = TempDir::new().unwrap();
    let metrics = Metrics::new();
    let part = Health::default().part("store");
    let store = with_shelf(Store::open(&section(folder.path()), &metrics, part).await).await;
    store.commit(vec![put("apples", 0)]).await.unwrap();
    let tasks: Vec<_> = (0..200)
        .map(|_| {
            let store = store.clone();
            let add = Statement::new("UPDATE shelf SET count = count + 1").touching(1);
            tokio::spawn(async move { store.commit(vec![add]).await.unwrap() })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!(shelf(&store).await, [("apples".to_owned(), 200)]);
    let page = metrics.encode();
    let sample = |name: &str| -> u64 {
        let line = page.lines().find(|line| line.starts_with(name)).unwrap();
        line.rsplit(' ').next().unwrap().parse().unwrap()
    };
    let transactions = sample("belfry_commits_total{outcome=\"done\"}");
    assert_eq!(transactions, 202, "the table, the apples, and all the tasks");
    assert!(sample("belfry_commit_batch_count") < transactions, "{page}");
    assert_eq!(sample("belfry_commit_queue"), 0);
}

#[tokio::test]
async fn a_full_disk_refuses_writes_until_there_is_room() {
    let folder = TempDir::new().unwrap();
    let health = Health::default();
    let part = health.part("store");
    let store = with_shelf(Store::open(&section(folder.path()), &Metrics::new(), part).await).await;
    assert!(health.readiness().is_ready);
    let limit = |pages: i64| Statement::new(format!("PRAGMA max_page_count = {pages}"));
    let big = || {
        Statement::new("INSERT INTO shelf (name, count, note) VALUES ('big', 1, $1)")
            .bind(vec![7; 200_000])
    };
    store.commit(vec![limit(1)]).await.unwrap();
    assert_eq!(store.commit(vec![big()]).await, Err(Fault::Unavailable));
    assert!(!health.readiness().is_ready);
    assert_eq!(shelf(&store).await, []);
    store.commit(vec![limit(1_000_000)]).await.unwrap();
    store.commit(vec![big()]).await.unwrap();
    assert_eq!(shelf(&store).await, [("big".to_owned(), 1)]);
    assert!(health.readiness().is_ready);
}

#[tokio::test]
async fn a_lock_held_by_another_process_refuses_writes_until_it_is_released() {
    let folder = TempDir::new().unwrap();
    let store = opened(&folder).await;
    let other = rusqlite::Connection::open(folder.path().join("deeper/belfry.db")).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    assert_eq!(store.commit(vec![put("apples", 1)]).await, Err(Fault::Unavailable));
    other.execute_batch("ROLLBACK").unwrap();
    store.commit(vec![put("apples", 1)]).await.unwrap();
    assert_eq!(shelf(&store).await, [("apples".to_owned(), 1)]);
}

#[tokio::test]
async fn a_full_queue_refuses_at_once_and_counts_it() {
    let folder = TempDir::new().unwrap();
    let narrow = config::store::Store {
        queue_max: 1,
        busy_timeout: Span::seconds(5),
        ..section(folder.path())
    };
    drop(opened(&folder).await);
    let store = open(&narrow).await.unwrap();
    let other = rusqlite::Connection::open(folder.path().join("deeper/belfry.db")).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    // One is in the writer's hands, waiting for the lock; one fills the queue.
    let mut waiting = Vec::new();
    let refused = loop {
        let name = format!("apples {}", waiting.len());
        let mut commit = Box::pin({
            let store = store.clone();
            async move { store.commit(vec![put(&name, 1)]).await }
        });
        match futures_util::poll!(&mut commit) {
            std::task::Poll::Pending => waiting.push(commit),
            std::task::Poll::Ready(outcome) => break outcome,
        }
    };
    assert_eq!(refused, Err(Fault::Unavailable));
    other.execute_batch("ROLLBACK").unwrap();
    let accepted = waiting.len();
    for commit in waiting {
        commit.await.unwrap();
    }
    assert_eq!(shelf(&store).await.len(), accepted);
}

#[tokio::test]
async fn closing_keeps_what_was_queued_and_refuses_what_comes_after() {
    let folder = TempDir::new().unwrap();
    let store = opened(&folder).await;
    let mut queued = Box::pin(store.commit(vec![put("apples", 1)]));
    assert!(futures_util::poll!(&mut queued).is_pending());
    store.close().await;
    queued.await.unwrap();
    assert_eq!(store.commit(vec![put("pears", 1)]).await, Err(Fault::Unavailable));
    assert_eq!(store.read(Statement::new("SELECT 1")).await, Err(Fault::Unavailable));
    assert!(!folder.path().join("deeper/belfry.db-wal").exists(), "the log was folded in");
    assert_eq!(shelf(&opened(&folder).await).await, [("apples".to_owned(), 1)]);
}

#[tokio::test]
async fn what_cannot_be_opened_says_why() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("notes.txt");
    fs::write(&file, "no database at all, but long enough to look like one".repeat(100)).unwrap();
    let fault = open(&config::store::Store::sqlite(&file)).await.err();
    assert!(matches!(fault, Some(OpenFault::Engine(_))), "{fault:?}");
    let below = config::store::Store::sqlite(&file.join("belfry.db"));
    assert!(matches!(open(&below).await.err(), Some(OpenFault::Io(_))));
    let postgres = config::store::Store { url: "postgres://db/belfry".to_owned(), ..below };
    assert!(matches!(open(&postgres).await.err(), Some(OpenFault::Url(_))));
}
