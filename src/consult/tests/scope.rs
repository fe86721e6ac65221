//! Everybody tries everything, in random order: nobody learns what is not theirs to know.

use std::collections::HashMap;

use proptest::prelude::*;

use super::*;
use crate::{
    consult::{conversation::Conversation, session::State},
    directory::SUPPORT,
    ids::ConversationId,
    operation::{Caller, Role},
};

const OPERATIONS: [&str; 13] = [
    "open", "send", "send", "confirm", "discard", "list", "history", "sync", "read", "typing",
    "recall", "accept", "close",
];
/// Ids that no other word of an answer contains.
const CANDIDATES: [&str; 2] = ["cand-xq71", "cand-zw93"];

/// One attempt: who, what, on which object, and a number to fill in the rest.
#[derive(Clone, Debug)]
struct Attempt {
    who: usize,
    operation: &'static str,
    object: usize,
    number: i64,
}

fn attempts() -> impl Strategy<Value = Vec<Attempt>> {
    let attempt = (0..people().len(), prop::sample::select(&OPERATIONS[..]), 0..6_usize, 0..8_i64);
    let attempt = attempt.prop_map(|(who, operation, object, number)| Attempt {
        who,
        operation,
        object,
        number,
    });
    prop::collection::vec(attempt, 20..60)
}

fn people() -> Vec<Caller> {
    let mut people: Vec<_> = CANDIDATES.iter().map(|id| user(id)).collect();
    people.extend(["tutor1", "tutor2", "tutor9"].map(tutor));
    people.extend([admin("admin1"), support("support1")]);
    // A tutor whose token claims the platform's own institution, and one without any.
    people.push(Caller::new("tutor1", Role::Tutor).of(SUPPORT));
    people.push(Caller::new("tutor2", Role::Tutor));
    people.push(Caller::new("auditor1", Role::Auditor).of("inst1"));
    people
}

/// What the test knows of the house: every conversation, and which text belongs to which.
struct World {
    house: House,
    people: Vec<Caller>,
    conversations: Vec<String>,
    holds: Vec<(String, Value)>,
    texts: usize,
    /// Who was an owner of a conversation at the time of the last call or before it.
    owners: HashMap<String, [Option<String>; 2]>,
}

impl World {
    async fn new() -> Self {
        let house = House::new().await;
        for id in ["tutor1", "tutor2", "tutor9", "support1"] {
            let who = if id == "support1" { support(id) } else { tutor(id) };
            house.ask(&who, "state", json!({"state": "online"})).await;
        }
        let (people, owners) = (people(), HashMap::new());
        let (conversations, holds) = (Vec::new(), Vec::new());
        Self { house, people, conversations, holds, texts: 0, owners }
    }

    async fn attempt(&mut self, attempt: &Attempt) {
        let who = self.people[attempt.who].clone();
        let input = self.input(attempt);
        self.remember_owners().await;
        let called = self.house.call(&who, attempt.operation, input.clone()).await;
        self.remember_owners().await;
        if let Ok(answer) = &called.answer {
            self.learn(attempt.operation, &input, answer);
            self.check(&who.user.to_string(), Some(who.role), answer).await;
        }
        for (to, event) in &called.events {
            self.check(to, None, event).await;
        }
    }

    fn input(&mut self, attempt: &Attempt) -> Value {
        let institution = ["inst1", "inst2", SUPPORT][attempt.object % 3];
        let wanted = ["tutor1", "tutor2", "tutor9", "support1"].get(attempt.number as usize);
        if attempt.operation == "open" {
            return json!({"institution": institution, "tutor": wanted});
        }
        if matches!(attempt.operation, "list" | "sync") {
            return json!({});
        }
        let known = self.conversations.len().max(1);
        let at = attempt.object % known;
        let conversation = self.conversations.get(at).cloned().unwrap_or_else(|| "none".to_owned());
        let mut input = json!({"conversation": conversation});
        match attempt.operation {
            "send" => {
                self.texts += 1;
                let text = format!("<{at}> {}", ["你好", "电话13812345678"][self.texts % 2]);
                input["client_id"] = json!(self.texts.to_string());
                input["body"] = json!({"kind": "text", "text": text});
            }
            "confirm" | "discard" => {
                let hold = self.holds.get(attempt.number as usize).cloned().unwrap_or_default();
                input["hold"] = json!(hold.0);
                if attempt.operation == "confirm" {
                    input["token"] = if hold.1.is_null() { json!("") } else { hold.1 };
                }
            }
            "read" | "recall" => input["seq"] = json!(attempt.number),
            "accept" => input["owner_version"] = json!(attempt.number),
            _ => {}
        }
        input
    }

    fn learn(&mut self, operation: &str, input: &Value, answer: &Value) {
        if operation == "open" {
            let id = answer["conversation"].as_str().unwrap().to_owned();
            if !self.conversations.contains(&id) {
                self.conversations.push(id);
            }
        }
        if answer["status"] == "held" {
            assert_eq!(operation, "send", "{input}");
            let hold = answer["hold"].as_str().unwrap().to_owned();
            self.holds.push((hold, answer["token"].clone()));
        }
    }

    async fn conversation(&self, id: &str) -> Conversation {
        self.house.consult.conversation(&ConversationId::from(id)).await.unwrap().unwrap()
    }

    async fn remember_owners(&mut self) {
        for id in &self.conversations {
            let now = self.conversation(id).await.owner.map(|owner| owner.to_string());
            let [_, before] = self.owners.remove(id).unwrap_or_default();
            self.owners.insert(id.clone(), [before, now]);
        }
    }

    /// Whether `json` tells `person` more than they may know.
    async fn check(&self, person: &str, role: Option<Role>, json: &Value) {
        let text = json.to_string();
        if !CANDIDATES.contains(&person) {
            for candidate in CANDIDATES {
                assert!(!text.contains(candidate), "{person} reads {text}");
            }
        }
        for at in texts_in(&text) {
            let id = &self.conversations[at];
            let conversation = self.conversation(id).await;
            let is_user =
                conversation.user.as_str() == person && role.is_none_or(|it| it == Role::User);
            let owned = self
                .owners
                .get(id)
                .is_some_and(|owners| owners.iter().any(|owner| owner.as_deref() == Some(person)));
            let watches = match person {
                "admin1" => conversation.institution.as_str() == "inst1",
                "support1" => conversation.institution.as_str() == SUPPORT,
                _ => false,
            };
            assert!(is_user || owned || watches, "{person} reads of {at}: {text}");
        }
    }
}

/// The conversations whose texts stand in `json`: each text begins with the number of its own.
fn texts_in(json: &str) -> Vec<usize> {
    let pieces = json.split('<').skip(1);
    pieces.filter_map(|piece| piece.split_once('>')?.0.parse().ok()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn nobody_learns_what_is_not_theirs(attempts in attempts()) {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async {
            let mut world = World::new().await;
            for attempt in &attempts {
                world.attempt(attempt).await;
            }
            for at in 0..world.conversations.len() {
                let id = world.conversations[at].clone();
                let state = world.conversation(&id).await.state;
                prop_assert!(matches!(state, State::Queued | State::Serving | State::Ended));
                let mine = user(world.conversation(&id).await.user.as_str());
                world.house.kinds(&mine, &id).await;
            }
            Ok(())
        })?;
    }
}

#[tokio::test]
async fn what_is_out_of_scope_looks_like_what_does_not_exist() {
    let house = House::new().await;
    let conversation = house.served().await;
    let operations = [
        ("send", json!({"client_id": "k", "body": {"kind": "text", "text": "x"}})),
        ("confirm", json!({"hold": "h", "token": "t"})),
        ("discard", json!({"hold": "h"})),
        ("history", json!({})),
        ("read", json!({"seq": 1})),
        ("typing", json!({})),
        ("recall", json!({"seq": 1})),
        ("close", json!({})),
    ];
    let strangers = [user("user2"), tutor("tutor2"), tutor("tutor9"), support("support1")];
    for (operation, input) in operations {
        for who in &strangers {
            let mut answers = Vec::new();
            for id in [conversation.as_str(), "0190000000007000800000000000beef"] {
                let mut input = input.clone();
                input["conversation"] = json!(id);
                let called = house.call(who, operation, input).await;
                assert!(called.events.is_empty());
                answers.push(called.answer.unwrap_err());
            }
            assert_eq!(answers[0].code(), Code::NotInScope, "{operation} by {}", who.user);
            assert_eq!(answers[0], answers[1]);
        }
    }
    assert_eq!(house.kinds(&user("user1"), &conversation).await, ["session"]);
}
