//! Lane 4: likes and viewers, as numbers alone, now and again.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    Live, charter,
    event::{Event, Stats},
    reach::bad,
    row,
};
use crate::{
    error::Code,
    ids::RoomId,
    operation::{Caller, Refusal},
};

/// How many likes one call gives at most.
const LIKES_MAX: u32 = 20;

/// Gives likes.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct LikesWanted {
    /// The room.
    pub(super) room: RoomId,
    /// How many, 1–20; 1 when absent.
    #[serde(default = "one")]
    pub(super) count: u32,
}

fn one() -> u32 {
    1
}

/// How many likes a room has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub(super) struct Liked {
    /// All likes.
    pub(super) total_likes: i64,
}

impl Live {
    /// Gives likes to a room that is live.
    pub(super) async fn like(
        &self,
        _caller: &Caller,
        asked: LikesWanted,
    ) -> Result<Liked, Refusal> {
        if !(1..=LIKES_MAX).contains(&asked.count) {
            return Err(bad("count is 1 to 20").with("max", LIKES_MAX));
        }
        let room = self.room(&asked.room).await?;
        if !room.facts().charter.is_open() {
            return Err(Code::Closed.into());
        }
        room.likes.add(i64::from(asked.count));
        Ok(Liked { total_likes: room.likes.total() })
    }

    /// Tells the viewers of each room how many they are, and of likes.
    pub(super) async fn tell_stats(&self) {
        for room in self.rooms().all() {
            let viewers = self.needs().hub.subscribers(&room.viewers);
            if viewers == 0 {
                continue;
            }
            let (likes, total_likes) = room.likes.tell();
            self.tell_viewers(&room, &Event::Stats(Stats { viewers, likes, total_likes })).await;
        }
    }

    /// Stores likes that were given since the last time.
    pub(super) async fn store_likes(&self) {
        for room in self.rooms().all() {
            let likes = room.likes.unstored();
            if likes == 0 {
                continue;
            }
            let add = charter::add_likes(&room.id, likes);
            if self.needs().store.commit(vec![add]).await.is_err() {
                // A fault of the database is told by the database.
                room.likes.put_back(likes);
            }
        }
    }

    /// Shows how many comments wait for a decision.
    pub(super) async fn count_held(&self) {
        let since = self.needs().clock.now_ms() - self.config().hold_ttl.as_ms();
        let Ok(rows) = self.needs().store.read(row::held_count(since)).await else { return };
        self.needs().metrics.live_held.set(rows.first().map_or(0, |row| row.int(0)));
    }
}
