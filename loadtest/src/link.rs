//! One client connection: the WebSocket handshake, what a newcomer says, messages in and out.

use std::{net::Ipv4Addr, sync::Arc, time::Duration};

use anyhow::{anyhow, bail};
use tokio::{net::TcpStream, time::timeout};

use crate::{
    protocol::{Kind, Message, Protocol},
    socket::{Route, Socket},
    target::Target,
    wire::{Frame, Inbox, append_data, append_pong, frame_len},
};

/// No answer takes longer from a server that works.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// Who comes, and from where.
#[derive(Clone, Debug, Default)]
pub(crate) struct Visitor {
    pub(crate) token: String,
    pub(crate) channel: Option<String>,
    /// The address it comes from.
    pub(crate) source: Option<Ipv4Addr>,
    /// Its receive buffer, in bytes.
    pub(crate) buffer: Option<u32>,
}

/// What came in one go: frames with more than pings in them, and the bytes they took with their
/// headers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Traffic {
    pub(crate) frames: u64,
    pub(crate) bytes: u64,
}

/// A connection, as a client has it.
#[derive(Debug)]
pub(crate) struct Link {
    socket: Socket,
    inbox: Inbox,
    protocol: Arc<dyn Protocol>,
}

impl Link {
    /// A link over a stream on which frames already flow.
    pub(crate) fn over(stream: TcpStream, protocol: Arc<dyn Protocol>) -> Self {
        Self { socket: Socket::over(stream), inbox: Inbox::default(), protocol }
    }

    /// Connects, authenticates and, when there is a channel, subscribes.
    ///
    /// # Errors
    /// When the server refuses, hangs up or does not answer.
    pub(crate) async fn open(target: &Target, visitor: Visitor) -> anyhow::Result<Self> {
        timeout(PATIENCE, Self::arrive(target, visitor))
            .await
            .map_err(|_| anyhow!("the server did not let a client in within {PATIENCE:?}"))?
    }

    async fn arrive(target: &Target, visitor: Visitor) -> anyhow::Result<Self> {
        let Visitor { token, channel, source, buffer } = visitor;
        let route = Route { to: target.address, from: source, buffer };
        let socket = Socket::connect(route).await?;
        let protocol = Arc::clone(&target.protocol);
        let mut link = Self { socket, inbox: Inbox::default(), protocol };
        link.shake_hands(target, channel.as_deref()).await?;
        let opening = link.protocol.opening(token, channel)?;
        if opening.answers > 0 {
            link.say(&opening.payload).await?;
            link.successes(opening.answers).await?;
        }
        Ok(link)
    }

    async fn shake_hands(&mut self, target: &Target, channel: Option<&str>) -> anyhow::Result<()> {
        let subprotocol = self.protocol.subprotocol();
        let subprotocol = subprotocol.map(|name| format!("Sec-WebSocket-Protocol: {name}\r\n"));
        let request = format!(
            "GET {} HTTP/1.1\r\nHost: {}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{}\r\n",
            self.protocol.path(&target.path, channel),
            target.host,
            subprotocol.unwrap_or_default(),
        );
        self.socket.write(request.as_bytes()).await?;
        let mut answer = Vec::new();
        loop {
            let read = self.socket.read(|bytes| {
                answer.extend_from_slice(bytes);
                Ok(())
            });
            read.await?;
            let Some(end) = answer.windows(4).position(|end| end == b"\r\n\r\n") else { continue };
            if !answer.starts_with(b"HTTP/1.1 101") {
                let status = answer.split(|byte| *byte == b'\r').next().unwrap_or_default();
                bail!("the server answered the handshake: {}", String::from_utf8_lossy(status));
            }
            self.inbox.keep(&answer[end + 4..]);
            return Ok(());
        }
    }

    /// Says something, in one frame.
    pub(crate) async fn say(&self, payload: &[u8]) -> anyhow::Result<()> {
        let mut frame = Vec::with_capacity(payload.len() + 14);
        append_data(self.protocol.is_binary(), payload, &mut frame);
        self.socket.write(&frame).await
    }

    /// Waits for `count` answers, passing over all else.
    ///
    /// # Errors
    /// When the connection ends, or one of the answers is a refusal.
    pub(crate) async fn successes(&mut self, count: usize) -> anyhow::Result<Vec<Vec<u8>>> {
        let mut answers = Vec::with_capacity(count);
        while answers.len() < count {
            let hear = self.hear(|message| {
                if message.kind == Kind::Answer {
                    answers.push(message.bytes.to_vec());
                }
            });
            timeout(PATIENCE, hear)
                .await
                .map_err(|_| anyhow!("the server did not answer within {PATIENCE:?}"))??;
        }
        for answer in &answers {
            self.protocol.accepted(answer)?;
        }
        Ok(answers)
    }

    pub(crate) fn protocol(&self) -> &dyn Protocol {
        &*self.protocol
    }

    /// Waits until something has come; what it is, [`Self::hear_now`] tells. May be given up any
    /// time.
    pub(crate) async fn ready(&self) -> anyhow::Result<()> {
        self.socket.ready().await
    }

    /// Waits until something comes, and calls `each` with every message. Pings are answered and not
    /// told of.
    pub(crate) async fn hear(
        &mut self,
        mut each: impl FnMut(Message<'_>),
    ) -> anyhow::Result<Traffic> {
        let Self { socket, inbox, protocol } = self;
        let (mut traffic, mut answers) = (Traffic::default(), Vec::new());
        socket
            .read(|bytes| take(inbox, &**protocol, bytes, &mut each, (&mut traffic, &mut answers)))
            .await?;
        if !answers.is_empty() {
            socket.write(&answers).await?;
        }
        Ok(traffic)
    }

    /// The same for what is there already.
    pub(crate) async fn hear_now(
        &mut self,
        mut each: impl FnMut(Message<'_>),
    ) -> anyhow::Result<()> {
        let Self { socket, inbox, protocol } = self;
        let (mut traffic, mut answers) = (Traffic::default(), Vec::new());
        socket.read_now(|bytes| {
            take(inbox, &**protocol, bytes, &mut each, (&mut traffic, &mut answers))
        })?;
        if answers.is_empty() { Ok(()) } else { socket.write(&answers).await }
    }

    /// Reads what is left without looking at it; whether the server has hung up.
    pub(crate) fn is_gone(&self) -> bool {
        loop {
            match self.socket.read_now(|_| Ok(())) {
                Ok(Some(())) => {}
                Ok(None) => return false,
                Err(_hung_up) => return true,
            }
        }
    }
}

fn take(
    inbox: &mut Inbox,
    protocol: &dyn Protocol,
    bytes: &[u8],
    each: &mut impl FnMut(Message<'_>),
    (traffic, answers): (&mut Traffic, &mut Vec<u8>),
) -> anyhow::Result<()> {
    inbox.take(bytes, &mut |frame| match frame {
        Frame::Ping(payload) => append_pong(payload, answers),
        Frame::Data(payload) => {
            let mut is_told = false;
            protocol.sort(payload, &mut |message| match message.kind {
                Kind::Ping => append_data(protocol.is_binary(), protocol.pong(), answers),
                _ => {
                    is_told = true;
                    each(message);
                }
            });
            if is_told {
                traffic.frames += 1;
                traffic.bytes += frame_len(payload.len()) as u64;
            }
        }
    })
}
