//! Bytes to commands and replies to bytes, in the two encodings a connection may speak.
//!
//! A frame of JSON holds one or more objects, one a line. A frame of Protobuf holds one or more
//! messages, each after its length as a varint. Neither decoder allocates by what a length says:
//! a length is compared with the bytes that are there.

use prost::Message;
use serde::{Serialize, de::DeserializeOwned};

use super::{
    command::Command, emulation::EmulationRequest, payload::NotJson, push::Push, reply::Reply,
    request::ConnectRequest,
};

/// How a connection's messages are written. Chosen at the handshake, for good.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Encoding {
    /// Text frames of JSON lines.
    #[default]
    Json,
    /// Binary frames of length-prefixed Protobuf.
    Protobuf,
}

impl Encoding {
    /// Both encodings.
    pub const ALL: [Self; 2] = [Self::Json, Self::Protobuf];

    /// The WebSocket subprotocol that asks for this encoding.
    pub fn subprotocol(self) -> &'static str {
        match self {
            Self::Json => "centrifuge-json",
            Self::Protobuf => "centrifuge-protobuf",
        }
    }
}

/// Why a frame is no sequence of messages. Says where, never what: frames hold tokens and texts.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// The frame holds no message at all.
    #[error("the frame is empty")]
    Empty,
    /// The frame holds more messages than allowed.
    #[error("the frame holds more than {max} messages")]
    TooMany {
        /// The bound.
        max: usize,
    },
    /// A frame of JSON is not UTF-8.
    #[error("the frame is not UTF-8")]
    NotUtf8,
    /// A message is not JSON, or not of the expected shape.
    #[error("no such message in JSON, near byte {at}")]
    Json {
        /// Where reading stopped, in bytes from the start of the frame.
        at: usize,
    },
    /// A message is not Protobuf, or not of the expected shape.
    #[error("no such message in Protobuf: {0}")]
    Protobuf(prost::DecodeError),
    /// A length is malformed, or reaches beyond the frame.
    #[error("a length reaches beyond the frame")]
    Length,
}

/// Reads the commands of one frame, at least one and at most `max`.
///
/// # Errors
/// [`DecodeError`]: the connection closes with 3501.
pub fn decode_commands(
    encoding: Encoding,
    frame: &[u8],
    max: usize,
) -> Result<Vec<Command>, DecodeError> {
    decode(encoding, frame, max)
}

/// Reads the request by which the client of a unidirectional transport connects: one message, with
/// no length before it.
///
/// # Errors
/// [`DecodeError`]: the connection closes with 3501.
pub fn decode_connect(encoding: Encoding, message: &[u8]) -> Result<ConnectRequest, DecodeError> {
    decode_one(encoding, message)
}

/// Reads what brings commands to a connection that only reads: one message, with no length before
/// it.
///
/// # Errors
/// [`DecodeError`]: the request is answered with 400.
pub fn decode_emulation(
    encoding: Encoding,
    message: &[u8],
) -> Result<EmulationRequest, DecodeError> {
    decode_one(encoding, message)
}

/// Reads the replies of one frame, as clients do.
///
/// # Errors
/// [`DecodeError`] when the frame is no sequence of replies.
pub fn decode_replies(encoding: Encoding, frame: &[u8]) -> Result<Vec<Reply>, DecodeError> {
    decode(encoding, frame, usize::MAX)
}

/// Reads the pushes of one frame of a unidirectional transport, as clients do.
///
/// # Errors
/// [`DecodeError`] when the frame is no sequence of pushes.
pub fn decode_pushes(encoding: Encoding, frame: &[u8]) -> Result<Vec<Push>, DecodeError> {
    decode(encoding, frame, usize::MAX)
}

/// Appends one reply. In JSON it stands alone: [`encode_replies`] puts newlines between several.
///
/// # Errors
/// [`NotJson`] when a payload cannot travel in JSON; `out` is then as it was.
pub fn encode_reply(encoding: Encoding, reply: &Reply, out: &mut Vec<u8>) -> Result<(), NotJson> {
    encode(encoding, reply, out)
}

/// Appends several replies, framed as one frame's payload.
///
/// # Errors
/// [`NotJson`] when a payload cannot travel in JSON; `out` is then as it was.
pub fn encode_replies(
    encoding: Encoding,
    replies: &[Reply],
    out: &mut Vec<u8>,
) -> Result<(), NotJson> {
    encode_all(encoding, replies, out)
}

/// Appends one push without the reply around it, as unidirectional transports carry it.
///
/// # Errors
/// [`NotJson`] when a payload cannot travel in JSON; `out` is then as it was.
pub fn encode_push(encoding: Encoding, push: &Push, out: &mut Vec<u8>) -> Result<(), NotJson> {
    encode(encoding, push, out)
}

/// Appends several commands, framed as one frame's payload, as clients do.
///
/// # Errors
/// [`NotJson`] when a payload cannot travel in JSON; `out` is then as it was.
pub fn encode_commands(
    encoding: Encoding,
    commands: &[Command],
    out: &mut Vec<u8>,
) -> Result<(), NotJson> {
    encode_all(encoding, commands, out)
}

/// Appends `message` after its length as a varint.
pub(super) fn write_delimited(message: &impl Message, out: &mut Vec<u8>) {
    message.encode_length_delimited(out).expect("a Vec grows as far as memory goes");
}

fn encode_all<M: Message + Serialize>(
    encoding: Encoding,
    messages: &[M],
    out: &mut Vec<u8>,
) -> Result<(), NotJson> {
    let start = out.len();
    for (index, message) in messages.iter().enumerate() {
        if index > 0 && encoding == Encoding::Json {
            out.push(b'\n');
        }
        encode(encoding, message, out).inspect_err(|_| out.truncate(start))?;
    }
    Ok(())
}

fn encode<M: Message + Serialize>(
    encoding: Encoding,
    message: &M,
    out: &mut Vec<u8>,
) -> Result<(), NotJson> {
    match encoding {
        Encoding::Json => {
            let start = out.len();
            serde_json::to_writer(&mut *out, message).map_err(|_| {
                out.truncate(start);
                NotJson
            })
        }
        Encoding::Protobuf => {
            write_delimited(message, out);
            Ok(())
        }
    }
}

fn decode<M: Message + DeserializeOwned + Default>(
    encoding: Encoding,
    frame: &[u8],
    max: usize,
) -> Result<Vec<M>, DecodeError> {
    let messages = match encoding {
        Encoding::Json => decode_json(frame, max)?,
        Encoding::Protobuf => decode_protobuf(frame, max)?,
    };
    if messages.is_empty() { Err(DecodeError::Empty) } else { Ok(messages) }
}

fn decode_one<M: Message + DeserializeOwned + Default>(
    encoding: Encoding,
    message: &[u8],
) -> Result<M, DecodeError> {
    match encoding {
        Encoding::Json => {
            let text = simdutf8::basic::from_utf8(message).map_err(|_| DecodeError::NotUtf8)?;
            decode_object(text.trim_ascii(), 0)
        }
        Encoding::Protobuf => M::decode(message).map_err(DecodeError::Protobuf),
    }
}

fn decode_json<M: DeserializeOwned>(frame: &[u8], max: usize) -> Result<Vec<M>, DecodeError> {
    let text = simdutf8::basic::from_utf8(frame).map_err(|_| DecodeError::NotUtf8)?;
    let mut messages = Vec::new();
    let mut at = 0;
    for line in text.split('\n') {
        let object = line.trim_matches([' ', '\t', '\r']);
        if !object.is_empty() {
            if messages.len() == max {
                return Err(DecodeError::TooMany { max });
            }
            messages.push(decode_object(object, at)?);
        }
        at += line.len() + 1;
    }
    Ok(messages)
}

/// Refuses arrays too, which serde would read as a struct's fields in order.
fn decode_object<M: DeserializeOwned>(object: &str, at: usize) -> Result<M, DecodeError> {
    if !object.starts_with('{') {
        return Err(DecodeError::Json { at });
    }
    serde_json::from_str(object).map_err(|fault| DecodeError::Json { at: at + fault.column() })
}

fn decode_protobuf<M: Message + Default>(
    mut frame: &[u8],
    max: usize,
) -> Result<Vec<M>, DecodeError> {
    let mut messages = Vec::new();
    while !frame.is_empty() {
        if messages.len() == max {
            return Err(DecodeError::TooMany { max });
        }
        let length = prost::decode_length_delimiter(&mut frame).map_err(|_| DecodeError::Length)?;
        let (message, rest) = frame.split_at_checked(length).ok_or(DecodeError::Length)?;
        messages.push(M::decode(message).map_err(DecodeError::Protobuf)?);
        frame = rest;
    }
    Ok(messages)
}
