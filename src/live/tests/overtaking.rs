//! What staff do while a comment is on its way: the room that it comes out into is the one that counts.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::advance;

use super::house::{House, NOW_MS, host, moderator, user};
use crate::config::value::Span;

/// A room that shows one comment a second; the first is shown, the next waits for its turn.
async fn crowded(durable: bool) -> House {
    let house = House::with(|config| {
        config.shown_per_second = 1;
        config.tick = Span::seconds(1);
        config.durable = durable;
    })
    .await;
    house.said(&user("ann"), "头一句").await;
    house
}

/// What becomes of a comment during which `act` is done by the host.
async fn meanwhile(house: &House, (act, input): (&str, Value)) -> Value {
    let (ann, host) = (user("ann"), host());
    let act = house.ask(&host, act, input);
    let (answer, _) = tokio::join!(house.say(&ann, "次一句"), act);
    assert!(!format!("{:?}", house.kept("live:r1").await).contains("次一句"));
    house.live.beside().settled().await;
    answer.unwrap()
}

async fn state_of(house: &House, answer: &Value) -> String {
    let id = answer["id"].as_str().unwrap();
    let rows = house.sql(&format!("SELECT state FROM live_comment WHERE id = '{id}'")).await;
    rows[0].text(0).to_owned()
}

fn set(settings: &Value) -> (&'static str, Value) {
    ("settings", json!({"room": "r1", "set": settings}))
}

#[tokio::test]
async fn what_waits_for_its_turn_when_all_are_muted_is_not_shown_any_more() {
    for durable in [false, true] {
        let house = crowded(durable).await;
        let answer = meanwhile(&house, set(&json!({"speak": "staff"}))).await;
        assert_eq!((&answer["status"], durable), (&json!("sampled"), durable));
        assert_eq!(state_of(&house, &answer).await, "sampled");
    }
}

#[tokio::test]
async fn what_waits_for_its_turn_when_comments_are_to_be_looked_at_first_is_held() {
    for durable in [false, true] {
        let house = crowded(durable).await;
        let answer = meanwhile(&house, set(&json!({"premoderated": true}))).await;
        assert_eq!((&answer["status"], durable), (&json!("held"), durable));
        let held = house.ask(&host(), "hold.list", json!({"room": "r1"})).await;
        assert_eq!(held["held"][0]["cause"], "premoderated");
    }
}

/// Lets the delay of the room pass, the store having nothing to do meanwhile.
async fn delay_passes() {
    tokio::time::pause();
    advance(Duration::from_millis(6_001)).await;
    tokio::time::resume();
}

#[tokio::test]
async fn what_waits_in_the_rooms_delay_when_its_author_or_everybody_is_muted_never_leaves() {
    let house = House::new().await;
    house.set(json!({"delay_s": 6})).await;
    let (viewer, desk) = (house.watch("live:r1"), house.watch("live_desk:r1"));
    let muted = house.say(&user("ann"), "刷屏").await.unwrap();
    house.said(&user("ben"), "老师好").await;
    let id = &muted["id"];
    house.ask(&host(), "mute", json!({"room": "r1", "comment": id, "term": "session"})).await;
    house.live.beside().settled().await;
    delay_passes().await;
    assert_eq!(viewer.hears("live.comment").await["text"], "老师好");
    let changed = desk.hears("live_desk.changed").await;
    assert_eq!(changed, json!({"type": "live_desk.changed", "ids": [id], "state": "sampled"}));
    assert_eq!(state_of(&house, &muted).await, "sampled", "nor is it listed");

    let all = house.say(&user("ben"), "还有问题").await.unwrap();
    house.said(&host(), "请听我说").await;
    house.set(json!({"speak": "staff"})).await;
    house.live.beside().settled().await;
    let viewer = house.watch("live:r1");
    delay_passes().await;
    assert_eq!(viewer.hears("live.comment").await["text"], "请听我说", "staff are not muted");
    let changed = json!({"type": "live_desk.changed", "ids": [all["id"]], "state": "sampled"});
    while !desk.events().contains(&changed) {
        tokio::task::yield_now().await;
    }
    assert!(!format!("{:?}", house.kept("live:r1").await).contains("还有问题"));
}

#[tokio::test]
async fn what_waits_for_its_turn_when_the_room_is_cleared_is_not_shown_any_more() {
    let house = crowded(false).await;
    let answer = meanwhile(&house, ("clear", json!({"room": "r1"}))).await;
    assert_eq!(answer["status"], "sampled");
    house.said(&host(), "重新开始").await;
    assert_eq!(house.last("live:r1").await["text"], "重新开始", "in the same millisecond");
}

#[tokio::test]
async fn held_comments_and_questions_of_before_a_clearing_are_gone() {
    let house = House::new().await;
    house.set(json!({"questions": true})).await;
    let question = json!({"room": "r1", "client_id": "q", "text": "几点开始", "question": true});
    let question = house.ask(&user("ann"), "comment", question).await["id"].clone();
    house.set(json!({"premoderated": true})).await;
    let held = house.said(&user("ann"), "老师好").await;
    house.clock.advance_ms(1_000);
    house.ask(&host(), "clear", json!({"room": "r1"})).await;
    let later = house.said(&user("ann"), "我刚来").await;
    for (who, input) in [(host(), json!({"room": "r1"})), (moderator(), json!({}))] {
        let listed = house.ask(&who, "hold.list", input).await;
        let listed = listed["held"].as_array().unwrap();
        assert_eq!((listed.len(), &listed[0]["comment"]["id"]), (1, &json!(later)));
    }
    let listed = house.ask(&host(), "question.list", json!({"room": "r1"})).await;
    assert_eq!(listed["questions"], json!([]));
    for (name, input) in [
        ("hold.claim", json!({"room": "r1", "comment": held})),
        ("hold.decide", json!({"room": "r1", "comment": held, "decision": "approve"})),
        ("question.select", json!({"room": "r1", "comment": question})),
        ("pin", json!({"room": "r1", "comment": question})),
    ] {
        assert_eq!(house.refused(&host(), name, input).await, "gone", "{name}");
    }
    assert_eq!(house.types("live:r1").await, ["live.cleared"]);
}

#[tokio::test]
async fn a_pin_falls_with_what_is_cleared_and_viewers_are_told() {
    let house = House::new().await;
    let id = house.said(&user("ann"), "老师好").await;
    let named = json!({"room": "r1", "comment": id});
    house.ask(&host(), "pin", named.clone()).await;
    house.ask(&host(), "clear", json!({"room": "r1"})).await;
    assert_eq!(house.types("live:r1").await, ["live.cleared", "live.pinned"]);
    assert_eq!(house.last("live:r1").await.get("comment"), None);
    assert_eq!(house.refused(&host(), "pin", named).await, "gone");
    let room = house.ask(&user("ann"), "room.get", json!({"room": "r1"})).await;
    assert_eq!((room.get("pinned"), &room["cleared_at"]), (None, &json!(NOW_MS)));
}
