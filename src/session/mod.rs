//! One connected person, without a socket: what they ask, and what the house tells them.
//!
//! The two stages of a connection are two types: a [`Stranger`] becomes a [`Session`] by a connect
//! command and never goes back. Replies go into the mailbox, in the order of the commands; whoever
//! holds the socket flushes it. Knows no byte of a frame and no domain.

pub mod answer;
pub mod command;
mod domain;
pub mod flood;
pub mod greeting;
pub mod heartbeat;
pub mod recovery;
pub mod subscription;

use std::{fmt, net::IpAddr, sync::Arc};

pub use self::{
    command::Session,
    greeting::{Met, Stranger},
    heartbeat::Pings,
};
use crate::{
    channel::Access,
    clock::Clock,
    config,
    hub::{Guest, Hub, Mailbox, Signal},
    identity::Identity,
    operation::Catalogue,
    protocol::{
        code::{Disconnect, DisconnectCode},
        command::Command,
        request::ConnectRequest,
    },
    telemetry::Metrics,
};

/// What sessions need of the house.
pub struct Needs {
    /// Where connections and channels are.
    pub hub: Hub,
    /// Who may speak.
    pub identity: Identity,
    /// Who may do what in channels.
    pub access: Access,
    /// What `rpc` runs.
    pub catalogue: Arc<Catalogue>,
    /// Wall time, for the end of tokens.
    pub clock: Clock,
    /// What is counted.
    pub metrics: Metrics,
    /// The `[client]` section.
    pub client: config::client::Client,
    /// The `[channels]` section.
    pub channels: config::channels::Channels,
    /// Connections that one user may have on this node; 0 for any number.
    pub per_user: u32,
}

/// How a visitor came to the house.
#[derive(Clone, Debug, Default)]
pub struct Arrival {
    /// The client's address, as the server saw it.
    pub address: Option<IpAddr>,
    /// How the connection is kept alive.
    pub pings: Pings,
    /// Where the client sends its commands, when not where it reads.
    pub way_back: Option<WayBack>,
}

/// How a transport that only carries replies is answered: the client names both with each request
/// that brings commands.
#[derive(Clone, PartialEq, Eq)]
pub struct WayBack {
    /// A secret of the connection's own.
    pub session: String,
    /// The node that holds the connection.
    pub node: Arc<str>,
}

impl fmt::Debug for WayBack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WayBack").field("node", &self.node).finish_non_exhaustive()
    }
}

/// Whoever is at the other end of a connection.
pub struct Visitor {
    stage: Stage,
    mailbox: Arc<Mailbox>,
}

enum Stage {
    Stranger(Box<Stranger>),
    Session(Box<Session>),
    /// The connect command was answered with an error: nothing more is to come.
    Refused(#[expect(dead_code, reason = "held for its end")] Guest),
    /// A command is being obeyed, or it ended the connection.
    Away,
}

impl Visitor {
    /// A newcomer, who must connect within `client.connect_timeout`.
    pub fn new(needs: Arc<Needs>, guest: Guest, arrival: Arrival) -> Self {
        let mailbox = Arc::clone(guest.mailbox());
        let stranger = Stranger::new(needs, guest, arrival);
        Self { stage: Stage::Stranger(Box::new(stranger)), mailbox }
    }

    /// The connection's mailbox.
    pub fn mailbox(&self) -> &Arc<Mailbox> {
        &self.mailbox
    }

    /// Does what a command asks; its reply is in the mailbox afterwards.
    ///
    /// # Errors
    /// How the connection must end.
    pub async fn obey(&mut self, command: Command) -> Result<(), Disconnect> {
        match std::mem::replace(&mut self.stage, Stage::Away) {
            Stage::Stranger(stranger) => {
                self.stage = match stranger.obey(command).await? {
                    Met::Session(session) => Stage::Session(session),
                    Met::Refused(guest) => Stage::Refused(guest),
                };
                Ok(())
            }
            Stage::Session(mut session) => {
                let obeyed = session.obey(command).await;
                self.stage = Stage::Session(session);
                obeyed
            }
            Stage::Refused(_) | Stage::Away => Err(DisconnectCode::BadRequest.into()),
        }
    }

    /// Opens the session of a client that cannot send commands: what would be an error reply closes
    /// the connection, and the result is a connect push.
    ///
    /// # Errors
    /// How the connection must end.
    pub async fn welcome(&mut self, request: ConnectRequest) -> Result<(), Disconnect> {
        let Stage::Stranger(stranger) = std::mem::replace(&mut self.stage, Stage::Away) else {
            return Err(DisconnectCode::BadRequest.into());
        };
        self.stage = Stage::Session(stranger.welcome(request).await?);
        Ok(())
    }

    /// Hears what the house asks.
    ///
    /// # Errors
    /// How the connection must end.
    pub async fn hear(&mut self, signal: Signal) -> Result<(), Disconnect> {
        match (&mut self.stage, signal) {
            (Stage::Session(session), signal) => session.hear(signal).await,
            (_, Signal::Time) => Err(DisconnectCode::Stale.into()),
            (_, _) => Ok(()),
        }
    }

    /// The client answered a ping of [`Pings::Frames`].
    pub fn answered_ping(&mut self) {
        if let Stage::Session(session) = &mut self.stage {
            session.answered_ping();
        }
    }

    /// Leaves every channel. The socket is closed before, so that nobody waits for this.
    pub async fn farewell(self) {
        if let Stage::Session(session) = self.stage {
            session.farewell().await;
        }
    }
}

#[cfg(test)]
pub(crate) mod tests;
