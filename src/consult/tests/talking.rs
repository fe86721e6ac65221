//! Opening, saying, reading, taking back.

use super::*;
use crate::directory::Employment;

#[tokio::test]
async fn a_candidate_asks_and_the_tutor_answers() {
    let house = House::new().await;
    house.ask(&tutor("tutor1"), "state", json!({"state": "online"})).await;
    let input = json!({"institution": "inst1", "tutor": "tutor1", "source": "page"});
    let opened = house.call(&user("user1"), "open", input).await;
    insta::assert_snapshot!(told(&opened), @r#"
    [{"conversation":"id1","session":"id2","state":"serving","tutor":{"tutor":"tutor1","name":"王老师","title":"高级讲师"},"opened":true,"last_seq":1,"notice":{"zh":"咨询结果仅供参考，由提供咨询的机构负责。平台会存档并监管全部会话，且不会向机构提供您的个人信息。","en":"The advice is for reference only; the institution is responsible for it. The platform archives and supervises every conversation and gives the institution no personal information about you."}}
    ["user1",{"type":"consult.session","conversation":"id1","last_seq":1,"session":{"institution":"inst1","session":"id2","state":"serving","tutor":{"tutor":"tutor1","name":"王老师","title":"高级讲师"},"tutor_state":"online"},"record":{"seq":1,"at":1800000000000,"kind":"session","session":"id2","turn":"opened","state":"serving","tutor":{"tutor":"tutor1","name":"王老师","title":"高级讲师"},"notice":{"zh":"咨询结果仅供参考，由提供咨询的机构负责。平台会存档并监管全部会话，且不会向机构提供您的个人信息。","en":"The advice is for reference only; the institution is responsible for it. The platform archives and supervises every conversation and gives the institution no personal information about you."}}}]
    ["admin1",{"type":"consult.session","conversation":"id1","last_seq":1,"session":{"candidate":{"pseudonym":"pseudonym1","name":"name1","avatar_seed":"seed1"},"session":"id2","state":"serving","owner":{"tutor":"tutor1","name":"王老师","title":"高级讲师"},"owner_version":1},"record":{"seq":1,"at":1800000000000,"kind":"session","session":"id2","turn":"opened","state":"serving","tutor":{"tutor":"tutor1","name":"王老师","title":"高级讲师"},"notice":{"zh":"咨询结果仅供参考，由提供咨询的机构负责。平台会存档并监管全部会话，且不会向机构提供您的个人信息。","en":"The advice is for reference only; the institution is responsible for it. The platform archives and supervises every conversation and gives the institution no personal information about you."}}}]
    ["tutor1",{"type":"consult.session","conversation":"id1","last_seq":1,"session":{"candidate":{"pseudonym":"pseudonym1","name":"name1","avatar_seed":"seed1"},"session":"id2","state":"serving","owner":{"tutor":"tutor1","name":"王老师","title":"高级讲师"},"owner_version":1},"record":{"seq":1,"at":1800000000000,"kind":"session","session":"id2","turn":"opened","state":"serving","tutor":{"tutor":"tutor1","name":"王老师","title":"高级讲师"},"notice":{"zh":"咨询结果仅供参考，由提供咨询的机构负责。平台会存档并监管全部会话，且不会向机构提供您的个人信息。","en":"The advice is for reference only; the institution is responsible for it. The platform archives and supervises every conversation and gives the institution no personal information about you."}}}]
    ["user1",{"type":"consult.notice","conversation":"id1","last_seq":1,"notice":{"zh":"咨询结果仅供参考，由提供咨询的机构负责。平台会存档并监管全部会话，且不会向机构提供您的个人信息。","en":"The advice is for reference only; the institution is responsible for it. The platform archives and supervises every conversation and gives the institution no personal information about you."}}]]
    "#);
    let conversation = opened.answer.unwrap()["conversation"].as_str().unwrap().to_owned();
    let asked = house.say(&user("user1"), &conversation, ("k1", "请问今年何时报名?")).await;
    insta::assert_snapshot!(told(&asked), @r#"
    [{"status":"delivered","seq":2,"at":1800000000000}
    ["user1",{"type":"consult.delivered","conversation":"id1","last_seq":2,"record":{"seq":2,"at":1800000000000,"kind":"message","author":{"side":"user"},"body":{"kind":"text","text":"请问今年何时报名?"},"client_id":"k1"}}]
    ["admin1",{"type":"consult.message","conversation":"id1","last_seq":2,"record":{"seq":2,"at":1800000000000,"kind":"message","author":{"side":"user","pseudonym":"pseudonym1","name":"name1","avatar_seed":"seed1"},"body":{"kind":"text","text":"请问今年何时报名?"}}}]
    ["tutor1",{"type":"consult.message","conversation":"id1","last_seq":2,"record":{"seq":2,"at":1800000000000,"kind":"message","author":{"side":"user","pseudonym":"pseudonym1","name":"name1","avatar_seed":"seed1"},"body":{"kind":"text","text":"请问今年何时报名?"}}}]]
    "#);
    let answered = house.say(&tutor("tutor1"), &conversation, ("k1", "三月中旬。")).await;
    insta::assert_snapshot!(told(&answered), @r#"
    [{"status":"delivered","seq":3,"at":1800000000000}
    ["user1",{"type":"consult.message","conversation":"id1","last_seq":3,"record":{"seq":3,"at":1800000000000,"kind":"message","author":{"side":"institution","tutor":"tutor1","name":"王老师","title":"高级讲师"},"body":{"kind":"text","text":"三月中旬。"}}}]
    ["admin1",{"type":"consult.message","conversation":"id1","last_seq":3,"record":{"seq":3,"at":1800000000000,"kind":"message","author":{"side":"institution","tutor":"tutor1","name":"王老师","title":"高级讲师"},"body":{"kind":"text","text":"三月中旬。"}}}]
    ["tutor1",{"type":"consult.delivered","conversation":"id1","last_seq":3,"record":{"seq":3,"at":1800000000000,"kind":"message","author":{"side":"institution","tutor":"tutor1","name":"王老师","title":"高级讲师"},"body":{"kind":"text","text":"三月中旬。"},"client_id":"k1"}}]]
    "#);
    let history = json!({"conversation": conversation});
    let page = house.ask(&user("user1"), "history", history.clone()).await;
    insta::assert_snapshot!(shown(&page), @r#"{"conversation":"id1","last_seq":3,"records":[{"seq":1,"at":1800000000000,"kind":"session","session":"id2","turn":"opened","state":"serving","tutor":{"tutor":"tutor1","name":"王老师","title":"高级讲师"},"notice":{"zh":"咨询结果仅供参考，由提供咨询的机构负责。平台会存档并监管全部会话，且不会向机构提供您的个人信息。","en":"The advice is for reference only; the institution is responsible for it. The platform archives and supervises every conversation and gives the institution no personal information about you."}},{"seq":2,"at":1800000000000,"kind":"message","author":{"side":"user"},"body":{"kind":"text","text":"请问今年何时报名?"},"client_id":"k1"},{"seq":3,"at":1800000000000,"kind":"message","author":{"side":"institution","tutor":"tutor1","name":"王老师","title":"高级讲师"},"body":{"kind":"text","text":"三月中旬。"}}]}"#);
    let page = house.ask(&tutor("tutor1"), "history", history).await;
    insta::assert_snapshot!(shown(&page), @r#"{"conversation":"id1","last_seq":3,"records":[{"seq":1,"at":1800000000000,"kind":"session","session":"id2","turn":"opened","state":"serving","tutor":{"tutor":"tutor1","name":"王老师","title":"高级讲师"},"notice":{"zh":"咨询结果仅供参考，由提供咨询的机构负责。平台会存档并监管全部会话，且不会向机构提供您的个人信息。","en":"The advice is for reference only; the institution is responsible for it. The platform archives and supervises every conversation and gives the institution no personal information about you."}},{"seq":2,"at":1800000000000,"kind":"message","author":{"side":"user","pseudonym":"pseudonym1","name":"name1","avatar_seed":"seed1"},"body":{"kind":"text","text":"请问今年何时报名?"}},{"seq":3,"at":1800000000000,"kind":"message","author":{"side":"institution","tutor":"tutor1","name":"王老师","title":"高级讲师"},"body":{"kind":"text","text":"三月中旬。"},"client_id":"k1"}]}"#);
    let list = house.ask(&user("user1"), "list", json!({})).await;
    insta::assert_snapshot!(shown(&list), @r#"{"conversations":[{"conversation":"id1","institution_name":"青云教育","institution":"inst1","session":"id2","state":"serving","tutor":{"tutor":"tutor1","name":"王老师","title":"高级讲师"},"tutor_state":"online","last_seq":3,"read_seq":0,"unread":1,"tutor_read_seq":0,"line_at":1800000000000,"preview":{"seq":3,"at":1800000000000,"kind":"message","author":{"side":"institution","tutor":"tutor1","name":"王老师","title":"高级讲师"},"body":{"kind":"text","text":"三月中旬。"}}}]}"#);
    let list = house.ask(&tutor("tutor1"), "list", json!({})).await;
    insta::assert_snapshot!(shown(&list), @r#"{"conversations":[{"conversation":"id1","candidate":{"pseudonym":"pseudonym1","name":"name1","avatar_seed":"seed1"},"session":"id2","state":"serving","owner":{"tutor":"tutor1","name":"王老师","title":"高级讲师"},"owner_version":1,"last_seq":3,"read_seq":0,"unread":1,"line_at":1800000000000,"preview":{"seq":3,"at":1800000000000,"kind":"message","author":{"side":"institution","tutor":"tutor1","name":"王老师","title":"高级讲师"},"body":{"kind":"text","text":"三月中旬。"},"client_id":"k1"}}]}"#);
}

#[tokio::test]
async fn what_was_said_is_there_after_a_restart() {
    let house = House::new().await;
    let conversation = house.served().await;
    house.say(&user("user1"), &conversation, ("k1", "你好")).await.answer.unwrap();
    let history = json!({"conversation": conversation});
    let before = house.ask(&user("user1"), "history", history.clone()).await;
    let house = house.restarted().await;
    assert_eq!(house.ask(&user("user1"), "history", history).await, before);
    let again = house.say(&user("user1"), &conversation, ("k1", "你好")).await.answer.unwrap();
    assert_eq!(again["seq"], 2, "the first result again");
}

#[tokio::test]
async fn a_send_is_stored_once_however_often_it_is_sent() {
    let house = House::new().await;
    let conversation = house.served().await;
    let first = house.say(&user("user1"), &conversation, ("k1", "你好")).await;
    let again = house.say(&user("user1"), &conversation, ("k1", "你好")).await;
    assert_eq!(again.answer.unwrap(), first.answer.unwrap());
    assert!(again.events.is_empty(), "and told once");
    let other = house.say(&user("user1"), &conversation, ("k1", "您好")).await;
    assert_eq!(other.answer.unwrap_err().code(), Code::Conflict);
    // Keys belong to their author.
    house.say(&tutor("tutor1"), &conversation, ("k1", "您好")).await.answer.unwrap();
    assert_eq!(house.kinds(&user("user1"), &conversation).await, ["session", "message", "message"]);
}

#[tokio::test]
async fn whoever_says_much_at_once_is_answered_for_each_word() {
    let house = House::new().await;
    let conversation = house.served().await;
    let (user1, tutor1) = (user("user1"), tutor("tutor1"));
    let keys: Vec<_> = (0..32).map(|n| n.to_string()).collect();
    let said = keys.iter().flat_map(|key| [(&user1, key), (&tutor1, key)]);
    let said = said.map(|(who, key)| house.say(who, &conversation, (key, "你好")));
    let mut seqs = Vec::new();
    for called in futures_util::future::join_all(said).await {
        seqs.push(called.answer.unwrap()["seq"].as_i64().unwrap());
    }
    seqs.sort_unstable();
    assert!(seqs.into_iter().eq(2..66));
}

#[tokio::test]
async fn a_retry_after_the_end_neither_reopens_nor_is_refused() {
    let house = House::new().await;
    let conversation = house.served().await;
    let first = house.say(&user("user1"), &conversation, ("k1", "你好")).await;
    let answer = house.say(&tutor("tutor1"), &conversation, ("k1", "您好")).await;
    house.ask(&user("user1"), "close", json!({"conversation": conversation})).await;
    let again = house.say(&user("user1"), &conversation, ("k1", "你好")).await;
    assert_eq!(again.answer.unwrap(), first.answer.unwrap());
    let again = house.say(&tutor("tutor1"), &conversation, ("k1", "您好")).await;
    assert_eq!(again.answer.unwrap(), answer.answer.unwrap());
    let late = house.say(&tutor("tutor1"), &conversation, ("k2", "还在吗")).await;
    assert_eq!(late.answer.unwrap_err().code(), Code::ConversationClosed);
}

#[tokio::test]
async fn a_retry_is_answered_whoever_was_suspended_meanwhile() {
    let house = House::new().await;
    let conversation = house.served().await;
    let sides = [user("user1"), tutor("tutor1")];
    let mut first = Vec::new();
    for who in &sides {
        first.push(house.say(who, &conversation, ("k1", "您好")).await.answer.unwrap());
    }
    house.employ("tutor1", Employment::Suspended).await;
    let suspend =
        json!({"id": "inst1", "name": "青云教育", "certification": "certified", "suspended": true});
    let institution = serde_json::from_value(suspend).unwrap();
    house.directory.put_institution(&institution).await.unwrap();
    for (who, first) in sides.iter().zip(first) {
        let again = house.say(who, &conversation, ("k1", "您好")).await;
        assert_eq!(again.answer.unwrap(), first);
        assert!(again.events.is_empty());
        let other = house.say(who, &conversation, ("k2", "在吗")).await;
        assert_eq!(other.answer.unwrap_err().code(), Code::Suspended);
    }
    house.employ("tutor1", Employment::Left).await;
    let again = house.say(&sides[1], &conversation, ("k1", "您好")).await;
    assert_eq!(again.answer.unwrap()["seq"], 3);
    // Who was never in the conversation learns nothing by guessing keys.
    house.employ("tutor2", Employment::Suspended).await;
    let stranger = house.say(&tutor("tutor2"), &conversation, ("k1", "您好")).await;
    assert_eq!(stranger.answer.unwrap_err().code(), Code::Suspended);
}

#[tokio::test]
async fn bad_sends_store_nothing() {
    let house = House::new().await;
    let conversation = house.served().await;
    let send = |change: &dyn Fn(&mut Value)| {
        let mut input = json!({
            "conversation": conversation, "client_id": "k1", "body": {"kind": "text", "text": "x"},
        });
        change(&mut input);
        input
    };
    let cases = [
        (send(&|it| it["client_id"] = json!("")), Code::BadRequest),
        (send(&|it| it["body"] = json!({"kind": "card"})), Code::UnknownKind),
        (send(&|it| it["body"]["text"] = json!("字".repeat(2_001))), Code::TooLong),
        (send(&|it| it["reply_to"] = json!(9)), Code::BadRequest),
        (send(&|it| it["to"] = json!("everyone")), Code::BadRequest),
        (send(&|it| it["conversation"] = json!("nowhere")), Code::NotInScope),
    ];
    for (input, code) in cases {
        assert_eq!(house.refused(&user("user1"), "send", input.clone()).await, code, "{input}");
    }
    assert_eq!(house.kinds(&user("user1"), &conversation).await, ["session"]);
}

#[tokio::test]
async fn pages_of_a_history_meet_without_gap_or_overlap() {
    let house = House::new().await;
    let conversation = house.served().await;
    for n in 0..6 {
        house.say(&user("user1"), &conversation, (&n.to_string(), "你好")).await.answer.unwrap();
    }
    let seqs = |page: Value| -> Vec<i64> {
        page["records"].as_array().unwrap().iter().map(|it| it["seq"].as_i64().unwrap()).collect()
    };
    for (window, expected) in [
        (json!({"limit": 3}), vec![5, 6, 7]),
        (json!({"limit": 3, "before": 5}), vec![2, 3, 4]),
        (json!({"limit": 3, "before": 2}), vec![1]),
        (json!({"limit": 3, "after": 2}), vec![3, 4, 5]),
        (json!({"limit": 3, "after": 1, "before": 6}), vec![3, 4, 5]),
        (json!({"limit": 0}), vec![7]),
        (json!({"after": 7}), vec![]),
    ] {
        let mut input = window.clone();
        input["conversation"] = json!(conversation);
        let page = house.ask(&tutor("tutor1"), "history", input).await;
        assert_eq!(page["last_seq"], 7);
        assert_eq!(seqs(page), expected, "{window}");
    }
}

#[tokio::test]
async fn a_message_is_taken_back_within_two_minutes_by_its_author_alone() {
    let house = House::new().await;
    let conversation = house.served().await;
    house.say(&user("user1"), &conversation, ("k1", "说错了")).await.answer.unwrap();
    house.say(&user("user1"), &conversation, ("k2", "太晚了")).await.answer.unwrap();
    let recall = |seq: i64| json!({"conversation": conversation, "seq": seq});
    assert_eq!(house.refused(&tutor("tutor1"), "recall", recall(2)).await, Code::NotInScope);
    assert_eq!(house.refused(&user("user1"), "recall", recall(1)).await, Code::NotInScope);
    assert_eq!(house.refused(&user("user1"), "recall", recall(99)).await, Code::NotInScope);
    let called = house.call(&user("user1"), "recall", recall(2)).await;
    insta::assert_snapshot!(told(&called), @r#"
    [{"seq":4,"target":2}
    ["user1",{"type":"consult.recalled","conversation":"id1","last_seq":4,"record":{"seq":4,"at":1800000000000,"kind":"recall","author":{"side":"user"},"target":2}}]
    ["admin1",{"type":"consult.recalled","conversation":"id1","last_seq":4,"record":{"seq":4,"at":1800000000000,"kind":"recall","author":{"side":"user","pseudonym":"pseudonym1","name":"name1","avatar_seed":"seed1"},"target":2}}]
    ["tutor1",{"type":"consult.recalled","conversation":"id1","last_seq":4,"record":{"seq":4,"at":1800000000000,"kind":"recall","author":{"side":"user","pseudonym":"pseudonym1","name":"name1","avatar_seed":"seed1"},"target":2}}]]
    "#);
    let again = house.call(&user("user1"), "recall", recall(2)).await;
    assert_eq!(again.answer.unwrap(), called.answer.unwrap());
    assert!(again.events.is_empty());
    house.clock.advance_ms(120_001);
    assert_eq!(house.refused(&user("user1"), "recall", recall(3)).await, Code::Gone);
    for who in [user("user1"), tutor("tutor1")] {
        let kinds = house.kinds(&who, &conversation).await;
        assert_eq!(kinds, ["session", "recalled", "message", "recall"]);
    }
}

#[tokio::test]
async fn marks_agree_on_every_device_and_the_user_sees_the_tutors() {
    let house = House::new().await;
    let conversation = house.served().await;
    for n in 0..3 {
        house.say(&user("user1"), &conversation, (&n.to_string(), "你好")).await.answer.unwrap();
    }
    let read = |seq: i64| json!({"conversation": conversation, "seq": seq});
    let unread = async || {
        house.ask(&tutor("tutor1"), "list", json!({})).await["conversations"][0]["unread"].clone()
    };
    assert_eq!(unread().await, 3);
    let called = house.call(&tutor("tutor1"), "read", read(3)).await;
    insta::assert_snapshot!(told(&called), @r#"
    [{"read_seq":3,"unread":1}
    ["tutor1",{"type":"consult.read","conversation":"id1","last_seq":4,"by":"you","seq":3,"unread":1}]
    ["user1",{"type":"consult.read","conversation":"id1","last_seq":4,"by":"tutor","seq":3}]]
    "#);
    assert_eq!(unread().await, 1);
    let back = house.call(&tutor("tutor1"), "read", read(2)).await;
    assert_eq!(back.answer.unwrap(), json!({"read_seq": 3, "unread": 1}), "never backwards");
    assert!(back.events.is_empty());
    house.ask(&tutor("tutor1"), "read", read(99)).await;
    assert_eq!(unread().await, 0);
    let list = house.ask(&user("user1"), "list", json!({})).await;
    assert_eq!(list["conversations"][0]["tutor_read_seq"], 4);
    assert_eq!(list["conversations"][0]["unread"], 0, "nobody answered");
    let called = house.call(&user("user1"), "read", read(4)).await;
    assert_eq!(called.heard(), [("user1", "consult.read")], "a user's mark is told to nobody else");
}

#[tokio::test]
async fn the_tutors_mark_never_moves_back_when_another_tutor_reads() {
    let house = House::new().await;
    let conversation = house.served().await;
    for n in 0..3 {
        house.say(&user("user1"), &conversation, (&n.to_string(), "你好")).await.answer.unwrap();
    }
    let read = |seq: i64| json!({"conversation": conversation, "seq": seq});
    house.ask(&tutor("tutor1"), "read", read(4)).await;
    house.ask(&user("user1"), "close", json!({"conversation": conversation})).await;
    house.ask(&tutor("tutor1"), "state", json!({"state": "offline"})).await;
    house.say(&user("user1"), &conversation, ("k1", "还在吗")).await.answer.unwrap();
    house.ask(&tutor("tutor2"), "state", json!({"state": "online"})).await;
    let accept = json!({"conversation": conversation, "owner_version": 3});
    house.ask(&tutor("tutor2"), "accept", accept).await;
    let seen = async || {
        house.ask(&user("user1"), "list", json!({})).await["conversations"][0]["tutor_read_seq"]
            .clone()
    };
    let before = house.ask(&user("user1"), "sync", json!({})).await;
    let called = house.call(&tutor("tutor2"), "read", read(3)).await;
    assert_eq!(called.heard(), [("tutor2", "consult.read")]);
    assert_eq!(called.answer.unwrap()["read_seq"], 3, "it is their own mark");
    assert_eq!(seen().await, 4);
    assert_eq!(house.ask(&user("user1"), "sync", json!({})).await, before);
    let called = house.call(&tutor("tutor2"), "read", read(7)).await;
    assert_eq!(called.heard(), [("tutor2", "consult.read"), ("user1", "consult.read")]);
    assert_eq!(seen().await, 7);
}

#[tokio::test]
async fn two_devices_that_read_at_once_leave_the_mark_at_the_further() {
    let house = House::new().await;
    let conversation = house.served().await;
    for n in 0..3 {
        house.say(&user("user1"), &conversation, (&n.to_string(), "你好")).await.answer.unwrap();
    }
    let read = |seq: i64| json!({"conversation": conversation, "seq": seq});
    let who = tutor("tutor1");
    let (further, nearer) =
        tokio::join!(house.ask(&who, "read", read(4)), house.call(&who, "read", read(3)));
    assert_eq!(further, json!({"read_seq": 4, "unread": 0}));
    // The nearer one was first, or it comes to nothing.
    let was_first = nearer.answer.unwrap()["read_seq"] == 3;
    assert_eq!(nearer.events.is_empty(), !was_first);
    let list = house.ask(&user("user1"), "list", json!({})).await;
    assert_eq!(list["conversations"][0]["tutor_read_seq"], 4);
}

#[tokio::test]
async fn typing_is_told_to_the_other_side_and_stored_nowhere() {
    let house = House::new().await;
    let conversation = house.served().await;
    let input = json!({"conversation": conversation});
    let called = house.call(&user("user1"), "typing", input.clone()).await;
    insta::assert_snapshot!(told(&called), @r#"
    [{}
    ["tutor1",{"type":"consult.typing","conversation":"id1","last_seq":1,"author":{"side":"user","pseudonym":"pseudonym1","name":"name1","avatar_seed":"seed1"}}]]
    "#);
    let called = house.call(&tutor("tutor1"), "typing", input.clone()).await;
    insta::assert_snapshot!(told(&called), @r#"
    [{}
    ["user1",{"type":"consult.typing","conversation":"id1","last_seq":1,"author":{"side":"institution","tutor":"tutor1","name":"王老师","title":"高级讲师"}}]]
    "#);
    house.ask(&user("user1"), "close", input.clone()).await;
    assert!(house.call(&tutor("tutor1"), "typing", input).await.events.is_empty());
    assert_eq!(house.kinds(&user("user1"), &conversation).await, ["session", "session"]);
}
