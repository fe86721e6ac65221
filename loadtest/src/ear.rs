//! Listening: many links read by as many small tasks, and one place where they count.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use anyhow::bail;
use tokio::{task::JoinSet, time::Instant};

use crate::{latency::Latency, link::Link, stamp::Stamps, wire::frame_len};

/// One listener in so many looks for stamps: reading every one would slow the listening.
const STAMPED_EVERY: usize = 16;

/// How often somebody who waits looks at the counters.
const LOOK: Duration = Duration::from_millis(1);

/// What all listeners of one crowd have heard.
#[derive(Debug)]
pub(crate) struct Ear {
    messages: AtomicU64,
    bytes: AtomicU64,
    lost: Mutex<Option<String>>,
    latency: Mutex<Latency>,
    stamps: Stamps,
}

/// The tasks that listen; they end when this is dropped.
#[derive(Debug)]
pub(crate) struct Listeners {
    ear: Arc<Ear>,
    _tasks: JoinSet<()>,
}

impl Listeners {
    /// Listens to every link.
    pub(crate) fn start(links: Vec<Link>, stamps: Stamps) -> Self {
        let ear = Arc::new(Ear {
            messages: AtomicU64::new(0),
            bytes: AtomicU64::new(0),
            lost: Mutex::default(),
            latency: Mutex::new(Latency::new()),
            stamps,
        });
        let mut tasks = JoinSet::new();
        for (number, link) in links.into_iter().enumerate() {
            let is_stamped = number % STAMPED_EVERY == 0;
            tasks.spawn(listen(link, Arc::clone(&ear), is_stamped));
        }
        Self { ear, _tasks: tasks }
    }

    /// How many messages were heard so far.
    pub(crate) fn messages(&self) -> u64 {
        self.ear.messages.load(Ordering::Relaxed)
    }

    /// The mean size of a message with its frame, in bytes.
    pub(crate) fn message_bytes(&self) -> f64 {
        self.ear.bytes.load(Ordering::Relaxed) as f64 / self.messages() as f64
    }

    /// Forgets latencies heard so far, as after a warm-up.
    pub(crate) fn forget_latency(&self) {
        *lock(&self.ear.latency) = Latency::new();
    }

    /// The latencies of stamped messages.
    pub(crate) fn latency(&self) -> Latency {
        lock(&self.ear.latency).clone()
    }

    /// Waits until `total` messages were heard; gives up when none came for `patience`.
    ///
    /// # Errors
    /// When a listener lost its connection.
    pub(crate) async fn until(&self, total: u64, patience: Duration) -> anyhow::Result<()> {
        let (mut heard, mut since) = (self.messages(), Instant::now());
        while heard < total {
            self.intact()?;
            if since.elapsed() > patience {
                return Ok(());
            }
            tokio::time::sleep(LOOK).await;
            if self.messages() != heard {
                (heard, since) = (self.messages(), Instant::now());
            }
        }
        self.intact()
    }

    /// # Errors
    /// When a listener lost its connection.
    pub(crate) fn intact(&self) -> anyhow::Result<()> {
        match &*lock(&self.ear.lost) {
            Some(why) => bail!("a listener was lost: {why}"),
            None => Ok(()),
        }
    }
}

async fn listen(mut link: Link, ear: Arc<Ear>, is_stamped: bool) {
    loop {
        let (mut messages, mut bytes) = (0, 0);
        let heard = link.hear(|payload, count| {
            messages += count as u64;
            bytes += frame_len(payload.len()) as u64;
            if is_stamped && let Some(age) = ear.stamps.age(payload) {
                lock(&ear.latency).record(age);
            }
        });
        if let Err(fault) = heard.await {
            lock(&ear.lost).get_or_insert(format!("{fault:#}"));
            return;
        }
        ear.bytes.fetch_add(bytes, Ordering::Relaxed);
        ear.messages.fetch_add(messages, Ordering::Relaxed);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
