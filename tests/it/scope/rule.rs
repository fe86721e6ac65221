//! What must come of a call, told from the rules as people were promised them, not from the code.

use belfry::operation::Role;
use serde_json::{Value, json};

use super::{
    object::{NOWHERE, Object, Standing},
    person::{Door, Person},
    table,
};

/// Codes of refusals.
pub const DENIED: u32 = 103;
pub const OUT_OF_SCOPE: u32 = 403;
const SUSPENDED: u32 = 402;
const CLOSED: u32 = 404;
const STALE: u32 = 406;

/// What a person sees of a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sight {
    /// They are its candidate.
    User,
    /// They serve or served it last.
    Owner,
    /// They lead its institution, or the desk.
    Watcher,
    /// It waits in their institution's queue.
    Queue,
    /// It is their institution's and another's to serve.
    Colleague,
    /// Nothing.
    Nothing,
}

/// What `person` sees of `object` as it stands.
pub fn sight(person: &Person, object: &Object, standing: &Standing) -> Sight {
    let id = person.card.id.as_str();
    if person.card.role == Role::User {
        return if object.user == id { Sight::User } else { Sight::Nothing };
    }
    let serves = matches!(person.card.role, Role::Tutor | Role::InstitutionAdmin | Role::Support);
    if !serves || person.institution() != Some(object.institution) {
        return Sight::Nothing;
    }
    match person.card.role {
        _ if standing.owner.as_deref() == Some(id) => Sight::Owner,
        Role::InstitutionAdmin | Role::Support => Sight::Watcher,
        _ if standing.state == "queued" => Sight::Queue,
        _ => Sight::Colleague,
    }
}

/// The code of the refusal that must come; `None` where an answer must.
///
/// `object` is absent for a conversation that does not exist. `at` is which of the two messages or
/// holds is meant.
pub fn refusal(
    name: &str,
    person: &Person,
    object: Option<(&Object, &Standing)>,
    at: usize,
) -> Option<u32> {
    if let Some(code) = shut_out(name, person) {
        return Some(code);
    }
    let Some((object, standing)) = object else { return Some(OUT_OF_SCOPE) };
    let sight = sight(person, object, standing);
    if name == "consult.accept" {
        return accepting(standing, sight);
    }
    let author = [Some(object.user), object.owner][at];
    match (name, sight) {
        (_, Sight::Nothing | Sight::Colleague) => Some(OUT_OF_SCOPE),
        (_, Sight::Queue) => Some(DENIED),
        ("consult.send" | "consult.close", Sight::Watcher) => Some(DENIED),
        ("consult.send", Sight::Owner) if standing.state == "ended" => Some(CLOSED),
        ("consult.recall", _) if author != Some(&person.card.id) => Some(OUT_OF_SCOPE),
        ("consult.confirm" | "consult.discard", Sight::Owner | Sight::Watcher) => {
            Some(OUT_OF_SCOPE)
        }
        _ => None,
    }
}

/// The code of the refusal to whoever may not call `name` at all, whatever they would call it about.
pub fn shut_out(name: &str, person: &Person) -> Option<u32> {
    if !table::roles(name).contains(&person.card.role) {
        return Some(DENIED);
    }
    match (person.card.role, person.card.employment) {
        (Role::User, _) | (_, Some("active")) => None,
        (_, Some("suspended")) => Some(SUSPENDED),
        // Who has left, whom the directory does not know, and whose token claims to be the platform.
        _ => Some(DENIED),
    }
}

fn accepting(standing: &Standing, sight: Sight) -> Option<u32> {
    match sight {
        Sight::User | Sight::Nothing => Some(OUT_OF_SCOPE),
        // Who was slower than a colleague is told so.
        _ if standing.state != "queued" => Some(STALE),
        _ => None,
    }
}

/// What to call `name` with, about `object` or a conversation that does not exist.
pub fn input(name: &str, object: Option<(&Object, &Standing)>, at: usize, number: usize) -> Value {
    let id = object.map_or(NOWHERE, |(object, _)| object.id.as_str());
    let mut input = json!({"conversation": id});
    let (hold, token) = object.map_or((NOWHERE.to_owned(), "AAAA".to_owned()), |(object, _)| {
        // Each way to decide has a text of its own.
        object.holds[usize::from(name == "consult.discard")].clone()
    });
    match name {
        "consult.accept" => {
            input["owner_version"] =
                json!(object.map_or(1, |(_, standing)| standing.owner_version));
        }
        "consult.confirm" => (input["hold"], input["token"]) = (json!(hold), json!(token)),
        "consult.discard" => input["hold"] = json!(hold),
        "consult.read" => input["seq"] = json!(1),
        "consult.recall" => input["seq"] = json!(object.map_or(1, |(object, _)| object.seqs[at])),
        "consult.send" => {
            let mark = object.map_or('-', |(object, _)| object.mark);
            let text = format!("said-{mark}- 您好");
            input["client_id"] = json!(format!("walk{number}"));
            input["body"] = json!({"kind": "text", "text": text});
        }
        _ => {}
    }
    input
}

/// How many messages or holds of an object a walk tries.
pub fn variants(name: &str) -> usize {
    if name == "consult.recall" { 2 } else { 1 }
}

pub const DOORS: [Door; 2] = [Door::Rpc, Door::Http];
