//! Operations without a conversation: lists, desks, the directory, and what only the platform may.

use std::collections::BTreeSet;

use belfry::operation::Role;
use serde_json::{Value, json};

use super::{
    person::Person,
    privacy,
    rule::{self, DENIED, DOORS, OUT_OF_SCOPE, Sight},
    table::{OF_THE_PLATFORM, ON_THEMSELVES},
    town::Town,
};
use crate::support::call;

const ALPHA: &str = "uid-secret-alpha";

/// Whether the person gets past the door of a consultation's operation.
fn admission(name: &str, person: &Person) -> Result<(), u32> {
    rule::shut_out(name, person).map_or(Ok(()), Err)
}

/// The conversations whose text the person may read, and those that they see waiting.
async fn visible(town: &mut Town, at: usize) -> [BTreeSet<String>; 2] {
    let (snapshot, mut seen) = (town.snapshot().await, [BTreeSet::new(), BTreeSet::new()]);
    for object in &town.objects {
        let standing = snapshot.of(&object.id);
        let sight = rule::sight(&town.people[at], object, &standing);
        if matches!(sight, Sight::User | Sight::Owner | Sight::Watcher) {
            seen[0].insert(object.id.clone());
        }
        if standing.state == "queued" && matches!(sight, Sight::Queue | Sight::Watcher) {
            seen[1].insert(object.id.clone());
        }
    }
    seen
}

fn ids(rows: &Value) -> BTreeSet<String> {
    let rows = rows.as_array().map(Vec::as_slice).unwrap_or_default().iter();
    rows.map(|row| row["conversation"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn lists_and_queues_hold_exactly_what_is_in_scope() {
    let mut town = Town::build().await;
    for at in 0..town.people.len() {
        let [texts, queue] = visible(&mut town, at).await;
        let names = ["consult.list", "consult.sync"];
        for (name, door) in names.into_iter().flat_map(|name| DOORS.map(|door| (name, door))) {
            let person = &mut town.people[at];
            let (who, admission) = (person.card.clone(), admission(name, person));
            let answer = match person.attempt(door, name, json!({})).await {
                Ok(answer) => answer,
                Err((code, words)) => {
                    assert_eq!(admission, Err(code), "{who:?} {name}: {words}");
                    continue;
                }
            };
            assert_eq!(admission, Ok(()), "{who:?} {name}");
            let list = if name == "consult.sync" { &answer["list"] } else { &answer };
            assert_eq!(ids(&list["conversations"]), texts, "{who:?} {name}");
            assert_eq!(ids(&list["queue"]), queue, "{who:?} {name}");
            for row in list["queue"].as_array().into_iter().flatten() {
                let fields: Vec<_> = row.as_object().unwrap().keys().map(String::as_str).collect();
                let known =
                    ["candidate", "conversation", "owner_version", "queued_at", "waiting_since"];
                assert_eq!(BTreeSet::from_iter(fields), BTreeSet::from(known), "no text");
            }
        }
    }
    privacy::check(&mut town).await;
}

#[tokio::test]
async fn conversations_are_opened_by_candidates_and_desks_kept_by_staff() {
    let mut town = Town::build().await;
    for at in 0..town.people.len() {
        for institution in ["inst1", "inst2", "support", "nowhere"] {
            for door in DOORS {
                let person = &mut town.people[at];
                let admission = admission("consult.open", person);
                let input = json!({"institution": institution, "tutor": "tutor-a"});
                let answer = person.attempt(door, "consult.open", input).await;
                let expected = match (admission, institution) {
                    (Ok(()), "nowhere") => Err(OUT_OF_SCOPE),
                    _ => admission,
                };
                let is = answer.map(|_| ()).map_err(|(code, _)| code);
                assert_eq!(is, expected, "{:?} {institution}", person.card);
            }
        }
        for door in DOORS {
            let person = &mut town.people[at];
            let admission = admission("consult.state", person);
            let input = json!({"state": "busy"});
            let answer = person.attempt(door, "consult.state", input).await;
            let is = answer.map(|_| ()).map_err(|(code, _)| code);
            assert_eq!(is, admission, "{:?}", person.card);
        }
    }
    // Nobody was given a conversation that their institution does not have.
    let snapshot = town.snapshot().await;
    for object in &town.objects {
        let standing = snapshot.of(&object.id);
        assert!(standing.owner.is_none() || standing.owner.as_deref() == object.owner);
    }
    town.fence().await;
}

#[tokio::test]
async fn the_directory_is_read_by_all_and_names_no_candidate() {
    let mut town = Town::build().await;
    for at in 0..town.people.len() {
        for door in DOORS {
            let person = &mut town.people[at];
            person.attempt(door, "directory.institutions", json!({})).await.unwrap();
            for institution in ["inst1", "inst2", "support", "nowhere"] {
                let input = json!({"institution": institution});
                person.attempt(door, "directory.tutors", input).await.unwrap();
            }
        }
    }
    let mut walked = vec!["consult.list", "consult.open", "consult.state", "consult.sync"];
    walked.extend(["directory.institutions", "directory.tutors"]);
    let known: Vec<_> = ON_THEMSELVES.iter().map(|(name, _)| *name).collect();
    assert_eq!(walked, known, "every operation of this kind is walked above");
    privacy::check(&mut town).await;
}

/// What would do harm, if it were let in.
fn harm(name: &str, me: &str) -> Value {
    let channel = format!("user:#{ALPHA}");
    match name {
        "alert.claim" | "alert.release" => json!({"alert": "018f"}),
        "alert.decide" => json!({"alert": "018f", "hits": 1, "outcome": "minor"}),
        "alert.list" => json!({}),
        "broadcast" => json!({"channels": [channel], "data": 1}),
        "channels" | "info" => json!({}),
        "directory.institution.put" => {
            json!({"id": "inst2", "name": "别人的", "certification": "revoked"})
        }
        "directory.profile.put" => json!({"id": ALPHA, "nickname": "别人的"}),
        "directory.tutor.put" => {
            json!({"id": me, "institution": "inst2", "name": "别人的", "admin": true})
        }
        "disconnect" => json!({"user": ALPHA}),
        "identity.revoke" => json!({"user": ALPHA}),
        "moderation.draft" => {
            json!({"note": "n", "words": {"property": ["张老师"]}})
        }
        "moderation.dry_run" | "moderation.publish" | "moderation.rule_set" => {
            json!({"version": "0"})
        }
        "moderation.hits" | "moderation.roll_back" | "moderation.rules" => json!({}),
        "moderation.test" => json!({"text": "你好"}),
        "publish" => json!({"channel": channel, "data": 1}),
        "refresh" => json!({"user": ALPHA, "expired": true}),
        "region.lookup" => json!({"address": "202.96.128.86"}),
        "subscribe" => json!({"user": me, "channel": channel}),
        "unsubscribe" => json!({"user": ALPHA, "channel": channel}),
        "history" | "history_remove" | "presence" | "presence_stats" => {
            json!({"channel": channel})
        }
        other => panic!("{other}: say what harm it could do"),
    }
}

/// What harm would show in: the directory, the channels, and the conversations.
async fn state(town: &mut Town) -> Value {
    let mut state = Vec::new();
    for (name, input) in [
        ("directory.institutions", json!({})),
        ("directory.tutors", json!({"institution": "inst1"})),
        ("directory.tutors", json!({"institution": "inst2"})),
        ("channels", json!({})),
        ("history", json!({"channel": format!("user:#{ALPHA}"), "limit": -1})),
    ] {
        state.push(call(&mut town.service, name, input).await.unwrap());
    }
    state.push(town.person("lead-1").ask("moderation.rules", json!({})).await);
    json!(state)
}

#[tokio::test]
async fn the_platforms_own_operations_are_shut_to_everybody_else() {
    let mut town = Town::build().await;
    let (before, lists) = (state(&mut town).await, town.snapshot().await);
    let mut tried = 0;
    for at in 0..town.people.len() {
        for (name, roles) in OF_THE_PLATFORM {
            for door in DOORS {
                let person = &mut town.people[at];
                let is_trusted = roles.contains(&person.card.role);
                let input = if is_trusted { json!({}) } else { harm(name, &person.card.id) };
                let answer = person.attempt(door, name, input).await;
                let is_denied = matches!(answer, Err((DENIED, _)));
                assert_eq!(is_denied, !is_trusted, "{:?} {name}: {answer:?}", person.card);
                let is_for_staff = *name == "identity.revoke"
                    || name.starts_with("moderation.")
                    || name.starts_with("alert.")
                    || *name == "region.lookup";
                let is_program = matches!(person.card.role, Role::Service | Role::Operator);
                assert!(is_denied || is_program || is_for_staff);
                tried += 1;
            }
        }
    }
    assert_eq!(tried, 1_450, "people × operations × doors");
    assert_eq!(before, state(&mut town).await);
    assert_eq!(lists, town.snapshot().await);
    // Everybody is still here, on both connections.
    town.fence().await;
    privacy::check(&mut town).await;
}
