//! Everyone who acts for one institution, found by id: it may be hundreds, and each message asks.

use super::{SUPPORT, Tutor};
use crate::ids::UserId;

/// The people who act for one institution now.
#[derive(Debug, Default)]
pub struct Staff {
    /// By id.
    members: Vec<Tutor>,
    /// Where among them those stand who may look at what others do.
    overseers: Vec<usize>,
}

impl Staff {
    /// The staff that `members` make, whatever order they come in.
    pub fn new(mut members: Vec<Tutor>) -> Self {
        members.sort_unstable_by(|a, b| a.id.cmp(&b.id));
        let oversees = |it: &Tutor| it.admin || it.institution.as_str() == SUPPORT;
        let numbered = members.iter().enumerate().filter(|(_, it)| oversees(it));
        let overseers = numbered.map(|(at, _)| at).collect();
        Self { members, overseers }
    }

    /// All of them, by id.
    pub fn iter(&self) -> impl Iterator<Item = &Tutor> {
        self.members.iter()
    }

    /// The one with this id.
    pub fn member(&self, id: &UserId) -> Option<&Tutor> {
        let at = self.members.binary_search_by(|it| it.id.cmp(id)).ok()?;
        self.members.get(at)
    }

    /// The admins among them, by id; of the platform's own staff everybody.
    pub fn overseers(&self) -> impl Iterator<Item = &Tutor> {
        self.overseers.iter().filter_map(|at| self.members.get(*at))
    }
}
