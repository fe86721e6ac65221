//! The town: two institutions, the platform's desk, a person of every role, and what goes on there.

use belfry::{
    config::{rates::Bucket, value::Span},
    operation::Role,
};
use serde_json::{Value, json};

use super::{
    object::{Object, PLAN, Snapshot, Standing},
    person::{Card, Person, avatar, nickname},
};
use crate::support::{House, Visitor, call, service};

pub const CANDIDATES: [&str; 4] =
    ["uid-secret-alpha", "uid-secret-beta", "uid-secret-gamma", "uid-secret-delta"];

/// Staff: id, role, what their token says of an institution, and whether the directory knows it.
const STAFF: [(&str, Role, Option<&str>, bool); 8] = [
    ("tutor-a", Role::Tutor, Some("inst1"), true),
    ("tutor-b", Role::Tutor, Some("inst1"), true),
    ("admin-1", Role::InstitutionAdmin, Some("inst1"), true),
    ("tutor-z", Role::Tutor, Some("inst2"), true),
    ("admin-2", Role::InstitutionAdmin, Some("inst2"), true),
    ("support-1", Role::Support, None, true),
    // A token that the directory does not confirm, and one that claims the platform's own desk.
    ("tutor-stranger", Role::Tutor, Some("inst1"), false),
    ("tutor-pretender", Role::Tutor, Some("support"), false),
];

pub struct Town {
    pub house: House,
    pub service: Visitor,
    pub people: Vec<Person>,
    pub objects: Vec<Object>,
    count: usize,
}

impl Town {
    pub async fn build() -> Self {
        let house = House::open_with(|config| {
            // What services let anybody into shows who is there: no part of consultations.
            config.channels.namespaces.remove("room");
            let free = Bucket { per_second: 0, burst: 1 };
            let rates = &mut config.rates;
            (rates.read, rates.write, rates.send, rates.signal) = (free, free, free, free);
            config.client.commands_per_second = 0;
            // Most people listen to nothing for long, not even to pings.
            config.client.ping_interval = Span::default();
            config.consult.recall_window = Span::seconds(3_600);
            config.consult.hold_ttl = Span::seconds(3_600);
        })
        .await;
        let mut service = service(&house).await;
        fill_directory(&mut service).await;
        let mut people = Vec::new();
        for (at, card) in cards().into_iter().enumerate() {
            let last = if card.role == Role::User { 71 + at as u8 } else { 1 };
            people.push(Person::arrive(&house, card, [127, 0, 0, last].into()).await);
        }
        let mut town = Self { house, service, people, objects: Vec::new(), count: 0 };
        for (id, _, _, is_known) in STAFF {
            if is_known {
                // Busy: at the desk, but nothing is assigned that nobody accepted.
                town.person(id).ask("consult.state", json!({"state": "busy"})).await;
            }
        }
        for plan in PLAN {
            let object = Object::begin(&mut town, plan).await;
            town.objects.push(object);
        }
        town
    }

    pub fn person(&mut self, id: &str) -> &mut Person {
        self.people.iter_mut().find(|person| person.card.id == id).unwrap()
    }

    /// A number that was never given before.
    pub fn number(&mut self) -> usize {
        self.count += 1;
        self.count
    }

    /// What all candidates, admins and the desk see in their lists: everything that can change.
    pub async fn snapshot(&mut self) -> Snapshot {
        let mut lists = Vec::new();
        for id in CANDIDATES.into_iter().chain(["admin-1", "admin-2", "support-1"]) {
            lists.push(self.person(id).ask("consult.list", json!({"limit": 100})).await);
        }
        Snapshot::new(lists)
    }

    pub async fn standing(&mut self, at: usize) -> Standing {
        let id = self.objects[at].id.clone();
        self.snapshot().await.of(&id)
    }

    /// Says `text` as `who`; what became of it.
    pub async fn say(&mut self, who: &str, conversation: &str, text: &str) -> Value {
        let client_id = format!("n{}", self.number());
        let body = json!({"kind": "text", "text": text});
        let input = json!({"conversation": conversation, "client_id": client_id, "body": body});
        self.person(who).ask("consult.send", input).await
    }

    /// `who` takes the conversation from the queue.
    pub async fn accept(&mut self, who: &str, conversation: &str) {
        let version = self.snapshot().await.of(conversation).owner_version;
        let input = json!({"conversation": conversation, "owner_version": version});
        self.person(who).ask("consult.accept", input).await;
    }

    /// Brings a conversation back to the state and the owner that it is meant to be in; where
    /// everything stands then.
    pub async fn restore(&mut self, at: usize) -> Snapshot {
        let (object, snapshot) = (self.objects[at].clone(), self.snapshot().await);
        let now = snapshot.of(&object.id);
        if now.state == object.state && now.owner.as_deref() == object.owner {
            return snapshot;
        }
        let named = json!({"conversation": object.id});
        self.person(object.user).ask("consult.close", named.clone()).await;
        let institution = json!({"institution": object.institution});
        self.person(object.user).ask("consult.open", institution).await;
        if let Some(owner) = object.owner {
            self.accept(owner, &object.id).await;
        }
        if object.state == "ended" {
            self.person(object.user).ask("consult.close", named).await;
        }
        self.snapshot().await
    }

    /// Waits until everybody has heard all that was published to them before.
    pub async fn fence(&mut self) {
        let fence = json!({"fence": self.number()});
        for person in &self.people {
            let input = json!({"channel": format!("user:#{}", person.card.id), "data": fence});
            call(&mut self.service, "publish", input).await.unwrap();
        }
        for person in &mut self.people {
            person.hear_up_to(&fence).await;
        }
    }
}

/// Everybody: the candidates, the staff, and one of every other role.
fn cards() -> Vec<Card> {
    let candidate =
        |id: &str| Card { id: id.to_owned(), role: Role::User, institution: None, is_known: false };
    let staff = |&(id, role, institution, is_known): &(&str, Role, Option<&'static str>, bool)| {
        Card { id: id.to_owned(), role, institution, is_known }
    };
    let mut cards: Vec<_> = CANDIDATES.into_iter().map(candidate).collect();
    cards.extend(STAFF.iter().map(staff));
    for role in Role::ALL {
        if cards.iter().all(|card| card.role != *role) {
            // An institution in a token of such a role means nothing.
            let institution = Some("inst1");
            cards.push(Card { id: format!("{role}-1"), role: *role, institution, is_known: false });
        }
    }
    cards
}

async fn fill_directory(service: &mut Visitor) {
    for id in ["inst1", "inst2"] {
        let entry = json!({"id": id, "name": "青云教育", "certification": "certified"});
        call(service, "directory.institution.put", entry).await.unwrap();
    }
    for (id, role, institution, is_known) in STAFF {
        if is_known {
            let admin = role == Role::InstitutionAdmin;
            let institution = institution.unwrap_or("support");
            let entry =
                json!({"id": id, "institution": institution, "name": "张老师", "admin": admin});
            call(service, "directory.tutor.put", entry).await.unwrap();
        }
    }
    for id in CANDIDATES {
        let entry = json!({"id": id, "nickname": nickname(id), "avatar": avatar(id)});
        call(service, "directory.profile.put", entry).await.unwrap();
    }
}
