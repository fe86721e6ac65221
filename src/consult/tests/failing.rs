//! Judging that fails or takes too long: nothing passes, nothing is lost, nothing is stored half.

use std::time::Duration;

use super::*;
use crate::{
    config::{consult::Consult, moderation::Moderation, value::Span},
    moderation::UNJUDGEABLE,
};

/// Settings under which every verdict comes too late.
fn hurried() -> Moderation {
    Moderation { budget: Span(Duration::from_nanos(1)), ..Moderation::default() }
}

#[tokio::test]
async fn a_text_whose_judging_fails_is_shown_to_nobody_and_not_acknowledged() {
    let house = House::new().await;
    let conversation = house.served().await;
    for who in [user("user1"), tutor("tutor1")] {
        let called = house.say(&who, &conversation, ("k1", UNJUDGEABLE)).await;
        insta::allow_duplicates! {
            insta::assert_snapshot!(told(&called), @r#"["unavailable {\"reason\":\"the text could not be judged; nothing was stored: send it again as it is\"}"]"#);
        }
        let next = house.say(&who, &conversation, ("k2", "您好")).await;
        assert_eq!(next.answer.unwrap()["status"], "delivered", "and the talk goes on");
    }
    let kinds = house.kinds(&tutor("tutor1"), &conversation).await;
    assert_eq!(kinds, ["session", "message", "message"], "nothing was stored");
    let page = house.metrics.encode();
    assert!(page.contains("belfry_moderation_faults_total{cause=\"panicked\"} 2\n"));
}

#[tokio::test]
async fn a_text_whose_judging_takes_too_long_waits_and_is_sent_again_under_the_same_key() {
    let house = House::judging(Consult::default(), hurried()).await;
    let conversation = house.served().await;
    for (who, text) in [(user("user1"), "我的电话是13812345678"), (tutor("tutor1"), "您好")]
    {
        let refused = house.say(&who, &conversation, ("k1", text)).await.answer.unwrap_err();
        assert_eq!(refused.code(), Code::Unavailable);
        assert!(refused.code().is_temporary(), "SDKs try again");
    }
    let page = house.metrics.encode();
    assert!(page.contains("belfry_moderation_faults_total{cause=\"late\"} 2\n"));
    let house = house.restarted_judging(Moderation::default()).await;
    let held = house.say(&user("user1"), &conversation, ("k1", "我的电话是13812345678")).await;
    assert_eq!(held.answer.unwrap()["status"], "held");
    let said = house.say(&tutor("tutor1"), &conversation, ("k1", "您好")).await;
    assert_eq!(said.answer.unwrap()["seq"], 3);
}

#[tokio::test]
async fn what_was_stored_before_judging_failed_is_answered_to_a_retry() {
    let house = House::new().await;
    let conversation = house.served().await;
    let texts = [(user("user1"), "我的电话是13812345678"), (tutor("tutor1"), "加我微信abc12345")];
    let mut first = Vec::new();
    for (who, text) in &texts {
        first.push(house.say(who, &conversation, ("k1", text)).await.answer.unwrap());
    }
    let house = house.restarted_judging(hurried()).await;
    for ((who, text), first) in texts.iter().zip(first) {
        let again = house.say(who, &conversation, ("k1", text)).await.answer.unwrap();
        assert_eq!(again, first);
        let other = house.say(who, &conversation, ("k1", "算了")).await.answer.unwrap_err();
        assert_eq!(other.code(), Code::Conflict);
    }
}
