//! Who may speak in a conversation now, and the turn that their word brings about.

use super::{
    Consult,
    conversation::Conversation,
    desk,
    entry::Turn,
    feed,
    ledger::Move,
    reach::{Stop, accept_first},
    scope::Sight,
    session::State,
    start::Wish,
    turn::Turning,
};
use crate::{error::Code, ids::UserId, moderation::Side, store::Statement};

impl Consult {
    /// Refuses who may not speak: who does not serve the conversation, and a tutor after the end.
    pub(super) async fn check_floor(
        &self,
        conversation: &Conversation,
        sight: Sight,
    ) -> Result<(), Stop> {
        if matches!(sight, Sight::Queue | Sight::Watcher) {
            return Err(accept_first().into());
        }
        self.check_open(&conversation.institution).await?;
        if sight != Sight::User && !conversation.state.is_open() {
            return Err(Code::ConversationClosed.into());
        }
        Ok(())
    }

    /// What must be stored in front of a word of `side`: a user's opens the next session of a
    /// conversation that is over, and takes one from a tutor who can no longer answer it.
    pub(super) async fn turning<'a>(
        &self,
        conversation: &'a Conversation,
        side: Side,
    ) -> Result<Option<Turning<'a>>, Stop> {
        if side == Side::Institution {
            return Ok(None);
        }
        Ok(match (conversation.state, &conversation.owner) {
            (State::Ended, _) => Some(self.reopening(conversation, &Wish::default()).await?),
            (State::Serving, Some(owner)) if self.is_deserted(conversation).await? => {
                Some(requeuing(conversation, owner))
            }
            _ => None,
        })
    }
}

/// The session goes back to the queue: its owner's seat is free, and they lose sight of it.
fn requeuing<'a>(before: &'a Conversation, owner: &UserId) -> Turning<'a> {
    let row =
        Statement::new("UPDATE consult_session SET owner = NULL, owned_at = NULL WHERE id = $1");
    Turning {
        before,
        step: Move::Requeue,
        turn: Turn::Requeued {},
        beside: vec![
            desk::free(owner),
            feed::leave(owner, before),
            row.bind(before.session.as_str()),
        ],
    }
}
