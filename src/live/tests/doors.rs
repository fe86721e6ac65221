//! The catalogue's view of rooms, the doors of their channels, and their document.

use serde_json::{Value, json};

use super::house::{House, admin, host, moderator, operator, user};
use crate::{
    error::Code,
    hub::Signal,
    ids::ChannelName,
    live::event::{DeskEvent, Event, PersonalEvent},
    operation::{Caller, Role},
};

#[tokio::test]
async fn every_operation_is_declared_with_its_rate() {
    let house = House::new().await;
    let line = |it: &crate::operation::Operation| format!("{} {:?}", it.name, it.rate);
    let lines: Vec<_> = house.catalogue.iter().map(line).collect();
    insta::assert_snapshot!(lines.join("\n"), @"
    live.appoint Write
    live.clear Write
    live.comment Send
    live.dismiss Write
    live.end Write
    live.hold.claim Write
    live.hold.decide Write
    live.hold.list Read
    live.like Signal
    live.list Read
    live.mute Write
    live.mutes Read
    live.notice Write
    live.pause Write
    live.pin Write
    live.publish_replay Write
    live.question.answer Write
    live.question.ignore Write
    live.question.list Read
    live.question.select Write
    live.remove Write
    live.replay Read
    live.replay_seek Read
    live.resume Write
    live.room.get Read
    live.room.put Write
    live.rooms Read
    live.settings Write
    live.start Write
    live.trim Write
    live.unmute Write
    live.unpin Write
    live.voice Read
    ");
    for operation in house.catalogue.iter() {
        assert_eq!(operation.input.get("type"), Some(&json!("object")), "{}", operation.name);
        assert_eq!(operation.input.get("additionalProperties"), Some(&json!(false)));
    }
}

async fn enters(house: &House, who: &Caller, channel: &str) -> bool {
    let channel = ChannelName::from(channel);
    let entered = match channel.as_str().starts_with("live_desk:") {
        true => house.live.enter_desk(who, &channel).await,
        false => house.live.enter(who, &channel).await,
    };
    if let Err(code) = entered {
        assert_eq!(code, Code::PermissionDenied);
    }
    entered.is_ok()
}

#[tokio::test]
async fn a_room_is_open_to_who_is_signed_in_and_to_others_where_its_host_says_so() {
    let house = House::new().await;
    let anonymous = Caller::new("", Role::User);
    assert!(enters(&house, &user("ann"), "live:r1").await);
    assert!(!enters(&house, &anonymous, "live:r1").await);
    house.set(json!({"anonymous": true})).await;
    assert!(enters(&house, &anonymous, "live:r1").await);
    assert!(!enters(&house, &anonymous, "live_desk:r1").await);
    for channel in ["live:nowhere", "live:", "live:r1#ann", "live:../r1", "$live:r1"] {
        assert!(!enters(&house, &operator(), channel).await, "{channel}");
    }
    house.ask(&host(), "end", json!({"room": "r1"})).await;
    assert!(enters(&house, &user("ann"), "live:r1").await, "what is over may be looked at");
    let entered = house.live.seen(&"live:r1".into()).await.unwrap().unwrap();
    let room: Value = serde_json::from_slice(&entered).unwrap();
    assert_eq!((&room["state"], room.get("desk")), (&json!("ended"), None));
}

#[tokio::test]
async fn those_who_watch_are_asked_for_again_when_the_room_is_closed_to_who_is_not_signed_in() {
    let house = House::new().await;
    let viewer = house.watch("live:r1");
    house.set(json!({"anonymous": true})).await;
    assert!(viewer.mailbox().take_signals().is_empty());
    house.set(json!({"anonymous": false})).await;
    assert_eq!(viewer.mailbox().take_signals(), [Signal::Review("live:r1".into())]);
    house.set(json!({"slow_s": 1})).await;
    assert!(viewer.mailbox().take_signals().is_empty());
}

#[tokio::test]
async fn a_desk_is_open_to_the_rooms_staff_and_to_the_platforms_moderators() {
    let house = House::new().await;
    let foreign = Caller::new("tutor9", Role::InstitutionAdmin).of("inst2");
    for (who, is_in) in [
        (host(), true),
        (admin(), true),
        (moderator(), true),
        (operator(), true),
        (foreign, false),
        (Caller::new("tutor2", Role::Tutor).of("inst1"), false),
        (Caller::new("h1", Role::Host), false),
        (user("ann"), false),
        (user(""), false),
    ] {
        assert_eq!(enters(&house, &who, "live_desk:r1").await, is_in, "{who:?}");
        assert!(!enters(&house, &who, "live_desk:nowhere").await);
    }
}

#[tokio::test]
async fn the_document_names_every_operation_event_and_setting() {
    let document =
        concat!(include_str!("../../../docs/LIVE.md"), include_str!("../../../docs/LIVE_DESK.md"));
    let house = House::new().await;
    let mut names: Vec<_> = house.catalogue.iter().map(|it| it.name.to_owned()).collect();
    for schema in [
        schemars::schema_for!(Event),
        schemars::schema_for!(DeskEvent),
        schemars::schema_for!(PersonalEvent),
    ] {
        let schema = schema.to_value().to_string();
        let types = schema.split('"').filter(|it| it.starts_with("live")).map(str::to_owned);
        names.extend(types.filter(|it| it.contains('.')));
    }
    let settings = house.set(json!({})).await;
    names.extend(settings["settings"].as_object().unwrap().keys().cloned());
    assert!(names.len() >= 32 + 10 + 8 + 3 + 8, "{names:?}");
    for name in names {
        assert!(document.contains(&format!("`{name}`")), "{name} is not documented");
    }
}
