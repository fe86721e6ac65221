//! Wall time, as an argument: the one door through which the date enters the house.
//!
//! Durations are measured with `tokio::time::Instant`, which tests pause; this is for dates only.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::UNIX_EPOCH,
};

/// Tells the wall time in milliseconds since 1970-01-01 UTC.
#[derive(Clone)]
pub struct Clock(Source);

#[derive(Clone)]
enum Source {
    System,
    Set(Arc<AtomicI64>),
}

impl Clock {
    /// The machine's own clock.
    pub fn system() -> Self {
        Self(Source::System)
    }

    /// A clock that stands at `now_ms` until [`Clock::advance_ms`] moves it.
    pub fn set(now_ms: i64) -> Self {
        Self(Source::Set(Arc::new(AtomicI64::new(now_ms))))
    }

    /// Milliseconds since 1970-01-01 UTC.
    pub fn now_ms(&self) -> i64 {
        match &self.0 {
            Source::System => system_ms(),
            Source::Set(now_ms) => now_ms.load(Ordering::Relaxed),
        }
    }

    /// Whole seconds since 1970-01-01 UTC, as tokens count time (RFC 7519, `NumericDate`).
    pub fn now_s(&self) -> i64 {
        self.now_ms().div_euclid(1_000)
    }

    /// Moves a set clock by `ms`, backwards when negative. The machine's clock does not move.
    pub fn advance_ms(&self, ms: i64) {
        if let Source::Set(now_ms) = &self.0 {
            now_ms.fetch_add(ms, Ordering::Relaxed);
        }
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Clock({})", self.now_ms())
    }
}

#[expect(clippy::disallowed_methods, reason = "this is the door the lint points to")]
fn system_ms() -> i64 {
    let since = std::time::SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_clock_moves_only_when_told() {
        let clock = Clock::set(1_500);
        let same = clock.clone();
        assert_eq!((clock.now_ms(), clock.now_s()), (1_500, 1));
        same.advance_ms(600);
        assert_eq!((clock.now_ms(), clock.now_s()), (2_100, 2));
    }
}
