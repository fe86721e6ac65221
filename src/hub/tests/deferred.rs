//! What people are told leaves in company, and never stays behind.

use bytes::Bytes;
use tokio::task::yield_now;
use tokio_util::sync::CancellationToken;

use super::Paper;
use crate::{
    config::{self, channels::Channels},
    hub::{Dialect, Guest, Hub, Place, Wishes},
    ids::{ChannelName, UserId},
    telemetry::Metrics,
};

struct House {
    hub: Hub,
    stop: CancellationToken,
    writing: tokio::task::JoinHandle<()>,
}

impl House {
    async fn open(personal_namespace: &str) -> Self {
        let mut channels = Channels::default();
        let namespace = channels.namespaces["user"].clone();
        match personal_namespace {
            "" => channels.without_namespace = Some(namespace),
            name => drop(channels.namespaces.insert(name.to_owned(), namespace)),
        }
        channels.personal_namespace = personal_namespace.to_owned();
        let hub = Hub::start(config::hub::Hub::default(), &channels, Metrics::new()).unwrap();
        let stop = CancellationToken::new();
        let writing = tokio::spawn({
            let (hub, stop) = (hub.clone(), stop.clone());
            async move { hub.write_until(stop).await }
        });
        settle().await;
        Self { hub, stop, writing }
    }

    fn listener(&self, channel: &ChannelName) -> (Guest, Paper) {
        let paper = Paper::endless();
        let guest = self.hub.admit(Dialect::StreamJson, Box::new(paper.clone()));
        self.hub.join(channel, guest.mailbox(), Wishes::default());
        self.hub.go_live(channel, guest.mailbox(), Place::Unpositioned);
        (guest, paper)
    }

    async fn tell(&self, channel: &ChannelName, words: &'static str) {
        self.hub.publish(channel, Bytes::from_static(words.as_bytes())).await.unwrap();
    }

    async fn close(self) -> Hub {
        self.stop.cancel();
        self.writing.await.unwrap();
        self.hub
    }
}

/// How often something was written, and how many lines have come since the last look.
fn heard(paper: &Paper) -> (usize, usize) {
    let lines = paper.text().lines().count();
    (paper.sheet().writes, lines)
}

/// Lets every task come to where it waits.
async fn settle() {
    for _ in 0..8 {
        yield_now().await;
    }
}

#[tokio::test]
async fn what_a_person_is_told_shares_a_write_and_waits_for_nothing_more() {
    for namespace in ["user", "people", ""] {
        let house = House::open(namespace).await;
        let channel = house.hub.personal_channel(&UserId::from("ann"));
        let (_guest, paper) = house.listener(&channel);
        house.tell(&channel, "1").await;
        house.tell(&channel, "2").await;
        assert_eq!(paper.sheet().writes, 0, "others have their turn first");
        settle().await;
        assert_eq!(heard(&paper), (1, 2));
        house.tell(&channel, "3").await;
        settle().await;
        assert_eq!(heard(&paper), (2, 1));
        house.close().await;
    }
}

#[tokio::test]
async fn an_answer_takes_the_event_along() {
    let house = House::open("user").await;
    let channel = house.hub.personal_channel(&UserId::from("ann"));
    let (guest, paper) = house.listener(&channel);
    house.tell(&channel, "1").await;
    // As the connection's task does when a command is done.
    guest.mailbox().send(Bytes::from_static(b"answer\n"));
    guest.mailbox().flush();
    assert_eq!(heard(&paper), (1, 2));
    settle().await;
    assert_eq!(paper.sheet().writes, 1);
    house.close().await;
}

#[tokio::test]
async fn channels_of_many_do_not_wait() {
    let house = House::open("user").await;
    for name in ["live:a", "user:plain", "users:#ann"] {
        let channel = ChannelName::from(name);
        let (_guest, paper) = house.listener(&channel);
        let published = house.hub.publish(&channel, Bytes::from_static(b"1")).await;
        assert_eq!(paper.sheet().writes, usize::from(published.is_ok()), "{name}");
    }
    house.close().await;
}

#[tokio::test]
async fn nothing_stays_behind_when_nobody_comes_to_write() {
    let house = House::open("user").await;
    let channel = house.hub.personal_channel(&UserId::from("ann"));
    let (_guest, paper) = house.listener(&channel);
    house.tell(&channel, "1").await;
    let hub = house.close().await;
    assert_eq!(paper.sheet().writes, 1, "what waited is written at the end");
    hub.publish(&channel, Bytes::from_static(b"2")).await.unwrap();
    assert_eq!(paper.sheet().writes, 2, "and later words at once");
}

#[tokio::test]
async fn what_finds_no_place_on_the_list_is_written_at_once() {
    let house = House::open("user").await;
    let mut guests = Vec::new();
    for number in 0..4_100 {
        let channel = house.hub.personal_channel(&UserId::from(number.to_string()));
        let (guest, paper) = house.listener(&channel);
        house.tell(&channel, "1").await;
        assert_eq!(paper.sheet().writes, usize::from(number >= 4_096), "{number}");
        guests.push((guest, paper));
    }
    while guests.iter().any(|(_, paper)| paper.sheet().writes == 0) {
        yield_now().await;
    }
    house.close().await;
}
