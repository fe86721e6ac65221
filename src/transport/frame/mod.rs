//! Reading WebSocket frames as a server must (RFC 6455), without a socket.
//!
//! Most connections are idle most of the time, so the reader is fed from a buffer that all share and
//! owns memory only while a message is incomplete. Headers are parsed by tungstenite. Frames are
//! written in `protocol`, since one frame may go to many.

mod reader;

#[cfg(test)]
mod tests;

pub use tokio_tungstenite::tungstenite::protocol::frame::coding::{
    CloseCode, Control, Data, OpCode,
};

pub use self::reader::{Chunk, Close, Event, Reader};
use crate::protocol::frame::CONTROL_MAX;

/// How a client broke the WebSocket protocol. The connection closes with [`Violation::close_code`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Violation {
    /// A frame came unmasked (5.1).
    #[error("a frame is not masked")]
    Unmasked,
    /// A bit is set that belongs to an extension nobody negotiated (5.2).
    #[error("a reserved bit is set")]
    ReservedBit,
    /// The opcode is reserved (5.2).
    #[error("an opcode is unknown")]
    UnknownOpcode,
    /// A control frame is fragmented (5.5).
    #[error("a control frame is fragmented")]
    FragmentedControl,
    /// A control frame is longer than [`CONTROL_MAX`] (5.5).
    #[error("a control frame is too long")]
    LongControl,
    /// A continuation came with nothing to continue (5.4).
    #[error("a continuation continues nothing")]
    UnexpectedContinuation,
    /// A new message began inside a fragmented one (5.4).
    #[error("a message began inside another")]
    ExpectedContinuation,
    /// A close frame holds half a code, or a code that must not be sent (5.5.1, 7.4).
    #[error("a close code is invalid")]
    InvalidClose,
    /// A text message or a close reason is not UTF-8 (8.1).
    #[error("a text is not UTF-8")]
    NotUtf8,
    /// A message is longer than the reader allows (7.4.1).
    #[error("a message is too long")]
    LongMessage,
}

impl Violation {
    /// The code of the close frame that answers: 1002, 1007 or 1009.
    pub fn close_code(self) -> CloseCode {
        match self {
            Self::NotUtf8 => CloseCode::Invalid,
            Self::LongMessage => CloseCode::Size,
            Self::Unmasked
            | Self::ReservedBit
            | Self::UnknownOpcode
            | Self::FragmentedControl
            | Self::LongControl
            | Self::UnexpectedContinuation
            | Self::ExpectedContinuation
            | Self::InvalidClose => CloseCode::Protocol,
        }
    }
}
