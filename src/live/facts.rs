//! What a node knows of a room: its row, its staff, its mutes, its words, and what is pinned.
//!
//! Read whole whenever somebody changed something, so that this node's own changes and, later, those
//! of others arrive by the same way.

use std::{collections::HashMap, sync::Arc};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    Live,
    charter::{self, Charter},
    comment::{Content, Shown, State, room_thread, thread},
    reach::{unarchived, unstored},
    row::{self, CommentRow},
    staff::{Member, Mute, mutes_of, staff_of},
    words::Words,
};
use crate::{
    archive::Window,
    ids::{CommentId, RoomId, UserId},
    operation::Refusal,
};

/// What staff tell everybody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub(super) struct Notice {
    /// What.
    pub(super) text: String,
    /// Since when, in milliseconds since 1970.
    pub(super) at: i64,
}

/// A room as it stands. Immutable: a change makes others.
#[derive(Debug)]
pub(super) struct Facts {
    pub(super) charter: Charter,
    pub(super) staff: HashMap<UserId, Member>,
    pub(super) mutes: HashMap<UserId, Mute>,
    pub(super) words: Option<Arc<Words>>,
    pub(super) pinned: Option<Shown>,
    pub(super) notice: Option<Notice>,
}

impl Facts {
    /// Whether what was posted then was cleared.
    pub(super) fn has_cleared(&self, posted_at: i64) -> bool {
        posted_at <= self.charter.cleared_at
    }
}

impl Live {
    /// Reads a room; `None` when there is none. `known` is what was known before, whose words need
    /// not be made ready again.
    pub(super) async fn read_facts(
        &self,
        id: &RoomId,
        known: Option<&Facts>,
    ) -> Result<Option<Facts>, Refusal> {
        let needs = self.needs();
        let now_ms = needs.clock.now_ms();
        let statements = vec![charter::by_id(id), staff_of(id), mutes_of(id, now_ms)];
        let rows = needs.store.read_all(statements).await.map_err(|it| unstored(&it))?;
        let Some(row) = rows.first().and_then(|rows| rows.first()) else { return Ok(None) };
        let charter = Charter::of_row(row);
        let members = rows[1].iter().map(Member::of_row);
        let mutes = rows[2].iter().map(Mute::of_row);
        let words = match known.filter(|it| it.charter.settings.words == charter.settings.words) {
            Some(known) => known.words.clone(),
            None => Words::compile(&needs.moderation, &charter.settings.words).await?,
        };
        let pinned = match &charter.pinned {
            Some(comment) => {
                let shown = self.read_shown(id, comment).await?;
                shown.filter(|it| it.posted_at > charter.cleared_at)
            }
            None => None,
        };
        let notice = match charter.notice_seq {
            Some(seq) => self.read_notice(id, seq).await?,
            None => None,
        };
        Ok(Some(Facts {
            charter,
            staff: members.map(|member| (member.person.clone(), member)).collect(),
            mutes: mutes.map(|mute| (mute.person.clone(), mute)).collect(),
            words,
            pinned,
            notice,
        }))
    }

    /// A comment of the room that may be shown, at its position in the uncut media.
    async fn read_shown(&self, room: &RoomId, id: &CommentId) -> Result<Option<Shown>, Refusal> {
        let rows = self.needs().store.read(row::by_id(room, id)).await;
        let rows = rows.map_err(|it| unstored(&it))?;
        let shows = |row: &CommentRow| matches!(row.state, State::Visible | State::Sampled);
        let Some(row) = rows.first().map(CommentRow::of_row).filter(shows) else {
            return Ok(None);
        };
        Ok(self.contents(std::slice::from_ref(&row)).await?.pop().flatten().map(|it| it.shown))
    }

    /// What the archive has of comments, in their order; `None` where it is gone for good.
    pub(super) async fn contents(
        &self,
        rows: &[CommentRow],
    ) -> Result<Vec<Option<Content>>, Refusal> {
        let places = rows.iter().map(|row| (thread(&row.room, &row.author), row.seq));
        let places: Vec<_> = places.collect();
        let records = self.needs().archive.read_places(&places).await;
        let records = records.map_err(|it| unarchived(&it))?;
        Ok(records.iter().map(|record| record.as_ref().and_then(Content::of)).collect())
    }

    async fn read_notice(&self, room: &RoomId, seq: i64) -> Result<Option<Notice>, Refusal> {
        let window = Window { after: seq - 1, before: seq + 1, limit: 1, newest: false };
        let records = self.needs().archive.read(&room_thread(room), window).await;
        let records = records.map_err(|it| unarchived(&it))?;
        let Some(record) = records.first() else { return Ok(None) };
        #[derive(Deserialize)]
        struct Kept {
            text: String,
        }
        let kept = record.content.as_deref().and_then(|it| serde_json::from_slice::<Kept>(it).ok());
        Ok(kept.map(|Kept { text }| Notice { text, at: record.at_ms }))
    }
}
