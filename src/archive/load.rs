//! Reads heads back from the database: after a start, after a while, and after a surprise.

use super::{
    Fault,
    head::Head,
    key_ring::KeyRing,
    mark::{Marks, REMEMBERED_MS},
    thread_key::{ThreadKey, fresh},
};
use crate::store::{Row, Rows, Statement, Store};

/// Enough for the last day of nearly every thread.
const PAGE: usize = 128;
const LONG_PAGE: usize = 4_096;

/// Where heads are read from.
pub(super) struct Loader<'a> {
    pub(super) store: &'a Store,
    pub(super) ring: &'a KeyRing,
    pub(super) now_ms: i64,
}

impl Loader<'_> {
    /// The heads of `threads`, in their order; a thread that is not stored begins.
    pub(super) async fn load(&self, threads: &[String]) -> Result<Vec<Result<Head, Fault>>, Fault> {
        let both = |thread: &String| [head_of(thread), sent_to(thread, i64::MAX, PAGE)];
        let statements = threads.iter().flat_map(both).collect();
        let rows = self.store.read_all(statements).await?;
        let mut heads = Vec::with_capacity(threads.len());
        for (thread, found) in threads.iter().zip(rows.chunks_exact(2)) {
            heads.push(match found[0].first() {
                Some(row) => self.known(thread, row, &found[1]).await,
                None => Ok(self.begun(thread)),
            });
        }
        Ok(heads)
    }

    /// The number of the record that `author` appended to `thread` under `client_id` in the last day.
    pub(super) async fn find(
        &self,
        thread: &str,
        author: &str,
        client_id: &str,
    ) -> Result<Option<i64>, Fault> {
        let heads = self.load(&[thread.to_owned()]).await?;
        let Some(head) = heads.into_iter().next() else { return Ok(None) };
        let head = head?;
        Ok(head.marks.find(&head.key.mark(author, client_id)))
    }

    async fn known(&self, thread: &str, row: &Row, sent: &Rows) -> Result<Head, Fault> {
        if row.blob(4).is_empty() {
            // The key was destroyed: nothing may be added that could never be read.
            return Err(Fault::Sealed);
        }
        let key = ThreadKey::new(&self.ring.unwrap(thread, row.int(3), row.blob(4))?);
        let marks = self.marks(thread, sent).await?;
        let (number, last_seq, writer) = (row.int(0), row.int(1), row.int(2));
        Ok(Head { number, last_seq, durable_seq: last_seq, writer, key, birth: None, marks })
    }

    fn begun(&self, thread: &str) -> Head {
        let data_key = fresh();
        let birth = Some(self.ring.wrap(thread, &data_key));
        let (number, key) = (fresh_number(self.now_ms), ThreadKey::new(&data_key));
        Head { number, last_seq: 0, durable_seq: 0, writer: 0, key, birth, marks: Marks::new() }
    }

    /// The marks of the last day, from the newest page back.
    async fn marks(&self, thread: &str, newest: &Rows) -> Result<Marks, Fault> {
        let mut marks = Marks::new();
        let mut oldest = self.remember(&mut marks, newest, PAGE);
        // No more than `thread_day_max` allows: what is older was taken then.
        while let Some(seq) = oldest {
            let page = self.store.read(sent_to(thread, seq, LONG_PAGE)).await?;
            oldest = self.remember(&mut marks, &page, LONG_PAGE);
        }
        Ok(marks)
    }

    /// Remembers a page; the number to go on from, if there may be more.
    fn remember(&self, marks: &mut Marks, page: &Rows, page_len: usize) -> Option<i64> {
        for row in page {
            let (seq, at_ms) = (row.int(0), row.int(1));
            if at_ms <= self.now_ms - REMEMBERED_MS {
                return None;
            }
            marks.count(1, at_ms);
            if let Ok(mark) = row.blob(2).try_into() {
                marks.remember(mark, seq, at_ms);
            }
        }
        page.last().filter(|_| page.len() == page_len).map(|row| row.int(0))
    }
}

pub(super) fn head_of(thread: &str) -> Statement {
    Statement::new("SELECT number, last_seq, writer, kek, wrapped_key FROM thread WHERE id = $1")
        .bind(thread)
}

pub(super) fn sent_to(thread: &str, before: i64, limit: usize) -> Statement {
    Statement::new(
        "SELECT r.seq, r.at_ms, r.mark FROM thread t JOIN record r ON r.thread = t.number
         WHERE t.id = $1 AND r.seq < $2 ORDER BY r.seq DESC LIMIT $3",
    )
    .bind(thread)
    .bind(before)
    .bind(i64::try_from(limit).unwrap_or(i64::MAX))
}

/// A number that no thread has, save by a chance of one in two million if both began in the same
/// millisecond; then the database refuses the second and it is tried again. Threads that begin
/// together lie together, which keeps the part of the index in use small.
fn fresh_number(now_ms: i64) -> i64 {
    (now_ms.max(0) << 21) | fastrand::i64(0..1 << 21)
}
