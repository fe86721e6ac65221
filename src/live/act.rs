//! What staff do to a room: one record in the room's thread, and what changes with it.

use std::sync::Arc;

use serde::Serialize;

use super::{
    Live,
    charter::Charter,
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
        Ok(Scene { room, facts, actor })
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
    /// that was decided on. The room is read again afterwards, and when others were first.
    pub(super) async fn change<D: Serialize>(
        &self,
        scene: &Scene,
        (set, values): (&str, Vec<Value>),
        mut act: Act<'_, D>,
    ) -> Result<Receipt, Stop> {
        let Scene { room, facts, actor } = scene;
        let charter: &Charter = &facts.charter;
        act.beside.insert(0, charter.update(set, values));
        let changed = self.record(&room.id, &actor.id, act).await;
        if !matches!(changed, Err(Stop::Refused(_))) {
            self.reread(room).await;
        }
        changed
    }
}
