//! Who tries out, comment by comment, what the rules let pass: slowed down, ever more, in all rooms
//! together.
//!
//! Each stopped comment tells its author something. Beyond `moderation.probe_max` of them within
//! `probe_window` the author has to wait, whatever they say, for `probe_pause`, and twice as long each
//! time that follows. Each node counts for itself and forgets when it restarts: the archive has the
//! comments themselves.

use std::collections::VecDeque;

use dashmap::DashMap;

use crate::{config::moderation::Probing, error::Code, ids::UserId, operation::Refusal};

/// How many authors are remembered. Only a stopped comment makes one.
const AUTHORS_MAX: usize = 65_536;
/// How often the pause doubles.
const DOUBLINGS_MAX: u32 = 6;

/// What authors had stopped lately.
pub(super) struct Probes {
    config: Probing,
    authors: DashMap<UserId, Tries>,
}

/// What one author had stopped lately.
#[derive(Default)]
struct Tries {
    stopped_at: VecDeque<i64>,
    pauses: u32,
    /// Since when they wait, and until when.
    pause: (i64, i64),
}

impl Probes {
    pub(super) fn new(config: Probing) -> Self {
        Self { config, authors: DashMap::new() }
    }

    /// Refuses those who have to wait.
    pub(super) fn check(&self, author: &UserId, now_ms: i64) -> Result<(), Refusal> {
        let Some(known) = self.authors.get(author) else { return Ok(()) };
        let (since, until) = known.pause;
        // When the date was set back nobody waits longer than the pause is long.
        let wait_ms = (until - now_ms).min(until - since);
        if wait_ms <= 0 {
            return Ok(());
        }
        Err(Refusal::new(Code::RateLimited).with("retry_ms", wait_ms))
    }

    /// A comment of the author was stopped.
    pub(super) fn stopped(&self, author: &UserId, now_ms: i64) {
        let Probing { serving_max: max, pause, .. } = self.config;
        if max == 0 {
            return;
        }
        self.make_room(now_ms);
        let mut known = self.authors.entry(author.clone()).or_default();
        known.forget(self.config, now_ms);
        known.stopped_at.push_back(now_ms);
        if known.stopped_at.len() > max + 1 {
            known.stopped_at.pop_front();
        }
        // Comments that were judged at once make one pause.
        let is_beyond = known.pauses > 0 || known.stopped_at.len() > max;
        if is_beyond && known.pause.1 <= now_ms {
            let length = pause.as_ms().saturating_mul(1 << known.pauses.min(DOUBLINGS_MAX));
            known.pause = (now_ms, now_ms.saturating_add(length));
            known.pauses = known.pauses.saturating_add(1);
        }
    }

    fn make_room(&self, now_ms: i64) {
        if self.authors.len() < AUTHORS_MAX {
            return;
        }
        self.authors.retain(|_, known| {
            known.forget(self.config, now_ms);
            !known.stopped_at.is_empty() || known.pauses > 0
        });
        if self.authors.len() >= AUTHORS_MAX {
            self.authors.clear();
        }
    }
}

impl Tries {
    /// Forgets what is older than the window; and the pauses, when nothing was stopped for as long.
    fn forget(&mut self, config: Probing, now_ms: i64) {
        let since = now_ms.saturating_sub(config.window.as_ms());
        self.stopped_at.retain(|at_ms| (since + 1..=now_ms).contains(at_ms));
        if self.stopped_at.is_empty() && self.pause.1 <= since {
            self.pauses = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::moderation::Moderation;

    #[test]
    fn pauses_double_and_are_forgotten_after_as_long_as_stopped_comments_are() {
        let probes = Probes::new(Moderation::default().probing());
        let (ann, mut now_ms) = (UserId::from("ann"), 1_000_000_000);
        let waits = |now_ms: i64| probes.check(&ann, now_ms).err().map(|it| it.to_string());
        for _ in 0..5 {
            probes.stopped(&ann, now_ms);
        }
        assert_eq!(waits(now_ms), None);
        for pause_ms in [30_000, 60_000, 120_000] {
            probes.stopped(&ann, now_ms);
            let told = format!("rate_limited {{\"retry_ms\":{pause_ms}}}");
            assert_eq!(waits(now_ms), Some(told.clone()));
            assert_eq!(waits(now_ms - 5_000_000), Some(told), "the date was set back");
            now_ms += pause_ms;
            assert_eq!(waits(now_ms), None);
        }
        now_ms += 600_000;
        probes.stopped(&ann, now_ms);
        assert_eq!(waits(now_ms), None, "it begins anew");
    }
}
