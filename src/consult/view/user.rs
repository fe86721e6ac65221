//! What the candidate sees: the tutors by name, and how things stand.

use schemars::JsonSchema;
use serde::Serialize;

use super::{Author, Faces, Record, institution::Mask};
use crate::{
    consult::{
        conversation::{Conversation, Listed},
        session::{Availability, State},
    },
    directory::listing::TutorCard,
    ids::{ConversationId, InstitutionId, ServiceSessionId},
    moderation::Side,
};

/// An author as the candidate sees them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(tag = "side", rename_all = "snake_case")]
pub(in crate::consult) enum SeenByUser {
    /// The candidate.
    User {},
    /// A tutor, an admin, or the platform's staff.
    Institution(TutorCard),
}

impl Author for SeenByUser {
    fn user(_: &Mask) -> Self {
        Self::User {}
    }

    fn institution(card: TutorCard) -> Self {
        Self::Institution(card)
    }
}

/// A service session as the candidate sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub(in crate::consult) struct UserSession {
    /// With whom; `support` for the platform's own customer service.
    pub(in crate::consult) institution: InstitutionId,
    /// Which.
    pub(in crate::consult) session: ServiceSessionId,
    /// Where it stands.
    pub(in crate::consult) state: State,
    /// Who serves or served it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::consult) tutor: Option<TutorCard>,
    /// What the tutor chose to be. Its changes are told while they serve the user, and no longer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::consult) tutor_state: Option<Availability>,
}

/// A conversation in the candidate's list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub(in crate::consult) struct UserConversation {
    /// Which.
    pub(in crate::consult) conversation: ConversationId,
    /// The institution's name.
    pub(in crate::consult) institution_name: String,
    /// The newest service session.
    #[serde(flatten)]
    pub(in crate::consult) session: UserSession,
    /// The newest record's number.
    pub(in crate::consult) last_seq: i64,
    /// How far this person has read, on any device.
    pub(in crate::consult) read_seq: i64,
    /// How many lines of the other side they have not read.
    pub(in crate::consult) unread: i64,
    /// How far a tutor has read: the furthest of those who have served it.
    pub(in crate::consult) tutor_read_seq: i64,
    /// When the newest line was written, in milliseconds since 1970; before the first, when the
    /// conversation began.
    pub(in crate::consult) line_at: i64,
    /// The newest line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::consult) preview: Option<Record<SeenByUser>>,
}

impl UserSession {
    pub(in crate::consult) fn of(
        conversation: &Conversation,
        owner_state: Availability,
        faces: &Faces,
    ) -> Self {
        Self {
            institution: conversation.institution.clone(),
            session: conversation.session.clone(),
            state: conversation.state,
            tutor: conversation.owner.as_ref().map(|owner| faces.of(owner)),
            tutor_state: conversation.owner.as_ref().map(|_| owner_state),
        }
    }
}

impl UserConversation {
    pub(in crate::consult) fn of(
        listed: &Listed,
        owner_state: Availability,
        institution_name: String,
        faces: &Faces,
        preview: Option<Record<SeenByUser>>,
    ) -> Self {
        let conversation = &listed.conversation;
        Self {
            conversation: conversation.id.clone(),
            institution_name,
            session: UserSession::of(conversation, owner_state, faces),
            last_seq: conversation.last_seq,
            read_seq: listed.read_seq,
            unread: listed.unread(Side::User),
            tutor_read_seq: conversation.owner_read_seq,
            line_at: conversation.line_at,
            preview,
        }
    }
}
