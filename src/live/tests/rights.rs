//! Who may do what, for every operation and everybody; and who learns whose comment it is.

use serde_json::{Value, json};

use super::house::{House, admin, host, moderator, operator, user};
use crate::{
    error::Code,
    hub::Signal,
    operation::{Caller, Role},
};

/// Everybody who may come to a room of `inst1`.
fn people() -> [(&'static str, Caller); 10] {
    [
        ("viewer", user("ann")),
        ("keeper", user("ben")),
        ("tutor", Caller::new("tutor2", Role::Tutor).of("inst1")),
        ("foreign admin", Caller::new("tutor9", Role::InstitutionAdmin).of("inst2")),
        ("former admin", Caller::new("gone", Role::InstitutionAdmin).of("inst1")),
        ("supervisor", Caller::new("sup", Role::Supervisor)),
        ("moderator", moderator()),
        ("host", host()),
        ("admin", admin()),
        ("operator", operator()),
    ]
}

/// Each operation, an input for it, and the first of [`people`] in the order of rank who may.
fn operations(id: &str) -> Vec<(&'static str, Value, &'static str)> {
    let named = json!({"room": "r1", "comment": id});
    let room = json!({"room": "r1"});
    let minutes = json!({"room": "r1", "comment": id, "term": {"minutes": 1}});
    vec![
        ("room.get", room.clone(), "viewer"),
        ("list", room.clone(), "viewer"),
        ("like", room.clone(), "viewer"),
        ("replay", json!({"room": "r1", "from_ms": 0, "to_ms": 9}), "viewer"),
        ("replay_seek", json!({"room": "r1", "at_ms": 9, "count": 9}), "viewer"),
        ("hold.list", room.clone(), "keeper"),
        ("hold.claim", named.clone(), "keeper"),
        ("hold.decide", json!({"room": "r1", "comment": id, "decision": "approve"}), "keeper"),
        ("question.list", room.clone(), "keeper"),
        ("question.select", named.clone(), "keeper"),
        ("question.answer", named.clone(), "keeper"),
        ("question.ignore", named.clone(), "keeper"),
        ("remove", named.clone(), "keeper"),
        ("mute", minutes, "keeper"),
        ("unmute", named.clone(), "keeper"),
        ("mutes", room.clone(), "keeper"),
        ("mute", json!({"room": "r1", "comment": id, "term": "permanent"}), "host"),
        ("settings", json!({"room": "r1", "set": {}}), "host"),
        ("pin", named, "host"),
        ("unpin", room.clone(), "host"),
        ("notice", json!({"room": "r1", "text": "九点开始"}), "host"),
        ("appoint", json!({"room": "r1", "user": "tutor2"}), "host"),
        ("dismiss", json!({"room": "r1", "member": "nobody"}), "host"),
        ("room.put", json!({"id": "r1", "title": "选岗答疑"}), "host"),
        ("pause", room.clone(), "host"),
        ("publish_replay", room.clone(), "host"),
        ("trim", json!({"room": "r1", "cuts": []}), "host"),
        ("resume", room.clone(), "host"),
        ("clear", room, "host"),
    ]
}

/// How high somebody stands in the room.
fn rank(who: &str) -> u8 {
    match who {
        "viewer" | "tutor" | "foreign admin" | "former admin" | "supervisor" => 0,
        "keeper" | "moderator" => 1,
        _ => 2,
    }
}

#[tokio::test]
async fn each_operation_is_open_to_those_who_stand_high_enough_and_to_nobody_else() {
    for (who, caller) in people() {
        let house = House::new().await;
        let id = house.said(&user("ben"), "我来帮忙").await;
        house.ask(&host(), "appoint", json!({"room": "r1", "comment": id})).await;
        let id = house.said(&user("carl"), "老师好").await;
        for (name, input, least) in operations(&id) {
            let answer = house.call(&caller, name, input).await;
            let is_denied = answer.is_err_and(|refusal| refusal.code() == Code::PermissionDenied);
            assert_eq!(is_denied, rank(who) < rank(least), "{who}: {name}, open to {least}");
        }
    }
}

#[tokio::test]
async fn the_platforms_hosts_lead_where_they_are_on_the_staff_and_nowhere_else() {
    let house = House::new().await;
    let somebody = Caller::new("h1", Role::Host);
    let set = json!({"room": "r1", "set": {"slow_s": 5}});
    assert_eq!(house.refused(&somebody, "settings", set.clone()).await, "permission denied");
    house.ask(&operator(), "appoint", json!({"room": "r1", "user": "h1"})).await;
    house.ask(&somebody, "settings", set.clone()).await;
    let as_user = Caller::new("h1", Role::User);
    assert_eq!(house.refused(&as_user, "settings", set).await, "permission denied");
}

#[tokio::test]
async fn whoever_has_gone_to_another_institution_keeps_no_place_in_the_rooms_of_the_first() {
    let house = House::new().await;
    house.ask(&host(), "appoint", json!({"room": "r1", "user": "tutor2"})).await;
    let before = Caller::new("tutor2", Role::Tutor).of("inst1");
    house.ask(&before, "hold.list", json!({"room": "r1"})).await;
    let entry = json!({"id": "tutor2", "institution": "inst2", "name": "李老师"});
    house.directory.put_tutor(&serde_json::from_value(entry).unwrap()).await.unwrap();
    for institution in ["inst1", "inst2"] {
        let after = Caller::new("tutor2", Role::Tutor).of(institution);
        let refused = house.refused(&after, "hold.list", json!({"room": "r1"})).await;
        assert_eq!(refused, "permission denied", "with a token of {institution}");
    }
}

#[tokio::test]
async fn whoever_has_left_keeps_no_place_by_another_token_and_a_candidate_keeps_theirs() {
    let house = House::new().await;
    for person in ["tutor2", "ben", "tutor9"] {
        house.ask(&operator(), "appoint", json!({"room": "r1", "user": person})).await;
    }
    let may = async |person: &str, role: Role| {
        let caller = Caller::new(person, role);
        let listed = house.call(&caller, "hold.list", json!({"room": "r1"})).await.is_ok();
        let entered = house.live.enter_desk(&caller, &"live_desk:r1".into()).await.is_ok();
        assert_eq!(listed, entered, "{person}");
        listed
    };
    for role in [Role::User, Role::Host] {
        assert!(may("tutor2", role).await && may("ben", role).await);
        assert!(!may("tutor9", role).await, "who works elsewhere is of another house");
    }
    for status in ["suspended", "left"] {
        let entry = json!({"id": "tutor2", "institution": "inst1", "name": "李老师",
            "status": status});
        house.directory.put_tutor(&serde_json::from_value(entry).unwrap()).await.unwrap();
        for role in [Role::User, Role::Host] {
            assert!(!may("tutor2", role).await, "{status}: {role}");
        }
    }
    assert!(may("ben", Role::User).await);
}

#[tokio::test]
async fn whoever_sits_at_a_desk_is_looked_at_again() {
    let house = House::new().await;
    let (desk, viewer) = (house.watch("live_desk:r1"), house.watch("live:r1"));
    let _tended = house.tended();
    assert_eq!(desk.asked().await, [Signal::Review("live_desk:r1".into())]);
    assert!(viewer.mailbox().take_signals().is_empty());
}

#[tokio::test]
async fn an_institution_writes_no_contact_into_the_title_of_its_room() {
    let house = House::new().await;
    let room = json!({"id": "r1", "title": "加微信 gk_laoli88"});
    let refusal = house.call(&admin(), "room.put", room).await.unwrap_err();
    assert_eq!(refusal.code(), Code::Rejected);
}

#[tokio::test]
async fn an_institution_learns_no_id_of_a_user_by_any_answer_or_event() {
    let house = House::new().await;
    house.set(json!({"questions": true, "words": ["华图"]})).await;
    let secret = user("uid-7731");
    let mut ids = Vec::new();
    for (key, text, question) in
        [("k1", "老师好", false), ("k2", "华图怎么样", false), ("k3", "几点开始", true)]
    {
        let input = json!({"room": "r1", "client_id": key, "text": text, "question": question});
        let answer = house.ask(&secret, "comment", input).await;
        ids.push(answer["id"].as_str().unwrap().to_owned());
    }
    house.say(&secret, "我电话13812345678").await.unwrap_err();
    house.set(json!({"premoderated": true})).await;
    let held = house.said(&secret, "还有问题").await;
    let mut told = String::new();
    for who in [host(), admin()] {
        for id in ids.iter().chain([&held]) {
            for (name, input, _) in operations(id) {
                told += &match house.call(&who, name, input).await {
                    Ok(answer) => answer.to_string(),
                    Err(refusal) => refusal.to_string(),
                };
            }
        }
        told +=
            &house.ask(&who, "appoint", json!({"room": "r1", "comment": ids[0]})).await.to_string();
        told += &house.ask(&who, "room.get", json!({"room": "r1"})).await.to_string();
    }
    for channel in ["live:r1", "live_desk:r1"] {
        told += &format!("{:?}", house.kept(channel).await);
    }
    assert!(told.contains("老师好") || told.contains("几点开始"), "there was something to tell");
    assert!(!told.contains("uid-7731"), "{told}");
    assert!(!told.contains("13812345678"), "{told}");
    assert!(!told.contains("10.0.0.1"), "{told}");
}
