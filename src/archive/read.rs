//! Reads records back and opens them.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Fault, Record, Window,
    key_ring::KeyRing,
    thread_key::{Place, ThreadKey},
};
use crate::store::{Row, Statement, Store};

/// The records of `thread` in `window`, by `seq`.
pub(super) async fn read(
    store: &Store,
    ring: &KeyRing,
    thread: &str,
    window: Window,
) -> Result<Vec<Record>, Fault> {
    let rows = store.read_all(vec![key_of(thread), within(thread, window)]).await?;
    let [head, found] = &rows[..] else { return Err(Fault::Unavailable) };
    let Some(head) = head.first() else { return Ok(Vec::new()) };
    let key = opened_key(ring, thread, head)?;
    let records = found.iter().map(|row| record(thread, row, key.as_ref()));
    // The database counts from the end that matters.
    if window.newest { records.rev().collect() } else { records.collect() }
}

/// One record of each of `places`, a thread and a number, in their order; each thread's key is read
/// and opened once. `None` where there is no such record.
pub(super) async fn read_places(
    store: &Store,
    ring: &KeyRing,
    places: &[(String, i64)],
) -> Result<Vec<Option<Record>>, Fault> {
    let names: BTreeSet<&str> = places.iter().map(|(thread, _)| thread.as_str()).collect();
    let threads: BTreeMap<&str, usize> = names.into_iter().zip(0..).collect();
    let keys = threads.keys().map(|thread| key_of(thread));
    let one = |(thread, seq): &(String, i64)| {
        let window = Window { after: seq - 1, before: seq + 1, limit: 1, newest: false };
        within(thread, window)
    };
    let rows = store.read_all(keys.chain(places.iter().map(one)).collect()).await?;
    let (heads, found) = rows.split_at_checked(threads.len()).ok_or(Fault::Unavailable)?;
    let mut keys = Vec::with_capacity(heads.len());
    for (thread, head) in threads.keys().zip(heads) {
        keys.push(match head.first() {
            Some(head) => opened_key(ring, thread, head)?,
            None => None,
        });
    }
    let records = places.iter().zip(found).map(|((thread, _), rows)| {
        let key = threads.get(thread.as_str()).and_then(|at| keys[*at].as_ref());
        rows.first().map(|row| record(thread, row, key)).transpose()
    });
    records.collect()
}

/// The thread's key; `None` when it was destroyed.
fn opened_key(ring: &KeyRing, thread: &str, head: &Row) -> Result<Option<ThreadKey>, Fault> {
    match head.blob(1) {
        [] => Ok(None),
        wrapped => Ok(Some(ThreadKey::new(&ring.unwrap(thread, head.int(0), wrapped)?))),
    }
}

fn record(thread: &str, row: &Row, key: Option<&ThreadKey>) -> Result<Record, Fault> {
    let (seq, at_ms, author, kind) = (row.int(0), row.int(1), row.text(2), row.text(3));
    let place = Place { thread, seq, at_ms, author, kind };
    let content = match key {
        Some(key) => Some(key.open(place, row.blob(4)).ok_or(Fault::Sealed)?),
        None => None,
    };
    Ok(Record { seq, at_ms, author: author.to_owned(), kind: kind.to_owned(), content })
}

pub(super) fn key_of(thread: &str) -> Statement {
    Statement::new("SELECT kek, wrapped_key FROM thread WHERE id = $1").bind(thread)
}

pub(super) fn within(thread: &str, window: Window) -> Statement {
    const NEWEST: &str = "SELECT r.seq, r.at_ms, r.author, r.kind, r.content
         FROM thread t JOIN record r ON r.thread = t.number
         WHERE t.id = $1 AND r.seq > $2 AND r.seq < $3 ORDER BY r.seq DESC LIMIT $4";
    const OLDEST: &str = "SELECT r.seq, r.at_ms, r.author, r.kind, r.content
         FROM thread t JOIN record r ON r.thread = t.number
         WHERE t.id = $1 AND r.seq > $2 AND r.seq < $3 ORDER BY r.seq LIMIT $4";
    Statement::new(if window.newest { NEWEST } else { OLDEST })
        .bind(thread)
        .bind(window.after)
        .bind(window.before)
        .bind(i64::try_from(window.limit).unwrap_or(i64::MAX))
}
