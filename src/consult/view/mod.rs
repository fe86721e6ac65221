//! What people see of records: computed from the archive, for one pair of eyes, at one moment.
//!
//! The two sides have types of their own. A [`Record`] is generic over its [`Author`]: the user's
//! side sees tutors and itself, the institution's side sees tutors and a pseudonym. No type that is
//! made here for an institution has a field that could hold a user's id.

pub(super) mod institution;
pub(super) mod scene;
pub(super) mod user;

use schemars::JsonSchema;
use serde::Serialize;

use self::institution::Mask;
pub(super) use self::scene::{Faces, Scene, tutors_in};
use super::{
    body::SeenBody,
    session::{EndedBy, State},
    wording::Words,
};
use crate::{
    directory::listing::TutorCard,
    ids::{HoldId, ServiceSessionId},
    moderation::Category,
};

/// How one side sees an author.
pub(super) trait Author: Serialize + JsonSchema {
    /// The candidate.
    fn user(mask: &Mask) -> Self;
    /// Somebody on the institution's side.
    fn institution(card: TutorCard) -> Self;
}

/// A record as one side sees it. Every `seq` of a conversation yields one for everyone in scope, so
/// that a missing number always means a missed record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub(super) struct Record<A> {
    /// Its number in the conversation, from 1, without gaps.
    pub(super) seq: i64,
    /// When it was stored, in milliseconds since 1970.
    pub(super) at: i64,
    /// What it is.
    #[serde(flatten)]
    pub(super) shown: Shown<A>,
}

/// What a record shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(super) enum Shown<A> {
    /// A message.
    Message {
        /// Who wrote it.
        author: A,
        /// What it says.
        body: SeenBody,
        /// The `seq` that it answers.
        #[serde(skip_serializing_if = "Option::is_none")]
        reply_to: Option<i64>,
        /// Its author was warned of this and confirmed.
        #[serde(skip_serializing_if = "Option::is_none")]
        flagged: Option<Category>,
        /// The hold that it confirms; to its author only.
        #[serde(skip_serializing_if = "Option::is_none")]
        confirms: Option<HoldId>,
        /// The key it was sent with; to its author only.
        #[serde(skip_serializing_if = "Option::is_none")]
        client_id: Option<String>,
    },
    /// A text that is displayed to nobody.
    Hidden {
        /// Who wrote it.
        author: A,
        /// Why it is hidden.
        category: Category,
        /// What to show in its place.
        notice: Words,
        /// The key it was sent with; to its author only.
        #[serde(skip_serializing_if = "Option::is_none")]
        client_id: Option<String>,
    },
    /// A message that held a part of a secret whose rest was stopped.
    Withdrawn {
        /// Who wrote it.
        author: A,
        /// What the secret is about.
        category: Category,
        /// What to show in its place.
        notice: Words,
    },
    /// A message that its author took back.
    Recalled {
        /// Who wrote it.
        author: A,
    },
    /// The taking back of the message `target`.
    Recall {
        /// Who took it back.
        author: A,
        /// The message's `seq`.
        target: i64,
    },
    /// A text that waits, or waited, for its author's decision. Its author alone sees it.
    Held {
        /// What to confirm or discard.
        hold: HoldId,
        /// What it says.
        body: SeenBody,
        /// What its author was warned of.
        category: Category,
        /// What became of it.
        fate: Fate,
        /// Until when it can be confirmed, in milliseconds since 1970.
        expires_at: i64,
        /// The key it was sent with.
        #[serde(skip_serializing_if = "Option::is_none")]
        client_id: Option<String>,
    },
    /// The giving up of a held text. Its author alone sees it.
    Discard {
        /// Which hold.
        hold: HoldId,
        /// The `seq` of the held text.
        target: i64,
    },
    /// A number that is nothing to see for this viewer. Show no line for it.
    Withheld {},
    /// A record whose key was destroyed.
    Erased {},
    /// A service session began, changed hands or ended.
    Session {
        /// Which.
        session: ServiceSessionId,
        /// What happened.
        #[serde(flatten)]
        turn: SeenTurn,
    },
}

/// What became of a held text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum Fate {
    /// It waits.
    Pending,
    /// It was delivered, as a message of its own.
    Confirmed,
    /// It was given up.
    Discarded,
    /// Its time is over.
    Expired,
}

/// What happened to a service session, as both sides see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(tag = "turn", rename_all = "snake_case")]
pub(super) enum SeenTurn {
    /// The user opened it.
    Opened {
        /// Where it began: in the queue, or with a tutor.
        state: State,
        /// The tutor.
        #[serde(skip_serializing_if = "Option::is_none")]
        tutor: Option<TutorCard>,
        /// What every consultation begins with.
        notice: Words,
    },
    /// A tutor took it from the queue.
    Accepted {
        /// The tutor.
        tutor: TutorCard,
    },
    /// Its tutor no longer works there; it waits in the queue for another.
    Requeued {},
    /// It is over.
    Ended {
        /// Who ended it.
        by: EndedBy,
    },
}

#[cfg(test)]
mod tests;
