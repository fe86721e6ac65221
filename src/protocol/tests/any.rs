//! Strategies: every message, with every field set or not.

use std::collections::BTreeMap;

use bytes::Bytes;
use proptest::{collection::vec, option, prelude::*};
use serde_json::Value;

use crate::{
    error::Code,
    protocol::{
        code::{self, DisconnectCode, UnsubscribeCode},
        command::{Command, Request},
        publication::{ClientInfo, Publication},
        push::{Connect, Push, Subscribe},
        reply::{Error, Outcome, Reply},
        request::*,
        result::*,
    },
};

/// Short words of any script, empty ones among them.
fn text() -> impl Strategy<Value = String> + Clone {
    "\\PC{0,12}|[\"\\\\\n\r\t\u{0}\u{2028}]{1,3}"
}

fn map<T: std::fmt::Debug>(
    value: impl Strategy<Value = T>,
) -> impl Strategy<Value = BTreeMap<String, T>> {
    prop::collection::btree_map(text(), value, 0..3)
}

/// A JSON value as a server keeps it: on one line; or nothing.
pub(super) fn payload() -> impl Strategy<Value = Bytes> + Clone {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        text().prop_map(Value::from),
    ];
    let value = leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..3).prop_map(Value::from),
            vec((text(), inner), 0..3)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    });
    prop_oneof![1 => Just(Bytes::new()), 4 => value.prop_map(|value| value.to_string().into())]
}

fn connect() -> impl Strategy<Value = ConnectRequest> {
    (text(), payload(), map(subscribe()), text(), text(), map(text()), any::<i64>()).prop_map(
        |(token, data, subs, name, version, headers, flag)| ConnectRequest {
            token,
            data,
            subs,
            name,
            version,
            headers,
            flag,
        },
    )
}

fn subscribe() -> impl Strategy<Value = SubscribeRequest> {
    let position = (text(), text(), text(), any::<u64>(), payload());
    let switches = (any::<[bool; 4]>(), text(), any::<i64>(), any::<i32>());
    (position, switches, option::of(filter())).prop_map(
        |((channel, token, epoch, offset, data), (switches, delta, flag, kind), tf)| {
            let [recover, positioned, recoverable, join_leave] = switches;
            SubscribeRequest {
                channel,
                token,
                recover,
                epoch,
                offset,
                data,
                positioned,
                recoverable,
                join_leave,
                delta,
                tf: tf.map(Box::new),
                flag,
                kind,
            }
        },
    )
}

fn filter() -> impl Strategy<Value = FilterNode> {
    let leaf = (text(), text(), text(), text(), vec(text(), 0..3)).prop_map(
        |(op, key, cmp, val, vals)| FilterNode { op, key, cmp, val, vals, nodes: Vec::new() },
    );
    leaf.prop_recursive(2, 6, 2, |inner| {
        (text(), vec(inner, 0..3)).prop_map(|(op, nodes)| FilterNode {
            op,
            nodes,
            ..FilterNode::default()
        })
    })
}

fn since() -> impl Strategy<Value = StreamPosition> {
    (any::<u64>(), text()).prop_map(|(offset, epoch)| StreamPosition { offset, epoch })
}

fn request() -> impl Strategy<Value = Request> {
    prop_oneof![
        connect().prop_map(Request::from),
        subscribe().prop_map(Request::from),
        text().prop_map(|channel| UnsubscribeRequest { channel }.into()),
        (text(), payload(), any::<i32>()).prop_map(|(channel, data, kind)| PublishRequest {
            channel,
            data,
            kind
        }
        .into()),
        text().prop_map(|channel| PresenceRequest { channel }.into()),
        text().prop_map(|channel| PresenceStatsRequest { channel }.into()),
        (text(), any::<i32>(), option::of(since()), any::<bool>()).prop_map(
            |(channel, limit, since, reverse)| {
                HistoryRequest { channel, limit, since, reverse }.into()
            }
        ),
        Just(Request::Ping(PingRequest {})),
        payload().prop_map(|data| SendRequest { data }.into()),
        (payload(), text()).prop_map(|(data, method)| RpcRequest { data, method }.into()),
        text().prop_map(|token| RefreshRequest { token }.into()),
        (text(), text(), any::<i32>()).prop_map(|(channel, token, kind)| SubRefreshRequest {
            channel,
            token,
            kind
        }
        .into()),
    ]
}

pub(super) fn command() -> impl Strategy<Value = Command> {
    prop_oneof![
        1 => Just(Command::pong()),
        9 => (any::<u32>(), request()).prop_map(|(id, request)| Command::new(id, request)),
    ]
}

pub(super) fn publication() -> impl Strategy<Value = Publication> {
    (payload(), option::of(info()), any::<u64>(), map(text()), any::<i64>(), text()).prop_map(
        |(data, info, offset, tags, time, epoch)| Publication {
            data,
            info,
            offset,
            tags,
            time,
            epoch,
        },
    )
}

fn info() -> impl Strategy<Value = ClientInfo> {
    (text(), text(), payload(), payload()).prop_map(|(user, client, conn_info, chan_info)| {
        ClientInfo { user, client, conn_info, chan_info }
    })
}

fn subscribed() -> impl Strategy<Value = SubscribeResult> {
    let position = (text(), any::<u64>(), vec(publication(), 0..3), any::<u32>(), payload());
    (position, any::<[bool; 5]>()).prop_map(
        |((epoch, offset, publications, ttl, data), switches)| {
            let [expires, recoverable, recovered, positioned, was_recovering] = switches;
            SubscribeResult {
                expires,
                ttl,
                recoverable,
                epoch,
                publications,
                recovered,
                offset,
                positioned,
                data,
                was_recovering,
            }
        },
    )
}

fn connected() -> impl Strategy<Value = ConnectResult> {
    let words = (text(), text(), text(), text(), payload());
    (words, map(subscribed()), any::<[bool; 2]>(), any::<[u32; 2]>(), any::<i64>()).prop_map(
        |((client, version, session, node, data), subs, [expires, pong], [ttl, ping], time)| {
            ConnectResult {
                client,
                version,
                expires,
                ttl,
                data,
                subs: subs.into_iter().map(ServerSub::from).collect(),
                ping,
                pong,
                session,
                node,
                time,
            }
        },
    )
}

fn outcome() -> impl Strategy<Value = Outcome> {
    prop_oneof![
        connected().prop_map(Outcome::from),
        subscribed().prop_map(Outcome::from),
        Just(UnsubscribeResult {}.into()),
        Just(PublishResult {}.into()),
        map(info()).prop_map(|presence| PresenceResult { presence }.into()),
        any::<[u32; 2]>().prop_map(|[num_clients, num_users]| {
            PresenceStatsResult { num_clients, num_users }.into()
        }),
        (vec(publication(), 0..3), text(), any::<u64>()).prop_map(
            |(publications, epoch, offset)| HistoryResult { publications, epoch, offset }.into()
        ),
        payload().prop_map(|data| RpcResult { data }.into()),
        (text(), text(), any::<bool>(), any::<u32>()).prop_map(
            |(client, version, expires, ttl)| {
                RefreshResult { client, version, expires, ttl }.into()
            }
        ),
        (any::<bool>(), any::<u32>())
            .prop_map(|(expires, ttl)| SubRefreshResult { expires, ttl }.into()),
    ]
}

fn greeting() -> impl Strategy<Value = Connect> {
    connected().prop_map(|result| Connect {
        client: result.client,
        version: result.version,
        data: result.data,
        subs: result.subs,
        expires: result.expires,
        ttl: result.ttl,
        ping: result.ping,
        pong: result.pong,
        session: result.session,
        node: result.node,
        time: result.time,
    })
}

pub(super) fn push() -> impl Strategy<Value = Push> {
    let begun = (any::<[bool; 2]>(), text(), any::<u64>(), payload()).prop_map(
        |([recoverable, positioned], epoch, offset, data)| Subscribe {
            recoverable,
            epoch,
            offset,
            positioned,
            data,
        },
    );
    let ended = prop::sample::select(UnsubscribeCode::ALL);
    let closed = prop::sample::select(DisconnectCode::ALL);
    prop_oneof![
        (text(), publication())
            .prop_map(|(channel, publication)| Push::publication(channel, publication)),
        (text(), info()).prop_map(|(channel, info)| Push::join(channel, info)),
        (text(), info()).prop_map(|(channel, info)| Push::leave(channel, info)),
        (text(), begun).prop_map(|(channel, subscribe)| Push::subscribe(channel, subscribe)),
        (text(), ended).prop_map(|(channel, code)| Push::unsubscribe(channel, code)),
        payload().prop_map(Push::message),
        greeting().prop_map(Push::connect),
        closed.prop_map(|code| Push::disconnect(&code::Disconnect::from(code))),
        option::of(any::<u32>()).prop_map(Push::refresh),
    ]
}

pub(super) fn reply() -> impl Strategy<Value = Reply> {
    let code = prop::sample::select(Code::ALL);
    prop_oneof![
        1 => Just(Reply::ping()),
        2 => (any::<u32>(), code, text())
            .prop_map(|(id, code, words)| Reply::error(id, Error::new(code, words))),
        4 => push().prop_map(Reply::push),
        6 => (any::<u32>(), outcome()).prop_map(|(id, outcome)| Reply::success(id, outcome)),
    ]
}
