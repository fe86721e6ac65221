//! The shape of every message on the wire, as other implementations read and write it.

use std::fmt::Write as _;

use bytes::Bytes;

use crate::{
    error::Code,
    protocol::{
        code::{Disconnect, DisconnectCode, UnsubscribeCode},
        codec::{self, Encoding},
        command::{Command, Request},
        payload::NotJson,
        publication::{ClientInfo, Publication},
        push::{Connect, Push, Subscribe},
        reply::{Error, Outcome, Reply},
        request::*,
        result::*,
    },
};

fn json(text: &'static str) -> Bytes {
    Bytes::from_static(text.as_bytes())
}

/// Each message as JSON and as Protobuf in hexadecimal, a block each.
fn both<M>(
    messages: impl IntoIterator<Item = M>,
    encode: impl Fn(Encoding, &M, &mut Vec<u8>) -> Result<(), NotJson>,
) -> String {
    let mut shapes = String::new();
    for message in messages {
        let (mut text, mut binary) = (Vec::new(), Vec::new());
        encode(Encoding::Json, &message, &mut text).unwrap();
        encode(Encoding::Protobuf, &message, &mut binary).unwrap();
        writeln!(shapes, "{}", String::from_utf8(text).unwrap()).unwrap();
        binary.iter().for_each(|byte| write!(shapes, "{byte:02x}").unwrap());
        shapes.push_str("\n\n");
    }
    shapes
}

fn subscribe() -> SubscribeRequest {
    let leaf = FilterNode {
        key: "ticker".into(),
        cmp: "in".into(),
        val: "v".into(),
        vals: vec!["A".into(), "B".into()],
        ..FilterNode::default()
    };
    SubscribeRequest {
        channel: "live:1".into(),
        token: "t".into(),
        recover: true,
        epoch: "abcd".into(),
        offset: 17,
        data: json("[1]"),
        positioned: true,
        recoverable: true,
        join_leave: true,
        delta: SubscribeRequest::FOSSIL.into(),
        tf: Some(Box::new(FilterNode {
            op: "not".into(),
            nodes: vec![leaf],
            ..FilterNode::default()
        })),
        flag: 3,
        kind: 1,
    }
}

fn publication() -> Publication {
    Publication {
        data: json(r#"{"text":"岗位"}"#),
        info: Some(info()),
        offset: 18,
        tags: [("kind".to_owned(), "comment".to_owned())].into(),
        time: 1_760_000_000_000,
        epoch: "abcd".into(),
    }
}

fn info() -> ClientInfo {
    ClientInfo {
        user: "user1".into(),
        client: "c1".into(),
        conn_info: json(r#"{"name":"海棠"}"#),
        chan_info: json("{}"),
    }
}

fn subscribed() -> SubscribeResult {
    SubscribeResult {
        expires: true,
        ttl: 60,
        recoverable: true,
        epoch: "abcd".into(),
        publications: vec![publication()],
        recovered: true,
        offset: 17,
        positioned: true,
        data: json("null"),
        was_recovering: true,
    }
}

#[test]
fn commands() {
    let connect = ConnectRequest {
        token: "t".into(),
        data: json(r#"{"page":1}"#),
        subs: [(
            "user:#1".to_owned(),
            SubscribeRequest { recover: true, offset: 3, ..SubscribeRequest::default() },
        )]
        .into(),
        name: "js".into(),
        version: "5.8.0".into(),
        headers: [("x".to_owned(), "y".to_owned())].into(),
        flag: 1,
    };
    let channel = || "live:1".to_owned();
    let since = Some(StreamPosition { offset: 5, epoch: "abcd".into() });
    let requests: [Request; 14] = [
        connect.into(),
        ConnectRequest::default().into(),
        subscribe().into(),
        UnsubscribeRequest { channel: channel() }.into(),
        PublishRequest { channel: channel(), data: json("\"你好\""), kind: 1 }.into(),
        PresenceRequest { channel: channel() }.into(),
        PresenceStatsRequest { channel: channel() }.into(),
        HistoryRequest { channel: channel(), limit: -1, since, reverse: true }.into(),
        PingRequest {}.into(),
        SendRequest { data: json("1") }.into(),
        RpcRequest { data: json("{}"), method: "consult.send".into() }.into(),
        RefreshRequest { token: "t".into() }.into(),
        SubRefreshRequest { channel: channel(), token: "t".into(), kind: 2 }.into(),
        HistoryRequest::default().into(),
    ];
    let commands = (1..).zip(requests).map(|(id, request)| Command::new(id, request));
    insta::assert_snapshot!(both(commands.chain([Command::pong()]), |encoding, command, out| {
        codec::encode_commands(encoding, std::slice::from_ref(command), out)
    }));
}

#[test]
fn replies() {
    let connected = ConnectResult {
        client: "c1".into(),
        version: "belfry 0.1.0".into(),
        expires: true,
        ttl: 3_600,
        data: json("{}"),
        subs: vec![("user:#1".to_owned(), subscribed()).into()],
        ping: 25,
        pong: true,
        session: "s".into(),
        node: "n".into(),
        time: 1_760_000_000_000,
    };
    let refreshed =
        RefreshResult { client: "c1".into(), version: "v".into(), expires: true, ttl: 60 };
    let outcomes: [Outcome; 16] = [
        connected.into(),
        ConnectResult::default().into(),
        subscribed().into(),
        SubscribeResult::default().into(),
        UnsubscribeResult {}.into(),
        PublishResult {}.into(),
        PresenceResult { presence: [("c1".to_owned(), info())].into() }.into(),
        PresenceResult { presence: [("c2".to_owned(), ClientInfo::default())].into() }.into(),
        PresenceResult::default().into(),
        PresenceStatsResult { num_clients: 2, num_users: 1 }.into(),
        PresenceStatsResult::default().into(),
        HistoryResult { publications: vec![publication()], epoch: "abcd".into(), offset: 18 }
            .into(),
        HistoryResult::default().into(),
        RpcResult { data: json(r#"{"seq":1}"#) }.into(),
        refreshed.into(),
        SubRefreshResult { expires: true, ttl: 60 }.into(),
    ];
    let replies = (1..).zip(outcomes).map(|(id, outcome)| Reply::success(id, outcome)).chain([
        Reply::success(17, RpcResult::default()),
        Reply::success(18, RefreshResult::default()),
        Reply::success(19, SubRefreshResult::default()),
        Reply::error(20, Code::PermissionDenied),
        Reply::error(21, Error::new(Code::RateLimited, r#"rate_limited {"retry_ms":1500}"#)),
        Reply::ping(),
    ]);
    insta::assert_snapshot!(both(replies, codec::encode_reply));
}

#[test]
fn pushes() {
    let begun = Subscribe {
        recoverable: true,
        epoch: "abcd".into(),
        offset: 18,
        positioned: true,
        data: json("{}"),
    };
    let greeting = Connect {
        client: "c1".into(),
        version: "belfry 0.1.0".into(),
        data: json("{}"),
        subs: vec![("user:#1".to_owned(), SubscribeResult::default()).into()],
        expires: true,
        ttl: 3_600,
        ping: 25,
        pong: true,
        session: "s".into(),
        node: "n".into(),
        time: 1_760_000_000_000,
    };
    let closed = |code: DisconnectCode| Push::disconnect(&Disconnect::from(code));
    let pushes = [
        Push::publication("live:1", publication()),
        Push::publication("live:1", Publication { data: json("1"), ..Publication::default() }),
        Push::join("live:1", info()),
        Push::leave("live:1", ClientInfo::default()),
        Push::unsubscribe("live:1", UnsubscribeCode::InsufficientState),
        Push::message(json("[]")),
        Push::subscribe("user:#1", begun),
        Push::subscribe("user:#1", Subscribe::default()),
        Push::connect(greeting),
        closed(DisconnectCode::Shutdown),
        closed(DisconnectCode::InvalidToken),
        Push::refresh(Some(60)),
        Push::refresh(None),
    ];
    insta::assert_snapshot!("pushes", both(pushes.clone(), codec::encode_push));
    insta::assert_snapshot!(
        "pushes_in_replies",
        both(pushes.map(Reply::push), codec::encode_reply)
    );
}
