//! The delay of a room: viewers see comments later than staff, in order, and never what was removed.

use std::time::Duration;

use bytes::Bytes;
use serde_json::json;
use tokio::time::{Instant, advance};

use super::house::{House, host, user};
use crate::{
    ids::CommentId,
    live::delay::{Delayed, Handed, Parcel},
};

fn parcel(number: usize) -> Parcel {
    Parcel { id: CommentId::new(number.to_string()), posted_at: 1, voice: None, data: Bytes::new() }
}

#[tokio::test(start_paused = true)]
async fn comments_leave_in_the_order_in_which_they_came_also_when_the_delay_gets_shorter() {
    let mut delayed = Delayed::default();
    let now = Instant::now();
    assert_eq!(delayed.hand(parcel(0), now, now), Handed::Now(parcel(0)));
    let late = now + Duration::from_secs(6);
    assert_eq!(delayed.hand(parcel(1), late, now), Handed::Begins);
    assert_eq!(delayed.hand(parcel(2), now, now), Handed::Waits, "behind the one that waits");
    assert_eq!(delayed.next(), Some(late));
    assert_eq!(delayed.take(now), None);
    advance(Duration::from_secs(6)).await;
    let now = Instant::now();
    assert_eq!((delayed.take(now), delayed.take(now)), (Some(parcel(1)), Some(parcel(2))));
    assert_eq!(delayed.hand(parcel(3), now, now), Handed::Waits, "one may be on its way");
    assert_eq!((delayed.take(now), delayed.next()), (Some(parcel(3)), None));
    assert_eq!(delayed.hand(parcel(4), now, now), Handed::Now(parcel(4)));
}

#[tokio::test(start_paused = true)]
async fn when_too_many_wait_the_oldest_leaves_early() {
    let mut delayed = Delayed::default();
    let (now, late) = (Instant::now(), Instant::now() + Duration::from_secs(6));
    assert_eq!(delayed.hand(parcel(0), late, now), Handed::Begins);
    for number in 1..512 {
        assert_eq!(delayed.hand(parcel(number), late, now), Handed::Waits);
    }
    assert_eq!(delayed.hand(parcel(512), late, now), Handed::Hastens(parcel(0)));
    delayed.withdraw(&[CommentId::from("1")]);
    assert!(delayed.is_gone(&"1".into()) && !delayed.is_gone(&"2".into()));
    assert_eq!(delayed.take(late), Some(parcel(2)));
}

#[tokio::test]
async fn viewers_see_a_comment_after_the_delay_staff_at_once_and_nobody_what_was_removed() {
    let house = House::new().await;
    house.set(json!({"delay_s": 6})).await;
    let watcher = house.watch("live:r1");
    let answer = house.say(&user("ann"), "老师好").await.unwrap();
    assert_eq!((&answer["status"], answer.get("offset")), (&json!("visible"), None));
    let id = house.said(&user("ben"), "卖资料了").await;
    house.said(&user("ben"), "谢谢").await;
    let desk = house.kept("live_desk:r1").await;
    let texts: Vec<_> = desk.iter().filter_map(|it| it["comment"]["text"].as_str()).collect();
    assert_eq!(texts, ["老师好", "卖资料了", "谢谢"], "the desk sees them at once");
    house.ask(&host(), "remove", json!({"room": "r1", "comment": id})).await;
    house.set(json!({"delay_s": 0})).await;
    house.said(&user("ann"), "最后").await;
    assert!(watcher.events().iter().all(|event| event["type"] != "live.comment"));
    // The store has nothing to do any more: time may jump.
    tokio::time::pause();
    advance(Duration::from_millis(6_001)).await;
    watcher.hears("live.comment").await;
    let events = watcher.events();
    let texts: Vec<_> = events.iter().filter_map(|event| event["text"].as_str()).collect();
    assert_eq!(texts, ["老师好", "谢谢", "最后"]);
    assert!(!format!("{:?}", house.kept("live:r1").await).contains("卖资料了"));
}

#[tokio::test]
async fn a_house_that_closes_waits_for_no_delay() {
    let house = House::new().await;
    house.set(json!({"delay_s": 6})).await;
    house.said(&user("ann"), "老师好").await;
    let begun_at = Instant::now();
    house.live.close().await;
    assert!(begun_at.elapsed() < Duration::from_secs(5));
    let rows = house.sql("SELECT state FROM live_comment").await;
    assert_eq!(rows[0].text(0), "visible");
}

#[tokio::test]
async fn what_waits_is_cleared_too() {
    let house = House::new().await;
    house.set(json!({"delay_s": 6})).await;
    house.said(&user("ann"), "老师好").await;
    house.ask(&host(), "clear", json!({"room": "r1"})).await;
    tokio::time::pause();
    advance(Duration::from_secs(7)).await;
    tokio::task::yield_now().await;
    assert_eq!(house.types("live:r1").await, ["live.cleared"]);
}
