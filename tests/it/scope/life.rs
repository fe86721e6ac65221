//! Several conversations as they happen: each event reaches those in scope and nobody else.

use std::collections::BTreeSet;

use belfry::operation::Role;
use serde_json::{Value, json};

use super::{
    person::{Door, Person},
    privacy, rule,
    town::Town,
};

const ALPHA: &str = "uid-secret-alpha";

/// Whether `person` may hear `event`.
fn may_hear(town: &Town, person: &Person, event: &Value) -> bool {
    let serves = matches!(person.card.role, Role::Tutor | Role::InstitutionAdmin | Role::Support);
    if event["type"] == "consult.queue" {
        let own = person.institution().is_some_and(|own| event["institution"] == own);
        let named = [&event["entered"]["conversation"], &event["left"]];
        let mut named = named.into_iter().filter_map(Value::as_str);
        return serves
            && own
            && named.all(|id| {
                let object = town.objects.iter().find(|object| object.id == id).unwrap();
                Some(object.institution) == person.institution()
            });
    }
    let object = town.objects.iter().find(|object| event["conversation"] == object.id.as_str());
    let object = object.expect("every event names a conversation of the town");
    let is_user = person.card.role == Role::User && object.user == person.card.id;
    is_user || serves && privacy::is_served_for(person, object)
}

/// Lets everybody hear what there is, and judges all of it; the types that each person heard.
async fn judge(town: &mut Town) -> Vec<(String, BTreeSet<String>)> {
    town.fence().await;
    let mut heard = Vec::new();
    for person in &town.people {
        for event in &person.events {
            assert!(may_hear(town, person, event), "{} hears {event}", person.card.id);
        }
        let types = person.events.iter().map(|it| it["type"].as_str().unwrap().to_owned());
        heard.push((person.card.id.clone(), types.collect()));
    }
    town.people.iter_mut().for_each(|person| person.events.clear());
    privacy::check(town).await;
    heard
}

/// The types that one person heard, without the domain before them.
fn types_of<'a>(heard: &'a [(String, BTreeSet<String>)], id: &str) -> Vec<&'a str> {
    let (_, types) = heard.iter().find(|(it, _)| it == id).unwrap();
    types.iter().map(|it| it.strip_prefix("consult.").unwrap()).collect()
}

/// Alpha and the tutor of `inst1` do everything that can be done.
async fn live(town: &mut Town) {
    let object = town.objects[0].clone();
    let (id, [hold, other]) = (object.id.as_str(), object.holds.clone());
    let named = json!({"conversation": id});
    for who in [ALPHA, "tutor-a", "admin-1"] {
        town.person(who).ask("consult.typing", named.clone()).await;
        town.person(who).ask("consult.read", json!({"conversation": id, "seq": 4})).await;
    }
    for who in [ALPHA, "tutor-a"] {
        let sent = town.say(who, id, "said-a- 又一句").await;
        let recall = json!({"conversation": id, "seq": sent["seq"]});
        town.person(who).ask("consult.recall", recall).await;
    }
    let confirm = json!({"conversation": id, "hold": hold.0, "token": hold.1});
    town.person(ALPHA).ask("consult.confirm", confirm).await;
    let discard = json!({"conversation": id, "hold": other.0});
    town.person(ALPHA).ask("consult.discard", discard).await;
    let hidden = town.say("tutor-a", id, "hide-a- 加我电话13712345679").await;
    assert_eq!(hidden["status"], "hidden");
    for state in ["online", "busy"] {
        town.person("tutor-a").ask("consult.state", json!({"state": state})).await;
    }
    town.person("tutor-a").ask("consult.close", named).await;
}

#[tokio::test]
async fn events_reach_those_in_scope_and_nobody_else() {
    let mut town = Town::build().await;
    let heard = judge(&mut town).await;
    let user = ["delivered", "held", "hidden", "message", "notice", "recalled", "session"];
    assert_eq!(types_of(&heard, ALPHA), user);
    let served = ["delivered", "hidden", "message", "queue", "recalled", "session"];
    assert_eq!(types_of(&heard, "tutor-a"), served);
    assert_eq!(types_of(&heard, "tutor-z"), served);
    assert_eq!(types_of(&heard, "admin-1"), ["hidden", "message", "queue", "recalled", "session"]);
    live(&mut town).await;
    let heard = judge(&mut town).await;
    let user = ["delivered", "held", "hidden", "message", "read", "recalled", "session", "typing"];
    assert_eq!(types_of(&heard, ALPHA), user);
    let served = ["delivered", "hidden", "message", "read", "recalled", "session", "typing"];
    assert_eq!(types_of(&heard, "tutor-a"), served);
    for (id, types) in &heard {
        let is_in = [ALPHA, "tutor-a", "admin-1"].contains(&id.as_str());
        assert!(is_in || types.is_empty(), "{id} hears {types:?}");
    }
}

#[tokio::test]
async fn who_no_longer_serves_a_conversation_hears_no_more_of_it() {
    let mut town = Town::build().await;
    let id = town.objects[0].id.clone();
    town.person("tutor-a").ask("consult.close", json!({"conversation": id})).await;
    // A word of the user opens the next session, and a colleague takes it.
    town.say(ALPHA, &id, "said-a- 还有问题").await;
    town.accept("tutor-b", &id).await;
    town.objects[0].served_by.push("tutor-b".to_owned());
    judge(&mut town).await;
    town.say(ALPHA, &id, "said-a- 只给乙老师").await;
    town.say("tutor-b", &id, "said-a- 收到").await;
    for who in [ALPHA, "tutor-b"] {
        town.person(who).ask("consult.typing", json!({"conversation": id})).await;
    }
    let held = town.say(ALPHA, &id, "kept-a- 手机13612345678").await;
    assert_eq!(held["status"], "held");
    town.fence().await;
    for person in &town.people {
        let is_in = [ALPHA, "tutor-b", "admin-1"].contains(&person.card.id.as_str());
        assert_eq!(person.events.is_empty(), !is_in, "{}: {:?}", person.card.id, person.events);
    }
    privacy::check(&mut town).await;
    let history = json!({"conversation": id});
    let answer = town.person("tutor-a").attempt(Door::Http, "consult.history", history).await;
    assert_eq!(answer.unwrap_err().0, rule::OUT_OF_SCOPE);
}
