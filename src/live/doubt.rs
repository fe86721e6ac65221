//! Comments whose storing was reported failed: the answer may have been lost, and not the comment.
//!
//! Whoever sends such a comment again under its key gets the first result, once the database has been
//! asked whether there is one. If there is none, the comment is new.

use super::{
    Live,
    answer::{Answer, Pledge, rejected},
    comment::{Content, State},
    say::{CommentWanted, Speaker},
};
use crate::{error::Code, operation::Refusal};

impl Live {
    /// What came of the comment when it was sent before; `None` when nothing did.
    pub(super) async fn settle_doubt(
        &self,
        speaker: &Speaker<'_>,
        asked: &CommentWanted,
    ) -> Result<Option<Answer>, Refusal> {
        let author = &speaker.author;
        let Some((content, told)) = author.take_up(&asked.client_id) else { return Ok(None) };
        let spoken = content.shown.media.as_ref().map(|facts| &facts.id);
        let is_same = content.shown.text == asked.text && spoken == asked.media.as_ref();
        let id = content.shown.id.clone();
        let pledge = Pledge { told: &told, author, id: &id };
        let answer = match self.find_row(speaker.room, &id).await {
            Ok(Some(row)) => self.tell_found(speaker, content, row.state).await,
            Ok(None) => {
                pledge.keep(&Err(Code::Unavailable.into()));
                return Ok(None);
            }
            Err(refusal) => {
                author.doubt(content);
                Err(refusal)
            }
        };
        pledge.keep(&answer);
        if is_same { answer.map(Some) } else { Err(Code::Conflict.into()) }
    }

    /// A comment was stored, and nobody was told.
    async fn tell_found(
        &self,
        speaker: &Speaker<'_>,
        content: Content,
        state: State,
    ) -> Result<Answer, Refusal> {
        let content = Content { outcome: state, ..content };
        if state == State::Visible {
            return Ok(self.tell_stored(speaker, content).await);
        }
        self.report(speaker.room, &content).await;
        if state == State::Rejected { Err(rejected(&content)) } else { Answer::first(&content) }
    }
}

/// Remembers a comment whose storing failed with `refusal`, if it may have happened all the same.
pub(super) fn doubted(speaker: &Speaker<'_>, content: &Content, refusal: Refusal) -> Refusal {
    if matches!(refusal.code(), Code::Unavailable | Code::Internal) {
        speaker.author.doubt(content.clone());
    }
    refusal
}
