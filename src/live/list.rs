//! `live.list`: what viewers may browse at rest, by its position in the media.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    Live,
    reach::{bad, unstored},
    row::CommentRow,
    scope::Standing,
    seen::Seen,
    shelf::Shelf,
};
use crate::{
    ids::RoomId,
    operation::{Caller, Refusal},
};

/// How far one can browse, in pages.
const PAGES_MAX: u32 = 10_000;

/// Asks for a page of what was said.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ListWanted {
    /// The room.
    pub(super) room: RoomId,
    /// Which page, from 1; the first when absent.
    #[serde(default = "first")]
    pub(super) page: u32,
}

fn first() -> u32 {
    1
}

/// A page of comments.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub(super) struct Listed {
    /// By position.
    pub(super) comments: Vec<Seen>,
    /// Which page it is.
    pub(super) page: u32,
    /// How many pages there are.
    pub(super) pages: i64,
    /// How many comments there are.
    pub(super) total: i64,
}

impl Live {
    /// A page of the comments that everybody may see.
    pub(super) async fn list(&self, caller: &Caller, asked: ListWanted) -> Result<Listed, Refusal> {
        if !(1..=PAGES_MAX).contains(&asked.page) {
            return Err(bad("page is 1 to 10000").with("max", PAGES_MAX));
        }
        let scene = self.scene(caller, &asked.room, Standing::Viewer).await?;
        let shelf = Shelf::of(&scene.facts);
        let limit = self.config().page_max as i64;
        let window = (limit, limit * i64::from(asked.page - 1));
        let found = vec![shelf.page(window), shelf.count()];
        let found = self.needs().store.read_all(found).await.map_err(|it| unstored(&it))?;
        let rows: Vec<_> = found[0].iter().map(CommentRow::of_row).collect();
        let total = found[1].first().map_or(0, |row| row.int(0));
        let comments = self.shown_of(&scene.facts, &rows).await?;
        Ok(Listed { comments, page: asked.page, pages: (total + limit - 1) / limit, total })
    }
}
