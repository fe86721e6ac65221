//! A client's TCP connection after its handshake: a mailbox's wire, and the carrier of a line.

use std::{
    cell::RefCell,
    collections::VecDeque,
    io,
    net::Shutdown,
    sync::Arc,
    task::{Context, Poll, ready},
};

use socket2::SockRef;
use tokio::{net::TcpStream, time::timeout};

use crate::{
    config::client::Client,
    hub::{Dialect, Flushed, Mailbox, Wire},
    protocol::{
        code::Disconnect,
        codec::{decode_commands, decode_connect},
        frame::{close_frame, encode_frame},
        push::Push,
        request::ConnectRequest,
    },
    session::Pings,
    telemetry::instrument::Count,
    transport::{
        connection::{Carrier, Heard, PARTING, poll_resume},
        frame::{Chunk, Control, Event, OpCode, Reader},
    },
};

/// Bytes are read into one buffer per thread, so an idle connection needs none.
const SCRATCH_BYTES: usize = 64 * 1_024;

/// A client's own close without a code is answered as a normal one (RFC 6455 section 7.4.1).
const NORMAL: u16 = 1000;

const PONG: OpCode = OpCode::Control(Control::Pong);

/// So many full frames of commands are kept at once. A command takes 5 bytes on the wire and some 700
/// in memory: without this bound, one read could hold nine megabytes of them.
const FRAMES_AT_ONCE: usize = 4;

thread_local! {
    static SCRATCH: RefCell<Vec<u8>> = RefCell::new(vec![0; SCRATCH_BYTES]);
}

/// A socket that the mailbox writes to and the connection's task reads from.
pub struct Socket {
    /// The connection, whose reading half is its task's.
    pub stream: Arc<TcpStream>,
    /// The bytes that were written.
    pub written: Count,
}

impl Wire for Socket {
    fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.stream.try_write(bytes)?;
        self.written.add(count as u64);
        Ok(count)
    }
}

/// The reading half of a socket.
pub struct Listening {
    stream: Arc<TcpStream>,
    reader: Reader,
    ear: Ear,
    /// What was read and not yet heard.
    ready: VecDeque<Heard>,
    /// How a close of the client's, or a breach of its, is answered.
    answer: Option<(u16, String)>,
    received: Count,
}

/// What a client's frames mean.
struct Ear {
    dialect: Dialect,
    pings: Pings,
    /// Whether the next message of a client that cannot send commands is its connect request.
    awaits_connect: bool,
    commands_max: usize,
}

impl Listening {
    /// Listens to `stream`, whose client speaks `dialect` and answers `pings`; counts what it sends.
    pub fn new(
        stream: Arc<TcpStream>,
        dialect: Dialect,
        pings: Pings,
        client: &Client,
        received: Count,
    ) -> Self {
        let awaits_connect = dialect.is_unidirectional();
        let commands_max = client.commands_per_frame;
        Self {
            stream,
            reader: Reader::new(client.message_max.0),
            ear: Ear { dialect, pings, awaits_connect, commands_max },
            ready: VecDeque::new(),
            answer: None,
            received,
        }
    }

    /// Hears the connect request that came with the handshake.
    pub fn hear(&mut self, request: ConnectRequest) {
        self.ear.awaits_connect = false;
        self.ready.push_back(Heard::Connect(Box::new(request)));
    }

    /// Reads bytes of the client's. One pong answers all pings among them: the newest is enough (RFC
    /// 6455 section 5.5.3), and a client that only pings costs a write a read at most.
    pub fn digest(&mut self, bytes: &mut [u8], mailbox: &Mailbox) {
        self.received.add(bytes.len() as u64);
        let mut ping = None;
        self.read(Chunk::new(bytes), &mut ping);
        if let Some(newest) = ping {
            mailbox.send_now(encode_frame(PONG, &newest));
        }
    }

    fn read(&mut self, mut chunk: Chunk<'_>, ping: &mut Option<Vec<u8>>) {
        let mut kept = 0;
        loop {
            let heard = match self.reader.next(&mut chunk) {
                Ok(None) => return,
                Ok(Some(Event::Ping(payload))) => {
                    let newest = ping.get_or_insert_default();
                    newest.clear();
                    newest.extend_from_slice(payload);
                    None
                }
                Ok(Some(Event::Pong(_))) => {
                    (self.ear.pings == Pings::Frames).then_some(Heard::Pong)
                }
                Ok(Some(Event::Text(text))) => self.ear.hear(text.as_bytes()),
                Ok(Some(Event::Binary(bytes))) => self.ear.hear(bytes),
                Ok(Some(Event::Close(close))) => {
                    let code = close.map_or(NORMAL, |close| close.code);
                    self.answer = Some((code, "bye".to_owned()));
                    return self.ready.push_back(Heard::End(0));
                }
                Err(violation) => {
                    let code = violation.close_code().into();
                    self.answer = Some((code, violation.to_string()));
                    return self.ready.push_back(Heard::End(code));
                }
            };
            if let Some(heard) = heard
                && !self.keep(heard, &mut kept)
            {
                return;
            }
        }
    }

    /// Keeps what was heard until it is asked for; `false` when nothing behind it counts any more.
    /// `kept` is how much one read has brought.
    fn keep(&mut self, heard: Heard, kept: &mut usize) -> bool {
        if matches!((self.ready.back(), &heard), (Some(Heard::Pong), Heard::Pong)) {
            return true;
        }
        *kept += if let Heard::Commands(commands) = &heard { commands.len() } else { 1 };
        if *kept > self.ear.commands_max * FRAMES_AT_ONCE {
            self.ready.push_back(Heard::Flood);
            return false;
        }
        let counts_on = !matches!(heard, Heard::Nonsense);
        match (self.ready.back_mut(), heard) {
            (Some(Heard::Commands(before)), Heard::Commands(more)) => before.extend(more),
            (_, heard) => self.ready.push_back(heard),
        }
        counts_on
    }

    /// Reads once; `WouldBlock` when nothing is there.
    fn take_in(&mut self, mailbox: &Mailbox) -> io::Result<()> {
        SCRATCH.with_borrow_mut(|scratch| match self.stream.try_read(scratch)? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            count => {
                self.digest(&mut scratch[..count], mailbox);
                Ok(())
            }
        })
    }

    /// What ends the connection on the wire: a close frame, and before it the same as a push for
    /// those that are told so, as their SDKs expect.
    fn last_words(&mut self, why: Option<&Disconnect>) -> Vec<u8> {
        let Some(why) = why else {
            let (code, reason) = self.answer.take().unwrap_or_else(|| (NORMAL, "bye".to_owned()));
            return close_frame(code, &reason).into();
        };
        let mut words = Vec::new();
        if self.ear.dialect.is_unidirectional()
            && let Ok(push) = self.ear.dialect.push(Push::disconnect(why))
        {
            words.extend_from_slice(&push);
        }
        words.extend_from_slice(&close_frame(why.code(), why.reason()));
        words
    }

    /// Gives the client a moment to read the last words: a socket closed on unread bytes is reset,
    /// and they would be lost.
    async fn linger(&self) {
        let _already_gone = SockRef::from(&*self.stream).shutdown(Shutdown::Write);
        while self.stream.readable().await.is_ok() {
            let read = SCRATCH.with_borrow_mut(|scratch| self.stream.try_read(scratch));
            match read {
                Ok(0) => return,
                Err(fault) if fault.kind() != io::ErrorKind::WouldBlock => return,
                _ => {}
            }
        }
    }
}

impl Carrier for Listening {
    fn poll_listen(&mut self, mailbox: &Mailbox, cx: &mut Context<'_>) -> Poll<Heard> {
        loop {
            if let Some(heard) = self.ready.pop_front() {
                if self.ready.is_empty() {
                    self.ready = VecDeque::new();
                }
                return Poll::Ready(heard);
            }
            if ready!(self.stream.poll_read_ready(cx)).is_err() {
                return Poll::Ready(Heard::Gone);
            }
            match self.take_in(mailbox) {
                // Who sends pings, or messages in crumbs, gives the others their turn.
                Ok(()) if self.ready.is_empty() => {
                    cx.waker().wake_by_ref();
                    return Poll::Pending;
                }
                Ok(()) => {}
                Err(fault) if fault.kind() == io::ErrorKind::WouldBlock => {}
                Err(_) => return Poll::Ready(Heard::Gone),
            }
        }
    }

    fn poll_writable(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream.poll_write_ready(cx)
    }

    async fn part(&mut self, mailbox: &Mailbox, why: Option<&Disconnect>) {
        let finished = mailbox.finish(self.last_words(why).into());
        let this = &*self;
        let parting = async {
            if finished == Flushed::Blocked {
                std::future::poll_fn(|cx| poll_resume(this, mailbox, cx)).await;
            }
            this.linger().await;
        };
        let _slow_to_leave = timeout(PARTING, parting).await;
    }
}

impl Ear {
    /// What a message says; `None` when nobody listens to its client any more.
    fn hear(&mut self, message: &[u8]) -> Option<Heard> {
        let encoding = self.dialect.encoding();
        if !self.dialect.is_unidirectional() {
            let commands = decode_commands(encoding, message, self.commands_max);
            return Some(commands.map_or(Heard::Nonsense, Heard::Commands));
        }
        std::mem::take(&mut self.awaits_connect).then(|| {
            let request = decode_connect(encoding, message);
            request.map_or(Heard::Nonsense, |request| Heard::Connect(Box::new(request)))
        })
    }
}
