//! How far each person has read, on whatever device.

use crate::{
    ids::{ConversationId, UserId},
    store::Statement,
};

/// `person` has read up to `read_seq`, which covers all lines of the other side but `above`.
pub(super) struct Mark<'a> {
    pub(super) conversation: &'a ConversationId,
    pub(super) person: &'a UserId,
    pub(super) read_seq: i64,
    pub(super) read_lines: i64,
}

impl Mark<'_> {
    /// Sets the mark, guarded: where another device has read further meanwhile, nothing is kept of the
    /// transaction, and nobody is told.
    pub(super) fn set(&self) -> Statement {
        self.put(
            "INSERT INTO consult_mark (conversation, person, read_seq, read_lines)
             VALUES ($1, $2, $3, $4)
             ON CONFLICT (conversation, person) DO UPDATE SET
                 read_seq = excluded.read_seq, read_lines = excluded.read_lines
             WHERE excluded.read_seq > consult_mark.read_seq",
        )
        .touching(1)
    }

    /// Sets the mark where there is none: what was said before somebody came is not unread to them.
    pub(super) fn begin(&self) -> Statement {
        self.put(
            "INSERT INTO consult_mark (conversation, person, read_seq, read_lines)
             VALUES ($1, $2, $3, $4) ON CONFLICT (conversation, person) DO NOTHING",
        )
    }

    fn put(&self, sql: &'static str) -> Statement {
        Statement::new(sql)
            .bind(self.conversation.as_str())
            .bind(self.person.as_str())
            .bind(self.read_seq)
            .bind(self.read_lines)
    }
}
