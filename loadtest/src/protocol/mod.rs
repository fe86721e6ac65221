//! How a server is spoken to: what a subscriber says, and what the server's frames hold.

mod centrifuge;
mod nchan;

use std::fmt;

use clap::ValueEnum;

pub(crate) use self::{
    centrifuge::Centrifuge,
    nchan::{CHANNEL, Nchan},
};

/// The protocols this tool speaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Name {
    /// Centrifuge's client protocol, version 2: Belfry, Centrifugo and others.
    #[default]
    Centrifuge,
    /// nginx with the module nchan: a WebSocket a channel, publications by HTTP POST.
    Nchan,
}

/// One way to subscribe and to be told.
pub(crate) trait Protocol: fmt::Debug + Send + Sync {
    /// The path and query of the handshake; `path` is that of the address given.
    fn path(&self, path: &str, channel: Option<&str>) -> String;

    /// The WebSocket subprotocol to ask for.
    fn subprotocol(&self) -> Option<&'static str>;

    /// What a newcomer says once the WebSocket is open.
    ///
    /// # Errors
    /// When it cannot be said in this protocol.
    fn opening(&self, token: String, channel: Option<String>) -> anyhow::Result<Opening>;

    /// Whether an answer says yes.
    ///
    /// # Errors
    /// The server's refusal.
    fn accepted(&self, answer: &[u8]) -> anyhow::Result<()>;

    /// Calls `each` for every message of a frame, parsing no more than is needed to tell them apart:
    /// this tool shares the machine with the server.
    fn sort(&self, payload: &[u8], each: &mut dyn FnMut(Message<'_>));

    /// The answer to a ping of this protocol's own.
    fn pong(&self) -> &'static [u8];

    /// Frames with data are binary.
    fn is_binary(&self) -> bool;

    /// Why the subscription ended, when a message of no other kind says so.
    fn ending(&self, message: &[u8]) -> Option<String>;
}

/// What a newcomer says, in one frame, and how many answers must come.
#[derive(Debug, Default)]
pub(crate) struct Opening {
    pub(crate) payload: Vec<u8>,
    pub(crate) answers: usize,
}

/// One message within a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Message<'a> {
    pub(crate) kind: Kind,
    /// As it stands in the frame, the length before it included.
    pub(crate) bytes: &'a [u8],
}

/// What a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Something published, with its offset in the stream; 0 where there is no stream.
    Publication(u64),
    /// The answer to something that was asked.
    Answer,
    /// A ping of the protocol's own.
    Ping,
    /// Anything else.
    Other,
}
