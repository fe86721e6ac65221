//! A room in this node's memory: what is known of it, and what is on its way to its viewers.

use std::sync::{
    Arc, Mutex, MutexGuard, PoisonError,
    atomic::{AtomicBool, AtomicI64, Ordering},
};

use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::Instant,
};

use super::{crowd::Crowd, delay::Delayed, facts::Facts};
use crate::{
    config,
    ids::{ChannelName, RoomId},
};

/// A room in memory. Idle, it costs what its facts take and nothing else.
pub(super) struct Room {
    pub(super) id: RoomId,
    /// The channel of its viewers.
    pub(super) viewers: ChannelName,
    /// The channel of its staff.
    pub(super) desk: ChannelName,
    facts: Mutex<Arc<Facts>>,
    pub(super) crowd: Mutex<Crowd>,
    pub(super) delayed: Mutex<Delayed>,
    pub(super) likes: Likes,
    touched_at: Mutex<Instant>,
    turn: Arc<Semaphore>,
    /// It may stand otherwise than its facts say.
    is_doubted: AtomicBool,
}

/// Likes that were given, and not yet told or stored.
#[derive(Debug, Default)]
pub(super) struct Likes {
    /// Since viewers were last told.
    untold: AtomicI64,
    /// Since they were last stored.
    unstored: AtomicI64,
    /// All that this node knows of.
    total: AtomicI64,
}

impl Room {
    pub(super) fn new(facts: Facts, config: &config::live::Live) -> Self {
        let id = facts.charter.id.clone();
        let likes = Likes::default();
        likes.total.store(facts.charter.likes, Ordering::Relaxed);
        Self {
            viewers: viewers_of(&id),
            desk: desk_of(&id),
            id,
            facts: Mutex::new(Arc::new(facts)),
            crowd: Mutex::new(Crowd::new(config, fastrand::Rng::new())),
            delayed: Mutex::default(),
            likes,
            touched_at: Mutex::new(Instant::now()),
            turn: Arc::new(Semaphore::new(1)),
            is_doubted: AtomicBool::new(false),
        }
    }

    /// The room as it stands.
    pub(super) fn facts(&self) -> Arc<Facts> {
        Arc::clone(&lock(&self.facts))
    }

    /// Waits until nobody changes the room any more; first come, first served. Each change is decided on
    /// the one before it: at once, all but one would be refused by the database and decided again. Who
    /// waits holds no data, and no more wait than operations may run at once (`rates.running_max`).
    pub(super) async fn turn(&self) -> Option<OwnedSemaphorePermit> {
        // Nobody closes it, so there always is one.
        Arc::clone(&self.turn).acquire_owned().await.ok()
    }

    /// The same, if nobody changes it just now.
    pub(super) fn free_turn(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.turn).try_acquire_owned().ok()
    }

    /// Takes newer facts in; older ones, read before a change, are passed over. What was known before,
    /// if others are known now.
    pub(super) fn renew(&self, facts: Facts) -> Option<Arc<Facts>> {
        let mut known = lock(&self.facts);
        if facts.charter.turn < known.charter.turn {
            return None;
        }
        self.is_doubted.store(false, Ordering::Relaxed);
        Some(std::mem::replace(&mut *known, Arc::new(facts)))
    }

    /// It may have changed: it is to be read again before anybody needs it.
    pub(super) fn doubt(&self) {
        self.is_doubted.store(true, Ordering::Relaxed);
    }

    /// Whether it is to be read again.
    pub(super) fn is_doubted(&self) -> bool {
        self.is_doubted.load(Ordering::Relaxed)
    }

    /// Notes that somebody needs it.
    pub(super) fn touch(&self) {
        *lock(&self.touched_at) = Instant::now();
    }

    /// When somebody needed it last.
    pub(super) fn touched_at(&self) -> Instant {
        *lock(&self.touched_at)
    }

    /// Whether something is on its way, or likes are not stored yet.
    pub(super) fn is_busy(&self) -> bool {
        lock(&self.crowd).is_gathering()
            || lock(&self.delayed).is_busy()
            || self.likes.unstored.load(Ordering::Relaxed) > 0
    }
}

impl Likes {
    /// So many more.
    pub(super) fn add(&self, count: i64) {
        for number in [&self.untold, &self.unstored, &self.total] {
            number.fetch_add(count, Ordering::Relaxed);
        }
    }

    /// Those that viewers were not told of, and all.
    pub(super) fn tell(&self) -> (i64, i64) {
        (self.untold.swap(0, Ordering::Relaxed), self.total())
    }

    /// All that this node knows of.
    pub(super) fn total(&self) -> i64 {
        self.total.load(Ordering::Relaxed)
    }

    /// Those that are to be stored now.
    pub(super) fn unstored(&self) -> i64 {
        self.unstored.swap(0, Ordering::Relaxed)
    }

    /// They were not stored after all.
    pub(super) fn put_back(&self, count: i64) {
        self.unstored.fetch_add(count, Ordering::Relaxed);
    }
}

/// The channel of a room's viewers.
pub(super) fn viewers_of(room: &RoomId) -> ChannelName {
    ChannelName::new(format!("live:{room}"))
}

fn desk_of(room: &RoomId) -> ChannelName {
    ChannelName::new(format!("live_desk:{room}"))
}

/// Whether `text` may name a room: it stands in names of channels and threads.
pub(super) fn is_room_id(text: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    (1..=64).contains(&text.len()) && text.bytes().all(fits)
}

/// A lock that outlives a panic of its holder: what it guards is whole between statements.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
