//! The transport without a handshake: what is heard of a client, and how its connection is served.

mod lines;
mod sockets;

use std::{
    io,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Wake, Waker},
};

use tokio::sync::Notify;

use crate::hub::Wire;

/// A wire that takes everything, and keeps it.
#[derive(Clone, Default)]
struct Paper {
    written: Arc<Mutex<Vec<u8>>>,
    news: Arc<Notify>,
}

impl Paper {
    /// What was written since the last look.
    fn take(&self) -> Vec<u8> {
        std::mem::take(&mut *self.written.lock().unwrap())
    }

    /// What is written next.
    async fn next(&self) -> Vec<u8> {
        loop {
            let written = self.take();
            if !written.is_empty() {
                return written;
            }
            self.news.notified().await;
        }
    }
}

impl Wire for Paper {
    fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        self.written.lock().unwrap().extend_from_slice(bytes);
        self.news.notify_one();
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
