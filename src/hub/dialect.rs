//! Dialects: the finished form that a message takes for one kind of connection.
//!
//! A frame for many receivers is encoded once per dialect and shared, so everything that a socket
//! needs is in it: the encoding, the envelope, and the framing of the transport (RFC 6455 section
//! 5.2 for WebSocket; a server's frames are unmasked and so the same for every receiver).

use bytes::Bytes;

use crate::{
    ids::ChannelName,
    protocol::{
        codec::{self, Encoding},
        frame::{frame_with, opcode},
        payload::NotJson,
        publication::{Direction, Publication, encode_publication_push},
        push::Push,
        reply::Reply,
    },
    telemetry::label::Transport,
};

/// How messages to a connection are encoded, wrapped and framed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// Replies as JSON in WebSocket text frames.
    WebSocketJson,
    /// Replies as Protobuf in WebSocket binary frames.
    WebSocketProtobuf,
    /// Bare pushes as JSON in WebSocket text frames.
    UniWebSocketJson,
    /// Bare pushes as Protobuf in WebSocket binary frames.
    UniWebSocketProtobuf,
    /// Replies as JSON, a line each, in an endless HTTP body.
    StreamJson,
    /// Replies as Protobuf, length-prefixed, in an endless HTTP body.
    StreamProtobuf,
    /// Bare pushes as JSON, a line each, in an endless HTTP body.
    UniStreamJson,
    /// Bare pushes as Protobuf, length-prefixed, in an endless HTTP body.
    UniStreamProtobuf,
    /// Replies as JSON in server-sent events.
    EventsJson,
    /// Bare pushes as JSON in server-sent events.
    UniEventsJson,
}

impl Dialect {
    /// How many dialects there are.
    pub const COUNT: usize = 10;

    /// How payloads are encoded.
    pub fn encoding(self) -> Encoding {
        match self {
            Self::WebSocketJson
            | Self::UniWebSocketJson
            | Self::StreamJson
            | Self::UniStreamJson
            | Self::EventsJson
            | Self::UniEventsJson => Encoding::Json,
            Self::WebSocketProtobuf
            | Self::UniWebSocketProtobuf
            | Self::StreamProtobuf
            | Self::UniStreamProtobuf => Encoding::Protobuf,
        }
    }

    /// Whether the client can send commands.
    pub fn direction(self) -> Direction {
        match self {
            Self::UniWebSocketJson
            | Self::UniWebSocketProtobuf
            | Self::UniStreamJson
            | Self::UniStreamProtobuf
            | Self::UniEventsJson => Direction::Unidirectional,
            Self::WebSocketJson
            | Self::WebSocketProtobuf
            | Self::StreamJson
            | Self::StreamProtobuf
            | Self::EventsJson => Direction::Bidirectional,
        }
    }

    /// What carries the connection, for metrics.
    pub fn transport(self) -> Transport {
        match self {
            Self::WebSocketJson | Self::WebSocketProtobuf => Transport::WebSocket,
            Self::UniWebSocketJson | Self::UniWebSocketProtobuf => Transport::UniWebSocket,
            Self::StreamJson | Self::StreamProtobuf => Transport::HttpStream,
            Self::UniStreamJson | Self::UniStreamProtobuf => Transport::UniHttpStream,
            Self::EventsJson => Transport::Sse,
            Self::UniEventsJson => Transport::UniSse,
        }
    }

    /// Whether the client cannot send commands.
    pub fn is_unidirectional(self) -> bool {
        self.direction() == Direction::Unidirectional
    }

    /// A reply to a command.
    ///
    /// # Errors
    /// When a payload in it cannot travel in JSON, and the dialect is JSON.
    pub fn reply(self, reply: &Reply) -> Result<Bytes, NotJson> {
        self.framed(|out| codec::encode_reply(self.encoding(), reply, out))
    }

    /// A push about something other than a publication.
    ///
    /// # Errors
    /// When a payload in it cannot travel in JSON, and the dialect is JSON.
    pub fn push(self, push: Push) -> Result<Bytes, NotJson> {
        match self.direction() {
            Direction::Bidirectional => self.reply(&Reply::push(push)),
            Direction::Unidirectional => {
                self.framed(|out| codec::encode_push(self.encoding(), &push, out))
            }
        }
    }

    /// A publication of `channel`.
    ///
    /// # Errors
    /// When the payload is not JSON, and the dialect is.
    pub fn publication(
        self,
        channel: &ChannelName,
        publication: &Publication,
    ) -> Result<Bytes, NotJson> {
        let (encoding, direction) = (self.encoding(), self.direction());
        self.framed(|out| {
            encode_publication_push(encoding, channel.as_str(), publication, direction, out)
        })
    }

    /// Publications of `channel` as one piece: in one frame where the carrier has frames and the
    /// client takes several replies in one.
    ///
    /// # Errors
    /// When a payload among them is not JSON, and the dialect is.
    pub fn publications<'a>(
        self,
        channel: &ChannelName,
        publications: impl Iterator<Item = &'a Publication>,
    ) -> Result<Bytes, NotJson> {
        let (encoding, direction) = (self.encoding(), self.direction());
        if !matches!(self, Self::WebSocketJson | Self::WebSocketProtobuf) {
            let frames = publications.map(|publication| self.publication(channel, publication));
            let frames = frames.collect::<Result<Vec<_>, _>>()?;
            return Ok(match <[Bytes; 1]>::try_from(frames) {
                Ok([frame]) => frame,
                Err(frames) => frames.concat().into_boxed_slice().into(),
            });
        }
        self.framed(|out| {
            for (at, publication) in publications.enumerate() {
                // JSON replies are a line each; Protobuf ones say their length.
                if at > 0 && encoding == Encoding::Json {
                    out.push(b'\n');
                }
                encode_publication_push(encoding, channel.as_str(), publication, direction, out)?;
            }
            Ok(())
        })
    }

    /// The server's ping: an empty reply.
    pub fn ping(self) -> Bytes {
        self.reply(&Reply::ping()).expect("an empty reply holds no payload")
    }

    fn framed(
        self,
        encode: impl FnOnce(&mut Vec<u8>) -> Result<(), NotJson>,
    ) -> Result<Bytes, NotJson> {
        let (before, after): (&[u8], &[u8]) = match self {
            Self::WebSocketJson
            | Self::WebSocketProtobuf
            | Self::UniWebSocketJson
            | Self::UniWebSocketProtobuf => return frame_with(opcode(self.encoding()), encode),
            Self::StreamProtobuf | Self::UniStreamProtobuf => (b"", b""),
            Self::StreamJson | Self::UniStreamJson => (b"", b"\n"),
            Self::EventsJson | Self::UniEventsJson => (b"data: ", b"\n\n"),
        };
        let mut out = before.to_vec();
        encode(&mut out)?;
        out.extend_from_slice(after);
        // Its length is what the mailbox counts, so it holds no more.
        Ok(out.into_boxed_slice().into())
    }
}
