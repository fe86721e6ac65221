//! `consult.accept`: a tutor takes a conversation from the queue; the first one gets it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{
    Consult,
    announce::Bulletin,
    conversation::Conversation,
    desk,
    entry::Turn,
    ledger::Move,
    reach::{Stop, settle},
    scope,
    session::{Availability, State},
    start::welcome,
    turn::Turning,
    view::{Faces, institution::InstitutionSession},
    viewer::Viewer,
};
use crate::{
    directory,
    error::Code,
    ids::ConversationId,
    operation::{Caller, Refusal},
    store::Statement,
};

/// Asks to serve a conversation that waits.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Accept {
    /// Which.
    pub(super) conversation: ConversationId,
    /// As the queue row showed it: whoever decides on an older state gets `stale`.
    pub(super) owner_version: i64,
}

/// The caller serves the conversation.
#[derive(Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub(super) struct Accepted {
    /// Which.
    pub(super) conversation: ConversationId,
    /// The service session.
    #[serde(flatten)]
    pub(super) session: InstitutionSession,
    /// The newest record's number.
    pub(super) last_seq: i64,
}

impl Consult {
    /// Takes a conversation from the queue. Accepting again answers the same.
    pub(super) async fn accept(
        &self,
        caller: &Caller,
        asked: Accept,
        bulletin: &mut Bulletin,
    ) -> Result<Accepted, Refusal> {
        let viewer = self.viewer(caller).await?;
        settle!(self.try_accept(&viewer, &asked, bulletin).await)
    }

    async fn try_accept(
        &self,
        viewer: &Viewer,
        asked: &Accept,
        bulletin: &mut Bulletin,
    ) -> Result<Accepted, Stop> {
        let before = self.conversation(&asked.conversation).await?;
        // A colleague may have been faster, and then it is out of the caller's sight: they are told
        // who and when, as they saw it wait. Of other institutions' conversations nothing is told.
        let before = before
            .filter(|it| viewer.institution() == Some(&it.institution))
            .ok_or_else(scope::out_of_scope)?;
        self.check_open(&before.institution).await?;
        // Before anything is stored: afterwards nothing may fail any more.
        let faces = self.faces([viewer.person.clone()]).await?;
        let is_mine = before.state == State::Serving && before.is_owned_by(&viewer.person);
        if is_mine && asked.owner_version == before.owner_version - 1 {
            return Ok(accepted(before, &faces));
        }
        if before.state != State::Queued || asked.owner_version != before.owner_version {
            return Err(self.stale(&before).await?.into());
        }
        if before.user == viewer.person {
            return Err(own().into());
        }
        let desk = self.desk(&viewer.person).await?;
        let desk = desk.filter(|desk| desk.state != Availability::Offline).ok_or_else(offline)?;
        if desk.serving >= desk.capacity {
            return Err(Refusal::new(Code::LimitExceeded).with("max", desk.capacity).into());
        }
        let owner = viewer.person.clone();
        let turning = Turning {
            before: &before,
            step: Move::Accept { owner: owner.clone() },
            turn: Turn::Accepted { owner },
            beside: self.taking(viewer, &before).await?,
        };
        let after = self.turn(&viewer.person, &turning, bulletin).await?;
        Ok(accepted(after, &faces))
    }

    async fn taking(&self, viewer: &Viewer, before: &Conversation) -> Result<Vec<Statement>, Stop> {
        let tutor = &viewer.person;
        let mut beside = vec![
            desk::take(tutor, self.inner().config.capacity),
            Statement::new("UPDATE consult_session SET owner = $1, owned_at = $at WHERE id = $2")
                .bind(tutor.as_str())
                .bind(before.session.as_str()),
        ];
        let session =
            Statement::new("SELECT opened_lines, follow FROM consult_session WHERE id = $1");
        let rows = self.inner().needs.store.read(session.bind(before.session.as_str())).await?;
        let row = rows.first().ok_or(Stop::Moved)?;
        beside.extend(welcome(tutor, &before.id, row.int(0)));
        if row.flag(1) {
            beside.push(directory::follow(&before.user, tutor, self.now_ms()));
        }
        Ok(beside)
    }

    async fn stale(&self, conversation: &Conversation) -> Result<Refusal, Stop> {
        let faces = self.faces(conversation.owner.clone()).await?;
        let owner = conversation.owner.as_ref().map(|owner| faces.of(owner));
        Ok(Refusal::new(Code::Stale)
            .with("owner", json!(owner))
            .with("at", conversation.turned_at)
            .with("state", conversation.state.as_str())
            .with("owner_version", conversation.owner_version))
    }
}

/// One account may hold both kinds of token; a conversation still needs two people.
fn own() -> Refusal {
    Refusal::new(Code::PermissionDenied).because("you are the candidate of this conversation")
}

fn offline() -> Refusal {
    Refusal::new(Code::PermissionDenied)
        .because("you are offline; choose online or busy with consult.state first")
}

fn accepted(conversation: Conversation, faces: &Faces) -> Accepted {
    Accepted {
        session: InstitutionSession::of(&conversation, faces),
        last_seq: conversation.last_seq,
        conversation: conversation.id,
    }
}
