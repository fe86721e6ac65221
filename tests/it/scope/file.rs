//! Files: whose they are to send, who is shown where they lie, and what a link is worth to others.

use std::fs;

use belfry::operation::Role;
use serde_json::{Value, json};

use super::{
    person::{Door, Person},
    privacy,
    rule::{DENIED, DOORS, OUT_OF_SCOPE, Sight, sight},
    table::{self, ON_FILES},
    town::Town,
};

/// A candidate, whose first conversation is served by a tutor.
const OWNER: &str = "uid-secret-alpha";
const NOT_AVAILABLE: u32 = 108;

async fn upload(town: &mut Town, who: &str, key: &str) -> Value {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/media/gps.jpg");
    let call = format!("media.upload?purpose=consult&client_id={key}");
    town.person(who).post_bytes(&call, fs::read(path).unwrap()).await.unwrap()["media"].clone()
}

fn showing(conversation: &str, key: &str, id: &Value) -> Value {
    let body = json!({"kind": "image", "media": id});
    json!({"conversation": conversation, "client_id": key, "body": body})
}

#[tokio::test]
async fn a_picture_is_its_authors_to_send_and_is_shown_to_those_in_scope() {
    let mut town = Town::build().await;
    let object = town.objects[0].clone();
    assert_eq!((object.user, object.owner), (OWNER, Some("tutor-a")));
    let (waiting, sent) =
        (upload(&mut town, OWNER, "k1").await, upload(&mut town, OWNER, "k2").await);
    let input = showing(&object.id, "k2", &sent["id"]);
    town.person(OWNER).ask("consult.send", input).await;
    let standing = town.standing(0).await;
    for at in 0..town.people.len() {
        let person = &mut town.people[at];
        let (me, role) = (person.card.id.clone(), person.card.role);
        let may_ask = table::roles("media.link").contains(&role);
        for door in DOORS {
            for media in [&waiting, &sent] {
                let answer = person.attempt(door, "media.link", json!({"id": media["id"]})).await;
                match answer {
                    Ok(answer) => assert!(me == OWNER && answer["media"]["id"] == media["id"]),
                    Err((code, _)) if may_ask => assert_eq!(code, OUT_OF_SCOPE, "{me}"),
                    Err((code, _)) => assert_eq!(code, DENIED, "{me}"),
                }
            }
            if me != OWNER {
                let theft = showing(&object.id, &format!("k-{door:?}"), &waiting["id"]);
                let answer = person.attempt(door, "consult.send", theft).await;
                answer.expect_err(&format!("{me} sent somebody else's picture"));
            }
            let history = json!({"conversation": object.id});
            let history = person.attempt(door, "consult.history", history).await;
            let reads = matches!(
                sight(person, &object, &standing),
                Sight::User | Sight::Owner | Sight::Watcher
            );
            assert!(history.is_err() || reads, "{me}");
            let words = history.map_or_else(|(_, words)| words, |page| page.to_string());
            let is_shown = words.contains(sent["id"].as_str().unwrap());
            let is_in_force = role == Role::User || person.card.is_active();
            assert_eq!(is_shown, reads && is_in_force, "{me}");
            assert!(!words.contains(waiting["id"].as_str().unwrap()), "nobody sent it");
        }
    }
    let link = sent["url"].as_str().unwrap();
    assert_eq!(town.person("tutor-a").follow(link).await, 200, "the link is the right to look");
    let bare = link.split_once('?').unwrap().0;
    assert_eq!(town.person("tutor-a").follow(bare).await, 404);
    town.fence().await;
    privacy::check(&mut town).await;
}

#[tokio::test]
async fn files_come_over_http_from_those_who_send_messages() {
    let mut town = Town::build().await;
    let known: Vec<_> = ON_FILES.iter().map(|(name, _)| *name).collect();
    assert_eq!(known, ["media.link", "media.upload"], "each is walked here");
    for at in 0..town.people.len() {
        let person = &mut town.people[at];
        let may = table::roles("media.upload").contains(&person.card.role);
        let me = person.card.id.clone();
        let over_rpc = call_rpc(person).await;
        assert_eq!(over_rpc, if may { NOT_AVAILABLE } else { DENIED }, "{me}");
        let call = "media.upload?purpose=live&client_id=k1";
        let (code, words) = person.post_bytes(call, b"<html>".to_vec()).await.unwrap_err();
        assert_eq!(code, if may { 421 } else { DENIED }, "{me}: {words}");
    }
    privacy::check(&mut town).await;
}

async fn call_rpc(person: &mut Person) -> u32 {
    let input = json!({"purpose": "consult", "client_id": "k1"});
    person.attempt(Door::Rpc, "media.upload", input).await.unwrap_err().0
}
