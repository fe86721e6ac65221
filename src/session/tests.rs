//! A scripted client without a socket, under paused time: what only time and the house bring about.

use std::{
    io,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio_util::sync::CancellationToken;

use super::*;
use crate::{
    channel::Domain,
    config::{
        channels::{Namespace, Who},
        value::{Secret, Span},
    },
    error::Code,
    hub::{Dialect, Invitation, Place, Wire, Wishes},
    identity::Claims,
    ids::ChannelName,
    operation::Operation,
    protocol::{
        code::UnsubscribeCode,
        codec::{Encoding, decode_replies},
        command::Request,
        push::Push,
        reply::{Outcome, Reply},
        request::{RefreshRequest, SubRefreshRequest, SubscribeRequest},
    },
};

/// A wall time at which the tests begin, in milliseconds.
const BEGIN_MS: i64 = 1_800_000_000_000;

/// A wire that keeps what is written, to be read as replies.
#[derive(Clone, Default)]
struct Paper(Arc<Mutex<Vec<u8>>>);

impl Wire for Paper {
    fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }
}

/// What sessions need of a house with a namespace `room`, in which `operations` can be called.
pub(crate) fn needs(
    change: impl FnOnce(&mut config::Config),
    operations: Vec<Operation>,
) -> Arc<Needs> {
    let clock = Clock::set(BEGIN_MS);
    let mut config = config::Config::default();
    config.identity.hmac_secret = Secret::new("a secret of the tests, of no use elsewhere");
    let room = Namespace {
        history_size: 4,
        history_ttl: Span::seconds(600),
        force_recovery: true,
        subscribe: Who::User,
        ..Namespace::default()
    };
    config.channels.namespaces.insert("room".to_owned(), room);
    change(&mut config);
    let metrics = Metrics::new();
    let hub = Hub::start(config.hub, &config.channels, metrics.clone()).unwrap();
    let identity = Identity::new(&config.identity, clock.clone()).unwrap();
    let mut catalogue = Catalogue::new(&config.rates);
    catalogue.add(operations);
    Arc::new(Needs {
        access: Access::new(hub.clone(), identity.clone()),
        catalogue: Arc::new(catalogue),
        hub,
        identity,
        clock,
        metrics,
        client: config.client,
        channels: config.channels,
        per_user: 2,
    })
}

/// A house with one client in it.
struct Scene {
    needs: Arc<Needs>,
    visitor: Visitor,
    paper: Paper,
    last_id: u32,
    pulse: CancellationToken,
}

impl Drop for Scene {
    fn drop(&mut self) {
        self.pulse.cancel();
    }
}

impl Scene {
    fn open() -> Self {
        Self::open_with(|_| {})
    }

    /// A house after `change` had its way with its configuration.
    fn open_with(change: impl FnOnce(&mut config::Config)) -> Self {
        Self::of(needs(change, Vec::new()))
    }

    fn of(needs: Arc<Needs>) -> Self {
        let pulse = CancellationToken::new();
        tokio::spawn({
            let (hub, stop) = (needs.hub.clone(), pulse.clone());
            async move { hub.beat_until(stop).await }
        });
        let (visitor, paper) = Self::arrive(&needs);
        Self { needs, visitor, paper, last_id: 0, pulse }
    }

    async fn connected() -> Self {
        let mut scene = Self::open();
        let token = scene.token(|_| {});
        scene.connect(token).await.unwrap();
        scene
    }

    fn arrive(needs: &Arc<Needs>) -> (Visitor, Paper) {
        let paper = Paper::default();
        let guest = needs.hub.admit(Dialect::StreamJson, Box::new(paper.clone()));
        (Visitor::new(Arc::clone(needs), guest, Arrival::default()), paper)
    }

    fn token(&self, change: impl FnOnce(&mut Claims)) -> String {
        let mut claims = Claims { sub: "ann".to_owned(), ..Claims::default() };
        change(&mut claims);
        self.needs.identity.mint(&claims).unwrap()
    }

    /// The wall time so many seconds from the beginning.
    fn at(&self, seconds: i64) -> Option<i64> {
        Some(BEGIN_MS / 1_000 + seconds)
    }

    async fn connect(&mut self, token: String) -> Result<Outcome, u32> {
        self.ask(ConnectRequest { token, ..ConnectRequest::default() }).await
    }

    /// Sends a command and reads its reply; a disconnect counts as an error of its code.
    async fn ask(&mut self, request: impl Into<Request>) -> Result<Outcome, u32> {
        self.last_id += 1;
        let command = Command::new(self.last_id, request);
        self.visitor.obey(command).await.map_err(|why| u32::from(why.code()))?;
        let id = self.last_id;
        let reply = self.read().into_iter().find(|reply| reply.id == id).unwrap();
        reply.outcome().unwrap().map_err(|error| error.code)
    }

    /// What was written since the last look.
    fn read(&self) -> Vec<Reply> {
        self.visitor.mailbox().flush();
        let written = std::mem::take(&mut *self.paper.0.lock().unwrap());
        if written.is_empty() {
            Vec::new()
        } else {
            decode_replies(Encoding::Json, &written).unwrap()
        }
    }

    /// Lets time pass, a second at a time, as the connection's task would live through it; ends
    /// early with the code of a disconnect.
    async fn live(&mut self, seconds: u64) -> Result<Vec<Reply>, u16> {
        let mut heard = Vec::new();
        for _ in 0..seconds {
            self.needs.clock.advance_ms(1_000);
            tokio::time::advance(Duration::from_secs(1)).await;
            tokio::task::yield_now().await;
            for signal in self.visitor.mailbox().take_signals() {
                self.visitor.hear(signal).await.map_err(|why| why.code())?;
            }
            heard.extend(self.read());
        }
        Ok(heard)
    }
}

/// Somebody who listens to the joins and leaves of a channel.
struct Watcher {
    _guest: Guest,
    paper: Paper,
}

impl Watcher {
    fn of(hub: &Hub, channel: &ChannelName) -> Self {
        let paper = Paper::default();
        let guest = hub.admit(Dialect::StreamJson, Box::new(paper.clone()));
        hub.join(channel, guest.mailbox(), Wishes { join_leave: true });
        hub.go_live(channel, guest.mailbox(), Place::Unpositioned);
        Self { _guest: guest, paper }
    }

    /// Who joined and who left.
    fn heard(&self) -> Vec<String> {
        let written = std::mem::take(&mut *self.paper.0.lock().unwrap());
        let replies = decode_replies(Encoding::Json, &written).unwrap_or_default();
        let pushes = replies.into_iter().filter_map(|reply| reply.push);
        let word = |push: Push| match (push.join, push.leave) {
            (Some(join), _) => format!("+{}", join.info.unwrap().user),
            (None, leave) => format!("-{}", leave.unwrap().info.unwrap().user),
        };
        pushes.map(word).collect()
    }
}

/// Makes it known who is in a room.
fn open_room(config: &mut config::Config) {
    let room = config.channels.namespaces.get_mut("room").unwrap();
    (room.presence, room.join_leave) = (true, true);
}

#[tokio::test(start_paused = true)]
async fn a_socket_without_a_connect_command_is_stale() {
    let mut scene = Scene::open();
    assert!(scene.live(9).await.is_ok());
    assert_eq!(scene.live(3).await, Err(3502));
}

#[tokio::test(start_paused = true)]
async fn a_good_token_of_nobody_is_denied_unless_nobody_is_let_in() {
    for (anonymous, expected) in [(false, Err(3507)), (true, Ok(()))] {
        let mut scene = Scene::open_with(|config| config.identity.anonymous = anonymous);
        let token = scene.token(|claims| claims.sub = String::new());
        assert_eq!(scene.connect(token).await.map(|_| ()), expected);
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_that_answers_pings_stays_and_a_silent_one_goes() {
    let mut scene = Scene::connected().await;
    let mut pings = 0;
    for _ in 0..100 {
        for reply in scene.live(1).await.unwrap() {
            assert_eq!(reply, Reply::ping());
            pings += 1;
            scene.visitor.obey(Command::pong()).await.unwrap();
        }
    }
    assert!((3..=4).contains(&pings), "{pings} pings in 100 s");
    assert_eq!(scene.live(60).await, Err(3012));
}

#[tokio::test(start_paused = true)]
async fn a_connection_ends_after_its_token_and_the_grace_unless_refreshed() {
    let mut scene = Scene::open();
    let token = scene.token(|claims| claims.exp = Some(BEGIN_MS / 1_000 + 5));
    let Ok(Outcome::Connect(result)) = scene.connect(token).await else { panic!("no result") };
    assert_eq!((result.expires, result.ttl), (true, 5));
    scene.live(4).await.unwrap();
    let (stale, fresh) = (scene.token(|claims| claims.exp = Some(1)), scene.at(20));
    assert_eq!(scene.ask(RefreshRequest { token: stale }).await, Err(109));
    let fresh = scene.token(|claims| claims.exp = fresh);
    let Ok(Outcome::Refresh(result)) = scene.ask(RefreshRequest { token: fresh }).await else {
        panic!("not refreshed")
    };
    assert_eq!((result.expires, result.ttl), (true, 16));
    let ended = loop {
        match scene.live(1).await {
            Ok(replies) if !replies.is_empty() => {
                scene.visitor.obey(Command::pong()).await.unwrap();
            }
            Ok(_) => {}
            Err(code) => break code,
        }
    };
    assert_eq!(ended, 3005);
    let lived_s = (scene.needs.clock.now_ms() - BEGIN_MS) / 1_000;
    assert!((44..=47).contains(&lived_s), "{lived_s} s: the token's 20 and a grace of 25");
}

#[tokio::test(start_paused = true)]
async fn a_token_that_outlives_the_count_of_seconds_lasts_as_long_as_can_be_told() {
    for exp in [BEGIN_MS / 1_000 + (1 << 32), i64::MAX] {
        let mut scene = Scene::open();
        let token = scene.token(|claims| claims.exp = Some(exp));
        let Ok(Outcome::Connect(result)) = scene.connect(token).await else { panic!("no result") };
        assert_eq!((result.expires, result.ttl), (true, u32::MAX));
    }
}

#[tokio::test(start_paused = true)]
async fn a_token_of_somebody_else_does_not_refresh() {
    let mut scene = Scene::connected().await;
    let other = scene.token(|claims| claims.sub = "bob".to_owned());
    assert_eq!(scene.ask(RefreshRequest { token: other }).await, Err(3500));
}

#[tokio::test(start_paused = true)]
async fn a_subscription_ends_with_its_token_and_the_connection_goes_on() {
    let mut scene = Scene::connected().await;
    let channel = "$room:secret".to_owned();
    let at = scene.at(3);
    let for_channel = |exp: Option<i64>| {
        let channel = Some("$room:secret".to_owned());
        move |claims: &mut Claims| (claims.channel, claims.exp) = (channel, exp)
    };
    let token = scene.token(for_channel(at));
    let request =
        SubscribeRequest { channel: channel.clone(), token, ..SubscribeRequest::default() };
    let Ok(Outcome::Subscribe(result)) = scene.ask(request).await else { panic!("not subscribed") };
    assert_eq!((result.expires, result.ttl), (true, 3));
    let token = scene.token(for_channel(scene.at(6)));
    let request = SubRefreshRequest { channel: channel.clone(), token, kind: 0 };
    assert!(matches!(scene.ask(request).await, Ok(Outcome::SubRefresh(_))));
    let mut ended = None;
    while ended.is_none() {
        for reply in scene.live(1).await.unwrap() {
            match reply.push.and_then(|push| push.unsubscribe) {
                Some(unsubscribe) => ended = Some(unsubscribe.code),
                None => scene.visitor.obey(Command::pong()).await.unwrap(),
            }
        }
    }
    assert_eq!(ended, Some(2501));
    let expired = scene.token(for_channel(Some(1)));
    let request = SubRefreshRequest { channel, token: expired, kind: 0 };
    assert_eq!(scene.ask(request).await, Err(103), "not subscribed any more");
}

#[tokio::test(start_paused = true)]
async fn an_expired_token_never_makes_a_subscription_endless() {
    let mut scene = Scene::connected().await;
    let token = |exp| {
        move |claims: &mut Claims| {
            (claims.channel, claims.exp) = (Some("$room:a".to_owned()), Some(exp));
        }
    };
    let channel = "$room:a".to_owned();
    let fresh = scene.token(token(BEGIN_MS / 1_000 + 60));
    let request = SubscribeRequest { channel: channel.clone(), token: fresh, ..<_>::default() };
    assert!(scene.ask(request).await.is_ok());
    let expired = scene.token(token(BEGIN_MS / 1_000 - 1));
    assert_eq!(scene.ask(SubRefreshRequest { channel, token: expired, kind: 0 }).await, Err(3006));
}

#[tokio::test(start_paused = true)]
async fn a_subscription_is_refreshed_for_its_own_connection_alone() {
    let mut scene = Scene::connected().await;
    let client = scene.visitor.mailbox().id().to_string();
    let token = |client: &str| {
        let client = Some(client.to_owned());
        move |claims: &mut Claims| {
            (claims.channel, claims.client) = (Some("$room:a".to_owned()), client);
        }
    };
    let channel = "$room:a".to_owned();
    let own = scene.token(token(&client));
    let request =
        SubscribeRequest { channel: channel.clone(), token: own.clone(), ..<_>::default() };
    scene.ask(request).await.unwrap();
    let refresh = |token| SubRefreshRequest { channel: channel.clone(), token, kind: 0 };
    assert!(scene.ask(refresh(own)).await.is_ok());
    let others = scene.token(token("another"));
    assert_eq!(scene.ask(refresh(others)).await, Err(3500));
}

#[tokio::test(start_paused = true)]
async fn a_third_connection_of_a_user_is_one_too_many() {
    let mut scene = Scene::connected().await;
    let mut others = Vec::new();
    for expected in [Ok(()), Err(3504)] {
        let (visitor, paper) = Scene::arrive(&scene.needs);
        others.push(std::mem::replace(&mut scene.visitor, visitor));
        scene.paper = paper;
        let token = scene.token(|_| {});
        assert_eq!(scene.connect(token).await.map(|_| ()), expected);
    }
}

#[tokio::test(start_paused = true)]
async fn a_lost_place_is_an_unsubscribe_for_a_client_and_the_end_for_the_server_side() {
    let mut scene = Scene::connected().await;
    let request = SubscribeRequest { channel: "room:a".to_owned(), ..SubscribeRequest::default() };
    scene.ask(request.clone()).await.unwrap();
    scene.visitor.hear(Signal::Lost(ChannelName::from("room:a"))).await.unwrap();
    let pushes: Vec<_> = scene.read().into_iter().filter_map(|reply| reply.push).collect();
    assert_eq!(pushes[0].unsubscribe.as_ref().unwrap().code, 2500);
    assert!(scene.ask(request).await.is_ok(), "the client may subscribe again at once");
    let lost = scene.visitor.hear(Signal::Lost(ChannelName::from("user:#ann"))).await;
    assert_eq!(lost.unwrap_err().code(), 3010);
}

#[tokio::test(start_paused = true)]
async fn who_was_never_announced_does_not_leave() {
    let mut scene = Scene::open_with(open_room);
    let token = scene.token(|_| {});
    scene.connect(token).await.unwrap();
    let watcher = Watcher::of(&scene.needs.hub, &"room:a".into());
    let request = SubscribeRequest {
        channel: "room:a".to_owned(),
        recover: true,
        offset: 7,
        flag: SubscribeRequest::REJECT_UNRECOVERED,
        ..SubscribeRequest::default()
    };
    assert_eq!(scene.ask(request).await, Err(112));
    assert_eq!(watcher.heard(), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn an_invitation_beyond_the_limit_is_refused_and_the_connection_goes_on() {
    let mut scene = Scene::open_with(|config| config.channels.per_connection = 2);
    let token = scene.token(|_| {});
    scene.connect(token).await.unwrap();
    for (name, subscribers) in [("room:a", 1), ("room:b", 0)] {
        let channel = ChannelName::from(name);
        let invitation = Invitation { channel: channel.clone(), info: None, data: None };
        scene.visitor.hear(Signal::Subscribe(invitation)).await.unwrap();
        let pushes = scene.read().into_iter().filter_map(|reply| reply.push);
        assert_eq!(pushes.filter(|push| push.subscribe.is_some()).count(), subscribers);
        assert_eq!(scene.needs.hub.subscribers(&channel), subscribers);
    }
    let counted =
        r#"belfry_refusals_total{door="connection",code="106",reason="limit exceeded"} 1"#;
    assert!(scene.needs.metrics.encode().contains(counted));
}

#[tokio::test(start_paused = true)]
async fn a_subscription_ends_with_the_token_it_lives_by() {
    let mut scene = Scene::connected().await;
    let token = |scene: &Scene, channel: &str, id: &str, iat: i64| {
        let (channel, id) = (Some(channel.to_owned()), Some(id.to_owned()));
        let change = |claims: &mut Claims| {
            (claims.channel, claims.jti, claims.iat) = (channel, id, Some(iat))
        };
        scene.token(change)
    };
    for (channel, id, iat) in [("$room:a", "a", 10), ("$room:b", "b", 10), ("$room:c", "c", 30)] {
        let (token, channel) = (token(&scene, channel, id, iat), channel.to_owned());
        scene.ask(SubscribeRequest { channel, token, ..<_>::default() }).await.unwrap();
    }
    let renewed = token(&scene, "$room:b", "b2", 30);
    let refresh = SubRefreshRequest { channel: "$room:b".to_owned(), token: renewed, kind: 0 };
    scene.ask(refresh).await.unwrap();
    let ended = async |scene: &mut Scene, before_s, id: Option<&str>| {
        let token_id = id.map(str::to_owned);
        scene
            .visitor
            .hear(Signal::Revoked { before_s, token_id })
            .await
            .map_err(|why| why.code())?;
        let pushes = scene.read().into_iter().filter_map(|reply| reply.push);
        Ok(pushes.map(|push| (push.channel, push.unsubscribe.unwrap().code)).collect::<Vec<_>>())
    };
    let stay_out = |channel: &str| Ok(vec![(channel.to_owned(), 2000)]);
    assert_eq!(ended(&mut scene, None, Some("b")).await, Ok(vec![]), "it lives by another now");
    assert_eq!(ended(&mut scene, None, Some("b2")).await, stay_out("$room:b"));
    let connection = scene.token(|claims| claims.iat = Some(30));
    scene.ask(RefreshRequest { token: connection }).await.unwrap();
    assert_eq!(ended(&mut scene, Some(20), None).await, stay_out("$room:a"), "issued before");

    let invitation = Invitation { channel: "room:d".into(), info: None, data: None };
    scene.visitor.hear(Signal::Subscribe(invitation)).await.unwrap();
    let renewed = token(&scene, "room:d", "d", 30);
    let refresh = SubRefreshRequest { channel: "room:d".to_owned(), token: renewed, kind: 0 };
    scene.ask(refresh).await.unwrap();
    assert_eq!(ended(&mut scene, None, Some("d")).await, Err(3006), "the server made it");
}

#[tokio::test(start_paused = true)]
async fn the_house_subscribes_unsubscribes_refreshes_and_revokes() {
    let mut scene = Scene::connected().await;
    let channel = ChannelName::from("room:a");
    let invitation = Invitation { channel: channel.clone(), info: None, data: None };
    scene.visitor.hear(Signal::Subscribe(invitation)).await.unwrap();
    let code = UnsubscribeCode::Unsubscribed;
    scene.visitor.hear(Signal::Unsubscribe { channel, code }).await.unwrap();
    scene.visitor.hear(Signal::Refresh { expire_at_s: scene.at(9) }).await.unwrap();
    let pushes: Vec<_> = scene.read().into_iter().filter_map(|reply| reply.push).collect();
    assert!(pushes[0].subscribe.as_ref().unwrap().recoverable);
    assert_eq!(pushes[1].unsubscribe.as_ref().unwrap().code, 2000);
    assert_eq!(pushes[2].refresh.as_ref().unwrap().ttl, 9);
    let other = Signal::Revoked { before_s: None, token_id: Some("other".to_owned()) };
    scene.visitor.hear(other).await.unwrap();
    let all = Signal::Revoked { before_s: scene.at(0), token_id: None };
    assert_eq!(scene.visitor.hear(all).await.unwrap_err().code(), 3500);
}

#[tokio::test(start_paused = true)]
async fn after_the_farewell_nobody_is_left_in_the_channel() {
    let mut scene = Scene::connected().await;
    let request = SubscribeRequest { channel: "room:a".to_owned(), ..SubscribeRequest::default() };
    scene.ask(request).await.unwrap();
    let channel = ChannelName::from("room:a");
    assert_eq!((scene.needs.hub.subscribers(&channel), scene.needs.hub.counts()), (1, (1, 1)));
    let (stand_in, _) = Scene::arrive(&scene.needs);
    std::mem::replace(&mut scene.visitor, stand_in).farewell().await;
    assert_eq!((scene.needs.hub.subscribers(&channel), scene.needs.hub.counts()), (0, (1, 0)));
}

#[tokio::test(start_paused = true)]
async fn a_task_that_ends_before_its_farewell_leaves_nobody_behind_either() {
    let mut scene = Scene::open_with(open_room);
    let token = scene.token(|_| {});
    scene.connect(token).await.unwrap();
    let (hub, channel) = (scene.needs.hub.clone(), ChannelName::from("room:a"));
    let watcher = Watcher::of(&hub, &channel);
    let request = SubscribeRequest { channel: "room:a".to_owned(), ..SubscribeRequest::default() };
    scene.ask(request).await.unwrap();
    assert_eq!((hub.subscribers(&channel), hub.presence(&channel).await.len()), (2, 1));
    let (stand_in, _) = Scene::arrive(&scene.needs);
    drop(std::mem::replace(&mut scene.visitor, stand_in));
    assert_eq!((hub.subscribers(&channel), hub.presence(&channel).await.len()), (1, 0));
    assert_eq!(watcher.heard(), ["+ann", "-ann"]);
}

/// A house whose rooms belong to a domain. Whoever wants to enter has `before` happen first, and whoever
/// looks in has `after` happen when they have looked; what is shown is how often both have.
fn ruled_needs(closes: Arc<AtomicBool>) -> Arc<Needs> {
    let mut needs = needs(|_| {}, Vec::new());
    let count = Arc::new(AtomicUsize::new(0));
    let happen = {
        let (hub, count) = (needs.hub.clone(), Arc::clone(&count));
        move || {
            let (hub, data) = (hub.clone(), count.fetch_add(1, Ordering::SeqCst) + 1);
            async move { hub.publish(&"room:a".into(), data.to_string().into()).await.unwrap() }
        }
    };
    let (happens_before, happens_after) = (happen.clone(), happen);
    let enter = move |_, _| {
        let (happens, closes) = (happens_before(), Arc::clone(&closes));
        Box::pin(async move {
            happens.await;
            if closes.load(Ordering::SeqCst) { Err(Code::PermissionDenied) } else { Ok(()) }
        }) as _
    };
    let show = move |_| {
        let (shown, happens) = (count.load(Ordering::SeqCst), happens_after());
        Box::pin(async move {
            happens.await;
            Ok(Some(shown.to_string().into()))
        }) as _
    };
    let domain = Domain { enter: Box::new(enter), show: Some(Box::new(show)), take: None };
    let owned = Arc::get_mut(&mut needs).unwrap();
    owned.access = owned.access.clone().with([("room", domain)].into());
    needs
}

#[tokio::test(start_paused = true)]
async fn what_happens_while_somebody_enters_is_in_what_they_are_shown_or_follows() {
    let mut scene = Scene::of(ruled_needs(Arc::default()));
    scene.connect(scene.token(|_| {})).await.unwrap();
    let request = SubscribeRequest { channel: "room:a".to_owned(), ..<_>::default() };
    scene.last_id += 1;
    scene.visitor.obey(Command::new(scene.last_id, request)).await.unwrap();
    let mut replies = scene.read().into_iter();
    let Ok(Outcome::Subscribe(result)) = replies.next().unwrap().outcome().unwrap() else {
        panic!("not subscribed")
    };
    // One before the join, one when it is asked again, and one that was too late to be shown.
    assert_eq!((&*result.data, result.offset), (&b"2"[..], 1));
    let offsets = replies.map(|reply| reply.push.unwrap().publication.unwrap().offset);
    assert_eq!(offsets.collect::<Vec<_>>(), [2, 3]);
}

#[tokio::test(start_paused = true)]
async fn who_is_let_in_no_longer_leaves_when_the_house_asks_and_a_tokens_bearer_stays() {
    let closes = Arc::new(AtomicBool::new(false));
    let mut scene = Scene::of(ruled_needs(Arc::clone(&closes)));
    scene.connect(scene.token(|_| {})).await.unwrap();
    let token = scene.token(|claims| claims.channel = Some("room:b".to_owned()));
    for (channel, token) in [("room:a", String::new()), ("room:b", token)] {
        let request = SubscribeRequest { channel: channel.to_owned(), token, ..<_>::default() };
        assert!(matches!(scene.ask(request).await, Ok(Outcome::Subscribe(_))), "{channel}");
    }
    for (is_closed, left) in [(false, vec![]), (true, vec![("room:a".to_owned(), 2000)])] {
        closes.store(is_closed, Ordering::SeqCst);
        for channel in ["room:a", "room:b"] {
            scene.needs.hub.review(&channel.into());
        }
        let replies = scene.live(1).await.unwrap();
        let pushes = replies.into_iter().filter_map(|reply| reply.push);
        let ended = pushes.filter_map(|it| Some((it.channel, it.unsubscribe?.code)));
        assert_eq!(ended.collect::<Vec<_>>(), left);
    }
    let request = SubscribeRequest { channel: "room:a".to_owned(), ..<_>::default() };
    assert_eq!(scene.ask(request).await, Err(103));
}
