//! Answers of the database, remembered for a moment: bounded, and shared by every caller.

use std::{borrow::Borrow, hash::Hash, sync::Arc, time::Duration};

use dashmap::DashMap;
use tokio::{sync::OnceCell, time::Instant};

use crate::{directory::Fault, ids::is_id};

/// How long an answer counts as true. Sanctions must hold on every node within a second.
pub(super) const FRESH: Duration = Duration::from_secs(1);

/// Remembers found and missing entries alike, so that unknown ids do not each cost a query.
pub(super) struct Cache<K, V> {
    entries: DashMap<K, Arc<Entry<V>>>,
    entries_max: usize,
}

/// One question, and its answer once it has come: whoever asks meanwhile waits for the same one. An
/// entry that many use at once would be asked for by each of them whenever its time is over.
struct Entry<V> {
    /// Before the query: what changes while it runs makes the entry older, never younger.
    asked_at: Instant,
    answer: OnceCell<Result<Option<Arc<V>>, Fault>>,
}

impl<K: Borrow<str> + Clone + Eq + Hash, V> Cache<K, V> {
    /// A cache of at most about `entries_max` entries.
    pub(super) fn new(entries_max: usize) -> Self {
        Self { entries: DashMap::new(), entries_max }
    }

    /// The entry, from memory while it is fresh, else as `load` finds it. What can be no id is
    /// neither looked for nor remembered as missing: clients send keys of any length.
    pub(super) async fn read<F>(
        &self,
        key: &K,
        load: impl FnOnce() -> F,
    ) -> Result<Option<Arc<V>>, Fault>
    where
        F: Future<Output = Result<Option<V>, Fault>>,
    {
        if !is_id(key.borrow()) {
            return Ok(None);
        }
        let entry = self.fresh(key).unwrap_or_else(|| self.begun(key));
        let asked = || async { load().await.map(|found| found.map(Arc::new)) };
        entry.answer.get_or_init(asked).await.clone()
    }

    /// Forgets an entry that this node has just changed.
    pub(super) fn forget(&self, key: &K) {
        self.entries.remove::<K>(key);
    }

    fn fresh(&self, key: &K) -> Option<Arc<Entry<V>>> {
        let entry = self.entries.get::<K>(key)?;
        entry.is_fresh().then(|| Arc::clone(&entry))
    }

    /// The entry of a question that is asked now, unless somebody else was first.
    fn begun(&self, key: &K) -> Arc<Entry<V>> {
        self.make_room();
        let mut entry = self.entries.entry(key.clone()).or_default();
        if !entry.is_fresh() {
            *entry = Arc::default();
        }
        Arc::clone(&entry)
    }

    fn make_room(&self) {
        if self.entries.len() < self.entries_max {
            return;
        }
        self.entries.retain(|_, entry| entry.is_fresh());
        if self.entries.len() >= self.entries_max {
            self.entries.clear();
        }
    }
}

impl<V> Entry<V> {
    /// A failure is shared by those who waited for it, and not remembered.
    fn is_fresh(&self) -> bool {
        self.asked_at.elapsed() < FRESH && !matches!(self.answer.get(), Some(Err(_)))
    }
}

impl<V> Default for Entry<V> {
    fn default() -> Self {
        Self { asked_at: Instant::now(), answer: OnceCell::new() }
    }
}

#[cfg(test)]
mod tests;
