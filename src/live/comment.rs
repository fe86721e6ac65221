//! A comment: what everybody sees of it, what the archive seals of it, and what its row keeps.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::scope::Standing;
use crate::{
    archive,
    ids::{CommentId, RoomId, UserId},
    media::Facts,
    moderation::{Category, Span, Verdict},
    operation::Role,
};

/// What stands beside the name of somebody who serves in the room.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum RoleBadge {
    /// 主持.
    Host,
    /// 房管, or the platform's moderator.
    Moderator,
    /// A tutor of an institution.
    Tutor,
}

/// What viewers see of whoever comments. Never an id, never an address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub(super) struct Face {
    /// What they are called.
    pub(super) nickname: String,
    /// The address of a picture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) avatar: Option<String>,
    /// What the platform shows beside the name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) badge: Option<String>,
    /// What they are in the room.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) role: Option<RoleBadge>,
    /// IP属地: the province or country they write from; 未知 where it is not known.
    pub(super) region: String,
}

/// A comment as it is kept. What people see of it is [`super::seen::Seen`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Shown {
    /// Its name; names rise as comments are written.
    pub(super) id: CommentId,
    /// Where in the uncut media it was made, in milliseconds.
    pub(super) at_ms: i64,
    /// When it was written, in milliseconds since 1970.
    pub(super) posted_at: i64,
    /// Who wrote it.
    #[serde(flatten)]
    pub(super) face: Face,
    /// What they wrote, to be shown as text and nothing else; empty when they spoke.
    pub(super) text: String,
    /// What they spoke.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) media: Option<Box<Facts>>,
    /// It is a question.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) question: bool,
}

/// Where a comment stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum State {
    /// Viewers see it.
    Visible,
    /// There were more than viewers can read: staff see it, and the archive has it.
    Sampled,
    /// It waits for a moderator.
    Held,
    /// It is not shown: by the rules, or by a moderator.
    Rejected,
    /// A moderator took it off.
    Removed,
}

/// Why a comment waits for a moderator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum Cause {
    /// Every comment of the room does.
    Premoderated,
    /// It holds one of the room's words.
    Word,
    /// The rules of the platform ask for it.
    Rules,
    /// It could not be judged.
    Unjudged,
    /// It is a voice, which nothing judges.
    Voice,
}

/// Where a question stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum Asked {
    /// Nobody has looked at it.
    Open,
    /// It was chosen.
    Selected,
    /// It was answered.
    Answered,
    /// It will not be.
    Ignored,
}

/// The lane that a comment goes on. Lane 0 is control, and no comment's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Lane {
    /// Staff: always shown.
    Staff,
    /// The rest: a sample when there are too many.
    Ordinary,
}

/// What moderation said of a comment, without the text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Judged {
    pub(super) category: Option<Category>,
    pub(super) score: u32,
    pub(super) rules_version: String,
    pub(super) spans: Vec<Span>,
}

/// What the archive seals of a comment. The shape is append-only: fields may be added with a default.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Content {
    #[serde(flatten)]
    pub(super) shown: Shown,
    pub(super) client_id: String,
    pub(super) lane: Lane,
    /// What became of it when it came.
    pub(super) outcome: State,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) cause: Option<Cause>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) verdict: Option<Judged>,
}

impl State {
    /// The name on the wire, in tables and in metrics.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Visible => "visible",
            Self::Sampled => "sampled",
            Self::Held => "held",
            Self::Rejected => "rejected",
            Self::Removed => "removed",
        }
    }

    pub(super) fn of(text: &str) -> Self {
        match text {
            "visible" => Self::Visible,
            "sampled" => Self::Sampled,
            "held" => Self::Held,
            "removed" => Self::Removed,
            _ => Self::Rejected,
        }
    }
}

impl Asked {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Selected => "selected",
            Self::Answered => "answered",
            Self::Ignored => "ignored",
        }
    }

    pub(super) fn of(text: &str) -> Self {
        match text {
            "open" => Self::Open,
            "selected" => Self::Selected,
            "answered" => Self::Answered,
            _ => Self::Ignored,
        }
    }
}

impl Lane {
    pub(super) fn number(self) -> i64 {
        match self {
            Self::Staff => 1,
            Self::Ordinary => 3,
        }
    }
}

impl RoleBadge {
    /// What stands beside the name of a caller of `role` who is `standing` in the room.
    pub(super) fn of(standing: Standing, role: Role) -> Option<Self> {
        match standing {
            Standing::Host => Some(Self::Host),
            Standing::Moderator => Some(Self::Moderator),
            Standing::Viewer if role.is_institutional() => Some(Self::Tutor),
            Standing::Viewer => None,
        }
    }
}

impl Judged {
    pub(super) fn of(verdict: Verdict) -> Self {
        let Verdict { category, score, rules_version, spans, .. } = verdict;
        Self { category, score, rules_version, spans }
    }
}

impl Content {
    /// Whether an institution's people must not read it: the rules rejected it, or could not judge it.
    pub(super) fn is_unread(&self) -> bool {
        self.outcome == State::Rejected || self.cause == Some(Cause::Unjudged)
    }

    /// What a record of a comment says; `None` when its key was destroyed, or it is something else.
    pub(super) fn of(record: &archive::Record) -> Option<Self> {
        serde_json::from_slice(record.content.as_deref()?).ok()
    }
}

/// The archive's thread of one author in one room: what their key opens. A room's id has no slash.
pub(super) fn thread(room: &RoomId, author: &UserId) -> String {
    format!("live/{room}/{author}")
}

/// The archive's thread of what staff did to a room.
pub(super) fn room_thread(room: &RoomId) -> String {
    format!("live/{room}")
}
