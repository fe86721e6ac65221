//! Order in a room: what is removed is gone everywhere, and who is muted says nothing more.

use serde_json::{Value, json};

use super::house::{House, NOW_MS, admin, host, moderator, operator, shown, user};
use crate::{
    config::value::Span,
    operation::{Caller, Role},
};

fn named(comment: &str) -> Value {
    json!({"room": "r1", "comment": comment})
}

/// `ben` is 房管 of the room.
async fn appointed(house: &House) -> Caller {
    let id = house.said(&user("ben"), "我来帮忙").await;
    house.ask(&host(), "appoint", named(&id)).await;
    user("ben")
}

#[tokio::test]
async fn a_removed_comment_is_gone_from_viewers_the_history_and_the_list_and_stays_archived() {
    let house = House::new().await;
    let watcher = house.watch("live:r1");
    let id = house.said(&user("ann"), "卖资料了").await;
    house.said(&user("ann"), "老师好").await;
    house.ask(&host(), "pin", named(&id)).await;
    house.ask(&host(), "remove", named(&id)).await;
    let kept = house.kept("live:r1").await;
    assert!(!format!("{kept:?}").contains("卖资料了"), "{kept:?}");
    assert_eq!(
        house.types("live:r1").await,
        [
            "live.state",
            "live.removed",
            "live.comment",
            "live.removed",
            "live.removed",
            "live.pinned"
        ],
        "each keeps its place in the stream"
    );
    assert_eq!(kept[1], json!({"type": "live.removed", "ids": [id]}));
    insta::assert_snapshot!(kept[5], @r#"{"type":"live.pinned"}"#);
    assert_eq!(watcher.hears("live.removed").await["ids"], json!([id]));
    let list = house.ask(&user("ann"), "list", json!({"room": "r1"})).await;
    let list = list["comments"].as_array().unwrap();
    assert_eq!((list.len(), &list[0]["text"]), (1, &json!("老师好")));
    assert_eq!(house.archived("live/r1/ann").await[0].1["text"], "卖资料了");
    let acts = house.archived("live/r1").await;
    let kinds: Vec<_> = acts.iter().map(|(kind, _)| kind.as_str()).collect();
    assert_eq!(kinds, ["room", "state", "pin", "remove", "unpin"]);
    house.ask(&host(), "remove", named(&id)).await;
    assert_eq!(house.archived("live/r1").await.len(), 5, "once is enough");
    assert_eq!(house.refused(&host(), "remove", named("nowhere")).await, "not_in_scope");
}

#[tokio::test]
async fn who_is_muted_is_refused_at_once_and_told_until_when() {
    let house = House::new().await;
    let id = house.said(&user("ann"), "刷屏一").await;
    house.said(&user("ann"), "刷屏二").await;
    let input = json!({"room": "r1", "comment": id, "term": {"minutes": 10}, "reason": "刷屏",
        "remove_recent": true});
    let mute = house.ask(&host(), "mute", input).await;
    insta::assert_snapshot!(shown(&mute), @r#"{"mute":"id1","term":"time","until":T600000,"comment":"id2","nickname":"考生ann","at":T000000,"reason":"刷屏"}"#);
    let refused = house.say(&user("ann"), "还说").await.unwrap_err().to_string();
    assert_eq!(refused, r#"muted {"term":"time","until":1800000600000}"#);
    assert!(!format!("{:?}", house.kept("live:r1").await).contains("刷屏"));
    let told = house.last("user:#ann").await;
    insta::assert_snapshot!(told, @r#"{"type":"live.muted","room":"r1","term":"time","until":1800000600000}"#);
    let desk = house.kept("live_desk:r1").await;
    let desk = desk.iter().find(|event| event["type"] == "live_desk.muted").unwrap();
    insta::assert_snapshot!(shown(desk), @r#"{"type":"live_desk.muted","mute":"id1","comment":"id2","term":"time","until":T600000}"#);
    house.said(&user("ben"), "别人可以说").await;
    house.clock.advance_ms(600_000);
    house.said(&user("ann"), "又可以说了").await;
    assert_eq!(house.ask(&host(), "mutes", json!({"room": "r1"})).await["mutes"], json!([]));
}

#[tokio::test]
async fn what_waits_for_its_turn_when_its_author_is_muted_is_not_shown_any_more() {
    let house = House::with(|config| {
        config.shown_per_second = 1;
        config.tick = Span::seconds(1);
    })
    .await;
    let id = house.said(&user("ann"), "第一句").await;
    let ann = user("ann");
    let muting = async {
        let input = json!({"room": "r1", "comment": id, "term": "session", "remove_recent": true});
        house.ask(&host(), "mute", input).await
    };
    let (answer, _) = tokio::join!(house.say(&ann, "第二句"), muting);
    assert_eq!(answer.unwrap()["status"], "sampled");
    assert!(!format!("{:?}", house.kept("live:r1").await).contains('句'));
}

#[tokio::test]
async fn what_no_database_can_keep_is_refused_as_what_it_is() {
    let house = House::new().await;
    let id = house.said(&user("ann"), "老师好").await;
    let mute = json!({"room": "r1", "comment": id, "term": "session", "reason": "a\u{0}b"});
    for (name, input) in [
        ("mute", mute),
        ("notice", json!({"room": "r1", "text": "a\u{0}b"})),
        ("comment", json!({"room": "r1", "client_id": "k", "text": "a\u{0}b"})),
        ("question.answer", json!({"room": "r1", "comment": id, "text": "a\u{0}b"})),
        ("settings", json!({"room": "r1", "set": {"words": ["a\u{0}b"]}})),
        ("hold.list", json!({"room": "r1", "cursor": "1.\u{0}"})),
        ("question.list", json!({"room": "r1", "cursor": "1.\u{0}"})),
    ] {
        let refused = house.refused(&host(), name, input).await;
        assert!(refused.starts_with("bad request"), "{name}: {refused}");
    }
    for name in ["remove", "pin", "hold.claim", "question.select"] {
        let refused = house.refused(&host(), name, named("a\u{0}b")).await;
        assert_eq!(refused, "not_in_scope", "{name}");
    }
}

#[tokio::test]
async fn a_mute_outlives_a_restart_and_can_be_lifted() {
    let mut house = House::new().await;
    let id = house.said(&user("ann"), "刷屏").await;
    let input = json!({"room": "r1", "comment": id, "term": "permanent"});
    house.ask(&host(), "mute", input).await;
    house = house.restarted().await;
    let refused = house.say(&user("ann"), "还说").await.unwrap_err().to_string();
    assert_eq!(refused, r#"muted {"term":"permanent"}"#);
    let mutes = house.ask(&host(), "mutes", json!({"room": "r1"})).await;
    assert!(!mutes.to_string().contains("\"ann\""), "an institution learns no id: {mutes}");
    let mutes = house.ask(&moderator(), "mutes", json!({"room": "r1"})).await;
    let mute = &mutes["mutes"][0];
    assert_eq!((&mute["user"], &mute["by"]), (&json!("ann"), &json!("tutor1")));
    let input = json!({"room": "r1", "mute": mute["mute"]});
    house.ask(&host(), "unmute", input.clone()).await;
    house.said(&user("ann"), "谢谢").await;
    assert_eq!(house.last("user:#ann").await["type"], "live.unmuted");
    house.ask(&host(), "unmute", input).await;
}

#[tokio::test]
async fn a_mute_for_the_session_ends_with_it() {
    let house = House::new().await;
    let id = house.said(&user("ann"), "刷屏").await;
    house.ask(&host(), "mute", json!({"room": "r1", "comment": id, "term": "session"})).await;
    house.clock.advance_ms(86_400_000);
    let refused = house.say(&user("ann"), "还说").await.unwrap_err().to_string();
    assert_eq!(refused, r#"muted {"term":"session"}"#);
    house.ask(&host(), "end", json!({"room": "r1"})).await;
    assert_eq!(house.say(&user("ann"), "完了").await.unwrap_err().to_string(), "closed");
    assert_eq!(house.sql("SELECT id FROM room_mute").await.len(), 0);
}

#[tokio::test]
async fn a_keeper_mutes_for_a_day_at_most_and_lifts_no_longer_mute() {
    let house = House::new().await;
    let keeper = appointed(&house).await;
    let id = house.said(&user("ann"), "刷屏").await;
    let mute = |term: Value| json!({"room": "r1", "comment": id, "term": term});
    for longer in [json!({"minutes": 1_441}), json!("session"), json!("permanent")] {
        let refused = house.refused(&keeper, "mute", mute(longer)).await;
        assert_eq!(refused, "permission denied");
    }
    house.ask(&keeper, "mute", mute(json!({"minutes": 1_440}))).await;
    house.ask(&keeper, "unmute", named(&id)).await;
    house.ask(&host(), "mute", mute(json!("permanent"))).await;
    assert_eq!(house.refused(&keeper, "unmute", named(&id)).await, "permission denied");
    let shorter = mute(json!({"minutes": 1}));
    assert_eq!(house.refused(&keeper, "mute", shorter).await, "permission denied");
    for minutes in [0, 525_601] {
        let refused = house.refused(&host(), "mute", mute(json!({"minutes": minutes}))).await;
        assert!(refused.starts_with("bad request"), "{refused}");
    }
}

#[tokio::test]
async fn staff_are_not_muted_and_only_the_platform_names_people() {
    let house = House::new().await;
    let keeper = appointed(&house).await;
    let id = house.said(&keeper, "我是房管").await;
    let input = json!({"room": "r1", "comment": id, "term": {"minutes": 1}});
    assert!(house.refused(&host(), "mute", input).await.starts_with("bad request"));
    let input = json!({"room": "r1", "user": "ann", "term": {"minutes": 1}});
    assert_eq!(house.refused(&admin(), "mute", input.clone()).await, "permission denied");
    house.ask(&moderator(), "mute", input.clone()).await;
    house.ask(&Caller::new("lead1", Role::Lead), "mute", input).await;
    let refused = house.say(&user("ann"), "x").await.unwrap_err().to_string();
    assert!(refused.starts_with("muted"), "{refused}");
    house.ask(&operator(), "unmute", json!({"room": "r1", "user": "ann"})).await;
    house.said(&user("ann"), "x").await;
}

#[tokio::test]
async fn whoever_wrote_a_comment_may_become_keeper_and_be_dismissed() {
    let house = House::new().await;
    let keeper = appointed(&house).await;
    let id = house.said(&user("ann"), "卖资料了").await;
    assert_eq!(house.refused(&user("ann"), "remove", named(&id)).await, "permission denied");
    house.ask(&keeper, "remove", named(&id)).await;
    let room = house.ask(&host(), "room.get", json!({"room": "r1"})).await;
    let staff = room["desk"]["staff"].as_array().unwrap();
    assert!(!format!("{staff:?}").contains("\"ben\""), "no id for an institution: {staff:?}");
    let member = staff.iter().find(|it| it["duty"] == "moderator").unwrap();
    assert_eq!(member["nickname"], "考生ben");
    let input = json!({"room": "r1", "member": member["member"]});
    assert_eq!(house.refused(&keeper, "dismiss", input.clone()).await, "permission denied");
    house.ask(&host(), "dismiss", input.clone()).await;
    house.ask(&host(), "dismiss", input).await;
    let id = house.said(&user("ann"), "老师好").await;
    assert_eq!(house.refused(&keeper, "remove", named(&id)).await, "permission denied");
    for (who, refused) in [("tutor2", false), ("tutor9", true), ("ann", true)] {
        let input = json!({"room": "r1", "user": who});
        let answer = house.call(&host(), "appoint", input).await;
        assert_eq!(answer.is_err(), refused, "{who}: an institution names its own people alone");
    }
    assert_eq!(NOW_MS, house.clock.now_ms());
}
