//! `live.hold.list`, `.claim`, `.decide`: held comments are looked at, one moderator each, and decided.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{
    Live,
    act::{Act, Scene},
    comment::{Cause, State},
    event::{DeskEvent, PersonalEvent},
    outlet::Showing,
    pin::NamedComment,
    reach::{Stop, bad, settle, unstored},
    row::{self, CommentRow},
    scope::{self, Standing},
    seen::Seen,
};
use crate::{
    error::Code,
    ids::{CommentId, RoomId, UserId, is_id},
    media::claim,
    moderation::Category,
    operation::{Caller, Refusal},
};

/// Asks for comments that wait.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct HeldWanted {
    /// Of which room; absent for all rooms, which the platform's staff alone may ask for.
    #[serde(default)]
    pub(super) room: Option<RoomId>,
    /// Where the last page ended.
    #[serde(default)]
    pub(super) cursor: Option<String>,
    /// At most so many.
    #[serde(default)]
    pub(super) limit: Option<usize>,
}

/// A comment as staff see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub(super) struct HeldSeen {
    /// Where.
    pub(super) room: RoomId,
    /// What.
    pub(super) comment: Seen,
    /// Why it waits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) cause: Option<Cause>,
    /// What the rules found.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) category: Option<Category>,
    /// Until when a moderator looks at it, in milliseconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) claimed_until: Option<i64>,
    /// Who wrote it; to the platform's staff alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) user: Option<UserId>,
}

/// A page of comments that wait, the oldest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub(super) struct HeldPage {
    /// The comments.
    pub(super) held: Vec<HeldSeen>,
    /// Where the next page begins; absent on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) next: Option<String>,
}

/// What a moderator says of a held comment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum Decision {
    /// Everybody may see it.
    Approve,
    /// Nobody.
    Reject,
}

/// Decides on a held comment.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct DecisionWanted {
    /// The room.
    pub(super) room: RoomId,
    /// The comment.
    pub(super) comment: CommentId,
    /// How.
    pub(super) decision: Decision,
}

/// How a comment stands now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub(super) struct Decided {
    /// The comment.
    pub(super) comment: CommentId,
    /// How it stands.
    pub(super) state: State,
}

/// How long a comment belongs to a moderator.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub(super) struct Claimed {
    /// The comment.
    pub(super) comment: CommentId,
    /// Until when, in milliseconds since 1970; claiming again extends it.
    pub(super) until: i64,
}

impl Live {
    /// A page of the comments that wait; those that waited for too long are not shown any more.
    pub(super) async fn list_held(
        &self,
        caller: &Caller,
        asked: HeldWanted,
    ) -> Result<HeldPage, Refusal> {
        let names_people = scope::platform(caller.role);
        match &asked.room {
            Some(room) => drop(self.scene(caller, room, Standing::Moderator).await?),
            None if names_people => {}
            None => return Err(Code::PermissionDenied.into()),
        }
        let limit = self.page_of(asked.limit);
        let (now_ms, ttl_ms) = (self.needs().clock.now_ms(), self.config().hold_ttl.as_ms());
        let after = match &asked.cursor {
            Some(cursor) => after_of(cursor).ok_or_else(|| bad("cursor is none of ours"))?,
            None => (now_ms - ttl_ms + 1, ""),
        };
        let found = row::held(asked.room.as_ref(), after, limit as i64 + 1);
        let rows = self.needs().store.read(found).await.map_err(|it| unstored(&it))?;
        let mut rows: Vec<_> = rows.iter().map(CommentRow::of_row).collect();
        let is_more = rows.len() > limit;
        rows.truncate(limit);
        let contents = self.contents(&rows).await?;
        let next = rows.last().filter(|_| is_more).map(cursor_at);
        let mut held = Vec::with_capacity(rows.len());
        for (row, content) in rows.into_iter().zip(contents) {
            let Some(mut content) = content else { continue };
            let facts = self.room(&row.room).await?.facts();
            if content.is_unread() && !names_people {
                content.shown.text.clear();
                content.shown.media = None;
            }
            held.push(HeldSeen {
                claimed_until: Some(row.held_until).filter(|until| *until > now_ms),
                user: names_people.then_some(row.author),
                room: row.room,
                cause: content.cause,
                category: content.verdict.and_then(|verdict| verdict.category),
                comment: self.lens(&facts.charter.edit).near(content.shown),
            });
        }
        Ok(HeldPage { held, next })
    }

    /// Takes a held comment for a while, so that others need not look at it; again, to go on.
    pub(super) async fn claim_held(
        &self,
        caller: &Caller,
        asked: NamedComment,
    ) -> Result<Claimed, Refusal> {
        settle!(self.try_claim(caller, &asked).await)
    }

    async fn try_claim(&self, caller: &Caller, asked: &NamedComment) -> Result<Claimed, Stop> {
        let scene = self.scene(caller, &asked.room, Standing::Moderator).await?;
        let row = self.waiting_row(&scene, &asked.comment).await?;
        let now_ms = self.needs().clock.now_ms();
        let until = now_ms + self.config().hold_lease.as_ms();
        let claim = row::claim(&row.id, &scene.actor.id, (now_ms, until));
        self.needs().store.commit(vec![claim]).await?;
        self.tell_desk(&scene.room, &DeskEvent::Claimed { id: row.id.clone(), until }).await;
        Ok(Claimed { comment: row.id, until })
    }

    /// Lets a held comment through, or not. It need not have been taken, unless others took it.
    pub(super) async fn decide_held(
        &self,
        caller: &Caller,
        asked: DecisionWanted,
    ) -> Result<Decided, Refusal> {
        settle!(self.try_decide(caller, &asked).await)
    }

    async fn try_decide(&self, caller: &Caller, asked: &DecisionWanted) -> Result<Decided, Stop> {
        let scene = self.scene(caller, &asked.room, Standing::Moderator).await?;
        let state = match asked.decision {
            Decision::Approve => State::Visible,
            Decision::Reject => State::Rejected,
        };
        let row = self.comment_row(&scene.room, &asked.comment).await?;
        if row.state == state {
            return Ok(Decided { comment: row.id, state });
        }
        let row = self.waiting_row(&scene, &asked.comment).await?;
        let content = self.contents(std::slice::from_ref(&row)).await?.pop().flatten();
        let content = content.ok_or(Code::Gone)?;
        if asked.decision == Decision::Approve {
            self.judge_again(&row, &content, &scene.actor).await?;
        }
        let (by, now_ms) = (&scene.actor.id, self.needs().clock.now_ms());
        let detail = json!({ "comment": row.id, "decision": asked.decision });
        let mut beside = vec![row::decide(&row, state, by, now_ms)];
        if state == State::Rejected {
            beside.extend(row.media.as_ref().map(claim::withdraw));
        }
        let act = Act { kind: "decide", detail: &detail, beside };
        self.record(&scene.room.id, by, act).await?;
        if state == State::Visible {
            let room = Arc::clone(&scene.room);
            if let Showing::Barred(state) = self.show(&room, &content.shown, None).await {
                self.put_by(&room, &[(row.id.clone(), state)]).await;
                return Err(Code::Gone.into());
            }
        }
        let ids = vec![row.id.clone()];
        self.tell_desk(&scene.room, &DeskEvent::Changed { ids, state }).await;
        let (room, comment) = (scene.room.id.clone(), row.id.clone());
        self.tell_person(&row.author, &PersonalEvent::Decided { room, comment, state }).await;
        Ok(Decided { comment: row.id, state })
    }

    /// A comment that waits, and that nobody else looks at.
    async fn waiting_row(&self, scene: &Scene, id: &CommentId) -> Result<CommentRow, Refusal> {
        let row = self.comment_row(&scene.room, id).await?;
        let now_ms = self.needs().clock.now_ms();
        if row.state != State::Held {
            return Err(Refusal::new(Code::Stale).with("state", row.state.as_str()));
        }
        let is_late = row.posted_at + self.config().hold_ttl.as_ms() <= now_ms;
        if is_late || scene.facts.has_cleared(row.posted_at) {
            return Err(Code::Gone.into());
        }
        if let Some(holder) = row.held_by_other(&scene.actor.id, now_ms) {
            let refusal = Refusal::new(Code::Stale).with("state", "claimed");
            let refusal = refusal.with("until", row.held_until);
            return Err(match scene.actor.told(holder) {
                Some(holder) => refusal.with("owner", holder.as_str()),
                None => refusal,
            });
        }
        Ok(row)
    }

    /// How many entries a page has.
    pub(super) fn page_of(&self, wanted: Option<usize>) -> usize {
        let most = self.config().page_max;
        wanted.unwrap_or(most).clamp(1, most)
    }
}

/// Where a list by time goes on after `row`.
pub(super) fn cursor_at(row: &CommentRow) -> String {
    format!("{}.{}", row.posted_at, row.id)
}

/// What [`cursor_at`] wrote.
pub(super) fn after_of(cursor: &str) -> Option<(i64, &str)> {
    let (posted_at, id) = cursor.split_once('.')?;
    // What is no id would mean something to one database and be refused by another.
    Some((posted_at.parse().ok()?, Some(id).filter(|id| is_id(id))?))
}
