//! Lane 3: how many ordinary comments a room's viewers are shown, and which.
//!
//! Up to the cap a comment is shown at once. Beyond, comments gather for a tick, and a fair choice of
//! them is shown when it ends. Knows no room and no text: authors, and whether each may be shown.

use std::time::Duration;

use tokio::{sync::oneshot, time::Instant};

use super::choose::choose;
use crate::{config, ids::UserId};

/// How much of a second's comments may come at once, as a part of it.
const BURST_PART: u32 = 4;

/// What is to become of a comment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ruling {
    /// Viewers see it.
    Show,
    /// There are too many.
    Sample,
}

/// What is answered to a comment that wants to be shown.
#[derive(Debug)]
pub(super) enum Offer {
    /// It is ruled on already.
    Ruled(Ruling),
    /// It is ruled on when the tick ends.
    Waits(oneshot::Receiver<Ruling>),
    /// The same, and a tick begins with it: somebody must see to its end.
    Begins(oneshot::Receiver<Ruling>),
}

struct Waiting {
    author: UserId,
    ruling: oneshot::Sender<Ruling>,
}

/// The ordinary comments of one room.
pub(super) struct Crowd {
    interval: Duration,
    burst: u32,
    reservoir_max: usize,
    /// When as many as may come at once may come again (the generic cell rate algorithm).
    full_at: Instant,
    /// Those who wait for the tick's end; `None` as long as there is no tick.
    waiting: Option<Vec<Waiting>>,
    /// How many came in this tick.
    came: usize,
    chance: fastrand::Rng,
}

impl Crowd {
    /// Nobody; `chance` decides where there are too many.
    pub(super) fn new(config: &config::live::Live, chance: fastrand::Rng) -> Self {
        let rate = config.shown_per_second.max(1);
        Self {
            interval: Duration::from_secs(1) / rate,
            burst: (rate / BURST_PART).max(1),
            reservoir_max: config.reservoir_max.max(1),
            full_at: Instant::now(),
            waiting: None,
            came: 0,
            chance,
        }
    }

    /// A comment of `author` wants to be shown.
    pub(super) fn offer(&mut self, author: &UserId, now: Instant) -> Offer {
        let begins = self.waiting.is_none();
        if begins && self.places(now) > 0 {
            self.take(1, now);
            return Offer::Ruled(Ruling::Show);
        }
        let waiting = self.waiting.get_or_insert_default();
        self.came += 1;
        let (ruling, ruled) = oneshot::channel();
        let newcomer = Waiting { author: author.clone(), ruling };
        if waiting.len() < self.reservoir_max {
            waiting.push(newcomer);
        } else {
            // Each that came is as likely to stay as any other (Vitter's algorithm R).
            let place = self.chance.usize(..self.came);
            let Some(stays) = waiting.get_mut(place) else {
                return Offer::Ruled(Ruling::Sample);
            };
            let leaves = std::mem::replace(stays, newcomer);
            let _may_have_gone = leaves.ruling.send(Ruling::Sample);
        }
        if begins { Offer::Begins(ruled) } else { Offer::Waits(ruled) }
    }

    /// The tick ends; `false` when no other follows, since there is room for all again.
    pub(super) fn tick(&mut self, now: Instant) -> bool {
        let waiting = self.waiting.take().unwrap_or_default();
        let places = self.places(now);
        let authors: Vec<_> = waiting.iter().map(|it| &it.author).collect();
        let chosen = choose(&authors, places, &mut self.chance);
        self.take(chosen.len(), now);
        let mut shown = chosen.iter().peekable();
        let came = waiting.len();
        for (at, each) in waiting.into_iter().enumerate() {
            let is_shown = shown.next_if(|next| **next == at).is_some();
            let ruling = if is_shown { Ruling::Show } else { Ruling::Sample };
            let _may_have_gone = each.ruling.send(ruling);
        }
        self.came = 0;
        let goes_on = came >= places;
        if goes_on {
            self.waiting = Some(Vec::new());
        }
        goes_on
    }

    /// Whether comments gather now.
    pub(super) fn is_gathering(&self) -> bool {
        self.waiting.is_some()
    }

    /// How many may be shown now.
    fn places(&self, now: Instant) -> usize {
        let ahead = self.full_at.saturating_duration_since(now);
        let most = self.interval * self.burst;
        let left = most.saturating_sub(ahead).as_nanos() / self.interval.as_nanos().max(1);
        usize::try_from(left).unwrap_or(usize::MAX)
    }

    fn take(&mut self, places: usize, now: Instant) {
        let places = u32::try_from(places).unwrap_or(u32::MAX);
        self.full_at = self.full_at.max(now) + self.interval * places;
    }
}
