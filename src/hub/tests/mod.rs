//! The hub without sockets: what it delivers to whom, in which order, and whom it gives up.

mod deferred;
mod drain;
mod flushers;
mod mailboxes;
mod model;
mod paced;
mod topics;

use std::{
    io,
    sync::{
        Arc, Mutex, MutexGuard,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Wake, Waker},
};

use bytes::Bytes;

use super::{Bounds, Dialect, Mailbox, Wire};
use crate::ids::ConnectionId;

/// A client's end of a wire: it takes as much as it has room for, and keeps it.
#[derive(Clone)]
struct Paper(Arc<Mutex<Sheet>>);

struct Sheet {
    taken: Vec<u8>,
    room: usize,
    writes: usize,
    is_torn: bool,
}

impl Paper {
    /// One that takes everything.
    fn endless() -> Self {
        Self::with_room(usize::MAX)
    }

    /// One that takes so many bytes, and then nothing.
    fn with_room(room: usize) -> Self {
        let sheet = Sheet { taken: Vec::new(), room, writes: 0, is_torn: false };
        Self(Arc::new(Mutex::new(sheet)))
    }

    fn sheet(&self) -> MutexGuard<'_, Sheet> {
        self.0.lock().unwrap()
    }

    /// Takes so many bytes from now on.
    fn make_room(&self, room: usize) {
        self.sheet().room = room;
    }

    /// Takes nothing any more, for good.
    fn tear(&self) {
        self.sheet().is_torn = true;
    }

    /// What was taken since the last look.
    fn take(&self) -> Vec<u8> {
        std::mem::take(&mut self.sheet().taken)
    }

    fn text(&self) -> String {
        String::from_utf8(self.take()).unwrap()
    }
}

impl Wire for Paper {
    fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        let mut sheet = self.sheet();
        if sheet.is_torn {
            return Err(io::ErrorKind::ConnectionReset.into());
        }
        let count = bytes.len().min(sheet.room);
        if count == 0 {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        sheet.writes += 1;
        sheet.room -= count;
        sheet.taken.extend_from_slice(&bytes[..count]);
        Ok(count)
    }
}

/// A mailbox over `paper` that holds `bytes_max`.
fn mailbox(paper: &Paper, dialect: Dialect, bytes_max: usize) -> Arc<Mailbox> {
    let wire = Box::new(paper.clone());
    Arc::new(Mailbox::new(ConnectionId::fresh(), dialect, Bounds { bytes_max }, wire))
}

fn frame(text: &'static str) -> Bytes {
    Bytes::from(text)
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
