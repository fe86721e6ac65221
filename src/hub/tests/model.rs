//! The hub against a model: whatever happens in whatever order, everybody hears what they should.

use std::{
    collections::BTreeMap,
    sync::{Arc, Weak},
};

use futures_util::FutureExt as _;
use proptest::prelude::*;

use super::{Mailbox, Paper};
use crate::{
    config::{
        self,
        channels::{Channels, Namespace},
        value::{Size, Span},
    },
    hub::{Dialect, Draft, Guest, Hub, Place, Query, Signal, StreamPosition, Wishes},
    ids::ChannelName,
    protocol::{
        code::DisconnectCode,
        codec::{Encoding, decode_pushes, decode_replies},
        publication::ClientInfo,
        push::{Push, Subscribe},
    },
    telemetry::Metrics,
};

const CLIENTS: usize = 5;
const CHANNELS: [&str; 2] = ["stream:a", "plain:a"];
const DIALECTS: [Dialect; CLIENTS] = [
    Dialect::StreamJson,
    Dialect::StreamProtobuf,
    Dialect::UniStreamJson,
    Dialect::UniStreamProtobuf,
    Dialect::StreamJson,
];
/// A few publications fill a mailbox.
const MAILBOX_BYTES: usize = 1_280;

/// Something that happens, to a client and a channel by number.
#[derive(Clone, Copy, Debug)]
enum Step {
    Publish {
        channel: usize,
        length: usize,
        skip_history: bool,
    },
    Join {
        client: usize,
        channel: usize,
        join_leave: bool,
    },
    /// Reads where the stream stands, as for the reply to come.
    Read {
        client: usize,
        channel: usize,
    },
    /// Sends the reply and goes live, so many publications behind.
    GoLive {
        client: usize,
        channel: usize,
        behind: u64,
    },
    Leave {
        client: usize,
        channel: usize,
    },
    /// The reader takes so many bytes and then nothing.
    Jam {
        client: usize,
        room: usize,
    },
    /// It takes everything again.
    Clear {
        client: usize,
    },
    Quit {
        client: usize,
    },
    Forget {
        channel: usize,
    },
}

/// What a client hears.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Word {
    Opened(usize),
    Published { channel: usize, number: usize, offset: u64 },
    Joined { channel: usize, client: String },
    Left { channel: usize, client: String },
}

/// What the model knows of a subscription.
#[derive(Clone, Debug)]
struct Held {
    join_leave: bool,
    stage: Stage,
}

#[derive(Clone, Debug)]
enum Stage {
    Joining {
        waiting: Vec<Word>,
        read: Option<u64>,
    },
    /// `None` without a position.
    Live(Option<u64>),
    Lost,
}

/// A client as it is, and as the model has it.
struct Client {
    guest: Guest,
    paper: Paper,
    is_jammed: bool,
    was_jammed: bool,
    held: BTreeMap<usize, Held>,
    expected: Vec<Word>,
    lost: Vec<Signal>,
}

/// The hub, and what the model knows of it.
struct World {
    hub: Hub,
    clients: Vec<Option<Client>>,
    mailboxes: Vec<Weak<Mailbox>>,
    published: usize,
    tops: [u64; CHANNELS.len()],
}

fn channel(number: usize) -> ChannelName {
    ChannelName::from(CHANNELS[number])
}

fn is_stream(channel: usize) -> bool {
    channel == 0
}

impl World {
    fn new() -> Self {
        let stream =
            Namespace { history_size: 3, history_ttl: Span::seconds(600), ..Namespace::default() };
        let mut channels = Channels::default();
        channels.namespaces.insert("stream".to_owned(), stream);
        channels.namespaces.insert("plain".to_owned(), Namespace::default());
        let config = config::hub::Hub {
            mailbox_max: Size(MAILBOX_BYTES),
            flusher_threads: 1,
            ..config::hub::Hub::default()
        };
        let hub = Hub::start(config, &channels, Metrics::new()).unwrap();
        let clients = (0..CLIENTS).map(|_| None).collect();
        Self { hub, clients, mailboxes: Vec::new(), published: 0, tops: [0; CHANNELS.len()] }
    }

    fn step(&mut self, step: Step) {
        match step {
            Step::Publish { channel, length, skip_history } => {
                self.publish(channel, length, skip_history);
            }
            Step::Join { client, channel, join_leave } => self.join(client, channel, join_leave),
            Step::Read { client, channel } => {
                let top = self.position(channel).offset;
                let held = self.client(client).held.get_mut(&channel);
                if let Some(Held { stage: Stage::Joining { read, .. }, .. }) = held {
                    *read = Some(top);
                }
            }
            Step::GoLive { client, channel, behind } => self.go_live(client, channel, behind),
            Step::Leave { client, channel } => self.leave(client, channel),
            Step::Jam { client, room } => {
                let client = self.client(client);
                client.paper.make_room(room);
                (client.is_jammed, client.was_jammed) = (true, true);
            }
            Step::Clear { client } => self.clear(client),
            Step::Quit { client } => self.quit(client),
            Step::Forget { channel: number } => {
                self.hub.clear_history(&channel(number)).now_or_never().unwrap();
            }
        }
        self.check();
    }

    fn client(&mut self, number: usize) -> &mut Client {
        let Self { hub, clients, mailboxes, .. } = self;
        clients[number].get_or_insert_with(|| {
            let paper = Paper::endless();
            let guest = hub.admit(DIALECTS[number], Box::new(paper.clone()));
            mailboxes.push(Arc::downgrade(guest.mailbox()));
            Client {
                guest,
                paper,
                is_jammed: false,
                was_jammed: false,
                held: BTreeMap::new(),
                expected: Vec::new(),
                lost: Vec::new(),
            }
        })
    }

    fn position(&self, number: usize) -> StreamPosition {
        let query = Query { limit: 0, ..Query::default() };
        self.hub.history(&channel(number), &query).now_or_never().unwrap().position
    }

    fn publish(&mut self, number: usize, length: usize, skip_history: bool) {
        self.published += 1;
        let data = format!("{{\"n\":{},\"pad\":\"{}\"}}", self.published, "x".repeat(length));
        let draft = Draft { data: data.into(), skip_history, ..Draft::default() };
        let place = self.hub.publish_draft(&channel(number), draft).now_or_never().unwrap();
        let mut offset = 0;
        if is_stream(number) && !skip_history {
            self.tops[number] += 1;
            offset = self.tops[number];
        }
        assert_eq!(place.unwrap().offset, offset);
        self.tell(&Word::Published { channel: number, number: self.published, offset });
    }

    fn join(&mut self, client: usize, number: usize, join_leave: bool) {
        if self.client(client).held.contains_key(&number) {
            return;
        }
        let hub = self.hub.clone();
        let client = self.client(client);
        hub.join(&channel(number), client.guest.mailbox(), Wishes { join_leave });
        let (id, info) = (client.guest.mailbox().id(), client.info());
        hub.enter(&channel(number), id, info).now_or_never().unwrap();
        let stage = Stage::Joining { waiting: Vec::new(), read: None };
        client.held.insert(number, Held { join_leave, stage });
    }

    fn go_live(&mut self, number: usize, channel_number: usize, behind: u64) {
        let top = self.position(channel_number);
        let hub = self.hub.clone();
        let client = self.client(number);
        let Some(Held { stage: Stage::Joining { waiting, read }, .. }) =
            client.held.get(&channel_number).cloned()
        else {
            return;
        };
        let offset = read.unwrap_or(top.offset).saturating_sub(behind);
        let reply = Push::subscribe(CHANNELS[channel_number], Subscribe::default());
        let mailbox = Arc::clone(client.guest.mailbox());
        mailbox.send_now(mailbox.dialect().push(reply).unwrap());
        client.expected.push(Word::Opened(channel_number));
        let (place, at) = match is_stream(channel_number) {
            true => (Place::At(StreamPosition { offset, epoch: top.epoch }), Some(offset)),
            false => (Place::Unpositioned, None),
        };
        hub.go_live(&channel(channel_number), &mailbox, place);
        client.held.get_mut(&channel_number).unwrap().stage = Stage::Live(at);
        waiting.iter().for_each(|word| client.hear(word));
        let info = client.info();
        let joined = Word::Joined { channel: channel_number, client: info.client.clone() };
        hub.announce_join(&channel(channel_number), info).now_or_never().unwrap();
        self.tell(&joined);
    }

    fn leave(&mut self, number: usize, channel_number: usize) {
        let hub = self.hub.clone();
        let client = self.client(number);
        let held = client.held.remove(&channel_number);
        let id = client.guest.mailbox().id();
        assert_eq!(hub.leave(&channel(channel_number), id), held.is_some());
        if held.is_none() {
            return;
        }
        hub.exit(&channel(channel_number), id).now_or_never().unwrap();
        let info = client.info();
        let left = Word::Left { channel: channel_number, client: info.client.clone() };
        hub.announce_leave(&channel(channel_number), info).now_or_never().unwrap();
        self.tell(&left);
    }

    fn clear(&mut self, number: usize) {
        let client = self.client(number);
        client.paper.make_room(usize::MAX);
        client.guest.mailbox().resume();
        client.is_jammed = false;
    }

    fn quit(&mut self, number: usize) {
        for channel in 0..CHANNELS.len() {
            self.leave(number, channel);
        }
        if let Some(mut client) = self.clients[number].take() {
            client.check();
        }
    }

    fn tell(&mut self, word: &Word) {
        self.clients.iter_mut().flatten().for_each(|client| client.hear(word));
    }

    /// What must be so at any time.
    fn check(&mut self) {
        self.clients.iter_mut().flatten().for_each(Client::check);
        let clients = || self.clients.iter().flatten();
        assert_eq!(self.hub.counts().0, clients().count());
        for number in 0..CHANNELS.len() {
            let mut expected: Vec<_> = clients()
                .filter(|client| client.held.contains_key(&number))
                .map(|client| client.guest.mailbox().id())
                .collect();
            assert_eq!(self.hub.subscribers(&channel(number)), expected.len());
            let present = self.hub.presence(&channel(number)).now_or_never().unwrap();
            let mut present: Vec<_> = present.into_iter().map(|(id, _)| id).collect();
            present.sort_unstable();
            expected.sort_unstable();
            assert_eq!(present, expected);
        }
    }

    /// Everybody leaves, and nothing is left.
    fn end(mut self) {
        for number in 0..CLIENTS {
            self.clear(number);
            self.check();
        }
        (0..CLIENTS).for_each(|number| self.quit(number));
        assert_eq!((self.hub.counts(), self.hub.channels("", 10)), ((0, 0), Vec::new()));
        assert!(self.mailboxes.iter().all(|mailbox| mailbox.strong_count() == 0));
    }
}

impl Client {
    fn info(&self) -> ClientInfo {
        ClientInfo { client: self.guest.mailbox().id().to_string(), ..ClientInfo::default() }
    }

    /// What the model thinks that the hub does with an announcement.
    fn hear(&mut self, word: &Word) {
        let (Word::Opened(channel)
        | Word::Published { channel, .. }
        | Word::Joined { channel, .. }
        | Word::Left { channel, .. }) = word;
        let Some(Held { join_leave, stage }) = self.held.get_mut(channel) else { return };
        match (stage, word) {
            (Stage::Lost, _) => {}
            (Stage::Joining { waiting, .. }, _) => waiting.push(word.clone()),
            (stage @ Stage::Live(Some(_)), Word::Published { offset: 1.., .. }) => {
                let (Stage::Live(Some(at)), Word::Published { offset, .. }) = (&mut *stage, word)
                else {
                    unreachable!("matched above")
                };
                if *offset == *at + 1 {
                    *at = *offset;
                    self.expected.push(word.clone());
                } else if *offset > *at {
                    *stage = Stage::Lost;
                    self.lost.push(Signal::Lost(ChannelName::from(CHANNELS[*channel])));
                }
            }
            (Stage::Live(_), Word::Joined { .. } | Word::Left { .. }) if !*join_leave => {}
            (Stage::Live(_), _) => self.expected.push(word.clone()),
        }
    }

    /// Compares what was heard with what should have been.
    fn check(&mut self) {
        assert_eq!(self.guest.mailbox().take_signals(), std::mem::take(&mut self.lost));
        let taken = self.paper.sheet().taken.clone();
        let (heard, is_whole) = words(self.guest.mailbox().dialect(), &taken);
        let closing = self.guest.mailbox().closing();
        assert!(self.guest.mailbox().waiting_bytes() <= MAILBOX_BYTES);
        if closing.is_some() || self.is_jammed {
            assert!(self.expected.starts_with(&heard), "{heard:?} of {:?}", self.expected);
        } else {
            assert!(is_whole);
            assert_eq!(heard, self.expected);
        }
        if let Some(closing) = closing {
            assert_eq!((closing, self.was_jammed), (DisconnectCode::Slow.into(), true));
        }
    }
}

/// The words of whole messages, and whether nothing else is there.
fn words(dialect: Dialect, bytes: &[u8]) -> (Vec<Word>, bool) {
    let end = match dialect.encoding() {
        Encoding::Json => bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1),
        Encoding::Protobuf => {
            let mut rest = bytes;
            while let Ok(length) = prost::decode_length_delimiter(rest) {
                let all = prost::length_delimiter_len(length) + length;
                let Some(next) = rest.get(all..) else { break };
                rest = next;
            }
            bytes.len() - rest.len()
        }
    };
    let whole = &bytes[..end];
    let pushes: Vec<_> = match dialect.is_unidirectional() {
        true => decode_pushes(dialect.encoding(), whole).unwrap_or_default(),
        false => {
            let replies = decode_replies(dialect.encoding(), whole).unwrap_or_default();
            replies.into_iter().map(|reply| reply.push.unwrap()).collect()
        }
    };
    (pushes.into_iter().map(word).collect(), end == bytes.len())
}

fn word(push: Push) -> Word {
    let channel = CHANNELS.iter().position(|name| *name == push.channel).unwrap();
    let client = |info: Option<ClientInfo>| info.unwrap().client;
    if let Some(publication) = push.publication {
        let data: serde_json::Value = serde_json::from_slice(&publication.data).unwrap();
        let number = data["n"].as_u64().unwrap() as usize;
        Word::Published { channel, number, offset: publication.offset }
    } else if let Some(join) = push.join {
        Word::Joined { channel, client: client(join.info) }
    } else if let Some(leave) = push.leave {
        Word::Left { channel, client: client(leave.info) }
    } else {
        push.subscribe.unwrap();
        Word::Opened(channel)
    }
}

fn step() -> impl Strategy<Value = Step> {
    let (client, channel) = (|| 0..CLIENTS, || 0..CHANNELS.len());
    prop_oneof![
        8 => (channel(), 0..400_usize, prop::bool::weighted(0.1)).prop_map(
            |(channel, length, skip_history)| Step::Publish { channel, length, skip_history }
        ),
        4 => (client(), channel(), any::<bool>())
            .prop_map(|(client, channel, join_leave)| Step::Join { client, channel, join_leave }),
        2 => (client(), channel()).prop_map(|(client, channel)| Step::Read { client, channel }),
        4 => (client(), channel(), prop_oneof![9 => Just(0), 1 => 1..3_u64])
            .prop_map(|(client, channel, behind)| Step::GoLive { client, channel, behind }),
        1 => (client(), channel()).prop_map(|(client, channel)| Step::Leave { client, channel }),
        1 => (client(), 0..600_usize).prop_map(|(client, room)| Step::Jam { client, room }),
        1 => client().prop_map(|client| Step::Clear { client }),
        1 => client().prop_map(|client| Step::Quit { client }),
        1 => channel().prop_map(|channel| Step::Forget { channel }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn everybody_hears_what_they_should_whatever_happens(
        steps in prop::collection::vec(step(), 1..80),
    ) {
        let mut world = World::new();
        steps.into_iter().for_each(|step| world.step(step));
        world.end();
    }
}

#[test]
fn a_jammed_reader_is_given_up_and_the_others_hear_everything_at_once() {
    let mut world = World::new();
    for client in 0..CLIENTS {
        world.step(Step::Join { client, channel: 0, join_leave: false });
        world.step(Step::GoLive { client, channel: 0, behind: 0 });
    }
    world.step(Step::Jam { client: 2, room: 100 });
    let is_given_up =
        |world: &World| world.clients[2].as_ref().unwrap().guest.mailbox().closing().is_some();
    for published in 0..10 {
        assert_eq!(is_given_up(&world), published >= 5, "after {published}");
        world.step(Step::Publish { channel: 0, length: 200, skip_history: false });
    }
    world.end();
}
