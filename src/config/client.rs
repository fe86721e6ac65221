//! `[client]`: what a connection may do, and how it is kept alive.

use serde::{Deserialize, Serialize};

use super::{
    fault::Wrong,
    value::{Size, Span},
};

/// The `[client]` section.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Client {
    /// How often the server pings a connection that asked for nothing else; 0 for never.
    pub ping_interval: Span,
    /// How long it waits for the pong before it closes (3012).
    pub pong_timeout: Span,
    /// How long a socket may stay without a connect command (close 3502).
    pub connect_timeout: Span,
    /// How long an expired connection or subscription may go on before it ends (3005, 2501).
    pub expired_grace: Span,
    /// The largest message a client may send (close 1009).
    pub message_max: Size,
    /// How many commands one frame may hold (close 3501).
    pub commands_per_frame: usize,
    /// Commands one connection may send each second, on average; more is answered with 111. 0 sets
    /// no limit.
    pub commands_per_second: u32,
    /// How many commands it may send at once; twice as many refused before half of them may be sent
    /// at once again close it (3013).
    pub commands_burst: u32,
}

impl Default for Client {
    fn default() -> Self {
        Self {
            ping_interval: Span::seconds(25),
            pong_timeout: Span::seconds(8),
            connect_timeout: Span::seconds(10),
            expired_grace: Span::seconds(25),
            message_max: Size::kib(64),
            commands_per_frame: 256,
            commands_per_second: 1_000,
            commands_burst: 2_000,
        }
    }
}

impl Client {
    /// Refuses times that the protocol cannot tell, and bounds that nothing passes.
    pub(super) fn check(&self) -> Vec<Wrong> {
        let mut wrong = Wrong::zeros([
            ("message_max", self.message_max.0),
            ("commands_per_frame", self.commands_per_frame),
            ("commands_burst", self.commands_burst as usize),
        ]);
        let times = [
            ("ping_interval", self.ping_interval),
            ("pong_timeout", self.pong_timeout),
            ("connect_timeout", self.connect_timeout),
            ("expired_grace", self.expired_grace),
        ];
        let parts = times.into_iter().filter(|(_, time)| time.0.subsec_nanos() > 0);
        wrong.extend(parts.map(|(key, _)| Wrong::new(key, "must be whole seconds")));
        let pings = self.ping_interval > Span::default();
        if pings && (self.pong_timeout >= self.ping_interval || self.pong_timeout.0.is_zero()) {
            let reason = "must be more than 0 and less than `client.ping_interval`";
            wrong.push(Wrong::new("pong_timeout", reason));
        }
        wrong
    }
}
