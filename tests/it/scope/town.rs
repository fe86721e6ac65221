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

/// One of the staff: id, role, what their token says of an institution, and the directory of them.
type Staff = (&'static str, Role, Option<&'static str>, Option<&'static str>);

const STAFF: [Staff; 12] = [
    ("tutor-a", Role::Tutor, Some("inst1"), Some("active")),
    ("tutor-b", Role::Tutor, Some("inst1"), Some("active")),
    ("admin-1", Role::InstitutionAdmin, Some("inst1"), Some("active")),
    ("tutor-z", Role::Tutor, Some("inst2"), Some("active")),
    ("admin-2", Role::InstitutionAdmin, Some("inst2"), Some("active")),
    ("support-1", Role::Support, None, Some("active")),
    // Tokens that were true once; two of these people own a conversation.
    ("tutor-suspended", Role::Tutor, Some("inst2"), Some("suspended")),
    ("tutor-left", Role::Tutor, Some("inst1"), Some("left")),
    ("admin-suspended", Role::InstitutionAdmin, Some("inst1"), Some("suspended")),
    ("support-left", Role::Support, None, Some("left")),
    // A token that the directory does not confirm, and one that claims the platform's own desk.
    ("tutor-stranger", Role::Tutor, Some("inst1"), None),
    ("tutor-pretender", Role::Tutor, Some("support"), None),
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
            rates.upload = free;
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
        for (id, _, _, employment) in STAFF {
            if employment == Some("active") {
                town.sit_down(id).await;
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

    /// Lets the directory say of `who` what it says of people who work there; what it says truly is
    /// to be put back by [`Town::dismiss`].
    pub async fn reinstate(&mut self, who: &str) {
        if !self.person(who).card.is_active() {
            put_tutor(&mut self.service, who, "active").await;
            self.sit_down(who).await;
        }
    }

    /// Ends what [`Town::reinstate`] began.
    pub async fn dismiss(&mut self, who: &str) {
        let employment = self.person(who).card.employment;
        put_tutor(&mut self.service, who, employment.unwrap()).await;
    }

    /// Busy: at the desk, but nothing is assigned that nobody accepted.
    async fn sit_down(&mut self, who: &str) {
        self.person(who).ask("consult.state", json!({"state": "busy"})).await;
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
            self.reinstate(owner).await;
            self.accept(owner, &object.id).await;
            self.dismiss(owner).await;
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
    let card = |id: &str, role, institution, employment| Card {
        id: id.to_owned(),
        role,
        institution,
        employment,
    };
    let candidate = |id: &str| card(id, Role::User, None, None);
    let staff =
        |&(id, role, institution, employment): &Staff| card(id, role, institution, employment);
    let mut cards: Vec<_> = CANDIDATES.into_iter().map(candidate).collect();
    cards.extend(STAFF.iter().map(staff));
    for role in Role::ALL {
        if cards.iter().all(|card| card.role != *role) {
            // An institution in a token of such a role means nothing.
            cards.push(card(&format!("{role}-1"), *role, Some("inst1"), None));
        }
    }
    cards
}

async fn fill_directory(service: &mut Visitor) {
    for id in ["inst1", "inst2"] {
        let entry = json!({"id": id, "name": "青云教育", "certification": "certified"});
        call(service, "directory.institution.put", entry).await.unwrap();
    }
    for (id, _, _, employment) in STAFF {
        if let Some(employment) = employment {
            put_tutor(service, id, employment).await;
        }
    }
    for id in CANDIDATES {
        let entry = json!({"id": id, "nickname": nickname(id), "avatar": avatar(id)});
        call(service, "directory.profile.put", entry).await.unwrap();
    }
}

/// Writes what the directory says of one of the staff.
async fn put_tutor(service: &mut Visitor, id: &str, employment: &str) {
    let (_, role, institution, _) = *STAFF.iter().find(|(it, ..)| *it == id).unwrap();
    let entry = json!({
        "id": id,
        "institution": institution.unwrap_or("support"),
        "name": "张老师",
        "admin": role == Role::InstitutionAdmin,
        "status": employment,
    });
    call(service, "directory.tutor.put", entry).await.unwrap();
}
