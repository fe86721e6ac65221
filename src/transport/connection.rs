//! The life of one WebSocket connection, from its handshake to its close frame.
//!
//! One task: it reads, lets the session obey, and waits for whatever the mailbox could not write at
//! once. Publications do not pass through it: their senders write to the socket themselves.

use std::{
    cell::RefCell,
    io,
    net::Shutdown,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use prost::Message as _;
use socket2::SockRef;
use tokio::{net::TcpStream, time::timeout};

use crate::{
    hub::{Flushed, Mailbox},
    protocol::{
        code::{Disconnect, DisconnectCode},
        codec::{Encoding, decode_commands},
        command::Command,
        frame::{close_frame, encode_frame},
        request::ConnectRequest,
    },
    session::{Needs, Visitor},
    telemetry::{Metrics, label::ByClose},
    transport::frame::{Chunk, Control, Event, OpCode, Reader},
};

/// Bytes are read into one buffer per thread, so an idle connection needs none.
const SCRATCH_BYTES: usize = 64 * 1_024;

/// How long a close frame may take to leave, and the client to answer it.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(1);

thread_local! {
    static SCRATCH: RefCell<Vec<u8>> = RefCell::new(vec![0; SCRATCH_BYTES]);
}

/// The socket's side of a connection.
pub struct Line {
    socket: Arc<TcpStream>,
    mailbox: Arc<Mailbox>,
    reader: Reader,
    encoding: Encoding,
    commands_max: usize,
    /// What followed the commands that are being obeyed.
    next: Option<Wake>,
    is_unidirectional: bool,
    metrics: Metrics,
}

/// What wakes a connection.
enum Wake {
    /// The client sent these.
    Commands(Vec<Command>),
    /// A client that cannot send commands connects.
    Connect(Box<ConnectRequest>),
    /// The house asks something of the session.
    Signals,
    /// The connection must end, and the client is told why.
    Close(Disconnect),
    /// The client broke the WebSocket protocol, or closes: a code of RFC 6455 answers.
    Answer(u16, String),
    /// The socket is gone.
    Gone,
}

impl Line {
    /// A line over `socket`, whose writing half is the mailbox's.
    pub fn new(socket: Arc<TcpStream>, mailbox: Arc<Mailbox>, needs: &Needs) -> Self {
        Self {
            encoding: mailbox.dialect().encoding(),
            is_unidirectional: mailbox.dialect().is_unidirectional(),
            next: None,
            reader: Reader::new(needs.client.message_max.0),
            commands_max: needs.client.commands_per_frame,
            metrics: needs.metrics.clone(),
            socket,
            mailbox,
        }
    }

    /// Serves the visitor until either side ends the connection. `early` came with the handshake.
    pub async fn serve(mut self, mut visitor: Visitor, mut early: Vec<u8>) {
        let mut wake = self.digest(&mut early);
        drop(early);
        loop {
            let obeyed = match wake {
                None => Ok(()),
                Some(Wake::Commands(commands)) => {
                    // Boxed, so that an idle connection does not own the room for every operation.
                    let mut obeying = Box::pin(obey(&mut visitor, commands));
                    match std::future::poll_fn(|cx| self.poll_obeying(obeying.as_mut(), cx)).await {
                        Obeyed::Done(obeyed) => obeyed,
                        Obeyed::Interrupted(disconnect) => {
                            Box::pin(self.hang_up(&disconnect)).await;
                            // What began is finished, with nobody left to tell.
                            let _nobody_to_tell = obeying.await;
                            break;
                        }
                    }
                }
                Some(Wake::Connect(request)) => Box::pin(visitor.welcome(*request)).await,
                Some(Wake::Signals) => Box::pin(hear(&mut visitor, &self.mailbox)).await,
                Some(Wake::Close(disconnect)) => Err(disconnect),
                Some(Wake::Answer(code, reason)) => {
                    Box::pin(self.answer(code, &reason)).await;
                    break;
                }
                Some(Wake::Gone) => break,
            };
            self.mailbox.flush();
            if let Err(disconnect) = obeyed {
                Box::pin(self.hang_up(&disconnect)).await;
                break;
            }
            wake = std::future::poll_fn(|cx| self.poll_wake(cx)).await;
        }
        let code = self.mailbox.closing().map_or(0, |why| u32::from(why.code()));
        self.metrics.closes.one(&ByClose { code });
        self.mailbox.close(DisconnectCode::ConnectionClosed);
        drop(self);
        Box::pin(visitor.farewell()).await;
    }

    fn poll_wake(&mut self, cx: &mut Context<'_>) -> Poll<Option<Wake>> {
        if let Some(wake) = self.poll_mailbox(cx).or_else(|| self.next.take()) {
            return Poll::Ready(Some(wake));
        }
        loop {
            if ready!(self.socket.poll_read_ready(cx)).is_err() {
                return Poll::Ready(Some(Wake::Gone));
            }
            match self.take_in() {
                Ok(Some(wake)) => return Poll::Ready(Some(wake)),
                Ok(None) => {}
                Err(fault) if fault.kind() == io::ErrorKind::WouldBlock => {}
                Err(_) => return Poll::Ready(Some(Wake::Gone)),
            }
        }
    }

    /// Looks into the mailbox, and writes on when the socket is ready again.
    fn poll_mailbox(&self, cx: &mut Context<'_>) -> Option<Wake> {
        let news = self.mailbox.news(cx.waker());
        if let Some(disconnect) = news.closing {
            return Some(Wake::Close(disconnect));
        }
        if news.is_blocked && self.poll_resume(cx) == Poll::Ready(Flushed::Broken) {
            return Some(Wake::Gone);
        }
        news.has_signals.then_some(Wake::Signals)
    }

    fn poll_resume(&self, cx: &mut Context<'_>) -> Poll<Flushed> {
        loop {
            if ready!(self.socket.poll_write_ready(cx)).is_err() {
                return Poll::Ready(Flushed::Broken);
            }
            match self.mailbox.resume() {
                Flushed::Blocked => {}
                flushed => return Poll::Ready(flushed),
            }
        }
    }

    fn poll_obeying(
        &self,
        obeying: Pin<&mut (impl Future<Output = Result<(), Disconnect>> + ?Sized)>,
        cx: &mut Context<'_>,
    ) -> Poll<Obeyed> {
        if let Poll::Ready(obeyed) = obeying.poll(cx) {
            return Poll::Ready(Obeyed::Done(obeyed));
        }
        match self.poll_mailbox(cx) {
            Some(Wake::Close(disconnect)) => Poll::Ready(Obeyed::Interrupted(disconnect)),
            Some(Wake::Gone) => Poll::Ready(Obeyed::Interrupted(DisconnectCode::WriteError.into())),
            _ => Poll::Pending,
        }
    }

    fn take_in(&mut self) -> io::Result<Option<Wake>> {
        SCRATCH.with_borrow_mut(|scratch| match self.socket.try_read(scratch)? {
            0 => Ok(Some(Wake::Gone)),
            count => {
                self.metrics.received.add(count as u64);
                Ok(self.digest(&mut scratch[..count]))
            }
        })
    }

    /// Reads frames; what must wait until their commands are done is kept for the next wake.
    fn digest(&mut self, bytes: &mut [u8]) -> Option<Wake> {
        let mut chunk = Chunk::new(bytes);
        let mut commands = Vec::new();
        let end = loop {
            match self.reader.next(&mut chunk) {
                Ok(None) => break None,
                Ok(Some(Event::Ping(payload))) => {
                    self.mailbox.send_now(encode_frame(PONG, payload));
                }
                Ok(Some(Event::Pong(_))) => {}
                Ok(Some(Event::Close(close))) => {
                    break Some(Wake::Answer(
                        close.map_or(NORMAL, |close| close.code),
                        "bye".to_owned(),
                    ));
                }
                Ok(Some(Event::Text(message))) => {
                    match read(
                        self.encoding,
                        message.as_bytes(),
                        self.commands_max,
                        self.is_unidirectional,
                    ) {
                        Wake::Commands(more) => commands.extend(more),
                        other => break Some(other),
                    }
                }
                Ok(Some(Event::Binary(message))) => {
                    match read(self.encoding, message, self.commands_max, self.is_unidirectional) {
                        Wake::Commands(more) => commands.extend(more),
                        other => break Some(other),
                    }
                }
                Err(violation) => {
                    let code = u16::from(violation.close_code());
                    break Some(Wake::Answer(code, violation.to_string()));
                }
            }
        };
        if commands.is_empty() {
            return end;
        }
        self.next = end;
        Some(Wake::Commands(commands))
    }

    async fn hang_up(&self, disconnect: &Disconnect) {
        self.mailbox.close(disconnect.clone());
        self.answer(disconnect.code(), disconnect.reason()).await;
    }

    /// Sends the close frame behind what waits, and gives the client a moment to read it: a socket
    /// closed on unread bytes is reset, and the frame would be lost.
    async fn answer(&self, code: u16, reason: &str) {
        let finished = self.mailbox.finish(close_frame(code, reason));
        let farewell = async {
            if finished == Flushed::Blocked {
                std::future::poll_fn(|cx| self.poll_resume(cx)).await;
            }
            let _already_gone = SockRef::from(&*self.socket).shutdown(Shutdown::Write);
            while self.socket.readable().await.is_ok() {
                let read = SCRATCH.with_borrow_mut(|scratch| self.socket.try_read(scratch));
                match read {
                    Ok(0) => return,
                    Err(fault) if fault.kind() != io::ErrorKind::WouldBlock => return,
                    _ => {}
                }
            }
        };
        let _slow_to_leave = timeout(CLOSE_TIMEOUT, farewell).await;
    }
}

/// What becomes of commands under way.
enum Obeyed {
    /// They are done, or one of them ends the connection.
    Done(Result<(), Disconnect>),
    /// The connection ends before they are done.
    Interrupted(Disconnect),
}

/// A client's own close without a code is answered as a normal one (RFC 6455 section 7.4.1).
const NORMAL: u16 = 1000;

const PONG: OpCode = OpCode::Control(Control::Pong);

async fn obey(visitor: &mut Visitor, commands: Vec<Command>) -> Result<(), Disconnect> {
    for command in commands {
        visitor.obey(command).await?;
    }
    Ok(())
}

async fn hear(visitor: &mut Visitor, mailbox: &Mailbox) -> Result<(), Disconnect> {
    for signal in mailbox.take_signals() {
        visitor.hear(signal).await?;
    }
    Ok(())
}

fn read(encoding: Encoding, message: &[u8], commands_max: usize, is_connect: bool) -> Wake {
    if !is_connect {
        let commands = decode_commands(encoding, message, commands_max);
        return commands
            .map_or_else(|_| Wake::Close(DisconnectCode::BadRequest.into()), Wake::Commands);
    }
    let request = match encoding {
        Encoding::Json => serde_json::from_slice(message).ok(),
        Encoding::Protobuf => ConnectRequest::decode(message).ok(),
    };
    match request {
        Some(request) => Wake::Connect(Box::new(request)),
        None => Wake::Close(DisconnectCode::BadRequest.into()),
    }
}
