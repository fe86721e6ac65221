//! One client connection: a bare socket, the handshake, commands out, messages in.

use std::{cell::RefCell, io, net::Ipv4Addr, time::Duration};

use anyhow::{Context as _, anyhow, bail, ensure};
use belfry::protocol::{
    codec::{Encoding, decode_replies, encode_commands},
    command::Command,
    reply::Reply,
    request::{ConnectRequest, SubscribeRequest},
};
use tokio::{
    net::{TcpSocket, TcpStream},
    time::timeout,
};

use crate::{
    target::Target,
    wire::{Frame, Inbox, append_data, append_pong},
};

/// No answer takes longer from a server that works.
const PATIENCE: Duration = Duration::from_secs(30);

/// Bytes are read into one buffer per thread, so that ten thousand connections stay cheap.
const SCRATCH_BYTES: usize = 64 * 1_024;

thread_local! {
    static SCRATCH: RefCell<Vec<u8>> = RefCell::new(vec![0; SCRATCH_BYTES]);
}

/// A connection, as a client has it.
#[derive(Debug)]
pub(crate) struct Link {
    stream: TcpStream,
    inbox: Inbox,
    encoding: Encoding,
}

impl Link {
    /// A link over a stream on which frames already flow.
    pub(crate) fn over(stream: TcpStream, encoding: Encoding) -> Self {
        Self { stream, inbox: Inbox::default(), encoding }
    }

    /// Connects, authenticates and, when there is a `channel`, subscribes, as SDKs do: both
    /// commands in one frame.
    pub(crate) async fn open(
        target: &Target,
        source: Option<Ipv4Addr>,
        token: String,
        channel: Option<String>,
    ) -> anyhow::Result<Self> {
        timeout(PATIENCE, Self::arrive(target, source, token, channel))
            .await
            .map_err(|_| anyhow!("the server did not let a client in within {PATIENCE:?}"))?
    }

    async fn arrive(
        target: &Target,
        source: Option<Ipv4Addr>,
        token: String,
        channel: Option<String>,
    ) -> anyhow::Result<Self> {
        let stream = match source {
            None => TcpStream::connect(target.address).await,
            Some(source) => {
                let socket = TcpSocket::new_v4()?;
                socket.bind((source, 0).into())?;
                socket.connect(target.address).await
            }
        };
        let stream = stream.with_context(|| format!("connect to {}", target.address))?;
        stream.set_nodelay(true)?;
        let mut link = Self::over(stream, target.encoding);
        link.shake_hands(target).await?;
        let connect = ConnectRequest { token, name: "loadtest".to_owned(), ..<_>::default() };
        let mut commands = vec![Command::new(1, connect)];
        if let Some(channel) = channel {
            commands.push(Command::new(2, SubscribeRequest { channel, ..<_>::default() }));
        }
        link.send(&commands).await?;
        link.successes(commands.len()).await?;
        Ok(link)
    }

    async fn shake_hands(&self, target: &Target) -> anyhow::Result<()> {
        let request = format!(
            "GET {} HTTP/1.1\r\nHost: {}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
             Sec-WebSocket-Protocol: {}\r\n\r\n",
            target.path,
            target.host,
            target.encoding.subprotocol()
        );
        self.write(request.as_bytes()).await?;
        let mut answer = Vec::new();
        loop {
            self.stream.readable().await?;
            if let Some(part) = self.read(|bytes| Ok(bytes.to_vec()))? {
                answer.extend_from_slice(&part);
            }
            let Some(end) = answer.windows(4).position(|end| end == b"\r\n\r\n") else { continue };
            if !answer.starts_with(b"HTTP/1.1 101") {
                let status = answer.split(|byte| *byte == b'\r').next().unwrap_or_default();
                bail!("the server answered the handshake: {}", String::from_utf8_lossy(status));
            }
            ensure!(answer.len() == end + 4, "the server speaks before it is spoken to");
            return Ok(());
        }
    }

    /// Sends commands in one frame.
    pub(crate) async fn send(&self, commands: &[Command]) -> anyhow::Result<()> {
        let (mut payload, mut frame) = (Vec::new(), Vec::new());
        encode_commands(self.encoding, commands, &mut payload)?;
        append_data(self.encoding, &payload, &mut frame);
        self.write(&frame).await
    }

    /// Waits for `count` replies to commands, passing over pushes.
    ///
    /// # Errors
    /// When the connection ends, or one of the commands was refused.
    pub(crate) async fn successes(&mut self, count: usize) -> anyhow::Result<Vec<Reply>> {
        let mut replies = Vec::with_capacity(count);
        while replies.len() < count {
            let mut frames = Vec::new();
            timeout(PATIENCE, self.hear(|payload, _| frames.push(payload.to_vec())))
                .await
                .map_err(|_| anyhow!("the server did not answer within {PATIENCE:?}"))??;
            for frame in frames {
                let answers = decode_replies(self.encoding, &frame)?;
                replies.extend(answers.into_iter().filter(|reply| reply.id != 0));
            }
        }
        match replies.iter().find_map(|reply| reply.error.as_ref()) {
            Some(error) => bail!("the server refused a command: {} {}", error.code, error.message),
            None => Ok(replies),
        }
    }

    /// How it speaks.
    pub(crate) fn encoding(&self) -> Encoding {
        self.encoding
    }

    /// Waits until something has come; what it is, [`Self::hear`] tells. May be given up any time.
    pub(crate) async fn ready(&self) -> anyhow::Result<()> {
        Ok(self.stream.readable().await?)
    }

    /// Waits until something comes, and calls `each` with every frame's payload and how many
    /// messages it holds. Pings are answered and not told of.
    pub(crate) async fn hear(&mut self, mut each: impl FnMut(&[u8], usize)) -> anyhow::Result<()> {
        self.stream.readable().await?;
        let mut answers = Vec::new();
        let encoding = self.encoding;
        let mut inbox = std::mem::take(&mut self.inbox);
        let taken = self.read(|bytes| {
            inbox.take(bytes, &mut |frame| match frame {
                Frame::Ping(payload) => append_pong(payload, &mut answers),
                Frame::Data(payload) => {
                    let (messages, pings) = count(encoding, payload);
                    if pings > 0 {
                        append_data(encoding, pong(encoding), &mut answers);
                    }
                    if messages > 0 {
                        each(payload, messages);
                    }
                }
            })
        });
        self.inbox = inbox;
        taken?;
        if answers.is_empty() { Ok(()) } else { self.write(&answers).await }
    }

    /// Reads once what is there; `None` when it was nothing.
    fn read<T>(&self, take: impl FnOnce(&[u8]) -> anyhow::Result<T>) -> anyhow::Result<Option<T>> {
        SCRATCH.with_borrow_mut(|scratch| match self.stream.try_read(scratch) {
            Ok(0) => bail!("the server hung up"),
            Ok(length) => take(&scratch[..length]).map(Some),
            Err(fault) if fault.kind() == io::ErrorKind::WouldBlock => Ok(None),
            Err(fault) => Err(fault.into()),
        })
    }

    async fn write(&self, mut bytes: &[u8]) -> anyhow::Result<()> {
        while !bytes.is_empty() {
            self.stream.writable().await?;
            match self.stream.try_write(bytes) {
                Ok(written) => bytes = &bytes[written..],
                Err(fault) if fault.kind() == io::ErrorKind::WouldBlock => {}
                Err(fault) => return Err(fault.into()),
            }
        }
        Ok(())
    }
}

fn pong(encoding: Encoding) -> &'static [u8] {
    match encoding {
        Encoding::Json => b"{}",
        Encoding::Protobuf => &[0],
    }
}

/// How many messages a frame holds, and how many pings: empty ones.
fn count(encoding: Encoding, payload: &[u8]) -> (usize, usize) {
    match encoding {
        Encoding::Json => payload
            .split(|byte| *byte == b'\n')
            .filter(|line| !line.is_empty())
            .fold((0, 0), |(messages, pings), line| match line {
                b"{}" => (messages, pings + 1),
                _ => (messages + 1, pings),
            }),
        Encoding::Protobuf => count_delimited(payload),
    }
}

fn count_delimited(mut payload: &[u8]) -> (usize, usize) {
    let (mut messages, mut pings) = (0, 0);
    while !payload.is_empty() {
        let size = payload.iter().take_while(|byte| **byte >= 0x80).count() + 1;
        let digits = payload.iter().take(size).rev();
        let length = digits.fold(0, |length, byte| length << 7 | usize::from(byte & 0x7F));
        match length {
            0 => pings += 1,
            _ => messages += 1,
        }
        payload = payload.get(size + length..).unwrap_or_default();
    }
    (messages, pings)
}

#[cfg(test)]
mod tests {
    use belfry::protocol::{codec::encode_replies, push::Push};

    use super::*;

    #[test]
    fn messages_and_pings_are_told_apart_in_both_encodings() {
        let push = || Reply::push(Push::publication("room", <_>::default()));
        let long = Reply::push(Push::publication("x".repeat(300).as_str(), <_>::default()));
        for encoding in Encoding::ALL {
            let mut payload = Vec::new();
            let replies = [push(), Reply::ping(), long.clone(), push()];
            encode_replies(encoding, &replies, &mut payload).unwrap();
            assert_eq!(count(encoding, &payload), (3, 1), "{encoding:?}");
            assert_eq!(count(encoding, pong(encoding)), (0, 1), "{encoding:?}");
        }
    }
}
