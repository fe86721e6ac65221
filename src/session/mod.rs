//! One connected person, without a socket: what they ask, and what the house tells them.
//!
//! The two stages of a connection are two types: a [`Stranger`] becomes a [`Session`] by a connect
//! command and never goes back. Replies go into the mailbox, in the order of the commands; whoever
//! holds the socket flushes it. Knows no byte of a frame and no domain.

pub mod answer;
pub mod command;
pub mod flood;
pub mod greeting;
pub mod heartbeat;
pub mod recovery;
pub mod subscription;

use std::{net::IpAddr, sync::Arc};

pub use self::{command::Session, greeting::Stranger};
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

/// Whoever is at the other end of a connection.
pub struct Visitor {
    stage: Stage,
    mailbox: Arc<Mailbox>,
}

enum Stage {
    Stranger(Box<Stranger>),
    Session(Box<Session>),
    /// The connect command was answered with an error: nothing more is to come.
    Spent,
}

impl Visitor {
    /// A newcomer, who must connect within `client.connect_timeout`.
    pub fn new(needs: Arc<Needs>, guest: Guest, address: Option<IpAddr>) -> Self {
        let mailbox = Arc::clone(guest.mailbox());
        let stranger = Stranger::new(needs, guest, address);
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
        match std::mem::replace(&mut self.stage, Stage::Spent) {
            Stage::Stranger(stranger) => {
                if let Some(session) = stranger.obey(command).await? {
                    self.stage = Stage::Session(session);
                }
                Ok(())
            }
            Stage::Session(mut session) => {
                let obeyed = session.obey(command).await;
                self.stage = Stage::Session(session);
                obeyed
            }
            Stage::Spent => Err(DisconnectCode::BadRequest.into()),
        }
    }

    /// Opens the session of a client that cannot send commands: what would be an error reply closes
    /// the connection, and the result is a connect push.
    ///
    /// # Errors
    /// How the connection must end.
    pub async fn welcome(&mut self, request: ConnectRequest) -> Result<(), Disconnect> {
        let Stage::Stranger(stranger) = std::mem::replace(&mut self.stage, Stage::Spent) else {
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
            (Stage::Stranger(_) | Stage::Spent, Signal::Time) => Err(DisconnectCode::Stale.into()),
            (Stage::Stranger(_) | Stage::Spent, _) => Ok(()),
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
mod tests;
