//! Trimming: pieces are cut out of a recording, and comments stay with what is left.

use serde_json::{Value, json};

use super::house::{House, host, moderator, user};

fn trim(cuts: &[(i64, i64)]) -> Value {
    let cut = |(from, to): &(i64, i64)| json!({"from_ms": from, "to_ms": to});
    json!({"room": "r1", "cuts": cuts.iter().map(cut).collect::<Vec<_>>()})
}

/// A recording of 100 s with a comment at each ten, which says where it stood at first.
async fn recorded() -> House {
    let house = House::with(|config| config.shown_per_second = 1_000).await;
    house.said_at("ann", 0, "0").await;
    for at_ms in (10_000..=100_000).step_by(10_000) {
        house.clock.advance_ms(10_000);
        house.said_at("ann", at_ms, &at_ms.to_string()).await;
    }
    house.published().await;
    house
}

/// Where comments stand now, by where they stood at first.
async fn places(house: &House) -> Vec<(i64, i64)> {
    let said = house.recording().await;
    let listed = house.told("list", json!({"room": "r1"})).await;
    assert_eq!(said, listed, "both show the same");
    said.into_iter().map(|(now, first)| (first.parse().unwrap(), now)).collect()
}

#[tokio::test]
async fn comments_stay_with_what_is_left_and_a_later_list_counts_for_all() {
    let mut house = recorded().await;
    let answer = house.ask(&host(), "trim", trim(&[(0, 20_000), (45_000, 70_000)])).await;
    assert_eq!(answer["position_ms"], 55_000);
    let left = [(20_000, 0), (30_000, 10_000), (40_000, 20_000), (70_000, 25_000)];
    let rest = [(80_000, 35_000), (90_000, 45_000), (100_000, 55_000)];
    assert_eq!(places(&house).await, [&left[..], &rest].concat());
    house.said_at("ben", 25_000, "70000").await;
    house.said_at("ben", 24_999, "44999").await;
    let (event, cleared) = (house.last("live:r1").await, house.types("live:r1").await);
    assert_eq!(event["at_ms"], 24_999, "as the player of the trimmed media stands");
    assert_eq!(cleared[0], "live.trimmed", "what stood at old positions is recovered by nobody");
    let seek = json!({"room": "r1", "at_ms": 25_000, "count": 1});
    assert_eq!(house.told("replay_seek", seek).await, [(24_999, "44999".to_owned())]);
    house = house.restarted().await;
    house.ask(&host(), "trim", trim(&[(50_000, 60_000), (90_000, 100_000)])).await;
    let now = places(&house).await;
    assert!(now.contains(&(44_999, 44_999)) && now.contains(&(80_000, 70_000)), "{now:?}");
    assert_eq!(now.iter().filter(|it| **it == (70_000, 60_000)).count(), 2);
    assert!(now.iter().all(|(first, _)| ![50_000, 90_000, 100_000].contains(first)), "{now:?}");
    house.said_at("ben", 80_000, "89999").await;
    assert_eq!(places(&house).await.last(), Some(&(89_999, 79_999)), "the end was cut");
    house.ask(&host(), "trim", trim(&[])).await;
    let now = places(&house).await;
    assert_eq!(now.len(), 14);
    assert!(now.iter().all(|(first, now)| first == now), "nothing was lost: {now:?}");
}

#[tokio::test]
async fn pages_of_a_trimmed_recording_hold_each_comment_once() {
    let house = recorded().await;
    house.ask(&host(), "trim", trim(&[(15_000, 35_000), (40_000, 55_000)])).await;
    let all = house.recording().await;
    assert_eq!(all.len(), 7);
    let mut read = Vec::new();
    for from in (0..65_001).step_by(5_000) {
        let window = json!({"room": "r1", "from_ms": from, "to_ms": from + 5_000, "limit": 1});
        let answer = house.ask(&user("eve"), "replay", window.clone()).await;
        assert!(answer.get("next").is_none(), "{answer}");
        read.extend(house.told("replay", window).await);
    }
    assert_eq!(read, all);
    let input = json!({"room": "r1", "from_ms": 0, "to_ms": 600_000, "limit": 3});
    let first = house.ask(&user("eve"), "replay", input.clone()).await;
    // Whoever pages while the host trims goes on behind what they have.
    house.ask(&host(), "trim", trim(&[(15_000, 65_000)])).await;
    let mut on = input;
    on["cursor"] = first["next"].clone();
    let texts: Vec<_> = house.told("replay", on).await.into_iter().map(|(_, text)| text).collect();
    assert_eq!(texts, ["70000", "80000", "90000"]);
}

#[tokio::test]
async fn hosts_trim_what_is_over_and_not_over_somebody_elses_cuts() {
    let house = House::new().await;
    let cuts = [(0, 10_000)];
    let refused = house.refused(&host(), "trim", trim(&cuts)).await;
    assert_eq!(refused, r#"stale {"state":"live"}"#);
    house.published().await;
    for who in [moderator(), user("ann")] {
        let refused = house.refused(&who, "trim", trim(&cuts)).await;
        assert!(refused.starts_with("permission denied"), "{refused}");
    }
    for wrong in [&[(5, 5)][..], &[(0, 100_001)], &[(5, 9), (8, 12)], &[(0, 100_000)]] {
        let refused = house.refused(&host(), "trim", trim(wrong)).await;
        assert!(refused.starts_with("bad request"), "{wrong:?}: {refused}");
    }
    let mut seen = trim(&cuts);
    seen["version"] = json!(1);
    let answer = house.ask(&host(), "trim", seen.clone()).await;
    assert_eq!((&answer["version"], &answer["cuts"]), (&json!(2), &seen["cuts"]));
    assert_eq!(house.refused(&host(), "trim", seen).await, r#"stale {"version":2}"#);
    let event = house.last("live:r1").await;
    insta::assert_snapshot!(event, @r#"{"type":"live.trimmed","position_ms":90000}"#);
    let event = house.last("live_desk:r1").await;
    insta::assert_snapshot!(event, @r#"{"type":"live_desk.trimmed","cuts":[{"from_ms":0,"to_ms":10000}],"version":2}"#);
    house.ask(&host(), "trim", trim(&cuts)).await;
    let events = house.types("live:r1").await;
    assert_eq!(events, ["live.trimmed"], "what changed nothing is not told");
    let room = house.ask(&user("ann"), "room.get", json!({"room": "r1"})).await;
    assert_eq!(room["position_ms"], 90_000);
    let room = house.ask(&host(), "room.get", json!({"room": "r1"})).await;
    assert_eq!(room["desk"]["cuts"], answer["cuts"]);
    let acts = house.archived("live/r1").await;
    let (kind, detail) = acts.last().unwrap();
    assert_eq!((kind.as_str(), &detail["cuts"]), ("trim", &answer["cuts"]));
}

#[tokio::test]
async fn what_staff_put_before_everybody_stays_also_when_its_place_was_cut_out() {
    let house = House::new().await;
    house.set(json!({"questions": true})).await;
    house.clock.advance_ms(5_000);
    let input = json!({"room": "r1", "client_id": "k1", "text": "几点开始？", "question": true});
    let id = house.ask(&user("ann"), "comment", input).await["id"].clone();
    house.ask(&host(), "pin", json!({"room": "r1", "comment": id})).await;
    house.published().await;
    house.ask(&host(), "trim", trim(&[(1_000, 9_000)])).await;
    let room = house.ask(&user("eve"), "room.get", json!({"room": "r1"})).await;
    assert_eq!((&room["pinned"]["id"], &room["pinned"]["at_ms"]), (&id, &json!(1_000)));
    let open = house.ask(&host(), "question.list", json!({"room": "r1"})).await;
    assert_eq!(open["questions"][0]["comment"]["at_ms"], 1_000);
    house.ask(&host(), "question.select", json!({"room": "r1", "comment": id})).await;
    assert_eq!(house.last("live:r1").await["comment"]["at_ms"], 1_000);
    assert!(house.recording().await.is_empty(), "at its place there is nothing left to watch");
}
