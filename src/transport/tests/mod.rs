//! The transport without a handshake: what is heard of a client, and how its connection is served.

mod sockets;

use std::{
    io,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Wake, Waker},
};

use crate::hub::Wire;

/// A wire that takes everything, and keeps it.
#[derive(Clone, Default)]
struct Paper(Arc<Mutex<Vec<u8>>>);

impl Paper {
    /// What was written since the last look.
    fn take(&self) -> Vec<u8> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }
}

impl Wire for Paper {
    fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }
}

/// A task that counts how often it is woken.
#[derive(Default)]
struct Sleeper(AtomicUsize);

impl Sleeper {
    fn waker(self: &Arc<Self>) -> Waker {
        Arc::clone(self).into()
    }

    /// How often it was woken since the last look.
    fn woken(&self) -> usize {
        self.0.swap(0, Ordering::Relaxed)
    }
}

impl Wake for Sleeper {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}
