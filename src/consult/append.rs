//! The one way by which something is said: a record, and what moves with it, in one transaction.

use super::{
    Consult,
    entry::{Content, Entry, Opened},
    reach::Stop,
};
use crate::{
    archive::{self, Appended, Draft, Receipt},
    ids::{ConversationId, UserId},
    store::Statement,
};

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
        let appended = self.inner().needs.archive.append(draft).await?;
        Ok(opened(&appended, author, entry).0)
    }

    /// The same under the author's idempotency key. `false` when the very same entry was stored
    /// before; a [`archive::Fault::Conflict`] when the key stands for another.
    pub(super) async fn append_once(
        &self,
        conversation: &ConversationId,
        author: &UserId,
        client_id: &str,
        (entry, beside): (Entry, Vec<Statement>),
    ) -> Result<(Opened, bool), archive::Fault> {
        let mut draft = draft(conversation, author, &entry, beside);
        draft.client_id = Some(client_id.to_owned());
        let appended = self.inner().needs.archive.append(draft).await?;
        Ok(opened(&appended, author, entry))
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
