//! `live.pin`, `live.unpin`, `live.notice`, `live.clear`: what the host puts before everybody.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{
    Live,
    act::Act,
    comment::State,
    permit::check_text,
    reach::{Stop, bad, settle},
    row,
    scope::Standing,
    stage::Named,
};
use crate::{
    error::Code,
    ids::{CommentId, RoomId},
    operation::{Caller, Refusal},
};

/// Names a comment of a room.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NamedComment {
    /// The room.
    pub(super) room: RoomId,
    /// The comment.
    pub(super) comment: CommentId,
}

/// Tells everybody something, or nothing any more.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NoticeWanted {
    /// The room.
    pub(super) room: RoomId,
    /// What, 1–200 characters; absent to take the notice down.
    #[serde(default)]
    pub(super) text: Option<String>,
}

/// Done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub(super) struct Done {}

impl Live {
    /// Pins a comment in place of what was pinned.
    pub(super) async fn pin(&self, caller: &Caller, asked: NamedComment) -> Result<Done, Refusal> {
        settle!(self.try_pin(caller, &asked.room, Some(&asked.comment)).await)
    }

    /// Takes down what is pinned.
    pub(super) async fn unpin(&self, caller: &Caller, asked: Named) -> Result<Done, Refusal> {
        settle!(self.try_pin(caller, &asked.room, None).await)
    }

    async fn try_pin(
        &self,
        caller: &Caller,
        room: &RoomId,
        comment: Option<&CommentId>,
    ) -> Result<Done, Stop> {
        let scene = self.alone(caller, room, Standing::Host).await?;
        if let Some(comment) = comment {
            let row = self.comment_row(&scene.room, comment).await?;
            // Pinned is shown: whatever waits or is off must not come out by this way.
            if !matches!(row.state, State::Visible | State::Sampled) {
                return Err(Refusal::new(Code::Stale).with("state", row.state.as_str()).into());
            }
            if scene.facts.has_cleared(row.posted_at) {
                return Err(Code::Gone.into());
            }
        }
        if scene.facts.charter.pinned.as_ref() == comment {
            return Ok(Done {});
        }
        let set = ("pinned = $1", vec![comment.map(CommentId::as_str).into()]);
        let (kind, detail) = match comment {
            Some(comment) => ("pin", json!({ "comment": comment })),
            None => ("unpin", json!({})),
        };
        // Whoever removes it at the same time must be the second, and find it pinned.
        let beside = comment.map(|comment| row::still_shown(room, comment)).into_iter().collect();
        self.change(&scene, set, Act { kind, detail: &detail, beside }).await?;
        Ok(Done {})
    }

    /// Tells everybody something, until the next notice.
    pub(super) async fn notice(
        &self,
        caller: &Caller,
        asked: NoticeWanted,
    ) -> Result<Done, Refusal> {
        if let Some(text) = &asked.text {
            check_text(text, self.config().text_max)?;
        }
        settle!(self.try_notice(caller, &asked).await)
    }

    async fn try_notice(&self, caller: &Caller, asked: &NoticeWanted) -> Result<Done, Stop> {
        let scene = self.alone(caller, &asked.room, Standing::Host).await?;
        if let Some(text) = &asked.text {
            self.check_staff_text(caller, text)?;
        }
        let set = match asked.text {
            Some(_) => ("notice_seq = $seq", Vec::new()),
            None => ("notice_seq = NULL", Vec::new()),
        };
        let detail = json!({ "text": asked.text });
        let act = Act { kind: "notice", detail: &detail, beside: Vec::new() };
        self.change(&scene, set, act).await?;
        Ok(Done {})
    }

    /// Clears what viewers see: the history, the list, and what waits. The archive keeps it.
    pub(super) async fn clear(&self, caller: &Caller, asked: Named) -> Result<Done, Refusal> {
        settle!(self.try_clear(caller, &asked.room).await)
    }

    async fn try_clear(&self, caller: &Caller, room: &RoomId) -> Result<Done, Stop> {
        let scene = self.alone(caller, room, Standing::Host).await?;
        let at = self.needs().clock.now_ms();
        let set = ("cleared_at = $1, pinned = NULL", vec![at.into()]);
        let detail = json!({ "at": at });
        let act = Act { kind: "clear", detail: &detail, beside: Vec::new() };
        self.change(&scene, set, act).await?;
        Ok(Done {})
    }

    /// Judges what staff say to everybody, as any comment.
    pub(super) fn check_staff_text(&self, caller: &Caller, text: &str) -> Result<(), Refusal> {
        use crate::moderation::{Action, Place, Question, Side};
        let needs = self.needs();
        let side = if caller.role.is_institutional() { Side::Institution } else { Side::User };
        let question = Question { text, earlier: &[], place: Place::Live, side };
        let verdict = needs.moderation.decide(question, &needs.metrics);
        let verdict = verdict.map_err(|_| {
            Refusal::new(Code::Unavailable).because("the text could not be judged; try again")
        })?;
        match (verdict.action, verdict.category) {
            (Action::Allow, _) => Ok(()),
            (_, Some(category)) => {
                Err(Refusal::new(Code::Rejected).with("category", category.as_str()))
            }
            (_, None) => Err(bad("the text was refused")),
        }
    }
}
