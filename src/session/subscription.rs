//! Subscriptions: opening them in the right order, recovering what was missed, ending them.

use std::sync::Arc;

use bytes::Bytes;

use crate::{
    channel::{Denied, Entrance},
    error::Code,
    hub::{Place, Query, StreamPosition, Wishes},
    identity::{Stamp, SubscriptionGrant},
    ids::ChannelName,
    protocol::{
        code::{Disconnect, DisconnectCode, UnsubscribeCode},
        publication::ClientInfo,
        push::{Push, Subscribe},
        reply::Reply,
        request::{SubRefreshRequest, SubscribeRequest, UnsubscribeRequest},
        result::{SubRefreshResult, SubscribeResult, UnsubscribeResult},
    },
    session::{
        command::Session,
        recovery::{Recovery, Since, recover, recover_latest},
    },
    telemetry::{
        instrument::Held,
        label::{ByOutcome, Outcome},
    },
};

/// A subscription that a session holds.
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub struct Subscription {
    /// The channel.
    pub channel: ChannelName,
    /// Made by the server: its loss ends the connection.
    pub is_server_side: bool,
    /// Counted among the present.
    presence: bool,
    /// Its join was announced, so its leave will be.
    is_announced: bool,
    /// What others see of it.
    chan_info: Bytes,
    /// When it ends, its grace included, in the hub's seconds.
    pub expires_at_s: Option<u32>,
    /// What its own token is revoked by; most have none.
    stamp: Option<Box<Stamp>>,
    /// A domain let it in.
    pub by_domain: bool,
    _counted: Held,
}

/// Where a client asks to go on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    /// Whether it asks at all.
    pub recover: bool,
    /// The last offset it has.
    pub offset: u64,
    /// The life of the stream it counts in.
    pub epoch: String,
}

/// A subscription that waits for its reply to be in the mailbox.
pub struct Opened {
    /// The channel.
    pub channel: ChannelName,
    /// What the reply says.
    pub result: SubscribeResult,
    place: Place,
    /// Its join is to be announced.
    announces: bool,
}

impl Session {
    /// Answers a subscribe command.
    pub(super) async fn subscribe(
        &mut self,
        id: u32,
        request: SubscribeRequest,
    ) -> Result<(), Disconnect> {
        let channel = ChannelName::from(request.channel.as_str());
        if let Some(code) = self.hindrance(&request, &channel)? {
            return self.refuse(id, code);
        }
        let connection = self.mailbox().id().to_string();
        let entrance = match self.needs.access.subscribe(&self.caller, &connection, &request).await
        {
            Ok(entrance) => entrance,
            Err(Denied::Reply(code)) => return self.refuse(id, code),
            Err(Denied::Close(disconnect)) => return Err(disconnect),
        };
        let asked = Asked {
            recover: request.recover,
            offset: request.offset,
            epoch: request.epoch.clone(),
        };
        let mut opened = self.open_subscription(&channel, entrance, asked, false).await;
        if let Err(code) = self.look_in(&mut opened).await {
            self.end(&channel).await;
            return self.refuse(id, code);
        }
        let failed = opened.result.was_recovering && !opened.result.recovered;
        if failed && request.rejects_unrecovered() {
            self.end(&channel).await;
            return self.refuse(id, Code::UnrecoverablePosition);
        }
        self.reply(&Reply::success(id, opened.result.clone()))?;
        self.settle(vec![opened]).await;
        self.set_alarm();
        Ok(())
    }

    /// What stands in the way of a subscription before anybody's rights are looked at.
    fn hindrance(
        &self,
        request: &SubscribeRequest,
        channel: &ChannelName,
    ) -> Result<Option<Code>, Disconnect> {
        if !request.delta.is_empty() && request.delta != SubscribeRequest::FOSSIL {
            return Err(DisconnectCode::BadRequest.into());
        }
        Ok(if request.kind != 0 {
            Some(Code::NotAvailable)
        } else if request.tf.is_some() {
            Some(Code::BadRequest)
        } else if self.subscription(channel).is_some() {
            Some(Code::AlreadySubscribed)
        } else if self.subscriptions.len() >= self.needs.channels.per_connection {
            Some(Code::LimitExceeded)
        } else {
            None
        })
    }

    /// Joins the channel and reads where its stream stands; announcements wait in the hub until
    /// [`Session::settle`].
    pub(super) async fn open_subscription(
        &mut self,
        channel: &ChannelName,
        entrance: Entrance,
        asked: Asked,
        is_server_side: bool,
    ) -> Opened {
        let needs = Arc::clone(&self.needs);
        let wishes = Wishes { join_leave: entrance.hears_joins };
        needs.hub.join(channel, self.mailbox(), wishes);
        let expires_at_s = entrance.expire_at_s.map(|at_s| self.end_of(at_s));
        self.subscriptions.push(Subscription {
            channel: channel.clone(),
            is_server_side,
            presence: entrance.presence,
            is_announced: false,
            chan_info: entrance.info.clone().unwrap_or_default(),
            expires_at_s,
            stamp: entrance.stamp.clone().map(Box::new),
            by_domain: entrance.by_domain,
            _counted: needs.metrics.subscriptions.hold(),
        });
        if entrance.presence {
            let info = self.info_in(channel);
            needs.hub.enter(channel, self.mailbox().id(), info).await;
        }
        let mut result = SubscribeResult {
            expires: entrance.expire_at_s.is_some(),
            ttl: entrance.expire_at_s.map_or(0, |at_s| self.seconds_until(at_s)),
            recoverable: entrance.recoverable,
            positioned: entrance.positioned,
            data: entrance.data.clone().unwrap_or_default(),
            ..SubscribeResult::default()
        };
        let (channel, announces) = (channel.clone(), entrance.announces);
        if !entrance.positioned {
            return Opened { channel, result, place: Place::Unpositioned, announces };
        }
        let (recovery, top) = self.position(&channel, &entrance, &asked).await;
        result.epoch = recovery.position.epoch.to_string();
        result.offset = recovery.position.offset;
        result.was_recovering = asked.recover && entrance.recoverable;
        result.recovered = result.was_recovering && recovery.recovered;
        if result.was_recovering {
            let outcome = if result.recovered { Outcome::Done } else { Outcome::Refused };
            needs.metrics.recoveries.one(&ByOutcome { outcome });
        }
        result.publications =
            recovery.publications.iter().map(|publication| (**publication).clone()).collect();
        Opened { channel, result, place: Place::At(top), announces }
    }

    /// What the client missed, and where the stream stands.
    async fn position(
        &self,
        channel: &ChannelName,
        entrance: &Entrance,
        asked: &Asked,
    ) -> (Recovery, StreamPosition) {
        let hub = &self.needs.hub;
        if !(asked.recover && entrance.recoverable) {
            let page = hub.history(channel, &Query { limit: 0, ..Query::default() }).await;
            let position = page.position;
            let publications = Vec::new();
            return (
                Recovery { recovered: false, publications, position: position.clone() },
                position,
            );
        }
        let since = Since { offset: asked.offset, epoch: &asked.epoch };
        if entrance.latest_only {
            let page = hub.history(channel, &Query { since: None, limit: 1, reverse: true }).await;
            let top = page.position.clone();
            return (recover_latest(since, page), top);
        }
        let max = self.needs.channels.history_max;
        let query = Query { since: Some(asked.offset), limit: max + 1, reverse: false };
        let page = hub.history(channel, &query).await;
        let top = page.position.clone();
        (recover(since, page, max), top)
    }

    /// Makes opened subscriptions live, their replies being in the mailbox, and announces them.
    pub(super) async fn settle(&mut self, opened: Vec<Opened>) {
        for Opened { channel, place, announces, .. } in opened {
            self.needs.hub.go_live(&channel, self.mailbox(), place);
            if announces {
                let info = self.info_in(&channel);
                let held = self.subscriptions.iter_mut().find(|held| held.channel == channel);
                held.into_iter().for_each(|held| held.is_announced = true);
                self.needs.hub.announce_join(&channel, info).await;
            }
        }
    }

    /// Answers an unsubscribe command; to leave a channel twice is no fault.
    pub(super) async fn unsubscribe(
        &mut self,
        id: u32,
        request: UnsubscribeRequest,
    ) -> Result<(), Disconnect> {
        self.end(&ChannelName::from(request.channel)).await;
        self.reply(&Reply::success(id, UnsubscribeResult {}))
    }

    /// Answers a `sub_refresh` command.
    pub(super) async fn sub_refresh(
        &mut self,
        id: u32,
        request: SubRefreshRequest,
    ) -> Result<(), Disconnect> {
        if request.kind != 0 {
            return self.refuse(id, Code::NotAvailable);
        }
        // Clients before 0.6 of the Python SDK leave the channel out; their token names it.
        let named = (!request.channel.is_empty()).then(|| ChannelName::from(request.channel));
        if named.as_ref().is_some_and(|channel| self.subscription(channel).is_none()) {
            return self.refuse(id, Code::PermissionDenied);
        }
        let (access, connection) = (&self.needs.access, self.mailbox().id().to_string());
        let renewed = access.renew(&self.caller, &connection, named.as_ref(), &request.token).await;
        let SubscriptionGrant { channel, expire_at_s, stamp, .. } = match renewed {
            Ok(grant) => grant,
            Err(Denied::Reply(Code::TokenExpired)) => {
                return Err(DisconnectCode::SubscriptionExpired.into());
            }
            Err(Denied::Reply(code)) => return self.refuse(id, code),
            Err(Denied::Close(disconnect)) => return Err(disconnect),
        };
        let expires_at_s = expire_at_s.map(|at_s| self.end_of(at_s));
        let Some(at) = self.subscriptions.iter().position(|held| held.channel == channel) else {
            return self.refuse(id, Code::PermissionDenied);
        };
        let held = &mut self.subscriptions[at];
        (held.expires_at_s, held.stamp) = (expires_at_s, Some(Box::new(stamp)));
        self.set_alarm();
        let ttl = expire_at_s.map_or(0, |at_s| self.seconds_until(at_s));
        self.reply(&Reply::success(id, SubRefreshResult { expires: expire_at_s.is_some(), ttl }))
    }

    /// The house subscribes the connection; the client learns it by a push. Who has as many channels as
    /// it may keeps those: a close would bring it back to the same.
    pub(super) async fn be_subscribed(
        &mut self,
        channel: ChannelName,
        entrance: Entrance,
    ) -> Result<(), Disconnect> {
        if self.subscription(&channel).is_some() {
            return Ok(());
        }
        if self.subscriptions.len() >= self.needs.channels.per_connection {
            self.count_refusal(Code::LimitExceeded);
            return Ok(());
        }
        let opened = self.open_subscription(&channel, entrance, Asked::default(), true).await;
        let SubscribeResult { recoverable, epoch, offset, positioned, data, .. } =
            opened.result.clone();
        let subscribe = Subscribe { recoverable, epoch, offset, positioned, data };
        self.push(Push::subscribe(channel.as_str(), subscribe))?;
        self.settle(vec![opened]).await;
        Ok(())
    }

    /// The house ends a subscription; the client learns it by a push.
    pub(super) async fn be_unsubscribed(
        &mut self,
        channel: &ChannelName,
        code: UnsubscribeCode,
    ) -> Result<(), Disconnect> {
        if self.end(channel).await {
            self.push(Push::unsubscribe(channel.as_str(), code))?;
        }
        Ok(())
    }

    /// The stream went on without this subscriber.
    pub(super) async fn lose(&mut self, channel: &ChannelName) -> Result<(), Disconnect> {
        match self.subscription(channel) {
            Some(lost) if lost.is_server_side => Err(DisconnectCode::InsufficientState.into()),
            Some(_) => self.be_unsubscribed(channel, UnsubscribeCode::InsufficientState).await,
            None => Ok(()),
        }
    }

    /// Ends subscriptions whose time is over, grace included.
    pub(super) async fn end_expired(&mut self, now_s: u32) -> Result<(), Disconnect> {
        let is_over = |held: &Subscription| held.expires_at_s.is_some_and(|at_s| at_s <= now_s);
        self.end_those(is_over, UnsubscribeCode::Expired).await
    }

    /// Ends what lives by a token that was revoked: with those issued at or before `before_s`, or as
    /// the one of `token_id`.
    pub(super) async fn be_revoked(
        &mut self,
        before_s: Option<i64>,
        token_id: Option<&str>,
    ) -> Result<(), Disconnect> {
        if self.stamp.is_named(before_s, token_id) {
            return Err(DisconnectCode::InvalidToken.into());
        }
        let is_over = |held: &Subscription| {
            held.stamp.as_ref().is_some_and(|stamp| stamp.is_named(before_s, token_id))
        };
        self.end_those(is_over, UnsubscribeCode::Unsubscribed).await
    }

    async fn end_those(
        &mut self,
        is_over: impl Fn(&Subscription) -> bool,
        code: UnsubscribeCode,
    ) -> Result<(), Disconnect> {
        while let Some(over) = self.subscriptions.iter().find(|held| is_over(held)) {
            if over.is_server_side {
                return Err(DisconnectCode::SubscriptionExpired.into());
            }
            let channel = over.channel.clone();
            self.be_unsubscribed(&channel, code).await?;
        }
        Ok(())
    }

    /// Leaves a channel; `false` when the session was not in it.
    pub(super) async fn end(&mut self, channel: &ChannelName) -> bool {
        let Some(at) = self.subscriptions.iter().position(|held| held.channel == *channel) else {
            return false;
        };
        let info = self.info_in(channel);
        let ended = self.subscriptions.swap_remove(at);
        let hub = &self.needs.hub;
        hub.leave(channel, self.mailbox().id());
        if ended.presence {
            hub.exit(channel, self.mailbox().id()).await;
        }
        if ended.is_announced {
            hub.announce_leave(channel, info).await;
        }
        true
    }

    /// The subscription to `channel`, if the session has one.
    pub(super) fn subscription(&self, channel: &ChannelName) -> Option<&Subscription> {
        self.subscriptions.iter().find(|held| held.channel == *channel)
    }

    /// What others see of this session in `channel`.
    pub(super) fn info_in(&self, channel: &ChannelName) -> ClientInfo {
        let chan_info =
            self.subscription(channel).map(|held| held.chan_info.clone()).unwrap_or_default();
        ClientInfo { chan_info, ..self.info() }
    }
}

/// A session that ends without its farewell, as when its task panics, leaves nobody in a channel.
impl Drop for Session {
    fn drop(&mut self) {
        while let Some(held) = self.subscriptions.last() {
            let leaver = held.is_announced.then(|| self.info_in(&held.channel));
            self.needs.hub.abandon(&held.channel, self.mailbox().id(), leaver);
            self.subscriptions.pop();
        }
    }
}
