//! Connecting: what a first command may be, and what bad ones get.

use belfry::{
    error::Code,
    protocol::{
        codec::Encoding,
        command::Command,
        request::{PublishRequest, SubscribeRequest},
    },
};
use tokio_tungstenite::tungstenite::Message;

use crate::support::{House, Visitor};

#[tokio::test]
async fn a_user_connects_and_is_subscribed_to_the_personal_channel() {
    let house = House::open().await;
    for encoding in Encoding::ALL {
        let mut visitor = Visitor::arrive_speaking(house.address, encoding).await;
        let result = visitor.connect(&house.token("ann")).await.unwrap();
        assert!(!result.client.is_empty());
        assert!(result.version.starts_with("belfry "));
        assert_eq!((result.ping, result.pong), (25, true));
        let [personal] = &result.subs[..] else { panic!("{result:?}") };
        assert_eq!(personal.channel, "user:#ann");
        let personal = personal.result.as_ref().unwrap();
        assert!(personal.recoverable && personal.positioned && !personal.epoch.is_empty());
    }
    house.close().await;
}

#[tokio::test]
async fn an_expired_token_is_an_error_and_the_connection_is_spent() {
    let house = House::open().await;
    let mut visitor = Visitor::arrive(house.address).await;
    let expired = house.token_with("ann", |claims| claims.exp = Some(1));
    let error = visitor.connect(&expired).await.unwrap_err();
    assert_eq!(error.code, Code::TokenExpired.number());
    visitor.send(&[Command::new(9, SubscribeRequest::default())]).await;
    assert_eq!(visitor.farewell().await, (3501, "bad request".to_owned()));
}

#[tokio::test]
async fn what_is_no_connect_command_ends_the_connection_with_words() {
    let house = House::open().await;
    let firsts: [(Message, u16); 7] = [
        (Message::text(r#"{"id":1,"subscribe":{"channel":"room:a"}}"#), 3501),
        (Message::text(r#"{"connect":{}}"#), 3501),
        (Message::text(r#"{"id":1,"connect":{"token":"nonsense"}}"#), 3500),
        (Message::text(r#"{"id":1,"connect":{}}"#), 3501),
        (Message::text("{}"), 3501),
        (Message::text("not json"), 3501),
        (Message::text(""), 3501),
    ];
    for (first, code) in firsts {
        let mut visitor = Visitor::arrive(house.address).await;
        visitor.say(first.clone()).await;
        let (closed, reason) = visitor.farewell().await;
        assert_eq!(closed, code, "{first:?}");
        assert!(!reason.is_empty());
    }
}

#[tokio::test]
async fn a_message_beyond_the_limit_closes_with_1009() {
    let house = House::open().await;
    let mut visitor = house.visitor("ann").await;
    visitor.say(Message::text("x".repeat(70_000))).await;
    assert_eq!(visitor.farewell().await.0, 1009);
}

#[tokio::test]
async fn a_send_has_no_handler_and_a_second_connect_is_a_fault() {
    let house = House::open().await;
    let mut visitor = house.visitor("ann").await;
    visitor.say(Message::text(r#"{"send":{"data":{}}}"#)).await;
    assert_eq!(visitor.farewell().await, (3508, "not available".to_owned()));
    let mut visitor = house.visitor("ann").await;
    visitor.say(Message::text(r#"{"id":5,"connect":{}}"#)).await;
    assert_eq!(visitor.farewell().await.0, 3501);
}

#[tokio::test]
async fn an_unasked_pong_is_a_fault() {
    let house = House::open().await;
    let mut visitor = house.visitor("ann").await;
    visitor.say(Message::text("{}")).await;
    assert_eq!(visitor.farewell().await.0, 3501);
}

#[tokio::test]
async fn the_house_closing_tells_everybody_to_come_back() {
    let house = House::open().await;
    let mut visitor = house.visitor("ann").await;
    let closing = tokio::spawn(house.close());
    assert_eq!(visitor.farewell().await, (3001, "shutdown".to_owned()));
    drop(visitor);
    closing.await.unwrap();
}

#[tokio::test]
async fn what_nobody_may_is_denied_and_the_connection_goes_on() {
    let house = House::open().await;
    let mut visitor = house.visitor("ann").await;
    for (channel, code) in [
        ("nowhere:a", Code::UnknownChannel),
        ("user:#bob", Code::PermissionDenied),
        ("$room:a", Code::PermissionDenied),
        ("名", Code::BadRequest),
    ] {
        let error = visitor.subscribe(channel).await.unwrap_err();
        assert_eq!((error.code, error.message.as_str()), (code.number(), code.name()), "{channel}");
    }
    let request = PublishRequest { channel: "room:a".to_owned(), data: "{}".into(), kind: 0 };
    assert_eq!(visitor.ask(request).await.unwrap_err().code, 103);
}
