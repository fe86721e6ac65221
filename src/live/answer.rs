//! What the author of a comment is answered: once, whoever asks how often.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::Serialize;
use tokio::sync::SetOnce;

use super::{
    author::Author,
    comment::{Content, State},
};
use crate::{error::Code, ids::CommentId, moderation::Category, operation::Refusal};

/// What a comment is rejected for that holds one of the room's words.
const ROOM_WORD: &str = "room";

/// What came of a comment, told to everyone who sends it under the same key. Set once.
pub(super) type Told = Arc<SetOnce<Result<Answer, Refusal>>>;

/// What became of a comment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(tag = "status", rename_all = "snake_case")]
pub(super) enum Answer {
    /// Viewers see it.
    Visible {
        /// The comment.
        id: CommentId,
        /// Where it stands in the channel's stream; absent when it is shown later.
        #[serde(skip_serializing_if = "Option::is_none")]
        offset: Option<u64>,
    },
    /// Archived and seen by the room's staff; not shown to all, since too many speak.
    Sampled {
        /// The comment.
        id: CommentId,
    },
    /// It waits for a moderator.
    Held {
        /// The comment.
        id: CommentId,
    },
}

impl Answer {
    /// What the author of an archived comment was answered when it came.
    pub(super) fn first(content: &Content) -> Result<Self, Refusal> {
        let id = content.shown.id.clone();
        match content.outcome {
            State::Visible => Ok(Self::Visible { id, offset: None }),
            State::Held => Ok(Self::Held { id }),
            State::Rejected => Err(rejected(content)),
            State::Sampled | State::Removed => Ok(Self::Sampled { id }),
        }
    }
}

/// An answer that is owed to everyone who sent a comment under the same key. When nothing becomes of
/// the comment, not even a fault, they are told that too, and the key is free again.
pub(super) struct Pledge<'a> {
    pub(super) told: &'a Told,
    pub(super) author: &'a Author,
    pub(super) id: &'a CommentId,
}

impl Pledge<'_> {
    /// Gives the answer.
    pub(super) fn keep(&self, answer: &Result<Answer, Refusal>) {
        let is_final = match answer {
            Ok(_) => true,
            Err(refusal) => refusal.code() == Code::Rejected,
        };
        if !is_final {
            self.author.forget(self.id);
        }
        let _only_the_first_counts = self.told.set(answer.clone());
    }
}

impl Drop for Pledge<'_> {
    fn drop(&mut self) {
        if !self.told.initialized() {
            self.keep(&Err(Code::Internal.into()));
        }
    }
}

/// A rejection tells what was found and nothing else: not the words, not the rule.
pub(super) fn rejected(content: &Content) -> Refusal {
    let category = content.verdict.as_ref().map(|verdict| verdict.category);
    let category = match category {
        Some(category) => category.map_or("sensitive", Category::as_str),
        None => ROOM_WORD,
    };
    Refusal::new(Code::Rejected).with("category", category)
}
