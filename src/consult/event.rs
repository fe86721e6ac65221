//! What people are told as it happens: values first, published in one place, after the fact is durable.

use std::sync::Arc;

use bytes::Bytes;
use schemars::JsonSchema;
use serde::Serialize;

use super::{
    conversation::Conversation,
    view::{
        Record,
        institution::{InstitutionSession, QueueRow, SeenByInstitution},
        user::{SeenByUser, UserSession},
    },
    wording::Words,
};
use crate::{
    alert,
    hub::{Draft, Hub},
    ids::{ConversationId, InstitutionId, UserId},
    moderation::{Category, Side},
};

/// An event on a personal channel. `A` is how the receiver sees authors, `S` how they see sessions.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(tag = "type")]
pub(super) enum Event<A, S> {
    /// Somebody else wrote a message.
    #[serde(rename = "consult.message")]
    Message(About<A>),
    /// A message of the receiver, from any of their devices, was delivered.
    #[serde(rename = "consult.delivered")]
    Delivered(About<A>),
    /// A text of the receiver waits for their decision.
    #[serde(rename = "consult.held")]
    Held(About<A>),
    /// A text was hidden.
    #[serde(rename = "consult.hidden")]
    Hidden(About<A>),
    /// A message was taken back.
    #[serde(rename = "consult.recalled")]
    Recalled(About<A>),
    /// Earlier messages hold a part of a secret whose rest was stopped: they show no more.
    #[serde(rename = "consult.withdrawn")]
    Withdrawn {
        /// Where.
        conversation: ConversationId,
        /// The newest record's number.
        last_seq: i64,
        /// Which messages.
        seqs: Vec<i64>,
        /// Why.
        category: Category,
        /// What to show in their place.
        notice: Words,
    },
    /// Their author has insisted: messages that were withdrawn show again; fetch them.
    #[serde(rename = "consult.restored")]
    Restored {
        /// Where.
        conversation: ConversationId,
        /// The newest record's number.
        last_seq: i64,
        /// Which messages.
        seqs: Vec<i64>,
    },
    /// Somebody has read.
    #[serde(rename = "consult.read")]
    Read {
        /// Where.
        conversation: ConversationId,
        /// The newest record's number.
        last_seq: i64,
        /// Who: the receiver on another device, or the tutor.
        by: Reader,
        /// Up to which record.
        seq: i64,
        /// How many lines the receiver has not read; absent when somebody else read.
        #[serde(skip_serializing_if = "Option::is_none")]
        unread: Option<i64>,
    },
    /// The other side is writing. Nobody stores it; show it for some seconds.
    #[serde(rename = "consult.typing")]
    Typing {
        /// Where.
        conversation: ConversationId,
        /// The newest record's number.
        last_seq: i64,
        /// Who.
        author: A,
    },
    /// A service session began, changed hands or ended, or its tutor chose another state.
    #[serde(rename = "consult.session")]
    Session {
        /// Where.
        conversation: ConversationId,
        /// The newest record's number.
        last_seq: i64,
        /// How it stands now.
        session: S,
        /// The record of it; absent when only the tutor's state changed.
        #[serde(skip_serializing_if = "Option::is_none")]
        record: Option<Record<A>>,
    },
    /// The queue has changed.
    #[serde(rename = "consult.queue")]
    Queue(QueueNews),
    /// The house has something to say.
    #[serde(rename = "consult.notice")]
    Notice {
        /// Where.
        conversation: ConversationId,
        /// The newest record's number.
        last_seq: i64,
        /// What.
        notice: Words,
    },
}

/// A record, and how far its conversation has come with it.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub(super) struct About<A> {
    /// Where.
    pub(super) conversation: ConversationId,
    /// The newest record's number: whoever lacks one below it fetches it.
    pub(super) last_seq: i64,
    /// The record.
    pub(super) record: Record<A>,
}

/// Who has read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum Reader {
    /// The receiver themself, on another device.
    You,
    /// The tutor who serves the receiver.
    Tutor,
}

/// How an institution's queue has changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub(super) struct QueueNews {
    /// Whose queue.
    pub(super) institution: InstitutionId,
    /// How many wait.
    pub(super) waiting: i64,
    /// Since when the first of them, in milliseconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) oldest_since: Option<i64>,
    /// Who came.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) entered: Option<QueueRow>,
    /// Who went.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) left: Option<ConversationId>,
}

/// An event as a candidate may receive it.
pub(super) type UserEvent = Event<SeenByUser, UserSession>;

/// An event as an institution's side may receive it.
pub(super) type InstitutionEvent = Event<SeenByInstitution, InstitutionSession>;

/// An event for one person.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct News {
    pub(super) to: UserId,
    pub(super) event: Told,
}

/// The event itself, for the side that the receiver is on, or for staff.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub(super) enum Told {
    User(Box<UserEvent>),
    Institution(Box<InstitutionEvent>),
    Staff(Arc<alert::Event>),
}

impl News {
    pub(super) fn user(to: &UserId, event: UserEvent) -> Self {
        Self { to: to.clone(), event: Told::User(Box::new(event)) }
    }

    pub(super) fn institution(to: &UserId, event: InstitutionEvent) -> Self {
        Self { to: to.clone(), event: Told::Institution(Box::new(event)) }
    }

    pub(super) fn staff(to: &UserId, event: &Arc<alert::Event>) -> Self {
        Self { to: to.clone(), event: Told::Staff(Arc::clone(event)) }
    }
}

impl Told {
    /// Whether it is nothing to those who were away. In the stream it would take the place of what
    /// they are to recover, and be heard again when it is long over.
    fn is_fleeting(&self) -> bool {
        match self {
            Self::User(event) => matches!(**event, Event::Typing { .. }),
            Self::Institution(event) => matches!(**event, Event::Typing { .. }),
            Self::Staff(_) => false,
        }
    }

    fn side(&self) -> Option<Side> {
        match self {
            Self::User(_) => Some(Side::User),
            Self::Institution(_) => Some(Side::Institution),
            Self::Staff(_) => None,
        }
    }
}

/// How a record is made known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Manner {
    Said,
    Held,
    Hidden,
    Recalled,
}

/// The event that tells about `record`; `own` when the receiver wrote it.
pub(super) fn about<A, S>(
    conversation: &Conversation,
    record: Record<A>,
    manner: Manner,
    own: bool,
) -> Event<A, S> {
    let last_seq = conversation.last_seq.max(record.seq);
    let about = About { conversation: conversation.id.clone(), last_seq, record };
    match manner {
        Manner::Said if own => Event::Delivered(about),
        Manner::Said => Event::Message(about),
        Manner::Held => Event::Held(about),
        Manner::Hidden => Event::Hidden(about),
        Manner::Recalled => Event::Recalled(about),
    }
}

/// Publishes `news` in order. What cannot be published is not lost: it is stored, and the next
/// event's `last_seq` shows its receiver that something is missing.
pub(super) async fn publish(hub: &Hub, news: Vec<News>) {
    for each in news {
        let Ok(json) = serde_json::to_vec(&each.event) else { continue };
        let skip_history = each.event.is_fleeting();
        let draft = Draft { data: Bytes::from(json), skip_history, ..Draft::default() };
        let channel = hub.personal_channel(&each.to);
        if let Err(fault) = hub.publish_draft(&channel, draft).await {
            let side = each.event.side();
            tracing::warn!(?fault, ?side, "an event was not published; its receiver will catch up");
        }
    }
}
