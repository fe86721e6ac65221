//! Mailboxes: the one way to reach a connection from elsewhere in the house.
//!
//! A mailbox holds finished frames until its client takes them. Whoever puts one in may also write
//! it out at once; the lock makes sure that one does so at a time and in order. It is bounded by
//! bytes and by age, and a full one is a fact about the reader: the connection is closed with 3008,
//! and the sender never waits. An idle mailbox owns no buffer.

use std::{
    cell::RefCell,
    collections::VecDeque,
    io,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
    task::Waker,
};

use atomic_waker::AtomicWaker;
use bytes::Bytes;

use crate::{
    hub::{Dialect, Signal},
    ids::ConnectionId,
    protocol::code::{Disconnect, DisconnectCode},
};

/// The client's end of a connection: takes what it can without waiting.
pub trait Wire: Send + Sync {
    /// Writes some of `bytes` and says how many; `WouldBlock` when the client is behind.
    fn try_write(&self, bytes: &[u8]) -> io::Result<usize>;
}

/// How a mailbox's bounds are set.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// The most bytes it may hold, [`FRAME_OVERHEAD`] for each frame among them.
    pub bytes_max: usize,
}

/// The frames that wait for one connection, and the way to write them.
pub struct Mailbox {
    id: ConnectionId,
    dialect: Dialect,
    bounds: Bounds,
    wire: Box<dyn Wire>,
    out: Mutex<Out>,
    task: AtomicWaker,
    wake_at_s: AtomicU32,
    blocked_at_s: AtomicU32,
}

#[derive(Default)]
struct Out {
    frames: VecDeque<Bytes>,
    /// How much of the first frame is written.
    written: usize,
    bytes: usize,
    is_scheduled: bool,
    is_blocked: bool,
    end: End,
    closing: Option<Disconnect>,
    signals: Vec<Signal>,
}

/// Whether anything more can be written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum End {
    #[default]
    Open,
    /// The last frame is in.
    Finished,
    /// The socket is gone.
    Broken,
}

/// What a mailbox has come to after a flush.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flushed {
    /// Everything is written.
    All,
    /// The client is behind: write again when its socket is ready.
    Blocked,
    /// The socket is gone.
    Broken,
}

/// What the connection's own task finds when it looks into its mailbox.
#[derive(Debug, Default)]
pub struct News {
    /// Set when the connection must end.
    pub closing: Option<Disconnect>,
    /// Whether the house asks something of the session.
    pub has_signals: bool,
    /// Whether frames wait for the socket to become writable.
    pub is_blocked: bool,
}

/// So many bytes are gathered into one write: a frame a write costs far more than the copy.
const GATHER_BYTES: usize = 32 * 1_024;

/// What a frame that waits takes beside its bytes.
///
/// Its place in the queue, which doubles as it grows, and what the allocator keeps of it. Without it
/// a client's pongs of two bytes each would fill the memory before they fill the mailbox.
pub const FRAME_OVERHEAD: usize = 64;

/// So many signals wait for one session.
const SIGNALS_MAX: usize = 1_024;

thread_local! {
    static GATHERED: RefCell<Vec<u8>> = RefCell::new(Vec::with_capacity(GATHER_BYTES));
}

impl Mailbox {
    /// A mailbox that writes to `wire` in `dialect`.
    pub fn new(id: ConnectionId, dialect: Dialect, bounds: Bounds, wire: Box<dyn Wire>) -> Self {
        Self {
            id,
            dialect,
            bounds,
            wire,
            out: Mutex::default(),
            task: AtomicWaker::new(),
            wake_at_s: AtomicU32::new(0),
            blocked_at_s: AtomicU32::new(0),
        }
    }

    /// The connection it belongs to.
    pub fn id(&self) -> ConnectionId {
        self.id
    }

    /// How frames for it are encoded.
    pub fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// Puts a frame in; `true` when the caller must see to it that it is flushed.
    ///
    /// A frame that no longer fits closes the connection. After that, frames are let go. An empty
    /// mailbox takes a frame of any length, for its reader has taken all that came before.
    pub fn send(&self, frame: Bytes) -> bool {
        let mut out = self.lock();
        if out.closing.is_some() || out.end != End::Open {
            return false;
        }
        if !out.fits(&frame, self.bounds) && !out.is_blocked {
            // Nobody has come to write yet: that is no fault of the reader's.
            if out.write_to(&*self.wire) != Flushed::All {
                self.task.wake();
            }
            if out.end == End::Broken {
                return false;
            }
        }
        if !out.fits(&frame, self.bounds) {
            out.give_up();
            out.closing = Some(DisconnectCode::Slow.into());
            drop(out);
            self.task.wake();
            return false;
        }
        out.bytes += frame.len();
        out.frames.push_back(frame);
        !out.is_blocked && !std::mem::replace(&mut out.is_scheduled, true)
    }

    /// Puts a frame in and writes out what waits.
    pub fn send_now(&self, frame: Bytes) {
        if self.send(frame) {
            self.flush();
        }
    }

    /// Writes what waits, in as few calls as it takes. When the client is behind, its task is woken
    /// to wait for the socket.
    pub fn flush(&self) -> Flushed {
        let mut out = self.lock();
        out.is_scheduled = false;
        if out.is_blocked {
            return Flushed::Blocked;
        }
        let flushed = out.write_to(&*self.wire);
        let must_wake = flushed != Flushed::All;
        drop(out);
        if must_wake {
            self.task.wake();
        }
        flushed
    }

    /// Writes what waits after the socket became ready again. Only the connection's task calls it.
    pub fn resume(&self) -> Flushed {
        let mut out = self.lock();
        out.is_blocked = false;
        let before = out.bytes;
        let flushed = out.write_to(&*self.wire);
        if out.bytes < before || flushed != Flushed::Blocked {
            self.blocked_at_s.store(0, Ordering::Relaxed);
        }
        flushed
    }

    /// Ends the connection with `disconnect`, after what waits already. The first reason stands.
    pub fn close(&self, disconnect: impl Into<Disconnect>) {
        self.lock().closing.get_or_insert(disconnect.into());
        self.task.wake();
    }

    /// Puts the very last frame in, behind what waits already: the close frame. Whatever is sent
    /// later is let go.
    pub fn finish(&self, frame: Bytes) -> Flushed {
        let mut out = self.lock();
        if out.end == End::Broken {
            return Flushed::Broken;
        }
        out.end = End::Finished;
        out.bytes += frame.len();
        out.frames.push_back(frame);
        if out.is_blocked { Flushed::Blocked } else { out.write_to(&*self.wire) }
    }

    /// Asks something of the session; it is heard when the command at hand is done. A session that
    /// does not come to hear them is closed like a slow reader.
    pub fn signal(&self, signal: Signal) {
        let mut out = self.lock();
        if out.signals.len() < SIGNALS_MAX {
            out.signals.push(signal);
        } else {
            out.closing.get_or_insert_with(|| DisconnectCode::Slow.into());
        }
        drop(out);
        self.task.wake();
    }

    /// How things stand; `waker` is woken when they change.
    pub fn news(&self, waker: &Waker) -> News {
        self.task.register(waker);
        let out = self.lock();
        News {
            closing: out.closing.clone(),
            has_signals: !out.signals.is_empty(),
            is_blocked: out.is_blocked,
        }
    }

    /// What the house asks of the session, in order.
    pub fn take_signals(&self) -> Vec<Signal> {
        std::mem::take(&mut self.lock().signals)
    }

    /// Whether the connection is about to end.
    pub fn closing(&self) -> Option<Disconnect> {
        self.lock().closing.clone()
    }

    /// How many bytes wait.
    pub fn waiting_bytes(&self) -> usize {
        self.lock().bytes
    }

    /// Asks the pulse to wake the task at second `at_s` of the hub's time; 0 for never.
    pub fn wake_at(&self, at_s: u32) {
        self.wake_at_s.store(at_s, Ordering::Relaxed);
    }

    /// One beat of the pulse: closes a reader that took nothing for `age_max_s`, and signals a task
    /// whose time has come.
    pub fn beat(&self, now_s: u32, age_max_s: u32) {
        if self.lock().is_blocked {
            let since_s = self.blocked_at_s.load(Ordering::Relaxed);
            if since_s == 0 {
                self.blocked_at_s.store(now_s.max(1), Ordering::Relaxed);
            } else if now_s.saturating_sub(since_s) >= age_max_s {
                self.lock().give_up();
                self.close(DisconnectCode::Slow);
            }
        }
        let at_s = self.wake_at_s.load(Ordering::Relaxed);
        if at_s != 0 && at_s <= now_s {
            self.wake_at_s.store(0, Ordering::Relaxed);
            self.signal(Signal::Time);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Out> {
        self.out.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Out {
    fn write_to(&mut self, wire: &dyn Wire) -> Flushed {
        while !self.frames.is_empty() {
            let wrote = match self.frames.len() {
                1 => wire.try_write(&self.frames[0][self.written..]),
                _ => GATHERED.with_borrow_mut(|gathered| {
                    self.gather(gathered);
                    wire.try_write(gathered)
                }),
            };
            match wrote {
                Ok(0) => return self.broken(),
                Ok(bytes) => self.advance(bytes),
                Err(fault) if fault.kind() == io::ErrorKind::WouldBlock => {
                    self.is_blocked = true;
                    return Flushed::Blocked;
                }
                Err(fault) if fault.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => return self.broken(),
            }
        }
        Flushed::All
    }

    /// Lets go of what was not begun; a frame that is half written must be finished.
    fn give_up(&mut self) {
        self.frames.truncate(usize::from(self.written > 0));
        self.bytes = self.frames.front().map_or(0, |frame| frame.len() - self.written);
    }

    fn fits(&self, frame: &Bytes, bounds: Bounds) -> bool {
        let held = self.bytes + self.frames.len() * FRAME_OVERHEAD;
        self.frames.is_empty() || held + frame.len() + FRAME_OVERHEAD <= bounds.bytes_max
    }

    fn gather(&self, gathered: &mut Vec<u8>) {
        gathered.clear();
        let mut skip = self.written;
        for frame in &self.frames {
            let rest = &frame[skip..];
            let room = GATHER_BYTES - gathered.len();
            gathered.extend_from_slice(&rest[..rest.len().min(room)]);
            skip = 0;
            if gathered.len() == GATHER_BYTES {
                break;
            }
        }
    }

    fn advance(&mut self, mut bytes: usize) {
        self.bytes -= bytes;
        while bytes > 0 {
            let left = self.frames[0].len() - self.written;
            if bytes < left {
                self.written += bytes;
                return;
            }
            bytes -= left;
            self.written = 0;
            self.frames.pop_front();
        }
        if self.frames.is_empty() && self.frames.capacity() > 0 {
            self.frames = VecDeque::new();
        }
    }

    fn broken(&mut self) -> Flushed {
        self.frames = VecDeque::new();
        (self.bytes, self.written) = (0, 0);
        self.end = End::Broken;
        self.closing.get_or_insert_with(|| DisconnectCode::WriteError.into());
        Flushed::Broken
    }
}
