//! What is remembered of a conversation's row gives nobody a right, and keeps none from anybody.

use super::*;
use crate::{
    consult::conversation::Conversation, directory::Employment, ids::ConversationId,
    operation::Caller,
};

impl House {
    /// What is remembered of the row, which is what it says.
    async fn remembered(&self, conversation: &str) -> Option<Conversation> {
        let id = ConversationId::from(conversation);
        let known = self.consult.inner().motion.row(&id);
        if known.is_some() {
            assert_eq!(known, self.consult.conversation(&id).await.unwrap());
        }
        known
    }

    async fn status(&self, who: &Caller, conversation: &str, said: (&str, &str)) -> Value {
        self.say(who, conversation, said).await.answer.unwrap()["status"].take()
    }

    async fn silenced(&self, who: &Caller, conversation: &str, key: &str) -> Code {
        self.say(who, conversation, (key, "在吗")).await.answer.unwrap_err().code()
    }
}

#[tokio::test]
async fn whatever_happens_the_row_that_is_remembered_is_the_one_that_is_stored() {
    let house = House::new().await;
    let (user1, tutor1) = (user("user1"), tutor("tutor1"));
    let c = house.served().await;
    let here = json!({"conversation": c});
    assert_eq!(house.remembered(&c).await, None, "a turn is no word");
    for (key, who, text, status) in [
        ("1", &user1, "你好", "delivered"),
        ("1", &tutor1, "您好", "delivered"),
        ("2", &tutor1, "我手机13812345678", "hidden"),
        ("2", &user1, "电话13812345678", "held"),
        ("3", &user1, "请问何时报名", "delivered"),
    ] {
        house.clock.advance_ms(1);
        assert_eq!(house.status(who, &c, (key, text)).await, status);
        assert!(house.remembered(&c).await.is_some(), "{text}");
    }
    house.ask(&tutor1, "read", json!({"conversation": c, "seq": 3})).await;
    assert_eq!(house.remembered(&c).await.unwrap().owner_read_seq, 3);
    let held = house.say(&user1, &c, ("4", "电话13812345678")).await.answer.unwrap();
    let mut confirm = here.clone();
    confirm["hold"] = held["hold"].clone();
    confirm["token"] = held["token"].clone();
    house.ask(&user1, "confirm", confirm).await;
    assert!(house.remembered(&c).await.is_some(), "a confirmed text is a word");
    let said = house.say(&user1, &c, ("5", "手误")).await.answer.unwrap();
    house.ask(&user1, "recall", json!({"conversation": c, "seq": said["seq"]})).await;
    assert_eq!(house.remembered(&c).await, None);
    house.status(&user1, &c, ("6", "再说一次")).await;
    house.ask(&tutor1, "close", here).await;
    assert_eq!(house.remembered(&c).await, None);
    // The word opens the next session, and the one after it follows a row that was read.
    for key in ["7", "8"] {
        house.status(&user1, &c, (key, "还有问题")).await;
        assert_eq!(house.remembered(&c).await.is_some(), key == "8");
    }
}

#[tokio::test]
async fn who_was_heard_a_moment_ago_is_refused_once_the_session_is_closed() {
    let house = House::new().await;
    let neighbour = house.neighbour().await;
    for (number, closer) in [(0, &house), (10, &neighbour)] {
        let key = |n: i32| (number + n).to_string();
        let c = house.served().await;
        assert_eq!(house.status(&tutor("tutor1"), &c, (&key(1), "您好")).await, "delivered");
        house.status(&user("user1"), &c, (&key(1), "你好")).await;
        assert!(house.remembered(&c).await.is_some());
        closer.ask(&user("user1"), "close", json!({"conversation": c})).await;
        assert_eq!(house.silenced(&tutor("tutor1"), &c, &key(2)).await, Code::ConversationClosed);
        assert_eq!(house.kinds(&user("user1"), &c).await.last().unwrap(), "session");
        // Nor does memory keep a right from anybody: the next session begins elsewhere.
        let open = json!({"institution": "inst1", "tutor": "tutor1"});
        assert_eq!(neighbour.ask(&user("user1"), "open", open).await["state"], "serving");
        assert_eq!(house.status(&tutor("tutor1"), &c, (&key(3), "请讲")).await, "delivered");
        house.ask(&user("user1"), "close", json!({"conversation": c})).await;
    }
}

#[tokio::test]
async fn who_served_a_moment_ago_is_a_stranger_once_another_has_taken_over() {
    let house = House::new().await;
    let neighbour = house.neighbour().await;
    let c = house.served().await;
    house.status(&tutor("tutor1"), &c, ("1", "您好")).await;
    assert!(house.remembered(&c).await.is_some());
    neighbour.employ("tutor1", Employment::Suspended).await;
    neighbour.at_desk(&tutor("tutor2")).await;
    neighbour.status(&user("user1"), &c, ("1", "还在吗")).await;
    neighbour.ask(&tutor("tutor2"), "accept", json!({"conversation": c, "owner_version": 2})).await;
    neighbour.employ("tutor1", Employment::Active).await;
    assert_eq!(house.silenced(&tutor("tutor1"), &c, "2").await, Code::NotInScope);
    let heard = house.say(&user("user1"), &c, ("2", "谢谢")).await;
    let expected = [
        ("user1", "consult.delivered"),
        ("admin1", "consult.message"),
        ("tutor2", "consult.message"),
    ];
    assert_eq!(heard.heard(), expected, "nor does the one before hear any more");
    assert_eq!(house.status(&tutor("tutor2"), &c, ("1", "不客气")).await, "delivered");
}

#[tokio::test]
async fn suspensions_count_between_two_words() {
    let house = House::new().await;
    let (user1, tutor1) = (user("user1"), tutor("tutor1"));
    let c = house.served().await;
    for who in [&user1, &tutor1] {
        house.status(who, &c, ("1", "您好")).await;
    }
    assert!(house.remembered(&c).await.is_some());
    house.employ("tutor1", Employment::Suspended).await;
    assert_eq!(house.silenced(&tutor1, &c, "2").await, Code::Suspended);
    house.employ("tutor1", Employment::Active).await;
    let mut entry =
        json!({"id": "inst1", "name": "青云教育", "certification": "certified", "suspended": true});
    for (suspended, expected) in [(true, Some(Code::Suspended)), (false, None)] {
        entry["suspended"] = suspended.into();
        let institution = serde_json::from_value(entry.clone()).unwrap();
        house.directory.put_institution(&institution).await.unwrap();
        for who in [&user1, &tutor1] {
            let answer = house.say(who, &c, ("3", "在吗")).await.answer;
            assert_eq!(answer.err().map(|refusal| refusal.code()), expected);
        }
    }
}

#[tokio::test]
async fn a_text_is_judged_with_what_its_author_said_through_another_node() {
    let house = House::new().await;
    let neighbour = house.neighbour().await;
    let c = house.served().await;
    let user1 = user("user1");
    house.status(&user1, &c, ("1", "我的手机号是")).await;
    assert!(house.remembered(&c).await.is_some());
    neighbour.status(&user1, &c, ("2", "1381234")).await;
    assert_eq!(house.status(&user1, &c, ("3", "5678")).await, "held");
}

#[tokio::test]
async fn both_sides_at_once_are_each_answered_by_the_row_that_is_stored() {
    let house = House::new().await;
    let c = house.served().await;
    let (user1, tutor1) = (user("user1"), tutor("tutor1"));
    for round in 0..20 {
        let key = round.to_string();
        let said = [&user1, &tutor1].map(|who| house.say(who, &c, (&key, "你好")));
        for called in futures_util::future::join_all(said).await {
            assert_eq!(called.answer.unwrap()["status"], "delivered");
        }
        house.remembered(&c).await;
    }
    assert_eq!(house.kinds(&user1, &c).await.len(), 41);
}
