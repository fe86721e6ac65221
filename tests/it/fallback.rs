//! Connections over plain HTTP: a stream to read, and requests beside it to send.

use belfry::{
    config::value::{Size, Span},
    error::Code,
    protocol::{
        codec::{Encoding, encode_commands},
        command::Command,
        emulation::EmulationRequest,
        push::Push,
        request::{ConnectRequest, PublishRequest, SubscribeRequest},
    },
};
use prost::Message as _;
use serde_json::json;
use tokio::net::{TcpSocket, TcpStream};

use crate::support::{Ask, House, Messages, Streamer, Way, call, service};

fn connect(token: String) -> Command {
    Command::new(1, ConnectRequest { token, ..ConnectRequest::default() })
}

fn subscribe(id: u32, channel: &str) -> Command {
    Command::new(id, SubscribeRequest { channel: channel.to_owned(), ..<_>::default() })
}

fn publish(id: u32, channel: &str, data: &str) -> Command {
    let data = data.to_owned().into();
    Command::new(id, PublishRequest { channel: channel.to_owned(), data, kind: 0 })
}

#[tokio::test]
async fn every_way_connects_subscribes_and_publishes_as_a_socket_does() {
    let house = House::open().await;
    for way in Way::ALL {
        let mut ann = Streamer::connect(house.address, way, house.token("ann")).await;
        let greeting = &ann.greeting;
        assert_eq!((greeting.client.len(), greeting.ping, greeting.pong), (36, 25, true));
        assert!(greeting.session.len() >= 32 && !greeting.node.is_empty());
        assert_ne!(greeting.session, greeting.client.replace('-', ""));
        let answer = &ann.messages.answer;
        assert_eq!(answer.header("x-accel-buffering"), Some("no"));
        assert_eq!(answer.header("cache-control"), Some("no-cache, no-store"));
        assert_eq!(answer.header("connection"), Some("close"));
        let content_type = match way {
            Way::Lines => "application/x-ndjson",
            Way::Lengths => "application/octet-stream",
            Way::Events | Way::PostedEvents => "text/event-stream; charset=utf-8",
        };
        assert_eq!(answer.header("content-type"), Some(content_type));

        let mut bob = house.visitor("bob").await;
        bob.subscribe("room:a").await.unwrap();
        ann.subscribe("room:a").await;
        bob.publish("room:a", r#"{"text":"你好"}"#).await.unwrap();
        assert_eq!(ann.hears().await, r#"{"text":"你好"}"#);
        assert_eq!(bob.hears().await, r#"{"text":"你好"}"#);
        assert_eq!(ann.send(&[publish(7, "room:a", "7")]).await, 204);
        assert_eq!(bob.hears().await, "7");
    }
    house.close().await;
}

#[tokio::test]
async fn commands_that_come_with_connect_are_obeyed_after_it() {
    let house = House::open().await;
    for way in Way::ALL {
        let commands =
            [connect(house.token("ann")), subscribe(2, "room:a"), publish(3, "room:a", "1")];
        let mut ann = Streamer::open(house.address, way, &commands).await;
        for id in 1..=3 {
            assert_eq!(ann.reply().await.id, id);
        }
        assert_eq!(ann.hears().await, "1");
    }
}

#[tokio::test]
async fn what_is_sent_one_after_another_stays_in_order() {
    let house = House::open().await;
    let mut ann = Streamer::connect(house.address, Way::Lines, house.token("ann")).await;
    ann.subscribe("room:a").await;
    for number in (0..60).step_by(2) {
        let (one, two) = (number.to_string(), (number + 1).to_string());
        let commands = [publish(number + 1, "room:a", &one), publish(number + 2, "room:a", &two)];
        assert_eq!(ann.send(&commands).await, 204);
    }
    for number in 0..60 {
        assert_eq!(ann.hears().await, number.to_string());
    }
}

#[tokio::test]
async fn what_reaches_no_connection_is_refused() {
    let house = House::open().await;
    for way in [Way::Lines, Way::Lengths] {
        let ann = Streamer::connect(house.address, way, house.token("ann")).await;
        let pong = || EmulationRequest { data: "{}".into(), ..ann.addressed() };
        let client = ann.greeting.client.clone();
        for request in [
            EmulationRequest { node: "other".to_owned(), ..pong() },
            EmulationRequest { session: "other".to_owned(), ..pong() },
            EmulationRequest { session: client, ..pong() },
            EmulationRequest::default(),
        ] {
            assert_eq!(ann.emulate(request).await, 404);
        }
        let ended = ann.addressed();
        drop(ann);
        let other = Streamer::connect(house.address, way, house.token("ann")).await;
        let session = ended.session;
        assert_eq!(other.emulate(EmulationRequest { session, ..other.addressed() }).await, 404);
    }
    let garbage: [&[u8]; 4] = [b"", b"{", br#"["node","session","{}"]"#, b"{\"data\":{}}"];
    for body in garbage {
        let answer = Ask::post("/emulation", "application/json", body).of(house.address).await;
        assert_eq!(answer.status, 400, "{body:?}");
    }
    assert_eq!(Ask::get("/emulation").of(house.address).await.status, 405);
    let long = vec![b' '; 200 * 1_024];
    let answer = Ask::post("/emulation", "application/json", long).of(house.address).await;
    assert_eq!(answer.status, 413);
}

#[tokio::test]
async fn what_is_no_command_ends_the_stream() {
    let house = House::open().await;
    for way in Way::ALL {
        let ann = Streamer::connect(house.address, way, house.token("ann")).await;
        let nonsense = EmulationRequest { data: "nonsense".into(), ..ann.addressed() };
        assert_eq!(ann.emulate(nonsense).await, 400);
        assert_eq!(ann.farewell().await, (3501, "bad request".to_owned()));
        let answer = way.ask("", b"nonsense").of(house.address).await;
        let stranger = Streamer::over(answer, house.address, way);
        assert_eq!(stranger.farewell().await.0, 3501);
    }
}

#[tokio::test]
async fn a_message_may_be_as_long_as_on_a_socket_and_no_longer() {
    let house = House::open_with(|config| config.client.message_max = Size::kib(4)).await;
    for way in [Way::Lines, Way::Lengths] {
        let mut ann = Streamer::connect(house.address, way, house.token("ann")).await;
        ann.subscribe("room:a").await;
        // In JSON each quote is escaped once more on its way.
        let quotes = format!("[{}\"\"]", "\"\",".repeat(1_300));
        assert_eq!(ann.send(&[publish(7, "room:a", &quotes)]).await, 204);
        assert_eq!(ann.hears().await, quotes);
        let long = format!("\"{}\"", "x".repeat(4 * 1_024));
        assert_eq!(ann.send(&[publish(8, "room:a", &long)]).await, 413);
        let mut first = Vec::new();
        let commands = [connect(house.token("ann")), publish(9, "room:a", &long)];
        encode_commands(way.encoding(), &commands, &mut first).unwrap();
        assert_eq!(way.ask("", &first).of(house.address).await.status, 413);
    }
}

#[tokio::test]
async fn a_flood_is_refused_and_then_ends() {
    let house = House::open_with(|config| {
        config.client.commands_per_second = 1;
        config.client.commands_burst = 3;
    })
    .await;
    let mut ann = Streamer::connect(house.address, Way::Events, house.token("ann")).await;
    let flood: Vec<_> = (1..=20).map(|id| subscribe(id, &format!("room:{id}"))).collect();
    assert_eq!(ann.send(&flood).await, 204);
    for id in 1..=9 {
        let reply = ann.reply().await;
        let error = reply.error.map(|error| error.code);
        let expected = (id > 3).then(|| Code::TooManyRequests.number());
        assert_eq!((reply.id, error), (id, expected));
    }
    assert_eq!(ann.farewell().await, (3013, "too many requests".to_owned()));
}

#[tokio::test]
async fn who_is_refused_is_told_why_before_the_end() {
    let house = House::open_with(|config| config.client.connect_timeout = Span::seconds(1)).await;
    for way in [Way::Lines, Way::Lengths, Way::Events] {
        let invalid = Streamer::open(house.address, way, &[connect("nonsense".to_owned())]).await;
        assert_eq!(invalid.farewell().await, (3500, "invalid token".to_owned()));
    }
    let expired = house.token_with("ann", |claims| claims.exp = Some(1));
    let mut stale = Streamer::open(house.address, Way::Lines, &[connect(expired)]).await;
    assert_eq!(stale.reply().await.error.unwrap().code, Code::TokenExpired.number());
    assert_eq!(stale.farewell().await, (3502, "stale".to_owned()));
    let answer = Ask::get("/connection/sse").of(house.address).await;
    assert_eq!(answer.status, 400);
}

#[tokio::test]
async fn who_leaves_is_no_longer_present() {
    let house = House::open().await;
    let mut bob = house.visitor("bob").await;
    let asking =
        SubscribeRequest { channel: "room:a".to_owned(), join_leave: true, ..<_>::default() };
    bob.subscribe_with(asking).await.unwrap();
    assert_eq!(bob.push().await.join.unwrap().info.unwrap().user, "bob");
    for way in Way::ALL {
        let mut ann = Streamer::connect(house.address, way, house.token("ann")).await;
        ann.subscribe("room:a").await;
        assert_eq!(bob.push().await.join.unwrap().info.unwrap().user, "ann");
        drop(ann);
        assert_eq!(bob.push().await.leave.unwrap().info.unwrap().user, "ann");
    }
}

#[tokio::test]
async fn the_house_closing_tells_everybody_to_come_back() {
    let house = House::open().await;
    let mut all = Vec::new();
    for way in Way::ALL {
        all.push(Streamer::connect(house.address, way, house.token("ann")).await);
    }
    let closing = tokio::spawn(house.close());
    for streamer in all {
        assert_eq!(streamer.farewell().await, (3001, "shutdown".to_owned()));
    }
    closing.await.unwrap();
}

#[tokio::test]
async fn pings_want_pongs_that_come_by_requests() {
    let house = House::open_with(|config| {
        config.client.ping_interval = Span::seconds(1);
        config.client.pong_timeout = Span::seconds(1);
    })
    .await;
    let mut ann = Streamer::connect(house.address, Way::Lines, house.token("ann")).await;
    assert_eq!((ann.greeting.ping, ann.greeting.pong), (1, true));
    for count in 1..=2 {
        ann.pinged(count).await;
        assert_eq!(ann.send(&[Command::pong()]).await, 204);
    }
    assert_eq!(ann.farewell().await, (3012, "no pong".to_owned()));
}

/// A socket that takes little before it is read.
async fn narrow(house: &House) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4 * 1_024).unwrap();
    socket.connect(house.address).await.unwrap()
}

#[tokio::test]
async fn a_slow_reader_loses_its_connection_and_nobody_waits_for_it() {
    let house = House::open_with(|config| config.hub.mailbox_max = Size::kib(64)).await;
    let mut service = service(&house).await;
    for way in [Way::Lines, Way::Lengths, Way::Events] {
        let mut bob = house.visitor("bob").await;
        let asking =
            SubscribeRequest { channel: "room:a".to_owned(), join_leave: true, ..<_>::default() };
        bob.subscribe_with(asking).await.unwrap();
        assert_eq!(bob.push().await.join.unwrap().info.unwrap().user, "bob");
        let mut first = Vec::new();
        let commands = [connect(house.token("ann")), subscribe(2, "room:a")];
        encode_commands(way.encoding(), &commands, &mut first).unwrap();
        let ann = way.ask("", &first).over(narrow(&house).await).await;
        assert_eq!(bob.push().await.join.unwrap().info.unwrap().user, "ann");

        let input = json!({"channel": "room:a", "data": "x".repeat(32 * 1_024)});
        let mut published = 0;
        let left = loop {
            call(&mut service, "publish", input.clone()).await.unwrap();
            published += 1;
            let push = bob.push().await;
            if let Some(leave) = push.leave {
                break leave;
            }
            assert!(push.publication.is_some(), "{push:?}");
            assert!(published < 500, "ann was never given up");
        };
        assert_eq!(left.info.unwrap().user, "ann");
        // What was on its way still comes; then the connection breaks off in the middle.
        let rest = ann.rest().await;
        assert!(!rest.ends_with(b"0\r\n\r\n"), "the body has an end");
        assert!(rest.len() < published * 32 * 1_024);
    }
    let metrics = Ask::get("/metrics").with("connection", "close").of(house.address).await;
    let metrics = String::from_utf8(metrics.rest().await).unwrap();
    assert!(metrics.contains("belfry_closes_total{code=\"3008\"} 3\n"), "{metrics}");
}

#[tokio::test]
async fn pages_of_configured_origins_may_connect_and_others_not() {
    let house = House::open_with(|config| {
        config.http.allowed_origins = vec!["https://app.example.cn".to_owned()];
    })
    .await;
    let preflight = |origin: &str| {
        Ask { method: "OPTIONS", path: "/emulation".to_owned(), ..Ask::default() }
            .with("origin", origin)
            .with("access-control-request-method", "POST")
            .with("access-control-request-headers", "content-type")
    };
    let answer = preflight("https://app.example.cn").of(house.address).await;
    assert_eq!(answer.status, 204);
    assert_eq!(answer.header("access-control-allow-origin"), Some("https://app.example.cn"));
    assert_eq!(answer.header("access-control-allow-methods"), Some("GET, POST"));
    assert!(answer.header("access-control-allow-headers").unwrap().contains("content-type"));
    let answer = preflight("https://evil.example").of(house.address).await;
    assert_eq!(answer.header("access-control-allow-origin"), None);

    let mut first = Vec::new();
    encode_commands(Encoding::Json, &[connect(house.token("ann"))], &mut first).unwrap();
    for way in [Way::Lines, Way::Events] {
        let ask = |origin| way.ask("", &first).with("origin", origin);
        let answer = ask("https://app.example.cn").of(house.address).await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.header("access-control-allow-origin"), Some("https://app.example.cn"));
        assert_eq!(answer.header("vary"), Some("origin"));
        assert_eq!(ask("http://belfry").of(house.address).await.status, 200, "the server's own");
        assert_eq!(ask("https://evil.example").of(house.address).await.status, 403);
    }
    let emulation = Ask::post("/emulation", "application/json", "{}");
    let answer = emulation.with("origin", "https://evil.example").of(house.address).await;
    assert_eq!(answer.status, 403);
}

/// The next pushes of a unidirectional stream that are no pings.
async fn pushes(messages: &mut Messages) -> Vec<Push> {
    loop {
        let pushes = messages.pushes().await.expect("a whole body");
        let said: Vec<_> =
            pushes.iter().filter(|push| **push != Push::default()).cloned().collect();
        if pushes.is_empty() || !said.is_empty() {
            return said;
        }
    }
}

#[tokio::test]
async fn unidirectional_streams_carry_bare_pushes() {
    let house = House::open_with(|config| config.client.ping_interval = Span::seconds(1)).await;
    let mut service = service(&house).await;
    for way in Way::ALL {
        let token = house.token_with("ann", |claims| claims.channels.push("room:a".into()));
        let first = match way.encoding() {
            Encoding::Json => json!({ "token": token }).to_string().into_bytes(),
            Encoding::Protobuf => ConnectRequest { token, ..<_>::default() }.encode_to_vec(),
        };
        let answer = way.ask("uni_", &first).of(house.address).await;
        let mut ann = Messages::of(answer, way);
        let greeting = pushes(&mut ann).await.remove(0).connect.unwrap();
        assert_eq!((greeting.ping, greeting.pong, greeting.session.as_str()), (1, false, ""));
        assert_eq!(ann.pushes().await.unwrap(), [Push::default()], "a ping");
        let input = json!({"channel": "room:a", "data": {"n": 1}});
        call(&mut service, "publish", input).await.unwrap();
        let heard = pushes(&mut ann).await.remove(0);
        assert_eq!(heard.publication.unwrap().data, r#"{"n":1}"#);
        let input = json!({"user": "ann", "code": 4500, "reason": "banned"});
        call(&mut service, "disconnect", input).await.unwrap();
        let last = pushes(&mut ann).await.remove(0).disconnect.unwrap();
        assert_eq!((last.code, last.reason.as_str(), last.reconnect), (4500, "banned", false));
        assert!(pushes(&mut ann).await.is_empty(), "the end");
    }
}

#[tokio::test]
async fn a_unidirectional_stream_refuses_in_words_of_its_own() {
    let house = House::open().await;
    for way in Way::ALL {
        let answer = way.ask("uni_", b"nonsense").of(house.address).await;
        assert_eq!(answer.status, 400, "{way:?}");
    }
    let expired = house.token_with("ann", |claims| claims.exp = Some(1));
    let first = json!({ "token": expired }).to_string();
    let answer = Way::Events.ask("uni_", first.as_bytes()).of(house.address).await;
    let mut messages = Messages::of(answer, Way::Events);
    assert_eq!(pushes(&mut messages).await.remove(0).disconnect.unwrap().code, 3005);
    let answer = Ask::get("/connection/uni_sse").of(house.address).await;
    let mut nobody = Messages::of(answer, Way::Events);
    assert_eq!(pushes(&mut nobody).await.remove(0).disconnect.unwrap().code, 3501);
}
