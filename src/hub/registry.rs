//! Who is connected to this node: by connection, and by user.

use std::sync::Arc;

use dashmap::{DashMap, mapref::entry::Entry};

use crate::{
    hub::Mailbox,
    ids::{ConnectionId, UserId},
};

/// The user has as many connections as one may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the user has too many connections")]
pub struct Crowded;

/// The connections of this node. Locks are taken one at a time and never across another.
#[derive(Default)]
pub struct Registry {
    connections: DashMap<ConnectionId, Arc<Mailbox>>,
    users: DashMap<UserId, Vec<Arc<Mailbox>>>,
}

impl Registry {
    /// Lets a connection in, not yet as anybody's.
    pub fn admit(&self, mailbox: &Arc<Mailbox>) {
        self.connections.insert(mailbox.id(), Arc::clone(mailbox));
    }

    /// Notes whose connection it is; at most `per_user` at a time when that is not 0.
    pub fn identify(
        &self,
        user: &UserId,
        mailbox: &Arc<Mailbox>,
        per_user: u32,
    ) -> Result<(), Crowded> {
        let mut mailboxes = self.users.entry(user.clone()).or_default();
        if per_user > 0 && mailboxes.len() >= per_user as usize {
            return Err(Crowded);
        }
        mailboxes.push(Arc::clone(mailbox));
        Ok(())
    }

    /// Lets a connection go. Only the connection itself is removed, never its user's others.
    pub fn leave(&self, user: Option<&UserId>, connection: ConnectionId) {
        self.connections.remove(&connection);
        let Some(user) = user else { return };
        if let Entry::Occupied(mut mailboxes) = self.users.entry(user.clone()) {
            mailboxes.get_mut().retain(|mailbox| mailbox.id() != connection);
            if mailboxes.get().is_empty() {
                mailboxes.remove();
            }
        }
    }

    /// The user's connections on this node.
    pub fn of_user(&self, user: &UserId) -> Vec<Arc<Mailbox>> {
        self.users.get(user).map(|mailboxes| mailboxes.clone()).unwrap_or_default()
    }

    /// Whether the user has a connection on this node.
    pub fn has_user(&self, user: &UserId) -> bool {
        self.users.contains_key(user)
    }

    /// Calls `visit` for every connection.
    pub fn for_each(&self, mut visit: impl FnMut(&Arc<Mailbox>)) {
        for entry in &self.connections {
            visit(entry.value());
        }
    }

    /// How many connections, and of how many users.
    pub fn counts(&self) -> (usize, usize) {
        (self.connections.len(), self.users.len())
    }
}
