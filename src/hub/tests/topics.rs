//! Topics: the order of a subscription's first moments, gaps, and who hears what.

use std::sync::Arc;

use bytes::Bytes;

use super::{Paper, mailbox};
use crate::{
    broker::{Announcement, StreamPosition},
    hub::{Dialect, Mailbox, Place, Signal, Wishes, topic::Topics},
    ids::ChannelName,
    protocol::{
        code::DisconnectCode,
        codec::decode_replies,
        publication::{ClientInfo, Publication},
        push::Push,
    },
};

/// A subscriber of one channel.
struct Reader {
    paper: Paper,
    mailbox: Arc<Mailbox>,
}

impl Reader {
    fn new() -> Self {
        Self::speaking(Dialect::StreamJson)
    }

    fn speaking(dialect: Dialect) -> Self {
        let paper = Paper::endless();
        let mailbox = mailbox(&paper, dialect, 1_000_000);
        Self { paper, mailbox }
    }

    /// The offsets of publications, and users that joined or left, since the last look.
    fn heard(&self) -> Vec<String> {
        self.mailbox.flush();
        let bytes = self.paper.take();
        let replies = decode_replies(self.mailbox.dialect().encoding(), &bytes).unwrap_or_default();
        let pushes = replies.into_iter().filter_map(|reply| reply.push);
        let word = |push: Push| match (push.publication, push.join) {
            (Some(publication), _) => publication.offset.to_string(),
            (None, Some(join)) => format!("+{}", join.info.unwrap().user),
            (None, None) => format!("-{}", push.leave.unwrap().info.unwrap().user),
        };
        pushes.map(word).collect()
    }
}

fn channel() -> ChannelName {
    ChannelName::from("room:a")
}

fn publication(offset: u64) -> Announcement {
    in_epoch(offset, "life")
}

fn in_epoch(offset: u64, epoch: &str) -> Announcement {
    let data = Bytes::from_static(b"{}");
    let publication = Arc::new(Publication { data, offset, ..Publication::default() });
    Announcement::Publication { publication, epoch: epoch.into() }
}

fn at(offset: u64) -> Place {
    Place::At(StreamPosition { offset, epoch: "life".into() })
}

fn info(user: &str) -> ClientInfo {
    ClientInfo { user: user.to_owned(), ..ClientInfo::default() }
}

/// A topic with one subscriber, live at `place`.
fn live(place: Place) -> (Topics, Reader) {
    let (topics, reader) = (Topics::default(), Reader::new());
    topics.join(&channel(), &reader.mailbox, Wishes::default());
    topics.go_live(&channel(), reader.mailbox.id(), place);
    (topics, reader)
}

#[test]
fn what_comes_before_the_reply_waits_and_what_is_in_the_reply_is_not_repeated() {
    let (topics, reader) = (Topics::default(), Reader::new());
    topics.deliver(&channel(), &publication(1), None);
    topics.join(&channel(), &reader.mailbox, Wishes::default());
    for offset in 2..=5 {
        let delivered = topics.deliver(&channel(), &publication(offset), None);
        assert_eq!((delivered.receivers, delivered.dirty.len()), (1, 0));
    }
    assert!(reader.heard().is_empty());
    topics.go_live(&channel(), reader.mailbox.id(), at(3));
    assert_eq!(reader.heard(), ["4", "5"]);
    topics.deliver(&channel(), &publication(6), None);
    assert_eq!(reader.heard(), ["6"]);
}

#[test]
fn a_gap_is_told_once_and_nothing_follows_it() {
    let (topics, reader) = live(at(3));
    topics.deliver(&channel(), &publication(3), None);
    assert!(reader.heard().is_empty(), "it has that one");
    topics.deliver(&channel(), &publication(5), None);
    topics.deliver(&channel(), &publication(6), None);
    assert!(reader.heard().is_empty());
    assert_eq!(reader.mailbox.take_signals(), [Signal::Lost(channel())]);
}

#[test]
fn another_life_of_the_stream_is_a_gap_and_an_unknown_one_is_adopted() {
    let (topics, reader) = live(at(3));
    topics.deliver(&channel(), &in_epoch(4, "other"), None);
    assert_eq!(reader.mailbox.take_signals(), [Signal::Lost(channel())]);
    let (topics, reader) = live(Place::At(StreamPosition::default()));
    topics.deliver(&channel(), &in_epoch(1, "first"), None);
    topics.deliver(&channel(), &in_epoch(2, "second"), None);
    assert_eq!(reader.heard(), ["1"]);
    assert_eq!(reader.mailbox.take_signals(), [Signal::Lost(channel())]);
}

#[test]
fn who_waits_for_the_first_publication_follows_whatever_life_it_begins() {
    let (topics, reader) = live(at(0));
    topics.deliver(&channel(), &in_epoch(1, "born later"), None);
    topics.deliver(&channel(), &in_epoch(2, "born later"), None);
    assert_eq!(reader.heard(), ["1", "2"]);
    let (topics, reader) = live(at(0));
    topics.deliver(&channel(), &in_epoch(2, "born later"), None);
    assert_eq!(reader.mailbox.take_signals(), [Signal::Lost(channel())]);
}

#[test]
fn what_is_outside_the_stream_has_no_place_in_it() {
    let (topics, reader) = live(at(3));
    topics.deliver(&channel(), &in_epoch(0, ""), None);
    topics.deliver(&channel(), &publication(4), None);
    assert_eq!(reader.heard(), ["0", "4"]);
    let (topics, reader) = live(Place::Unpositioned);
    topics.deliver(&channel(), &publication(9), None);
    topics.deliver(&channel(), &publication(7), None);
    assert_eq!(reader.heard(), ["9", "7"]);
}

#[test]
fn joins_and_leaves_are_for_those_who_wish_and_keep_their_place_among_publications() {
    let (topics, curious, other) = (Topics::default(), Reader::new(), Reader::new());
    topics.join(&channel(), &curious.mailbox, Wishes { join_leave: true });
    topics.join(&channel(), &other.mailbox, Wishes::default());
    topics.deliver(&channel(), &Announcement::Join(info("ann")), None);
    topics.deliver(&channel(), &publication(4), None);
    for reader in [&curious, &other] {
        topics.go_live(&channel(), reader.mailbox.id(), at(3));
    }
    topics.deliver(&channel(), &Announcement::Leave(info("ann")), None);
    assert_eq!(curious.heard(), ["+ann", "4", "-ann"]);
    assert_eq!(other.heard(), ["4"]);
}

#[test]
fn who_takes_too_long_to_go_live_has_lost_its_place() {
    let (topics, reader) = (Topics::default(), Reader::new());
    topics.join(&channel(), &reader.mailbox, Wishes::default());
    for offset in 1..=513 {
        topics.deliver(&channel(), &publication(offset), None);
    }
    topics.go_live(&channel(), reader.mailbox.id(), at(0));
    assert!(reader.heard().is_empty());
    assert_eq!(reader.mailbox.take_signals(), [Signal::Lost(channel())]);
}

#[test]
fn a_payload_that_is_not_json_closes_those_who_speak_json_alone() {
    let topics = Topics::default();
    let (json, protobuf) = (Reader::new(), Reader::speaking(Dialect::StreamProtobuf));
    for reader in [&json, &protobuf] {
        topics.join(&channel(), &reader.mailbox, Wishes::default());
        topics.go_live(&channel(), reader.mailbox.id(), Place::Unpositioned);
    }
    let publication =
        Arc::new(Publication { data: Bytes::from_static(&[0xFF]), ..Publication::default() });
    let what = Announcement::Publication { publication, epoch: "".into() };
    assert_eq!(topics.deliver(&channel(), &what, None).dirty.len(), 1);
    assert_eq!(json.mailbox.closing(), Some(DisconnectCode::InappropriateProtocol.into()));
    assert_eq!((protobuf.heard(), protobuf.mailbox.closing()), (vec!["0".to_owned()], None));
}

#[test]
fn one_frame_serves_all_who_speak_alike() {
    let topics = Topics::default();
    let readers: Vec<_> = (0..3).map(|_| Reader::new()).collect();
    for reader in &readers {
        topics.join(&channel(), &reader.mailbox, Wishes::default());
        topics.go_live(&channel(), reader.mailbox.id(), Place::Unpositioned);
    }
    let delivered = topics.deliver(&channel(), &publication(1), None);
    assert_eq!((delivered.receivers, delivered.dirty.len()), (3, 3));
    assert_eq!(
        topics.deliver(&channel(), &publication(2), None).dirty.len(),
        0,
        "they are dirty still"
    );
    assert!(readers.iter().all(|reader| reader.heard() == ["1", "2"]));
}

#[test]
fn channels_are_known_as_long_as_somebody_listens() {
    let (topics, reader) = (Topics::default(), Reader::new());
    for name in ["room:b", "room:a", "hall:a"] {
        topics.join(&ChannelName::from(name), &reader.mailbox, Wishes::default());
    }
    let names = |prefix, limit| -> Vec<String> {
        topics.channels(prefix, limit).iter().map(|(channel, _)| channel.to_string()).collect()
    };
    assert_eq!(names("room:", 10), ["room:a", "room:b"]);
    assert_eq!(names("", 2), ["hall:a", "room:a"]);
    assert!(topics.leave(&channel(), reader.mailbox.id()));
    assert!(!topics.leave(&channel(), reader.mailbox.id()));
    assert_eq!((names("room:", 10), topics.subscribers(&channel())), (vec!["room:b".into()], 0));
}
