//! Who may see what: the one place where it is decided, for rows and for queries alike.
//!
//! [`sight`] says what a viewer sees of one conversation, [`readable`] is the same decision as SQL,
//! and [`audience`] the same again for events; property tests hold the three together. Whoever is
//! out of scope gets `not_in_scope`, exactly as for a conversation that does not exist.

use super::{
    conversation::Conversation,
    session::State,
    viewer::{Standing, Viewer},
};
use crate::{
    directory::{SUPPORT, Staff, Tutor},
    error::Code,
    ids::UserId,
    operation::Refusal,
    store::{Statement, Value},
};

/// What a viewer sees of a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sight {
    /// Everything said in it: it is theirs.
    User,
    /// Everything said in it under the user's pseudonym: they own it.
    Owner,
    /// The same without owning it: they lead the institution, or are the platform's staff.
    Watcher,
    /// That somebody waits, and since when. No text.
    Queue,
}

impl Sight {
    /// Whether it covers what was said.
    pub(super) fn covers_text(self) -> bool {
        self != Self::Queue
    }
}

/// What `viewer` sees of `conversation`; `None` when it does not exist for them.
pub(super) fn sight(viewer: &Viewer, conversation: &Conversation) -> Option<Sight> {
    let is_ours = viewer.institution() == Some(&conversation.institution);
    let owns = conversation.is_owned_by(&viewer.person);
    match &viewer.standing {
        Standing::User => (conversation.user == viewer.person).then_some(Sight::User),
        Standing::Tutor(_) | Standing::Watcher(_) if is_ours && owns => Some(Sight::Owner),
        Standing::Watcher(_) if is_ours => Some(Sight::Watcher),
        Standing::Tutor(_) if is_ours && conversation.state == State::Queued => Some(Sight::Queue),
        Standing::Tutor(_) | Standing::Watcher(_) => None,
    }
}

/// The answer to everyone out of scope.
pub(super) fn out_of_scope() -> Refusal {
    Code::NotInScope.into()
}

/// A condition on `consult_conversation c`, with the values of its placeholders.
#[derive(Debug)]
pub(super) struct Filter {
    /// Placeholders count from the number that was asked for.
    pub(super) clause: String,
    pub(super) values: Vec<Value>,
}

impl Filter {
    /// The number of the placeholder after this filter's, which begin at `first`.
    pub(super) fn next(&self, first: usize) -> usize {
        first + self.values.len()
    }

    /// Binds the filter's values.
    pub(super) fn bind(self, statement: Statement) -> Statement {
        self.values.into_iter().fold(statement, Statement::bind)
    }
}

/// The conversations whose text `viewer` may read; placeholders count from `first`.
pub(super) fn readable(viewer: &Viewer, first: usize) -> Filter {
    let person = Value::from(viewer.person.as_str());
    match &viewer.standing {
        Standing::User => Filter { clause: format!("c.user_id = ${first}"), values: vec![person] },
        Standing::Tutor(institution) => Filter {
            clause: format!("c.institution = ${first} AND c.owner = ${}", first + 1),
            values: vec![institution.as_str().into(), person],
        },
        Standing::Watcher(institution) => Filter {
            clause: format!("c.institution = ${first}"),
            values: vec![institution.as_str().into()],
        },
    }
}

/// The people that a conversation's events go to, apart from those who only see the queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Audience {
    /// The candidate.
    pub(super) user: UserId,
    /// The owner and the watchers, each once.
    pub(super) institution: Vec<UserId>,
}

/// Everyone in scope of the text. `staff` are the people who work for the institution now: an owner
/// who has left it hears nothing more.
pub(super) fn audience(conversation: &Conversation, staff: &Staff, admin_reads: bool) -> Audience {
    let watchers = staff.overseers().filter(|it| is_watcher(it, admin_reads));
    let mut institution: Vec<_> = watchers.map(|it| it.id.clone()).collect();
    let owner = conversation.owner.as_ref().filter(|owner| staff.member(owner).is_some());
    if let Some(owner) = owner
        && let Err(at) = institution.binary_search(owner)
    {
        institution.insert(at, owner.clone());
    }
    Audience { user: conversation.user.clone(), institution }
}

/// Whether a member of the staff sees conversations that others own: the platform's staff do, an
/// institution's admins unless the platform has switched it off.
pub(super) fn is_watcher(member: &Tutor, admin_reads: bool) -> bool {
    member.institution.as_str() == SUPPORT || (member.admin && admin_reads)
}

#[cfg(test)]
mod tests;
