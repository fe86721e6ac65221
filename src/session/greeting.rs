//! The greeting: a connect command makes a session of a stranger, or sends the stranger away.

use std::{collections::BTreeMap, sync::Arc};

use bytes::Bytes;

use crate::{
    channel::Entrance,
    error::Code,
    hub::{Dialect, Guest},
    identity::{ConnectionGrant, Stamp, SubOptions, TokenFault},
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
        Arrival, Needs,
        command::Session,
        subscription::{Asked, Opened},
    },
    telemetry::label::{self, ByCommand, ByRefusal, Door, Outcome},
};

/// Someone who has a connection and no name yet.
pub struct Stranger {
    needs: Arc<Needs>,
    guest: Guest,
    arrival: Arrival,
}

/// What became of a connect command.
pub enum Met {
    /// The session is open.
    Session(Box<Session>),
    /// It was refused with an error reply. The client has to go; until it does, the house must still
    /// be able to close its connection.
    Refused(Guest),
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

/// Somebody whose token is believed, and the channels that it opens.
struct Admitted {
    grant: ConnectionGrant,
    channels: Vec<(ChannelName, Entrance)>,
}

/// What the session starts with, before its subscriptions are live.
struct Opening {
    session: Box<Session>,
    result: ConnectResult,
    opened: Vec<Opened>,
}

impl Stranger {
    /// A newcomer, to be closed as stale unless a connect command comes in time.
    pub fn new(needs: Arc<Needs>, guest: Guest, arrival: Arrival) -> Self {
        let patience_s =
            u32::try_from(needs.client.connect_timeout.0.as_secs()).unwrap_or(u32::MAX / 2);
        guest.mailbox().wake_at(needs.hub.now_s() + patience_s);
        Self { needs, guest, arrival }
    }

    /// Does what a first command asks, which must be to connect.
    pub async fn obey(mut self, command: Command) -> Result<Met, Disconnect> {
        let id = command.id;
        let Some(Request::Connect(request)) = command.request() else {
            return Err(DisconnectCode::BadRequest.into());
        };
        if id == 0 {
            return Err(DisconnectCode::BadRequest.into());
        }
        match self.admit(&request).await {
            Ok(admitted) => {
                let opening = self.open(&request, admitted).await;
                let reply = |dialect: Dialect, result| dialect.reply(&Reply::success(id, result));
                opening.begin(reply).await.map(Met::Session)
            }
            Err(Refused::Reply(code)) => {
                let by = ByRefusal { door: Door::Connection, code };
                self.needs.metrics.refusals.one(&by);
                let mailbox = self.guest.mailbox();
                let reply = mailbox.dialect().reply(&Reply::error(id, code));
                mailbox.send(reply.map_err(inappropriate)?);
                Ok(Met::Refused(self.guest))
            }
            Err(Refused::Close(disconnect)) => Err(disconnect),
        }
    }

    /// Opens the session of a client that cannot send commands: the result is a connect push.
    pub async fn welcome(mut self, request: ConnectRequest) -> Result<Box<Session>, Disconnect> {
        let admitted = self.admit(&request).await.map_err(|refused| match refused {
            Refused::Close(disconnect) => disconnect,
            Refused::Reply(Code::TokenExpired) => DisconnectCode::ConnectionExpired.into(),
            Refused::Reply(Code::Internal) => DisconnectCode::InternalServerError.into(),
            Refused::Reply(_) => DisconnectCode::BadRequest.into(),
        })?;
        let opening = self.open(&request, admitted).await;
        let push = |dialect: Dialect, result| dialect.push(Push::connect(as_push(result)));
        opening.begin(push).await
    }

    /// Decides on a connect command. Nothing is open yet when it is refused.
    async fn admit(&mut self, request: &ConnectRequest) -> Result<Admitted, Refused> {
        let admitted = self.judge(&request.token).await;
        let outcome = if admitted.is_ok() { Outcome::Done } else { Outcome::Refused };
        let by = ByCommand { command: label::Command::Connect, outcome };
        self.needs.metrics.commands.one(&by);
        admitted
    }

    async fn judge(&mut self, token: &str) -> Result<Admitted, Refused> {
        let mut grant = self.believe(token).await?;
        grant.caller.connection = Some(self.guest.mailbox().id());
        grant.caller.address = self.arrival.address;
        let named = self.server_side(&grant);
        if named.len() > self.needs.channels.per_connection {
            return Err(DisconnectCode::ChannelLimit.into());
        }
        let mut channels = Vec::with_capacity(named.len());
        for (channel, options) in named {
            let namespace = self.needs.hub.namespace(&channel);
            let namespace = namespace.map_err(|_| Refused::Reply(Code::UnknownChannel))?;
            channels.push((channel, Entrance::invited(&namespace, options)));
        }
        if !grant.caller.is_anonymous() {
            let identified = self.guest.identify(&grant.caller.user, self.needs.per_user);
            identified.map_err(|_| DisconnectCode::ConnectionLimit)?;
        }
        // A revocation between the verification and this line had nobody to tell.
        if self.needs.identity.is_revoked(&grant) {
            return Err(DisconnectCode::InvalidToken.into());
        }
        Ok(Admitted { grant, channels })
    }

    async fn open(self, request: &ConnectRequest, admitted: Admitted) -> Opening {
        let Admitted { grant, channels } = admitted;
        let Arrival { pings, way_back, .. } = self.arrival;
        let mut session = Box::new(Session::new(self.needs, self.guest, &grant, pings));
        let mut opened = Vec::with_capacity(channels.len());
        for (channel, entrance) in channels {
            let asked = request.subs.get(channel.as_str()).map(Asked::by).unwrap_or_default();
            opened.push(session.open_subscription(&channel, entrance, asked, true).await);
        }
        let result = session.greeting(subs(&opened), way_back);
        Opening { session, result, opened }
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
            Ok(grant) if identity.admits(&grant) => Ok(grant),
            Ok(_) => Err(DisconnectCode::PermissionDenied.into()),
            Err(TokenFault::Expired) => Err(Refused::Reply(Code::TokenExpired)),
            Err(TokenFault::Unavailable) => Err(Refused::Reply(Code::Internal)),
            Err(TokenFault::Revoked | TokenFault::Invalid(_)) => {
                Err(DisconnectCode::InvalidToken.into())
            }
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

impl Opening {
    /// Greets, and makes the subscriptions live. A greeting that cannot be written leaves nothing
    /// behind.
    async fn begin(
        self,
        greet: impl FnOnce(Dialect, ConnectResult) -> Result<Bytes, NotJson>,
    ) -> Result<Box<Session>, Disconnect> {
        let Self { mut session, result, opened } = self;
        match greet(session.mailbox().dialect(), result) {
            Ok(greeting) => {
                session.mailbox().send(greeting);
                session.settle(opened).await;
                Ok(session)
            }
            Err(not_json) => {
                session.farewell().await;
                Err(inappropriate(not_json))
            }
        }
    }
}

fn subs(opened: &[Opened]) -> BTreeMap<String, SubscribeResult> {
    opened.iter().map(|opened| (opened.channel.to_string(), opened.result.clone())).collect()
}

/// A recovered publication of a `binary` namespace cannot be told to a client that speaks JSON.
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
        stamp: Stamp::default(),
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
