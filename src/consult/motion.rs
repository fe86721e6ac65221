//! The rows of conversations in motion, so that a word need not look its conversation up.
//!
//! Memory permits, and the row decides: whatever is stored is guarded by the state that it was decided
//! on ([`super::ledger`]), and what memory would refuse is asked of the row. So nobody has a right that
//! the row does not give, whichever node changed it; memory that has fallen behind costs a second try.
//!
//! What is known moves with each record, in the one way by which records come about
//! ([`super::append`]). A row with about 600 bytes, 4 096 of them: 3 MB.

use dashmap::DashMap;

use super::{
    Consult, body::bad, conversation::Conversation, entry::Opened, ledger::Move, reach::Stop,
    scope, viewer::Viewer,
};
use crate::{archive::Receipt, ids::ConversationId};

/// What is known of the conversations in motion.
pub(super) struct Motion {
    known: DashMap<ConversationId, Known>,
    known_max: usize,
}

/// What is known of one conversation.
#[derive(Default)]
struct Known {
    /// The newest record that was heard of: a row that was read before it is not taken for the newest.
    through: i64,
    /// The row as that record left it; `None` when it must be read.
    row: Option<Conversation>,
}

impl Motion {
    /// Room for `known_max` conversations.
    pub(super) fn new(known_max: usize) -> Self {
        Self { known: DashMap::new(), known_max }
    }

    /// The row, if it is known.
    pub(super) fn row(&self, id: &ConversationId) -> Option<Conversation> {
        self.known.get(id)?.row.clone()
    }

    /// Remembers a row that was read, unless more has happened since.
    pub(super) fn keep(&self, row: &Conversation) {
        self.make_room();
        let mut known = self.known.entry(row.id.clone()).or_default();
        if row.last_seq >= known.through {
            *known = Known { through: row.last_seq, row: Some(row.clone()) };
        }
    }

    /// A record was stored, the only one of its transaction or the last. A word moves the row that it
    /// follows; behind everything else it is read again.
    pub(super) fn note(&self, id: &ConversationId, opened: &Opened) {
        self.make_room();
        let mut known = self.known.entry(id.clone()).or_default();
        if opened.seq > known.through {
            let before = known.row.take().filter(|row| row.last_seq + 1 == opened.seq);
            let row = before.and_then(|row| moved(&row, opened));
            *known = Known { through: opened.seq, row };
        }
    }

    /// The owner has read up to `seq`.
    pub(super) fn read_to(&self, id: &ConversationId, seq: i64) {
        if let Some(mut known) = self.known.get_mut(id)
            && let Some(row) = &mut known.row
        {
            row.owner_read_seq = row.owner_read_seq.max(seq);
        }
    }

    /// The row is another than was known, or may be.
    pub(super) fn forget(&self, id: &ConversationId) {
        if let Some(mut known) = self.known.get_mut(id) {
            known.row = None;
        }
    }

    fn make_room(&self) {
        if self.known.len() < self.known_max {
            return;
        }
        // Those who still talk are back at once.
        self.known.retain(|_, _| fastrand::bool());
        if self.known.len() >= self.known_max {
            self.known.clear();
        }
    }
}

/// The row behind a word; `None` when `opened` is none.
fn moved(before: &Conversation, opened: &Opened) -> Option<Conversation> {
    let step = Move::of_word(opened.entry()?, before.side_of(&opened.author))?;
    Some(step.after(before, Receipt { seq: opened.seq, at_ms: opened.at_ms }))
}

impl Consult {
    /// The conversation, if the viewer may say something in it now, as an answer to `reply_to`.
    pub(super) async fn spoken_in(
        &self,
        viewer: &Viewer,
        id: &ConversationId,
        reply_to: Option<i64>,
    ) -> Result<Conversation, Stop> {
        let motion = &self.inner().motion;
        if let Some(known) = motion.row(id)
            && self.may_speak(viewer, &known, reply_to).await.is_ok()
        {
            return Ok(known);
        }
        let row = self.conversation(id).await?.ok_or_else(scope::out_of_scope)?;
        motion.keep(&row);
        self.may_speak(viewer, &row, reply_to).await?;
        Ok(row)
    }

    async fn may_speak(
        &self,
        viewer: &Viewer,
        conversation: &Conversation,
        reply_to: Option<i64>,
    ) -> Result<(), Stop> {
        let sight = scope::sight(viewer, conversation).ok_or_else(scope::out_of_scope)?;
        if reply_to.is_some_and(|seq| !(1..=conversation.last_seq).contains(&seq)) {
            return Err(bad("reply_to names no record of this conversation").into());
        }
        self.check_floor(conversation, sight).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::consult::{
        body::Body,
        entry::{Content, Entry},
        sample,
    };

    fn said(seq: i64, author: &str) -> Opened {
        let (body, reply_to) = (Body::Text { text: "x".to_owned() }, None);
        let entry = Entry::Message { body, reply_to, client_id: None, confirms: None };
        stored(seq, author, entry)
    }

    fn stored(seq: i64, author: &str, entry: Entry) -> Opened {
        Opened { seq, at_ms: seq * 1_000, author: author.into(), content: Content::Entry(entry) }
    }

    fn lines(motion: &Motion) -> Option<(i64, i64, i64)> {
        let row = motion.row(&"c1".into())?;
        Some((row.last_seq, row.user_lines, row.institution_lines))
    }

    #[test]
    fn words_move_the_row_and_everything_else_has_it_read_again() {
        let (motion, id) = (Motion::new(8), ConversationId::from("c1"));
        assert_eq!(lines(&motion), None);
        motion.keep(&sample::conversation());
        motion.note(&id, &said(10, "user1"));
        motion.note(&id, &said(11, "tutor1"));
        assert_eq!(lines(&motion), Some((11, 6, 4)));
        assert_eq!(motion.row(&id).unwrap().waiting_since, None);
        motion.read_to(&id, 11);
        assert_eq!(motion.row(&id).unwrap().owner_read_seq, 11);
        motion.note(&id, &stored(12, "user1", Entry::Recall { target: 10 }));
        assert_eq!(lines(&motion), None);
    }

    #[test]
    fn a_row_that_was_read_before_the_newest_record_is_not_kept() {
        let (motion, id) = (Motion::new(8), ConversationId::from("c1"));
        let row = sample::conversation();
        motion.note(&id, &said(10, "user1"));
        motion.keep(&row);
        assert_eq!(lines(&motion), None);
        motion.keep(&Conversation { last_seq: 10, ..row.clone() });
        // Records are heard of out of order: the row lacks the one between.
        motion.note(&id, &said(12, "tutor1"));
        motion.note(&id, &said(11, "user1"));
        assert_eq!(lines(&motion), None);
        motion.keep(&Conversation { last_seq: 12, user_lines: 7, ..row });
        motion.note(&id, &said(11, "user1"));
        assert_eq!(lines(&motion), Some((12, 7, 3)), "it counts in the row already");
        motion.forget(&id);
        assert_eq!(lines(&motion), None);
    }

    #[test]
    fn it_holds_no_more_conversations_than_it_may() {
        let motion = Motion::new(4);
        for n in 0..100 {
            let id = ConversationId::new(n.to_string());
            motion.keep(&Conversation { id: id.clone(), ..sample::conversation() });
            motion.note(&id, &said(10, "user1"));
            motion.note(&ConversationId::new(format!("x{n}")), &said(10, "user1"));
            assert!(motion.known.len() <= 4);
        }
    }
}
