//! `live.mute`, `live.unmute`, `live.mutes`: somebody may not speak in a room for a while.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{
    Live,
    act::{Act, Scene},
    event::{DeskEvent, PersonalEvent},
    pin::Done,
    reach::{Stop, bad, settle},
    scope::Standing,
    staff::{self, Mute, Term, unmute},
    stage::Named,
};
use crate::{
    error::Code,
    ids::{CommentId, MuteId, RoomId, UserId},
    operation::{Caller, Refusal},
};

/// The longest mute by the clock, in minutes: a year. Longer ones are `permanent`.
const MINUTES_MAX: u32 = 525_600;
/// The longest reason, in characters.
const REASON_MAX: usize = 200;
/// How many mutes a list shows, the newest.
const LISTED_MAX: usize = 200;

/// For how long somebody may not speak.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum TermWanted {
    /// So many minutes; 房管 may set 1 440 at most.
    Minutes(u32),
    /// Until the room ends.
    Session,
    /// Until it is lifted.
    Permanent,
}

/// Mutes whoever wrote a comment, or somebody whom the platform's staff name.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct MuteWanted {
    /// The room.
    pub(super) room: RoomId,
    /// The comment whose author it is.
    #[serde(default)]
    pub(super) comment: Option<CommentId>,
    /// Who it is; the platform's staff alone may say so.
    #[serde(default)]
    pub(super) user: Option<UserId>,
    /// For how long.
    pub(super) term: TermWanted,
    /// Why, in a word of the staff's own; at most 200 characters.
    #[serde(default)]
    pub(super) reason: String,
    /// What they wrote in the last ten minutes is removed too.
    #[serde(default)]
    pub(super) remove_recent: bool,
}

/// Lifts a mute: by its name, by the comment whose author was muted, or of a named person.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct UnmuteWanted {
    /// The room.
    pub(super) room: RoomId,
    /// The mute.
    #[serde(default)]
    pub(super) mute: Option<MuteId>,
    /// A comment of whoever is muted.
    #[serde(default)]
    pub(super) comment: Option<CommentId>,
    /// Who is muted; the platform's staff alone may say so.
    #[serde(default)]
    pub(super) user: Option<UserId>,
}

/// A mute as staff see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub(super) struct MuteSeen {
    /// Its name.
    pub(super) mute: MuteId,
    /// For how long.
    #[serde(flatten)]
    pub(super) term: Term,
    /// The comment that gave cause.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) comment: Option<CommentId>,
    /// What they are called, when the directory knows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) nickname: Option<String>,
    /// Who it is; to the platform's staff alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) user: Option<UserId>,
    /// Who muted them; to the platform's staff alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) by: Option<UserId>,
    /// When, in milliseconds since 1970.
    pub(super) at: i64,
    /// Why.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(super) reason: String,
}

/// The mutes that count now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub(super) struct Mutes {
    /// The newest first, 200 at most.
    pub(super) mutes: Vec<MuteSeen>,
}

impl Live {
    /// Mutes somebody. It counts for whatever they say after the answer, and before it.
    pub(super) async fn mute(
        &self,
        caller: &Caller,
        asked: MuteWanted,
    ) -> Result<MuteSeen, Refusal> {
        if asked.reason.chars().count() > REASON_MAX {
            return Err(Refusal::new(Code::TooLong).with("max", REASON_MAX));
        }
        if asked.reason.chars().any(char::is_control) {
            return Err(bad("reason holds control characters"));
        }
        let (seen, scene, person) = settle!(self.try_mute(caller, &asked).await)?;
        if asked.remove_recent {
            settle!(self.remove_recent(&scene, &person).await)?;
        }
        Ok(seen)
    }

    async fn try_mute(
        &self,
        caller: &Caller,
        asked: &MuteWanted,
    ) -> Result<(MuteSeen, Scene, UserId), Stop> {
        let scene = self.alone(caller, &asked.room, Standing::Moderator).await?;
        let now_ms = self.needs().clock.now_ms();
        let term = term(asked.term, now_ms)?;
        scene.actor.may_mute(term, now_ms)?;
        let person = self.muted_person(&scene, (&asked.comment, &asked.user)).await?;
        if scene.facts.staff.contains_key(&person) || person == scene.actor.id {
            return Err(bad("the room's staff are not muted; dismiss them first").into());
        }
        if let Some(known) = scene.facts.mutes.get(&person).filter(|it| it.term.holds(now_ms)) {
            // Nobody shortens what they could not have set.
            scene.actor.may_mute(known.term, known.at)?;
        }
        let mute = Mute {
            id: MuteId::fresh(now_ms),
            person: person.clone(),
            comment: asked.comment.clone(),
            term,
            by: scene.actor.id.clone(),
            at: now_ms,
            reason: asked.reason.clone(),
        };
        let detail = json!({
            "mute": mute.id, "person": person, "comment": mute.comment, "term": term,
            "reason": mute.reason,
        });
        let beside = vec![staff::mute(&scene.room.id, &mute)];
        let act = Act { kind: "mute", detail: &detail, beside };
        self.add(&scene, act).await?;
        let (id, comment, room) = (mute.id.clone(), mute.comment.clone(), scene.room.id.clone());
        self.tell_desk(&scene.room, &DeskEvent::Muted { mute: id, comment, term }).await;
        self.tell_person(&person, &PersonalEvent::Muted { room, term }).await;
        let seen = self.mute_seen(&scene, &mute).await?;
        Ok((seen, Scene { turn: None, ..scene }, person))
    }

    async fn remove_recent(&self, scene: &Scene, person: &UserId) -> Result<(), Stop> {
        let rows = self.recent_rows(&scene.room, person).await?;
        self.take_off(scene, &rows).await
    }

    async fn muted_person(
        &self,
        scene: &Scene,
        named: (&Option<CommentId>, &Option<UserId>),
    ) -> Result<UserId, Refusal> {
        match named {
            (Some(comment), None) => Ok(self.comment_row(&scene.room, comment).await?.author),
            (None, Some(user)) => {
                scene.actor.may_name_people()?;
                crate::directory::check_id("user", user.as_str())?;
                Ok(user.clone())
            }
            _ => Err(bad("give `comment` or `user`")),
        }
    }

    /// Lifts a mute. Who is not muted stays so.
    pub(super) async fn unmute(
        &self,
        caller: &Caller,
        asked: UnmuteWanted,
    ) -> Result<Done, Refusal> {
        settle!(self.try_unmute(caller, &asked).await)
    }

    async fn try_unmute(&self, caller: &Caller, asked: &UnmuteWanted) -> Result<Done, Stop> {
        let scene = self.alone(caller, &asked.room, Standing::Moderator).await?;
        let mutes = &scene.facts.mutes;
        let found = match &asked.mute {
            Some(id) => mutes.values().find(|mute| mute.id == *id),
            None => mutes.get(&self.muted_person(&scene, (&asked.comment, &asked.user)).await?),
        };
        let Some(mute) = found else { return Ok(Done {}) };
        // Whoever could not have set it may not lift it either.
        scene.actor.may_mute(mute.term, mute.at)?;
        let detail = json!({ "mute": mute.id, "person": mute.person });
        let act = Act { kind: "unmute", detail: &detail, beside: vec![unmute(&mute.id)] };
        self.add(&scene, act).await?;
        self.tell_desk(&scene.room, &DeskEvent::Unmuted { mute: mute.id.clone() }).await;
        let room = scene.room.id.clone();
        self.tell_person(&mute.person, &PersonalEvent::Unmuted { room }).await;
        Ok(Done {})
    }

    /// The mutes of a room that count now.
    pub(super) async fn mutes(&self, caller: &Caller, asked: Named) -> Result<Mutes, Refusal> {
        let scene = self.scene(caller, &asked.room, Standing::Moderator).await?;
        let now_ms = self.needs().clock.now_ms();
        let counting = scene.facts.mutes.values().filter(|mute| mute.term.holds(now_ms));
        let mut counting: Vec<_> = counting.collect();
        counting.sort_by(|a, b| b.id.cmp(&a.id));
        let mut mutes = Vec::new();
        for mute in counting.into_iter().take(LISTED_MAX) {
            mutes.push(self.mute_seen(&scene, mute).await?);
        }
        Ok(Mutes { mutes })
    }

    async fn mute_seen(&self, scene: &Scene, mute: &Mute) -> Result<MuteSeen, Refusal> {
        Ok(MuteSeen {
            mute: mute.id.clone(),
            term: mute.term,
            comment: mute.comment.clone(),
            nickname: self.known_name(&mute.person).await?,
            user: scene.actor.told(&mute.person).cloned(),
            by: scene.actor.told(&mute.by).cloned(),
            at: mute.at,
            reason: mute.reason.clone(),
        })
    }
}

fn term(wanted: TermWanted, now_ms: i64) -> Result<Term, Refusal> {
    match wanted {
        TermWanted::Minutes(minutes) if (1..=MINUTES_MAX).contains(&minutes) => {
            Ok(Term::Time { until: now_ms + i64::from(minutes) * 60_000 })
        }
        TermWanted::Minutes(_) => Err(bad("minutes is 1 to 525600").with("max", MINUTES_MAX)),
        TermWanted::Session => Ok(Term::Session),
        TermWanted::Permanent => Ok(Term::Permanent),
    }
}
