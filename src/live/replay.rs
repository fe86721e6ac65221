//! `live.replay`, `live.replay_seek`: what was said, by its position in the recording; and where in it
//! a new comment belongs.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    Live,
    charter::{Charter, State},
    facts::Facts,
    hold::after_of,
    reach::{bad, unstored},
    row::CommentRow,
    scope::Standing,
    seen::Seen,
    shelf::{Shelf, Stretch, cursor_at},
};
use crate::{
    ids::RoomId,
    operation::{Caller, Refusal},
    store::Statement,
};

/// How many comments one answer has at most.
const LIMIT_MAX: usize = 500;
/// How many it has when nobody says.
const LIMIT: usize = 200;
/// The longest stretch of the media that one call may ask for, in milliseconds.
const SPAN_MAX_MS: i64 = 600_000;
/// How far behind the media's clock a viewer's player may be while the room is live, in milliseconds.
const BEHIND_MAX_MS: i64 = 60_000;

/// Asks for what was said in a stretch of the media.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ReplayWanted {
    /// The room.
    pub(super) room: RoomId,
    /// From this position, in milliseconds.
    pub(super) from_ms: i64,
    /// Up to this one, which is not part of it; ten minutes later at most.
    pub(super) to_ms: i64,
    /// Where the last answer ended.
    #[serde(default)]
    pub(super) cursor: Option<String>,
    /// At most so many, 200 by default and 500 at most.
    #[serde(default)]
    pub(super) limit: Option<usize>,
}

/// Asks for what was said just before a position.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SeekWanted {
    /// The room.
    pub(super) room: RoomId,
    /// The position, in milliseconds; what was said there is not part of it.
    pub(super) at_ms: i64,
    /// How many, 500 at most.
    pub(super) count: usize,
}

/// What was said in a stretch of the media.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub(super) struct Replayed {
    /// By position.
    pub(super) comments: Vec<Seen>,
    /// The stretch holds more: ask again with this cursor. Absent when this was all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) next: Option<String>,
}

/// What was said just before a position.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub(super) struct Sought {
    /// By position, the last one last.
    pub(super) comments: Vec<Seen>,
}

impl Live {
    /// What was said in a stretch of the media, by position.
    pub(super) async fn replay(
        &self,
        caller: &Caller,
        asked: ReplayWanted,
    ) -> Result<Replayed, Refusal> {
        let ReplayWanted { from_ms, to_ms, .. } = asked;
        if from_ms < 0 || to_ms <= from_ms || to_ms - from_ms > SPAN_MAX_MS {
            return Err(bad("from_ms to to_ms is at most ten minutes").with("max", SPAN_MAX_MS));
        }
        let scene = self.scene(caller, &asked.room, Standing::Viewer).await?;
        let edit = &scene.facts.charter.edit;
        let (start, to) = (edit.lift(from_ms), edit.lift(to_ms));
        let (from, after) = match &asked.cursor {
            None => (start, ""),
            // Elsewhere than in the stretch there is nothing to go on from.
            Some(cursor) => after_of(cursor)
                .filter(|(at, _)| (start..to).contains(at))
                .ok_or_else(|| bad("cursor is none of ours"))?,
        };
        let limit = asked.limit.unwrap_or(LIMIT).clamp(1, LIMIT_MAX);
        // One more than asked for tells whether there are more.
        let found = Shelf::of(&scene.facts).stretch(Stretch { from, after, to }, limit as i64 + 1);
        let mut rows = self.rows_of(found).await?;
        let is_more = rows.len() > limit;
        rows.truncate(limit);
        let next = rows.last().filter(|_| is_more).map(|row| cursor_at(row.at_ms, &row.id));
        Ok(Replayed { comments: self.shown_of(&scene.facts, &rows).await?, next })
    }

    /// What was said just before a position.
    pub(super) async fn replay_seek(
        &self,
        caller: &Caller,
        asked: SeekWanted,
    ) -> Result<Sought, Refusal> {
        if asked.at_ms < 0 || !(1..=LIMIT_MAX).contains(&asked.count) {
            return Err(bad("at_ms is a position, count is 1 to 500").with("max", LIMIT_MAX));
        }
        let scene = self.scene(caller, &asked.room, Standing::Viewer).await?;
        let to = scene.facts.charter.edit.lift(asked.at_ms);
        let found = Shelf::of(&scene.facts).before(to, asked.count as i64);
        let mut rows = self.rows_of(found).await?;
        rows.reverse();
        Ok(Sought { comments: self.shown_of(&scene.facts, &rows).await? })
    }

    async fn rows_of(&self, found: Statement) -> Result<Vec<CommentRow>, Refusal> {
        let rows = self.needs().store.read(found).await.map_err(|it| unstored(&it))?;
        Ok(rows.iter().map(CommentRow::of_row).collect())
    }

    /// What rows say, at its position in the trimmed media. What was erased is left out.
    pub(super) async fn shown_of(
        &self,
        facts: &Facts,
        rows: &[CommentRow],
    ) -> Result<Vec<Seen>, Refusal> {
        let lens = self.lens(&facts.charter.edit);
        let contents = self.contents(rows).await?.into_iter().flatten();
        Ok(contents.filter_map(|content| lens.within(content.shown)).collect())
    }
}

/// Where in the original media a comment of now belongs, when its author's player stands at `at_ms`.
///
/// # Errors
/// When the room is a recording and the player does not say where it stands.
pub(super) fn place(charter: &Charter, at_ms: Option<i64>, now_ms: i64) -> Result<i64, Refusal> {
    let position = charter.position_ms(now_ms);
    if charter.state == State::Replay {
        let at = at_ms.ok_or_else(|| bad("a recording needs at_ms: where the player stands"))?;
        return Ok(charter.edit.place(at.clamp(0, position)));
    }
    let least = position.saturating_sub(BEHIND_MAX_MS).max(0);
    Ok(at_ms.map_or(position, |at| at.clamp(least, position)))
}
