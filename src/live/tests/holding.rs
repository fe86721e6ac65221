//! Held comments: who looks at them, and what becomes of them.

use serde_json::{Value, json};

use super::house::{House, NOW_MS, admin, host, moderator, shown, user};
use crate::moderation::UNJUDGEABLE;

fn named(comment: &str) -> Value {
    json!({"room": "r1", "comment": comment})
}

fn decision(comment: &str, decision: &str) -> Value {
    json!({"room": "r1", "comment": comment, "decision": decision})
}

#[tokio::test]
async fn before_it_is_shown_each_comment_waits_and_the_staffs_do_not() {
    let house = House::new().await;
    house.set(json!({"premoderated": true})).await;
    house.clock.advance_ms(5_000);
    let answer = house.say(&user("ann"), "老师好").await.unwrap();
    insta::assert_snapshot!(shown(&answer), @r#"{"status":"held","id":"id1"}"#);
    house.said(&host(), "同学们好").await;
    assert_eq!(house.last("live:r1").await["text"], "同学们好");
    let listed = house.ask(&host(), "hold.list", json!({"room": "r1"})).await;
    insta::assert_snapshot!(shown(&listed), @r#"{"held":[{"room":"r1","comment":{"id":"id1","at_ms":5000,"posted_at":T005000,"nickname":"考生ann","avatar":"/a.png","region":"浙江","text":"老师好"},"cause":"premoderated"}]}"#);
    let listed = house.ask(&moderator(), "hold.list", json!({})).await;
    assert_eq!(listed["held"][0]["user"], "ann", "the platform may know");
    let id = answer["id"].as_str().unwrap();
    house.clock.advance_ms(60_000);
    let decided = house.ask(&host(), "hold.decide", decision(id, "approve")).await;
    assert_eq!(decided["state"], "visible");
    let event = house.last("live:r1").await;
    assert_eq!((&event["text"], &event["at_ms"]), (&json!("老师好"), &json!(5_000)));
    assert_eq!(event["posted_at"], NOW_MS + 5_000);
    let again = house.ask(&host(), "hold.decide", decision(id, "approve")).await;
    assert_eq!(again, decided, "and it is shown once");
    assert_eq!(house.types("live:r1").await.iter().filter(|it| *it == "live.comment").count(), 2);
    let told = house.last("user:#ann").await;
    insta::assert_snapshot!(shown(&told), @r#"{"type":"live.decided","room":"r1","comment":"id1","state":"visible"}"#);
    let refused = house.refused(&host(), "hold.decide", decision(id, "reject")).await;
    assert_eq!(refused, r#"stale {"state":"visible"}"#);
    assert!(house.ask(&host(), "hold.list", json!({"room": "r1"})).await["held"][0].is_null());
}

#[tokio::test]
async fn what_is_rejected_is_shown_to_nobody_and_its_author_is_told() {
    let house = House::new().await;
    house.set(json!({"premoderated": true})).await;
    let id = house.said(&user("ann"), "老师好").await;
    house.ask(&admin(), "hold.decide", decision(&id, "reject")).await;
    assert!(!house.types("live:r1").await.contains(&"live.comment".to_owned()));
    assert_eq!(house.last("user:#ann").await["state"], "rejected");
    let (kind, content) = house.archived("live/r1").await.pop().unwrap();
    assert_eq!((kind.as_str(), &content["decision"]), ("decide", &json!("reject")));
}

#[tokio::test]
async fn who_takes_a_comment_keeps_others_off_for_a_while() {
    let house = House::new().await;
    house.set(json!({"premoderated": true})).await;
    let id = house.said(&user("ann"), "老师好").await;
    let claimed = house.ask(&moderator(), "hold.claim", named(&id)).await;
    assert_eq!(claimed["until"], NOW_MS + 120_000);
    let event = house.last("live_desk:r1").await;
    insta::assert_snapshot!(shown(&event), @r#"{"type":"live_desk.claimed","id":"id1","until":T120000}"#);
    let stale = r#"stale {"state":"claimed","until":1800000120000}"#;
    for (name, input) in [("hold.claim", named(&id)), ("hold.decide", decision(&id, "approve"))] {
        assert_eq!(house.refused(&host(), name, input).await, stale, "no name of a colleague");
    }
    house.ask(&moderator(), "hold.claim", named(&id)).await;
    house.clock.advance_ms(120_000);
    house.ask(&host(), "hold.claim", named(&id)).await;
    house.ask(&host(), "hold.decide", decision(&id, "approve")).await;
}

#[tokio::test]
async fn a_hold_that_waited_too_long_is_gone() {
    let house = House::new().await;
    house.set(json!({"premoderated": true})).await;
    let id = house.said(&user("ann"), "老师好").await;
    house.clock.advance_ms(600_000);
    for (name, input) in [("hold.claim", named(&id)), ("hold.decide", decision(&id, "approve"))] {
        assert_eq!(house.refused(&host(), name, input).await, "gone");
    }
    let listed = house.ask(&host(), "hold.list", json!({"room": "r1"})).await;
    assert_eq!(listed["held"], json!([]));
}

#[tokio::test]
async fn pages_of_held_comments_go_on_where_the_last_one_ended() {
    let house = House::new().await;
    house.set(json!({"premoderated": true})).await;
    for number in 0..7 {
        house.said(&user("ann"), &format!("第{number}条")).await;
        house.clock.advance_ms(if number % 2 == 0 { 0 } else { 10 });
    }
    let (mut texts, mut cursor) = (Vec::new(), Value::Null);
    loop {
        let input = json!({"room": "r1", "limit": 3, "cursor": cursor});
        let page = house.ask(&host(), "hold.list", input).await;
        let held = page["held"].as_array().unwrap();
        texts.extend(held.iter().map(|it| it["comment"]["text"].as_str().unwrap().to_owned()));
        let Some(next) = page.get("next") else { break };
        cursor = next.clone();
    }
    // Those of one millisecond have no order.
    texts.chunks_mut(2).for_each(<[String]>::sort);
    assert_eq!(texts, (0..7).map(|number| format!("第{number}条")).collect::<Vec<_>>());
    let wrong = json!({"room": "r1", "cursor": "钟"});
    assert!(house.refused(&host(), "hold.list", wrong).await.starts_with("bad request"));
}

#[tokio::test]
async fn the_rooms_words_are_held_or_rejected_in_disguise_too() {
    let house = House::new().await;
    house.set(json!({"words": ["华图"]})).await;
    for text in ["華 圖怎么样", "hua tu好吗"] {
        assert_eq!(house.say(&user("ann"), text).await.unwrap()["status"], "held", "{text}");
        assert_eq!(house.last("live_desk:r1").await["cause"], "word");
    }
    house.said(&host(), "华图的同学也可以来").await;
    house.set(json!({"on_word": "reject"})).await;
    let refused = house.say(&user("ann"), "华*图").await.unwrap_err().to_string();
    assert_eq!(refused, r#"rejected {"category":"room"}"#);
    house.set(json!({"words": []})).await;
    house.said(&user("ann"), "华图怎么样").await;
}

#[tokio::test]
async fn what_could_not_be_judged_is_read_and_shown_by_the_platforms_staff_alone() {
    let house = House::new().await;
    let id = house.said(&user("ann"), UNJUDGEABLE).await;
    let room = json!({"room": "r1"});
    let mut told = format!("{:?}", house.kept("live_desk:r1").await);
    told += &house.ask(&host(), "hold.list", room.clone()).await.to_string();
    assert!(told.contains(&id) && !told.contains(UNJUDGEABLE), "{told}");
    let refused = house.refused(&host(), "hold.decide", decision(&id, "approve")).await;
    assert!(refused.starts_with("unavailable"), "{refused}");
    let listed = house.ask(&moderator(), "hold.list", room).await;
    assert_eq!(listed["held"][0]["comment"]["text"], UNJUDGEABLE);
    house.ask(&moderator(), "hold.decide", decision(&id, "approve")).await;
    assert_eq!(house.last("live:r1").await["text"], UNJUDGEABLE);
    let id = house.said(&user("ben"), UNJUDGEABLE).await;
    house.ask(&host(), "hold.decide", decision(&id, "reject")).await;
}

#[tokio::test]
async fn what_the_rules_hide_an_institution_lets_through_neither_whole_nor_in_pieces() {
    let house = House::hiding().await;
    house.said(&user("ann"), "我电话壹③八1234").await;
    for (who, text) in [("ben", "加我微信 13812345678"), ("ann", "５六7⑧")] {
        let answer = house.say(&user(who), text).await.unwrap();
        assert_eq!((&answer["status"], who), (&json!("held"), who));
        let id = answer["id"].as_str().unwrap();
        let refused = house.refused(&host(), "hold.decide", decision(id, "approve")).await;
        assert_eq!(refused, r#"rejected {"category":"privacy"}"#, "{text}");
        house.ask(&moderator(), "hold.decide", decision(id, "approve")).await;
        assert_eq!(house.last("live:r1").await["text"], text);
    }
}
