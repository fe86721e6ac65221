//! How often one user may call: a bucket for each user and rate class, kept while it is not full.
//!
//! A bucket is one instant, the moment at which it will be full again (the generic cell rate
//! algorithm, ITU-T I.371). A full bucket says nothing, so it is forgotten without loss.

use std::{
    collections::{HashMap, hash_map::RandomState},
    hash::BuildHasher,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

use crate::{
    config::rates::{Bucket, Rates as Config},
    ids::UserId,
    operation::Rate,
};

const SHARDS: usize = 64;
/// Below so many buckets a shard is not worth pruning.
const PRUNE_FROM: usize = 64;

/// The buckets of every user on this node.
pub(super) struct Rates {
    config: Config,
    hasher: RandomState,
    shards: Box<[Mutex<Shard>]>,
}

struct Shard {
    full_at: HashMap<(UserId, Rate), Instant>,
    prune_at: usize,
}

impl Rates {
    /// No bucket yet.
    pub(super) fn new(config: &Config) -> Self {
        let shard = || Mutex::new(Shard { full_at: HashMap::new(), prune_at: PRUNE_FROM });
        Self {
            config: config.clone(),
            hasher: RandomState::new(),
            shards: (0..SHARDS).map(|_| shard()).collect(),
        }
    }

    /// Takes one call out of the user's bucket.
    ///
    /// # Errors
    /// How long to wait until the bucket holds one again.
    pub(super) fn take(&self, user: &UserId, rate: Rate) -> Result<(), Duration> {
        let Some(bucket) = self.bucket(rate) else { return Ok(()) };
        let interval = Duration::from_secs(1) / bucket.per_second;
        // A bucket holds at least one call, or nobody could ever call.
        let tolerance = interval * (bucket.burst.max(1) - 1);
        let now = Instant::now();
        let mut shard = self.shard(user);
        let key = (user.clone(), rate);
        let full_at = shard.full_at.get(&key).map_or(now, |at| (*at).max(now));
        let wait = full_at.duration_since(now).saturating_sub(tolerance);
        if !wait.is_zero() {
            return Err(wait);
        }
        let is_known = shard.full_at.contains_key(&key);
        if !is_known && !shard.has_room(now, self.config.buckets_max / SHARDS) {
            return Err(interval);
        }
        shard.full_at.insert(key, full_at + interval);
        Ok(())
    }

    fn bucket(&self, rate: Rate) -> Option<Bucket> {
        let bucket = match rate {
            Rate::Read => self.config.read,
            Rate::Write => self.config.write,
            Rate::Send => self.config.send,
            Rate::Signal => self.config.signal,
            Rate::Upload => self.config.upload,
            Rate::Trusted => return None,
        };
        (bucket.per_second > 0).then_some(bucket)
    }

    fn shard(&self, user: &UserId) -> MutexGuard<'_, Shard> {
        let index = self.hasher.hash_one(user) as usize % SHARDS;
        self.shards[index].lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shard {
    /// Whether a bucket may be added; forgets full ones each time the shard has doubled, so that
    /// pruning costs each call a constant.
    fn has_room(&mut self, now: Instant, max: usize) -> bool {
        let max = max.max(1);
        if self.full_at.len() >= self.prune_at.min(max) {
            self.full_at.retain(|_, full_at| *full_at > now);
            self.prune_at = (self.full_at.len() * 2).max(PRUNE_FROM);
            if self.full_at.capacity() > self.prune_at * 4 {
                self.full_at.shrink_to(self.prune_at);
            }
        }
        self.full_at.len() < max
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rates(per_second: u32, burst: u32) -> Rates {
        let send = Bucket { per_second, burst };
        Rates::new(&Config { send, buckets_max: 128 * SHARDS, ..Config::default() })
    }

    #[tokio::test(start_paused = true)]
    async fn a_burst_passes_then_calls_pass_at_the_rate() {
        let (rates, user) = (rates(4, 3), UserId::from("u"));
        for _ in 0..3 {
            assert_eq!(rates.take(&user, Rate::Send), Ok(()));
        }
        assert_eq!(rates.take(&user, Rate::Send), Err(Duration::from_millis(250)));
        tokio::time::advance(Duration::from_millis(100)).await;
        assert_eq!(rates.take(&user, Rate::Send), Err(Duration::from_millis(150)));
        tokio::time::advance(Duration::from_millis(150)).await;
        assert_eq!(rates.take(&user, Rate::Send), Ok(()));
        assert!(rates.take(&user, Rate::Send).is_err());
        tokio::time::advance(Duration::from_secs(3_600)).await;
        let passed = (0..10).filter(|_| rates.take(&user, Rate::Send).is_ok()).count();
        assert_eq!(passed, 3, "a long rest fills the bucket, and no more");
    }

    #[tokio::test(start_paused = true)]
    async fn users_and_classes_have_buckets_of_their_own() {
        let rates = rates(1, 1);
        let (one, other) = (UserId::from("one"), UserId::from("other"));
        assert_eq!(rates.take(&one, Rate::Send), Ok(()));
        assert!(rates.take(&one, Rate::Send).is_err());
        assert_eq!(rates.take(&one, Rate::Read), Ok(()));
        assert_eq!(rates.take(&other, Rate::Send), Ok(()));
    }

    #[tokio::test(start_paused = true)]
    async fn zero_sets_no_limit_and_the_trusted_have_none() {
        let rates = rates(0, 0);
        for rate in [Rate::Send, Rate::Trusted] {
            assert!((0..1_000).all(|_| rates.take(&UserId::from("u"), rate).is_ok()));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn buckets_are_bounded_and_full_ones_make_room() {
        let rates = rates(1, 2);
        let newcomer = |n: usize| rates.take(&UserId::from(format!("u{n}")), Rate::Send);
        let let_in = (0..100_000).filter(|n| newcomer(*n).is_ok()).count();
        assert_eq!(let_in, 128 * SHARDS);
        tokio::time::advance(Duration::from_secs(2)).await;
        assert!((200_000..201_000).all(|n| newcomer(n).is_ok()));
        let kept: usize = rates.shards.iter().map(|s| s.lock().unwrap().full_at.len()).sum();
        assert!(kept < 128 * SHARDS, "{kept}");
    }
}
