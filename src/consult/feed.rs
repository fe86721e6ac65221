//! What changed since: a counter for each user and each institution, moved with every change.
//!
//! `consult.sync` compares a conversation's number in its feed with the caller's cursor. Numbers are
//! given inside the transaction that makes the change, so none is ever seen late; time plays no part.

use std::{fmt, str::FromStr};

use super::{
    conversation::Conversation,
    viewer::{Standing, Viewer},
};
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

    /// The name of the feed of the user in `column`, as SQL.
    pub(super) fn of_user_in(column: &str) -> String {
        format!("'u:' || {column}")
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
}

/// Moves both feeds of a conversation by one: what every change of it begins with. One statement, since
/// it runs for each message.
pub(super) fn advance_both(user: &Feed, institution: &Feed) -> Statement {
    Statement::new(
        "INSERT INTO consult_feed (id, change) VALUES ($1, 1), ($2, 1)
         ON CONFLICT (id) DO UPDATE SET change = consult_feed.change + 1",
    )
    .bind(user.as_str())
    .bind(institution.as_str())
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

/// Where a viewer stands in their feed, opaque to clients: `<change>.<whose>` in hexadecimal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cursor {
    change: i64,
    tag: u32,
}

impl Cursor {
    /// The cursor that `viewer` keeps when their feed is at `change`.
    pub(super) fn of(viewer: &Viewer, change: i64) -> Self {
        Self { change, tag: tag(viewer) }
    }

    /// The change that `text` stands for in the feed of `viewer`, which is at `newest`; `None` when
    /// it is another viewer's, or of a future that a restored database has not seen.
    pub(super) fn read(text: &str, viewer: &Viewer, newest: i64) -> Option<i64> {
        let cursor = text.parse::<Self>().ok()?;
        let fits = cursor.tag == tag(viewer) && (0..=newest).contains(&cursor.change);
        fits.then_some(cursor.change)
    }
}

/// Names a person in one standing. The feed alone is not enough: what a tutor does not see moves it
/// too, so a tutor who has become an admin, or an admin who may read again, would go on without
/// everything that others served before.
fn tag(viewer: &Viewer) -> u32 {
    let (standing, institution) = match &viewer.standing {
        Standing::User => ("user", ""),
        Standing::Tutor(institution) => ("tutor", institution.as_str()),
        Standing::Watcher(institution) => ("watcher", institution.as_str()),
    };
    let mut hasher = blake3::Hasher::new();
    for part in [standing, institution, viewer.person.as_str()] {
        // The length keeps ("ab", "c") and ("a", "bc") apart.
        hasher.update(&(part.len() as u64).to_be_bytes());
        hasher.update(part.as_bytes());
    }
    let [a, b, c, d, ..] = *hasher.finalize().as_bytes();
    u32::from_be_bytes([a, b, c, d])
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

    fn viewer(person: &str, standing: Standing) -> Viewer {
        Viewer { person: person.into(), standing }
    }

    #[test]
    fn a_cursor_fits_its_own_viewer_and_its_own_past() {
        let user = viewer("user1", Standing::User);
        let cursor = Cursor::of(&user, 31).to_string();
        assert_eq!(Cursor::read(&cursor, &user, 40), Some(31));
        assert_eq!(Cursor::read(&cursor, &user, 30), None, "a restored database");
        for text in ["", "1f", ".", "-1.00000000", "x.y", "1f.1f.1f"] {
            assert_eq!(Cursor::read(text, &user, 40), None, "{text}");
        }
    }

    #[test]
    fn everyone_has_a_cursor_of_their_own_in_each_standing() {
        let viewers = [
            viewer("ann", Standing::User),
            viewer("bob", Standing::User),
            viewer("ann", Standing::Tutor("inst1".into())),
            viewer("bob", Standing::Tutor("inst1".into())),
            viewer("ann", Standing::Watcher("inst1".into())),
            viewer("ann", Standing::Tutor("inst2".into())),
            viewer("1ann", Standing::Tutor("inst".into())),
        ];
        for (at, whose) in viewers.iter().enumerate() {
            let cursor = Cursor::of(whose, 31).to_string();
            let fits = |viewer: &Viewer| Cursor::read(&cursor, viewer, 40).is_some();
            let found: Vec<_> = viewers.iter().map(fits).collect();
            let expected: Vec<_> = (0..viewers.len()).map(|other| other == at).collect();
            assert_eq!(found, expected, "{whose:?}");
        }
    }
}
