//! Every frame and every body that anybody got, searched for what was not theirs to know.

use std::collections::HashSet;

use belfry::operation::Role;
use serde_json::{Value, json};

use super::{
    object::Object,
    person::Person,
    town::{CANDIDATES, Town},
};

/// What an institution knows and its candidates do not.
const INTERNAL: [&str; 7] = [
    "owner_version",
    "waiting_since",
    "pseudonym",
    "avatar_seed",
    r#""candidate""#,
    r#""queue""#,
    "consult.queue",
];

/// Searches all that came to everybody so far.
pub async fn check(town: &mut Town) {
    for person in &town.people {
        // The platform's own programs read channels, where ids are names.
        if matches!(person.card.role, Role::Service | Role::Operator) {
            continue;
        }
        let heard = heard(person);
        for other in town.people.iter().filter(|it| it.card.role == Role::User) {
            if other.card.id != person.card.id {
                for secret in other.secrets() {
                    assert!(!heard.contains(&secret), "{} reads {secret}", person.card.id);
                }
            }
        }
        if person.card.role == Role::User {
            for word in INTERNAL {
                assert!(!heard.contains(word), "{} reads {word}", person.card.id);
            }
        }
        town.objects.iter().for_each(|object| check_texts(person, object, &heard));
    }
    check_pseudonyms(town).await;
}

/// All that came to a person, on both connections and through the HTTP door.
fn heard(person: &Person) -> String {
    let frames = person.visitors.iter().flat_map(|visitor| visitor.frames());
    let frames: Vec<_> = frames.map(|frame| String::from_utf8_lossy(frame)).collect();
    assert!(frames.iter().any(|frame| frame.contains(&format!("user:#{}", person.card.id))));
    frames.join("\n") + &person.bodies.join("\n")
}

/// A text is for those in scope, a text that waits for its author, a hidden one for nobody.
fn check_texts(person: &Person, object: &Object, heard: &str) {
    let (id, mark) = (&person.card.id, object.mark);
    let is_user = object.user == id;
    for (word, may) in [
        ("said", is_user || is_served_for(person, object)),
        ("held", is_user || is_served_for(person, object)),
        ("kept", is_user),
        ("hide", false),
    ] {
        let text = format!("{word}-{mark}-");
        assert!(may || !heard.contains(&text), "{id} reads {text}");
    }
}

/// Whether the person is, or was, in scope of the text on the institution's side.
pub fn is_served_for(person: &Person, object: &Object) -> bool {
    let watches = matches!(person.card.role, Role::InstitutionAdmin | Role::Support)
        && person.card.is_active()
        && person.institution() == Some(object.institution);
    watches || object.was_served_by(&person.card.id)
}

/// One person has another face in each institution, and no institution ever sees the other's.
async fn check_pseudonyms(town: &mut Town) {
    let admins = ["admin-1", "admin-2", "support-1"];
    let mut faces = Vec::new();
    for admin in admins {
        let list = town.person(admin).ask("consult.list", json!({"limit": 100})).await;
        faces.push(faces_in(&list));
    }
    let all: usize = faces.iter().map(HashSet::len).sum();
    let distinct: HashSet<_> = faces.iter().flatten().collect();
    // A pseudonym and a seed for each conversation.
    assert_eq!((all, distinct.len()), (2 * town.objects.len(), 2 * town.objects.len()));
    assert!(distinct.iter().all(|face| CANDIDATES.iter().all(|id| !face.contains(id))));
    for person in town.people.iter().filter(|it| it.institution().is_some()) {
        let heard = heard(person);
        for (admin, faces) in admins.iter().zip(&faces) {
            let own = town.people.iter().find(|it| it.card.id == *admin).unwrap().institution();
            let is_foreign = own != person.institution();
            let leak = faces.iter().find(|face| is_foreign && heard.contains(face.as_str()));
            assert_eq!(leak, None, "{} sees a face of {own:?}", person.card.id);
        }
    }
}

fn faces_in(list: &Value) -> HashSet<String> {
    let rows = list["conversations"].as_array().unwrap().iter();
    let faces = rows.flat_map(|row| ["pseudonym", "avatar_seed"].map(|key| &row["candidate"][key]));
    faces.map(|face| face.as_str().unwrap().to_owned()).collect()
}
