//! The one way by which something is said: a record, and what moves with it, in one transaction.

use super::{
    Consult,
    entry::{Content, Entry, Opened},
    reach::Stop,
    turn::Turning,
};
use crate::{
    archive::{self, Appended, Draft, Receipt},
    ids::{ConversationId, UserId},
    store::Statement,
};

/// What somebody says.
pub(super) struct Word {
    /// Its record.
    pub(super) entry: Entry,
    /// What moves with it.
    pub(super) beside: Vec<Statement>,
    /// The author's idempotency key.
    pub(super) client_id: Option<String>,
}

impl Consult {
    /// Appends `entry` with what moves `beside` it.
    pub(super) async fn append(
        &self,
        conversation: &ConversationId,
        author: &UserId,
        entry: Entry,
        beside: Vec<Statement>,
    ) -> Result<Opened, Stop> {
        let draft = draft(conversation, author, &entry, beside);
        let appended = self.inner().needs.archive.append(draft).await;
        Ok(self.stored((conversation, author), appended, entry)?.0)
    }

    /// Appends a word, and in front of it the turn that it brings about: both or neither. `false`
    /// when the very same was stored before; a [`archive::Fault::Conflict`] when the author's key
    /// stands for something else.
    pub(super) async fn append_word(
        &self,
        (conversation, author): (&ConversationId, &UserId),
        turning: Option<&Turning<'_>>,
        word: Word,
    ) -> Result<(Opened, bool), archive::Fault> {
        let Word { entry, beside, client_id } = word;
        let last = Draft { client_id, ..draft(conversation, author, &entry, beside) };
        let lead = turning.map(|it| draft(conversation, author, &it.entry(), it.statements()));
        let lead = lead.into_iter().collect();
        let appended = self.inner().needs.archive.append_all(lead, last).await;
        self.stored((conversation, author), appended, entry)
    }

    /// The record that was stored, and whether it is new. What is known of the conversation's row moves
    /// with it, before anybody is answered.
    fn stored(
        &self,
        (conversation, author): (&ConversationId, &UserId),
        appended: Result<Appended, archive::Fault>,
        entry: Entry,
    ) -> Result<(Opened, bool), archive::Fault> {
        let motion = &self.inner().motion;
        let appended = appended.inspect_err(|_| motion.forget(conversation))?;
        let (record, is_new) = opened(&appended, author, entry);
        if is_new {
            motion.note(conversation, &record);
        }
        Ok((record, is_new))
    }
}

fn draft(
    conversation: &ConversationId,
    author: &UserId,
    entry: &Entry,
    beside: Vec<Statement>,
) -> Draft {
    Draft {
        thread: conversation.as_str().to_owned(),
        author: author.as_str().to_owned(),
        client_id: None,
        kind: entry.kind(),
        content: entry.to_content(),
        beside,
    }
}

/// The record as reading it back would show it, and whether it is new.
fn opened(appended: &Appended, author: &UserId, entry: Entry) -> (Opened, bool) {
    let (Receipt { seq, at_ms }, is_new) = match *appended {
        Appended::New(receipt) => (receipt, true),
        Appended::Again(receipt) => (receipt, false),
    };
    let content = Content::Entry(entry);
    (Opened { seq, at_ms, author: author.clone(), content }, is_new)
}
