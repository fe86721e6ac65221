//! The WebSocket that only the server writes to: bare pushes, and disconnects instead of errors.

use belfry::{
    config::value::Span,
    protocol::{
        codec::Encoding,
        request::{ConnectRequest, SubscribeRequest},
    },
};
use prost::Message as _;
use serde_json::json;
use tokio_tungstenite::{connect_async, tungstenite::Message};

use crate::support::{Hearer, House, call, encoded, service};

/// A connect request as a first message.
fn first(encoding: Encoding, token: String) -> Message {
    match encoding {
        Encoding::Json => Message::text(json!({ "token": token }).to_string()),
        Encoding::Protobuf => {
            let request = ConnectRequest { token, ..ConnectRequest::default() };
            Message::binary(request.encode_to_vec())
        }
    }
}

/// A connected listener.
async fn hearer(house: &House, user: &str) -> Hearer {
    let mut hearer = Hearer::arrive(house.address, "", Encoding::Json).await;
    hearer.say(first(Encoding::Json, house.token(user))).await;
    hearer.greeting().await;
    hearer
}

#[tokio::test]
async fn the_first_message_connects_and_the_result_is_a_push() {
    let house = House::open().await;
    for encoding in Encoding::ALL {
        let mut ann = Hearer::arrive(house.address, "", encoding).await;
        let token = house.token_with("ann", |claims| claims.channels.push("room:a".into()));
        ann.say(first(encoding, token)).await;
        let greeting = ann.greeting().await;
        assert!(greeting.version.starts_with("belfry "));
        assert_eq!((greeting.client.len(), greeting.ping, greeting.pong), (36, 25, false));
        assert_eq!((greeting.session.as_str(), greeting.node.as_str()), ("", ""));
        let channels: Vec<_> = greeting.subs.iter().map(|sub| sub.channel.as_str()).collect();
        assert_eq!(channels, ["room:a", "user:#ann"]);
        let input = json!({"channel": "room:a", "data": {"n": 1}});
        call(&mut service(&house).await, "publish", input).await.unwrap();
        let push = ann.push().await;
        assert_eq!(push.channel, "room:a");
        assert_eq!(push.publication.unwrap().data, r#"{"n":1}"#);
    }
}

#[tokio::test]
async fn the_query_connects_as_well_and_what_is_said_later_is_not_heard() {
    let house = House::open().await;
    let request = json!({"token": house.token("ann"), "name": "web 1"}).to_string();
    let query = format!("?cf_connect={}", encoded(&request));
    let mut ann = Hearer::arrive(house.address, &query, Encoding::Json).await;
    for message in ["{}", "nonsense", &request] {
        ann.say(message).await;
    }
    ann.say(Message::binary(vec![0xFF; 1_000])).await;
    let client = ann.greeting().await.client;
    let input = json!({"channel": "user:#ann", "data": "still here"});
    call(&mut service(&house).await, "publish", input).await.unwrap();
    assert_eq!(ann.push().await.publication.unwrap().data, r#""still here""#);
    let input = json!({"user": "ann", "client": client, "code": 4100, "reason": "see you"});
    call(&mut service(&house).await, "disconnect", input).await.unwrap();
    let farewell = (4100, "see you".to_owned());
    assert_eq!(ann.farewell().await, (Some(farewell.clone()), farewell));
}

#[tokio::test]
async fn what_would_be_an_error_reply_is_a_disconnect() {
    let house = House::open_with(|config| config.client.connect_timeout = Span::seconds(1)).await;
    let expired = house.token_with("ann", |claims| claims.exp = Some(1));
    let unknown = house.token_with("ann", |claims| claims.channels.push("nowhere:a".into()));
    let firsts = [
        (Some(json!({ "token": expired }).to_string()), 3005),
        (Some(json!({ "token": unknown }).to_string()), 3501),
        (Some(json!({ "token": "nonsense" }).to_string()), 3500),
        (Some("{}".to_owned()), 3501),
        (Some(r#"["token"]"#.to_owned()), 3501),
        (Some("nonsense".to_owned()), 3501),
        (None, 3502),
    ];
    for (message, code) in firsts {
        let mut stranger = Hearer::arrive(house.address, "", Encoding::Json).await;
        if let Some(message) = &message {
            stranger.say(message.as_str()).await;
        }
        let (push, close) = stranger.farewell().await;
        assert_eq!(close.0, code, "{message:?}");
        assert_eq!(push, Some(close));
    }
}

#[tokio::test]
async fn a_query_without_a_connect_request_is_refused_before_the_upgrade() {
    let house = House::open().await;
    for query in ["?cf_connect=nonsense", "?cf_connect=%5B%5D", "?cf_connect={}&cf_connect={}"] {
        let url = format!("ws://{}/connection/uni_websocket{query}", house.address);
        let refused = connect_async(url).await.unwrap_err().to_string();
        assert!(refused.contains("400"), "{query}: {refused}");
    }
}

#[tokio::test]
async fn pings_are_empty_pushes_that_nobody_has_to_answer() {
    let house = House::open_with(|config| {
        config.client.ping_interval = Span::seconds(1);
        config.client.pong_timeout = Span::seconds(1);
    })
    .await;
    let mut ann = hearer(&house, "ann").await;
    ann.pinged(3).await;
    let input = json!({"channel": "user:#ann", "data": 1});
    call(&mut service(&house).await, "publish", input).await.unwrap();
    assert!(ann.push().await.publication.is_some());
}

#[tokio::test]
async fn a_subscription_by_the_platform_is_a_push_and_joins_follow() {
    let house = House::open_with(|config| {
        let room = config.channels.namespaces.get_mut("room").unwrap();
        room.force_join_leave = true;
    })
    .await;
    let (mut ann, mut service) = (hearer(&house, "ann").await, service(&house).await);
    let input = json!({"user": "ann", "channel": "room:a", "data": {"hello": true}});
    call(&mut service, "subscribe", input).await.unwrap();
    let push = ann.push().await;
    assert_eq!(push.channel, "room:a");
    assert_eq!(push.subscribe.unwrap().data, r#"{"hello":true}"#);
    assert_eq!(ann.push().await.join.unwrap().info.unwrap().user, "ann");
    let mut bob = house.visitor("bob").await;
    bob.subscribe("room:a").await.unwrap();
    assert_eq!(ann.push().await.join.unwrap().info.unwrap().user, "bob");
    bob.publish("room:a", "1").await.unwrap();
    let publication = ann.push().await.publication.unwrap();
    assert_eq!(publication.info.unwrap().user, "bob");
    drop(bob);
    assert_eq!(ann.push().await.leave.unwrap().info.unwrap().user, "bob");
    let input = json!({"user": "ann", "channel": "room:a"});
    call(&mut service, "unsubscribe", input).await.unwrap();
    assert_eq!(ann.push().await.unsubscribe.unwrap().code, 2000);
}

#[tokio::test]
async fn who_leaves_is_no_longer_present() {
    let house = House::open().await;
    let (ann, mut service) = (hearer(&house, "ann").await, service(&house).await);
    let mut bob = house.visitor("bob").await;
    let asking =
        SubscribeRequest { channel: "room:a".to_owned(), join_leave: true, ..<_>::default() };
    bob.subscribe_with(asking).await.unwrap();
    assert_eq!(bob.push().await.join.unwrap().info.unwrap().user, "bob");
    let input = json!({"user": "ann", "channel": "room:a"});
    call(&mut service, "subscribe", input).await.unwrap();
    assert_eq!(bob.push().await.join.unwrap().info.unwrap().user, "ann");
    drop(ann);
    assert_eq!(bob.push().await.leave.unwrap().info.unwrap().user, "ann");
    let stats = call(&mut service, "presence_stats", json!({"channel": "room:a"})).await.unwrap();
    assert_eq!(stats, json!({"num_clients": 1, "num_users": 1}));
}

#[tokio::test]
async fn the_house_closing_is_told_by_a_push_too() {
    let house = House::open().await;
    let mut ann = hearer(&house, "ann").await;
    let closing = tokio::spawn(house.close());
    let shutdown = (3001, "shutdown".to_owned());
    assert_eq!(ann.farewell().await, (Some(shutdown.clone()), shutdown));
    closing.await.unwrap();
}
