//! A secret in pieces: when the last is stopped, those that were shown are withdrawn.

use super::*;
use crate::operation::Caller;

/// Says each piece in turn; what the last one is answered, and whom it was told.
async fn say_all(house: &House, who: &Caller, conversation: &str, pieces: &[&str]) -> Called {
    let mut last = None;
    for (number, piece) in pieces.iter().enumerate() {
        last = Some(house.say(who, conversation, (&format!("k{number}"), piece)).await);
    }
    last.unwrap()
}

/// What `who` is told in events of this type: the receiver, and the numbers that it names.
fn told<'a>(called: &'a Called, kind: &str) -> Vec<(&'a str, &'a Value)> {
    let of_kind = called.events.iter().filter(|(_, event)| event["type"] == kind);
    of_kind.map(|(to, event)| (to.as_str(), &event["seqs"])).collect()
}

#[tokio::test]
async fn the_pieces_of_a_number_are_withdrawn_and_return_when_its_author_insists() {
    let house = House::new().await;
    let conversation = house.served().await;
    let (me, desk) = (user("user1"), tutor("tutor1"));
    let last = say_all(&house, &me, &conversation, &["我电话139", "1234", "5678"]).await;
    let answer = last.answer.as_ref().unwrap();
    assert_eq!(answer["status"], "held", "{answer}");
    let both = json!([2, 3]);
    let everyone = [("user1", &both), ("admin1", &both), ("tutor1", &both)];
    assert_eq!(told(&last, "consult.withdrawn"), everyone);
    assert!(!last.heard().contains(&("tutor1", "consult.held")));
    let seen = house.kinds(&desk, &conversation).await;
    assert_eq!(seen, ["session", "withdrawn", "withdrawn", "withheld"]);
    assert_eq!(house.kinds(&me, &conversation).await[1..], ["withdrawn", "withdrawn", "held"]);
    let page = house.ask(&desk, "history", json!({"conversation": conversation})).await;
    assert!(!page.to_string().contains("1234"), "{page}");
    assert_eq!(page["records"][1]["category"], "privacy");

    let confirm = json!({
        "conversation": conversation, "hold": answer["hold"], "token": answer["token"],
    });
    let confirmed = house.call(&me, "confirm", confirm).await;
    assert_eq!(told(&confirmed, "consult.restored"), everyone);
    let seen = house.kinds(&desk, &conversation).await;
    assert_eq!(seen, ["session", "message", "message", "withheld", "message"]);
}

#[tokio::test]
async fn the_pieces_of_a_tutors_word_stay_withdrawn() {
    let house = House::new().await;
    let conversation = house.served().await;
    let desk = tutor("tutor1");
    let last = say_all(&house, &desk, &conversation, &["我手机139", "1234", "5678"]).await;
    assert_eq!(last.answer.as_ref().unwrap()["status"], "hidden");
    assert_eq!(told(&last, "consult.withdrawn").len(), 3);
    for who in [user("user1"), desk] {
        let seen = house.kinds(&who, &conversation).await;
        assert_eq!(seen, ["session", "withdrawn", "withdrawn", "hidden"]);
    }
}

#[tokio::test]
async fn a_withdrawn_piece_can_still_be_taken_back_for_good() {
    let house = House::new().await;
    let conversation = house.served().await;
    let me = user("user1");
    let last = say_all(&house, &me, &conversation, &["我电话139", "1234", "5678"]).await;
    let held = last.answer.unwrap();
    let target = json!({"conversation": conversation, "seq": 2});
    house.ask(&me, "recall", target).await;
    let confirm = json!({
        "conversation": conversation, "hold": held["hold"], "token": held["token"],
    });
    house.ask(&me, "confirm", confirm).await;
    let seen = house.kinds(&tutor("tutor1"), &conversation).await;
    assert_eq!(seen, ["session", "recalled", "message", "withheld", "recall", "message"]);
}

#[tokio::test]
async fn ordinary_short_messages_are_left_alone() {
    let house = House::new().await;
    let conversation = house.served().await;
    let pieces = ["我考了138", "去年", "1234人报", "嗯嗯", "好的", "5678号岗位"];
    let last = say_all(&house, &user("user1"), &conversation, &pieces).await;
    assert_eq!(last.answer.unwrap()["status"], "delivered");
}
