//! A room's row: what was decided about it, and where its media's clock stands.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{edit::Edit, settings::Settings};
use crate::{
    ids::{CommentId, InstitutionId, RoomId, UserId},
    store::{Row, Statement, Value},
};

/// Where a room stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum State {
    /// It has not begun.
    Scheduled,
    /// People speak in it, also while it pauses.
    Live,
    /// It is over.
    Ended,
    /// Its recording can be watched, and people speak at positions in it.
    Replay,
}

/// A room's row. Never leaves this floor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Charter {
    pub(super) id: RoomId,
    /// `None` for a room of the platform.
    pub(super) institution: Option<InstitutionId>,
    pub(super) title: String,
    pub(super) state: State,
    pub(super) started_at: Option<i64>,
    pub(super) ended_at: Option<i64>,
    pub(super) paused_at: Option<i64>,
    /// How long the pauses took that are over.
    pub(super) paused_ms: i64,
    pub(super) settings: Settings,
    /// How often the settings were changed.
    pub(super) version: i64,
    /// Moves with everything that staff do to the room.
    pub(super) turn: i64,
    pub(super) pinned: Option<CommentId>,
    pub(super) notice_seq: Option<i64>,
    pub(super) cleared_at: i64,
    pub(super) likes: i64,
    /// What was cut out of the recording.
    pub(super) edit: Edit,
}

/// The columns that [`Charter::of_row`] reads.
const COLUMNS: &str = "id, institution, title, state, started_at, ended_at, paused_at, paused_ms, \
                       settings, version, turn, pinned, notice_seq, cleared_at, likes, edit";

impl State {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Scheduled => "scheduled",
            Self::Live => "live",
            Self::Ended => "ended",
            Self::Replay => "replay",
        }
    }

    fn of(text: &str) -> Self {
        match text {
            "scheduled" => Self::Scheduled,
            "live" => Self::Live,
            "replay" => Self::Replay,
            _ => Self::Ended,
        }
    }
}

impl Charter {
    pub(super) fn of_row(row: &Row) -> Self {
        Self {
            id: row.text(0).into(),
            institution: row.opt_text(1).map(InstitutionId::from),
            title: row.text(2).to_owned(),
            state: State::of(row.text(3)),
            started_at: row.opt_int(4),
            ended_at: row.opt_int(5),
            paused_at: row.opt_int(6),
            paused_ms: row.int(7),
            settings: Settings::of_text(row.text(8)),
            version: row.int(9),
            turn: row.int(10),
            pinned: row.opt_text(11).map(CommentId::from),
            notice_seq: row.opt_int(12),
            cleared_at: row.int(13),
            likes: row.int(14),
            edit: Edit::of_text(row.opt_text(15)),
        }
    }

    /// Where the media stands at `now_ms`, in milliseconds: what has passed since the start, without
    /// the pauses.
    pub(super) fn position_ms(&self, now_ms: i64) -> i64 {
        let Some(started_at) = self.started_at else { return 0 };
        let until = self.ended_at.or(self.paused_at).unwrap_or(now_ms);
        (until - started_at - self.paused_ms).max(0)
    }

    /// Whether people may speak in it.
    pub(super) fn is_open(&self) -> bool {
        matches!(self.state, State::Live | State::Replay)
    }

    /// Moves the turn alone, whatever staff have done before.
    pub(super) fn touch(&self) -> Statement {
        Statement::new("UPDATE room SET turn = turn + 1 WHERE id = $1")
            .bind(self.id.as_str())
            .touching(1)
    }

    /// Sets columns, guarded by everything that staff have done before. Placeholders of `set` count
    /// from `$1`; `$seq` and `$at` are those of the record that it stands beside.
    pub(super) fn update(&self, set: &str, values: Vec<Value>) -> Statement {
        let at = values.len() + 1;
        let comma = if set.is_empty() { "" } else { ", " };
        let sql = format!(
            "UPDATE room SET turn = turn + 1{comma}{set} WHERE id = ${at} AND turn = ${}",
            at + 1
        );
        let update = values.into_iter().fold(Statement::new(sql), Statement::bind);
        update.bind(self.id.as_str()).bind(self.turn).touching(1)
    }
}

/// The room with this id.
pub(super) fn by_id(id: &RoomId) -> Statement {
    Statement::new(format!("SELECT {COLUMNS} FROM room WHERE id = $1")).bind(id.as_str())
}

/// Rooms after `after`, by id, in the state if one is given.
pub(super) fn page(state: Option<State>, after: &str, limit: i64) -> Statement {
    match state {
        Some(state) => {
            let sql = format!(
                "SELECT {COLUMNS} FROM room WHERE state = $1 AND id > $2 ORDER BY id LIMIT $3"
            );
            Statement::new(sql).bind(state.as_str()).bind(after).bind(limit)
        }
        None => {
            let sql = format!("SELECT {COLUMNS} FROM room WHERE id > $1 ORDER BY id LIMIT $2");
            Statement::new(sql).bind(after).bind(limit)
        }
    }
}

/// Beside the room's first record: its row.
pub(super) fn insert(charter: &Charter, by: &UserId) -> Statement {
    Statement::new(
        "INSERT INTO room (id, institution, title, state, paused_ms, settings, version, turn,
             cleared_at, likes, created_at, created_by)
         VALUES ($1, $2, $3, $4, 0, $5, 1, 1, 0, 0, $at, $6) ON CONFLICT (id) DO NOTHING",
    )
    .bind(charter.id.as_str())
    .bind(charter.institution.as_ref().map(InstitutionId::as_str))
    .bind(charter.title.as_str())
    .bind(charter.state.as_str())
    .bind(charter.settings.to_text())
    .bind(by.as_str())
    .touching(1)
}

/// Adds likes that were gathered.
pub(super) fn add_likes(id: &RoomId, likes: i64) -> Statement {
    Statement::new("UPDATE room SET likes = likes + $1 WHERE id = $2").bind(likes).bind(id.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_of_the_media_stands_while_it_pauses_and_after_its_end() {
        let mut room = Charter {
            id: "r1".into(),
            institution: None,
            title: "直播".to_owned(),
            state: State::Scheduled,
            started_at: None,
            ended_at: None,
            paused_at: None,
            paused_ms: 0,
            settings: Settings::default(),
            version: 1,
            turn: 1,
            pinned: None,
            notice_seq: None,
            cleared_at: 0,
            likes: 0,
            edit: Edit::default(),
        };
        assert_eq!(room.position_ms(5_000), 0);
        room.started_at = Some(1_000);
        assert_eq!(room.position_ms(5_000), 4_000);
        room.paused_at = Some(5_000);
        assert_eq!(room.position_ms(9_000), 4_000);
        (room.paused_at, room.paused_ms) = (None, 4_000);
        assert_eq!(room.position_ms(10_000), 5_000);
        room.ended_at = Some(11_000);
        assert_eq!(room.position_ms(99_000), 6_000);
        assert_eq!(room.position_ms(0), 6_000, "whatever the clock does");
    }
}
