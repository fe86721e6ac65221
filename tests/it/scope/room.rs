//! Live rooms: everybody tries everything in their own institution's room, another's, and none.

use belfry::operation::Role;
use serde_json::{Value, json};

use super::{
    person::Card,
    privacy,
    rule::{DENIED, DOORS, OUT_OF_SCOPE},
    table::{IN_ROOMS, roles},
    town::Town,
};
use crate::support::call;

/// Rooms of the town: one of an institution, one of the platform, and one that does not exist.
const ROOMS: [&str; 3] = ["room-of-inst1", "room-of-all", "room-of-nobody"];
const NOBODYS: &str = ROOMS[2];

/// What an operation is called with; nothing in it exists but the room.
fn input(name: &str, room: &str) -> Value {
    match name {
        "live.rooms" => json!({}),
        "live.room.put" => json!({"id": room, "title": "答疑", "institution": "inst9"}),
        "live.comment" => json!({"room": room, "client_id": "k", "text": " "}),
        "live.hold.decide" => json!({"room": room, "comment": "none", "decision": "approve"}),
        "live.mute" => json!({"room": room, "comment": "none", "term": {"minutes": 1}}),
        "live.settings" => json!({"room": room, "set": {}}),
        "live.replay" => json!({"room": room, "from_ms": 0, "to_ms": 1_000}),
        "live.replay_seek" => json!({"room": room, "at_ms": 0, "count": 1}),
        "live.trim" => json!({"room": room, "cuts": []}),
        "live.dismiss" => json!({"room": room, "member": "none"}),
        "live.appoint"
        | "live.hold.claim"
        | "live.pin"
        | "live.question.answer"
        | "live.question.ignore"
        | "live.question.select"
        | "live.remove"
        | "live.unmute"
        | "live.voice" => {
            json!({"room": room, "comment": "none"})
        }
        _ => json!({"room": room}),
    }
}

/// Whether somebody leads the room, as people were promised.
fn leads(card: &Card, room: &str) -> bool {
    match card.role {
        Role::Service | Role::Operator | Role::Lead => true,
        Role::InstitutionAdmin => {
            room == "room-of-inst1" && card.institution == Some("inst1") && card.is_active()
        }
        _ => false,
    }
}

/// Whether somebody must be refused for who they are; of other refusals each has its own reason.
fn is_denied(name: &str, card: &Card, room: &str) -> bool {
    if !roles(name).contains(&card.role) {
        return true;
    }
    match name {
        "live.comment" | "live.like" | "live.list" | "live.replay" | "live.replay_seek"
        | "live.room.get" | "live.rooms" | "live.voice" => false,
        "live.room.put" if room == NOBODYS => {
            !matches!(card.role, Role::Service | Role::Operator | Role::Lead)
        }
        _ if room == NOBODYS => false,
        "live.hold.claim"
        | "live.hold.decide"
        | "live.hold.list"
        | "live.mute"
        | "live.mutes"
        | "live.question.answer"
        | "live.question.ignore"
        | "live.question.list"
        | "live.question.select"
        | "live.remove"
        | "live.unmute" => !leads(card, room) && card.role != Role::Moderator,
        _ => !leads(card, room),
    }
}

#[tokio::test]
async fn everybody_is_let_as_far_as_they_stand_in_the_room_and_no_further() {
    let mut town = Town::build().await;
    for (id, institution) in [("room-of-inst1", json!("inst1")), ("room-of-all", Value::Null)] {
        let room = json!({"id": id, "title": "答疑", "institution": institution});
        call(&mut town.service, "live.room.put", room).await.unwrap();
    }
    for person in &mut town.people {
        for (name, _) in IN_ROOMS {
            for (room, door) in ROOMS.into_iter().flat_map(|room| DOORS.map(|door| (room, door))) {
                let answer = person.attempt(door, name, input(name, room)).await;
                let code = answer.as_ref().err().map(|(code, _)| *code);
                let denied = is_denied(name, &person.card, room);
                assert_eq!(code == Some(DENIED), denied, "{:?} {name} {room}", person.card);
                let is_missing = room == NOBODYS && !denied;
                if is_missing && !["live.rooms", "live.room.put", "live.comment"].contains(name) {
                    assert_eq!(code, Some(OUT_OF_SCOPE), "{:?} {name}", person.card);
                }
            }
        }
    }
    town.fence().await;
    privacy::check(&mut town).await;
}
