//! Who may speak in a conversation now, and the turn that their word brings about.

use super::{
    Consult,
    conversation::Conversation,
    reach::{Stop, accept_first},
    scope::Sight,
    session::State,
    start::Wish,
    turn::Turning,
    viewer::Viewer,
};
use crate::error::Code;

impl Consult {
    /// Whether the viewer may speak, and what must be stored in front of their word: a user's opens
    /// the next session of a conversation that is over, a tutor's does not.
    pub(super) async fn floor<'a>(
        &self,
        viewer: &Viewer,
        conversation: &'a Conversation,
        sight: Sight,
    ) -> Result<Option<Turning<'a>>, Stop> {
        match sight {
            Sight::Queue | Sight::Watcher => return Err(accept_first().into()),
            Sight::Owner => {
                self.check_working(viewer).await?;
            }
            Sight::User => {}
        }
        self.check_open(&conversation.institution).await?;
        match (sight, conversation.state) {
            (Sight::User, State::Ended) => {
                Ok(Some(self.reopening(conversation, &Wish::default()).await?))
            }
            (_, State::Ended) => Err(Code::ConversationClosed.into()),
            _ => Ok(None),
        }
    }
}
