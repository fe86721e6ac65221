//! The rows of comments: everything about them but what they say.

use super::comment::{Asked, Content, State};
use crate::{
    ids::{CommentId, MediaId, RoomId, UserId},
    store::{Row, Statement},
};

/// A comment's row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct CommentRow {
    pub(super) id: CommentId,
    pub(super) room: RoomId,
    pub(super) author: UserId,
    pub(super) seq: i64,
    pub(super) posted_at: i64,
    pub(super) question: Option<Asked>,
    pub(super) state: State,
    /// Who looks at it, and until when that keeps others off.
    pub(super) holder: Option<UserId>,
    pub(super) held_until: i64,
    /// Where in the uncut media.
    pub(super) at_ms: i64,
    /// The file, of a voice.
    pub(super) media: Option<MediaId>,
}

/// The columns that [`CommentRow::of_row`] reads.
pub(super) const COLUMNS: &str =
    "id, room, author, seq, posted_at, question, state, holder, held_until, at_ms, media";

impl CommentRow {
    pub(super) fn of_row(row: &Row) -> Self {
        Self {
            id: row.text(0).into(),
            room: row.text(1).into(),
            author: row.text(2).into(),
            seq: row.int(3),
            posted_at: row.int(4),
            question: row.opt_text(5).map(Asked::of),
            state: State::of(row.text(6)),
            holder: row.opt_text(7).map(UserId::from),
            held_until: row.int(8),
            at_ms: row.int(9),
            media: row.opt_text(10).map(MediaId::from),
        }
    }

    /// Who else looks at it at `now_ms` than `who`.
    pub(super) fn held_by_other(&self, who: &UserId, now_ms: i64) -> Option<&UserId> {
        self.holder.as_ref().filter(|holder| self.held_until > now_ms && *holder != who)
    }
}

/// Beside the comment's record: its row.
pub(super) fn insert(room: &RoomId, author: &UserId, content: &Content) -> Statement {
    let question = content.shown.question.then_some(Asked::Open.as_str());
    Statement::new(
        "INSERT INTO live_comment (id, room, author, seq, at_ms, posted_at, lane, question, state,
             media, held_until)
         VALUES ($1, $2, $3, $seq, $4, $5, $6, $7, $8, $9, 0)",
    )
    .bind(content.shown.id.as_str())
    .bind(room.as_str())
    .bind(author.as_str())
    .bind(content.shown.at_ms)
    .bind(content.shown.posted_at)
    .bind(content.lane.number())
    .bind(question)
    .bind(content.outcome.as_str())
    .bind(content.shown.media.as_ref().map(|facts| facts.id.as_str()))
}

/// The comment with this id, if it is the room's.
pub(super) fn by_id(room: &RoomId, id: &CommentId) -> Statement {
    Statement::new(format!("SELECT {COLUMNS} FROM live_comment WHERE id = $1 AND room = $2"))
        .bind(id.as_str())
        .bind(room.as_str())
}

/// Those of these comments that the room has.
pub(super) fn by_ids(room: &RoomId, ids: &[CommentId]) -> Statement {
    let places: Vec<_> = (0..ids.len()).map(|at| format!("${}", at + 2)).collect();
    let places = places.join(", ");
    let sql = format!("SELECT {COLUMNS} FROM live_comment WHERE room = $1 AND id IN ({places})");
    ids.iter().fold(Statement::new(sql).bind(room.as_str()), |it, id| it.bind(id.as_str()))
}

/// What was to be visible is not.
pub(super) fn put_by(id: &CommentId, state: State) -> Statement {
    Statement::new("UPDATE live_comment SET state = $1 WHERE id = $2 AND state = 'visible'")
        .bind(state.as_str())
        .bind(id.as_str())
}

/// Whether a comment was posted after its room was last cleared.
const UNCLEARED: &str =
    "posted_at > (SELECT cleared_at FROM room WHERE room.id = live_comment.room)";

/// Held comments posted after `after`, of one room or of all, the oldest first.
pub(super) fn held(room: Option<&RoomId>, after: (i64, &str), limit: i64) -> Statement {
    let room = room.map(RoomId::as_str);
    let own = if room.is_some() { " AND room = $4" } else { "" };
    let sql = format!(
        "SELECT {COLUMNS} FROM live_comment WHERE state = 'held'
             AND (posted_at > $1 OR (posted_at = $1 AND id > $2)) AND {UNCLEARED}{own}
         ORDER BY posted_at, id LIMIT $3"
    );
    let statement = Statement::new(sql).bind(after.0).bind(after.1).bind(limit);
    room.into_iter().fold(statement, Statement::bind)
}

/// The room's open questions after `after`, the oldest first.
pub(super) fn open_questions(room: &RoomId, after: (i64, &str), limit: i64) -> Statement {
    let sql = format!(
        "SELECT {COLUMNS} FROM live_comment WHERE question = 'open' AND room = $4
             AND state IN ('visible', 'sampled')
             AND (posted_at > $1 OR (posted_at = $1 AND id > $2)) AND {UNCLEARED}
         ORDER BY posted_at, id LIMIT $3"
    );
    Statement::new(sql).bind(after.0).bind(after.1).bind(limit).bind(room.as_str())
}

/// Nothing is stored beside it unless the comment is one that may be shown.
pub(super) fn still_shown(room: &RoomId, id: &CommentId) -> Statement {
    let sql = "UPDATE live_comment SET state = state
         WHERE room = $1 AND id = $2 AND state IN ('visible', 'sampled')";
    Statement::new(sql).bind(room.as_str()).bind(id.as_str()).touching(1)
}

/// What an author wrote since `since`, the newest first, save what is off already.
pub(super) fn recent_of(room: &RoomId, author: &UserId, (since, limit): (i64, i64)) -> Statement {
    let sql = format!(
        "SELECT {COLUMNS} FROM live_comment
         WHERE room = $1 AND author = $2 AND posted_at >= $3
             AND state IN ('visible', 'sampled', 'held')
         ORDER BY posted_at DESC, id DESC LIMIT $4"
    );
    Statement::new(sql).bind(room.as_str()).bind(author.as_str()).bind(since).bind(limit)
}

/// How many comments wait for a decision.
pub(super) fn held_count(since: i64) -> Statement {
    let sql = format!(
        "SELECT COUNT(*) FROM live_comment WHERE state = 'held' AND posted_at >= $1 AND {UNCLEARED}"
    );
    Statement::new(sql).bind(since)
}

/// `who` looks at a held comment until `until`, unless somebody else does at `now_ms`.
pub(super) fn claim(id: &CommentId, who: &UserId, (now_ms, until): (i64, i64)) -> Statement {
    Statement::new(
        "UPDATE live_comment SET holder = $1, held_until = $2
         WHERE id = $3 AND state = 'held' AND (held_until <= $4 OR holder = $1)",
    )
    .bind(who.as_str())
    .bind(until)
    .bind(id.as_str())
    .bind(now_ms)
    .touching(1)
}

/// Moves a comment from the state that was decided on; `$at` is the time of the record beside it.
pub(super) fn turn(row: &CommentRow, to: State, by: &UserId) -> Statement {
    Statement::new(
        "UPDATE live_comment SET state = $1, decided_by = $2, decided_at = $at
         WHERE id = $3 AND state = $4",
    )
    .bind(to.as_str())
    .bind(by.as_str())
    .bind(row.id.as_str())
    .bind(row.state.as_str())
    .touching(1)
}

/// The same for a held comment, unless somebody else looks at it.
pub(super) fn decide(row: &CommentRow, to: State, by: &UserId, now_ms: i64) -> Statement {
    Statement::new(
        "UPDATE live_comment SET state = $1, decided_by = $2, decided_at = $at
         WHERE id = $3 AND state = 'held' AND (held_until <= $4 OR holder = $2)",
    )
    .bind(to.as_str())
    .bind(by.as_str())
    .bind(row.id.as_str())
    .bind(now_ms)
    .touching(1)
}

/// Moves a question from where it stood; a sampled one becomes visible when it is chosen.
pub(super) fn ask(row: &CommentRow, to: Asked, shows: bool) -> Statement {
    let before = row.question.map_or("", Asked::as_str);
    let state = if shows { State::Visible } else { row.state };
    let lane = if shows { "lane = 2, " } else { "" };
    let sql = format!(
        "UPDATE live_comment SET {lane}question = $1, state = $2
         WHERE id = $3 AND question = $4 AND state = $5"
    );
    Statement::new(sql)
        .bind(to.as_str())
        .bind(state.as_str())
        .bind(row.id.as_str())
        .bind(before)
        .bind(row.state.as_str())
        .touching(1)
}
