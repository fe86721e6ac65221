//! `[live]`: the bounds of live rooms.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{fault::Wrong, value::Span};

/// The `[live]` section.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Live {
    /// The longest comment, in characters.
    pub text_max: usize,
    /// How many ordinary comments of a room viewers are shown each second; the rest are a sample.
    pub shown_per_second: u32,
    /// How long comments gather before a fair choice of them is shown, once there are more.
    pub tick: Span,
    /// How many comments of a room gather in one tick; beyond, chance decides who stays.
    pub reservoir_max: usize,
    /// How many rooms are kept in memory; idle ones go first, and more are refused.
    pub rooms_max: usize,
    /// How many authors, of all rooms together, are remembered with what they said just now.
    pub authors_max: usize,
    /// The longest pause between two comments of one author that a host may set.
    pub slow_max: Span,
    /// How long the very same text of one author counts as said already.
    pub duplicate_window: Span,
    /// How long a held comment may still be let through.
    pub hold_ttl: Span,
    /// How long a held comment belongs to the moderator who took it.
    pub hold_lease: Span,
    /// How often viewers are told how many they are.
    pub stats_every: Span,
    /// A comment is answered and shown only after it is stored.
    pub durable: bool,
    /// How many shown comments may wait to be stored; more wait to be shown.
    pub queue_max: usize,
    /// How far storing may fall behind showing before comments wait; what a crash can lose.
    pub lag_max: Span,
    /// How many comments one page of a list has.
    pub page_max: usize,
}

impl Default for Live {
    fn default() -> Self {
        Self {
            text_max: 200,
            shown_per_second: 40,
            tick: Span::milliseconds(100),
            reservoir_max: 1_024,
            rooms_max: 4_096,
            authors_max: 32_768,
            slow_max: Span::seconds(120),
            duplicate_window: Span::seconds(30),
            hold_ttl: Span::seconds(600),
            hold_lease: Span::seconds(120),
            stats_every: Span::seconds(2),
            durable: false,
            queue_max: 8_192,
            lag_max: Span::milliseconds(500),
            page_max: 50,
        }
    }
}

impl Live {
    /// Refuses bounds under which nothing could be said or shown, and times that promise too much.
    pub(super) fn check(&self) -> Vec<Wrong> {
        let mut wrong = Wrong::zeros([
            ("text_max", self.text_max),
            ("shown_per_second", self.shown_per_second as usize),
            ("reservoir_max", self.reservoir_max),
            ("rooms_max", self.rooms_max),
            ("authors_max", self.authors_max),
            ("queue_max", self.queue_max),
            ("page_max", self.page_max),
        ]);
        let within = |span: Span, least: u64, most: u64| {
            (Duration::from_millis(least)..=Duration::from_millis(most)).contains(&span.0)
        };
        if !within(self.tick, 10, 1_000) {
            wrong.push(Wrong::new("tick", "10ms to 1s: authors wait for it"));
        }
        if !within(self.stats_every, 500, 60_000) {
            wrong.push(Wrong::new("stats_every", "500ms to 1m"));
        }
        if !within(self.lag_max, 50, 900) {
            wrong.push(Wrong::new("lag_max", "50ms to 900ms: a crash loses less than a second"));
        }
        if self.hold_ttl < self.hold_lease || self.hold_lease.0.is_zero() {
            wrong.push(Wrong::new("hold_lease", "above 0, and no longer than `hold_ttl`"));
        }
        wrong
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_rooms_cannot_work_with_is_named_and_the_defaults_are_not() {
        assert_eq!(Live::default().check(), []);
        let none = Live {
            text_max: 0,
            tick: Span::milliseconds(5),
            stats_every: Span::seconds(90),
            lag_max: Span::seconds(1),
            hold_lease: Span::seconds(601),
            ..Live::default()
        };
        let keys: Vec<_> = none.check().into_iter().map(|wrong| wrong.key).collect();
        assert_eq!(keys, ["text_max", "tick", "stats_every", "lag_max", "hold_lease"]);
    }
}
