//! What an institution's side learns of the rules: the category of a hidden line, and how long to wait.

use super::*;
use crate::{
    config::{consult::Consult, moderation as settings},
    operation::Caller,
};

const LURES: [&str; 7] = [
    "加我微信abc12345详聊",
    "我手机13812345678",
    "打13987654321找我",
    "加我QQ 123456789",
    "我的电话是13612345678",
    "我手机号15012345678",
    "我电话13712345678",
];

/// What would tell how the rules work: names of rules, places, certainty, versions.
const INSIDE: [&str; 10] = [
    "span",
    "utf8",
    "utf16",
    "rule",
    "score",
    "\"view\"",
    "rules_version",
    "number.",
    "contact.",
    "手机号码",
];

async fn status(house: &House, who: &Caller, conversation: &str, said: (&str, &str)) -> Value {
    house.say(who, conversation, said).await.answer.unwrap()["status"].take()
}

/// `tutor1` has `number` lines hidden.
async fn lure(house: &House, conversation: &str, number: usize) {
    for (n, text) in LURES.iter().take(number).enumerate() {
        let said = (&*format!("lure{n}"), *text);
        assert_eq!(status(house, &tutor("tutor1"), conversation, said).await, "hidden", "{text}");
    }
}

/// `who` listens to alerts from now on.
async fn listens(house: &House, who: &str) {
    let sql = format!("INSERT INTO alert_listener VALUES ('{who}', {})", i64::MAX);
    house.sql(&sql).await;
}

/// The open alerts: kind, hits, and the numbers of their records.
async fn alerts(house: &House) -> Vec<(String, i64, Vec<i64>)> {
    let rows = crate::store::Statement::new(
        "SELECT a.kind, a.hits, r.seq FROM alert a JOIN alert_record r ON r.alert = a.id
         WHERE a.state = 'open' ORDER BY a.kind, a.topic, r.seq",
    );
    let mut all: Vec<(String, i64, Vec<i64>)> = Vec::new();
    for row in house.store().read(rows).await.unwrap() {
        match all.last_mut().filter(|(kind, ..)| kind == row.text(0)) {
            Some((_, _, seqs)) => seqs.push(row.int(2)),
            None => all.push((row.text(0).to_owned(), row.int(1), vec![row.int(2)])),
        }
    }
    all
}

#[tokio::test]
async fn an_institution_learns_the_category_of_a_hidden_line_and_nothing_else() {
    let house = House::new().await;
    let conversation = house.served().await;
    let mut told = Vec::new();
    for (n, text) in LURES.iter().take(4).enumerate() {
        let called = house.say(&tutor("tutor1"), &conversation, (&format!("k{n}"), text)).await;
        let again = house.say(&tutor("tutor1"), &conversation, (&format!("k{n}"), text)).await;
        assert_eq!(again.answer, called.answer);
        assert_eq!(called.answer.as_ref().unwrap()["category"], "privacy");
        told.push(called.answer.unwrap());
        told.extend(called.events.into_iter().map(|(_, event)| event));
    }
    for who in [tutor("tutor1"), admin("admin1"), user("user1")] {
        for (name, input) in [
            ("history", json!({"conversation": conversation})),
            ("list", json!({})),
            ("sync", json!({})),
        ] {
            told.push(house.ask(&who, name, input).await);
        }
    }
    for (name, input) in [
        ("confirm", json!({"conversation": conversation, "hold": "h", "token": "t"})),
        ("discard", json!({"conversation": conversation, "hold": "h"})),
        ("recall", json!({"conversation": conversation, "seq": 2})),
        (
            "send",
            json!({"conversation": conversation, "client_id": "k0", "body": {"kind": "text", "text": "x"}}),
        ),
    ] {
        let refusal = house.call(&tutor("tutor1"), name, input).await.answer.unwrap_err();
        told.push(refusal.to_json());
    }
    let told = json!(told).to_string();
    for word in INSIDE {
        assert!(!told.contains(word), "{word} in {told}");
    }
    assert!(LURES.iter().all(|text| !told.contains(text)), "not even their own words come back");
}

#[tokio::test]
async fn an_institution_that_is_warned_is_not_told_which_words_were_found() {
    let mut moderation = settings::Moderation::default();
    moderation.matrix.consult.institution.privacy = settings::Action::Warn;
    let house = House::judging(Consult::default(), moderation).await;
    let conversation = house.served().await;
    let called = house.say(&tutor("tutor1"), &conversation, ("k1", LURES[1])).await;
    let answer = called.answer.unwrap();
    assert_eq!((&answer["status"], &answer["warning"]["spans"]), (&json!("held"), &json!([])));
    let mine = house.say(&user("user1"), &conversation, ("k1", LURES[1])).await.answer.unwrap();
    assert_eq!(mine["warning"]["spans"].as_array().unwrap().len(), 1, "a candidate is");
    let house = house.restarted().await;
    let again = house.say(&tutor("tutor1"), &conversation, ("k1", LURES[1])).await.answer.unwrap();
    assert_eq!(again, answer, "nor by a retry");
}

#[tokio::test]
async fn a_hidden_line_of_an_institution_raises_an_alert_beside_it() {
    let house = House::new().await;
    let conversation = house.served().await;
    listens(&house, "ann").await;
    let first = house.say(&tutor("tutor1"), &conversation, ("k1", LURES[0])).await;
    assert_eq!(first.heard().last(), Some(&("ann", "alert.raised")));
    assert!(!first.events.iter().any(|(_, event)| event.to_string().contains(LURES[0])));
    let again = house.say(&tutor("tutor1"), &conversation, ("k1", LURES[0])).await;
    assert!(again.events.is_empty(), "a retry is no second hit");
    let second = house.say(&tutor("tutor1"), &conversation, ("k2", LURES[1])).await;
    assert_eq!(second.heard().last(), Some(&("ann", "alert.changed")));
    house.say(&tutor("tutor1"), &conversation, ("k3", "您好")).await.answer.unwrap();
    // A candidate's own words alarm nobody.
    house.say(&user("user1"), &conversation, ("k1", "找人替考，多少钱?")).await.answer.unwrap();
    house.say(&user("user1"), &conversation, ("k2", LURES[1])).await.answer.unwrap();
    assert_eq!(alerts(&house).await, [("keyword".to_owned(), 2, vec![2, 3])]);
}

#[tokio::test]
async fn a_hidden_line_and_its_alert_are_stored_together_or_not_at_all() {
    let house = House::new().await;
    let conversation = house.served().await;
    lure(&house, &conversation, 1).await;
    let house = house.restarted().await;
    assert_eq!(alerts(&house).await, [("keyword".to_owned(), 1, vec![2])], "after a restart");
    house.sql("ALTER TABLE alert_record RENAME TO gone").await;
    let refused = house.say(&tutor("tutor1"), &conversation, ("k1", LURES[1])).await;
    assert_eq!(refused.answer.unwrap_err().code(), Code::Internal);
    assert!(refused.events.is_empty());
    assert_eq!(house.kinds(&user("user1"), &conversation).await, ["session", "hidden"]);
    house.sql("ALTER TABLE gone RENAME TO alert_record").await;
    let said = ("k1", LURES[1]);
    assert_eq!(status(&house, &tutor("tutor1"), &conversation, said).await, "hidden");
    assert_eq!(alerts(&house).await, [("keyword".to_owned(), 2, vec![2, 3])]);
}

#[tokio::test]
async fn who_probes_gets_the_same_answer_to_every_line() {
    let house = House::new().await;
    let conversation = house.served().await;
    listens(&house, "ann").await;
    lure(&house, &conversation, 6).await;
    let before = house.kinds(&admin("admin1"), &conversation).await;
    let mut answers = Vec::new();
    for (n, text) in ["您好", LURES[6], "找人替考，多少钱?", ""].iter().enumerate() {
        let said = (&*format!("later{n}"), *text);
        answers.push(house.say(&tutor("tutor1"), &conversation, said).await.answer);
    }
    answers.pop(); // An empty text is malformed, whoever says it.
    for answer in answers {
        assert_eq!(answer.unwrap_err().to_string(), r#"rate_limited {"retry_ms":30000}"#);
    }
    assert_eq!(house.kinds(&admin("admin1"), &conversation).await, before, "nothing is stored");
    let again = house.say(&tutor("tutor1"), &conversation, ("lure0", LURES[0])).await.answer;
    assert_eq!(again.unwrap()["status"], "hidden", "what was answered is answered again");
    let hidden = "keyword".to_owned();
    let expected = [(hidden, 6, (2..=7).collect()), ("probing".to_owned(), 1, vec![7])];
    assert_eq!(alerts(&house).await, expected);
    let colleague = house.say(&user("user1"), &conversation, ("k1", "在吗")).await.answer;
    assert_eq!(colleague.unwrap()["status"], "delivered", "others go on");

    house.clock.advance_ms(30_000);
    let said = status(&house, &tutor("tutor1"), &conversation, ("later0", "您好")).await;
    assert_eq!(said, "delivered");
    status(&house, &tutor("tutor1"), &conversation, ("later1", LURES[6])).await;
    let refused = house.say(&tutor("tutor1"), &conversation, ("k9", "您好")).await.answer;
    assert_eq!(refused.unwrap_err().to_string(), r#"rate_limited {"retry_ms":60000}"#);
    assert_eq!(alerts(&house).await[1].1, 1, "one alert an episode");
}

#[tokio::test]
async fn probing_is_counted_over_conversations_and_their_turns() {
    let house = House::new().await;
    let conversation = house.served().await;
    lure(&house, &conversation, 3).await;
    house.ask(&tutor("tutor1"), "close", json!({"conversation": conversation})).await;
    house.say(&user("user1"), &conversation, ("k1", "还在吗")).await.answer.unwrap();
    let other = json!({"institution": "inst1", "tutor": "tutor1"});
    let other = house.ask(&user("user2"), "open", other).await["conversation"].take();
    let other = other.as_str().unwrap();
    for (n, text) in LURES.iter().skip(3).take(3).enumerate() {
        let place = if n == 0 { &conversation } else { other };
        let said = (&*format!("k{n}"), *text);
        assert_eq!(status(&house, &tutor("tutor1"), place, said).await, "hidden");
    }
    for place in [conversation.as_str(), other] {
        let code =
            house.say(&tutor("tutor1"), place, ("k9", "您好")).await.answer.unwrap_err().code();
        assert_eq!(code, Code::RateLimited);
    }
    let kinds: Vec<_> = alerts(&house).await.into_iter().map(|(kind, ..)| kind).collect();
    assert_eq!(kinds, ["keyword", "probing"]);
}

#[tokio::test]
async fn lines_sent_at_once_are_not_judged_before_those_that_bring_a_pause_are_counted() {
    let house = House::new().await;
    let first = house.served().await;
    let mut places = vec![first];
    for n in 2..=20 {
        let input = json!({"institution": "inst1", "tutor": "tutor1"});
        let opened = house.ask(&user(&format!("user{n}")), "open", input).await;
        places.push(opened["conversation"].as_str().unwrap().to_owned());
    }
    let who = tutor("tutor1");
    let sends = places.iter().map(|place| house.say(&who, place, ("k1", LURES[0])));
    let answers = futures_util::future::join_all(sends).await;
    let hidden = answers.iter().filter(|called| called.answer.is_ok()).count();
    assert_eq!(hidden, 6);
}

#[tokio::test]
async fn lines_that_are_not_stored_bring_no_pause() {
    let house = House::new().await;
    let conversation = house.served().await;
    let who = tutor("tutor1");
    for n in 0..6 {
        let said = (&*format!("lure{n}"), "您好");
        assert_eq!(status(&house, &who, &conversation, said).await, "delivered");
    }
    for (n, text) in LURES.iter().take(6).enumerate() {
        let refused = house.say(&who, &conversation, (&format!("lure{n}"), text)).await.answer;
        assert_eq!(refused.unwrap_err().code(), Code::Conflict);
    }
    assert_eq!(status(&house, &who, &conversation, ("k", "您好")).await, "delivered");
    assert_eq!(alerts(&house).await, []);
}

#[tokio::test]
async fn what_was_hidden_long_ago_brings_no_pause_when_it_is_sent_again() {
    let house = House::new().await;
    let conversation = house.served().await;
    lure(&house, &conversation, 6).await;
    let house = house.restarted().await;
    lure(&house, &conversation, 6).await;
    let who = tutor("tutor1");
    assert_eq!(status(&house, &who, &conversation, ("k1", "您好")).await, "delivered");
    house.clock.advance_ms(700_000);
    lure(&house, &conversation, 6).await;
    assert_eq!(status(&house, &who, &conversation, ("k2", "您好")).await, "delivered");
}

#[tokio::test]
async fn a_line_that_others_came_before_brings_no_pause_until_it_is_stored() {
    let house = House::new().await;
    let conversation = house.served().await;
    lure(&house, &conversation, 5).await;
    // As if somebody else were first, at every attempt.
    let ignore = "BEFORE UPDATE ON consult_conversation BEGIN SELECT RAISE(IGNORE); END";
    house.sql(&format!("CREATE TRIGGER first {ignore}")).await;
    let who = tutor("tutor1");
    let refused = house.say(&who, &conversation, ("k", LURES[5])).await.answer.unwrap_err();
    assert_eq!(refused.code(), Code::Unavailable, "no pause is met on the way");
    house.sql("DROP TRIGGER first").await;
    assert_eq!(status(&house, &who, &conversation, ("k0", "您好")).await, "delivered");
    assert_eq!(status(&house, &who, &conversation, ("k", LURES[5])).await, "hidden");
    let refused = house.say(&who, &conversation, ("k1", "您好")).await.answer.unwrap_err();
    assert_eq!(refused.code(), Code::RateLimited);
    let kinds: Vec<_> = alerts(&house).await.into_iter().map(|(kind, ..)| kind).collect();
    assert_eq!(kinds, ["keyword", "probing"]);
}

#[tokio::test]
async fn a_pause_that_a_bad_rule_brought_ends_with_the_rule() {
    let house = House::new().await;
    let (conversation, who) = (house.served().await, tutor("tutor1"));
    let before = house.moderation.in_force();
    let bad = "[[rule]]\nname='property.x'\ncategory='property'\nreason='r'\nwords=['您好']\n";
    let bad = house.moderation.compile([("a.toml".to_owned(), bad.to_owned())]).unwrap();
    house.moderation.replace(bad);
    for n in 0..6 {
        let said = (&*format!("k{n}"), "您好");
        assert_eq!(status(&house, &who, &conversation, said).await, "hidden");
    }
    let refused = house.say(&who, &conversation, ("k", "再见")).await.answer.unwrap_err();
    assert_eq!(refused.code(), Code::RateLimited);
    house.moderation.replace(before);
    assert_eq!(status(&house, &who, &conversation, ("k", "您好")).await, "delivered");
}

#[tokio::test]
async fn candidates_are_slowed_later_and_not_at_all_for_what_they_stand_by() {
    let house = House::new().await;
    let conversation = house.served().await;
    let who = user("user1");
    for n in 0..40 {
        let text = format!("我的电话是138123456{n:02}");
        let held = house.say(&who, &conversation, (&format!("a{n}"), &text)).await.answer.unwrap();
        let input = json!({
            "conversation": conversation, "hold": held["hold"], "token": held["token"],
        });
        house.ask(&who, "confirm", input).await;
    }
    for n in 0..31 {
        house.clock.advance_ms(1_000);
        let text = format!("我的电话是139123456{n:02}");
        for again in ["b", "c"] {
            let said = (&*format!("{again}{n}"), &*text);
            if n < 30 || again == "b" {
                assert_eq!(status(&house, &who, &conversation, said).await, "held", "{n}");
            }
        }
    }
    let refused = house.say(&who, &conversation, ("k1", "您好")).await.answer.unwrap_err();
    assert_eq!(refused.to_string(), r#"rate_limited {"retry_ms":30000}"#);
    assert_eq!(alerts(&house).await, [], "and staff are not told");
}

#[tokio::test]
async fn with_a_bound_of_zero_nobody_is_slowed() {
    let moderation = settings::Moderation { probe_max: 0, ..settings::Moderation::default() };
    let house = House::judging(Consult::default(), moderation).await;
    let conversation = house.served().await;
    lure(&house, &conversation, 7).await;
    assert_eq!(status(&house, &tutor("tutor1"), &conversation, ("k", "您好")).await, "delivered");
}
