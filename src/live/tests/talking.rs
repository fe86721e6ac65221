//! Saying something: what is answered, what everybody sees, and what is kept.

use serde_json::{Value, json};

use super::house::{House, host, operator, shown, user};
use crate::moderation::UNJUDGEABLE;

#[tokio::test]
async fn a_comment_shows_a_face_and_nothing_that_names_its_author() {
    let house = House::new().await;
    house.clock.advance_ms(61_500);
    let input = json!({"room": "r1", "client_id": "k1", "text": "老师好"});
    let answer = house.ask(&user("ann"), "comment", input).await;
    insta::assert_snapshot!(shown(&answer), @r#"{"status":"visible","id":"id1","offset":2}"#);
    let event = house.last("live:r1").await;
    insta::assert_snapshot!(shown(&event), @r#"{"type":"live.comment","id":"id1","at_ms":61500,"posted_at":T061500,"nickname":"考生ann","avatar":"/a.png","region":"浙江","text":"老师好"}"#);
    let event = house.last("live_desk:r1").await;
    insta::assert_snapshot!(shown(&event), @r#"{"type":"live_desk.comment","comment":{"id":"id1","at_ms":61500,"posted_at":T061500,"nickname":"考生ann","avatar":"/a.png","region":"浙江","text":"老师好"},"state":"visible"}"#);
    let archived = house.archived("live/r1/ann").await;
    assert_eq!(archived.len(), 1);
    insta::assert_snapshot!(shown(&archived[0].1), @r#"{"id":"id1","at_ms":61500,"posted_at":T061500,"nickname":"考生ann","avatar":"/a.png","region":"浙江","text":"老师好","client_id":"k1","lane":"ordinary","outcome":"visible"}"#);
    assert!(house.counts("belfry_live_comments_total{state=\"visible\"} 1"));
    let rows = house.sql("SELECT * FROM live_comment").await;
    assert_eq!(rows.len(), 1);
    assert!(!format!("{rows:?}").contains("老师好"), "what is said lies in the archive alone");
}

#[tokio::test]
async fn faces_are_the_platforms_words_and_nobody_calls_themselves_a_phone_number() {
    let house = House::new().await;
    let named = |name: &str, badge: &str| {
        let mut caller = user(&format!("u{}", fastrand::u32(..)));
        (caller.name, caller.badge) = (Some(name.to_owned()), Some(badge.to_owned()));
        caller.avatar = Some("javascript:alert(1)".to_owned());
        caller.address = None;
        caller
    };
    for (caller, nickname, badge) in [
        (named("小王", "2026国考"), "小王", json!("2026国考")),
        (named("加我13812345678", "x".repeat(17).as_str()), "考生", Value::Null),
    ] {
        house.said(&caller, &format!("你好{nickname}")).await;
        let event = house.last("live:r1").await;
        assert_eq!((&event["nickname"], &event["badge"]), (&json!(nickname), &badge));
        assert_eq!((&event["region"], event.get("avatar")), (&json!("未知"), None));
    }
    house.said(&host(), "同学们好").await;
    let event = house.last("live:r1").await;
    assert_eq!((&event["nickname"], &event["role"]), (&json!("tutor1老师"), &json!("host")));
}

#[tokio::test]
async fn the_same_key_answers_the_first_result_also_after_a_restart() {
    let mut house = House::new().await;
    let input = |text: &str| json!({"room": "r1", "client_id": "k1", "text": text});
    let first = house.ask(&user("ann"), "comment", input("几点开始")).await;
    assert_eq!(house.ask(&user("ann"), "comment", input("几点开始")).await, first);
    assert_eq!(house.refused(&user("ann"), "comment", input("别的")).await, "conflict");
    house.ask(&user("ben"), "comment", input("别的")).await;
    house = house.restarted().await;
    let again = house.ask(&user("ann"), "comment", input("几点开始")).await;
    assert_eq!((&again["status"], &again["id"]), (&first["status"], &first["id"]));
    assert_eq!(house.refused(&user("ann"), "comment", input("别的")).await, "conflict");
    assert_eq!(house.archived("live/r1/ann").await.len(), 1);
    house.ask(&host(), "end", json!({"room": "r1"})).await;
    let again = house.ask(&user("ann"), "comment", input("几点开始")).await;
    assert_eq!(again["id"], first["id"], "a retry is no new word, and the room's end is no matter");
}

#[tokio::test]
async fn many_who_send_the_same_key_at_once_are_one_comment() {
    let house = House::new().await;
    let input = json!({"room": "r1", "client_id": "k1", "text": "老师好"});
    let ann = user("ann");
    let call = || house.ask(&ann, "comment", input.clone());
    let answers = tokio::join!(call(), call(), call(), call());
    assert_eq!([&answers.1, &answers.2, &answers.3], [&answers.0; 3]);
    assert_eq!(house.archived("live/r1/ann").await.len(), 1);
}

#[tokio::test]
async fn what_is_said_twice_too_fast_too_long_or_in_a_closed_room_is_refused_with_the_reason() {
    let house = House::new().await;
    let refused =
        async |who: &str, text: &str| house.say(&user(who), text).await.unwrap_err().to_string();
    house.said(&user("ann"), "111").await;
    assert_eq!(refused("ann", " 111").await, "duplicate");
    house.clock.advance_ms(30_000);
    house.said(&user("ann"), "111").await;
    assert_eq!(refused("ann", &"长".repeat(201)).await, r#"too_long {"max":200}"#);
    for nothing in ["", " \u{3000}", "a\u{7}b"] {
        assert!(refused("ann", nothing).await.starts_with("bad request"));
    }
    house.set(json!({"slow_s": 10})).await;
    house.clock.advance_ms(4_000);
    assert_eq!(refused("ann", "222").await, r#"slow {"retry_ms":6000}"#);
    house.said(&user("ben"), "别人不用等").await;
    for number in 0..3 {
        house.said(&host(), &format!("主持不用等{number}")).await;
    }
    house.clock.advance_ms(6_000);
    house.said(&user("ann"), "222").await;
    house.ask(&host(), "pause", json!({"room": "r1"})).await;
    house.said(&host(), "暂停时可以说话").await;
    house.ask(&host(), "end", json!({"room": "r1"})).await;
    assert_eq!(refused("ben", "还有人吗").await, "closed");
    let input = json!({"room": "nowhere", "client_id": "k", "text": "x"});
    assert_eq!(house.refused(&user("ann"), "comment", input).await, "not_in_scope");
}

#[tokio::test]
async fn a_rejection_says_what_it_hit_and_shows_the_text_to_nobody() {
    let house = House::new().await;
    let text = "加我微信 13812345678";
    let input = json!({"room": "r1", "client_id": "k1", "text": text});
    let refused = house.refused(&user("ann"), "comment", input.clone()).await;
    assert_eq!(refused, r#"rejected {"category":"privacy"}"#);
    assert_eq!(house.refused(&user("ann"), "comment", input).await, refused);
    assert_eq!(house.types("live:r1").await, ["live.state"]);
    let desk = house.last("live_desk:r1").await;
    assert_eq!((&desk["state"], &desk["category"]), (&json!("rejected"), &json!("privacy")));
    assert!(!desk.to_string().contains("13812345678"), "an institution's people sit there too");
    let (_, archived) = house.archived("live/r1/ann").await.remove(0);
    assert_eq!((&archived["text"], &archived["outcome"]), (&json!(text), &json!("rejected")));
    assert_eq!(archived["verdict"]["category"], "privacy");
    house.said(&user("ann"), "老师好").await;
    assert!(house.counts("belfry_live_comments_total{state=\"rejected\"} 1"));
}

#[tokio::test]
async fn a_secret_in_pieces_is_found_also_when_its_first_half_is_read_back_from_the_archive() {
    let mut house = House::new().await;
    house.said(&user("ann"), "我电话壹③八1234").await;
    house = house.restarted().await;
    let refused = house.say(&user("ann"), "５六7⑧").await.unwrap_err().to_string();
    assert_eq!(refused, r#"rejected {"category":"privacy"}"#);
    house.said(&user("ben"), "５六7⑧").await;
    house.clock.advance_ms(121_000);
    house.said(&user("ann"), "５六7⑧").await;
}

#[tokio::test]
async fn of_a_secret_in_pieces_those_that_were_shown_are_taken_back() {
    let house = House::new().await;
    let viewer = house.watch("live:r1");
    house.said(&user("ann"), "老师好").await;
    let piece = house.said(&user("ann"), "我电话壹③八1234").await;
    let other = house.said(&user("ben"), "我电话壹③八1234").await;
    house.ask(&host(), "pin", json!({"room": "r1", "comment": piece})).await;
    let refused = house.say(&user("ann"), "５六7⑧").await.unwrap_err().to_string();
    assert_eq!(refused, r#"rejected {"category":"privacy"}"#);
    assert_eq!(viewer.hears("live.removed").await["ids"], json!([piece]));
    let kept = house.kept("live:r1").await;
    let shows = |id: &str| kept.iter().any(|event| event["id"] == id);
    assert_eq!((shows(&piece), shows(&other)), (false, true));
    let room = house.ask(&user("ben"), "room.get", json!({"room": "r1"})).await;
    assert_eq!(room.get("pinned"), None);
    let rows = house.sql("SELECT id, decided_by FROM live_comment WHERE state = 'removed'").await;
    assert_eq!((rows.len(), rows[0].text(0), rows[0].text(1)), (1, piece.as_str(), ""));
    let acts = house.archived("live/r1").await;
    let kinds: Vec<_> = acts.iter().map(|(kind, _)| kind.as_str()).collect();
    assert_eq!(kinds, ["room", "state", "pin", "remove", "unpin"]);
}

#[tokio::test]
async fn who_tries_out_what_passes_has_to_wait_in_every_room_whatever_they_say() {
    let house = House::new().await;
    let room = json!({"id": "p1", "title": "平台直播"});
    house.ask(&operator(), "room.put", room).await;
    house.ask(&operator(), "start", json!({"room": "p1"})).await;
    for number in 0..6 {
        let refused = house.say(&user("ann"), &format!("加微信 1381234567{number}")).await;
        assert_eq!(refused.unwrap_err().to_string(), r#"rejected {"category":"privacy"}"#);
    }
    let waits = r#"rate_limited {"retry_ms":30000}"#;
    for text in ["加微信 13812345679", "老师好"] {
        assert_eq!(house.say(&user("ann"), text).await.unwrap_err().to_string(), waits);
    }
    let elsewhere = json!({"room": "p1", "client_id": "k", "text": "老师好"});
    assert_eq!(house.refused(&user("ann"), "comment", elsewhere).await, waits);
    house.said(&user("ben"), "老师好").await;
    house.clock.advance_ms(30_000);
    house.said(&user("ann"), "老师好").await;
}

#[tokio::test]
async fn banned_speech_raises_an_alert_for_its_author_in_the_room() {
    let house = House::new().await;
    for text in ["法轮功真善忍好", "退党保平安法轮大法好"] {
        let refused = house.say(&user("ann"), text).await.unwrap_err().to_string();
        assert_eq!(refused, r#"rejected {"category":"sensitive"}"#);
    }
    let rows = house.sql("SELECT kind, topic, institution, author, hits FROM alert").await;
    assert_eq!(rows.len(), 1);
    let row = &rows[0];
    assert_eq!((row.text(0), row.text(1), row.text(2)), ("live", "live/r1/ann", "inst1"));
    assert_eq!((row.text(3), row.int(4)), ("ann", 2));
    assert!(house.counts("belfry_alerts_raised_total{kind=\"live\"} 1"));
}

#[tokio::test]
async fn what_cannot_be_judged_waits_for_a_moderator() {
    let house = House::new().await;
    let answer = house.say(&user("ann"), UNJUDGEABLE).await.unwrap();
    assert_eq!(answer["status"], "held");
    assert_eq!(house.last("live_desk:r1").await["cause"], "unjudged");
    assert_eq!(house.types("live:r1").await, ["live.state"]);
}

#[tokio::test]
async fn a_viewers_own_position_counts_as_far_as_it_can_be_true() {
    let house = House::new().await;
    house.clock.advance_ms(100_000);
    let positions = [
        (None, 100_000),
        (Some(85_000), 85_000),
        (Some(5), 40_000),
        (Some(i64::MAX), 100_000),
        (Some(i64::MIN), 40_000),
    ];
    for (number, (at_ms, expected)) in positions.into_iter().enumerate() {
        let (client_id, text) = (format!("k{number}"), format!("第{number}条"));
        let input = json!({"room": "r1", "client_id": client_id, "text": text, "at_ms": at_ms});
        house.ask(&user("ann"), "comment", input).await;
        assert_eq!(house.last("live:r1").await["at_ms"], expected, "{at_ms:?}");
    }
    house.ask(&host(), "pause", json!({"room": "r1"})).await;
    house.clock.advance_ms(50_000);
    house.said(&user("ann"), "暂停中").await;
    assert_eq!(house.last("live:r1").await["at_ms"], 100_000);
    house.ask(&host(), "resume", json!({"room": "r1"})).await;
    house.clock.advance_ms(1_000);
    house.said(&user("ann"), "继续").await;
    assert_eq!(house.last("live:r1").await["at_ms"], 101_000);
}
