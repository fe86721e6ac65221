//! Who tries out, line by line, what the rules let pass: slowed down, ever more.
//!
//! Each stopped line tells its author something. Beyond a number of them within a window, in all of an
//! author's conversations together, the author has to wait; while they do, every line gets the same
//! answer, so that the pause tells nothing. What was stopped is remembered by author, not by
//! conversation or session: neither a transfer nor a new session forgives it.
//!
//! A line counts from its verdict on, so that none is judged while those before it wait for the disk.
//! What then is not stored as a new line is taken back, with the pause that it brought: a conflict or
//! a retry that is answered from the archive tells no verdict, and a pause would.
//!
//! What other rules stopped is forgotten: a rule that was rolled back keeps nobody waiting. Pauses run by
//! the date; when it is set back, none is longer for it than it was.
//!
//! Each node counts for itself and forgets when it restarts: the archive has the lines themselves.

use std::{
    collections::{VecDeque, hash_map::RandomState},
    hash::BuildHasher,
};

use dashmap::DashMap;

use super::{
    Consult, Needs,
    entry::{Entry, Opened},
    send::Sending,
    viewer::Viewer,
};
use crate::{
    config::moderation::Probing, directory::SUPPORT, error::Code, ids::UserId, moderation::Side,
    operation::Refusal,
};

/// How many authors are remembered. Each takes some hundred bytes, and only a stopped line makes one.
const AUTHORS_MAX: usize = 65_536;
/// How often the pause doubles.
const DOUBLINGS_MAX: u32 = 6;

/// What authors had stopped lately, on this node.
pub(super) struct Probes {
    config: Probing,
    hasher: RandomState,
    authors: DashMap<UserId, Author>,
}

/// What one author had stopped lately.
#[derive(Default)]
struct Author {
    /// When, and a name for each: sent again, it counts once.
    stops: VecDeque<(i64, u64)>,
    /// How many pauses this episode has brought.
    pauses: u32,
    pause: Pause,
    /// Staff know of the episode.
    is_told: bool,
    /// The version of the rules by which all this was stopped.
    rules: String,
}

/// How long an author has to wait.
#[derive(Clone, Copy, Debug, Default)]
struct Pause {
    since: i64,
    until: i64,
}

/// A stopped line that may not have been stored yet.
#[derive(Debug)]
pub(super) struct Stopped {
    /// Its author is in an episode that nobody was told of yet.
    is_news: bool,
    /// The line, if it was not counted before.
    counted: Option<u64>,
    /// Which pause of the episode it brought, and the one before that.
    pause: Option<(u32, Pause)>,
}

/// Whether the viewer is told which words were found: candidates, and the platform's own desk.
pub(super) fn is_confided(viewer: &Viewer) -> bool {
    viewer.institution().is_none_or(|institution| institution.as_str() == SUPPORT)
}

impl Probes {
    pub(super) fn new(config: Probing) -> Self {
        Self { config, hasher: RandomState::new(), authors: DashMap::new() }
    }

    /// How long the author has to wait.
    fn pause_ms(&self, author: &UserId, (rules, now_ms): (&str, i64)) -> Option<i64> {
        let mut known = self.authors.get_mut(author)?;
        known.keep_to(rules, now_ms);
        Some(known.pause.until.saturating_sub(now_ms)).filter(|pause| *pause > 0)
    }

    /// Whether anything of the author's was stopped lately.
    fn knows(&self, author: &UserId) -> bool {
        self.authors.contains_key(author)
    }

    /// A line of the author is stopped by `rules`, of which `max` are borne.
    fn stopped(
        &self,
        author: &UserId,
        (max, line): (usize, u64),
        (rules, now_ms): (&str, i64),
    ) -> Stopped {
        let mut stopped = Stopped { is_news: false, counted: None, pause: None };
        if max == 0 {
            return stopped;
        }
        self.make_room(now_ms);
        let mut known = self.authors.entry(author.clone()).or_default();
        known.keep_to(rules, now_ms);
        known.forget(self.config, now_ms);
        if !known.stops.iter().any(|(_, other)| *other == line) {
            stopped.counted = Some(line);
            known.stops.push_back((now_ms, line));
            if known.stops.len() > max + 1 {
                known.stops.pop_front();
            }
            let is_beyond = known.pauses > 0 || known.stops.len() > max;
            // Lines that were judged at once make one pause.
            if is_beyond && known.pause.until <= now_ms {
                let times = 1 << known.pauses.min(DOUBLINGS_MAX);
                let until = now_ms.saturating_add(self.config.pause.as_ms().saturating_mul(times));
                known.pauses = known.pauses.saturating_add(1);
                stopped.pause = Some((known.pauses, known.pause));
                known.pause = Pause { since: now_ms, until };
            }
        }
        stopped.is_news = known.pauses > 0 && !known.is_told;
        stopped
    }

    /// The line was not stored, or not as a new one: it does not count.
    fn take_back(&self, author: &UserId, stopped: &Stopped) {
        let Some(line) = stopped.counted else { return };
        let Some(mut known) = self.authors.get_mut(author) else { return };
        let counted = known.stops.len();
        known.stops.retain(|(_, other)| *other != line);
        if let Some((number, before)) = stopped.pause
            && known.pauses == number
            && known.stops.len() < counted
        {
            known.pause = before;
            known.pauses = number.saturating_sub(1);
        }
    }

    /// Staff know of the author's episode.
    pub(super) fn told(&self, author: &UserId) {
        if let Some(mut known) = self.authors.get_mut(author) {
            known.is_told = true;
        }
    }

    /// The author stands by a line: it was no try.
    fn insisted(&self, author: &UserId, line: u64) {
        if let Some(mut known) = self.authors.get_mut(author) {
            known.stops.retain(|(_, other)| *other != line);
        }
    }

    fn make_room(&self, now_ms: i64) {
        if self.authors.len() < AUTHORS_MAX {
            return;
        }
        self.authors.retain(|_, known| {
            known.forget(self.config, now_ms);
            !known.stops.is_empty() || known.pauses > 0
        });
        if self.authors.len() >= AUTHORS_MAX {
            self.authors.retain(|_, known| known.pauses > 0);
        }
        if self.authors.len() >= AUTHORS_MAX {
            self.authors.clear();
        }
    }
}

impl Stopped {
    /// Whether staff are to be told that the author is probing.
    pub(super) fn is_news(&self) -> bool {
        self.is_news
    }
}

impl Author {
    /// Forgets everything when other rules are in force. When the date was set back, what came later
    /// came just now: nobody waits longer for it than the pause is long.
    fn keep_to(&mut self, rules: &str, now_ms: i64) {
        if self.rules != rules {
            *self = Self { rules: rules.to_owned(), ..Self::default() };
        }
        for (at_ms, _) in &mut self.stops {
            *at_ms = now_ms.min(*at_ms);
        }
        if self.pause.since > now_ms {
            let length = self.pause.until.saturating_sub(self.pause.since);
            self.pause = Pause { since: now_ms, until: now_ms.saturating_add(length) };
        }
    }

    /// Forgets what is older than the window; and the episode, when nothing was stopped for as long.
    fn forget(&mut self, config: Probing, now_ms: i64) {
        let since = now_ms.saturating_sub(config.window.as_ms());
        while self.stops.front().is_some_and(|(at_ms, _)| *at_ms <= since) {
            self.stops.pop_front();
        }
        if self.stops.is_empty() && self.pause.until <= since {
            (self.pauses, self.is_told) = (0, false);
        }
    }
}

impl Consult {
    /// Refuses those who have to wait, whatever they say.
    pub(super) fn check_pause(&self, viewer: &Viewer) -> Result<(), Refusal> {
        if !self.is_probing(viewer) {
            return Ok(());
        }
        let Needs { moderation, .. } = &self.inner().needs;
        let now = (&*moderation.rules_version(), self.now_ms());
        match self.inner().probes.pause_ms(&viewer.person, now) {
            None => Ok(()),
            Some(pause) => Err(Refusal::new(Code::RateLimited).with("retry_ms", pause)),
        }
    }

    /// Whether something of the viewer's was stopped lately: what they send again is then answered
    /// before it is judged.
    pub(super) fn is_probing(&self, viewer: &Viewer) -> bool {
        self.inner().probes.knows(&viewer.person)
    }

    /// A text of the viewer's is stopped by `rules`.
    pub(super) fn probes(&self, viewer: &Viewer, sending: &Sending, rules: &str) -> Stopped {
        let (probes, is_confided) = (&self.inner().probes, is_confided(viewer));
        let max = if is_confided { probes.config.user_max } else { probes.config.serving_max };
        // Of those who may confirm, the same words again are no other try.
        let line = match is_confided {
            true => probes.hasher.hash_one(sending.said.text()),
            false => probes.hasher.hash_one((&sending.conversation, &sending.client_id)),
        };
        let now = (rules, self.now_ms());
        let mut stopped = probes.stopped(&viewer.person, (max, line), now);
        stopped.is_news &= viewer.side() == Side::Institution && !is_confided;
        stopped
    }

    /// What was stopped of the viewer's is no new line.
    pub(super) fn probes_not(&self, viewer: &Viewer, stopped: &Stopped) {
        self.inner().probes.take_back(&viewer.person, stopped);
    }

    /// The viewer has confirmed a held text.
    pub(super) fn insists(&self, viewer: &Viewer, opened: &Opened) {
        let probes = &self.inner().probes;
        if let Some(Entry::Message { body, .. }) = opened.entry()
            && is_confided(viewer)
        {
            probes.insisted(&viewer.person, probes.hasher.hash_one(body.text()));
        }
    }
}

#[cfg(test)]
mod tests;
