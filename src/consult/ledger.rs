//! The conversation's row: how it is found, and how each record moves it.
//!
//! Every move is guarded by `owner_version`, which changes with session, state and owner: who decided
//! on an older state is refused by the database, reads again and decides again. What an author says
//! is guarded by the number of lines of their side too: it was judged together with the last of them.
//! What moves a row without a record must tell [`super::motion`], which remembers rows.
//! `$seq` and `$at` are the archive's: the number and time of the record that the move stands beside.

use super::{
    conversation::{COLUMNS, Conversation},
    entry::Entry,
    feed::{Feed, advance_both},
    scope::Filter,
    session::State,
    view::institution::Mask,
    viewer::Viewer,
};
use crate::{
    archive::Receipt,
    ids::{ConversationId, InstitutionId, ServiceSessionId, UserId},
    moderation::Side,
    store::{Statement, Value},
};

/// How a record moves its conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Move {
    /// A line that the other side reads as an answer or a question.
    Said(Side),
    /// A line that stands for a text nobody reads: it answers nothing.
    Concealed(Side),
    /// No line yet: a text that waits for its author.
    Held(Side),
    /// No line at all.
    Quiet,
    /// A new service session, with a tutor or in the queue.
    Open { session: ServiceSessionId, owner: Option<UserId> },
    /// A tutor takes the session from the queue.
    Accept { owner: UserId },
    /// The session goes back to the queue, without its owner.
    Requeue,
    /// The session is over; its owner keeps sight of it.
    End,
}

/// The conversation with this id.
pub(super) fn by_id(id: &ConversationId) -> Statement {
    Statement::new(format!("SELECT {COLUMNS} FROM consult_conversation c WHERE c.id = $1"))
        .bind(id.as_str())
}

/// The conversation of this pair.
pub(super) fn by_pair(user: &UserId, institution: &InstitutionId) -> Statement {
    let sql = format!(
        "SELECT {COLUMNS} FROM consult_conversation c WHERE c.user_id = $1 AND c.institution = $2"
    );
    Statement::new(sql).bind(user.as_str()).bind(institution.as_str())
}

/// `SELECT` of what [`super::conversation::Listed`] reads, for `viewer`: placeholder `$1` is spent.
pub(super) fn listed(viewer: &Viewer, rest: &str) -> Statement {
    let sql = format!(
        "SELECT {COLUMNS}, m.read_seq, m.read_lines, d.state FROM consult_conversation c
         LEFT JOIN consult_mark m ON m.conversation = c.id AND m.person = $1
         LEFT JOIN consult_desk d ON d.tutor = c.owner
         {rest}"
    );
    Statement::new(sql).bind(viewer.person.as_str())
}

/// One conversation as `viewer` finds it in a list.
pub(super) fn listed_one(viewer: &Viewer, id: &ConversationId) -> Statement {
    listed(viewer, "WHERE c.id = $2").bind(id.as_str())
}

/// Those that changed after `change` in the viewer's feed, oldest change first.
pub(super) fn changed_since(
    viewer: &Viewer,
    readable: Filter,
    change: i64,
    limit: i64,
) -> Statement {
    let column = match viewer.side() {
        Side::User => "user_change",
        Side::Institution => "institution_change",
    };
    let at = readable.next(2);
    let rest = format!(
        "WHERE {} AND c.{column} > ${at} ORDER BY c.{column} LIMIT ${}",
        readable.clause,
        at + 1
    );
    readable.bind(listed(viewer, &rest)).bind(change).bind(limit)
}

/// The institution's queue, those who have waited longest first.
pub(super) fn queue(institution: &InstitutionId, limit: i64) -> Statement {
    let sql = format!(
        "SELECT {COLUMNS} FROM consult_conversation c
         WHERE c.institution = $1 AND c.state = 'queued' ORDER BY c.turned_at, c.id LIMIT $2"
    );
    Statement::new(sql).bind(institution.as_str()).bind(limit)
}

/// How many wait in the institution's queue, and since when the first of them.
pub(super) fn queue_length(institution: &InstitutionId) -> Statement {
    Statement::new(
        "SELECT COUNT(*), MIN(turned_at) FROM consult_conversation
         WHERE institution = $1 AND state = 'queued'",
    )
    .bind(institution.as_str())
}

/// What `tutor` serves now for `institution`.
pub(super) fn served_by(tutor: &UserId, institution: &InstitutionId, limit: i64) -> Statement {
    let sql = format!(
        "SELECT {COLUMNS} FROM consult_conversation c
         WHERE c.owner = $1 AND c.institution = $2 AND c.state = 'serving'
         ORDER BY c.turned_at, c.id LIMIT $3"
    );
    Statement::new(sql).bind(tutor.as_str()).bind(institution.as_str()).bind(limit)
}

/// What a conversation begins with.
pub(super) struct Beginning<'a> {
    pub(super) id: &'a ConversationId,
    pub(super) user: &'a UserId,
    pub(super) institution: &'a InstitutionId,
    pub(super) mask: &'a Mask,
    pub(super) session: &'a ServiceSessionId,
    pub(super) owner: Option<&'a UserId>,
}

impl Beginning<'_> {
    /// Beside the conversation's first record: its row, guarded against a second one for the pair.
    pub(super) fn statements(&self) -> Vec<Statement> {
        let (user_feed, institution_feed) =
            (Feed::of_user(self.user), Feed::of_institution(self.institution));
        let insert = Statement::new(
            "INSERT INTO consult_conversation
                 (id, user_id, institution, pseudonym, mask_name, mask_avatar, opened_at, session,
                  state, turned_at, owner, owner_version, last_seq, line_seq, line_at, user_lines,
                  institution_lines, owner_read_seq, user_change, institution_change)
             VALUES ($1, $2, $3, $4, $5, $6, $at, $7, $8, $at, $9, 1, $seq, 0, $at, 0, 0, 0,
                 (SELECT change FROM consult_feed WHERE id = $10),
                 (SELECT change FROM consult_feed WHERE id = $11))
             ON CONFLICT (user_id, institution) DO NOTHING",
        )
        .bind(self.id.as_str())
        .bind(self.user.as_str())
        .bind(self.institution.as_str())
        .bind(self.mask.pseudonym.as_str())
        .bind(self.mask.name.as_str())
        .bind(self.mask.avatar_seed.as_str())
        .bind(self.session.as_str())
        .bind(State::at_opening(self.owner).as_str())
        .bind(self.owner.map(UserId::as_str))
        .bind(user_feed.as_str())
        .bind(institution_feed.as_str())
        .touching(1);
        [advance_both(&user_feed, &institution_feed), insert].into()
    }
}

/// Beside a record: the feeds move, and the conversation with them.
pub(super) fn advance(conversation: &Conversation, step: &Move) -> Vec<Statement> {
    let (set, values) = step.set();
    update(conversation, set, values, step.speaker())
}

/// Without a record: the owner has read up to `seq`, further than any before them; the user sees that.
pub(super) fn read_by_owner(conversation: &Conversation, seq: i64) -> Vec<Statement> {
    update(conversation, "owner_read_seq = $1", vec![seq.into()], None)
}

/// Without a record: something that only the lists of the viewer's side show has changed. The other
/// side's feed stands still, so that it does not learn when a user reads.
pub(super) fn touch(conversation: &Conversation, side: Side) -> Vec<Statement> {
    let (feed, column) = match side {
        Side::User => (Feed::of_user(&conversation.user), "user_change"),
        Side::Institution => {
            (Feed::of_institution(&conversation.institution), "institution_change")
        }
    };
    let sql = format!(
        "UPDATE consult_conversation
         SET {column} = (SELECT change FROM consult_feed WHERE id = $1) WHERE id = $2"
    );
    let update = Statement::new(sql).bind(feed.as_str()).bind(conversation.id.as_str());
    [feed.advance(), update].into()
}

/// Without a record: the users whom `tutor` serves for `institution` see another state of the tutor's.
pub(super) fn touch_served(tutor: &UserId, institution: &InstitutionId) -> [Statement; 2] {
    let served = "owner = $1 AND institution = $2 AND state = 'serving'";
    let feed = Feed::of_user_in("user_id");
    let advance = format!(
        "INSERT INTO consult_feed (id, change)
         SELECT {feed}, 1 FROM consult_conversation WHERE {served}
         ON CONFLICT (id) DO UPDATE SET change = consult_feed.change + 1"
    );
    let update = format!(
        "UPDATE consult_conversation
         SET user_change = (SELECT change FROM consult_feed WHERE id = {feed}) WHERE {served}"
    );
    [advance, update].map(|sql| Statement::new(sql).bind(tutor.as_str()).bind(institution.as_str()))
}

/// Guarded by what `speaker`, who says something, has said before.
fn update(
    conversation: &Conversation,
    set: &str,
    values: Vec<Value>,
    speaker: Option<Side>,
) -> Vec<Statement> {
    let user = Feed::of_user(&conversation.user);
    let institution = Feed::of_institution(&conversation.institution);
    let at = values.len() + 1;
    let lines = match speaker {
        None => String::new(),
        Some(Side::User) => format!(" AND user_lines = ${}", at + 4),
        Some(Side::Institution) => format!(" AND institution_lines = ${}", at + 4),
    };
    let sql = format!(
        "UPDATE consult_conversation SET {set},
             user_change = (SELECT change FROM consult_feed WHERE id = ${at}),
             institution_change = (SELECT change FROM consult_feed WHERE id = ${})
         WHERE id = ${} AND owner_version = ${}{lines}",
        at + 1,
        at + 2,
        at + 3
    );
    let mut update = values
        .into_iter()
        .fold(Statement::new(sql), Statement::bind)
        .bind(user.as_str())
        .bind(institution.as_str())
        .bind(conversation.id.as_str())
        .bind(conversation.owner_version)
        .touching(1);
    if let Some(side) = speaker {
        update = update.bind(conversation.lines_of(side));
    }
    [advance_both(&user, &institution), update].into()
}

impl Move {
    /// How a word of `side` moves its conversation; `None` for what is no word.
    pub(super) fn of_word(entry: &Entry, side: Side) -> Option<Self> {
        match entry {
            Entry::Message { .. } => Some(Self::Said(side)),
            Entry::Hidden { .. } => Some(Self::Concealed(side)),
            Entry::Hold { .. } => Some(Self::Held(side)),
            Entry::Discard { .. } | Entry::Recall { .. } | Entry::Session { .. } => None,
        }
    }

    /// The side that says something, if any does.
    fn speaker(&self) -> Option<Side> {
        match self {
            Self::Said(side) | Self::Concealed(side) | Self::Held(side) => Some(*side),
            Self::Quiet | Self::Open { .. } | Self::Accept { .. } | Self::Requeue | Self::End => {
                None
            }
        }
    }

    fn set(&self) -> (&'static str, Vec<Value>) {
        match self {
            Self::Said(Side::User) => (
                "last_seq = $seq, line_seq = $seq, line_at = $at, user_lines = user_lines + 1,
                 waiting_since = COALESCE(waiting_since, $at)",
                Vec::new(),
            ),
            Self::Said(Side::Institution) => (
                "last_seq = $seq, line_seq = $seq, line_at = $at,
                 institution_lines = institution_lines + 1, waiting_since = NULL,
                 answered_at = COALESCE(answered_at, $at)",
                Vec::new(),
            ),
            Self::Concealed(Side::User) => (
                "last_seq = $seq, line_seq = $seq, line_at = $at, user_lines = user_lines + 1",
                Vec::new(),
            ),
            Self::Concealed(Side::Institution) => (
                "last_seq = $seq, line_seq = $seq, line_at = $at,
                 institution_lines = institution_lines + 1",
                Vec::new(),
            ),
            Self::Held(_) | Self::Quiet => ("last_seq = $seq", Vec::new()),
            Self::Open { session, owner } => (
                "last_seq = $seq, session = $1, state = $2, owner = $3, turned_at = $at,
                 owner_version = owner_version + 1, waiting_since = NULL, answered_at = NULL",
                vec![
                    session.as_str().into(),
                    State::at_opening(owner.as_ref()).as_str().into(),
                    owner.as_ref().map(UserId::as_str).into(),
                ],
            ),
            Self::Accept { owner } => (
                "last_seq = $seq, state = 'serving', owner = $1, turned_at = $at,
                 owner_version = owner_version + 1",
                vec![owner.as_str().into()],
            ),
            Self::Requeue => (
                "last_seq = $seq, state = 'queued', owner = NULL, turned_at = $at,
                 owner_version = owner_version + 1",
                Vec::new(),
            ),
            Self::End => (
                "last_seq = $seq, state = 'ended', turned_at = $at, waiting_since = NULL,
                 owner_version = owner_version + 1",
                Vec::new(),
            ),
        }
    }

    /// How `before` stands after it, with the record of `at`: what [`Move::set`] writes. Nobody reads
    /// the row again for it, since a read may be refused when the move is made already.
    pub(super) fn after(&self, before: &Conversation, at: Receipt) -> Conversation {
        let mut after = Conversation { last_seq: at.seq, ..before.clone() };
        match self {
            Self::Said(side) => {
                after.add_line(*side, at);
                after.waiting_since = match side {
                    Side::User => before.waiting_since.or(Some(at.at_ms)),
                    Side::Institution => None,
                };
            }
            Self::Concealed(side) => after.add_line(*side, at),
            Self::Held(_) | Self::Quiet => {}
            Self::Open { session, owner } => {
                after.turn_to(State::at_opening(owner.as_ref()), owner.clone(), at);
                after.session = session.clone();
                after.waiting_since = None;
            }
            Self::Accept { owner } => after.turn_to(State::Serving, Some(owner.clone()), at),
            Self::Requeue => after.turn_to(State::Queued, None, at),
            Self::End => {
                after.turn_to(State::Ended, before.owner.clone(), at);
                after.waiting_since = None;
            }
        }
        after
    }
}
