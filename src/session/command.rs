//! What a session is asked, by its client and by the house, and what it answers.

use std::{collections::BTreeMap, sync::Arc};

use bytes::Bytes;
use tokio::time::Instant;

use crate::{
    channel::Entrance,
    error::Code,
    hub::{Guest, Mailbox, Signal},
    identity::{ConnectionGrant, Stamp, SubOptions, TokenFault},
    operation::Caller,
    protocol::{
        code::{Disconnect, DisconnectCode},
        command::{Command, Request},
        frame,
        payload::NotJson,
        publication::ClientInfo,
        push::Push,
        reply::Reply,
        request::RefreshRequest,
        result::{ConnectResult, RefreshResult, ServerSub, SubscribeResult},
    },
    session::{
        Needs, WayBack,
        flood::{Flood, Toll},
        heartbeat::{Due, Heartbeat, Pings},
        subscription::Subscription,
    },
    telemetry::{
        instrument::Held,
        label::{self, ByCommand, ByRefusal, Door, Outcome},
    },
};

/// This server, as connect results name it.
const VERSION: &str = concat!("belfry ", env!("CARGO_PKG_VERSION"));

/// A connected person.
pub struct Session {
    pub(super) needs: Arc<Needs>,
    guest: Guest,
    pub(super) caller: Caller,
    conn_info: Bytes,
    /// What the connection's token is revoked by.
    pub(super) stamp: Stamp,
    expire_at_s: Option<i64>,
    pub(super) subscriptions: Vec<Subscription>,
    heartbeat: Heartbeat,
    flood: Flood,
    last_refusal: Option<Code>,
    pings: Pings,
    _counted: Held,
}

impl Session {
    pub(super) fn new(
        needs: Arc<Needs>,
        guest: Guest,
        grant: &ConnectionGrant,
        pings: Pings,
    ) -> Self {
        let mut session = Self {
            heartbeat: Heartbeat::new(&needs.client, needs.hub.now_s()),
            flood: Flood::new(&needs.client),
            last_refusal: None,
            _counted: needs.metrics.sessions.hold(),
            guest,
            caller: grant.caller.clone(),
            conn_info: grant.info.clone().unwrap_or_default(),
            stamp: grant.stamp.clone(),
            expire_at_s: None,
            subscriptions: Vec::new(),
            pings,
            needs,
        };
        session.expire_at(grant.expire_at_s);
        session
    }

    /// The result of the connect command.
    pub(super) fn greeting(
        &self,
        subs: BTreeMap<String, SubscribeResult>,
        way_back: Option<WayBack>,
    ) -> ConnectResult {
        self.set_alarm();
        let ping = match self.pings {
            Pings::Messages => {
                u32::try_from(self.needs.client.ping_interval.0.as_secs()).unwrap_or(0)
            }
            Pings::Frames => 0,
        };
        let (session, node) = way_back
            .map(|way_back| (way_back.session, way_back.node.to_string()))
            .unwrap_or_default();
        ConnectResult {
            client: self.mailbox().id().to_string(),
            version: VERSION.to_owned(),
            expires: self.expire_at_s.is_some(),
            ttl: self.expire_at_s.map_or(0, |at_s| self.seconds_until(at_s)),
            subs: subs.into_iter().map(ServerSub::from).collect(),
            ping,
            pong: ping > 0,
            session,
            node,
            ..ConnectResult::default()
        }
    }

    /// Does what a command asks.
    pub(super) async fn obey(&mut self, command: Command) -> Result<(), Disconnect> {
        let id = command.id;
        let Some(request) = command.request() else {
            // A command without a request is a pong, which has no id.
            return if id == 0 { self.pong() } else { Err(DisconnectCode::BadRequest.into()) };
        };
        match (&request, id) {
            (Request::Connect(_), _) => return Err(DisconnectCode::BadRequest.into()),
            (Request::Send(_), _) => return Err(DisconnectCode::NotAvailable.into()),
            (_, 0) => return Err(DisconnectCode::BadRequest.into()),
            _ => {}
        }
        let (command, since) = (counted_as(&request), Instant::now());
        self.last_refusal = None;
        let answered = match self.flood.toll(&self.needs.client) {
            Toll::Pass => self.answer(id, request).await,
            Toll::Refuse => self.refuse(id, Code::TooManyRequests),
            Toll::Close(code) => Err(code.into()),
        };
        self.heartbeat.was_busy(since.elapsed());
        let outcome = match (&answered, self.last_refusal) {
            (Ok(()), None) => Outcome::Done,
            (Ok(()), Some(Code::Internal)) => Outcome::Failed,
            (Ok(()), Some(_)) | (Err(_), _) => Outcome::Refused,
        };
        self.needs.metrics.commands.one(&ByCommand { command, outcome });
        answered
    }

    async fn answer(&mut self, id: u32, request: Request) -> Result<(), Disconnect> {
        match request {
            Request::Subscribe(request) => self.subscribe(id, request).await,
            Request::Unsubscribe(request) => self.unsubscribe(id, request).await,
            Request::Publish(request) => self.publish(id, request).await,
            Request::Presence(request) => self.presence(id, request.channel).await,
            Request::PresenceStats(request) => self.presence_stats(id, request.channel).await,
            Request::History(request) => self.history(id, request).await,
            Request::Rpc(request) => self.rpc(id, request).await,
            Request::Refresh(request) => self.refresh(id, request).await,
            Request::SubRefresh(request) => self.sub_refresh(id, request).await,
            Request::Ping(_) => self.refuse(id, Code::NotAvailable),
            Request::Connect(_) | Request::Send(_) => Err(DisconnectCode::BadRequest.into()),
        }
    }

    /// Hears what the house asks.
    pub(super) async fn hear(&mut self, signal: Signal) -> Result<(), Disconnect> {
        match signal {
            Signal::Time => self.tick().await,
            Signal::Lost(channel) => self.lose(&channel).await,
            Signal::Subscribe(invitation) => {
                let Ok(namespace) = self.needs.hub.namespace(&invitation.channel) else {
                    return Ok(());
                };
                let options = SubOptions {
                    info: invitation.info,
                    data: invitation.data,
                    ..SubOptions::default()
                };
                self.be_subscribed(invitation.channel, Entrance::invited(&namespace, options)).await
            }
            Signal::Unsubscribe { channel, code } => self.be_unsubscribed(&channel, code).await,
            Signal::Review(channel) => self.review(&channel).await,
            Signal::Refresh { expire_at_s } => {
                self.expire_at(expire_at_s);
                let ttl = expire_at_s.map(|at_s| self.seconds_until(at_s));
                self.set_alarm();
                self.push(Push::refresh(ttl))
            }
            Signal::Revoked { before_s, token_id } => {
                self.be_revoked(before_s, token_id.as_deref()).await
            }
        }
    }

    /// Leaves every channel.
    pub(super) async fn farewell(mut self) {
        while let Some(held) = self.subscriptions.last() {
            let channel = held.channel.clone();
            self.end(&channel).await;
        }
    }

    async fn tick(&mut self) -> Result<(), Disconnect> {
        let now_s = self.needs.hub.now_s();
        self.end_expired(now_s).await?;
        loop {
            match self.heartbeat.due(now_s) {
                Due::Ping => {
                    let dialect = self.mailbox().dialect();
                    self.mailbox().send(match self.pings {
                        Pings::Messages => dialect.ping(),
                        Pings::Frames => frame::PING,
                    });
                    if dialect.is_unidirectional() {
                        self.heartbeat.expects_no_pong();
                    }
                }
                Due::Close(code) => return Err(code.into()),
                Due::Later(_) => break,
            }
        }
        self.set_alarm();
        Ok(())
    }

    /// Asks the pulse to wake this session at the earliest time that matters.
    pub(super) fn set_alarm(&self) {
        let ends = self.subscriptions.iter().filter_map(|held| held.expires_at_s);
        let next = ends.chain(self.heartbeat.next_s()).min();
        self.mailbox().wake_at(next.unwrap_or(0));
    }

    fn pong(&mut self) -> Result<(), Disconnect> {
        if self.pings == Pings::Frames {
            return Err(DisconnectCode::BadRequest.into());
        }
        self.heartbeat.pong()?;
        self.set_alarm();
        Ok(())
    }

    pub(super) fn answered_ping(&mut self) {
        if self.pings == Pings::Frames {
            self.heartbeat.pong_frame();
            self.set_alarm();
        }
    }

    async fn refresh(&mut self, id: u32, request: RefreshRequest) -> Result<(), Disconnect> {
        let grant = match self.needs.identity.verify_connection(&request.token).await {
            Ok(grant) => grant,
            Err(TokenFault::Expired) => return self.refuse(id, Code::TokenExpired),
            Err(TokenFault::Unavailable) => return self.refuse(id, Code::Internal),
            Err(TokenFault::Revoked | TokenFault::Invalid(_)) => {
                return Err(DisconnectCode::InvalidToken.into());
            }
        };
        if grant.caller.user != self.caller.user {
            return Err(DisconnectCode::InvalidToken.into());
        }
        let (connection, address) = (self.caller.connection, self.caller.address);
        self.caller = Caller { connection, address, ..grant.caller };
        self.conn_info = grant.info.unwrap_or_default();
        self.stamp = grant.stamp;
        self.expire_at(grant.expire_at_s);
        self.set_alarm();
        self.reply(&Reply::success(
            id,
            RefreshResult {
                client: self.mailbox().id().to_string(),
                version: VERSION.to_owned(),
                expires: grant.expire_at_s.is_some(),
                ttl: grant.expire_at_s.map_or(0, |at_s| self.seconds_until(at_s)),
            },
        ))
    }

    pub(super) fn refuse(&mut self, id: u32, code: Code) -> Result<(), Disconnect> {
        self.count_refusal(code);
        self.reply(&Reply::error(id, code))
    }

    pub(super) fn count_refusal(&mut self, code: Code) {
        self.last_refusal = Some(code);
        self.needs.metrics.refusals.one(&ByRefusal { door: Door::Connection, code });
    }

    pub(super) fn reply(&self, reply: &Reply) -> Result<(), Disconnect> {
        self.put(self.mailbox().dialect().reply(reply))
    }

    pub(super) fn push(&self, push: Push) -> Result<(), Disconnect> {
        self.put(self.mailbox().dialect().push(push))
    }

    fn put(&self, frame: Result<Bytes, NotJson>) -> Result<(), Disconnect> {
        self.mailbox().send(frame.map_err(|_| DisconnectCode::InappropriateProtocol)?);
        Ok(())
    }

    pub(super) fn mailbox(&self) -> &Arc<Mailbox> {
        self.guest.mailbox()
    }

    pub(super) fn info(&self) -> ClientInfo {
        ClientInfo {
            user: self.caller.user.to_string(),
            client: self.mailbox().id().to_string(),
            conn_info: self.conn_info.clone(),
            chan_info: Bytes::new(),
        }
    }

    fn expire_at(&mut self, expire_at_s: Option<i64>) {
        self.expire_at_s = expire_at_s;
        let end = expire_at_s.map(|at_s| self.end_of(at_s));
        self.heartbeat.expire_at(end);
    }

    /// How many seconds a token is still good for: at least 1 as SDKs need, at most what fits.
    pub(super) fn seconds_until(&self, at_s: i64) -> u32 {
        let left_s = at_s.saturating_sub(self.needs.clock.now_s());
        u32::try_from(left_s.max(1)).unwrap_or(u32::MAX)
    }

    /// The hub's second at which something that expires at `at_s` ends, its grace included.
    pub(super) fn end_of(&self, at_s: i64) -> u32 {
        let grace_s = u32::try_from(self.needs.client.expired_grace.0.as_secs()).unwrap_or(0);
        self.needs.hub.now_s().saturating_add(self.seconds_until(at_s)).saturating_add(grace_s)
    }
}

fn counted_as(request: &Request) -> label::Command {
    match request {
        Request::Connect(_) => label::Command::Connect,
        Request::Subscribe(_) => label::Command::Subscribe,
        Request::Unsubscribe(_) => label::Command::Unsubscribe,
        Request::Publish(_) => label::Command::Publish,
        Request::Presence(_) => label::Command::Presence,
        Request::PresenceStats(_) => label::Command::PresenceStats,
        Request::History(_) => label::Command::History,
        Request::Rpc(_) => label::Command::Rpc,
        Request::Refresh(_) => label::Command::Refresh,
        Request::SubRefresh(_) => label::Command::SubRefresh,
        Request::Ping(_) => label::Command::Ping,
        Request::Send(_) => label::Command::Send,
    }
}
