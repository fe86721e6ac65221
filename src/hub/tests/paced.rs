//! Paced channels: what is gathered reaches everybody as it would have one by one.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use proptest::prelude::*;
use tokio_util::sync::CancellationToken;

use super::{Paper, mailbox};
use crate::{
    broker::{Announcement, StreamPosition},
    config::{self, channels::Channels},
    hub::{Dialect, Draft, Flushed, Hub, Mailbox, Place, Wishes, pace::Pace, topic::Topics},
    ids::ChannelName,
    protocol::{
        codec::decode_replies,
        publication::{ClientInfo, Publication},
    },
    telemetry::Metrics,
};

/// Nothing leaves alone, and no tick ends by itself.
const NEVER: Pace = Pace { single_max: 1, tick: Duration::from_secs(3_600) };

const READERS: usize = 4;
const DIALECTS: [Dialect; READERS] =
    [Dialect::StreamJson, Dialect::StreamProtobuf, Dialect::StreamJson, Dialect::StreamProtobuf];

/// Something that happens.
#[derive(Clone, Copy, Debug)]
enum Step {
    Publish { stored: bool },
    Enter,
    Join { reader: usize, join_leave: bool },
    GoLive { reader: usize, positioned: bool },
    EndTick,
}

/// A channel with its readers.
struct Room {
    topics: Topics,
    pace: Option<Pace>,
    readers: Vec<(Paper, Arc<Mailbox>)>,
    published: u64,
    top: u64,
}

fn channel() -> ChannelName {
    ChannelName::from("room:a")
}

impl Room {
    fn new(pace: Option<Pace>) -> Self {
        let reader = |dialect: Dialect| {
            let paper = Paper::endless();
            let mailbox = mailbox(&paper, dialect, usize::MAX);
            (paper, mailbox)
        };
        let readers = DIALECTS.map(reader).into();
        Self { topics: Topics::default(), pace, readers, published: 0, top: 0 }
    }

    fn step(&mut self, step: Step) {
        let channel = channel();
        let delivered = match step {
            Step::Publish { stored } => {
                self.published += 1;
                self.top += u64::from(stored);
                let (data, offset) = (self.published.to_string().into(), self.top);
                let offset = if stored { offset } else { 0 };
                let publication = Arc::new(Publication { data, offset, ..<_>::default() });
                let epoch = if stored { "life" } else { "" }.into();
                let publication = Announcement::Publication { publication, epoch };
                self.topics.deliver(&channel, &publication, self.pace)
            }
            Step::Enter => {
                let join = Announcement::Join(ClientInfo::default());
                self.topics.deliver(&channel, &join, self.pace)
            }
            Step::Join { reader, join_leave } => {
                self.topics.join(&channel, &self.readers[reader].1, Wishes { join_leave });
                return;
            }
            Step::GoLive { reader, positioned } => {
                let position = StreamPosition { offset: self.top, epoch: "life".into() };
                let place = if positioned { Place::At(position) } else { Place::Unpositioned };
                self.topics.go_live(&channel, self.readers[reader].1.id(), place);
                return;
            }
            Step::EndTick => self.topics.release(&channel),
        };
        delivered.dirty.iter().for_each(|mailbox| assert_eq!(mailbox.flush(), Flushed::All));
    }

    fn heard(&self) -> Vec<Vec<u8>> {
        self.readers.iter().map(|(paper, _)| paper.take()).collect()
    }
}

fn step() -> impl Strategy<Value = Step> {
    let reader = || 0..READERS;
    prop_oneof![
        8 => prop::bool::weighted(0.8).prop_map(|stored| Step::Publish { stored }),
        1 => Just(Step::Enter),
        2 => (reader(), any::<bool>())
            .prop_map(|(reader, join_leave)| Step::Join { reader, join_leave }),
        2 => (reader(), any::<bool>())
            .prop_map(|(reader, positioned)| Step::GoLive { reader, positioned }),
        2 => Just(Step::EndTick),
    ]
}

proptest! {
    #[test]
    fn what_is_gathered_is_heard_as_if_it_had_come_one_by_one(
        steps in prop::collection::vec(step(), 1..60),
    ) {
        let (mut paced, mut plain) = (Room::new(Some(NEVER)), Room::new(None));
        let (mut joined, mut live) = ([false; READERS], [false; READERS]);
        for step in steps {
            // A session subscribes once, and goes live once.
            let was = match step {
                Step::Join { reader, .. } => std::mem::replace(&mut joined[reader], true),
                Step::GoLive { reader, .. } => std::mem::replace(&mut live[reader], true),
                Step::Publish { .. } | Step::Enter | Step::EndTick => false,
            };
            if was {
                continue;
            }
            paced.step(step);
            plain.step(step);
        }
        paced.step(Step::EndTick);
        prop_assert_eq!(paced.heard(), plain.heard());
    }
}

#[test]
fn a_tick_is_one_frame_of_a_line_for_each_publication() {
    let mut room = Room::new(Some(NEVER));
    let paper = Paper::endless();
    room.readers[0] = (paper.clone(), mailbox(&paper, Dialect::WebSocketJson, usize::MAX));
    room.step(Step::Join { reader: 0, join_leave: false });
    room.step(Step::GoLive { reader: 0, positioned: true });
    for _ in 0..4 {
        room.step(Step::Publish { stored: true });
    }
    room.step(Step::EndTick);
    let bytes = paper.take();
    let first = bytes[2..].iter().position(|byte| *byte == 0x81).unwrap() + 2;
    let (alone, together) = (&bytes[2..first], &bytes[first + 2..]);
    assert_eq!(usize::from(bytes[first + 1]), 126, "one frame, of more than 125 bytes");
    let offsets = |bytes: &[u8]| -> Vec<_> {
        let encoding = Dialect::WebSocketJson.encoding();
        let replies = decode_replies(encoding, bytes).unwrap().into_iter();
        replies.map(|reply| reply.push.unwrap().publication.unwrap().offset).collect()
    };
    assert_eq!((offsets(alone), offsets(&together[2..])), (vec![1], vec![2, 3, 4]));
}

#[test]
fn what_is_redacted_before_its_tick_ends_never_leaves() {
    let mut room = Room::new(Some(NEVER));
    room.step(Step::Join { reader: 0, join_leave: false });
    room.step(Step::GoLive { reader: 0, positioned: true });
    for _ in 0..3 {
        room.step(Step::Publish { stored: true });
    }
    for offset in [1, 2] {
        room.topics.redact(&channel(), offset, &Bytes::from_static(b"\"gone\""));
    }
    room.step(Step::EndTick);
    let said = room.readers[0].0.text();
    let said: Vec<_> = said.lines().map(|line| line.contains("gone")).collect();
    assert_eq!(said, [false, true, false], "the first had left, the third was not named");
}

/// Lets so many milliseconds pass, and whoever they wake come to an end.
async fn pass(ms: u64) {
    tokio::task::yield_now().await;
    tokio::time::advance(Duration::from_millis(ms)).await;
    tokio::task::yield_now().await;
}

#[tokio::test(start_paused = true)]
async fn a_busy_channel_ends_its_ticks_by_itself() {
    let mut channels = Channels::default();
    channels.namespaces.get_mut("live").unwrap().gather_above = 1;
    let hub = Hub::start(config::hub::Hub::default(), &channels, Metrics::new()).unwrap();
    let stop = CancellationToken::new();
    let ticking = tokio::spawn({
        let (hub, stop) = (hub.clone(), stop.clone());
        async move { hub.tick_until(stop).await }
    });
    let (paper, channel) = (Paper::endless(), ChannelName::from("live:a"));
    let guest = hub.admit(Dialect::StreamJson, Box::new(paper.clone()));
    hub.join(&channel, guest.mailbox(), Wishes::default());
    hub.go_live(&channel, guest.mailbox(), Place::Unpositioned);
    for number in 1..=20 {
        let draft = Draft { data: Bytes::from(number.to_string()), ..Draft::default() };
        hub.publish_draft(&channel, draft).await.unwrap();
        pass(10).await;
    }
    pass(100).await;
    let lines = paper.text().lines().count();
    assert_eq!((lines, paper.sheet().writes), (20, 3), "one at once, then two ticks");
    stop.cancel();
    ticking.await.unwrap();
}
