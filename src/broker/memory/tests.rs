//! The in-process broker: idempotency, sweeping, presence and order.

use std::collections::BTreeSet;

use super::*;
use crate::config::value::Size;

const KEEP: Keep = Keep { size: 3, ttl: Duration::from_secs(60) };
const NOTHING: Keep = Keep { size: 0, ttl: Duration::ZERO };
const IDLE: Duration = Duration::from_secs(3_600);

/// Channels that somebody listens to.
type Listened = Arc<Mutex<BTreeSet<ChannelName>>>;

/// A broker, and the offsets that it announces.
fn broker() -> (Memory, Arc<Mutex<Vec<u64>>>) {
    let (broker, heard, _) = broker_with(&Config::default());
    (broker, heard)
}

fn broker_with(config: &Config) -> (Memory, Arc<Mutex<Vec<u64>>>, Listened) {
    let (heard, listened) = (Arc::<Mutex<Vec<_>>>::default(), Listened::default());
    let broker = Memory::new(config, Count::default());
    let (ear, ears) = (Arc::clone(&heard), Arc::clone(&listened));
    broker.attach(Node {
        deliver: Box::new(move |_, announcement| {
            if let Announcement::Publication { publication, .. } = announcement {
                ear.lock().unwrap().push(publication.offset);
            }
            None
        }),
        is_occupied: Box::new(move |channel| ears.lock().unwrap().contains(channel)),
    });
    (broker, heard, listened)
}

fn room() -> ChannelName {
    ChannelName::from("room:a")
}

fn keyed(key: &str) -> Draft {
    Draft { idempotency_key: Some(key.to_owned()), ..Draft::default() }
}

fn at(broker: &Memory, channel: &ChannelName) -> StreamPosition {
    broker.history(channel, &Query::default()).position
}

fn kept(broker: &Memory) -> usize {
    broker.history(&room(), &Query { limit: 10, ..Query::default() }).publications.len()
}

#[tokio::test(start_paused = true)]
async fn the_same_key_publishes_once_in_a_channel_until_it_is_forgotten() {
    let (broker, heard) = broker();
    let first = broker.publish(&room(), keyed("k"), KEEP);
    assert_eq!(broker.publish(&room(), keyed("k"), KEEP), first);
    assert_eq!(broker.publish(&room(), keyed("other"), KEEP).offset, 2);
    assert_eq!(broker.publish(&"room:b".into(), keyed("k"), NOTHING).offset, 0);
    assert_eq!(*heard.lock().unwrap(), [1, 2, 0]);
    tokio::time::advance(Duration::from_secs(301)).await;
    assert_eq!(broker.publish(&room(), keyed("k"), KEEP).offset, 3);
    tokio::time::advance(Duration::from_secs(301)).await;
    broker.sweep();
    assert!(broker.shards.iter().all(|shard| lock(shard).done.is_empty()));
}

#[tokio::test(start_paused = true)]
async fn only_streams_that_nobody_needs_are_swept() {
    let (broker, _, listened) = broker_with(&Config::default());
    let position = broker.publish(&room(), Draft::default(), KEEP);
    tokio::time::advance(Duration::from_secs(59)).await;
    assert_eq!(kept(&broker), 1);
    tokio::time::advance(Duration::from_secs(2)).await;
    assert_eq!(kept(&broker), 0, "the history is void");
    broker.sweep();
    tokio::time::advance(IDLE).await;
    listened.lock().unwrap().insert(room());
    broker.sweep();
    let next = broker.publish(&room(), Draft::default(), KEEP);
    assert_eq!((next.offset, &next.epoch), (2, &position.epoch), "somebody listened");
    tokio::time::advance(IDLE).await;
    listened.lock().unwrap().clear();
    broker.sweep();
    assert_eq!(broker.held(), 0);
    assert_ne!(at(&broker, &room()).epoch, position.epoch, "who was away is told so");
    let reborn = broker.publish(&room(), Draft::default(), KEEP);
    assert_eq!(reborn.offset, 1);
    assert_ne!(reborn.epoch, position.epoch, "another life");
}

#[test]
fn who_only_asks_leaves_nothing_behind_and_knows_the_life_to_come() {
    let (broker, _) = broker();
    let channels: Vec<_> = (0..1_000).map(|n| ChannelName::from(format!("room:{n}"))).collect();
    let asked: Vec<_> = channels.iter().map(|channel| at(&broker, channel)).collect();
    assert!(broker.shards.iter().all(|shard| lock(shard).streams.is_empty()));
    let lives: BTreeSet<_> = asked.iter().map(|position| position.epoch.clone()).collect();
    assert_eq!((lives.len(), asked[0].offset, asked[0].epoch.len()), (1_000, 0, 8));
    let born = broker.publish(&channels[0], Draft::default(), KEEP);
    assert_eq!(born, StreamPosition { offset: 1, epoch: asked[0].epoch.clone() });
    assert_eq!(at(&broker, &channels[1]), asked[1]);
}

#[tokio::test(start_paused = true)]
async fn streams_are_bounded_and_those_left_alone_go_first() {
    let config = Config { streams_max: Size::kib(64), ..Config::default() };
    let (broker, _, listened) = broker_with(&config);
    let (room, hall) = (room(), ChannelName::from("hall:a"));
    let draft = || Draft { data: vec![b'x'; 1_000].into(), ..Draft::default() };
    let quiet = broker.publish(&hall, draft(), KEEP);
    listened.lock().unwrap().insert(hall.clone());
    broker.publish(&room, draft(), KEEP);
    for n in 0..10_000 {
        tokio::time::advance(Duration::from_millis(1)).await;
        broker.publish(&ChannelName::from(format!("room:{n}")), draft(), KEEP);
        if n % 10 == 0 {
            assert_eq!(kept(&broker), 1, "it is read all the time");
        }
        assert!(broker.held() <= 64 << 10, "{} bytes after {n}", broker.held());
    }
    assert!(broker.held() > 48 << 10, "{} bytes", broker.held());
    assert_eq!(at(&broker, &hall), quiet, "somebody listens, and notices nothing");
    assert_eq!(at(&broker, &room).offset, 1);
    assert_eq!(at(&broker, &ChannelName::from("room:1")).offset, 0, "nobody cared");
}

#[tokio::test(start_paused = true)]
async fn what_skips_the_history_has_no_offset_and_a_cleared_one_counts_on() {
    let (broker, heard) = broker();
    broker.publish(&room(), Draft::default(), KEEP);
    let skipping = Draft { skip_history: true, ..Draft::default() };
    assert_eq!(broker.publish(&room(), skipping, KEEP), StreamPosition::default());
    broker.clear_history(&room());
    assert_eq!(kept(&broker), 0);
    assert_eq!(broker.publish(&room(), Draft::default(), KEEP).offset, 2);
    assert_eq!(*heard.lock().unwrap(), [1, 0, 2]);
}

#[test]
fn presence_keeps_nothing_of_who_left() {
    let (broker, _) = broker();
    let (ann, bob) = (ConnectionId::fresh(), ConnectionId::fresh());
    for connection in [ann, bob, ann] {
        broker.enter(&room(), connection, ClientInfo::default());
    }
    assert_eq!(broker.presence(&room()).len(), 2);
    for connection in [ann, ConnectionId::fresh(), bob, bob] {
        broker.exit(&room(), connection);
    }
    assert!(broker.shards.iter().all(|shard| lock(shard).presence.is_empty()));
}

#[test]
fn many_publishers_are_announced_in_the_order_of_the_stream() {
    let (broker, heard) = broker();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..250 {
                    broker.publish(&room(), Draft::default(), KEEP);
                }
            });
        }
    });
    assert_eq!(*heard.lock().unwrap(), (1..=1_000).collect::<Vec<_>>());
}

#[tokio::test(start_paused = true)]
async fn what_is_redacted_keeps_its_place_and_loses_what_it_said() {
    let (broker, heard) = broker();
    let tags = [("a".to_owned(), "bc".to_owned())].into();
    for _ in 0..4 {
        broker.publish(&room(), Draft { data: vec![b'x'; 100].into(), ..Draft::default() }, KEEP);
    }
    broker.publish(&room(), Draft { tags, ..Draft::default() }, KEEP);
    let before = broker.held();
    for (offset, is_kept) in [(0, false), (2, false), (3, true), (5, true), (6, false)] {
        let redacted = broker.redact(&room(), offset, Bytes::from_static(b"-"));
        assert_eq!(redacted, is_kept, "{offset}");
    }
    let page = broker.history(&room(), &Query { limit: 10, ..Query::default() });
    let left = |it: &Arc<Publication>| (it.offset, it.data.len(), it.tags.len());
    let left: Vec<_> = page.publications.iter().map(left).collect();
    assert_eq!(left, [(3, 1, 0), (4, 100, 0), (5, 1, 0)]);
    assert!(broker.held() < before - 90, "what it said takes no room any more");
    assert_eq!(heard.lock().unwrap().len(), 5, "nobody is told");
    tokio::time::advance(Duration::from_secs(61)).await;
    assert!(!broker.redact(&room(), 5, Bytes::new()), "the stream is void");
    assert!(!broker.redact(&"room:b".into(), 1, Bytes::new()));
    assert_eq!(broker.held(), crate::broker::stream::STREAM_OVERHEAD);
}
