//! A room's staff and its mutes: rows and the statements on them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    error::Code,
    ids::{CommentId, MemberId, MuteId, RoomId, UserId},
    operation::Refusal,
    store::{Row, Statement},
};

/// How many people one room has on its staff at most.
pub(super) const STAFF_MAX: usize = 50;
/// How many mutes of a room count at most; the newest do.
const MUTES_MAX: i64 = 20_000;

/// What a member of the staff is in the room.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum Duty {
    /// 主持: leads the room.
    Host,
    /// 房管: keeps order in it.
    Moderator,
}

/// Somebody on the staff of a room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Member {
    pub(super) id: MemberId,
    pub(super) person: UserId,
    pub(super) duty: Duty,
}

/// Until when somebody may not speak.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "term", rename_all = "snake_case")]
pub(super) enum Term {
    /// Until a time.
    Time {
        /// In milliseconds since 1970.
        until: i64,
    },
    /// Until the room ends.
    Session,
    /// Until somebody lifts it.
    Permanent,
}

/// A mute in a room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Mute {
    pub(super) id: MuteId,
    pub(super) person: UserId,
    pub(super) comment: Option<CommentId>,
    pub(super) term: Term,
    pub(super) by: UserId,
    pub(super) at: i64,
    pub(super) reason: String,
}

impl Duty {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Host => "host",
            Self::Moderator => "moderator",
        }
    }
}

impl Member {
    pub(super) fn of_row(row: &Row) -> Self {
        let duty = if row.text(2) == "host" { Duty::Host } else { Duty::Moderator };
        Self { id: row.text(0).into(), person: row.text(1).into(), duty }
    }
}

impl Term {
    fn as_str(self) -> &'static str {
        match self {
            Self::Time { .. } => "time",
            Self::Session => "session",
            Self::Permanent => "permanent",
        }
    }

    fn until(self) -> i64 {
        if let Self::Time { until } = self { until } else { 0 }
    }

    /// What whoever is muted is answered.
    pub(super) fn refusal(self) -> Refusal {
        let refusal = Refusal::new(Code::Muted).with("term", self.as_str());
        match self {
            Self::Time { until } => refusal.with("until", until),
            Self::Session | Self::Permanent => refusal,
        }
    }

    /// Whether it counts at `now_ms`.
    pub(super) fn holds(self, now_ms: i64) -> bool {
        !matches!(self, Self::Time { until } if until <= now_ms)
    }
}

impl Mute {
    pub(super) fn of_row(row: &Row) -> Self {
        let term = match row.text(3) {
            "time" => Term::Time { until: row.int(4) },
            "session" => Term::Session,
            _ => Term::Permanent,
        };
        Self {
            id: row.text(0).into(),
            person: row.text(1).into(),
            comment: row.opt_text(2).map(CommentId::from),
            term,
            by: row.text(5).into(),
            at: row.int(6),
            reason: row.text(7).to_owned(),
        }
    }
}

/// Everyone on the room's staff.
pub(super) fn staff_of(room: &RoomId) -> Statement {
    Statement::new("SELECT id, person, duty FROM room_staff WHERE room = $1 ORDER BY since, id")
        .bind(room.as_str())
}

/// Puts somebody on the staff, or changes their duty.
pub(super) fn appoint(room: &RoomId, member: &Member) -> Statement {
    Statement::new(
        "INSERT INTO room_staff (id, room, person, duty, since) VALUES ($1, $2, $3, $4, $at)
         ON CONFLICT (room, person) DO UPDATE SET duty = excluded.duty",
    )
    .bind(member.id.as_str())
    .bind(room.as_str())
    .bind(member.person.as_str())
    .bind(member.duty.as_str())
}

/// Takes somebody off the staff.
pub(super) fn dismiss(member: &MemberId) -> Statement {
    Statement::new("DELETE FROM room_staff WHERE id = $1").bind(member.as_str()).touching(1)
}

/// The mutes that count at `now_ms`, the newest first.
pub(super) fn mutes_of(room: &RoomId, now_ms: i64) -> Statement {
    Statement::new(
        "SELECT id, person, comment, term, until, muted_by, muted_at, reason FROM room_mute
         WHERE room = $1 AND (term <> 'time' OR until > $2) ORDER BY muted_at DESC, id DESC LIMIT $3",
    )
    .bind(room.as_str())
    .bind(now_ms)
    .bind(MUTES_MAX)
}

/// Mutes somebody, in place of an earlier mute of theirs.
pub(super) fn mute(room: &RoomId, mute: &Mute) -> Statement {
    Statement::new(
        "INSERT INTO room_mute (id, room, person, comment, term, until, muted_by, muted_at, reason)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
         ON CONFLICT (room, person) DO UPDATE SET
             id = excluded.id, comment = excluded.comment, term = excluded.term,
             until = excluded.until, muted_by = excluded.muted_by, muted_at = excluded.muted_at,
             reason = excluded.reason",
    )
    .bind(mute.id.as_str())
    .bind(room.as_str())
    .bind(mute.person.as_str())
    .bind(mute.comment.as_ref().map(CommentId::as_str))
    .bind(mute.term.as_str())
    .bind(mute.term.until())
    .bind(mute.by.as_str())
    .bind(mute.at)
    .bind(mute.reason.as_str())
}

/// Lifts a mute.
pub(super) fn unmute(mute: &MuteId) -> Statement {
    Statement::new("DELETE FROM room_mute WHERE id = $1").bind(mute.as_str()).touching(1)
}

/// Lifts the mutes that were meant for one session of the room.
pub(super) fn end_session_mutes(room: &RoomId) -> Statement {
    Statement::new("DELETE FROM room_mute WHERE room = $1 AND term = 'session'").bind(room.as_str())
}
