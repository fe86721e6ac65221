//! The in-process broker: idempotency, sweeping, presence and order.

use super::*;

const KEEP: Keep = Keep { size: 3, ttl: Duration::from_secs(60) };
const NOTHING: Keep = Keep { size: 0, ttl: Duration::ZERO };
const IDLE: Duration = Duration::from_secs(3_600);

/// A broker, and the offsets that it announces.
fn broker() -> (Memory, Arc<Mutex<Vec<u64>>>) {
    let (broker, heard) = (Memory::new(Duration::from_secs(300)), Arc::<Mutex<Vec<_>>>::default());
    let ear = Arc::clone(&heard);
    broker.attach(Box::new(move |_, announcement| {
        if let Announcement::Publication { publication, .. } = announcement {
            ear.lock().unwrap().push(publication.offset);
        }
        None
    }));
    (broker, heard)
}

fn room() -> ChannelName {
    ChannelName::from("room:a")
}

fn keyed(key: &str) -> Draft {
    Draft { idempotency_key: Some(key.to_owned()), ..Draft::default() }
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
    broker.sweep(IDLE, |_| false);
    assert!(broker.shards.iter().all(|shard| lock(shard).done.is_empty()));
}

#[tokio::test(start_paused = true)]
async fn only_streams_that_nobody_needs_are_swept() {
    let (broker, _) = broker();
    let position = broker.publish(&room(), Draft::default(), KEEP);
    tokio::time::advance(Duration::from_secs(59)).await;
    assert_eq!(kept(&broker), 1);
    tokio::time::advance(Duration::from_secs(2)).await;
    assert_eq!(kept(&broker), 0, "the history is void");
    broker.sweep(IDLE, |_| false);
    tokio::time::advance(IDLE).await;
    broker.sweep(IDLE, |channel| *channel == room());
    let next = broker.publish(&room(), Draft::default(), KEEP);
    assert_eq!((next.offset, &next.epoch), (2, &position.epoch), "somebody listened");
    tokio::time::advance(IDLE).await;
    broker.sweep(IDLE, |_| false);
    let reborn = broker.publish(&room(), Draft::default(), KEEP);
    assert_eq!(reborn.offset, 1);
    assert_ne!(reborn.epoch, position.epoch, "another life");
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
