//! What staff do to a room: one record in the room's thread, and what changes with it.

use std::sync::Arc;

use serde::Serialize;
use tokio::sync::OwnedSemaphorePermit;

use super::{
    Live,
    comment::room_thread,
    facts::Facts,
    reach::Stop,
    room::Room,
    scope::{Actor, Standing},
};
use crate::{
    archive::{Draft, Receipt},
    ids::{RoomId, UserId},
    operation::{Caller, Refusal},
    store::{Statement, Value},
};

/// Somebody who acts on a room as it stands.
pub(super) struct Scene {
    pub(super) room: Arc<Room>,
    pub(super) facts: Arc<Facts>,
    pub(super) actor: Actor,
    /// The room's turn, when they are to change it: as long as they have it, nobody else does.
    pub(super) turn: Option<OwnedSemaphorePermit>,
}

/// One thing that is done.
pub(super) struct Act<'a, D> {
    /// The record's kind.
    pub(super) kind: &'static str,
    /// What the record says beside who and when.
    pub(super) detail: &'a D,
    /// What changes beside it.
    pub(super) beside: Vec<Statement>,
}

impl Live {
    /// `caller` before the room that they name, if they stand in it as `least` at least.
    pub(super) async fn scene(
        &self,
        caller: &Caller,
        room: &RoomId,
        least: Standing,
    ) -> Result<Scene, Refusal> {
        let room = self.room(room).await?;
        let facts = room.facts();
        let actor = self.actor(caller, &facts).await?;
        actor.at_least(least)?;
        Ok(Scene { room, facts, actor, turn: None })
    }

    /// The same for one who is to change the room, when nobody else does any more. Only those wait who
    /// may, so that nobody keeps staff waiting who is none of them.
    pub(super) async fn alone(
        &self,
        caller: &Caller,
        room: &RoomId,
        least: Standing,
    ) -> Result<Scene, Refusal> {
        let Scene { room, .. } = self.scene(caller, room, least).await?;
        let turn = room.turn().await;
        self.refresh(&room).await?;
        let facts = room.facts();
        let actor = self.actor(caller, &facts).await?;
        actor.at_least(least)?;
        Ok(Scene { room, facts, actor, turn })
    }

    /// Records something that concerns the room alone.
    pub(super) async fn record<D: Serialize>(
        &self,
        room: &RoomId,
        by: &UserId,
        act: Act<'_, D>,
    ) -> Result<Receipt, Stop> {
        let draft = Draft {
            thread: room_thread(room),
            author: by.as_str().to_owned(),
            client_id: None,
            kind: act.kind,
            content: serde_json::to_vec(act.detail).unwrap_or_default(),
            beside: act.beside,
        };
        Ok(self.needs().archive.append(draft).await?.receipt())
    }

    /// Records something that changes what is known of the room: `set` changes its row, from the state
    /// that was decided on. The room is read again afterwards, and when others were first; people are
    /// told what has changed, now, or when it can be read.
    pub(super) async fn change<D: Serialize>(
        &self,
        scene: &Scene,
        (set, values): (&str, Vec<Value>),
        act: Act<'_, D>,
    ) -> Result<Receipt, Stop> {
        self.bring_about(scene, scene.facts.charter.update(set, values), act).await
    }

    /// The same for what changes nothing in the room's row and depends on nothing in it, as mutes do:
    /// whatever others did meanwhile, it holds.
    pub(super) async fn add<D: Serialize>(
        &self,
        scene: &Scene,
        act: Act<'_, D>,
    ) -> Result<Receipt, Stop> {
        self.bring_about(scene, scene.facts.charter.touch(), act).await
    }

    async fn bring_about<D: Serialize>(
        &self,
        Scene { room, actor, .. }: &Scene,
        moves: Statement,
        mut act: Act<'_, D>,
    ) -> Result<Receipt, Stop> {
        act.beside.insert(0, moves);
        let changed = self.record(&room.id, &actor.id, act).await;
        if matches!(changed, Err(Stop::Refused(_))) {
            // What was reported failed may have happened all the same.
            room.doubt();
            return changed;
        }
        self.reread(room).await?;
        changed
    }
}
