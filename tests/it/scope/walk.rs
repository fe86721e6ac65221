//! Every operation on a conversation × every person × every conversation and none × both doors.

use std::collections::{HashMap, HashSet};

use serde_json::Value;

use super::{
    object::Snapshot,
    person::{Door, Refused},
    privacy,
    rule::{self, DOORS, OUT_OF_SCOPE},
    table::ON_CONVERSATIONS,
    town::Town,
};

/// One call: whose, about which object (one past the last does not exist), which of its messages,
/// and through which door.
#[derive(Clone, Copy, Debug)]
struct Case {
    person: usize,
    object: usize,
    at: usize,
    door: Door,
}

/// What a walk has tried.
#[derive(Debug, Default)]
struct Tried {
    answered: usize,
    refused: HashMap<u32, usize>,
    /// The words of `not_in_scope`, by door.
    unseen: HashMap<Door, HashSet<String>>,
}

/// One test for each operation, and the list of them.
macro_rules! walks {
    ($($test:ident = $name:literal, $tried:literal;)*) => {
        const WALKED: &[&str] = &[$($name),*];
        $(
            #[tokio::test]
            async fn $test() {
                check($name, $tried).await;
            }
        )*
    };
}

// People × conversations and one that does not exist × doors; two messages for a recall.
walks! {
    everybody_tries_to_accept = "consult.accept", 650;
    everybody_tries_to_close = "consult.close", 650;
    everybody_tries_to_confirm = "consult.confirm", 650;
    everybody_tries_to_discard = "consult.discard", 650;
    everybody_tries_to_read_the_history = "consult.history", 650;
    everybody_tries_to_mark_as_read = "consult.read", 650;
    everybody_tries_to_recall = "consult.recall", 1300;
    everybody_tries_to_send = "consult.send", 650;
    everybody_tries_to_signal_typing = "consult.typing", 650;
}

#[test]
fn every_operation_on_conversations_is_walked() {
    let known: Vec<_> = ON_CONVERSATIONS.iter().map(|(name, _)| *name).collect();
    assert_eq!(WALKED, known);
}

async fn check(name: &str, count: usize) {
    let mut town = Town::build().await;
    let tried = walk(&mut town, name).await;
    let refused: usize = tried.refused.values().sum();
    assert_eq!(tried.answered + refused, count, "{tried:?}");
    assert!(tried.answered > 0 && tried.refused.len() > 1, "{tried:?}");
    assert_eq!(tried.unseen.len(), DOORS.len(), "both doors refused");
    for (door, words) in &tried.unseen {
        assert_eq!(words.len(), 1, "{door:?} tells foreign from missing: {words:?}");
    }
    town.fence().await;
    privacy::check(&mut town).await;
}

async fn walk(town: &mut Town, name: &str) -> Tried {
    let mut tried = Tried::default();
    for person in 0..town.people.len() {
        let before = town.snapshot().await;
        let mut answered = Vec::new();
        for case in cases(town, name, person) {
            let Some(code) = expected(town, name, &before, case) else {
                answered.push(case);
                continue;
            };
            let answer = attempt(town, name, &before, case).await;
            let who = &town.people[person].card;
            let (is, words) = answer.expect_err(&format!("{who:?} {name} {case:?}"));
            assert_eq!(is, code, "{who:?} {name} {case:?}: {words}");
            *tried.refused.entry(code).or_default() += 1;
            if code == OUT_OF_SCOPE {
                tried.unseen.entry(case.door).or_default().insert(words);
            }
        }
        assert_eq!(before, town.snapshot().await, "{name} was refused and changed something");
        let mut now = before;
        for case in answered {
            tried.answered += 1;
            now = answer(town, name, &now, case).await;
        }
    }
    tried
}

/// A call that must be answered; afterwards the conversation is as it was.
async fn answer(town: &mut Town, name: &str, now: &Snapshot, case: Case) -> Snapshot {
    assert_eq!(expected(town, name, now, case), None);
    let answer = attempt(town, name, now, case).await;
    let who = town.people[case.person].card.clone();
    let answer = answer.unwrap_or_else(|refused| panic!("{who:?} {name} {case:?}: {refused:?}"));
    let object = &mut town.objects[case.object];
    if let Some(conversation) = answer.get("conversation") {
        assert_eq!(*conversation, object.id, "{who:?} {name} answers about another");
    }
    if name == "consult.accept" {
        object.served_by.push(who.id);
    }
    town.restore(case.object).await
}

fn cases(town: &Town, name: &str, person: usize) -> Vec<Case> {
    let mut cases = Vec::new();
    for object in 0..=town.objects.len() {
        for at in 0..rule::variants(name) {
            cases.extend(DOORS.map(|door| Case { person, object, at, door }));
        }
    }
    cases
}

fn expected(town: &Town, name: &str, now: &Snapshot, case: Case) -> Option<u32> {
    let object = town.objects.get(case.object);
    let standing = object.map(|object| now.of(&object.id));
    let object = object.zip(standing.as_ref());
    rule::refusal(name, &town.people[case.person], object, case.at)
}

async fn attempt(
    town: &mut Town,
    name: &str,
    now: &Snapshot,
    case: Case,
) -> Result<Value, Refused> {
    let number = town.number();
    let object = town.objects.get(case.object);
    let standing = object.map(|object| now.of(&object.id));
    let input = rule::input(name, object.zip(standing.as_ref()), case.at, number);
    town.people[case.person].attempt(case.door, name, input).await
}
