//! What people are told as it happens: viewers, staff at the room's desk, and one person alone.

use schemars::JsonSchema;
use serde::Serialize;

use super::{
    comment::{Asked, Cause, State as CommentState},
    edit::Cut,
    facts::Notice,
    seen::Seen,
    settings::{PublicSettings, Settings},
    staff::Term,
    view::Stage,
};
use crate::{
    ids::{CommentId, MuteId, RoomId},
    moderation::Category,
};

/// An event on `live:<room>`. Nothing in it names a user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(tag = "type")]
pub(super) enum Event {
    /// Somebody comments.
    #[serde(rename = "live.comment")]
    Comment(Seen),
    /// Comments were taken off: show them no more.
    #[serde(rename = "live.removed")]
    Removed {
        /// Which.
        ids: Vec<CommentId>,
    },
    /// A comment is pinned in place of another, or none is.
    #[serde(rename = "live.pinned")]
    Pinned {
        /// Which; absent when none is.
        #[serde(skip_serializing_if = "Option::is_none")]
        comment: Option<Seen>,
    },
    /// There is another notice, or none.
    #[serde(rename = "live.notice")]
    Notice {
        /// What it says; absent when there is none.
        #[serde(skip_serializing_if = "Option::is_none")]
        notice: Option<Notice>,
    },
    /// The settings have changed.
    #[serde(rename = "live.settings")]
    Settings {
        /// What everybody may know of them.
        settings: PublicSettings,
    },
    /// The room began, pauses, goes on, is over or can be watched again.
    #[serde(rename = "live.state")]
    State {
        /// How it stands.
        #[serde(flatten)]
        stage: Stage,
    },
    /// A question was chosen or answered.
    #[serde(rename = "live.question")]
    Question {
        /// The question.
        comment: Seen,
        /// Where it stands: `selected` or `answered`.
        state: Asked,
        /// The answer, when it was answered in writing.
        #[serde(skip_serializing_if = "Option::is_none")]
        answer: Option<String>,
    },
    /// What was said until now is to be shown no more.
    #[serde(rename = "live.cleared")]
    Cleared {
        /// Comments posted until then, in milliseconds since 1970.
        at: i64,
    },
    /// The recording was trimmed: what stood at a position stands at another, or is gone. Ask again.
    #[serde(rename = "live.trimmed")]
    Trimmed {
        /// How long the media is now, in milliseconds.
        position_ms: i64,
    },
    /// How many watch, and likes. Never recovered: the next one follows.
    #[serde(rename = "live.stats")]
    Stats(Stats),
}

/// Numbers of a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub(super) struct Stats {
    /// How many connections watch.
    pub(super) viewers: usize,
    /// Likes since the last time.
    pub(super) likes: i64,
    /// All likes.
    pub(super) total_likes: i64,
}

/// An event on `live_desk:<room>`, for its staff: everything that is said, and what became of it. It
/// names comments, never users: an institution's people hear it too.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(tag = "type")]
pub(super) enum DeskEvent {
    /// Somebody comments.
    #[serde(rename = "live_desk.comment")]
    Comment {
        /// The comment; of one that the rules rejected, without its text.
        comment: Seen,
        /// What became of it.
        state: CommentState,
        /// Why it is held.
        #[serde(skip_serializing_if = "Option::is_none")]
        cause: Option<Cause>,
        /// What the rules found.
        #[serde(skip_serializing_if = "Option::is_none")]
        category: Option<Category>,
    },
    /// A comment stands otherwise now.
    #[serde(rename = "live_desk.changed")]
    Changed {
        /// Which.
        ids: Vec<CommentId>,
        /// How.
        state: CommentState,
    },
    /// A moderator looks at a held comment, so that others need not.
    #[serde(rename = "live_desk.claimed")]
    Claimed {
        /// Which.
        id: CommentId,
        /// Until when, in milliseconds since 1970; the past when it was given back.
        until: i64,
    },
    /// A question stands otherwise now.
    #[serde(rename = "live_desk.question")]
    Question {
        /// Which.
        id: CommentId,
        /// How.
        state: Asked,
    },
    /// Somebody may no longer speak.
    #[serde(rename = "live_desk.muted")]
    Muted {
        /// The mute.
        mute: MuteId,
        /// The comment that gave cause.
        #[serde(skip_serializing_if = "Option::is_none")]
        comment: Option<CommentId>,
        /// For how long.
        #[serde(flatten)]
        term: Term,
    },
    /// Somebody may speak again.
    #[serde(rename = "live_desk.unmuted")]
    Unmuted {
        /// The mute.
        mute: MuteId,
    },
    /// The settings have changed.
    #[serde(rename = "live_desk.settings")]
    Settings {
        /// All of them.
        settings: Settings,
        /// How often they were changed.
        version: i64,
    },
    /// The recording was trimmed.
    #[serde(rename = "live_desk.trimmed")]
    Trimmed {
        /// What is cut out, in milliseconds of the uncut media.
        cuts: Vec<Cut>,
        /// How often settings and cuts were changed.
        version: i64,
    },
}

/// An event on the personal channel of somebody who commented.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(tag = "type")]
pub(super) enum PersonalEvent {
    /// A moderator decided on a held comment of theirs.
    #[serde(rename = "live.decided")]
    Decided {
        /// Where.
        room: RoomId,
        /// Which.
        comment: CommentId,
        /// `visible`, or `rejected`.
        state: CommentState,
    },
    /// A comment of theirs could not be kept, and is shown no more. Its key is free again.
    #[serde(rename = "live.unarchived")]
    Unarchived {
        /// Where.
        room: RoomId,
        /// Which.
        comment: CommentId,
    },
    /// They may no longer speak in a room.
    #[serde(rename = "live.muted")]
    Muted {
        /// Where.
        room: RoomId,
        /// For how long.
        #[serde(flatten)]
        term: Term,
    },
    /// They may speak again.
    #[serde(rename = "live.unmuted")]
    Unmuted {
        /// Where.
        room: RoomId,
    },
}
