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

/// The day of a moment in UTC, as `2026-08-14` (the Gregorian calendar, counted in eras of 400 years
/// from 1 March of the year 0).
pub fn day(at_s: i64) -> String {
    let days = at_s.div_euclid(86_400) + 719_468;
    let (era, day_of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let leap_days = day_of_era / 1_460 - day_of_era / 36_524 + day_of_era / 146_096;
    let year_of_era = (day_of_era - leap_days) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let months_since_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * months_since_march + 2) / 5 + 1;
    let month =
        if months_since_march < 10 { months_since_march + 3 } else { months_since_march - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}")
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

    #[test]
    fn days_are_those_of_the_calendar() {
        for (at_s, written) in [
            (0, "1970-01-01"),
            (-1, "1969-12-31"),
            (951_782_399, "2000-02-28"),
            (951_782_400, "2000-02-29"),
            (1_709_087_558, "2024-02-28"),
            (1_709_251_200, "2024-03-01"),
            (4_107_542_400, "2100-03-01"),
        ] {
            assert_eq!(day(at_s), written);
        }
    }
}
