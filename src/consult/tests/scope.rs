//! Everybody tries everything, in random order: nobody learns what is not theirs to know.

use std::collections::HashMap;

use proptest::prelude::*;

use super::*;
use crate::{
    consult::conversation::Conversation,
    directory::{Employment, SUPPORT},
    ids::ConversationId,
    operation::{Caller, Role},
};

const OPERATIONS: [&str; 16] = [
    "open", "send", "send", "send", "confirm", "discard", "list", "history", "history", "history",
    "sync", "read", "typing", "recall", "accept", "close",
];
/// Ids that no other word of an answer contains.
const CANDIDATES: [&str; 2] = ["cand-xq71", "cand-zw93"];
const TEXTS: [&str; 4] = ["你好", "我的手机号13812345678", "谢谢", "找人替考，多少钱?"];

/// One attempt: who, what, on which object, and a number to fill in the rest.
#[derive(Clone, Debug)]
struct Attempt {
    who: usize,
    operation: &'static str,
    object: usize,
    number: i64,
}

fn attempts() -> impl Strategy<Value = Vec<Attempt>> {
    let attempt = (0..people().len(), prop::sample::select(&OPERATIONS[..]), 0..6_usize, 0..12_i64);
    let attempt = attempt.prop_map(|(who, operation, object, number)| Attempt {
        who,
        operation,
        object,
        number,
    });
    prop::collection::vec(attempt, 40..80)
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

/// A text that somebody sent, as often as it was stored.
#[derive(Debug)]
struct Said {
    conversation: String,
    author: String,
    /// `delivered`, `held`, `hidden` or `recalled`.
    fate: String,
    seq: i64,
    hold: Value,
    token: Value,
}

/// What the test knows of the house.
struct World {
    house: House,
    people: Vec<Caller>,
    conversations: Vec<String>,
    said: Vec<Said>,
    /// Who owned each conversation before the last call and after it.
    owners: HashMap<String, [Option<String>; 2]>,
}

impl World {
    /// Both candidates with every institution: some served, some waiting, a text in each.
    async fn new() -> Self {
        let house = House::new().await;
        for who in [tutor("tutor1"), tutor("tutor2"), tutor("tutor9"), support("support1")] {
            house.ask(&who, "state", json!({"state": "online"})).await;
        }
        let (people, owners) = (people(), HashMap::new());
        let (conversations, said) = (Vec::new(), Vec::new());
        let mut world = Self { house, people, conversations, said, owners };
        for who in 0..CANDIDATES.len() {
            for object in 0..3 {
                let number = if who == 0 { object as i64 } else { 9 };
                world.attempt(&Attempt { who, operation: "open", object, number }).await;
                let object = world.conversations.len() - 1;
                world.attempt(&Attempt { who, operation: "send", object, number: 0 }).await;
            }
        }
        world
    }

    async fn attempt(&mut self, attempt: &Attempt) {
        let who = self.people[attempt.who].clone();
        let input = self.input(attempt, &who);
        self.remember_owners().await;
        let called = self.house.call(&who, attempt.operation, input.clone()).await;
        match &called.answer {
            Ok(answer) => self.learn(attempt.operation, &input, answer),
            Err(_) if attempt.operation == "send" => drop(self.said.pop()),
            Err(_) => {}
        }
        self.remember_owners().await;
        if let Ok(answer) = &called.answer {
            self.check(who.user.as_str(), answer).await;
        }
        for (to, event) in &called.events {
            self.check(to, event).await;
        }
    }

    fn input(&mut self, attempt: &Attempt, who: &Caller) -> Value {
        let number = attempt.number as usize;
        if attempt.operation == "open" {
            let institution = ["inst1", "inst2", SUPPORT][attempt.object % 3];
            let wanted = ["tutor1", "tutor9", "support1", "tutor2"].get(number);
            return json!({"institution": institution, "tutor": wanted});
        }
        if matches!(attempt.operation, "list" | "sync") {
            return json!({});
        }
        let conversation = &self.conversations[attempt.object % self.conversations.len()];
        let mut input = json!({"conversation": conversation});
        match attempt.operation {
            "send" => {
                let at = self.said.len();
                input["client_id"] = json!(format!("{at}"));
                let text = format!("<{at}> {}", TEXTS[number % TEXTS.len()]);
                input["body"] = json!({"kind": "text", "text": text});
                self.said.push(Said {
                    conversation: conversation.clone(),
                    author: who.user.to_string(),
                    fate: String::new(),
                    seq: 0,
                    hold: Value::Null,
                    token: Value::Null,
                });
            }
            "confirm" | "discard" => {
                let held = self.said.iter().filter(|it| it.fate == "held").nth(number / 3);
                let (hold, token) =
                    held.map_or((json!("h"), json!("t")), |it| (it.hold.clone(), it.token.clone()));
                if let Some(held) = held {
                    input["conversation"] = json!(held.conversation);
                }
                input["hold"] = hold;
                if attempt.operation == "confirm" {
                    input["token"] = token;
                }
            }
            "read" | "recall" => input["seq"] = json!(attempt.number),
            "accept" => input["owner_version"] = json!(attempt.number % 4),
            _ => {}
        }
        input
    }

    fn learn(&mut self, operation: &str, input: &Value, answer: &Value) {
        match operation {
            "open" => {
                let id = answer["conversation"].as_str().unwrap().to_owned();
                if !self.conversations.contains(&id) {
                    self.conversations.push(id);
                }
            }
            "send" => {
                let said = self.said.last_mut().unwrap();
                said.fate = answer["status"].as_str().unwrap().to_owned();
                said.seq = answer["seq"].as_i64().unwrap();
                said.hold = answer["hold"].clone();
                said.token = answer["token"].clone();
            }
            "confirm" => {
                let held = self.said.iter_mut().find(|it| it.hold == input["hold"]).unwrap();
                held.fate = "delivered".to_owned();
                held.seq = answer["seq"].as_i64().unwrap();
            }
            "recall" => {
                let taken = |it: &&mut Said| {
                    input["conversation"] == it.conversation && input["seq"] == it.seq
                };
                self.said.iter_mut().find(taken).unwrap().fate = "recalled".to_owned();
            }
            _ => {}
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
    async fn check(&self, person: &str, json: &Value) {
        let text = json.to_string();
        if !CANDIDATES.contains(&person) {
            for candidate in CANDIDATES {
                assert!(!text.contains(candidate), "{person} reads {text}");
            }
        }
        for at in texts_in(&text) {
            let said = &self.said[at];
            let conversation = self.conversation(&said.conversation).await;
            let owned = self
                .owners
                .get(&said.conversation)
                .is_some_and(|owners| owners.iter().any(|owner| owner.as_deref() == Some(person)));
            let watches = match person {
                "admin1" => conversation.institution.as_str() == "inst1",
                "support1" => conversation.institution.as_str() == SUPPORT,
                _ => false,
            };
            let in_scope = conversation.user.as_str() == person || owned || watches;
            let may = match said.fate.as_str() {
                "delivered" => in_scope,
                "held" => said.author == person,
                _ => false,
            };
            // The author keeps sight of a text that they confirmed or took back while it was held.
            let own_hold = said.author == person && !said.hold.is_null();
            assert!(may || own_hold, "{person} reads {said:?}: {text}");
        }
    }
}

/// The numbers of the texts that stand in `json`: each begins with its own.
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
            for id in world.conversations.clone() {
                let mine = user(world.conversation(&id).await.user.as_str());
                world.house.kinds(&mine, &id).await;
            }
        });
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
            let long = "x".repeat(250_000);
            for id in [conversation.as_str(), "0190000000007000800000000000beef", "", &long] {
                let mut input = input.clone();
                input["conversation"] = json!(id);
                let called = house.call(who, operation, input).await;
                assert!(called.events.is_empty());
                answers.push(called.answer.unwrap_err());
            }
            assert_eq!(answers[0].code(), Code::NotInScope, "{operation} by {}", who.user);
            assert!(answers.iter().all(|answer| *answer == answers[0]));
        }
    }
    assert_eq!(house.kinds(&user("user1"), &conversation).await, ["session"]);
}

#[tokio::test]
async fn who_no_longer_works_there_sees_and_signals_nothing() {
    let house = House::new().await;
    let conversation = house.served().await;
    house.say(&tutor("tutor1"), &conversation, ("k1", "您好")).await.answer.unwrap();
    let operations = [
        ("list", json!({})),
        ("sync", json!({})),
        ("history", json!({"conversation": conversation})),
        ("read", json!({"conversation": conversation, "seq": 1})),
        ("typing", json!({"conversation": conversation})),
        ("recall", json!({"conversation": conversation, "seq": 2})),
        ("discard", json!({"conversation": conversation, "hold": "h"})),
        ("accept", json!({"conversation": conversation, "owner_version": 1})),
        ("close", json!({"conversation": conversation})),
        ("state", json!({"state": "online"})),
    ];
    for who in [tutor("tutor1"), admin("admin1"), support("support1")] {
        let id = who.user.as_str();
        for (status, code) in
            [(Employment::Suspended, Code::Suspended), (Employment::Left, Code::PermissionDenied)]
        {
            house.employ(id, status).await;
            for (operation, input) in &operations {
                let called = house.call(&who, operation, input.clone()).await;
                assert_eq!(called.answer.unwrap_err().code(), code, "{id} {operation}");
                assert!(called.events.is_empty());
            }
            house.ask(&who, "state", json!({"state": "offline"})).await;
        }
        house.employ(id, Employment::Active).await;
        house.ask(&who, "list", json!({})).await;
    }
    let nobody = tutor("tutor3");
    for (operation, input) in operations {
        let code = house.refused(&nobody, operation, input).await;
        assert_eq!(code, Code::PermissionDenied, "{operation}: the directory does not know them");
    }
}
