//! Whether somebody may say something now, by all but what it says.

use std::sync::Arc;

use super::{
    comment::State,
    facts::Facts,
    reach::bad,
    scope::{self, Actor, Work},
    settings::{Speak, Voices},
};
use crate::{
    error::Code,
    operation::{Caller, Refusal},
};

/// The longest idempotency key, in characters.
const CLIENT_ID_MAX: usize = 64;

/// Whoever speaks, for as long as what they say is on its way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Voice {
    pub(super) caller: Arc<Caller>,
    pub(super) work: Work,
    /// Since when they follow, where that was asked.
    pub(super) follows_since: Option<i64>,
    /// Whether what they say is a voice.
    pub(super) is_spoken: bool,
}

impl Voice {
    /// What they are in the room of `facts`.
    pub(super) fn actor(&self, facts: &Facts) -> Actor {
        scope::actor(&self.caller, facts, &self.work)
    }

    /// Whether the room lets them speak now.
    pub(super) fn may_speak(&self, facts: &Facts, now_ms: i64) -> Result<(), Refusal> {
        if !facts.charter.is_open() {
            return Err(Code::Closed.into());
        }
        may_be_heard(facts, &self.actor(facts), self.follows_since, now_ms)
    }

    /// How a comment of theirs that was to be shown stands by what the room is now, when it is not to
    /// be shown any more. That the room has closed meanwhile is no matter.
    pub(super) fn bar(&self, facts: &Facts, now_ms: i64) -> Option<State> {
        let actor = self.actor(facts);
        if may_be_heard(facts, &actor, self.follows_since, now_ms).is_err() {
            return Some(State::Sampled);
        }
        let settings = &facts.charter.settings;
        let waits = settings.premoderated || (self.is_spoken && settings.voice != Voices::Open);
        (waits && !actor.is_staff()).then_some(State::Held)
    }
}

fn may_be_heard(
    facts: &Facts,
    actor: &Actor,
    follows_since: Option<i64>,
    now_ms: i64,
) -> Result<(), Refusal> {
    if actor.is_staff() {
        return Ok(());
    }
    if let Some(mute) = facts.mutes.get(&actor.id).filter(|mute| mute.term.holds(now_ms)) {
        return Err(mute.term.refusal());
    }
    match facts.charter.settings.speak {
        Speak::Everyone => Ok(()),
        Speak::Staff => Err(Refusal::new(Code::Muted).with("term", "room")),
        Speak::Followers { minutes } => {
            let least_ms = i64::from(minutes) * 60_000;
            match follows_since.is_some_and(|since| now_ms - since >= least_ms) {
                true => Ok(()),
                false => Err(Refusal::new(Code::FollowersOnly).with("minutes", minutes)),
            }
        }
    }
}

/// Refuses whoever does not leave the pause of slow mode.
pub(super) fn check_pause(facts: &Facts, last_at: Option<i64>, now_ms: i64) -> Result<(), Refusal> {
    let pause_ms = i64::from(facts.charter.settings.slow_s) * 1_000;
    let wait_ms = last_at.map_or(0, |last_at| last_at + pause_ms - now_ms);
    if pause_ms > 0 && wait_ms > 0 {
        return Err(Refusal::new(Code::Slow).with("retry_ms", wait_ms.min(pause_ms)));
    }
    Ok(())
}

/// Refuses keys that are empty, too long or unprintable.
pub(super) fn check_client_id(client_id: &str) -> Result<(), Refusal> {
    let fits = (1..=CLIENT_ID_MAX).contains(&client_id.chars().count())
        && !client_id.chars().any(char::is_control);
    if fits { Ok(()) } else { Err(bad("client_id must be 1 to 64 printable characters")) }
}

/// Refuses what is no text, or too much of it.
pub(super) fn check_text(text: &str, max: usize) -> Result<(), Refusal> {
    if text.chars().count() > max {
        return Err(Refusal::new(Code::TooLong).with("max", max));
    }
    if text.trim().is_empty() {
        return Err(bad("text is empty"));
    }
    if text.chars().any(|c| c.is_control() && c != '\n') {
        return Err(bad("text holds control characters"));
    }
    Ok(())
}
