//! What people are told when a room stands otherwise: found by comparing what was known before.
//!
//! So whatever changed is told once, by whoever reads it first: after a change of one's own, after one
//! that was reported failed and happened all the same, and later after those of other nodes.

use super::{
    Live,
    charter::Charter,
    event::{DeskEvent, Event},
    facts::Facts,
    room::{Room, lock},
    view::Stage,
};

impl Live {
    /// Tells viewers and staff what has changed since `before`.
    pub(super) async fn tell_news(&self, room: &Room, before: &Facts) {
        let facts = room.facts();
        let (was, is) = (&before.charter, &facts.charter);
        let now_ms = self.needs().clock.now_ms();
        if is.cleared_at != was.cleared_at {
            self.forget_shown(room).await;
            self.tell_viewers(room, &Event::Cleared { at: is.cleared_at }).await;
        }
        if is.edit.cuts() != was.edit.cuts() {
            // What the stream keeps stands at the old positions.
            self.forget_shown(room).await;
            let position_ms = Stage::of(is, now_ms).position_ms;
            self.tell_viewers(room, &Event::Trimmed { position_ms }).await;
            let (cuts, version) = (is.edit.cuts().to_vec(), is.version);
            self.tell_desk(room, &DeskEvent::Trimmed { cuts, version }).await;
        }
        if stage(is) != stage(was) {
            let stage = Stage::of(is, now_ms);
            self.tell_viewers(room, &Event::State { stage }).await;
        }
        if is.settings != was.settings {
            let settings = is.settings.public();
            self.tell_viewers(room, &Event::Settings { settings }).await;
            let (settings, version) = (is.settings.clone(), is.version);
            self.tell_desk(room, &DeskEvent::Settings { settings, version }).await;
        }
        if was.settings.anonymous && !is.settings.anonymous {
            self.needs().hub.review(&room.viewers);
        }
        if is.pinned != was.pinned {
            let comment = self.pinned(&facts);
            self.tell_viewers(room, &Event::Pinned { comment }).await;
        }
        if is.notice_seq != was.notice_seq {
            let notice = facts.notice.clone();
            self.tell_viewers(room, &Event::Notice { notice }).await;
        }
        for person in before.staff.keys().filter(|person| !facts.staff.contains_key(*person)) {
            self.see_off(room, person);
        }
    }

    async fn forget_shown(&self, room: &Room) {
        lock(&room.delayed).clear();
        self.needs().hub.clear_history(&room.viewers).await;
    }
}

/// What viewers are told of where the room stands.
fn stage(charter: &Charter) -> impl PartialEq {
    let Charter { state, started_at, ended_at, paused_at, paused_ms, .. } = *charter;
    (state, started_at, ended_at, paused_at, paused_ms)
}
