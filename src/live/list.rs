//! `live.list`: what viewers may browse at rest, by its position in the media.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    Live,
    hold::after_of,
    reach::{bad, unstored},
    row::CommentRow,
    scope::Standing,
    seen::Seen,
    shelf::{Shelf, cursor_at},
};
use crate::{
    ids::RoomId,
    operation::{Caller, Refusal},
};

/// Asks for a page of what was said.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ListWanted {
    /// The room.
    pub(super) room: RoomId,
    /// Where the last page ended; the first page when absent.
    #[serde(default)]
    pub(super) cursor: Option<String>,
    /// At most so many.
    #[serde(default)]
    pub(super) limit: Option<usize>,
}

/// A page of comments.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub(super) struct Listed {
    /// By position.
    pub(super) comments: Vec<Seen>,
    /// Where the next page begins; absent on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) next: Option<String>,
}

impl Live {
    /// A page of the comments that everybody may see. It begins after a comment, not after a number of
    /// them: the last page costs what the first does, and nothing is counted.
    pub(super) async fn list(&self, caller: &Caller, asked: ListWanted) -> Result<Listed, Refusal> {
        let scene = self.scene(caller, &asked.room, Standing::Viewer).await?;
        let limit = self.page_of(asked.limit);
        let after = match &asked.cursor {
            Some(cursor) => after_of(cursor).ok_or_else(|| bad("cursor is none of ours"))?,
            None => (i64::MIN, ""),
        };
        // One more than asked for tells whether there is a next page.
        let found = Shelf::of(&scene.facts).after(after, limit as i64 + 1);
        let rows = self.needs().store.read(found).await.map_err(|it| unstored(&it))?;
        let mut rows: Vec<_> = rows.iter().map(CommentRow::of_row).collect();
        let is_more = rows.len() > limit;
        rows.truncate(limit);
        let next = rows.last().filter(|_| is_more).map(|row| cursor_at(row.at_ms, &row.id));
        Ok(Listed { comments: self.shown_of(&scene.facts, &rows).await?, next })
    }
}
