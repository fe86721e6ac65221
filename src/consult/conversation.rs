//! A conversation as its row tells it: who, in which state, and how far it has come.

use super::{
    session::{Availability, State},
    view::institution::Mask,
};
use crate::{
    archive::Receipt,
    ids::{ConversationId, InstitutionId, ServiceSessionId, UserId},
    moderation::Side,
    store::Row,
};

/// One candidate × one institution. Never leaves this floor: what people see is made of it by
/// [`super::view`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Conversation {
    pub(super) id: ConversationId,
    pub(super) user: UserId,
    pub(super) institution: InstitutionId,
    /// All that the institution's side learns of the user.
    pub(super) mask: Mask,
    /// The newest service session.
    pub(super) session: ServiceSessionId,
    pub(super) state: State,
    /// When session, state or owner last changed.
    pub(super) turned_at: i64,
    /// Who serves or served it last; `None` in the queue.
    pub(super) owner: Option<UserId>,
    /// Moves with every change of session, state or owner.
    pub(super) owner_version: i64,
    /// Since when the user waits for an answer.
    pub(super) waiting_since: Option<i64>,
    pub(super) last_seq: i64,
    /// The newest record that shows as a line; 0 before the first.
    pub(super) line_seq: i64,
    /// When it was written; before the first, when the conversation began.
    pub(super) line_at: i64,
    /// How many lines the user wrote.
    pub(super) user_lines: i64,
    /// How many lines the institution's side wrote.
    pub(super) institution_lines: i64,
    /// How far an owner has read; another one who comes later does not move it back.
    pub(super) owner_read_seq: i64,
}

/// The columns that [`Conversation::of_row`] reads; `c` is the table.
pub(super) const COLUMNS: &str = "c.id, c.user_id, c.institution, c.pseudonym, c.mask_name, \
     c.mask_avatar, c.session, c.state, c.turned_at, c.owner, c.owner_version, c.waiting_since, c.last_seq, c.line_seq, c.line_at, \
     c.user_lines, c.institution_lines, c.owner_read_seq";

/// How many columns these are: what a query selects beside them comes after.
pub(super) const COLUMN_COUNT: usize = 18;

impl Conversation {
    pub(super) fn of_row(row: &Row) -> Self {
        Self {
            id: row.text(0).into(),
            user: row.text(1).into(),
            institution: row.text(2).into(),
            mask: Mask {
                pseudonym: row.text(3).into(),
                name: row.text(4).to_owned(),
                avatar_seed: row.text(5).to_owned(),
            },
            session: row.text(6).into(),
            state: State::of_text(row.text(7)),
            turned_at: row.int(8),
            owner: row.opt_text(9).map(UserId::from),
            owner_version: row.int(10),
            waiting_since: row.opt_int(11),
            last_seq: row.int(12),
            line_seq: row.int(13),
            line_at: row.int(14),
            user_lines: row.int(15),
            institution_lines: row.int(16),
            owner_read_seq: row.int(17),
        }
    }

    /// Whether `person` serves it, or served it last.
    pub(super) fn is_owned_by(&self, person: &UserId) -> bool {
        self.owner.as_ref() == Some(person)
    }

    /// Which side `author` writes on.
    pub(super) fn side_of(&self, author: &UserId) -> Side {
        if *author == self.user { Side::User } else { Side::Institution }
    }

    /// `side` writes a line, with the record of `at`.
    pub(super) fn add_line(&mut self, side: Side, at: Receipt) {
        (self.line_seq, self.line_at) = (at.seq, at.at_ms);
        match side {
            Side::User => self.user_lines += 1,
            Side::Institution => self.institution_lines += 1,
        }
    }

    /// The session turns, with the record of `at`.
    pub(super) fn turn_to(&mut self, state: State, owner: Option<UserId>, at: Receipt) {
        (self.state, self.owner, self.turned_at) = (state, owner, at.at_ms);
        self.owner_version += 1;
    }

    /// How many lines `side` wrote.
    pub(super) fn lines_of(&self, side: Side) -> i64 {
        match side {
            Side::User => self.user_lines,
            Side::Institution => self.institution_lines,
        }
    }

    /// How many lines the side opposite to `side` wrote.
    pub(super) fn lines_for(&self, side: Side) -> i64 {
        match side {
            Side::User => self.institution_lines,
            Side::Institution => self.user_lines,
        }
    }
}

/// A conversation as one viewer finds it in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Listed {
    pub(super) conversation: Conversation,
    /// How far the viewer has read.
    pub(super) read_seq: i64,
    /// How many lines of the other side that covers.
    pub(super) read_lines: i64,
    /// What the owner chose to be.
    pub(super) owner_state: Availability,
}

impl Listed {
    pub(super) fn of_row(row: &Row) -> Self {
        Self {
            conversation: Conversation::of_row(row),
            read_seq: row.int(COLUMN_COUNT),
            read_lines: row.int(COLUMN_COUNT + 1),
            owner_state: Availability::of_text(row.text(COLUMN_COUNT + 2)),
        }
    }

    /// How many lines the viewer, who is on `side`, has not read.
    pub(super) fn unread(&self, side: Side) -> i64 {
        (self.conversation.lines_for(side) - self.read_lines).max(0)
    }
}
