//! The rooms in this node's memory: read when somebody needs one, forgotten when nobody does.

use std::{sync::Arc, time::Duration};

use dashmap::DashMap;

use super::{
    Live,
    facts::Facts,
    room::{Room, is_room_id},
};
use crate::{error::Code, hub::Hub, ids::RoomId, operation::Refusal};

/// How long a room is kept that nobody needs.
const IDLE: Duration = Duration::from_secs(600);
/// How long it is kept when another needs its place.
const IDLE_WHEN_FULL: Duration = Duration::from_secs(10);

/// The rooms in memory, by id.
#[derive(Default)]
pub(super) struct Rooms(DashMap<RoomId, Arc<Room>>);

impl Rooms {
    /// The room, if it is in memory.
    pub(super) fn find(&self, id: &RoomId) -> Option<Arc<Room>> {
        self.0.get(id).map(|room| Arc::clone(&room))
    }

    /// All of them.
    pub(super) fn all(&self) -> Vec<Arc<Room>> {
        self.0.iter().map(|room| Arc::clone(&room)).collect()
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// Forgets those that nobody needed for `idle`: without viewers, without anything on its way, and
    /// in nobody's hands.
    fn sweep(&self, hub: &Hub, idle: Duration) {
        self.0.retain(|_, room| {
            Arc::strong_count(room) > 1
                || room.touched_at().elapsed() < idle
                || room.is_busy()
                || hub.subscribers(&room.viewers) + hub.subscribers(&room.desk) > 0
        });
    }
}

impl Live {
    /// The room, from memory or from the database.
    ///
    /// # Errors
    /// `not_in_scope` when there is none, `unavailable` when it finds no place or cannot be read.
    pub(super) async fn room(&self, id: &RoomId) -> Result<Arc<Room>, Refusal> {
        if let Some(room) = self.rooms().find(id) {
            room.touch();
            if room.is_doubted() {
                let _turn = room.turn().await;
                self.refresh(&room).await?;
            }
            return Ok(room);
        }
        if !is_room_id(id.as_str()) {
            return Err(Code::NotInScope.into());
        }
        let facts = self.read_facts(id, None).await?.ok_or(Code::NotInScope)?;
        self.keep(facts)
    }

    /// Reads a room again, whose turn the caller has: something about it has changed. People are told
    /// what. On several nodes, whoever changed it would announce that here, and each node that keeps the
    /// room would do this. While it cannot be read it is kept, and doubted: those in it stay, and nothing
    /// is decided or told by what may be no more.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(super) async fn reread(&self, room: &Room) -> Result<(), Refusal> {
        room.doubt();
        let known = room.facts();
        match self.read_facts(&room.id, Some(&known)).await? {
            Some(facts) => {
                if let Some(before) = room.renew(facts) {
                    self.tell_news(room, &before).await;
                }
                Ok(())
            }
            None => {
                self.rooms().0.remove(&room.id);
                Err(Code::NotInScope.into())
            }
        }
    }

    /// Reads a room again, whose turn the caller has, if it is doubted.
    pub(super) async fn refresh(&self, room: &Room) -> Result<(), Refusal> {
        if room.is_doubted() { self.reread(room).await } else { Ok(()) }
    }

    /// Reads those again that are doubted, so that whoever watches learns what became of them.
    pub(super) async fn refresh_doubted(&self) {
        for room in self.rooms().all().iter().filter(|room| room.is_doubted()) {
            // Whoever changes it reads it again.
            let Some(_turn) = room.free_turn() else { continue };
            // A fault of the database is told by the database; the next time comes soon.
            let _is_still_doubted = self.refresh(room).await;
        }
    }

    fn keep(&self, facts: Facts) -> Result<Arc<Room>, Refusal> {
        let (rooms, needs) = (self.rooms(), self.needs());
        if rooms.len() >= self.config().rooms_max {
            rooms.sweep(&needs.hub, IDLE_WHEN_FULL);
        }
        if rooms.len() >= self.config().rooms_max {
            needs.metrics.live_rooms_refused.one();
            return Err(Refusal::new(Code::Unavailable).because("too many rooms are open"));
        }
        let id = facts.charter.id.clone();
        let fresh = || Arc::new(Room::new(facts, self.config()));
        Ok(Arc::clone(&rooms.0.entry(id).or_insert_with(fresh)))
    }

    /// Forgets rooms that nobody needs any more.
    pub(super) fn forget_idle(&self) {
        let (rooms, needs) = (self.rooms(), self.needs());
        rooms.sweep(&needs.hub, IDLE);
        needs.metrics.live_rooms.set(i64::try_from(rooms.len()).unwrap_or(i64::MAX));
    }
}
