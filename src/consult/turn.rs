//! A turn of a service session: stored alone, or in front of the word that brings it about.

use std::borrow::Cow;

use super::{
    Consult,
    announce::Bulletin,
    conversation::Conversation,
    entry::{Content, Entry, Opened, Turn},
    judge::remember,
    ledger::{self, Move},
    reach::Stop,
};
use crate::{archive::Receipt, ids::UserId, store::Statement};

/// A turn about to be stored.
pub(super) struct Turning<'a> {
    /// The conversation as it was decided on.
    pub(super) before: &'a Conversation,
    /// How it moves.
    pub(super) step: Move,
    /// What the record says.
    pub(super) turn: Turn,
    /// What else changes, after the conversation.
    pub(super) beside: Vec<Statement>,
}

impl Turning<'_> {
    /// Its record.
    pub(super) fn entry(&self) -> Entry {
        let session = match &self.step {
            Move::Open { session, .. } => session,
            _ => &self.before.session,
        };
        Entry::Session { session: session.clone(), turn: self.turn.clone() }
    }

    /// All that changes with it.
    pub(super) fn statements(&self) -> Vec<Statement> {
        let mut statements = ledger::advance(self.before, &self.step);
        statements.extend_from_slice(&self.beside);
        statements
    }
}

/// The conversation as a word will find it, behind the turn that it brings about: about right, since
/// the turn's number and time are known only when it has them.
pub(super) fn ground<'a>(
    before: &'a Conversation,
    turning: Option<&Turning<'_>>,
    now_ms: i64,
) -> Cow<'a, Conversation> {
    let next = Receipt { seq: before.last_seq + 1, at_ms: now_ms };
    turning.map_or(Cow::Borrowed(before), |turning| Cow::Owned(turning.step.after(before, next)))
}

impl Consult {
    /// Stores a turn, and tells of it; the conversation as it stands then.
    pub(super) async fn turn(
        &self,
        author: &UserId,
        turning: &Turning<'_>,
        bulletin: &mut Bulletin,
    ) -> Result<Conversation, Stop> {
        let (id, beside) = (&turning.before.id, turning.statements());
        let opened = self.append(id, author, turning.entry(), beside).await?;
        Ok(self.tell_turn(turning, &opened, bulletin).await)
    }

    /// Tells of a turn that was stored in front of `word`; the conversation as it stood between them.
    pub(super) async fn turned(
        &self,
        turning: &Turning<'_>,
        word: &Opened,
        bulletin: &mut Bulletin,
    ) -> Conversation {
        let (seq, content) = (word.seq - 1, Content::Entry(turning.entry()));
        let opened = Opened { seq, content, ..word.clone() };
        self.tell_turn(turning, &opened, bulletin).await
    }

    async fn tell_turn(
        &self,
        turning: &Turning<'_>,
        opened: &Opened,
        bulletin: &mut Bulletin,
    ) -> Conversation {
        let Turning { before, step, turn, .. } = turning;
        remember(self, before, opened);
        let after = step.after(before, Receipt { seq: opened.seq, at_ms: opened.at_ms });
        self.announce_turn(Some(before), &after, opened, bulletin).await;
        if let Turn::Opened { notice, .. } = turn {
            self.announce_notice(&after, notice.clone(), bulletin);
        }
        after
    }
}
