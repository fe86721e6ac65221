//! Warned, held, confirmed, discarded, hidden.

use super::*;
use crate::{
    consult::{
        body::Body,
        entry::{Entry, Judged},
        hold,
        ledger::{self, Move},
    },
    ids::{ConversationId, HoldId, UserId},
    moderation::Category,
};

const PHONE: &str = "我的电话是13812345678";
const CHEATING: &str = "找人替考，多少钱?";

/// `user1` is warned of a phone number; the answer.
async fn held(house: &House, conversation: &str, client_id: &str) -> Value {
    let called = house.say(&user("user1"), conversation, (client_id, PHONE)).await;
    let answer = called.answer.unwrap();
    assert_eq!(answer["status"], "held");
    answer
}

fn confirm(conversation: &str, held: &Value) -> Value {
    json!({"conversation": conversation, "hold": held["hold"], "token": held["token"]})
}

fn discard(conversation: &str, held: &Value) -> Value {
    json!({"conversation": conversation, "hold": held["hold"]})
}

#[tokio::test]
async fn a_phone_number_is_held_until_its_author_insists() {
    let house = House::new().await;
    let conversation = house.served().await;
    let called = house.say(&user("user1"), &conversation, ("k1", PHONE)).await;
    let mut answer = called.answer.clone().unwrap();
    let token = answer["token"].take();
    let shown_call = Called { answer: Ok(answer), events: called.events };
    insta::assert_snapshot!(told(&shown_call), @r#"
    [{"status":"held","seq":2,"hold":"id1","warning":{"category":"privacy","spans":[{"utf8":[15,26],"utf16":[5,16],"rule":"number.mobile","reason":"手机号码","view":"digits"}],"advice":{"zh":"消息疑似包含手机号、证件号、账号等个人隐私。平台建议不要向机构提供，您可以修改后发送，或确认仍要发送。","en":"The message seems to contain private data such as a phone, ID or account number. We advise against giving it to the institution: edit it, or confirm that you want to send it."}},"token":null,"expires_at":1800000300000}
    ["user1",{"type":"consult.held","conversation":"id2","last_seq":2,"record":{"seq":2,"at":1800000000000,"kind":"held","hold":"id1","body":{"kind":"text","text":"我的电话是13812345678"},"category":"privacy","fate":"pending","expires_at":1800000300000,"client_id":"k1"}}]]
    "#);
    assert_eq!(house.kinds(&tutor("tutor1"), &conversation).await, ["session", "withheld"]);
    let list = house.ask(&tutor("tutor1"), "list", json!({})).await;
    assert_eq!(
        (&list["conversations"][0]["unread"], list["conversations"][0].get("preview")),
        (&json!(0), None)
    );

    let mut held = called.answer.unwrap();
    held["token"] = token;
    let confirmed = house.call(&user("user1"), "confirm", confirm(&conversation, &held)).await;
    insta::assert_snapshot!(told(&confirmed), @r#"
    [{"status":"delivered","seq":3,"at":1800000000000}
    ["user1",{"type":"consult.delivered","conversation":"id1","last_seq":3,"record":{"seq":3,"at":1800000000000,"kind":"message","author":{"side":"user"},"body":{"kind":"text","text":"我的电话是13812345678"},"flagged":"privacy","confirms":"id2","client_id":"k1"}}]
    ["admin1",{"type":"consult.message","conversation":"id1","last_seq":3,"record":{"seq":3,"at":1800000000000,"kind":"message","author":{"side":"user","pseudonym":"pseudonym1","name":"name1","avatar_seed":"seed1"},"body":{"kind":"text","text":"我的电话是13812345678"},"flagged":"privacy"}}]
    ["tutor1",{"type":"consult.message","conversation":"id1","last_seq":3,"record":{"seq":3,"at":1800000000000,"kind":"message","author":{"side":"user","pseudonym":"pseudonym1","name":"name1","avatar_seed":"seed1"},"body":{"kind":"text","text":"我的电话是13812345678"},"flagged":"privacy"}}]]
    "#);
    assert_eq!(
        house.kinds(&tutor("tutor1"), &conversation).await,
        ["session", "withheld", "message"]
    );
    let history = json!({"conversation": conversation});
    let mine = house.ask(&user("user1"), "history", history).await;
    assert_eq!(
        (&mine["records"][1]["fate"], &mine["records"][1]["seq"]),
        (&json!("confirmed"), &json!(2))
    );
}

#[tokio::test]
async fn confirming_again_answers_the_same_and_says_it_once() {
    let house = House::new().await;
    let conversation = house.served().await;
    let held = held(&house, &conversation, "k1").await;
    let input = confirm(&conversation, &held);
    let first = house.call(&user("user1"), "confirm", input.clone()).await;
    let again = house.call(&user("user1"), "confirm", input.clone()).await;
    assert_eq!(again.answer.unwrap(), first.answer.unwrap());
    assert!(again.events.is_empty());
    let (user1, house) = (user("user1"), house.restarted().await);
    house.clock.advance_ms(600_000);
    let late = house.call(&user1, "confirm", input).await;
    assert_eq!(late.answer.unwrap()["seq"], 3, "also after a restart and after its time");
    assert_eq!(house.refused(&user1, "discard", discard(&conversation, &held)).await, Code::Gone);
    assert_eq!(house.kinds(&user1, &conversation).await, ["session", "held", "message"]);
}

#[tokio::test]
async fn a_text_held_by_one_node_is_confirmed_by_another() {
    let house = House::new().await;
    let conversation = house.served().await;
    let held = held(&house, &conversation, "k1").await;
    let house = house.restarted().await;
    let confirmed = house.ask(&user("user1"), "confirm", confirm(&conversation, &held)).await;
    assert_eq!((&confirmed["status"], &confirmed["seq"]), (&json!("delivered"), &json!(3)));
}

#[tokio::test]
async fn a_text_that_an_older_server_held_is_to_be_sent_again() {
    let house = House::new().await;
    let id = ConversationId::from(house.served().await);
    let (author, hold) = (UserId::from("user1"), HoldId::from("h1"));
    let expires_at = house::NOW_MS + 60_000;
    let conversation = house.consult.conversation(&id).await.unwrap().unwrap();
    let mut beside = ledger::advance(&conversation, &Move::Quiet);
    beside.push(hold::place(&hold, &id, &author, expires_at));
    let verdict = Judged {
        category: Category::Privacy,
        score: 90,
        rules_version: "0".to_owned(),
        spans: Vec::new(),
    };
    let (body, client_id) = (Body::Text { text: PHONE.to_owned() }, Some("k1".to_owned()));
    let (reply_to, token) = (None, None);
    let withdraws = Vec::new();
    let entry =
        Entry::Hold { hold, body, reply_to, client_id, verdict, expires_at, token, withdraws };
    house.consult.append(&id, &author, entry, beside).await.unwrap();
    for token in ["", "the-token-that-it-signed"] {
        let input = json!({"conversation": id, "hold": "h1", "token": token});
        assert_eq!(house.refused(&user("user1"), "confirm", input).await, Code::Gone);
    }
    held(&house, id.as_str(), "k2").await;
}

#[tokio::test]
async fn two_confirmations_at_once_deliver_one_message() {
    let house = House::new().await;
    let conversation = house.served().await;
    let held = held(&house, &conversation, "k1").await;
    let (who, input) = (user("user1"), confirm(&conversation, &held));
    let (one, two) =
        tokio::join!(house.ask(&who, "confirm", input.clone()), house.ask(&who, "confirm", input));
    assert_eq!(one, two);
    assert_eq!(house.kinds(&who, &conversation).await, ["session", "held", "message"]);
}

#[tokio::test]
async fn only_the_author_with_the_token_in_time_confirms() {
    let house = House::new().await;
    let conversation = house.served().await;
    let held = held(&house, &conversation, "k1").await;
    let input = confirm(&conversation, &held);
    for stranger in [tutor("tutor1"), admin("admin1")] {
        let code = house.refused(&stranger, "confirm", input.clone()).await;
        assert_eq!(code, Code::NotInScope);
        let code = house.refused(&stranger, "discard", discard(&conversation, &held)).await;
        assert_eq!(code, Code::NotInScope);
    }
    let mut forged = input.clone();
    forged["token"] = json!("AAAA");
    assert_eq!(house.refused(&user("user1"), "confirm", forged).await, Code::PermissionDenied);
    for hold in ["", "h", &"x".repeat(250_000)] {
        let mut unknown = input.clone();
        unknown["hold"] = json!(hold);
        assert_eq!(house.refused(&user("user1"), "confirm", unknown).await, Code::NotInScope);
    }
    let other = self::held(&house, &conversation, "k2").await;
    let mut swapped = input.clone();
    swapped["token"] = other["token"].clone();
    assert_eq!(house.refused(&user("user1"), "confirm", swapped).await, Code::PermissionDenied);
    house.clock.advance_ms(300_000);
    assert_eq!(house.refused(&user("user1"), "confirm", input).await, Code::Gone);
    let kinds = house.kinds(&tutor("tutor1"), &conversation).await;
    assert_eq!(kinds, ["session", "withheld", "withheld"]);
}

#[tokio::test]
async fn sending_the_same_again_is_no_confirmation() {
    let house = House::new().await;
    let conversation = house.served().await;
    let first = held(&house, &conversation, "k1").await;
    assert_eq!(held(&house, &conversation, "k1").await, first, "the same hold, the same token");
    let house = house.restarted().await;
    assert_eq!(held(&house, &conversation, "k1").await, first, "also after a restart");
    let second = held(&house, &conversation, "k2").await;
    assert_ne!(second["hold"], first["hold"]);
    let kinds = house.kinds(&tutor("tutor1"), &conversation).await;
    assert_eq!(kinds, ["session", "withheld", "withheld"]);
    let edited = house.say(&user("user1"), &conversation, ("k1", "算了")).await;
    assert_eq!(edited.answer.unwrap_err().code(), Code::Conflict);
}

#[tokio::test]
async fn a_discarded_text_is_never_delivered() {
    let house = House::new().await;
    let conversation = house.served().await;
    let held = held(&house, &conversation, "k1").await;
    let input = discard(&conversation, &held);
    let called = house.call(&user("user1"), "discard", input.clone()).await;
    insta::assert_snapshot!(told(&called), @r#"
    [{"seq":3}
    ["user1",{"type":"consult.held","conversation":"id1","last_seq":3,"record":{"seq":3,"at":1800000000000,"kind":"discard","hold":"id2","target":2}}]]
    "#);
    let again = house.call(&user("user1"), "discard", input).await;
    assert_eq!(again.answer.unwrap(), called.answer.unwrap());
    let late = house.refused(&user("user1"), "confirm", confirm(&conversation, &held)).await;
    assert_eq!(late, Code::Gone);
    assert_eq!(house.kinds(&user("user1"), &conversation).await, ["session", "held", "discard"]);
    let theirs = house.kinds(&tutor("tutor1"), &conversation).await;
    assert_eq!(theirs, ["session", "withheld", "withheld"]);
}

#[tokio::test]
async fn a_tutors_contact_and_everyones_banned_words_are_hidden_from_all() {
    let house = House::new().await;
    let conversation = house.served().await;
    let mine = house.say(&user("user1"), &conversation, ("k1", CHEATING)).await;
    insta::assert_snapshot!(told(&mine), @r#"
    [{"status":"hidden","seq":2,"category":"sensitive","notice":{"zh":"该消息包含敏感内容，已不予显示。","en":"This message contained sensitive content and is not displayed."}}
    ["user1",{"type":"consult.hidden","conversation":"id1","last_seq":2,"record":{"seq":2,"at":1800000000000,"kind":"hidden","author":{"side":"user"},"category":"sensitive","notice":{"zh":"该消息包含敏感内容，已不予显示。","en":"This message contained sensitive content and is not displayed."},"client_id":"k1"}}]
    ["admin1",{"type":"consult.hidden","conversation":"id1","last_seq":2,"record":{"seq":2,"at":1800000000000,"kind":"hidden","author":{"side":"user","pseudonym":"pseudonym1","name":"name1","avatar_seed":"seed1"},"category":"sensitive","notice":{"zh":"该消息包含敏感内容，已不予显示。","en":"This message contained sensitive content and is not displayed."}}}]
    ["tutor1",{"type":"consult.hidden","conversation":"id1","last_seq":2,"record":{"seq":2,"at":1800000000000,"kind":"hidden","author":{"side":"user","pseudonym":"pseudonym1","name":"name1","avatar_seed":"seed1"},"category":"sensitive","notice":{"zh":"该消息包含敏感内容，已不予显示。","en":"This message contained sensitive content and is not displayed."}}}]]
    "#);
    let theirs = house.say(&tutor("tutor1"), &conversation, ("k1", PHONE)).await;
    insta::assert_snapshot!(told(&theirs), @r#"
    [{"status":"hidden","seq":3,"category":"privacy","notice":{"zh":"该消息涉及个人隐私或站外联系方式，已不予显示。请勿泄露个人信息，谨防诈骗。","en":"This message was about private data or contact outside the platform and is not displayed. Do not give away personal data; beware of fraud."}}
    ["user1",{"type":"consult.hidden","conversation":"id1","last_seq":3,"record":{"seq":3,"at":1800000000000,"kind":"hidden","author":{"side":"institution","tutor":"tutor1","name":"王老师","title":"高级讲师"},"category":"privacy","notice":{"zh":"该消息涉及个人隐私或站外联系方式，已不予显示。请勿泄露个人信息，谨防诈骗。","en":"This message was about private data or contact outside the platform and is not displayed. Do not give away personal data; beware of fraud."}}}]
    ["admin1",{"type":"consult.hidden","conversation":"id1","last_seq":3,"record":{"seq":3,"at":1800000000000,"kind":"hidden","author":{"side":"institution","tutor":"tutor1","name":"王老师","title":"高级讲师"},"category":"privacy","notice":{"zh":"该消息涉及个人隐私或站外联系方式，已不予显示。请勿泄露个人信息，谨防诈骗。","en":"This message was about private data or contact outside the platform and is not displayed. Do not give away personal data; beware of fraud."}}}]
    ["tutor1",{"type":"consult.hidden","conversation":"id1","last_seq":3,"record":{"seq":3,"at":1800000000000,"kind":"hidden","author":{"side":"institution","tutor":"tutor1","name":"王老师","title":"高级讲师"},"category":"privacy","notice":{"zh":"该消息涉及个人隐私或站外联系方式，已不予显示。请勿泄露个人信息，谨防诈骗。","en":"This message was about private data or contact outside the platform and is not displayed. Do not give away personal data; beware of fraud."},"client_id":"k1"}}]]
    "#);
    for who in [user("user1"), tutor("tutor1"), admin("admin1")] {
        assert_eq!(house.kinds(&who, &conversation).await, ["session", "hidden", "hidden"]);
        for operation in ["list", "sync"] {
            let answer = house.ask(&who, operation, json!({})).await.to_string();
            assert!(!answer.contains("替考") && !answer.contains("13812345678"), "{answer}");
        }
    }
    let again = house.say(&tutor("tutor1"), &conversation, ("k1", PHONE)).await;
    assert_eq!(again.answer.unwrap(), theirs.answer.unwrap());
    let list = house.ask(&tutor("tutor1"), "list", json!({})).await;
    assert_eq!(list["conversations"][0].get("waiting_since"), None, "it asked nothing");
}

#[tokio::test]
async fn the_platforms_own_service_warns_and_never_hides() {
    let house = House::new().await;
    let opened = house.ask(&user("user1"), "open", json!({"institution": "support"})).await;
    let conversation = opened["conversation"].as_str().unwrap();
    let accept = json!({"conversation": conversation, "owner_version": 1});
    house.at_desk(&support("support1")).await;
    house.ask(&support("support1"), "accept", accept).await;
    for (n, (who, text)) in [
        (user("user1"), PHONE),
        (user("user1"), CHEATING),
        (support("support1"), PHONE),
        (support("support1"), CHEATING),
    ]
    .into_iter()
    .enumerate()
    {
        let said = house.say(&who, conversation, (&n.to_string(), text)).await.answer.unwrap();
        assert_eq!(said["status"], "held", "{text}");
        house.ask(&who, "confirm", confirm(conversation, &said)).await;
    }
}

#[tokio::test]
async fn a_number_in_two_pieces_is_caught_at_the_second_also_through_another_node() {
    let house = House::new().await;
    let conversation = house.served().await;
    house.say(&user("user1"), &conversation, ("k1", "我的手机13812")).await.answer.unwrap();
    // Restarting forgets what was said a moment ago, as another node never knew it.
    let house = house.restarted().await;
    let said = house.say(&user("user1"), &conversation, ("k2", "345678")).await;
    assert_eq!(said.answer.unwrap()["status"], "held");
    house.clock.advance_ms(121_000);
    let said = house.say(&user("user1"), &conversation, ("k3", "345678")).await;
    assert_eq!(said.answer.unwrap()["status"], "delivered", "long after, it is a number");
}

#[tokio::test]
async fn two_pieces_said_at_once_are_judged_one_after_the_other() {
    let house = House::new().await;
    let conversation = house.served().await;
    let elsewhere = house.neighbour().await;
    // In either order they make a number.
    let pieces = ["13813", "138131"];
    for (who, caught) in [(user("user1"), "held"), (tutor("tutor1"), "hidden")] {
        for (round, other) in [&house, &elsewhere].into_iter().enumerate() {
            let keys = ["a", "b"].map(|piece| format!("{piece}{round}"));
            let (one, two) = tokio::join!(
                house.say(&who, &conversation, (&keys[0], pieces[0])),
                other.say(&who, &conversation, (&keys[1], pieces[1])),
            );
            let status = |called: Called| called.answer.unwrap()["status"].clone();
            let mut statuses = [status(one), status(two)];
            statuses.sort_by_key(|status| *status != "delivered");
            assert_eq!(statuses, ["delivered", caught], "round {round}");
            house.clock.advance_ms(121_000);
        }
    }
}

#[tokio::test]
async fn what_was_taken_back_was_read_and_counts_with_what_comes_after() {
    let mut house = House::new().await;
    let conversation = house.served().await;
    house.say(&user("user1"), &conversation, ("k1", "我的手机13812")).await.answer.unwrap();
    house.ask(&user("user1"), "recall", json!({"conversation": conversation, "seq": 2})).await;
    for client_id in ["k2", "k3"] {
        let said = house.say(&user("user1"), &conversation, (client_id, "345678")).await;
        assert_eq!(said.answer.unwrap()["status"], "held");
        // And once more from what the archive holds.
        house = house.restarted().await;
    }
}

#[tokio::test]
async fn a_held_text_opens_no_session_until_it_is_confirmed() {
    let house = House::new().await;
    let conversation = house.served().await;
    house.ask(&tutor("tutor1"), "close", json!({"conversation": conversation})).await;
    let called = house.say(&user("user1"), &conversation, ("k1", PHONE)).await;
    assert_eq!(called.heard(), [("user1", "consult.held")], "nobody else learns of it");
    let held = called.answer.unwrap();
    assert_eq!(held["status"], "held");
    let kinds = house.kinds(&user("user1"), &conversation).await;
    assert_eq!(kinds, ["session", "session", "held"]);
    let list = house.ask(&tutor("tutor1"), "list", json!({})).await;
    assert_eq!(list["conversations"][0]["state"], "ended");
    let again = self::held(&house, &conversation, "k1").await;
    assert_eq!(again, held, "a retry finds it");
    house.ask(&user("user1"), "confirm", confirm(&conversation, &held)).await;
    let kinds = house.kinds(&user("user1"), &conversation).await;
    assert_eq!(kinds, ["session", "session", "held", "session", "message"]);
}

#[tokio::test]
async fn a_confirmation_reopens_what_has_ended_meanwhile() {
    let house = House::new().await;
    let conversation = house.served().await;
    let held = held(&house, &conversation, "k1").await;
    house.ask(&tutor("tutor1"), "close", json!({"conversation": conversation})).await;
    house.ask(&user("user1"), "confirm", confirm(&conversation, &held)).await;
    let kinds = house.kinds(&tutor("tutor1"), &conversation).await;
    assert_eq!(kinds, ["session", "withheld", "session", "session", "message"]);
}

#[tokio::test]
async fn each_verdict_is_counted_by_category_and_action() {
    let house = House::new().await;
    let conversation = house.served().await;
    for (client_id, text) in [("k1", "国考什么时候报名"), ("k2", PHONE), ("k3", CHEATING)] {
        house.say(&user("user1"), &conversation, (client_id, text)).await.answer.unwrap();
    }
    let page = house.metrics.encode();
    for (category, action) in [("none", "allow"), ("privacy", "warn"), ("sensitive", "hide")] {
        let line = format!("category=\"{category}\",action=\"{action}\"}} 1");
        assert!(page.contains(&line), "{line}");
    }
}
