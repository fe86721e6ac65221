//! Subscribing: order, recovery, joins and leaves, presence.

use belfry::protocol::{
    command::Command,
    reply::Outcome,
    request::{
        ConnectRequest, HistoryRequest, PresenceRequest, SubscribeRequest, UnsubscribeRequest,
    },
};

use crate::support::{House, Visitor};

fn recovering(channel: &str, offset: u64, epoch: &str) -> SubscribeRequest {
    SubscribeRequest {
        channel: channel.to_owned(),
        recover: true,
        recoverable: true,
        offset,
        epoch: epoch.to_owned(),
        ..SubscribeRequest::default()
    }
}

#[tokio::test]
async fn what_one_publishes_all_subscribers_hear_in_order() {
    let house = House::open().await;
    let (mut ann, mut bob) = (house.visitor("ann").await, house.visitor("bob").await);
    ann.subscribe("room:a").await.unwrap();
    bob.subscribe("room:a").await.unwrap();
    for json in ["1", "2", r#"{"text":"三"}"#] {
        ann.publish("room:a", json).await.unwrap();
    }
    for visitor in [&mut ann, &mut bob] {
        for json in ["1", "2", r#"{"text":"三"}"#] {
            assert_eq!(visitor.hears().await, json);
        }
    }
}

#[tokio::test]
async fn commands_in_the_same_frame_as_connect_are_obeyed_after_it() {
    let house = House::open().await;
    let mut ann = Visitor::arrive(house.address).await;
    let connect = ConnectRequest { token: house.token("ann"), ..ConnectRequest::default() };
    let subscribe =
        SubscribeRequest { channel: "room:a".to_owned(), ..SubscribeRequest::default() };
    ann.send(&[Command::new(1, connect), Command::new(2, subscribe)]).await;
    assert!(matches!(ann.reply().await.outcome(), Some(Ok(Outcome::Connect(_)))));
    assert!(matches!(ann.reply().await.outcome(), Some(Ok(Outcome::Subscribe(_)))));
}

#[tokio::test]
async fn a_client_that_was_away_gets_exactly_what_it_missed() {
    let house = House::open().await;
    let (mut ann, mut bob) = (house.visitor("ann").await, house.visitor("bob").await);
    ann.subscribe("room:a").await.unwrap();
    let here = bob
        .subscribe_with(SubscribeRequest { recoverable: true, ..recovering("room:a", 0, "") })
        .await;
    let here = here.unwrap();
    drop(bob);
    for json in ["1", "2", "3"] {
        ann.publish("room:a", json).await.unwrap();
    }
    let mut bob = house.visitor("bob").await;
    let back =
        bob.subscribe_with(recovering("room:a", here.offset + 1, &here.epoch)).await.unwrap();
    assert!(back.was_recovering && back.recovered);
    let missed: Vec<_> = back.publications.iter().map(|publication| publication.offset).collect();
    assert_eq!((back.offset, missed), (here.offset + 1, vec![2, 3]));
    ann.publish("room:a", "4").await.unwrap();
    assert_eq!(bob.hears().await, "4");
}

#[tokio::test]
async fn a_gap_is_told_and_can_be_refused() {
    let house = House::open().await;
    let mut ann = house.visitor("ann").await;
    ann.subscribe("room:a").await.unwrap();
    for _ in 0..12 {
        ann.publish("room:a", "0").await.unwrap();
    }
    let mut bob = house.visitor("bob").await;
    let strict = SubscribeRequest {
        flag: SubscribeRequest::REJECT_UNRECOVERED,
        ..recovering("room:a", 1, "")
    };
    assert_eq!(bob.subscribe_with(strict).await.unwrap_err().code, 112);
    let back = bob.subscribe_with(recovering("room:a", 1, "")).await.unwrap();
    assert!(back.was_recovering && !back.recovered && back.publications.is_empty());
    assert_eq!(back.offset, 12);
}

#[tokio::test]
async fn joins_and_leaves_are_told_to_those_who_ask() {
    let house = House::open().await;
    let mut ann = house.visitor("ann").await;
    let asking =
        SubscribeRequest { channel: "room:a".to_owned(), join_leave: true, ..<_>::default() };
    ann.subscribe_with(asking).await.unwrap();
    let own = ann.push().await.join.unwrap().info.unwrap();
    assert_eq!(own.user, "ann");
    let mut bob = house.visitor("bob").await;
    bob.subscribe("room:a").await.unwrap();
    assert_eq!(ann.push().await.join.unwrap().info.unwrap().user, "bob");
    let Outcome::Presence(present) =
        ann.ask(PresenceRequest { channel: "room:a".to_owned() }).await.unwrap()
    else {
        panic!("no presence")
    };
    assert_eq!(present.presence.len(), 2);
    bob.ask(UnsubscribeRequest { channel: "room:a".to_owned() }).await.unwrap();
    assert_eq!(ann.push().await.leave.unwrap().info.unwrap().user, "bob");
    drop(bob);
}

#[tokio::test]
async fn history_is_read_in_pages_and_another_life_of_the_stream_is_an_error() {
    let house = House::open().await;
    let mut ann = house.visitor("ann").await;
    ann.subscribe("room:a").await.unwrap();
    for _ in 0..3 {
        ann.publish("room:a", "0").await.unwrap();
    }
    let request = |limit, since| HistoryRequest {
        channel: "room:a".to_owned(),
        limit,
        since,
        reverse: false,
    };
    let Outcome::History(page) = ann.ask(request(2, None)).await.unwrap() else {
        panic!("no history")
    };
    assert_eq!((page.publications.len(), page.offset), (2, 3));
    let Outcome::History(top) = ann.ask(request(0, None)).await.unwrap() else {
        panic!("no history")
    };
    assert_eq!((top.publications.len(), top.offset), (0, 3));
    let since = belfry::protocol::request::StreamPosition { offset: 1, epoch: "other".to_owned() };
    assert_eq!(ann.ask(request(-1, Some(since))).await.unwrap_err().code, 112);
}
