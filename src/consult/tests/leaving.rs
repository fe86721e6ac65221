//! A tutor who was suspended or has left: their conversations do not wait for them.

use super::*;
use crate::directory::Employment;

#[tokio::test]
async fn a_word_takes_the_conversation_from_a_tutor_who_is_gone() {
    for status in [Employment::Suspended, Employment::Left] {
        let house = House::new().await;
        let conversation = house.served().await;
        let cursor = house.ask(&tutor("tutor1"), "sync", json!({})).await["cursor"].clone();
        house.at_desk(&tutor("tutor2")).await;
        house.employ("tutor1", status).await;
        let held = house.say(&user("user1"), &conversation, ("k0", "电话13812345678")).await;
        assert_eq!(held.heard(), [("user1", "consult.held")], "nothing was said yet");
        let called = house.say(&user("user1"), &conversation, ("k1", "还在吗")).await;
        insta::allow_duplicates! {
            insta::assert_snapshot!(told(&called), @r#"
            [{"status":"delivered","seq":4,"at":1800000000000}
            ["user1",{"type":"consult.session","conversation":"id1","last_seq":3,"session":{"institution":"inst1","session":"id2","state":"queued"},"record":{"seq":3,"at":1800000000000,"kind":"session","session":"id2","turn":"requeued"}}]
            ["admin1",{"type":"consult.session","conversation":"id1","last_seq":3,"session":{"candidate":{"pseudonym":"pseudonym1","name":"name1","avatar_seed":"seed1"},"session":"id2","state":"queued","owner_version":2},"record":{"seq":3,"at":1800000000000,"kind":"session","session":"id2","turn":"requeued"}}]
            ["admin1",{"type":"consult.queue","institution":"inst1","waiting":1,"oldest_since":1800000000000,"entered":{"conversation":"id1","candidate":{"pseudonym":"pseudonym1","name":"name1","avatar_seed":"seed1"},"owner_version":2,"queued_at":1800000000000}}]
            ["tutor2",{"type":"consult.queue","institution":"inst1","waiting":1,"oldest_since":1800000000000,"entered":{"conversation":"id1","candidate":{"pseudonym":"pseudonym1","name":"name1","avatar_seed":"seed1"},"owner_version":2,"queued_at":1800000000000}}]
            ["user1",{"type":"consult.delivered","conversation":"id1","last_seq":4,"record":{"seq":4,"at":1800000000000,"kind":"message","author":{"side":"user"},"body":{"kind":"text","text":"还在吗"},"client_id":"k1"}}]
            ["admin1",{"type":"consult.message","conversation":"id1","last_seq":4,"record":{"seq":4,"at":1800000000000,"kind":"message","author":{"side":"user","pseudonym":"pseudonym1","name":"name1","avatar_seed":"seed1"},"body":{"kind":"text","text":"还在吗"}}}]]
            "#);
        }
        let again = house.say(&user("user1"), &conversation, ("k1", "还在吗")).await;
        assert_eq!(again.answer.unwrap(), called.answer.unwrap());
        assert!(again.events.is_empty());
        let kinds = house.kinds(&user("user1"), &conversation).await;
        assert_eq!(kinds, ["session", "held", "session", "message"]);
        // The seat is free again, the conversation gone from their list, and a colleague may come.
        let offline = json!({"state": "offline"});
        assert_eq!(house.ask(&tutor("tutor1"), "state", offline).await["serving"], 0);
        house.employ("tutor1", Employment::Active).await;
        let synced = house.ask(&tutor("tutor1"), "sync", json!({"cursor": cursor})).await;
        assert_eq!((&synced["gone"], &synced["changed"]), (&json!([conversation]), &json!([])));
        let accept = json!({"conversation": conversation, "owner_version": 2});
        let accepted = house.ask(&tutor("tutor2"), "accept", accept).await;
        assert_eq!(accepted["waiting_since"], json!(house.clock.now_ms()));
        let list = house.ask(&tutor("tutor2"), "list", json!({})).await;
        assert_eq!(list["conversations"][0]["unread"], 1, "all that was said in this session");
        house.say(&tutor("tutor2"), &conversation, ("k1", "在")).await.answer.unwrap();
    }
}

#[tokio::test]
async fn opening_and_confirming_take_it_too() {
    let house = House::new().await;
    let conversation = house.served().await;
    let held = house.say(&user("user1"), &conversation, ("k1", "电话13812345678")).await;
    let held = held.answer.unwrap();
    house.employ("tutor1", Employment::Left).await;
    let confirm =
        json!({"conversation": conversation, "hold": held["hold"], "token": held["token"]});
    house.ask(&user("user1"), "confirm", confirm).await;
    let list = house.ask(&user("user1"), "list", json!({})).await;
    assert_eq!(list["conversations"][0]["state"], "queued");

    let house = House::new().await;
    house.served().await;
    house.employ("tutor1", Employment::Suspended).await;
    let opened = house.ask(&user("user1"), "open", json!({"institution": "inst1"})).await;
    assert_eq!((&opened["state"], &opened["opened"]), (&json!("queued"), &json!(false)));
    assert_eq!(opened.get("tutor"), None);
}

#[tokio::test]
async fn a_tutor_who_is_gone_is_shown_as_offline() {
    let house = House::new().await;
    house.served().await;
    let cursor = house.ask(&user("user1"), "sync", json!({})).await["cursor"].clone();
    let listed = async || house.ask(&user("user1"), "list", json!({})).await;
    assert_eq!(listed().await["conversations"][0]["tutor_state"], "online");
    house.employ("tutor1", Employment::Suspended).await;
    assert_eq!(listed().await["conversations"][0]["tutor_state"], "offline");
    assert_eq!(listed().await["conversations"][0]["tutor"]["name"], "王老师");
    let closed = json!({"conversation": listed().await["conversations"][0]["conversation"]});
    let closed = house.call(&user("user1"), "close", closed).await;
    assert_eq!(closed.events[0].1["session"]["tutor_state"], "offline");
    let synced = house.ask(&user("user1"), "sync", json!({"cursor": cursor})).await;
    assert_eq!(synced["changed"][0]["tutor_state"], "offline");
}
