//! Labels of metrics: closed sets wherever possible, never anything that a client makes up.

use std::{
    fmt::{self, Write},
    hash::Hash,
};

use prometheus_client::encoding::{
    EncodeLabel, EncodeLabelSet, EncodeLabelValue, LabelSetEncoder, LabelValueEncoder,
};

use crate::error::Code;

/// A set of labels that an instrument counts by.
pub trait Labels: EncodeLabelSet + Clone + Eq + Hash + fmt::Debug + Send + Sync + 'static {
    /// The labels' names, in order.
    const NAMES: &'static [&'static str];
}

/// Declares an enum of label values.
macro_rules! values {
    ($($(#[$doc:meta])* $name:ident { $($(#[$each:meta])* $variant:ident = $text:literal,)* })*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $name {
            $($(#[$each])* $variant,)*
        }

        impl EncodeLabelValue for $name {
            fn encode(&self, encoder: &mut LabelValueEncoder<'_>) -> fmt::Result {
                encoder.write_str(match self { $(Self::$variant => $text,)* })
            }
        }
    )*};
}

values! {
    /// What carries a connection.
    Transport {
        /// The WebSocket of both directions.
        WebSocket = "websocket",
        /// The WebSocket that only the server writes to.
        UniWebSocket = "uni_websocket",
        /// An HTTP response that does not end, with emulation.
        HttpStream = "http_stream",
        /// An HTTP response that does not end, which the client only reads.
        UniHttpStream = "uni_http_stream",
        /// Server-sent events, with emulation.
        Sse = "sse",
        /// Server-sent events, which the client only reads.
        UniSse = "uni_sse",
    }
    /// Where a request came in.
    Door {
        /// A command on a connection.
        Connection = "connection",
        /// A request to the HTTP door.
        Http = "http",
    }
    /// What came of something.
    Outcome {
        /// It was done.
        Done = "done",
        /// It was refused: a fault of the caller, or a limit.
        Refused = "refused",
        /// It failed: a fault of ours, or of something we depend on.
        Failed = "failed",
    }
    /// The kind of a client's command.
    Command {
        /// `connect`.
        Connect = "connect",
        /// `subscribe`.
        Subscribe = "subscribe",
        /// `unsubscribe`.
        Unsubscribe = "unsubscribe",
        /// `publish`.
        Publish = "publish",
        /// `presence`.
        Presence = "presence",
        /// `presence_stats`.
        PresenceStats = "presence_stats",
        /// `history`.
        History = "history",
        /// `ping`, or the pong that answers ours.
        Ping = "ping",
        /// `send`.
        Send = "send",
        /// `rpc`.
        Rpc = "rpc",
        /// `refresh`.
        Refresh = "refresh",
        /// `sub_refresh`.
        SubRefresh = "sub_refresh",
        /// None of the others.
        Unknown = "unknown",
    }
}

/// Declares a set of labels; its name is what a metric is counted by.
macro_rules! sets {
    ($($(#[$doc:meta])* $name:ident { $($(#[$each:meta])* $field:ident: $kind:ty,)* })*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
        pub struct $name {
            $($(#[$each])* pub $field: $kind,)*
        }

        impl Labels for $name {
            const NAMES: &'static [&'static str] = &[$(stringify!($field)),*];
        }
    )*};
}

sets! {
    /// By what carries the connection.
    ByTransport {
        /// What carries it.
        transport: Transport,
    }
    /// By why, in one of the words that the reporting part declares.
    ByReason {
        /// Why.
        reason: &'static str,
    }
    /// By the cause, in one of the words that the reporting part declares.
    ByCause {
        /// The cause.
        cause: &'static str,
    }
    /// By the kind, in one of the words that the reporting part declares.
    ByKind {
        /// The kind.
        kind: &'static str,
    }
    /// By the state, in one of the words that the reporting part declares.
    ByState {
        /// The state.
        state: &'static str,
    }
    /// By what came of it.
    ByOutcome {
        /// What came of it.
        outcome: Outcome,
    }
    /// By the client's command and what came of it.
    ByCommand {
        /// Its kind.
        command: Command,
        /// What came of it.
        outcome: Outcome,
    }
    /// By the code that a connection was closed with.
    ByClose {
        /// One of the protocol's codes or of WebSocket's; 0 when the client left by itself.
        code: u32,
    }
    /// By the operation.
    ByOperation {
        /// Its name in the catalogue.
        operation: &'static str,
    }
    /// By the operation and what came of it.
    ByOperationOutcome {
        /// Its name in the catalogue.
        operation: &'static str,
        /// What came of it.
        outcome: Outcome,
    }
    /// By the route of the HTTP door, as it is declared, and the status that was answered.
    ByRequest {
        /// The route's pattern, never the path that was asked for.
        route: String,
        /// The answer's status.
        status: u16,
    }
    /// By the route of the HTTP door.
    ByRoute {
        /// The route's pattern.
        route: String,
    }
    /// By the rule, as curators name it.
    ByRule {
        /// Its name.
        rule: String,
    }
    /// By the version of a rule set.
    ByVersion {
        /// The version, as verdicts carry it.
        version: String,
    }
    /// By the verdict on a text.
    ByVerdict {
        /// The gravest category that hit, or `none`.
        category: &'static str,
        /// What is done.
        action: &'static str,
    }
}

/// By where a refusal was answered, and with which code.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ByRefusal {
    /// Where it was answered.
    pub door: Door,
    /// Why; its number and its name are two labels.
    pub code: Code,
}

impl EncodeLabelSet for ByRefusal {
    fn encode(&self, encoder: &mut LabelSetEncoder<'_>) -> fmt::Result {
        ("door", self.door).encode(encoder.encode_label())?;
        ("code", self.code.number()).encode(encoder.encode_label())?;
        ("reason", self.code.name()).encode(encoder.encode_label())
    }
}

impl Labels for ByRefusal {
    const NAMES: &'static [&'static str] = &["door", "code", "reason"];
}
