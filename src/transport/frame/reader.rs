//! From a client's bytes to its messages: unmasked in place, copied only when incomplete.

use std::{io::Cursor, mem::take, ops::Range};

use tokio_tungstenite::tungstenite::protocol::frame::FrameHeader;

use super::{CONTROL_MAX, CloseCode, Control, Data, OpCode, Violation};

/// The longest header: two bytes, a length of eight, a mask of four.
const HEADER_MAX: usize = 14;

/// What a client sent. Borrows from the chunk, or from the reader if it came in pieces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event<'a> {
    /// A text message.
    Text(&'a str),
    /// A binary message.
    Binary(&'a [u8]),
    /// A ping: the payload goes back in a pong.
    Ping(&'a [u8]),
    /// A pong.
    Pong(&'a [u8]),
    /// The client closes; `None` when it does not say why. Nothing may follow.
    Close(Option<Close<'a>>),
}

/// Why a client closes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Close<'a> {
    /// A code that may stand in a close frame.
    pub code: u16,
    /// Words, maybe none.
    pub reason: &'a str,
}

/// Bytes as they came from the socket, and how many of them were read.
#[derive(Debug)]
pub struct Chunk<'a> {
    bytes: &'a mut [u8],
    at: usize,
}

/// Reads a client's frames. One per connection: 16 bytes, and nothing on the heap between messages.
///
/// After a [`Violation`] or a [`Event::Close`] the reader is spent.
#[derive(Debug)]
pub struct Reader {
    message_max: usize,
    unfinished: Option<Box<Unfinished>>,
}

/// What arrived in part.
#[derive(Debug, Default)]
struct Unfinished {
    header: [u8; HEADER_MAX],
    header_len: usize,
    frame: Option<Frame>,
    kind: Option<Kind>,
    message: Vec<u8>,
    control: Vec<u8>,
    /// The buffer that the last event borrowed; it is free again.
    lent: Option<Source>,
}

/// A frame whose payload is being read.
#[derive(Clone, Copy, Debug)]
struct Frame {
    role: Role,
    is_final: bool,
    /// Turned so that its first byte belongs to the next byte of the payload.
    mask: [u8; 4],
    left: usize,
    /// Whether a part of its payload was kept already.
    is_begun: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    Start(Kind),
    Continue,
    Control(Control),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Text,
    Binary,
}

/// Where the payload of a finished frame or message lies.
#[derive(Clone, Debug)]
enum Source {
    Chunk(Range<usize>),
    Message,
    Control,
}

#[derive(Clone, Copy, Debug)]
enum Subject {
    Message(Kind),
    Control(Control),
}

impl<'a> Chunk<'a> {
    /// Bytes just read; the reader unmasks them where they are.
    pub fn new(bytes: &'a mut [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    fn rest(&self) -> &[u8] {
        &self.bytes[self.at..]
    }

    fn skip(&mut self, count: usize) -> Range<usize> {
        let start = self.at;
        self.at += count;
        start..self.at
    }
}

impl Reader {
    /// A reader that allows messages of `message_max` bytes.
    pub fn new(message_max: usize) -> Self {
        Self { message_max, unfinished: None }
    }

    /// Whether the reader holds a part of a message, and so owns memory.
    pub fn is_unfinished(&self) -> bool {
        self.unfinished.is_some()
    }

    /// The next event in the chunk; `None` when more bytes are needed. Call until `None`.
    ///
    /// # Errors
    /// The [`Violation`] that ends the connection.
    pub fn next<'s>(
        &'s mut self,
        chunk: &'s mut Chunk<'_>,
    ) -> Result<Option<Event<'s>>, Violation> {
        self.release();
        let Some((subject, source)) = self.advance(chunk)? else { return Ok(None) };
        let payload: &'s [u8] = match source {
            Source::Chunk(range) => &chunk.bytes[range],
            Source::Message => self.unfinished.as_ref().map_or(&[], |held| &held.message),
            Source::Control => self.unfinished.as_ref().map_or(&[], |held| &held.control),
        };
        event(subject, payload).map(Some)
    }

    /// Frees what the last event borrowed.
    fn release(&mut self) {
        let Some(held) = &mut self.unfinished else { return };
        match held.lent.take() {
            Some(Source::Message) => held.message = Vec::new(),
            Some(Source::Control) => held.control = Vec::new(),
            Some(Source::Chunk(_)) | None => {}
        }
        if held.header_len == 0 && held.frame.is_none() && held.kind.is_none() {
            self.unfinished = None;
        }
    }

    fn advance(&mut self, chunk: &mut Chunk<'_>) -> Result<Option<(Subject, Source)>, Violation> {
        loop {
            let begun = self.unfinished.as_mut().and_then(|held| held.frame.take());
            let Some(frame) =
                begun.map_or_else(|| self.read_header(chunk), |frame| Ok(Some(frame)))?
            else {
                return Ok(None);
            };
            let range = chunk.skip(frame.left.min(chunk.rest().len()));
            unmask(&mut chunk.bytes[range.clone()], frame.mask);
            if let Some(subject) = frame.stands_alone(range.len()) {
                return Ok(Some((subject, Source::Chunk(range))));
            }
            let held = self.unfinished.get_or_insert_default();
            let is_whole = range.len() == frame.left;
            if let Some((subject, source)) = held.keep(frame, &chunk.bytes[range]) {
                held.lent = Some(source.clone());
                return Ok(Some((subject, source)));
            }
            if !is_whole {
                return Ok(None);
            }
        }
    }

    fn read_header(&mut self, chunk: &mut Chunk<'_>) -> Result<Option<Frame>, Violation> {
        let (mut header, held) =
            self.unfinished.as_ref().map(|held| (held.header, held.header_len)).unwrap_or_default();
        let fresh = chunk.rest().len().min(HEADER_MAX - held);
        header[held..held + fresh].copy_from_slice(&chunk.rest()[..fresh]);
        let mut cursor = Cursor::new(&header[..held + fresh]);
        // The only fault it knows is an unknown opcode.
        let parsed = FrameHeader::parse(&mut cursor).map_err(|_| Violation::UnknownOpcode)?;
        let Some((parsed, length)) = parsed else {
            if fresh > 0 {
                let unfinished = self.unfinished.get_or_insert_default();
                (unfinished.header, unfinished.header_len) = (header, held + fresh);
                chunk.skip(fresh);
            }
            return Ok(None);
        };
        let size = usize::try_from(cursor.position()).unwrap_or(HEADER_MAX);
        chunk.skip(size - held);
        if let Some(unfinished) = &mut self.unfinished {
            unfinished.header_len = 0;
        }
        self.admit(&parsed, length).map(Some)
    }

    /// Checks a header before a byte of its payload is kept.
    fn admit(&self, header: &FrameHeader, length: u64) -> Result<Frame, Violation> {
        let mask = header.mask.ok_or(Violation::Unmasked)?;
        if header.rsv1 || header.rsv2 || header.rsv3 {
            return Err(Violation::ReservedBit);
        }
        let length = usize::try_from(length).map_err(|_| Violation::LongMessage)?;
        let held = self.unfinished.as_ref();
        let is_inside = held.is_some_and(|held| held.kind.is_some());
        let role = match header.opcode {
            OpCode::Control(_) if !header.is_final => return Err(Violation::FragmentedControl),
            OpCode::Control(_) if length > CONTROL_MAX => return Err(Violation::LongControl),
            OpCode::Control(control) => Role::Control(control),
            OpCode::Data(Data::Continue) if !is_inside => {
                return Err(Violation::UnexpectedContinuation);
            }
            OpCode::Data(Data::Continue) => Role::Continue,
            OpCode::Data(_) if is_inside => return Err(Violation::ExpectedContinuation),
            OpCode::Data(Data::Text) => Role::Start(Kind::Text),
            OpCode::Data(Data::Binary) => Role::Start(Kind::Binary),
            OpCode::Data(Data::Reserved(_)) => return Err(Violation::UnknownOpcode),
        };
        let before = held.map_or(0, |held| held.message.len());
        if !matches!(role, Role::Control(_)) && length > self.message_max.saturating_sub(before) {
            return Err(Violation::LongMessage);
        }
        Ok(Frame { role, is_final: header.is_final, mask, left: length, is_begun: false })
    }
}

impl Frame {
    /// What the frame is when its `count` payload bytes are all of it and nothing came before.
    fn stands_alone(&self, count: usize) -> Option<Subject> {
        if self.is_begun || count < self.left {
            return None;
        }
        match self.role {
            Role::Control(control) => Some(Subject::Control(control)),
            Role::Start(kind) if self.is_final => Some(Subject::Message(kind)),
            Role::Start(_) | Role::Continue => None,
        }
    }
}

impl Unfinished {
    /// Keeps a part of a frame's payload, unmasked; says what it completes.
    fn keep(&mut self, mut frame: Frame, payload: &[u8]) -> Option<(Subject, Source)> {
        if let Role::Control(control) = frame.role {
            self.control.extend_from_slice(payload);
            if payload.len() == frame.left {
                return Some((Subject::Control(control), Source::Control));
            }
        } else {
            self.message.extend_from_slice(payload);
            if let Role::Start(kind) = frame.role {
                self.kind = Some(kind);
            }
            if payload.len() == frame.left {
                let kind = if frame.is_final { take(&mut self.kind) } else { None };
                return kind.map(|kind| (Subject::Message(kind), Source::Message));
            }
        }
        frame.mask.rotate_left(payload.len() % 4);
        frame.left -= payload.len();
        frame.is_begun = true;
        self.frame = Some(frame);
        None
    }
}

fn event(subject: Subject, payload: &[u8]) -> Result<Event<'_>, Violation> {
    Ok(match subject {
        Subject::Message(Kind::Text) => Event::Text(text(payload)?),
        Subject::Message(Kind::Binary) => Event::Binary(payload),
        Subject::Control(Control::Ping) => Event::Ping(payload),
        Subject::Control(Control::Pong) => Event::Pong(payload),
        Subject::Control(Control::Close) => Event::Close(close(payload)?),
        Subject::Control(Control::Reserved(_)) => return Err(Violation::UnknownOpcode),
    })
}

fn close(payload: &[u8]) -> Result<Option<Close<'_>>, Violation> {
    let Some((code, reason)) = payload.split_first_chunk() else {
        return if payload.is_empty() { Ok(None) } else { Err(Violation::InvalidClose) };
    };
    let code = u16::from_be_bytes(*code);
    if !CloseCode::from(code).is_allowed() {
        return Err(Violation::InvalidClose);
    }
    Ok(Some(Close { code, reason: text(reason)? }))
}

fn text(payload: &[u8]) -> Result<&str, Violation> {
    simdutf8::basic::from_utf8(payload).map_err(|_| Violation::NotUtf8)
}

/// Eight bytes at a time, which the compiler widens further.
fn unmask(bytes: &mut [u8], mask: [u8; 4]) {
    let half = u64::from(u32::from_ne_bytes(mask));
    let wide = half << 32 | half;
    let (words, rest) = bytes.as_chunks_mut();
    for word in words {
        *word = (u64::from_ne_bytes(*word) ^ wide).to_ne_bytes();
    }
    for (byte, mask) in rest.iter_mut().zip(mask.into_iter().cycle()) {
        *byte ^= mask;
    }
}
