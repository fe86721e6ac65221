//! Answers of the database, remembered for a moment: bounded, and shared by every caller.

use std::{borrow::Borrow, hash::Hash, sync::Arc, time::Duration};

use dashmap::DashMap;
use tokio::time::Instant;

use super::Fault;
use crate::ids::is_id;

/// How long an answer counts as true. Sanctions must hold on every node within a second.
pub(super) const FRESH: Duration = Duration::from_secs(1);

/// Remembers found and missing entries alike, so that unknown ids do not each cost a query.
pub(super) struct Cache<K, V> {
    entries: DashMap<K, Entry<V>>,
    entries_max: usize,
}

struct Entry<V> {
    read_at: Instant,
    value: Option<Arc<V>>,
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
        if let Some(value) = self.fresh(key) {
            return Ok(value);
        }
        // Taken before the query: what changes while it runs makes the entry older, never younger.
        let read_at = Instant::now();
        let value = load().await?.map(Arc::new);
        self.make_room();
        self.entries.insert(key.clone(), Entry { read_at, value: value.clone() });
        Ok(value)
    }

    /// Forgets an entry that this node has just changed.
    pub(super) fn forget(&self, key: &K) {
        self.entries.remove::<K>(key);
    }

    fn fresh(&self, key: &K) -> Option<Option<Arc<V>>> {
        let entry = self.entries.get::<K>(key)?;
        (entry.read_at.elapsed() < FRESH).then(|| entry.value.clone())
    }

    fn make_room(&self) {
        if self.entries.len() < self.entries_max {
            return;
        }
        self.entries.retain(|_, entry| entry.read_at.elapsed() < FRESH);
        if self.entries.len() >= self.entries_max {
            self.entries.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::UserId;

    async fn answer(cache: &Cache<UserId, u32>, key: &str, value: u32) -> Option<u32> {
        let found = cache.read(&key.into(), || async { Ok(Some(value)) }).await.unwrap();
        found.map(|value| *value)
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_is_kept_until_it_is_stale_or_forgotten() {
        let cache = Cache::new(8);
        assert_eq!(answer(&cache, "a", 10).await, Some(10));
        assert_eq!(answer(&cache, "a", 11).await, Some(10));
        tokio::time::advance(FRESH).await;
        assert_eq!(answer(&cache, "a", 12).await, Some(12));
        cache.forget(&"a".into());
        assert_eq!(answer(&cache, "a", 13).await, Some(13));
    }

    #[tokio::test(start_paused = true)]
    async fn it_never_holds_more_than_its_bound() {
        let cache = Cache::new(8);
        for key in 0..100 {
            answer(&cache, &key.to_string(), key).await;
            assert!(cache.entries.len() <= 8);
        }
    }

    #[tokio::test]
    async fn what_is_no_id_is_neither_looked_for_nor_kept() {
        let cache = Cache::new(8);
        for key in ["", "x y", "号", &"x".repeat(65), &"x".repeat(250_000)] {
            assert_eq!(answer(&cache, key, 1).await, None);
        }
        assert!(cache.entries.is_empty());
        assert_eq!(answer(&cache, &"x".repeat(64), 1).await, Some(1));
    }
}
