//! What changed since: a counter for each user and each institution, moved with every change.
//!
//! `consult.sync` compares a conversation's number in its feed with the caller's cursor. Numbers are
//! given inside the transaction that makes the change, so none is ever seen late; time plays no part.

use std::{fmt, str::FromStr};

use super::{conversation::Conversation, viewer::Viewer};
use crate::{
    ids::{ConversationId, InstitutionId, UserId},
    store::Statement,
};

/// One user's or one institution's sequence of changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Feed(String);

impl Feed {
    pub(super) fn of_user(user: &UserId) -> Self {
        Self(format!("u:{user}"))
    }

    pub(super) fn of_institution(institution: &InstitutionId) -> Self {
        Self(format!("i:{institution}"))
    }

    /// The feed that moves with what `viewer` sees.
    pub(super) fn of_viewer(viewer: &Viewer) -> Self {
        viewer.institution().map_or_else(|| Self::of_user(&viewer.person), Self::of_institution)
    }

    /// The name in the table.
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    /// Moves the feed by one; a feed begins at its first change.
    pub(super) fn advance(&self) -> Statement {
        Statement::new(
            "INSERT INTO consult_feed (id, change) VALUES ($1, 1)
             ON CONFLICT (id) DO UPDATE SET change = consult_feed.change + 1",
        )
        .bind(self.as_str())
    }

    /// Where the feed stands; no row before its first change.
    pub(super) fn position(&self) -> Statement {
        Statement::new("SELECT change FROM consult_feed WHERE id = $1").bind(self.as_str())
    }

    fn tag(&self) -> u32 {
        let hash = blake3::hash(self.0.as_bytes());
        let [a, b, c, d, ..] = *hash.as_bytes();
        u32::from_be_bytes([a, b, c, d])
    }

    /// The cursor that a client keeps.
    pub(super) fn cursor(&self, change: i64) -> Cursor {
        Cursor { change, tag: self.tag() }
    }

    /// Where `cursor` stands in this feed, which is at `newest`; `None` when it belongs to another
    /// feed, or to a future that a restored database has not seen.
    pub(super) fn place(&self, cursor: &str, newest: i64) -> Option<i64> {
        let cursor = cursor.parse::<Cursor>().ok()?;
        let fits = cursor.tag == self.tag() && (0..=newest).contains(&cursor.change);
        fits.then_some(cursor.change)
    }
}

/// Both feeds of a conversation: what every change of it begins with.
pub(super) fn advance_both(user: &UserId, institution: &InstitutionId) -> [Statement; 2] {
    [Feed::of_user(user).advance(), Feed::of_institution(institution).advance()]
}

/// `person` loses sight of `conversation` at the institution's current change.
pub(super) fn leave(person: &UserId, conversation: &Conversation) -> Statement {
    Statement::new(
        "INSERT INTO consult_left (person, conversation, change)
         SELECT $1, $2, f.change FROM consult_feed f WHERE f.id = $3
         ON CONFLICT (person, conversation) DO UPDATE SET change = excluded.change",
    )
    .bind(person.as_str())
    .bind(conversation.id.as_str())
    .bind(Feed::of_institution(&conversation.institution).as_str())
}

/// The conversations of the institution that `person` lost sight of after `change` in its feed, at
/// most `limit`. What they left behind elsewhere is numbered by another feed.
pub(super) fn left_since(
    person: &UserId,
    institution: &InstitutionId,
    change: i64,
    limit: i64,
) -> Statement {
    Statement::new(
        "SELECT l.conversation FROM consult_left l
         WHERE l.person = $1 AND l.change > $2 AND $3 =
             (SELECT c.institution FROM consult_conversation c WHERE c.id = l.conversation)
         ORDER BY l.conversation LIMIT $4",
    )
    .bind(person.as_str())
    .bind(change)
    .bind(institution.as_str())
    .bind(limit)
}

/// `person` sees `conversation` again.
pub(super) fn returned(person: &UserId, conversation: &ConversationId) -> Statement {
    Statement::new("DELETE FROM consult_left WHERE person = $1 AND conversation = $2")
        .bind(person.as_str())
        .bind(conversation.as_str())
}

/// A position in a feed, opaque to clients: `<change>.<which feed>` in hexadecimal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cursor {
    change: i64,
    tag: u32,
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:x}.{:08x}", self.change, self.tag)
    }
}

/// The text is no cursor.
#[derive(Debug)]
pub(super) struct NoCursor;

impl FromStr for Cursor {
    type Err = NoCursor;

    fn from_str(text: &str) -> Result<Self, NoCursor> {
        let (change, tag) = text.split_once('.').ok_or(NoCursor)?;
        let change = i64::from_str_radix(change, 16).map_err(|_| NoCursor)?;
        let tag = u32::from_str_radix(tag, 16).map_err(|_| NoCursor)?;
        Ok(Self { change, tag })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_fits_its_own_feed_and_its_own_past() {
        let feed = Feed::of_user(&"user1".into());
        let cursor = feed.cursor(31).to_string();
        assert_eq!(feed.place(&cursor, 40), Some(31));
        assert_eq!(feed.place(&cursor, 30), None, "a restored database");
        assert_eq!(Feed::of_user(&"user2".into()).place(&cursor, 40), None);
        assert_eq!(Feed::of_institution(&"user1".into()).place(&cursor, 40), None);
        for text in ["", "1f", ".", "-1.00000000", "x.y", "1f.1f.1f"] {
            assert_eq!(feed.place(text, 40), None, "{text}");
        }
    }
}
