//! What an institution sees: a pseudonym, what was said to it, and nothing else of the user.

use schemars::JsonSchema;
use serde::Serialize;

use super::{Author, Faces, Record};
use crate::{
    consult::{
        conversation::{Conversation, Listed},
        session::State,
    },
    directory::listing::TutorCard,
    ids::{ConversationId, Pseudonym, ServiceSessionId},
    moderation::Side,
};

/// The candidate as one institution sees them: stable there, unlinkable with what others see.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub(in crate::consult) struct Mask {
    /// Names the candidate before this institution.
    pub(in crate::consult) pseudonym: Pseudonym,
    /// Shown to people; others may have the same.
    pub(in crate::consult) name: String,
    /// What pages draw the avatar from.
    pub(in crate::consult) avatar_seed: String,
}

/// An author as the institution sees them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(tag = "side", rename_all = "snake_case")]
pub(in crate::consult) enum SeenByInstitution {
    /// The candidate.
    User(Mask),
    /// A tutor, an admin, or the platform's staff.
    Institution(TutorCard),
}

impl Author for SeenByInstitution {
    fn user(mask: &Mask) -> Self {
        Self::User(mask.clone())
    }

    fn institution(card: TutorCard) -> Self {
        Self::Institution(card)
    }
}

/// A service session as the institution sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub(in crate::consult) struct InstitutionSession {
    /// The candidate.
    pub(in crate::consult) candidate: Mask,
    /// Which.
    pub(in crate::consult) session: ServiceSessionId,
    /// Where it stands.
    pub(in crate::consult) state: State,
    /// Who serves or served it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::consult) owner: Option<TutorCard>,
    /// What `consult.accept` must name; moves with every change of session, state or owner.
    pub(in crate::consult) owner_version: i64,
    /// Since when the user waits for an answer, in milliseconds since 1970; absent when nobody waits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::consult) waiting_since: Option<i64>,
}

/// A conversation in a tutor's or admin's list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub(in crate::consult) struct InstitutionConversation {
    /// Which.
    pub(in crate::consult) conversation: ConversationId,
    /// The newest service session.
    #[serde(flatten)]
    pub(in crate::consult) session: InstitutionSession,
    /// The newest record's number.
    pub(in crate::consult) last_seq: i64,
    /// How far this person has read, on any device.
    pub(in crate::consult) read_seq: i64,
    /// How many lines of the candidate they have not read.
    pub(in crate::consult) unread: i64,
    /// When the newest line was written, in milliseconds since 1970; before the first, when the
    /// conversation began.
    pub(in crate::consult) line_at: i64,
    /// The newest line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::consult) preview: Option<Record<SeenByInstitution>>,
}

/// Somebody waits: all that is seen before a tutor accepts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub(in crate::consult) struct QueueRow {
    /// What to accept.
    pub(in crate::consult) conversation: ConversationId,
    /// The candidate.
    pub(in crate::consult) candidate: Mask,
    /// What `consult.accept` must name.
    pub(in crate::consult) owner_version: i64,
    /// When it came into the queue, in milliseconds since 1970.
    pub(in crate::consult) queued_at: i64,
    /// Since when the user waits for an answer; absent before their first message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::consult) waiting_since: Option<i64>,
}

impl InstitutionSession {
    pub(in crate::consult) fn of(conversation: &Conversation, faces: &Faces) -> Self {
        Self {
            candidate: conversation.mask.clone(),
            session: conversation.session.clone(),
            state: conversation.state,
            owner: conversation.owner.as_ref().map(|owner| faces.of(owner)),
            owner_version: conversation.owner_version,
            waiting_since: conversation.waiting_since,
        }
    }
}

impl InstitutionConversation {
    pub(in crate::consult) fn of(
        listed: &Listed,
        faces: &Faces,
        preview: Option<Record<SeenByInstitution>>,
    ) -> Self {
        let conversation = &listed.conversation;
        Self {
            conversation: conversation.id.clone(),
            session: InstitutionSession::of(conversation, faces),
            last_seq: conversation.last_seq,
            read_seq: listed.read_seq,
            unread: listed.unread(Side::Institution),
            line_at: conversation.line_at,
            preview,
        }
    }
}

impl QueueRow {
    pub(in crate::consult) fn of(conversation: &Conversation) -> Self {
        Self {
            conversation: conversation.id.clone(),
            candidate: conversation.mask.clone(),
            owner_version: conversation.owner_version,
            queued_at: conversation.turned_at,
            waiting_since: conversation.waiting_since,
        }
    }
}
