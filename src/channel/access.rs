//! Who may subscribe, publish and read: one place for every channel and both kinds of client.

use std::{collections::BTreeMap, sync::Arc};

use bytes::Bytes;

use crate::{
    channel::Domain,
    config::channels::Who,
    error::Code,
    hub::{
        Hub, Misnamed, Namespace,
        namespace::{is_private, users_named},
    },
    identity::{Identity, Overrides, Stamp, SubOptions, SubscriptionGrant, TokenFault},
    ids::ChannelName,
    operation::{Caller, Refusal},
    protocol::{
        code::{Disconnect, DisconnectCode},
        request::SubscribeRequest,
    },
};

/// Why somebody may not.
#[derive(Clone, Debug, PartialEq)]
pub enum Denied {
    /// An error reply with this code; the connection goes on.
    Reply(Code),
    /// The connection ends: its token speaks of somebody or something else.
    Close(Disconnect),
}

impl From<Code> for Denied {
    fn from(code: Code) -> Self {
        Self::Reply(code)
    }
}

impl From<Misnamed> for Denied {
    fn from(misnamed: Misnamed) -> Self {
        Self::Reply(match misnamed {
            Misnamed::Malformed => Code::BadRequest,
            Misnamed::Unknown => Code::UnknownChannel,
        })
    }
}

/// How a subscription is set up: its namespace's settings, as its token changes them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of the protocol")]
pub struct Entrance {
    /// The subscriber is counted among the present.
    pub presence: bool,
    /// Its join and leave are announced.
    pub announces: bool,
    /// It is told of joins and leaves.
    pub hears_joins: bool,
    /// Each publication must follow the one before.
    pub positioned: bool,
    /// It may recover what it missed.
    pub recoverable: bool,
    /// Recovery brings the newest publication only.
    pub latest_only: bool,
    /// What others see of it in this channel: JSON.
    pub info: Option<Bytes>,
    /// What it gets with the subscription: JSON.
    pub data: Option<Bytes>,
    /// When the subscription ends unless it is refreshed, in seconds since 1970.
    pub expire_at_s: Option<i64>,
    /// What its token is revoked by; `None` when it lives by none of its own.
    pub stamp: Option<Stamp>,
    /// A domain has let it in: [`Access::view`] tells whether it still does, and what it shows.
    pub by_domain: bool,
}

impl Entrance {
    /// What the house's own invitation into a channel of `namespace` sets up.
    pub fn invited(namespace: &Namespace, options: SubOptions) -> Self {
        Self::new(namespace, &SubscribeRequest::default(), options)
    }

    fn new(namespace: &Namespace, request: &SubscribeRequest, options: SubOptions) -> Self {
        let rules = &namespace.rules;
        let Overrides { presence, join_leave, force_push_join_leave, force_recovery, .. } =
            options.overrides;
        let keeps = rules.history_size > 0;
        let asked = (request.recoverable || request.recover) && rules.allow_recovery;
        let recoverable = keeps && (force_recovery.unwrap_or(rules.force_recovery) || asked);
        let positioned = recoverable
            || keeps
                && (options.overrides.force_positioning.unwrap_or(false)
                    || request.positioned && rules.allow_recovery);
        let join_leave = join_leave.unwrap_or(rules.join_leave);
        let forced = force_push_join_leave.unwrap_or(rules.force_join_leave);
        Self {
            presence: presence.unwrap_or(rules.presence),
            announces: join_leave,
            hears_joins: join_leave && (forced || request.join_leave),
            positioned,
            recoverable,
            latest_only: rules.recover_latest,
            info: options.info,
            data: options.data,
            expire_at_s: None,
            stamp: None,
            by_domain: false,
        }
    }
}

/// The judge of who may do what in channels. Cheap to clone.
#[derive(Clone)]
pub struct Access {
    hub: Hub,
    identity: Identity,
    /// The domains that some namespaces' channels belong to, by the namespace's name.
    domains: Arc<BTreeMap<&'static str, Domain>>,
}

impl Access {
    /// A judge for the hub's namespaces and the identity's tokens.
    pub fn new(hub: Hub, identity: Identity) -> Self {
        Self { hub, identity, domains: Arc::default() }
    }

    /// The same judge, who asks `domains` too, each about the channels of its namespace.
    #[must_use]
    pub fn with(self, domains: BTreeMap<&'static str, Domain>) -> Self {
        Self { domains: Arc::new(domains), ..self }
    }

    /// Whether `caller` may subscribe as `request` asks, and how.
    ///
    /// A valid subscription token opens any channel, private ones (`$…`) open to nothing else; then
    /// a personal channel is its person's, a limited one its users', and the namespace decides; where
    /// its channels belong to a domain, that one decides too.
    pub async fn subscribe(
        &self,
        caller: &Caller,
        connection: &str,
        request: &SubscribeRequest,
    ) -> Result<Entrance, Denied> {
        let channel = ChannelName::from(request.channel.as_str());
        let namespace = self.hub.namespace(&channel)?;
        if !request.token.is_empty() {
            return self.by_token(caller, connection, request, &namespace).await;
        }
        let is_own = !caller.is_anonymous() && channel == self.hub.personal_channel(&caller.user);
        if !is_own && !may_enter(caller, &channel, &namespace) {
            return Err(Code::PermissionDenied.into());
        }
        let domain = self.domains.get(namespace.name.as_str());
        if let Some(domain) = domain {
            (domain.enter)(caller.clone(), channel).await?;
        }
        let by_domain = domain.is_some();
        Ok(Entrance { by_domain, ..Entrance::new(&namespace, request, SubOptions::default()) })
    }

    /// Whether the domain of `channel` still lets `caller` in, who is subscribed to it.
    ///
    /// # Errors
    /// The domain's own; `internal` when it cannot say.
    pub async fn review(&self, caller: &Caller, channel: &ChannelName) -> Result<(), Code> {
        match self.domain(channel) {
            Some(domain) => (domain.enter)(caller.clone(), channel.clone()).await,
            None => Ok(()),
        }
    }

    /// What the domain of `channel` shows `caller`, who has joined it: asked once more whether they may,
    /// since that may have changed before they were there to be told.
    ///
    /// # Errors
    /// As for [`Access::review`].
    pub async fn view(
        &self,
        caller: &Caller,
        channel: &ChannelName,
    ) -> Result<Option<Bytes>, Code> {
        self.review(caller, channel).await?;
        match self.domain(channel).and_then(|domain| domain.show.as_ref()) {
            Some(show) => show(channel.clone()).await,
            None => Ok(None),
        }
    }

    fn domain(&self, channel: &ChannelName) -> Option<&Domain> {
        let namespace = self.hub.namespace(channel).ok()?;
        self.domains.get(namespace.name.as_str())
    }

    /// What becomes of `data` that a client may publish into `channel`: `None` when it is published as
    /// it is, since the channel belongs to no domain that takes it.
    pub async fn take(
        &self,
        caller: &Caller,
        channel: &ChannelName,
        data: &Bytes,
    ) -> Option<Result<(), Refusal>> {
        let take = self.domain(channel)?.take.as_ref()?;
        Some(take(caller.clone(), channel.clone(), data.clone()).await)
    }

    async fn by_token(
        &self,
        caller: &Caller,
        connection: &str,
        request: &SubscribeRequest,
        namespace: &Namespace,
    ) -> Result<Entrance, Denied> {
        let grant = match self.identity.verify_subscription(&request.token).await {
            Ok(grant) => grant,
            Err(TokenFault::Expired) => return Err(Code::TokenExpired.into()),
            Err(TokenFault::Unavailable) => return Err(Code::Internal.into()),
            Err(TokenFault::Revoked | TokenFault::Invalid(_)) => {
                return Err(Code::PermissionDenied.into());
            }
        };
        let names_other = grant.channel.as_str() != request.channel
            || grant.user != caller.user
            || grant.client.as_ref().is_some_and(|client| client != connection);
        if names_other {
            return Err(Denied::Close(DisconnectCode::InvalidToken.into()));
        }
        let (expire_at_s, stamp) = (grant.expire_at_s, Some(grant.stamp));
        Ok(Entrance { expire_at_s, stamp, ..Entrance::new(namespace, request, grant.options) })
    }

    /// What a subscription lives by after its token was renewed.
    pub async fn renew(
        &self,
        caller: &Caller,
        connection: &str,
        channel: Option<&ChannelName>,
        token: &str,
    ) -> Result<SubscriptionGrant, Denied> {
        let grant = match self.identity.verify_subscription(token).await {
            Ok(grant) => grant,
            Err(TokenFault::Expired) => return Err(Code::TokenExpired.into()),
            Err(TokenFault::Unavailable) => return Err(Code::Internal.into()),
            Err(TokenFault::Revoked | TokenFault::Invalid(_)) => {
                return Err(Denied::Close(DisconnectCode::InvalidToken.into()));
            }
        };
        let names_other = channel.is_some_and(|channel| *channel != grant.channel)
            || grant.user != caller.user
            || grant.client.as_ref().is_some_and(|client| client != connection);
        if names_other {
            return Err(Denied::Close(DisconnectCode::InvalidToken.into()));
        }
        Ok(grant)
    }

    /// Whether `caller` may publish into `channel`.
    pub fn publish(
        &self,
        caller: &Caller,
        channel: &ChannelName,
        inside: bool,
    ) -> Result<(), Denied> {
        let namespace = self.hub.namespace(channel)?;
        Asking { caller, channel, namespace: &namespace, inside }.may(namespace.rules.publish)
    }

    /// Whether `caller` may read the stream of `channel`.
    pub fn history(
        &self,
        caller: &Caller,
        channel: &ChannelName,
        inside: bool,
    ) -> Result<Arc<Namespace>, Denied> {
        let namespace = self.hub.namespace(channel)?;
        if namespace.rules.history_size == 0 {
            return Err(Code::NotAvailable.into());
        }
        let asking = Asking { caller, channel, namespace: &namespace, inside };
        asking.may(namespace.rules.history).map(|()| namespace)
    }

    /// Whether `caller` may know who is in `channel`.
    pub fn presence(
        &self,
        caller: &Caller,
        channel: &ChannelName,
        inside: bool,
    ) -> Result<(), Denied> {
        let namespace = self.hub.namespace(channel)?;
        if !namespace.rules.presence {
            return Err(Code::NotAvailable.into());
        }
        Asking { caller, channel, namespace: &namespace, inside }.may(namespace.rules.read_presence)
    }
}

fn may_enter(caller: &Caller, channel: &ChannelName, namespace: &Namespace) -> bool {
    if is_closed(channel) {
        return is_named(caller, channel, namespace);
    }
    match namespace.rules.subscribe {
        Who::Anyone => true,
        Who::User => !caller.is_anonymous(),
        // A subscriber is one who was let in already: nobody, by this setting alone.
        Who::Subscriber | Who::Nobody => false,
    }
}

/// Whether the channel's name keeps people out, whatever its namespace allows.
fn is_closed(channel: &ChannelName) -> bool {
    is_private(channel) || users_named(channel).is_some()
}

/// Whether the channel's name lets the caller in.
fn is_named(caller: &Caller, channel: &ChannelName, namespace: &Namespace) -> bool {
    let is_open = namespace.rules.user_limited && !is_private(channel) && !caller.is_anonymous();
    let mut users = users_named(channel).into_iter().flatten();
    is_open && users.any(|user| user == caller.user.as_str())
}

/// Somebody who asks for something in a channel other than to be let in.
struct Asking<'a> {
    caller: &'a Caller,
    channel: &'a ChannelName,
    namespace: &'a Namespace,
    /// Whether they are subscribed.
    inside: bool,
}

impl Asking<'_> {
    /// Whether they may do what `who` may. Whom the channel's name keeps out has no other way in.
    fn may(&self, who: Who) -> Result<(), Denied> {
        let Self { caller, channel, namespace, inside } = *self;
        let is_allowed = match who {
            Who::Nobody => false,
            Who::Subscriber => inside,
            Who::User | Who::Anyone if is_closed(channel) => {
                inside || is_named(caller, channel, namespace)
            }
            Who::User => !caller.is_anonymous(),
            Who::Anyone => true,
        };
        if is_allowed { Ok(()) } else { Err(Code::PermissionDenied.into()) }
    }
}
