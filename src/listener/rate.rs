//! How often connections may come: buckets that hold what their rate gives in a second.

use std::{collections::HashMap, net::IpAddr, time::Duration};

use tokio::time::Instant;

/// What a bucket holds, and how long it takes to fill.
pub(super) const SECOND: Duration = Duration::from_secs(1);

/// So many addresses have a bucket at a time. When more come within a second, the rate for all is
/// what holds them back: nobody is refused because others are many.
const BUCKETS_MAX: usize = 65_536;

/// A bucket for each address, kept as the moment at which it is full again (the generic cell rate
/// algorithm, ITU-T I.371). After a second each is, and says nothing more.
pub(super) struct Buckets {
    interval: Duration,
    full_at: HashMap<IpAddr, Instant>,
    pruned_at: Instant,
}

impl Buckets {
    pub(super) fn new(per_second: u32) -> Self {
        let interval = SECOND / per_second;
        Self { interval, full_at: HashMap::new(), pruned_at: Instant::now() }
    }

    pub(super) fn take(&mut self, address: IpAddr, now: Instant) -> bool {
        if now.duration_since(self.pruned_at) >= SECOND {
            self.prune(now);
        }
        let known = self.full_at.get(&address).copied();
        let full_at = known.map_or(now, |at| at.max(now)) + self.interval;
        if full_at > now + SECOND {
            return false;
        }
        if known.is_some() || self.full_at.len() < BUCKETS_MAX {
            self.full_at.insert(address, full_at);
        }
        true
    }

    fn prune(&mut self, now: Instant) {
        self.full_at.retain(|_, full_at| *full_at > now);
        self.pruned_at = now;
        if self.full_at.len() < self.full_at.capacity() / 8 {
            self.full_at.shrink_to(self.full_at.len() * 2);
        }
    }
}

/// A token bucket that holds one second's worth.
pub(super) struct Bucket {
    per_second: u32,
    tokens: f64,
    filled_at: Instant,
}

impl Bucket {
    pub(super) fn new(per_second: u32) -> Self {
        Self { per_second, tokens: f64::from(per_second), filled_at: Instant::now() }
    }

    pub(super) fn take(&mut self, now: Instant) -> bool {
        let rate = f64::from(self.per_second);
        let gained = now.saturating_duration_since(self.filled_at).as_secs_f64() * rate;
        self.tokens = (self.tokens + gained).min(rate);
        self.filled_at = now;
        let is_enough = self.tokens >= 1.0;
        if is_enough {
            self.tokens -= 1.0;
        }
        is_enough
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn buckets_are_bounded_and_refuse_nobody_for_that() {
        let mut buckets = Buckets::new(1);
        let now = Instant::now();
        assert!((0..100_000).all(|n| buckets.take(IpAddr::V4(n.into()), now)));
        assert_eq!(buckets.full_at.len(), BUCKETS_MAX);
        assert!(!buckets.take(IpAddr::V4(7.into()), now), "it has a bucket");
        assert!(buckets.take(IpAddr::V4(7.into()), now + SECOND));
        assert_eq!(buckets.full_at.len(), 1);
        assert!(buckets.full_at.capacity() < 1_000);
    }
}
