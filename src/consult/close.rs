//! `consult.close`: the user or the tutor ends the service session.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    Consult,
    announce::Bulletin,
    conversation::Conversation,
    desk,
    entry::Turn,
    ledger::Move,
    reach::{Stop, accept_first, settle},
    scope::Sight,
    session::{EndedBy, State},
    turn::Turning,
    viewer::Viewer,
};
use crate::{
    ids::{ConversationId, ServiceSessionId},
    moderation::Side,
    operation::{Caller, Refusal},
    store::Statement,
};

/// Asks to end the service session.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Close {
    /// Where.
    pub(super) conversation: ConversationId,
}

/// The service session is over.
#[derive(Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub(super) struct Closed {
    /// Which.
    pub(super) session: ServiceSessionId,
    /// `ended`.
    pub(super) state: State,
    /// The newest record's number.
    pub(super) last_seq: i64,
}

impl Consult {
    /// Ends the session. Closing again answers the same.
    pub(super) async fn close(
        &self,
        caller: &Caller,
        asked: Close,
        bulletin: &mut Bulletin,
    ) -> Result<Closed, Refusal> {
        let viewer = self.viewer(caller).await?;
        settle!(self.try_close(&viewer, &asked.conversation, bulletin).await)
    }

    async fn try_close(
        &self,
        viewer: &Viewer,
        id: &ConversationId,
        bulletin: &mut Bulletin,
    ) -> Result<Closed, Stop> {
        let (before, sight) = self.reach_text(viewer, id).await?;
        if sight == Sight::Watcher {
            return Err(accept_first().into());
        }
        if !before.state.is_open() {
            return Ok(closed(before));
        }
        let by = match viewer.side() {
            Side::User => EndedBy::User,
            Side::Institution => EndedBy::Tutor,
        };
        let mut beside = vec![end_row(&before, by)];
        if before.state == State::Serving {
            beside.extend(before.owner.as_ref().map(desk::free));
        }
        let turn = Turn::Ended { by };
        let turning = Turning { before: &before, step: Move::End, turn, beside };
        Ok(closed(self.turn(&viewer.person, &turning, bulletin).await?))
    }
}

fn closed(conversation: Conversation) -> Closed {
    let (session, state) = (conversation.session, conversation.state);
    Closed { session, state, last_seq: conversation.last_seq }
}

fn end_row(conversation: &Conversation, by: EndedBy) -> Statement {
    Statement::new(
        "UPDATE consult_session SET ended_at = $at, ended_by = $1,
             answered_at = (SELECT answered_at FROM consult_conversation WHERE id = $2)
         WHERE id = $3",
    )
    .bind(by.as_str())
    .bind(conversation.id.as_str())
    .bind(conversation.session.as_str())
}
