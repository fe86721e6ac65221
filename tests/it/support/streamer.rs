//! A client of the streams: it reads an answer without an end, and sends commands beside it.

use std::{collections::VecDeque, net::SocketAddr};

use belfry::protocol::{
    codec::{Encoding, decode_pushes, decode_replies, encode_commands},
    command::{Command, Request},
    emulation::EmulationRequest,
    push::Push,
    reply::{Error, Outcome, Reply},
    request::{ConnectRequest, SubscribeRequest},
    result::ConnectResult,
};
use prost::Message as _;

use super::{
    answer::{Answer, Ask, BrokenOff},
    encoded,
    visitor::Farewell,
};

/// How messages come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    Lines,
    Lengths,
    /// Server-sent events, asked for by a query.
    Events,
    /// Server-sent events, asked for by a body.
    PostedEvents,
}

/// The messages of an answer.
pub struct Messages {
    pub answer: Answer,
    way: Way,
    bytes: Vec<u8>,
}

/// One bidirectional connection over a stream.
pub struct Streamer {
    pub messages: Messages,
    pub greeting: ConnectResult,
    address: SocketAddr,
    last_id: u32,
    replies: VecDeque<Reply>,
    pushes: VecDeque<Push>,
    pub pings: usize,
}

impl Way {
    pub const ALL: [Self; 4] = [Self::Lines, Self::Lengths, Self::Events, Self::PostedEvents];

    pub fn encoding(self) -> Encoding {
        if self == Self::Lengths { Encoding::Protobuf } else { Encoding::Json }
    }

    pub fn content_type(self) -> &'static str {
        if self == Self::Lengths { "application/octet-stream" } else { "application/json" }
    }

    /// What opens a stream: `first` is what the client says.
    pub fn ask(self, uni: &str, first: &[u8]) -> Ask {
        match self {
            Self::Lines | Self::Lengths => {
                Ask::post(format!("/connection/{uni}http_stream"), self.content_type(), first)
            }
            Self::Events => {
                let first = encoded(std::str::from_utf8(first).unwrap());
                Ask::get(format!("/connection/{uni}sse?cf_connect={first}"))
            }
            Self::PostedEvents => {
                Ask::post(format!("/connection/{uni}sse"), self.content_type(), first)
            }
        }
    }
}

impl Messages {
    pub fn of(answer: Answer, way: Way) -> Self {
        assert_eq!(answer.status, 200);
        Self { answer, way, bytes: Vec::new() }
    }

    /// The replies of the next chunk; none at the end of the body.
    pub async fn replies(&mut self) -> Result<Vec<Reply>, BrokenOff> {
        let encoding = self.way.encoding();
        Ok(self.next().await?.map_or_else(Vec::new, |all| decode_replies(encoding, &all).unwrap()))
    }

    /// The bare pushes of the next chunk; none at the end of the body.
    pub async fn pushes(&mut self) -> Result<Vec<Push>, BrokenOff> {
        let encoding = self.way.encoding();
        Ok(self.next().await?.map_or_else(Vec::new, |all| decode_pushes(encoding, &all).unwrap()))
    }

    /// Whole messages, framed as in one frame of a WebSocket.
    async fn next(&mut self) -> Result<Option<Vec<u8>>, BrokenOff> {
        loop {
            let Some(chunk) = self.answer.chunk().await? else { return Ok(None) };
            self.bytes.extend(chunk);
            let whole = match self.way {
                Way::Lines => self.bytes.iter().rposition(|byte| *byte == b'\n').map(|at| at + 1),
                Way::Lengths => Some(whole_lengths(&self.bytes)).filter(|end| *end > 0),
                Way::Events | Way::PostedEvents => {
                    self.bytes.windows(2).rposition(|two| two == b"\n\n").map(|at| at + 2)
                }
            };
            let Some(end) = whole else { continue };
            let whole: Vec<u8> = self.bytes.drain(..end).collect();
            return Ok(Some(match self.way {
                Way::Lines | Way::Lengths => whole,
                Way::Events | Way::PostedEvents => events(std::str::from_utf8(&whole).unwrap()),
            }));
        }
    }
}

/// How far `bytes` hold whole messages.
fn whole_lengths(bytes: &[u8]) -> usize {
    let mut rest = bytes;
    while let Ok(length) = prost::decode_length_delimiter(rest) {
        let all = prost::length_delimiter_len(length) + length;
        if rest.len() < all {
            break;
        }
        rest = &rest[all..];
    }
    bytes.len() - rest.len()
}

/// The data of events, a line each.
fn events(text: &str) -> Vec<u8> {
    let text = text.strip_prefix("\r\n").unwrap_or(text);
    let events = text.split_terminator("\n\n");
    let lines: Vec<_> = events.map(|event| event.strip_prefix("data: ").unwrap()).collect();
    assert!(lines.iter().all(|line| !line.contains(['\r', '\n'])), "{text:?}");
    lines.join("\n").into()
}

impl Streamer {
    /// A stream opened with `commands`, the first of which connects.
    pub async fn open(address: SocketAddr, way: Way, commands: &[Command]) -> Self {
        let mut first = Vec::new();
        encode_commands(way.encoding(), commands, &mut first).unwrap();
        let answer = way.ask("", &first).of(address).await;
        Self::over(answer, address, way)
    }

    /// The same over an answer that is there.
    pub fn over(answer: Answer, address: SocketAddr, way: Way) -> Self {
        Self {
            messages: Messages::of(answer, way),
            greeting: ConnectResult::default(),
            address,
            last_id: 100,
            replies: VecDeque::new(),
            pushes: VecDeque::new(),
            pings: 0,
        }
    }

    /// A connected stream.
    pub async fn connect(address: SocketAddr, way: Way, token: String) -> Self {
        let connect = ConnectRequest { token, ..ConnectRequest::default() };
        let mut streamer = Self::open(address, way, &[Command::new(1, connect)]).await;
        streamer.greet().await;
        streamer
    }

    /// Waits for the connect result.
    pub async fn greet(&mut self) {
        match self.reply().await.outcome() {
            Some(Ok(Outcome::Connect(result))) => self.greeting = result,
            other => panic!("{other:?}"),
        }
    }

    /// The next reply to a command.
    pub async fn reply(&mut self) -> Reply {
        while self.replies.is_empty() {
            assert!(self.listen().await.expect("a whole body"), "the stream has ended");
        }
        self.replies.pop_front().unwrap()
    }

    /// The next push.
    pub async fn push(&mut self) -> Push {
        while self.pushes.is_empty() {
            assert!(self.listen().await.expect("a whole body"), "the stream has ended");
        }
        self.pushes.pop_front().unwrap()
    }

    /// Waits until the server pinged `count` times.
    pub async fn pinged(&mut self, count: usize) {
        while self.pings < count {
            assert!(self.listen().await.expect("a whole body"), "the stream has ended");
        }
    }

    /// The payload of the next publication, as text.
    pub async fn hears(&mut self) -> String {
        let publication = self.push().await.publication.expect("a publication");
        String::from_utf8(publication.data.to_vec()).unwrap()
    }

    /// Waits for the whole end of the body, and tells the disconnect push that came last.
    pub async fn farewell(mut self) -> Farewell {
        while self.listen().await.expect("a whole body") {}
        let last = self.pushes.pop_back().and_then(|push| push.disconnect);
        let last = last.expect("a disconnect push before the end");
        (last.code.try_into().unwrap(), last.reason)
    }

    /// Sends commands by a request beside the stream; the status of its answer.
    pub async fn send(&self, commands: &[Command]) -> u16 {
        let mut data = Vec::new();
        encode_commands(self.messages.way.encoding(), commands, &mut data).unwrap();
        self.emulate(EmulationRequest { data: data.into(), ..self.addressed() }).await
    }

    /// A request beside the stream with nothing in it yet.
    pub fn addressed(&self) -> EmulationRequest {
        let ConnectResult { session, node, .. } = self.greeting.clone();
        EmulationRequest { session, node, data: <_>::default() }
    }

    /// Sends a request beside the stream; the status of its answer.
    pub async fn emulate(&self, request: EmulationRequest) -> u16 {
        let body = match self.messages.way.encoding() {
            Encoding::Json => serde_json::to_vec(&request).unwrap(),
            Encoding::Protobuf => request.encode_to_vec(),
        };
        let content_type = self.messages.way.content_type();
        Ask::post("/emulation", content_type, body).of(self.address).await.status
    }

    /// Sends a command and waits for its reply.
    pub async fn ask(&mut self, request: impl Into<Request>) -> Result<Outcome, Error> {
        self.last_id += 1;
        let id = self.last_id;
        assert_eq!(self.send(&[Command::new(id, request)]).await, 204);
        loop {
            let reply = self.reply().await;
            if reply.id == id {
                return reply.outcome().unwrap();
            }
        }
    }

    /// Subscribes to a channel.
    pub async fn subscribe(&mut self, channel: &str) {
        let request = SubscribeRequest { channel: channel.to_owned(), ..<_>::default() };
        self.ask(request).await.unwrap();
    }

    /// Reads once; whether there is more to come.
    async fn listen(&mut self) -> Result<bool, BrokenOff> {
        let replies = self.messages.replies().await?;
        let is_over = replies.is_empty();
        for reply in replies {
            match reply.push {
                Some(push) => self.pushes.push_back(push),
                None if reply == Reply::ping() => self.pings += 1,
                None => self.replies.push_back(reply),
            }
        }
        Ok(!is_over)
    }
}
