//! One voice a person: what somebody says in a conversation is judged once their last word is stored.
//!
//! The ledger refuses a text that was judged against a past that has gone on, whatever node it went
//! through. Alone, that would have words that are said at once judged again and again, in work that
//! grows with the square of their number; here each waits for the one before it. Who waits holds no
//! data, and no more wait than operations may run at once (`rates.running_max`).

use std::sync::Arc;

use dashmap::DashMap;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::ids::{ConversationId, UserId};

type Key = (ConversationId, UserId);

/// Who is saying something now, on this node.
#[derive(Clone, Default)]
pub(super) struct Voices(Arc<DashMap<Key, Arc<Semaphore>>>);

/// Somebody's voice in a conversation, until it is dropped.
pub(super) struct Voice {
    voices: Voices,
    key: Key,
    permit: Option<OwnedSemaphorePermit>,
}

impl Voices {
    /// Waits until nothing else that `person` says in `conversation` is under way. First come, first
    /// served.
    pub(super) async fn of(&self, person: &UserId, conversation: &ConversationId) -> Voice {
        let key = (conversation.clone(), person.clone());
        let entry = self.0.entry(key.clone()).or_insert_with(|| Arc::new(Semaphore::new(1)));
        let semaphore = Arc::clone(&entry);
        drop(entry);
        let mut voice = Voice { voices: self.clone(), key, permit: None };
        // Nobody closes it, so there always is one.
        voice.permit = semaphore.acquire_owned().await.ok();
        voice
    }
}

impl Drop for Voice {
    fn drop(&mut self) {
        drop(self.permit.take());
        // Whoever waits holds the semaphore too.
        self.voices.0.remove_if(&self.key, |_, semaphore| Arc::strong_count(semaphore) == 1);
    }
}

#[cfg(test)]
mod tests {
    use futures_util::poll;

    use super::*;

    #[tokio::test]
    async fn a_person_says_one_thing_at_a_time_in_each_conversation() {
        let voices = Voices::default();
        let (a, b, c) = (UserId::from("a"), UserId::from("b"), ConversationId::from("c"));
        let first = voices.of(&a, &c).await;
        let mut second = Box::pin(voices.of(&a, &c));
        let mut third = Box::pin(voices.of(&a, &c));
        assert!(poll!(&mut second).is_pending() && poll!(&mut third).is_pending());
        drop(voices.of(&b, &c).await);
        drop(voices.of(&a, &"d".into()).await);
        drop(first);
        assert!(poll!(&mut third).is_pending(), "the second was there before");
        drop(second.await);
        drop(third.await);
        assert!(voices.0.is_empty(), "and nothing is kept of who is silent");
    }

    #[tokio::test]
    async fn who_gives_up_waiting_leaves_nothing_behind() {
        let voices = Voices::default();
        let (a, c) = (UserId::from("a"), ConversationId::from("c"));
        let first = voices.of(&a, &c).await;
        let mut second = Box::pin(voices.of(&a, &c));
        assert!(poll!(&mut second).is_pending());
        drop(first);
        drop(second);
        assert!(voices.0.is_empty());
    }
}
