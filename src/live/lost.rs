//! Comments that viewers have seen and that the archive will not take: taken back, and their authors
//! told.
//!
//! What the author says next is stored before it is shown, and so refused with the archive's reason,
//! until something of theirs is stored again.

use std::sync::Arc;

use tokio::sync::mpsc;

use super::{Live, beside::Lost, event::PersonalEvent};

impl Live {
    /// Sees to what is lost, until nothing is stored any more.
    pub(super) fn see_to_lost(&self, mut inbox: mpsc::Receiver<Lost>) {
        // The queue's end is the end of this task: it must not be what keeps the queue.
        let house = Arc::downgrade(&self.0);
        self.tasks().spawn(async move {
            while let Some(lost) = inbox.recv().await {
                let Some(inner) = house.upgrade() else { return };
                Self(inner).take_back_lost(lost).await;
            }
        });
    }

    /// Takes a comment from viewers as if it had been removed.
    async fn take_back_lost(&self, Lost { room: room_id, author, id }: Lost) {
        self.needs().metrics.live_unarchived.one();
        let key = (room_id.clone(), author.clone());
        if let Some(author) = self.authors().find(&key) {
            author.forget(&id);
            author.distrust();
        }
        // Whoever showed it a moment ago kept the room.
        if let Some(room) = self.rooms().find(&room_id) {
            self.withdraw(&room, std::slice::from_ref(&id)).await;
        }
        let event = PersonalEvent::Unarchived { room: room_id, comment: id };
        self.tell_person(&author, &event).await;
    }
}
