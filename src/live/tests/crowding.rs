//! A crowd: the cap, the tick and the choice; control always, and in order.

use std::{sync::Arc, time::Duration};

use serde_json::{Value, json};
use tokio::time::{Instant, advance};

use super::house::{House, host, user};
use crate::{
    config,
    ids::UserId,
    live::crowd::{Crowd, Offer, Ruling},
};

const TICK: Duration = Duration::from_millis(100);

fn crowd(shown_per_second: u32, reservoir_max: usize) -> Crowd {
    let config =
        config::live::Live { shown_per_second, reservoir_max, ..config::live::Live::default() };
    Crowd::new(&config, fastrand::Rng::with_seed(7))
}

fn author(number: u32) -> UserId {
    UserId::new(number.to_string())
}

#[tokio::test(start_paused = true)]
async fn below_the_cap_nobody_waits() {
    let mut crowd = crowd(40, 1_024);
    for number in 0..400 {
        let offer = crowd.offer(&author(number), Instant::now());
        assert!(matches!(offer, Offer::Ruled(Ruling::Show)), "{number}: {offer:?}");
        assert!(!crowd.is_gathering());
        advance(Duration::from_millis(25)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn above_it_the_cap_is_shown_and_everybody_is_answered_at_the_ticks_end() {
    let mut crowd = crowd(40, 1_024);
    let (mut shown, mut sampled, mut began) = (0, 0, 0);
    // Four hundred a second, for ten seconds.
    for tick in 0..100 {
        let mut waiting = Vec::new();
        for number in 0..40 {
            match crowd.offer(&author(number), Instant::now()) {
                Offer::Ruled(ruling) => {
                    assert_eq!((ruling, tick), (Ruling::Show, 0));
                    shown += 1;
                }
                Offer::Waits(ruled) => waiting.push(ruled),
                Offer::Begins(ruled) => {
                    began += 1;
                    waiting.push(ruled);
                }
            }
        }
        advance(TICK).await;
        assert!(crowd.tick(Instant::now()));
        for mut ruled in waiting {
            match ruled.try_recv().expect("the tick's end answers everybody") {
                Ruling::Show => shown += 1,
                Ruling::Sample => sampled += 1,
            }
        }
    }
    assert_eq!((shown + sampled, began), (4_000, 1));
    assert!((400..=410).contains(&shown), "{shown}: ten seconds of forty, and the first burst");
    advance(TICK).await;
    assert!(!crowd.tick(Instant::now()), "a quiet room needs no task");
    assert!(matches!(crowd.offer(&author(1), Instant::now()), Offer::Ruled(Ruling::Show)));
}

#[tokio::test(start_paused = true)]
async fn the_reservoir_is_bounded_and_chance_decides_who_stays() {
    let mut crowd = crowd(4, 10);
    while matches!(crowd.offer(&author(0), Instant::now()), Offer::Ruled(_)) {}
    let (mut at_once, mut waiting) = (0, Vec::new());
    for number in 0..1_000 {
        match crowd.offer(&author(number), Instant::now()) {
            Offer::Ruled(Ruling::Sample) => at_once += 1,
            Offer::Waits(ruled) => waiting.push((number, ruled)),
            other => panic!("{other:?}"),
        }
    }
    assert!(at_once > 900, "{at_once}");
    let left: Vec<_> =
        waiting.into_iter().filter_map(|(n, mut it)| it.try_recv().is_err().then_some(n)).collect();
    assert!(left.len() <= 10 && left.iter().any(|number| *number > 100), "{left:?}");
}

#[tokio::test]
async fn of_ten_times_the_cap_some_are_shown_all_are_kept_and_control_loses_nothing() {
    let house = Arc::new(
        House::with(|config| {
            config.shown_per_second = 20;
            config.tick = config::value::Span::milliseconds(20);
        })
        .await,
    );
    let mut comments = Vec::new();
    for number in 0..200 {
        let house = Arc::clone(&house);
        comments.push(tokio::spawn(async move {
            let text = format!("第{number}位同学好");
            house.say(&user(&format!("u{number}")), &text).await.unwrap()
        }));
        if number % 20 == 0 {
            tokio::task::yield_now().await;
        }
    }
    for number in 0..10 {
        house.set(json!({"slow_s": number % 2})).await;
        house.said(&host(), &format!("主持第{number}句")).await;
    }
    let mut answers = Vec::new();
    for comment in comments {
        answers.push(comment.await.unwrap());
    }
    let of = |status: &str| answers.iter().filter(|it| it["status"] == status).count();
    assert_eq!(of("visible") + of("sampled"), 200);
    assert!(of("sampled") >= 100, "{} were sampled", of("sampled"));
    let events = house.kept("live:r1").await;
    let visible = |answer: &&Value| answer["status"] == "visible";
    for answer in answers.iter().filter(visible) {
        let shown = events.iter().filter(|event| event["id"] == answer["id"]).count();
        assert_eq!(shown, 1, "an answer tells the truth");
    }
    let slow: Vec<_> = events.iter().filter_map(|it| it["settings"]["slow_s"].as_i64()).collect();
    assert_eq!(slow, [1, 0, 1, 0, 1, 0, 1, 0, 1], "and the first changed nothing");
    let from_host = events.iter().filter(|event| event["role"] == "host").count();
    assert_eq!(from_host, 10, "staff are never sampled");
    house.live.beside().settled().await;
    let rows = house.sql("SELECT COUNT(*) FROM live_comment").await;
    assert_eq!(rows[0].int(0), 210, "every comment is kept");
    let desk = house.types("live_desk:r1").await;
    assert!(!desk.is_empty());
}

#[tokio::test]
async fn viewers_hear_numbers_now_and_again_and_likes_are_kept() {
    let mut house =
        House::with(|config| config.stats_every = config::value::Span::milliseconds(500)).await;
    let like = |count: u32| json!({"room": "r1", "count": count});
    assert!(house.refused(&user("ann"), "like", like(21)).await.starts_with("bad request"));
    house.ask(&user("ann"), "like", like(20)).await;
    house.ask(&user("ben"), "like", json!({"room": "r1"})).await;
    let watcher = house.watch("live:r1");
    {
        let _tended = house.tended();
        let stats = watcher.hears("live.stats").await;
        insta::assert_snapshot!(stats, @r#"{"type":"live.stats","viewers":1,"likes":21,"total_likes":21}"#);
    }
    assert_eq!(house.types("live:r1").await, ["live.state"], "no place in the stream");
    house = house.restarted().await;
    let room = house.ask(&user("ann"), "room.get", json!({"room": "r1"})).await;
    assert_eq!(room["total_likes"], 21);
    house.ask(&host(), "end", json!({"room": "r1"})).await;
    assert_eq!(house.refused(&user("ann"), "like", like(1)).await, "closed");
}
