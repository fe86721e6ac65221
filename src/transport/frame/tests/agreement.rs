//! One stream of bytes, read by this codec and by tungstenite. The fuzz targets use this file too.

use std::io::{self, Read, Write};

use tokio_tungstenite::tungstenite::{
    Error, Message, WebSocket,
    protocol::{Role, WebSocketConfig},
};

use crate::transport::frame::{Chunk, CloseCode, Event, Reader, Violation};

/// The longest message that both readers allow, in bytes.
pub(crate) const MESSAGE_MAX: usize = 1_000;

/// The longest header of a client's frame, in bytes.
const HEADER_MAX: usize = 14;

/// An event that owns its bytes, as both readers see it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Seen {
    /// A text message.
    Text(String),
    /// A binary message.
    Binary(Vec<u8>),
    /// A ping.
    Ping(Vec<u8>),
    /// A pong.
    Pong(Vec<u8>),
    /// A close, with its code and words.
    Close(Option<(u16, String)>),
}

impl From<Event<'_>> for Seen {
    fn from(event: Event<'_>) -> Self {
        match event {
            Event::Text(text) => Self::Text(text.to_owned()),
            Event::Binary(bytes) => Self::Binary(bytes.to_vec()),
            Event::Ping(bytes) => Self::Ping(bytes.to_vec()),
            Event::Pong(bytes) => Self::Pong(bytes.to_vec()),
            Event::Close(close) => {
                Self::Close(close.map(|close| (close.code, close.reason.to_owned())))
            }
        }
    }
}

/// Feeds the bytes in chunks that end at `cuts`, and collects what comes out.
pub(crate) fn read(bytes: &[u8], cuts: &[usize]) -> (Vec<Seen>, Result<bool, Violation>) {
    let mut reader = Reader::new(MESSAGE_MAX);
    let mut seen = Vec::new();
    let mut ends: Vec<usize> = cuts.iter().map(|cut| cut % (bytes.len() + 1)).collect();
    ends.sort_unstable();
    ends.push(bytes.len());
    let mut start = 0;
    for end in ends {
        let mut scratch = bytes[start..end].to_vec();
        let mut chunk = Chunk::new(&mut scratch);
        loop {
            match reader.next(&mut chunk) {
                Ok(Some(event)) => seen.push(event.into()),
                Ok(None) => break,
                Err(violation) => return (seen, Err(violation)),
            }
        }
        start = end;
    }
    (seen, Ok(reader.is_unfinished()))
}

/// A socket that gives what it was given and then would block.
struct Tape(io::Cursor<Vec<u8>>);

impl Read for Tape {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.0.read(buffer)? {
            0 => Err(io::ErrorKind::WouldBlock.into()),
            count => Ok(count),
        }
    }
}

impl Write for Tape {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What tungstenite's server makes of the bytes: events, and the close code of its fault if any.
pub(crate) fn read_with_tungstenite(bytes: &[u8]) -> (Vec<Seen>, Option<CloseCode>) {
    let config = WebSocketConfig::default()
        .read_buffer_size(1_024)
        .max_message_size(Some(MESSAGE_MAX))
        .max_frame_size(Some(MESSAGE_MAX));
    let tape = Tape(io::Cursor::new(bytes.to_vec()));
    let mut socket = WebSocket::from_raw_socket(tape, Role::Server, Some(config));
    let mut seen = Vec::new();
    loop {
        seen.push(match socket.read() {
            Ok(Message::Text(text)) => Seen::Text(text.to_string()),
            Ok(Message::Binary(bytes)) => Seen::Binary(bytes.to_vec()),
            Ok(Message::Ping(bytes)) => Seen::Ping(bytes.to_vec()),
            Ok(Message::Pong(bytes)) => Seen::Pong(bytes.to_vec()),
            Ok(Message::Close(close)) => {
                Seen::Close(close.map(|close| (close.code.into(), close.reason.to_string())))
            }
            Ok(Message::Frame(_)) => unreachable!("only writers see raw frames"),
            Err(Error::Io(_) | Error::ConnectionClosed) => return (seen, None),
            Err(Error::Utf8(_)) => return (seen, Some(CloseCode::Invalid)),
            Err(Error::Capacity(_)) => return (seen, Some(CloseCode::Size)),
            Err(Error::Protocol(_)) => return (seen, Some(CloseCode::Protocol)),
            Err(other) => unreachable!("{other}"),
        });
    }
}

/// Both readers give the same events up to a close, and a fault of one is a fault of the other.
///
/// Known and wanted differences: tungstenite passes on a close frame with a forbidden code as 1002,
/// which is a violation for us; it judges the text of each fragment, we that of the whole message,
/// so that control frames between may still come; and it judges a frame when all of it is there, we
/// its header at once, so that the codes of a frame with two faults may differ.
pub(crate) fn assert_agreement(bytes: &[u8], cuts: &[usize]) {
    let (mut ours, end) = read(bytes, cuts);
    let (mut theirs, mut fault) = read_with_tungstenite(bytes);
    if end.is_err() && fault.is_none() {
        // It waits for the rest of the frame that we refused by its header.
        let whole = [bytes, &[0; MESSAGE_MAX + HEADER_MAX]].concat();
        (theirs, fault) = read_with_tungstenite(&whole);
    }
    if end == Err(Violation::InvalidClose) && fault.is_none() {
        ours.push(Seen::Close(Some((1_002, "Protocol violation".to_owned()))));
    }
    let close = ours.iter().position(|seen| matches!(seen, Seen::Close(_)));
    ours.truncate(close.map_or(ours.len(), |close| close + 1));
    if fault == Some(CloseCode::Invalid) {
        let later = ours.strip_prefix(&theirs[..]).expect("the same events before the fault");
        let is_control = |seen: &Seen| !matches!(seen, Seen::Text(_) | Seen::Binary(_));
        assert!(later.iter().all(is_control), "{later:?}");
        assert!(close.is_some() || end != Ok(false), "{end:?}");
        return;
    }
    assert_eq!(ours, theirs);
    assert!(close.is_some() || end.is_err() == fault.is_some(), "{end:?} {fault:?}");
}
