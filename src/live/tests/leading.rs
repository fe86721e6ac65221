//! Leading a room: making it, its life, its settings, and what is put before everybody.

use std::sync::Arc;

use serde_json::{Value, json};

use super::house::{House, NOW_MS, admin, host, operator, shown, user};
use crate::{
    error::Code,
    live::event::Event,
    operation::{Caller, Refusal, Role},
};

fn named(comment: &str) -> Value {
    json!({"room": "r1", "comment": comment})
}

#[tokio::test]
async fn a_room_is_made_led_and_ended() {
    let house = House::new().await;
    let room = json!({"id": "r2", "title": "国考直播", "institution": "inst1",
        "hosts": ["tutor2"], "settings": {"slow_s": 3, "words": ["华图"]}});
    let made = house.ask(&admin(), "room.put", room.clone()).await;
    insta::assert_snapshot!(shown(&made), @r#"{"id":"r2","institution":"inst1","title":"国考直播","state":"scheduled","paused":false,"position_ms":0,"settings":{"speak":"everyone","slow_s":3,"premoderated":false,"questions":false,"anonymous":false,"voice":"off"},"viewers":0,"total_likes":0,"desk":{"you":"host","settings":{"speak":"everyone","slow_s":3,"premoderated":false,"words":["华图"],"on_word":"hold","delay_s":0,"questions":false,"anonymous":false,"voice":"off"},"version":1,"staff":[{"member":"id1","duty":"host","nickname":"tutor2老师"}]}}"#);
    assert_eq!(house.ask(&admin(), "room.put", room).await, made, "the same again");
    let two = Caller::new("tutor2", Role::Tutor).of("inst1");
    let named = json!({"room": "r2"});
    let refused = house.refused(&two, "pause", named.clone()).await;
    assert_eq!(refused, r#"stale {"state":"scheduled"}"#);
    let started = house.ask(&two, "start", named.clone()).await;
    assert_eq!(house.ask(&two, "start", named.clone()).await, started);
    house.clock.advance_ms(10_000);
    house.ask(&two, "pause", named.clone()).await;
    house.clock.advance_ms(5_000);
    let ended = house.ask(&two, "end", named.clone()).await;
    insta::assert_snapshot!(shown(&ended), @r#"{"state":"ended","paused":false,"started_at":T000000,"ended_at":T015000,"position_ms":10000}"#);
    let events = house.kept("live:r2").await;
    assert_eq!(events.len(), 3, "what changed nothing is not told");
    insta::assert_snapshot!(shown(&events[1]), @r#"{"type":"live.state","state":"live","paused":true,"started_at":T000000,"position_ms":10000}"#);
    let refused = house.refused(&two, "start", named).await;
    assert_eq!(refused, r#"stale {"state":"ended"}"#);
    let rooms = house.ask(&user("ann"), "rooms", json!({"state": "live"})).await;
    assert_eq!(rooms["rooms"][0]["id"], "r1");
    let first = house.ask(&user("ann"), "rooms", json!({"limit": 1})).await;
    assert_eq!((&first["rooms"][0]["id"], &first["next"]), (&json!("r1"), &json!("r1")));
    let second = house.ask(&user("ann"), "rooms", json!({"limit": 1, "after": "r1"})).await;
    assert_eq!((&second["rooms"][0]["id"], second.get("next")), (&json!("r2"), None));
}

#[tokio::test]
async fn rooms_are_made_by_those_who_may_and_named_as_channels_are() {
    let house = House::new().await;
    let room =
        |id: &str, institution: Value| json!({"id": id, "title": "x", "institution": institution});
    for (caller, institution, made) in [
        (operator(), Value::Null, true),
        (operator(), json!("inst1"), true),
        (operator(), json!("nowhere"), false),
        (admin(), json!("inst1"), true),
        (admin(), json!("inst2"), false),
        (admin(), Value::Null, false),
        (host(), json!("inst1"), false),
        (Caller::new("h", Role::Host), Value::Null, false),
        (Caller::new("admin2", Role::InstitutionAdmin).of("inst1"), json!("inst1"), false),
        (user("ann"), Value::Null, false),
    ] {
        let id = format!("x{}", fastrand::u32(..));
        let answer = house.call(&caller, "room.put", room(&id, institution.clone())).await;
        assert_eq!(answer.is_ok(), made, "{caller:?} for {institution}: {answer:?}");
    }
    for id in ["", "a b", "a#ann", "a/b", "房", &"x".repeat(65)] {
        let refused = house.refused(&operator(), "room.put", room(id, Value::Null)).await;
        assert!(refused.starts_with("bad request"), "{id}: {refused}");
    }
    let other = json!({"id": "r1", "title": "x", "institution": "inst2"});
    assert!(house.refused(&operator(), "room.put", other).await.starts_with("bad request"));
    let foreign = json!({"id": "r9", "title": "x", "institution": "inst1", "hosts": ["tutor9"]});
    assert!(house.refused(&admin(), "room.put", foreign).await.starts_with("bad request"));
}

#[tokio::test]
async fn settings_are_changed_one_by_one_and_not_over_somebody_elses() {
    let house = House::new().await;
    let set = house.set(json!({"slow_s": 5, "words": ["华图"]})).await;
    assert_eq!((&set["version"], &set["settings"]["slow_s"]), (&json!(2), &json!(5)));
    let input = json!({"room": "r1", "version": 1, "set": {"slow_s": 9}});
    assert_eq!(house.refused(&host(), "settings", input).await, r#"stale {"version":2}"#);
    let input = json!({"room": "r1", "version": 2, "set": {"questions": true}});
    assert_eq!(house.ask(&host(), "settings", input).await["settings"]["slow_s"], 5);
    let public = house.last("live:r1").await;
    insta::assert_snapshot!(public, @r#"{"type":"live.settings","settings":{"speak":"everyone","slow_s":5,"premoderated":false,"questions":true,"anonymous":false,"voice":"off"}}"#);
    assert_eq!(house.last("live_desk:r1").await["settings"]["words"], json!(["华图"]));
    for wrong in [json!({"slow_s": 121}), json!({"words": ["加…聊"]}), json!({"nothing": 1})] {
        let input = json!({"room": "r1", "set": wrong});
        assert!(house.refused(&host(), "settings", input).await.starts_with("bad request"));
    }
    let viewed = house.ask(&user("ann"), "room.get", json!({"room": "r1"})).await;
    assert!(viewed.get("desk").is_none() && !viewed.to_string().contains("华图"));
}

#[tokio::test]
async fn two_who_change_at_once_both_get_through() {
    let house = House::new().await;
    let set = |settings: Value| house.set(settings);
    let (_, _, _) = tokio::join!(
        set(json!({"slow_s": 5})),
        set(json!({"delay_s": 2})),
        set(json!({"questions": true}))
    );
    let seen = house.ask(&host(), "room.get", json!({"room": "r1"})).await;
    let settings = &seen["desk"]["settings"];
    assert_eq!(
        (&settings["slow_s"], &settings["delay_s"], &settings["questions"]),
        (&json!(5), &json!(2), &json!(true))
    );
}

#[tokio::test]
async fn many_who_change_a_room_at_once_all_get_through() {
    let house = Arc::new(House::new().await);
    let mut ids = Vec::new();
    for number in 0..12 {
        ids.push(house.said(&user(&format!("u{number}")), "刷屏").await);
    }
    let mut changes = Vec::new();
    for (number, id) in ids.iter().enumerate() {
        let mute = json!({"room": "r1", "comment": id, "term": "session", "remove_recent": true});
        changes.push(("mute", mute));
        changes.push(("pin", named(id)));
        changes.push(("notice", json!({"room": "r1", "text": format!("第{number}号通知")})));
        changes.push(("settings", json!({"room": "r1", "set": {"slow_s": number}})));
    }
    let changing = changes.into_iter().map(|(name, input)| {
        let house = Arc::clone(&house);
        tokio::spawn(async move { (name, house.call(&host(), name, input).await) })
    });
    for change in changing.collect::<Vec<_>>() {
        let (name, done) = change.await.unwrap();
        let is_late = |refusal: &Refusal| name == "pin" && refusal.code() == Code::Stale;
        assert!(done.as_ref().err().is_none_or(is_late), "{name}: {done:?}");
    }
    let mutes = house.ask(&host(), "mutes", json!({"room": "r1"})).await;
    assert_eq!(mutes["mutes"].as_array().unwrap().len(), 12);
    let room = house.ask(&host(), "room.get", json!({"room": "r1"})).await;
    assert_eq!(room.get("pinned"), None, "all that was said was removed");
    let notices = house.types("live:r1").await.into_iter().filter(|it| it == "live.notice").count();
    assert_eq!(notices, 12, "each is told once");
}

#[tokio::test]
async fn who_may_speak_is_the_hosts_to_decide() {
    let house = House::new().await;
    house.set(json!({"speak": "staff"})).await;
    let refused = house.say(&user("ann"), "老师好").await.unwrap_err().to_string();
    assert_eq!(refused, r#"muted {"term":"room"}"#);
    house.said(&host(), "同学们好").await;
    house.set(json!({"speak": {"followers": {"minutes": 10}}})).await;
    let wait = r#"followers_only {"minutes":10}"#;
    assert_eq!(house.say(&user("ann"), "老师好").await.unwrap_err().to_string(), wait);
    let follow = crate::directory::follow(&"ann".into(), &"tutor2".into(), NOW_MS);
    house.store.commit(vec![follow]).await.unwrap();
    assert_eq!(house.say(&user("ann"), "老师好").await.unwrap_err().to_string(), wait);
    house.clock.advance_ms(600_000);
    house.said(&user("ann"), "老师好").await;
    assert_eq!(house.say(&user("ben"), "老师好").await.unwrap_err().to_string(), wait);
    let room = json!({"id": "p1", "title": "平台直播", "hosts": ["tutor9"],
        "settings": {"speak": {"followers": {"minutes": 0}}}});
    house.ask(&operator(), "room.put", room).await;
    house.ask(&operator(), "start", json!({"room": "p1"})).await;
    let comment = json!({"room": "p1", "client_id": "k", "text": "好"});
    assert!(house.refused(&user("ann"), "comment", comment.clone()).await.starts_with("followers"));
    let follow = crate::directory::follow(&"ann".into(), &"tutor9".into(), NOW_MS);
    house.store.commit(vec![follow]).await.unwrap();
    house.ask(&user("ann"), "comment", comment).await;
}

#[tokio::test]
async fn a_pin_and_a_notice_stand_before_whoever_comes_and_are_sealed_at_rest() {
    let mut house = House::new().await;
    let id = house.said(&user("ann"), "选岗看地区还是专业").await;
    house.ask(&host(), "pin", named(&id)).await;
    house.ask(&host(), "notice", json!({"room": "r1", "text": "九点开始答疑"})).await;
    let refused = json!({"room": "r1", "text": "加微信13812345678"});
    assert!(house.refused(&host(), "notice", refused).await.starts_with("rejected"));
    house = house.restarted().await;
    let room = house.ask(&user("ben"), "room.get", json!({"room": "r1"})).await;
    assert_eq!(room["pinned"]["text"], "选岗看地区还是专业");
    insta::assert_snapshot!(shown(&room["notice"]), @r#"{"text":"九点开始答疑","at":T000000}"#);
    house.ask(&host(), "unpin", json!({"room": "r1"})).await;
    house.ask(&host(), "notice", json!({"room": "r1"})).await;
    let events = house.kept("live:r1").await;
    insta::assert_snapshot!(Value::from(events), @r#"[{"type":"live.pinned"},{"type":"live.notice"}]"#);
    let room = house.ask(&user("ben"), "room.get", json!({"room": "r1"})).await;
    assert_eq!((room.get("pinned"), room.get("notice")), (None, None));
    house.live.close().await;
    house.archive.close().await;
    house.store.close().await;
    let file = std::fs::read(house.folder.path().join("live.db")).unwrap();
    for text in ["选岗看地区", "九点开始"] {
        let is_there = file.windows(text.len()).any(|window| window == text.as_bytes());
        assert!(!is_there, "{text} lies in the open");
    }
}

#[tokio::test]
async fn held_and_removed_comments_are_not_pinned() {
    let house = House::new().await;
    house.set(json!({"premoderated": true})).await;
    let id = house.said(&user("ann"), "老师好").await;
    let refused = house.refused(&host(), "pin", named(&id)).await;
    assert_eq!(refused, r#"stale {"state":"held"}"#);
    house.ask(&host(), "remove", named(&id)).await;
    let refused = house.refused(&host(), "pin", named(&id)).await;
    assert_eq!(refused, r#"stale {"state":"removed"}"#);
}

#[tokio::test]
async fn what_is_cleared_is_seen_by_nobody_who_comes_and_stays_archived() {
    let house = House::new().await;
    house.said(&user("ann"), "老师好").await;
    house.clock.advance_ms(1_000);
    house.ask(&host(), "clear", json!({"room": "r1"})).await;
    let events = house.kept("live:r1").await;
    insta::assert_snapshot!(shown(&Value::from(events)), @r#"[{"type":"live.cleared","at":T001000}]"#);
    house.clock.advance_ms(1_000);
    house.said(&user("ann"), "重新开始").await;
    house.live.beside().settled().await;
    let list = house.ask(&user("ben"), "list", json!({"room": "r1"})).await;
    let list = &list["comments"];
    assert_eq!((&list[0]["text"], list.get(1)), (&json!("重新开始"), None));
    assert_eq!(house.archived("live/r1/ann").await.len(), 2);
}

#[tokio::test]
async fn a_question_is_chosen_answered_or_passed_over() {
    let house = House::new().await;
    let ask = |key: &str, text: &str| json!({"room": "r1", "client_id": key, "text": text, "question": true});
    let refused = house.refused(&user("ann"), "comment", ask("k0", "几点")).await;
    assert!(refused.starts_with("not available"), "{refused}");
    house.set(json!({"questions": true})).await;
    let mut ids = Vec::new();
    for (key, text) in [("k1", "税务局好考吗"), ("k2", "要看户籍吗"), ("k3", "在吗")] {
        let answer = house.ask(&user("ann"), "comment", ask(key, text)).await;
        ids.push(answer["id"].as_str().unwrap().to_owned());
    }
    assert_eq!(house.last("live:r1").await["question"], true);
    let listed = house.ask(&host(), "question.list", json!({"room": "r1"})).await;
    assert_eq!(listed["questions"].as_array().unwrap().len(), 3);
    house.ask(&host(), "question.select", named(&ids[0])).await;
    let event = house.last("live:r1").await;
    assert_eq!((&event["type"], &event["state"]), (&json!("live.question"), &json!("selected")));
    assert_eq!(event["comment"]["text"], "税务局好考吗");
    let answer = json!({"room": "r1", "comment": ids[0], "text": "看岗位竞争比"});
    house.ask(&host(), "question.answer", answer).await;
    let event = house.last("live:r1").await;
    insta::assert_snapshot!(shown(&event), @r#"{"type":"live.question","comment":{"id":"id1","at_ms":0,"posted_at":T000000,"nickname":"考生ann","avatar":"/a.png","region":"浙江","text":"税务局好考吗","question":true},"state":"answered","answer":"看岗位竞争比"}"#);
    house.ask(&host(), "question.answer", named(&ids[1])).await;
    house.ask(&host(), "question.ignore", named(&ids[2])).await;
    let event = house.last("live_desk:r1").await;
    insta::assert_snapshot!(shown(&event), @r#"{"type":"live_desk.question","id":"id1","state":"ignored"}"#);
    assert_eq!(house.last("live:r1").await["comment"]["text"], "要看户籍吗");
    let refused = house.refused(&host(), "question.select", named(&ids[2])).await;
    assert_eq!(refused, r#"stale {"state":"ignored"}"#);
    let plain = house.said(&user("ben"), "不是问题").await;
    let refused = house.refused(&host(), "question.select", named(&plain)).await;
    assert!(refused.starts_with("bad request"));
    house.ask(&host(), "remove", named(&ids[0])).await;
    assert!(
        !format!("{:?}", house.kept("live:r1").await).contains("税务局"),
        "wherever it was told"
    );
}

#[tokio::test]
async fn what_shows_a_comment_that_was_just_removed_does_not_go_out() {
    let house = House::new().await;
    let room = house.live.room(&"r1".into()).await.unwrap();
    let id = house.said(&user("ann"), "老师好").await;
    let event = Event::Cleared { at: 1 };
    house.live.tell_of(&room, (&id.as_str().into(), NOW_MS), &event).await;
    let before = house.kept("live:r1").await.len();
    for _ in 0..2 {
        house.ask(&host(), "remove", json!({"room": "r1", "comment": id})).await;
    }
    let removed = house.kept("live:r1").await.len();
    assert_eq!(removed, before + 2, "who removes it again tells viewers again");
    house.live.tell_of(&room, (&id.as_str().into(), NOW_MS), &event).await;
    assert_eq!(house.kept("live:r1").await.len(), removed);
}
