//! Replay: what was said is read by its position, and what is said to a recording stands at its own.

use serde_json::{Value, json};

use super::house::{House, NOW_MS, host, moderator, shown, user};

impl House {
    /// What a call answers, as pairs of position and text.
    pub(super) async fn told(&self, name: &str, input: Value) -> Vec<(i64, String)> {
        self.live.beside().settled().await;
        let answer = self.ask(&user("eve"), name, input).await;
        let pair =
            |it: &Value| (it["at_ms"].as_i64().unwrap(), it["text"].as_str().unwrap().into());
        answer["comments"].as_array().unwrap().iter().map(pair).collect()
    }

    /// Everything of the first ten minutes of `r1`, by position.
    pub(super) async fn recording(&self) -> Vec<(i64, String)> {
        self.told("replay", json!({"room": "r1", "from_ms": 0, "to_ms": 600_000})).await
    }

    /// Says something where the author's player stands; its id.
    pub(super) async fn said_at(&self, who: &str, at_ms: i64, text: &str) -> String {
        let key = format!("k{}", fastrand::u64(..));
        let input = json!({"room": "r1", "client_id": key, "text": text, "at_ms": at_ms});
        let answer = self.ask(&user(who), "comment", input).await;
        answer["id"].as_str().unwrap().to_owned()
    }

    /// `r1` is over after 100 s, and its recording can be watched.
    pub(super) async fn published(&self) {
        self.clock.advance_ms(NOW_MS + 100_000 - self.clock.now_ms());
        self.ask(&host(), "end", json!({"room": "r1"})).await;
        self.ask(&host(), "publish_replay", json!({"room": "r1"})).await;
    }
}

fn pairs(of: &[(i64, &str)]) -> Vec<(i64, String)> {
    of.iter().map(|(at, text)| (*at, (*text).to_owned())).collect()
}

#[tokio::test]
async fn what_was_said_is_read_by_position_window_by_window_and_page_by_page() {
    let house = House::with(|config| config.shown_per_second = 1_000).await;
    let mut said = Vec::new();
    for number in 0..25 {
        for who in ["ann", "ben"] {
            house.clock.advance_ms(1_000);
            // Their players stand elsewhere; of one position, whoever wrote first comes first.
            let at_ms = 1_000 * (number % 7);
            let text = format!("{who}{number}");
            house.said_at(who, at_ms, &text).await;
            said.push((at_ms, text));
        }
    }
    said.sort_by_key(|(at_ms, _)| *at_ms);
    house.published().await;
    assert_eq!(house.recording().await, said);
    let window = |from: i64, to: i64| json!({"room": "r1", "from_ms": from, "to_ms": to});
    let mut read = Vec::new();
    for from in [0, 3_000, 6_000] {
        read.extend(house.told("replay", window(from, from + 3_000)).await);
    }
    assert_eq!(read, said, "windows end before the next begins");
    read.clear();
    let mut asked = json!({"room": "r1", "from_ms": 0, "to_ms": 6_001, "limit": 3});
    loop {
        read.extend(house.told("replay", asked.clone()).await);
        let answer = house.ask(&user("eve"), "replay", asked.clone()).await;
        let Some(next) = answer.get("next") else { break };
        assert_eq!(answer["comments"].as_array().unwrap().len(), 3);
        asked["cursor"] = next.clone();
    }
    assert_eq!(read, said);
    read.clear();
    let mut asked = json!({"room": "r1", "limit": 7});
    loop {
        read.extend(house.told("list", asked.clone()).await);
        let Some(next) = house.ask(&user("eve"), "list", asked.clone()).await.get("next").cloned()
        else {
            break;
        };
        asked["cursor"] = next;
    }
    assert_eq!(read, said);
    let seek = |at: i64, count: usize| json!({"room": "r1", "at_ms": at, "count": count});
    let until = |at: i64| said.iter().take_while(|(at_ms, _)| *at_ms < at).count();
    for (at, count) in [(3_000, 5), (3_001, 5), (0, 5), (600_000, 500), (1_000, 500)] {
        let end = until(at);
        let expected = &said[end.saturating_sub(count)..end];
        assert_eq!(house.told("replay_seek", seek(at, count)).await, expected, "{at} {count}");
    }
}

#[tokio::test]
async fn windows_and_cursors_that_make_no_sense_are_refused() {
    let house = House::new().await;
    for (name, input) in [
        ("replay", json!({"room": "r1", "from_ms": 5, "to_ms": 5})),
        ("replay", json!({"room": "r1", "from_ms": -1, "to_ms": 5})),
        ("replay", json!({"room": "r1", "from_ms": 0, "to_ms": 600_001})),
        ("replay", json!({"room": "r1", "from_ms": 0, "to_ms": i64::MAX})),
        ("replay", json!({"room": "r1", "from_ms": 0, "to_ms": 9, "cursor": "9.x"})),
        ("replay", json!({"room": "r1", "from_ms": 0, "to_ms": 9, "cursor": "x"})),
        ("replay", json!({"room": "r1", "from_ms": 0, "to_ms": 9, "cursor": "1.a\u{0}"})),
        ("list", json!({"room": "r1", "cursor": "x"})),
        ("list", json!({"room": "r1", "cursor": "1.a\u{0}"})),
        ("rooms", json!({"after": "r\u{0}"})),
        ("replay_seek", json!({"room": "r1", "at_ms": 0, "count": 0})),
        ("replay_seek", json!({"room": "r1", "at_ms": 0, "count": 501})),
        ("replay_seek", json!({"room": "r1", "at_ms": -1, "count": 5})),
    ] {
        let refused = house.refused(&user("ann"), name, input.clone()).await;
        assert!(refused.starts_with("bad request"), "{input}: {refused}");
    }
    let input = json!({"room": "nowhere", "from_ms": 0, "to_ms": 5});
    assert_eq!(house.refused(&user("ann"), "replay", input).await, "not_in_scope");
}

#[tokio::test]
async fn a_recording_is_published_once_the_room_is_over_and_can_be_taken_back() {
    let house = House::new().await;
    let room = json!({"room": "r1"});
    let refused = house.refused(&host(), "publish_replay", room.clone()).await;
    assert_eq!(refused, r#"stale {"state":"live"}"#);
    let refused = house.refused(&moderator(), "publish_replay", room.clone()).await;
    assert!(refused.starts_with("permission denied"), "{refused}");
    house.published().await;
    let event = house.last("live:r1").await;
    insta::assert_snapshot!(shown(&event), @r#"{"type":"live.state","state":"replay","paused":false,"started_at":T000000,"ended_at":T100000,"position_ms":100000}"#);
    let rooms = house.ask(&user("ann"), "rooms", json!({"state": "replay"})).await;
    assert_eq!(rooms["rooms"][0]["id"], "r1");
    let again = house.ask(&host(), "publish_replay", room.clone()).await;
    assert_eq!(again["state"], "replay");
    house.clock.advance_ms(5_000);
    let ended = house.ask(&host(), "end", room).await;
    assert_eq!((&ended["state"], &ended["position_ms"]), (&json!("ended"), &json!(100_000)));
    let refused = house.say(&user("ann"), "还在吗").await.unwrap_err().to_string();
    assert!(refused.starts_with("closed"), "{refused}");
}

#[tokio::test]
async fn a_comment_on_a_recording_stands_where_its_authors_player_stood() {
    let mut house = House::new().await;
    house.clock.advance_ms(50_000);
    house.said_at("ann", 50_000, "直播").await;
    house.published().await;
    house.clock.advance_ms(86_400_000);
    let refused = house.say(&user("ben"), "没说位置").await.unwrap_err().to_string();
    assert!(refused.starts_with("bad request"), "{refused}");
    for (at_ms, text) in [(70_000, "后"), (20_000, "前"), (i64::MAX, "尾"), (i64::MIN, "头")] {
        house.said_at("ben", at_ms, text).await;
        assert_eq!(house.last("live:r1").await["text"], text, "whoever watches now hears it");
    }
    let expected = [(0, "头"), (20_000, "前"), (50_000, "直播"), (70_000, "后"), (100_000, "尾")];
    assert_eq!(house.recording().await, pairs(&expected));
    assert_eq!(house.told("list", json!({"room": "r1"})).await, pairs(&expected));
    house = house.restarted().await;
    assert_eq!(house.recording().await, pairs(&expected));
}

#[tokio::test]
async fn a_comment_on_a_recording_is_judged_slowed_and_muted_as_any_other() {
    let house = House::new().await;
    house.published().await;
    house.set(json!({"slow_s": 10, "words": ["华图"]})).await;
    house.said_at("ann", 1_000, "第一条").await;
    let say = |who: &str, text: &str| {
        let key = format!("k{}", fastrand::u64(..));
        let input = json!({"room": "r1", "client_id": key, "text": text, "at_ms": 2_000});
        (user(who), input)
    };
    for (who, text, expected) in [
        ("ann", "第二条", r#"slow {"retry_ms":10000}"#),
        ("ben", "加我13812345678", r#"rejected {"category":"privacy"}"#),
    ] {
        let (who, input) = say(who, text);
        assert_eq!(house.refused(&who, "comment", input).await, expected);
    }
    let (who, input) = say("eve", "华图更好");
    let held = house.ask(&who, "comment", input).await;
    assert_eq!(held["status"], "held");
    assert_eq!(house.recording().await, pairs(&[(1_000, "第一条")]));
    let decide = json!({"room": "r1", "comment": held["id"], "decision": "approve"});
    house.ask(&host(), "hold.decide", decide).await;
    assert_eq!(house.last("live:r1").await["at_ms"], 2_000);
    assert_eq!(house.recording().await, pairs(&[(1_000, "第一条"), (2_000, "华图更好")]));
    let mute = json!({"room": "r1", "comment": held["id"], "term": "permanent"});
    house.ask(&host(), "mute", mute).await;
    let (who, input) = say("eve", "又来");
    assert_eq!(house.refused(&who, "comment", input).await, r#"muted {"term":"permanent"}"#);
}

#[tokio::test]
async fn what_is_removed_while_a_recording_is_watched_is_gone_from_it_and_told() {
    let house = House::new().await;
    let bad = house.said_at("ann", 0, "卖资料").await;
    house.said_at("ben", 0, "老师好").await;
    house.published().await;
    let watcher = house.watch("live:r1");
    house.ask(&moderator(), "remove", json!({"room": "r1", "comment": bad})).await;
    assert_eq!(watcher.hears("live.removed").await["ids"], json!([bad]));
    assert_eq!(house.recording().await, pairs(&[(0, "老师好")]));
    let seek = json!({"room": "r1", "at_ms": 1, "count": 5});
    assert_eq!(house.told("replay_seek", seek).await, pairs(&[(0, "老师好")]));
    assert_eq!(house.told("list", json!({"room": "r1"})).await, pairs(&[(0, "老师好")]));
}

#[tokio::test]
async fn whoever_is_muted_with_what_they_wrote_is_gone_from_the_recording_and_told() {
    let house = House::new().await;
    house.published().await;
    house.said_at("ben", 0, "老师好").await;
    let bad =
        [house.said_at("ann", 1_000, "卖资料").await, house.said_at("ann", 90_000, "包过").await];
    let watcher = house.watch("live:r1");
    let mute = json!({"room": "r1", "comment": bad[0], "term": {"minutes": 5},
        "remove_recent": true});
    house.ask(&moderator(), "mute", mute).await;
    let ids = watcher.hears("live.removed").await["ids"].to_string();
    assert!(bad.iter().all(|id| ids.contains(id)), "{ids}");
    assert_eq!(house.recording().await, pairs(&[(0, "老师好")]));
}

#[tokio::test]
async fn what_was_cleared_is_gone_from_the_recording() {
    let house = House::new().await;
    house.said_at("ann", 0, "老师好").await;
    house.clock.advance_ms(1_000);
    house.ask(&host(), "clear", json!({"room": "r1"})).await;
    house.clock.advance_ms(1_000);
    house.said_at("ann", 2_000, "开始了").await;
    house.published().await;
    assert_eq!(house.recording().await, pairs(&[(2_000, "开始了")]));
}
