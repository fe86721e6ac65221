//! The domain that a namespace's channels belong to: it lets people in, and takes what they publish.
//!
//! `channel` and the domains are neighbours and do not know each other; the composition hands over
//! closures. The settings of the namespace count beside them: both must let somebody do a thing.

use std::pin::Pin;

use bytes::Bytes;

use crate::{
    error::Code,
    ids::ChannelName,
    operation::{Caller, Refusal},
};

/// An answer that is waited for.
pub type Answer<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// Whether somebody may subscribe to a channel.
pub type Enter = Box<dyn Fn(Caller, ChannelName) -> Answer<Result<(), Code>> + Send + Sync>;

/// What whoever subscribes to a channel gets with the subscription: JSON.
pub type Show = Box<dyn Fn(ChannelName) -> Answer<Result<Option<Bytes>, Code>> + Send + Sync>;

/// Takes what a client publishes into a channel, in place of the hub.
pub type Take =
    Box<dyn Fn(Caller, ChannelName, Bytes) -> Answer<Result<(), Refusal>> + Send + Sync>;

/// What a domain says of its channels.
pub struct Domain {
    /// Asked after the namespace's own settings. Subscription tokens, which the platform gives out one
    /// by one, are not shown to it.
    pub enter: Enter,
    /// Asked when the subscription has its place in the channel's stream: what it shows is at least as
    /// new as that, and what is published later follows. `None` where there is nothing to show.
    pub show: Option<Show>,
    /// `None` where publications of clients are none of its business.
    pub take: Option<Take>,
}
