//! Who may speak in a conversation now, and the turn that their word brings about.

use super::{
    Consult,
    conversation::Conversation,
    reach::{Stop, accept_first},
    scope::Sight,
    session::State,
    start::Wish,
    turn::Turning,
};
use crate::{error::Code, moderation::Side};

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
    /// conversation that is over.
    pub(super) async fn turning<'a>(
        &self,
        conversation: &'a Conversation,
        side: Side,
    ) -> Result<Option<Turning<'a>>, Stop> {
        match (side, conversation.state) {
            (Side::User, State::Ended) => {
                Ok(Some(self.reopening(conversation, &Wish::default()).await?))
            }
            _ => Ok(None),
        }
    }
}
