//! What a session is asked, by its client and by the house, and what it answers.

use std::{collections::BTreeMap, sync::Arc};

use bytes::Bytes;

use crate::{
    channel::{Denied, Entrance},
    error::Code,
    hub::{Draft, Guest, Mailbox, Query, Signal},
    identity::{ConnectionGrant, SubOptions, TokenFault},
    ids::ChannelName,
    operation::Caller,
    protocol::{
        code::{Disconnect, DisconnectCode},
        command::{Command, Request},
        payload::NotJson,
        publication::ClientInfo,
        push::Push,
        reply::{self, Reply},
        request::{HistoryRequest, PublishRequest, RefreshRequest, RpcRequest},
        result::{
            ConnectResult, HistoryResult, PresenceResult, PresenceStatsResult, PublishResult,
            RefreshResult, RpcResult, ServerSub, SubscribeResult,
        },
    },
    session::{
        Needs,
        flood::{Flood, Toll},
        heartbeat::{Due, Heartbeat},
        subscription::Subscription,
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
    token_id: Option<String>,
    issued_at_s: i64,
    expire_at_s: Option<i64>,
    pub(super) subscriptions: Vec<Subscription>,
    heartbeat: Heartbeat,
    flood: Flood,
}

impl Session {
    pub(super) fn new(needs: Arc<Needs>, guest: Guest, grant: &ConnectionGrant) -> Self {
        let mut session = Self {
            heartbeat: Heartbeat::new(&needs.client, needs.hub.now_s()),
            flood: Flood::new(&needs.client),
            guest,
            caller: grant.caller.clone(),
            conn_info: grant.info.clone().unwrap_or_default(),
            token_id: grant.token_id.clone(),
            issued_at_s: grant.issued_at_s,
            expire_at_s: None,
            subscriptions: Vec::new(),
            needs,
        };
        session.expire_at(grant.expire_at_s);
        session
    }

    /// The result of the connect command.
    pub(super) fn greeting(&self, subs: BTreeMap<String, SubscribeResult>) -> ConnectResult {
        self.set_alarm();
        let ping = u32::try_from(self.needs.client.ping_interval.0.as_secs()).unwrap_or(0);
        ConnectResult {
            client: self.mailbox().id().to_string(),
            version: VERSION.to_owned(),
            expires: self.expire_at_s.is_some(),
            ttl: self.expire_at_s.map_or(0, |at_s| self.seconds_until(at_s)),
            subs: subs.into_iter().map(ServerSub::from).collect(),
            ping,
            pong: ping > 0,
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
        match self.flood.toll(&self.needs.client) {
            Toll::Pass => {}
            Toll::Refuse => return self.reply(&Reply::error(id, Code::TooManyRequests)),
            Toll::Close(code) => return Err(code.into()),
        }
        self.answer(id, request).await
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
            Request::Ping(_) => self.reply(&Reply::error(id, Code::NotAvailable)),
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
            Signal::Refresh { expire_at_s } => {
                self.expire_at(expire_at_s);
                let ttl = expire_at_s.map(|at_s| self.seconds_until(at_s));
                self.set_alarm();
                self.push(Push::refresh(ttl))
            }
            Signal::Revoked { before_s, token_id } => {
                let is_meant = before_s.is_some_and(|before_s| self.issued_at_s <= before_s)
                    || token_id.is_some() && token_id == self.token_id;
                if is_meant { Err(DisconnectCode::InvalidToken.into()) } else { Ok(()) }
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
                    self.mailbox().send(dialect.ping());
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
        self.heartbeat.pong()?;
        self.set_alarm();
        Ok(())
    }

    async fn publish(&self, id: u32, request: PublishRequest) -> Result<(), Disconnect> {
        let channel = ChannelName::from(request.channel);
        if request.kind != 0 {
            return self.reply(&Reply::error(id, Code::NotAvailable));
        }
        let inside = self.subscription(&channel).is_some();
        if let Err(denied) = self.needs.access.publish(&self.caller, &channel, inside) {
            return self.deny(id, denied);
        }
        let info = Some(self.info_in(&channel));
        let draft = Draft { data: request.data, info, ..Draft::default() };
        match self.needs.hub.publish_draft(&channel, draft).await {
            Ok(_) => self.reply(&Reply::success(id, PublishResult {})),
            Err(_) => self.reply(&Reply::error(id, Code::BadRequest)),
        }
    }

    async fn presence(&self, id: u32, channel: String) -> Result<(), Disconnect> {
        match self.present(channel).await {
            Ok(present) => {
                let presence = present
                    .into_iter()
                    .map(|(connection, info)| (connection.to_string(), info))
                    .collect();
                self.reply(&Reply::success(id, PresenceResult { presence }))
            }
            Err(denied) => self.deny(id, denied),
        }
    }

    async fn presence_stats(&self, id: u32, channel: String) -> Result<(), Disconnect> {
        match self.present(channel).await {
            Ok(present) => {
                let num_clients = u32::try_from(present.len()).unwrap_or(u32::MAX);
                let mut users: Vec<_> = present.into_iter().map(|(_, info)| info.user).collect();
                users.sort_unstable();
                users.dedup();
                let num_users = u32::try_from(users.len()).unwrap_or(u32::MAX);
                self.reply(&Reply::success(id, PresenceStatsResult { num_clients, num_users }))
            }
            Err(denied) => self.deny(id, denied),
        }
    }

    async fn present(
        &self,
        channel: String,
    ) -> Result<Vec<(crate::ids::ConnectionId, ClientInfo)>, Denied> {
        let channel = ChannelName::from(channel);
        let inside = self.subscription(&channel).is_some();
        self.needs.access.presence(&self.caller, &channel, inside)?;
        Ok(self.needs.hub.presence(&channel).await)
    }

    async fn history(&self, id: u32, request: HistoryRequest) -> Result<(), Disconnect> {
        let channel = ChannelName::from(request.channel);
        let inside = self.subscription(&channel).is_some();
        if let Err(denied) = self.needs.access.history(&self.caller, &channel, inside) {
            return self.deny(id, denied);
        }
        let max = self.needs.channels.history_max;
        let limit = usize::try_from(request.limit).map_or(max, |limit| limit.min(max));
        let since = request.since.as_ref().map(|since| since.offset);
        let query = Query { since, limit, reverse: request.reverse };
        let page = self.needs.hub.history(&channel, &query).await;
        let other_life = request
            .since
            .is_some_and(|since| !since.epoch.is_empty() && *since.epoch != *page.position.epoch);
        if other_life {
            return self.reply(&Reply::error(id, Code::UnrecoverablePosition));
        }
        let publications =
            page.publications.iter().map(|publication| (**publication).clone()).collect();
        let epoch = page.position.epoch.to_string();
        self.reply(&Reply::success(
            id,
            HistoryResult { publications, epoch, offset: page.position.offset },
        ))
    }

    async fn rpc(&self, id: u32, request: RpcRequest) -> Result<(), Disconnect> {
        let Ok(input) = String::from_utf8(request.data.to_vec()) else {
            return self.reply(&Reply::error(id, Code::BadRequest));
        };
        match self.needs.catalogue.call(self.caller.clone(), &request.method, &input).await {
            Ok(output) => {
                let data = Bytes::from(String::from(Box::<str>::from(output)));
                self.reply(&Reply::success(id, RpcResult { data }))
            }
            Err(refusal) => {
                let error = reply::Error::new(refusal.code(), refusal.to_string());
                self.reply(&Reply::error(id, error))
            }
        }
    }

    async fn refresh(&mut self, id: u32, request: RefreshRequest) -> Result<(), Disconnect> {
        let grant = match self.needs.identity.verify_connection(&request.token).await {
            Ok(grant) => grant,
            Err(TokenFault::Expired) => return self.reply(&Reply::error(id, Code::TokenExpired)),
            Err(_) => return Err(DisconnectCode::InvalidToken.into()),
        };
        if grant.caller.user != self.caller.user {
            return Err(DisconnectCode::InvalidToken.into());
        }
        let (connection, address) = (self.caller.connection, self.caller.address);
        self.caller = Caller { connection, address, ..grant.caller };
        self.conn_info = grant.info.unwrap_or_default();
        (self.token_id, self.issued_at_s) = (grant.token_id, grant.issued_at_s);
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

    fn deny(&self, id: u32, denied: Denied) -> Result<(), Disconnect> {
        match denied {
            Denied::Reply(code) => self.reply(&Reply::error(id, code)),
            Denied::Close(disconnect) => Err(disconnect),
        }
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

    /// How many seconds a token is still good for, at least 1 as SDKs need.
    pub(super) fn seconds_until(&self, at_s: i64) -> u32 {
        u32::try_from(at_s - self.needs.clock.now_s()).unwrap_or(0).max(1)
    }

    /// The hub's second at which something that expires at `at_s` ends, its grace included.
    pub(super) fn end_of(&self, at_s: i64) -> u32 {
        let grace_s = u32::try_from(self.needs.client.expired_grace.0.as_secs()).unwrap_or(0);
        self.needs.hub.now_s().saturating_add(self.seconds_until(at_s)).saturating_add(grace_s)
    }
}
