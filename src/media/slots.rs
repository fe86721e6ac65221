//! How many uploads are under way, of all and of one user.
//!
//! Each holds its file in memory, and a slow sender holds a place for long.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::Fault;
use crate::ids::UserId;

/// The places for uploads.
pub(super) struct Slots {
    room: Arc<Semaphore>,
    per_user: usize,
    users: Arc<Users>,
}

type Users = Mutex<HashMap<UserId, usize>>;

/// A place, until it is dropped.
pub(super) struct Slot {
    user: UserId,
    users: Arc<Users>,
    _room: OwnedSemaphorePermit,
}

impl Slots {
    pub(super) fn new(max: usize, per_user: usize) -> Self {
        let room = Arc::new(Semaphore::new(max.min(Semaphore::MAX_PERMITS)));
        Self { room, per_user, users: Arc::default() }
    }

    /// Takes a place for an upload of `user`.
    pub(super) fn enter(&self, user: &UserId) -> Result<Slot, Fault> {
        let mut users = locked(&self.users);
        let count = users.get(user).copied().unwrap_or(0);
        if count >= self.per_user {
            return Err(Fault::Busy("uploads of yours are under way; send one after the other"));
        }
        let room = Arc::clone(&self.room).try_acquire_owned();
        let room = room.map_err(|_| Fault::Busy("too many uploads are under way"))?;
        users.insert(user.clone(), count + 1);
        Ok(Slot { user: user.clone(), users: Arc::clone(&self.users), _room: room })
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut users = locked(&self.users);
        match users.get_mut(&self.user) {
            Some(count) if *count > 1 => *count -= 1,
            _ => drop(users.remove(&self.user)),
        }
    }
}

fn locked(users: &Users) -> MutexGuard<'_, HashMap<UserId, usize>> {
    users.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_has_so_many_places_and_all_together_have_so_many() {
        let slots = Slots::new(3, 2);
        let (one, other) = (UserId::from("one"), UserId::from("other"));
        let first = slots.enter(&one).ok();
        let _second = slots.enter(&one).ok().unwrap();
        assert!(slots.enter(&one).is_err());
        let _third = slots.enter(&other).ok().unwrap();
        assert!(slots.enter(&other).is_err(), "all are taken");
        drop(first);
        assert!(slots.enter(&one).is_ok());
        assert_eq!(locked(&slots.users).len(), 2);
    }
}
