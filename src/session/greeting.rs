//! The greeting: a connect command makes a session of a stranger, or sends the stranger away.

use std::{collections::BTreeMap, net::IpAddr, sync::Arc};

use crate::{
    channel::Entrance,
    error::Code,
    hub::Guest,
    identity::{ConnectionGrant, SubOptions, TokenFault},
    ids::{ChannelName, UserId},
    operation::{Caller, Role},
    protocol::{
        code::{Disconnect, DisconnectCode},
        command::{Command, Request},
        payload::NotJson,
        push::{Connect, Push},
        reply::Reply,
        request::{ConnectRequest, SubscribeRequest},
        result::{ConnectResult, SubscribeResult},
    },
    session::{
        Needs,
        command::Session,
        subscription::{Asked, Opened},
    },
    telemetry::label::{self, ByCommand, ByRefusal, Door, Outcome},
};

/// Someone who has a connection and no name yet.
pub struct Stranger {
    needs: Arc<Needs>,
    guest: Guest,
    address: Option<IpAddr>,
}

/// Why a stranger is sent away.
enum Refused {
    Reply(Code),
    Close(Disconnect),
}

impl From<DisconnectCode> for Refused {
    fn from(code: DisconnectCode) -> Self {
        Self::Close(code.into())
    }
}

/// What the session starts with, before its subscriptions are live.
struct Opening {
    session: Box<Session>,
    result: ConnectResult,
    opened: Vec<Opened>,
}

impl Stranger {
    /// A newcomer, to be closed as stale unless a connect command comes in time.
    pub fn new(needs: Arc<Needs>, guest: Guest, address: Option<IpAddr>) -> Self {
        let patience_s =
            u32::try_from(needs.client.connect_timeout.0.as_secs()).unwrap_or(u32::MAX / 2);
        guest.mailbox().wake_at(needs.hub.now_s() + patience_s);
        Self { needs, guest, address }
    }

    /// Does what a first command asks, which must be to connect. `None` when it was refused with an
    /// error reply.
    pub async fn obey(self, command: Command) -> Result<Option<Box<Session>>, Disconnect> {
        let id = command.id;
        let Some(Request::Connect(request)) = command.request() else {
            return Err(DisconnectCode::BadRequest.into());
        };
        if id == 0 {
            return Err(DisconnectCode::BadRequest.into());
        }
        let mailbox = Arc::clone(self.guest.mailbox());
        let metrics = self.needs.metrics.clone();
        let opened = self.open(request).await;
        let outcome = if opened.is_ok() { Outcome::Done } else { Outcome::Refused };
        metrics.commands.one(&ByCommand { command: label::Command::Connect, outcome });
        match opened {
            Ok(opening) => {
                let reply = Reply::success(id, opening.result);
                mailbox.send(mailbox.dialect().reply(&reply).map_err(inappropriate)?);
                let session = opening.session;
                session.settle(opening.opened).await;
                Ok(Some(session))
            }
            Err(Refused::Reply(code)) => {
                metrics.refusals.one(&ByRefusal { door: Door::Connection, code });
                let reply = Reply::error(id, code);
                mailbox.send(mailbox.dialect().reply(&reply).map_err(inappropriate)?);
                Ok(None)
            }
            Err(Refused::Close(disconnect)) => Err(disconnect),
        }
    }

    /// Opens the session of a client that cannot send commands: the result is a connect push.
    pub async fn welcome(self, request: ConnectRequest) -> Result<Box<Session>, Disconnect> {
        let mailbox = Arc::clone(self.guest.mailbox());
        let opening = self.open(request).await.map_err(|refused| match refused {
            Refused::Close(disconnect) => disconnect,
            Refused::Reply(Code::TokenExpired) => DisconnectCode::ConnectionExpired.into(),
            Refused::Reply(_) => DisconnectCode::BadRequest.into(),
        })?;
        let push = Push::connect(as_push(opening.result));
        mailbox.send(mailbox.dialect().push(push).map_err(inappropriate)?);
        let session = opening.session;
        session.settle(opening.opened).await;
        Ok(session)
    }

    async fn open(mut self, request: ConnectRequest) -> Result<Opening, Refused> {
        let needs = Arc::clone(&self.needs);
        let mut grant = self.believe(&request.token).await?;
        grant.caller.connection = Some(self.guest.mailbox().id());
        grant.caller.address = self.address;
        if !grant.caller.is_anonymous() {
            let identified = self.guest.identify(&grant.caller.user, needs.per_user);
            identified.map_err(|_| DisconnectCode::ConnectionLimit)?;
        }
        let channels = self.server_side(&grant);
        if channels.len() > needs.channels.per_connection {
            return Err(DisconnectCode::ChannelLimit.into());
        }
        let mut session = Session::new(Arc::clone(&needs), self.guest, &grant);
        let mut opened = Vec::with_capacity(channels.len());
        for (channel, options) in channels {
            let namespace =
                needs.hub.namespace(&channel).map_err(|_| Refused::Reply(Code::UnknownChannel))?;
            let entrance = Entrance::invited(&namespace, options);
            let asked = request.subs.get(channel.as_str()).map(Asked::by).unwrap_or_default();
            opened.push(session.open_subscription(&channel, entrance, asked, true).await);
        }
        let result = session.greeting(subs(&opened));
        Ok(Opening { session: Box::new(session), result, opened })
    }

    async fn believe(&self, token: &str) -> Result<ConnectionGrant, Refused> {
        let identity = &self.needs.identity;
        if token.is_empty() {
            if !identity.allows_anonymous() {
                return Err(DisconnectCode::BadRequest.into());
            }
            return Ok(nobody());
        }
        match identity.verify_connection(token).await {
            Ok(grant) if grant.caller.is_anonymous() && !identity.allows_anonymous() => {
                Err(DisconnectCode::PermissionDenied.into())
            }
            Ok(grant) => Ok(grant),
            Err(TokenFault::Expired) => Err(Refused::Reply(Code::TokenExpired)),
            Err(_) => Err(DisconnectCode::InvalidToken.into()),
        }
    }

    /// The channels that the server subscribes the connection to: its token's, and its own.
    fn server_side(&self, grant: &ConnectionGrant) -> BTreeMap<ChannelName, SubOptions> {
        let mut channels = grant.subs.clone();
        for channel in &grant.channels {
            channels.entry(channel.clone()).or_default();
        }
        if self.needs.channels.personal && !grant.caller.is_anonymous() {
            channels.entry(self.needs.hub.personal_channel(&grant.caller.user)).or_default();
        }
        channels
    }
}

fn subs(opened: &[Opened]) -> BTreeMap<String, SubscribeResult> {
    opened.iter().map(|opened| (opened.channel.to_string(), opened.result.clone())).collect()
}

/// A token's own payloads are checked JSON, so this is a fault of ours rather than of the peer's.
fn inappropriate(_: NotJson) -> Disconnect {
    DisconnectCode::InappropriateProtocol.into()
}

fn nobody() -> ConnectionGrant {
    ConnectionGrant {
        caller: Caller::new(UserId::from(""), Role::User),
        info: None,
        channels: Vec::new(),
        subs: BTreeMap::new(),
        expire_at_s: None,
        token_id: None,
        issued_at_s: 0,
    }
}

impl Asked {
    /// What a connect command asks of a server-side subscription.
    fn by(request: &SubscribeRequest) -> Self {
        Self { recover: request.recover, offset: request.offset, epoch: request.epoch.clone() }
    }
}

/// A unidirectional client gets the same as a push; it is never asked for pongs.
fn as_push(result: ConnectResult) -> Connect {
    let ConnectResult {
        client, version, expires, ttl, data, subs, ping, session, node, time, ..
    } = result;
    Connect { client, version, data, subs, expires, ttl, ping, pong: false, session, node, time }
}
