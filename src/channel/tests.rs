//! Who may do what in channels: by their names, their namespaces, and the domains they belong to.

use bytes::Bytes;

use super::*;
use crate::{
    clock::Clock,
    config::{self, Config, channels::Who, value::Secret},
    error::Code,
    hub::Hub,
    identity::Identity,
    ids::ChannelName,
    operation::{Caller, Role},
    protocol::request::SubscribeRequest,
    telemetry::Metrics,
};

/// A house whose namespaces are open to anyone, but for what their channels' names say.
fn access() -> Access {
    let mut config = Config::default();
    config.identity.hmac_secret = Secret::new("a secret of the tests, of no use elsewhere");
    let namespace = |user_limited| config::channels::Namespace {
        presence: true,
        history_size: 1,
        subscribe: Who::Anyone,
        publish: Who::Anyone,
        history: Who::Anyone,
        read_presence: Who::Anyone,
        user_limited,
        ..config::channels::Namespace::default()
    };
    for (name, user_limited) in [("open", true), ("flat", false)] {
        config.channels.namespaces.insert(name.to_owned(), namespace(user_limited));
    }
    let hub = Hub::start(config.hub, &config.channels, Metrics::new()).unwrap();
    Access::new(hub, Identity::new(&config.identity, Clock::set(0)).unwrap())
}

#[test]
fn a_name_that_is_closed_to_somebody_is_closed_whatever_they_ask() {
    let access = access();
    let may = |user: &str, channel: &str, inside| {
        let (caller, channel) = (Caller::new(user, Role::User), ChannelName::from(channel));
        let answers = [
            access.publish(&caller, &channel, inside).is_ok(),
            access.history(&caller, &channel, inside).is_ok(),
            access.presence(&caller, &channel, inside).is_ok(),
        ];
        assert!(answers.iter().all(|answer| *answer == answers[0]), "{user:?} {channel}");
        answers[0]
    };
    for user in ["ann", "bob", ""] {
        assert!(may(user, "open:a", false), "it is open to {user:?}");
        for closed in ["$open:a", "$open:a#ann", "flat:a#ann"] {
            assert!(!may(user, closed, false) && may(user, closed, true), "{user:?} {closed}");
        }
    }
    assert!(may("ann", "open:a#ann,carl", false), "it is named");
    for other in ["bob", ""] {
        assert!(!may(other, "open:a#ann,carl", false) && may(other, "open:a#ann,carl", true));
    }
}

#[tokio::test]
async fn a_domain_and_its_namespace_must_both_let_somebody_in() {
    let enter = |caller: Caller, channel: ChannelName| {
        let is_open = channel.as_str() == "open:a" || caller.user.as_str() == "ann";
        Box::pin(std::future::ready(if is_open { Ok(()) } else { Err(Code::Expired) })) as _
    };
    let show = |_| Box::pin(std::future::ready(Ok(Some("1".into())))) as _;
    let take = |_, _, _| Box::pin(std::future::ready(Err(Code::Muted.into()))) as _;
    let domain =
        Domain { enter: Box::new(enter), show: Some(Box::new(show)), take: Some(Box::new(take)) };
    let access = access().with([("open", domain)].into());
    let (ann, bob) = (Caller::new("ann", Role::User), Caller::new("bob", Role::User));
    let enter = async |who: &Caller, channel: &str| {
        let request = SubscribeRequest { channel: channel.to_owned(), ..<_>::default() };
        access.subscribe(who, "", &request).await.map(|entrance| entrance.by_domain)
    };
    assert_eq!(enter(&bob, "open:a").await, Ok(true));
    assert_eq!(enter(&bob, "open:b").await, Err(Code::Expired.into()));
    assert_eq!(enter(&ann, "$open:a").await, Err(Code::PermissionDenied.into()));
    assert_eq!(enter(&ann, "flat:a").await, Ok(false), "it is asked about its own alone");
    assert_eq!(access.view(&bob, &"open:a".into()).await, Ok(Some("1".into())));
    assert_eq!(access.view(&bob, &"open:b".into()).await, Err(Code::Expired), "it is asked again");
    assert_eq!(access.view(&bob, &"flat:a".into()).await, Ok(None));
    let data = Bytes::new();
    let taken = access.take(&bob, &"open:b".into(), &data).await;
    assert_eq!(taken, Some(Err(Code::Muted.into())));
    assert!(access.take(&bob, &"flat:b".into(), &data).await.is_none());
}
