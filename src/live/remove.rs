//! `live.remove`: a comment is taken from viewers, the history and every list; the archive keeps it.

use std::sync::Arc;

use serde_json::json;

use super::{
    Live,
    act::{Act, Scene},
    charter::Charter,
    comment::State,
    pin::{Done, NamedComment},
    reach::{ATTEMPTS, Stop, settle, unstored},
    room::Room,
    row::{self, CommentRow},
    scope::{Actor, Standing},
};
use crate::{
    error::Code,
    ids::{CommentId, UserId, is_id},
    media::claim,
    operation::{Caller, Refusal},
};

/// How many comments go with their author's mute, and how old they may be.
const RECENT_MAX: i64 = 100;
const RECENT_MS: i64 = 600_000;

impl Live {
    /// Takes a comment off.
    pub(super) async fn remove(
        &self,
        caller: &Caller,
        asked: NamedComment,
    ) -> Result<Done, Refusal> {
        settle!(self.try_remove(caller, &asked).await)
    }

    async fn try_remove(&self, caller: &Caller, asked: &NamedComment) -> Result<Done, Stop> {
        let scene = self.scene(caller, &asked.room, Standing::Moderator).await?;
        let row = self.comment_row(&scene.room, &asked.comment).await?;
        self.take_off(&scene, &[row]).await?;
        Ok(Done {})
    }

    /// Takes comments off. Of those that are off already viewers are told again: whoever did it first
    /// may have been interrupted.
    pub(super) async fn take_off(&self, scene: &Scene, rows: &[CommentRow]) -> Result<(), Stop> {
        let is_on =
            |row: &&CommentRow| matches!(row.state, State::Visible | State::Sampled | State::Held);
        let off: Vec<_> = rows.iter().filter(is_on).collect();
        if !off.is_empty() {
            let by = &scene.actor.id;
            let turns = off.iter().map(|row| row::turn(row, State::Removed, by));
            let voices = off.iter().filter_map(|row| row.media.as_ref()).map(claim::withdraw);
            let beside = turns.chain(voices).collect();
            let ids: Vec<_> = off.iter().map(|row| &row.id).collect();
            let detail = json!({ "comments": ids });
            let act = Act { kind: "remove", detail: &detail, beside };
            self.record(&scene.room.id, by, act).await?;
        }
        let is_gone = |row: &&CommentRow| is_on(row) || row.state == State::Removed;
        let gone = rows.iter().filter(is_gone);
        let ids: Vec<CommentId> = gone.map(|row| row.id.clone()).collect();
        if ids.is_empty() {
            return Ok(());
        }
        self.withdraw(&scene.room, &ids).await;
        self.unpin_gone(scene, &ids).await
    }

    /// The house takes off what viewers have seen of a secret in pieces.
    pub(super) async fn take_off_pieces(
        &self,
        room: &Arc<Room>,
        pieces: &[CommentId],
    ) -> Result<(), Refusal> {
        if pieces.is_empty() {
            return Ok(());
        }
        self.beside().settled().await;
        let id = UserId::new(String::new());
        let actor = Actor { id, standing: Standing::Host, is_platform: true };
        settle!(self.try_take_off(room, &actor, pieces).await)
    }

    async fn try_take_off(
        &self,
        room: &Arc<Room>,
        actor: &Actor,
        ids: &[CommentId],
    ) -> Result<(), Stop> {
        let rows = self.needs().store.read(row::by_ids(&room.id, ids)).await?;
        let rows: Vec<_> = rows.iter().map(CommentRow::of_row).collect();
        let (room, facts, actor) = (Arc::clone(room), room.facts(), actor.clone());
        self.take_off(&Scene { room, facts, actor, turn: None }, &rows).await
    }

    /// Takes down what was pinned, when it is among what was removed.
    async fn unpin_gone(&self, scene: &Scene, ids: &[CommentId]) -> Result<(), Stop> {
        let is_pinned =
            |charter: &Charter| charter.pinned.as_ref().is_some_and(|pinned| ids.contains(pinned));
        let mut now = Scene {
            room: Arc::clone(&scene.room),
            facts: scene.room.facts(),
            actor: scene.actor.clone(),
            turn: None,
        };
        if !is_pinned(&now.facts.charter) {
            return Ok(());
        }
        now.turn = scene.room.turn().await;
        self.refresh(&scene.room).await?;
        for _ in 0..ATTEMPTS {
            now.facts = scene.room.facts();
            if !is_pinned(&now.facts.charter) {
                return Ok(());
            }
            let act = Act { kind: "unpin", detail: &json!({}), beside: Vec::new() };
            match self.change(&now, ("pinned = NULL", Vec::new()), act).await {
                Ok(_) => return Ok(()),
                Err(Stop::Moved) => {}
                Err(stop) => return Err(stop),
            }
        }
        Err(Code::Unavailable.into())
    }

    /// What an author wrote in the last ten minutes and is not off.
    pub(super) async fn recent_rows(
        &self,
        room: &Room,
        author: &UserId,
    ) -> Result<Vec<CommentRow>, Refusal> {
        self.beside().settled().await;
        let since = self.needs().clock.now_ms() - RECENT_MS;
        let recent = row::recent_of(&room.id, author, (since, RECENT_MAX));
        let rows = self.needs().store.read(recent).await.map_err(|it| unstored(&it))?;
        Ok(rows.iter().map(CommentRow::of_row).collect())
    }

    /// The row of a comment of the room.
    ///
    /// # Errors
    /// `not_in_scope` when there is none.
    pub(super) async fn comment_row(
        &self,
        room: &Room,
        id: &CommentId,
    ) -> Result<CommentRow, Refusal> {
        if !is_id(id.as_str()) {
            return Err(Code::NotInScope.into());
        }
        if let Some(row) = self.find_row(room, id).await? {
            return Ok(row);
        }
        // It may have been shown a moment ago, and wait to be stored.
        self.beside().settled().await;
        Ok(self.find_row(room, id).await?.ok_or(Code::NotInScope)?)
    }

    /// The same; `None` when it is not stored.
    pub(super) async fn find_row(
        &self,
        room: &Room,
        id: &CommentId,
    ) -> Result<Option<CommentRow>, Refusal> {
        let rows = self.needs().store.read(row::by_id(&room.id, id)).await;
        Ok(rows.map_err(|it| unstored(&it))?.first().map(CommentRow::of_row))
    }
}
