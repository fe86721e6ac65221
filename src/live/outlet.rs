//! The way out: to a room's viewers, to its desk, to one person; and what has gone out, taken back.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use tokio::time::{Instant, sleep_until};

use super::{
    Live,
    comment::{Shown, State},
    delay::{Handed, Parcel},
    event::{DeskEvent, Event, PersonalEvent},
    permit::Voice,
    room::{Room, lock},
    row,
};
use crate::{
    hub::{Draft, Query},
    ids::{ChannelName, CommentId, UserId},
};

/// Which comment a publication shows, if it shows one.
#[derive(Deserialize)]
struct Shows {
    id: Option<CommentId>,
    comment: Option<Named>,
}

#[derive(Deserialize)]
struct Named {
    id: CommentId,
}

/// What came of showing a comment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Showing {
    /// Viewers have it, at this offset if they have it now; or will have it.
    Out(Option<u64>),
    /// Something has come between: it is not shown, and stands so.
    Barred(State),
}

impl Live {
    /// Publishes to the room's viewers at once: control is never dropped and never waits.
    pub(super) async fn tell_viewers(&self, room: &Room, event: &Event) {
        let Some(data) = json(event) else { return };
        self.publish(&room.viewers, data, matches!(event, Event::Stats(_))).await;
    }

    /// Publishes to the room's desk.
    pub(super) async fn tell_desk(&self, room: &Room, event: &DeskEvent) {
        let Some(data) = json(event) else { return };
        self.publish(&room.desk, data, false).await;
    }

    /// Publishes to one person.
    pub(super) async fn tell_person(&self, person: &UserId, event: &PersonalEvent) {
        let Some(data) = json(event) else { return };
        let channel = self.needs().hub.personal_channel(person);
        self.publish(&channel, data, false).await;
    }

    /// Shows a comment to the room's viewers, after the room's delay. Without a `voice` it is shown
    /// whatever the room thinks of its author now.
    pub(super) async fn show(
        &self,
        room: &Arc<Room>,
        shown: &Shown,
        voice: Option<Voice>,
    ) -> Showing {
        let facts = room.facts();
        let within = self.lens(&facts.charter.edit).within(shown.clone());
        let Some(data) = within.and_then(|shown| json(&Event::Comment(shown))) else {
            return Showing::Out(None);
        };
        let delay = Duration::from_secs(facts.charter.settings.delay_s.into());
        let now = Instant::now();
        let parcel = Parcel { id: shown.id.clone(), posted_at: shown.posted_at, voice, data };
        let handed = lock(&room.delayed).hand(parcel, now + delay, now);
        match handed {
            Handed::Now(parcel) => return self.let_go(room, parcel).await,
            Handed::Waits => {}
            Handed::Begins => {
                let (live, room) = (self.clone(), Arc::clone(room));
                self.tasks().spawn(async move { live.let_out(&room).await });
            }
            Handed::Hastens(oldest) => {
                self.needs().metrics.live_hastened.one();
                let id = oldest.id.clone();
                if let Showing::Barred(state) = self.let_go(room, oldest).await {
                    self.put_by(room, &[(id, state)]).await;
                }
            }
        }
        Showing::Out(None)
    }

    /// Sees to what waits in the room's delay, until nothing does.
    async fn let_out(&self, room: &Room) {
        loop {
            let next = lock(&room.delayed).next();
            let Some(due) = next else { return };
            tokio::select! {
                () = sleep_until(due) => {}
                // Nobody listens any more, and the archive has what waits.
                () = self.stopped() => return,
            }
            let mut barred = Vec::new();
            loop {
                let parcel = lock(&room.delayed).take(Instant::now());
                let Some(parcel) = parcel else { break };
                let id = parcel.id.clone();
                if let Showing::Barred(state) = self.let_go(room, parcel).await {
                    barred.push((id, state));
                }
            }
            self.put_by(room, &barred).await;
        }
    }

    /// Comments that are stored as visible were not shown after all: they are listed nowhere either.
    pub(super) async fn put_by(&self, room: &Room, barred: &[(CommentId, State)]) {
        // What was removed or cleared is off already.
        let is_on = |(_, state): &&(CommentId, State)| *state != State::Removed;
        let barred: Vec<_> = barred.iter().filter(is_on).collect();
        if barred.is_empty() {
            return;
        }
        self.beside().settled().await;
        let rows = barred.iter().map(|(id, state)| row::put_by(id, *state)).collect();
        if let Err(fault) = self.needs().store.commit(rows).await {
            tracing::error!(%fault, "comments that were not shown are listed all the same");
        }
        for (id, state) in barred {
            let event = DeskEvent::Changed { ids: vec![id.clone()], state: *state };
            self.tell_desk(room, &event).await;
        }
    }

    /// Publishes what carries the text of a comment, which was posted then, to the room's viewers.
    pub(super) async fn tell_of(
        &self,
        room: &Room,
        (id, posted_at): (&CommentId, i64),
        event: &Event,
    ) {
        let Some(data) = json(event) else { return };
        self.let_go(room, Parcel { id: id.clone(), posted_at, voice: None, data }).await;
    }

    /// Publishes what carries the text of a comment, unless something bars it. Whoever removed it, or
    /// cleared the room, or muted its author just now may have come too early to find it among what is
    /// published.
    async fn let_go(&self, room: &Room, parcel: Parcel) -> Showing {
        let Parcel { id, posted_at, voice, data } = parcel;
        let bar = || self.bar(room, (&id, posted_at), voice.as_ref());
        if let Some(state) = bar() {
            return Showing::Barred(state);
        }
        let offset = self.publish(&room.viewers, data, false).await;
        let Some(state) = bar() else { return Showing::Out(offset) };
        self.take_back(room, std::slice::from_ref(&id)).await;
        Showing::Barred(state)
    }

    /// How a comment stands that is to be shown and must not be.
    pub(super) fn bar(
        &self,
        room: &Room,
        (id, posted_at): (&CommentId, i64),
        voice: Option<&Voice>,
    ) -> Option<State> {
        if lock(&room.delayed).is_gone(id) {
            return Some(State::Removed);
        }
        let facts = room.facts();
        if facts.has_cleared(posted_at) {
            return Some(State::Sampled);
        }
        voice?.bar(&facts, self.needs().clock.now_ms())
    }

    /// Takes comments from viewers: those on their way never arrive, those in the history are told as
    /// removed, and whoever has them is told to show them no more.
    pub(super) async fn withdraw(&self, room: &Room, ids: &[CommentId]) {
        lock(&room.delayed).withdraw(ids);
        self.take_back(room, ids).await;
        let state = State::Removed;
        self.tell_desk(room, &DeskEvent::Changed { ids: ids.to_vec(), state }).await;
    }

    async fn take_back(&self, room: &Room, ids: &[CommentId]) {
        let hub = &self.needs().hub;
        let query = Query { since: None, limit: usize::MAX, reverse: false };
        let page = hub.history(&room.viewers, &query).await;
        for publication in &page.publications {
            let Some(id) = shown_in(&publication.data).filter(|id| ids.contains(id)) else {
                continue;
            };
            let Some(tombstone) = json(&Event::Removed { ids: vec![id] }) else { continue };
            hub.redact(&room.viewers, publication.offset, tombstone).await;
        }
        self.tell_viewers(room, &Event::Removed { ids: ids.to_vec() }).await;
    }

    async fn publish(&self, channel: &ChannelName, data: Bytes, skip_history: bool) -> Option<u64> {
        let draft = Draft { data, skip_history, ..Draft::default() };
        match self.needs().hub.publish_draft(channel, draft).await {
            Ok(position) => Some(position.offset).filter(|offset| *offset > 0),
            Err(fault) => {
                tracing::warn!(?fault, "an event of a room was not published");
                None
            }
        }
    }
}

/// The comment whose text a publication carries.
fn shown_in(data: &[u8]) -> Option<CommentId> {
    let Shows { id, comment } = serde_json::from_slice(data).ok()?;
    id.or(comment.map(|comment| comment.id))
}

fn json(event: &impl Serialize) -> Option<Bytes> {
    serde_json::to_vec(event).map(Bytes::from).ok()
}
