//! `consult.typing`: a signal between the user and the tutor who serves them. Nobody stores it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    Consult,
    announce::Bulletin,
    conversation::Conversation,
    event::{Event, News},
    reach::Stop,
    scope::Sight,
    session::State,
    view::{Author, institution::SeenByInstitution, user::SeenByUser},
};
use crate::{
    error::Code,
    ids::ConversationId,
    operation::{Caller, Refusal},
};

/// Says that the caller is writing.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Typing {
    /// Where.
    pub(super) conversation: ConversationId,
}

/// The other side was told, if it is there to be told.
#[derive(Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub(super) struct Signalled {}

impl Consult {
    /// Tells the other side that the caller is writing.
    pub(super) async fn typing(
        &self,
        caller: &Caller,
        asked: Typing,
        bulletin: &mut Bulletin,
    ) -> Result<Signalled, Refusal> {
        match self.try_typing(caller, &asked.conversation, bulletin).await {
            Ok(()) => Ok(Signalled {}),
            Err(Stop::Refused(refusal)) => Err(refusal),
            Err(Stop::Moved) => Err(Code::Unavailable.into()),
        }
    }

    async fn try_typing(
        &self,
        caller: &Caller,
        id: &ConversationId,
        bulletin: &mut Bulletin,
    ) -> Result<(), Stop> {
        let viewer = self.viewer(caller).await?;
        let (conversation, sight) = self.reach_text(&viewer, id).await?;
        if conversation.state != State::Serving {
            return Ok(());
        }
        match sight {
            Sight::User => {
                let audience = self.audience(&conversation).await?;
                let owner = audience.institution.iter().find(|it| conversation.is_owned_by(it));
                let author = SeenByInstitution::user(&conversation.mask);
                let event = |author| typing(&conversation, author);
                bulletin.extend(owner.map(|to| News::institution(to, event(author))));
            }
            Sight::Owner => {
                let faces = self.faces([viewer.person.clone()]).await?;
                let author = SeenByUser::institution(faces.of(&viewer.person));
                bulletin.push(News::user(&conversation.user, typing(&conversation, author)));
            }
            Sight::Watcher | Sight::Queue => {}
        }
        Ok(())
    }
}

fn typing<A, S>(conversation: &Conversation, author: A) -> Event<A, S> {
    let last_seq = conversation.last_seq;
    Event::Typing { conversation: conversation.id.clone(), last_seq, author }
}
