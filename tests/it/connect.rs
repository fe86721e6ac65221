//! Connecting: what a first command may be, and what bad ones get.

use belfry::{
    config::{
        channels::{Namespace, Who},
        value::Span,
    },
    error::Code,
    protocol::{
        codec::Encoding,
        command::Command,
        request::{ConnectRequest, PublishRequest, SubscribeRequest},
    },
};
use serde_json::json;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};
use tokio_tungstenite::tungstenite::Message;

use crate::support::{Ask, House, PATIENCE, Visitor, call, service};

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
async fn a_pile_of_tiny_commands_ends_the_connection() {
    let house = House::open_with(|config| config.client.commands_per_frame = 8).await;
    let mut visitor = house.visitor("ann").await;
    let frame = format!("{}\n", r#"{"id":7,"ping":{}}"#).repeat(8);
    let pile: Vec<_> = (0..64).map(|_| Message::text(frame.clone())).collect();
    visitor.say_all(pile).await;
    assert_eq!(visitor.farewell().await, (3013, "too many requests".to_owned()));
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

#[tokio::test]
async fn who_was_refused_and_stays_is_stale_and_does_not_hold_up_the_end() {
    let house = House::open_with(|config| config.client.connect_timeout = Span::seconds(1)).await;
    let expired = house.token_with("ann", |claims| claims.exp = Some(1));
    let mut visitor = Visitor::arrive(house.address).await;
    visitor.connect(&expired).await.unwrap_err();
    assert_eq!(visitor.farewell().await, (3502, "stale".to_owned()));

    let mut visitor = Visitor::arrive(house.address).await;
    visitor.connect(&expired).await.unwrap_err();
    let closing = tokio::spawn(house.close());
    assert_eq!(visitor.farewell().await, (3001, "shutdown".to_owned()));
    drop(visitor);
    closing.await.unwrap();
}

#[tokio::test]
async fn a_connect_that_fails_leaves_nothing_behind() {
    let house = House::open_with(|config| {
        let binary = Namespace {
            binary: true,
            history_size: 10,
            history_ttl: Span::seconds(60),
            force_recovery: true,
            subscribe: Who::User,
            publish: Who::User,
            ..Namespace::default()
        };
        config.channels.namespaces.insert("binary".to_owned(), binary);
    })
    .await;
    let mut service = service(&house).await;
    let unknown = house.token_with("ann", |claims| {
        claims.channels = vec!["room:a".into(), "zoom:a".into()];
    });
    let mut visitor = Visitor::arrive(house.address).await;
    assert_eq!(visitor.connect(&unknown).await.unwrap_err().code, Code::UnknownChannel.number());

    let mut writer = Visitor::arrive_speaking(house.address, Encoding::Protobuf).await;
    writer.connect(&house.token("writer")).await.unwrap();
    let request = PublishRequest { channel: "binary:a".to_owned(), data: "\0".into(), kind: 0 };
    writer.ask(request).await.unwrap();
    let token = house.token_with("ann", |claims| {
        claims.channels = vec!["binary:a".into(), "room:a".into()];
    });
    let recover = SubscribeRequest { recover: true, ..SubscribeRequest::default() };
    let subs = [("binary:a".to_owned(), recover)].into();
    let mut visitor = Visitor::arrive(house.address).await;
    let connect = ConnectRequest { token, subs, ..ConnectRequest::default() };
    visitor.send(&[Command::new(1, connect)]).await;
    assert_eq!(visitor.farewell().await.0, 3506);

    for prefix in ["room:", "binary:"] {
        let channels = call(&mut service, "channels", json!({ "prefix": prefix })).await.unwrap();
        assert_eq!(channels, json!({"channels": {}}));
    }
    let stats = call(&mut service, "presence_stats", json!({"channel": "room:a"})).await.unwrap();
    assert_eq!(stats["num_clients"], 0);
}

#[tokio::test]
async fn tools_that_know_no_protocol_are_pinged_by_frames() {
    let house = House::open_with(|config| {
        config.client.ping_interval = Span::seconds(1);
        config.client.pong_timeout = Span::seconds(1);
    })
    .await;
    let query = "?cf_ws_frame_ping_pong=true";
    let mut visitor = Visitor::arrive_asking(house.address, query, Encoding::Json).await;
    let result = visitor.connect(&house.token("ann")).await.unwrap();
    assert_eq!((result.ping, result.pong), (0, false));
    visitor.say(Message::Pong("unasked".into())).await;
    visitor.pinged_by_frames(3).await;
    visitor.subscribe("room:a").await.unwrap();
    visitor.say(Message::text("{}")).await;
    assert_eq!(visitor.farewell().await.0, 3501);
}

#[tokio::test]
async fn a_frame_ping_without_an_answer_ends_the_connection() {
    let house = House::open_with(|config| {
        config.client.ping_interval = Span::seconds(1);
        config.client.pong_timeout = Span::seconds(1);
    })
    .await;
    let mut socket = Bare::open(&house, "?cf_ws_frame_ping_pong=true").await;
    socket.say(&format!(r#"{{"id":1,"connect":{{"token":"{}"}}}}"#, house.token("ann"))).await;
    let end = socket.rest().await;
    let (ping, close) = (b"\x89\x00", b"\x88\x09\x0B\xC4no pong");
    assert!(end.ends_with(&[&ping[..], close].concat()), "{end:?}");
}

#[tokio::test]
async fn whoever_breaks_the_rules_or_is_not_let_in_is_counted() {
    let house = House::open().await;
    let wrongs: [(&[u8], u16); 3] = [
        (b"\x81\x02{}", 1002),
        (b"\x81\x81\0\0\0\0\xff", 1007),
        (b"\x81\xff\x7f\0\0\0\0\0\0\0\0\0\0\0", 1009),
    ];
    for (bytes, code) in wrongs {
        let mut socket = Bare::open(&house, "").await;
        socket.0.write_all(bytes).await.unwrap();
        let close = [0x88, code.to_be_bytes()[0], code.to_be_bytes()[1]];
        let end = socket.rest().await;
        let at = end.iter().rposition(|byte| *byte == close[0]).unwrap();
        assert_eq!(end[at + 2..at + 4], close[1..], "{code}");
        house.counts(&format!(r#"belfry_closes_total{{code="{code}"}} 1"#)).await;
    }
    house.visitor("ann").await.say(Message::Close(None)).await;
    house.counts(r#"belfry_closes_total{code="0"} 1"#).await;

    let upgrade = || {
        Ask::get("/connection/websocket")
            .with("upgrade", "websocket")
            .with("connection", "upgrade")
            .with("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==")
    };
    let refused = [
        (Ask::get("/connection/websocket"), 400, "handshake"),
        (upgrade().with("sec-websocket-version", "8"), 426, "version"),
        (upgrade().with("sec-websocket-version", "13").with("origin", "http://x"), 403, "origin"),
    ];
    for (ask, status, reason) in refused {
        assert_eq!(ask.of(house.address).await.status, status);
        let counted = format!(r#"belfry_admission_refusals_total{{reason="{reason}"}} 1"#);
        house.counts(&counted).await;
    }
}

/// A socket without a library behind it, which would answer pings by itself.
struct Bare(TcpStream);

impl Bare {
    async fn open(house: &House, query: &str) -> Self {
        let mut stream = TcpStream::connect(house.address).await.unwrap();
        let head = format!(
            "GET /connection/websocket{query} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n\
             Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\
             Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        Self(stream)
    }

    /// Sends a text frame, masked with zeros.
    async fn say(&mut self, text: &str) {
        let length = u16::try_from(text.len()).unwrap().to_be_bytes();
        let header = [&[0x81, 0x80 | 126], &length[..], &[0; 4]].concat();
        self.0.write_all(&[&header, text.as_bytes()].concat()).await.unwrap();
    }

    /// Everything until the server closes.
    async fn rest(mut self) -> Vec<u8> {
        let mut bytes = Vec::new();
        timeout(PATIENCE, self.0.read_to_end(&mut bytes)).await.expect("an end").unwrap();
        bytes
    }
}
