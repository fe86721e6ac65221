//! Queue, seats, acceptance, the end and what comes after it.

use super::*;
use crate::{config, directory::Employment, store::Statement};

async fn waiting(house: &House, who: &crate::operation::Caller) -> Value {
    house.ask(who, "list", json!({})).await["queue"].clone()
}

#[tokio::test]
async fn the_first_tutor_gets_the_conversation_and_the_second_learns_who() {
    let house = House::new().await;
    for id in ["tutor1", "tutor2"] {
        house.ask(&tutor(id), "state", json!({"state": "busy"})).await;
    }
    let opened = house.call(&user("user1"), "open", json!({"institution": "inst1"})).await;
    insta::assert_snapshot!(told(&opened), @r#"
    [{"conversation":"id1","session":"id2","state":"queued","opened":true,"last_seq":1,"notice":{"zh":"咨询结果仅供参考，由提供咨询的机构负责。平台会存档并监管全部会话，且不会向机构提供您的个人信息。","en":"The advice is for reference only; the institution is responsible for it. The platform archives and supervises every conversation and gives the institution no personal information about you."}}
    ["user1",{"type":"consult.session","conversation":"id1","last_seq":1,"session":{"institution":"inst1","session":"id2","state":"queued"},"record":{"seq":1,"at":1800000000000,"kind":"session","session":"id2","turn":"opened","state":"queued","notice":{"zh":"咨询结果仅供参考，由提供咨询的机构负责。平台会存档并监管全部会话，且不会向机构提供您的个人信息。","en":"The advice is for reference only; the institution is responsible for it. The platform archives and supervises every conversation and gives the institution no personal information about you."}}}]
    ["admin1",{"type":"consult.session","conversation":"id1","last_seq":1,"session":{"candidate":{"pseudonym":"pseudonym1","name":"name1","avatar_seed":"seed1"},"session":"id2","state":"queued","owner_version":1},"record":{"seq":1,"at":1800000000000,"kind":"session","session":"id2","turn":"opened","state":"queued","notice":{"zh":"咨询结果仅供参考，由提供咨询的机构负责。平台会存档并监管全部会话，且不会向机构提供您的个人信息。","en":"The advice is for reference only; the institution is responsible for it. The platform archives and supervises every conversation and gives the institution no personal information about you."}}}]
    ["admin1",{"type":"consult.queue","institution":"inst1","waiting":1,"oldest_since":1800000000000,"entered":{"conversation":"id1","candidate":{"pseudonym":"pseudonym1","name":"name1","avatar_seed":"seed1"},"owner_version":1,"queued_at":1800000000000}}]
    ["tutor1",{"type":"consult.queue","institution":"inst1","waiting":1,"oldest_since":1800000000000,"entered":{"conversation":"id1","candidate":{"pseudonym":"pseudonym1","name":"name1","avatar_seed":"seed1"},"owner_version":1,"queued_at":1800000000000}}]
    ["tutor2",{"type":"consult.queue","institution":"inst1","waiting":1,"oldest_since":1800000000000,"entered":{"conversation":"id1","candidate":{"pseudonym":"pseudonym1","name":"name1","avatar_seed":"seed1"},"owner_version":1,"queued_at":1800000000000}}]
    ["user1",{"type":"consult.notice","conversation":"id1","last_seq":1,"notice":{"zh":"咨询结果仅供参考，由提供咨询的机构负责。平台会存档并监管全部会话，且不会向机构提供您的个人信息。","en":"The advice is for reference only; the institution is responsible for it. The platform archives and supervises every conversation and gives the institution no personal information about you."}}]]
    "#);
    let conversation = opened.answer.unwrap()["conversation"].clone();
    house.say(&user("user1"), conversation.as_str().unwrap(), ("k1", "有人吗")).await;
    insta::assert_snapshot!(shown(&waiting(&house, &tutor("tutor2")).await), @r#"[{"conversation":"id1","candidate":{"pseudonym":"pseudonym1","name":"name1","avatar_seed":"seed1"},"owner_version":1,"queued_at":1800000000000,"waiting_since":1800000000000}]"#);
    let accept = json!({"conversation": conversation, "owner_version": 1});
    let called = house.call(&tutor("tutor1"), "accept", accept.clone()).await;
    insta::assert_snapshot!(told(&called), @r#"
    [{"conversation":"id1","candidate":{"pseudonym":"pseudonym1","name":"name1","avatar_seed":"seed1"},"session":"id2","state":"serving","owner":{"tutor":"tutor1","name":"王老师","title":"高级讲师"},"owner_version":2,"waiting_since":1800000000000,"last_seq":3}
    ["user1",{"type":"consult.session","conversation":"id1","last_seq":3,"session":{"institution":"inst1","session":"id2","state":"serving","tutor":{"tutor":"tutor1","name":"王老师","title":"高级讲师"},"tutor_state":"busy"},"record":{"seq":3,"at":1800000000000,"kind":"session","session":"id2","turn":"accepted","tutor":{"tutor":"tutor1","name":"王老师","title":"高级讲师"}}}]
    ["admin1",{"type":"consult.session","conversation":"id1","last_seq":3,"session":{"candidate":{"pseudonym":"pseudonym1","name":"name1","avatar_seed":"seed1"},"session":"id2","state":"serving","owner":{"tutor":"tutor1","name":"王老师","title":"高级讲师"},"owner_version":2,"waiting_since":1800000000000},"record":{"seq":3,"at":1800000000000,"kind":"session","session":"id2","turn":"accepted","tutor":{"tutor":"tutor1","name":"王老师","title":"高级讲师"}}}]
    ["tutor1",{"type":"consult.session","conversation":"id1","last_seq":3,"session":{"candidate":{"pseudonym":"pseudonym1","name":"name1","avatar_seed":"seed1"},"session":"id2","state":"serving","owner":{"tutor":"tutor1","name":"王老师","title":"高级讲师"},"owner_version":2,"waiting_since":1800000000000},"record":{"seq":3,"at":1800000000000,"kind":"session","session":"id2","turn":"accepted","tutor":{"tutor":"tutor1","name":"王老师","title":"高级讲师"}}}]
    ["admin1",{"type":"consult.queue","institution":"inst1","waiting":0,"left":"id1"}]
    ["tutor1",{"type":"consult.queue","institution":"inst1","waiting":0,"left":"id1"}]
    ["tutor2",{"type":"consult.queue","institution":"inst1","waiting":0,"left":"id1"}]]
    "#);
    let again = house.call(&tutor("tutor1"), "accept", accept.clone()).await;
    assert_eq!(again.answer.unwrap(), called.answer.unwrap());
    let late = house.call(&tutor("tutor2"), "accept", accept.clone()).await;
    insta::assert_snapshot!(told(&late), @r#"["stale {\"owner\":{\"tutor\":\"tutor1\",\"name\":\"王老师\",\"title\":\"高级讲师\"},\"at\":1800000000000,\"state\":\"serving\",\"owner_version\":2}"]"#);
    assert_eq!(house.refused(&tutor("tutor9"), "accept", accept).await, Code::NotInScope);
    assert_eq!(waiting(&house, &tutor("tutor2")).await, Value::Null);
}

#[tokio::test]
async fn a_tutor_answers_only_what_they_serve() {
    let house = House::new().await;
    let conversation = house.queued().await;
    let early = house.say(&tutor("tutor1"), &conversation, ("k1", "您好")).await;
    assert_eq!(early.answer.unwrap_err().code(), Code::PermissionDenied);
    let history = json!({"conversation": conversation});
    assert_eq!(house.refused(&tutor("tutor1"), "history", history).await, Code::PermissionDenied);
    let accept = json!({"conversation": conversation, "owner_version": 1});
    house.at_desk(&tutor("tutor1")).await;
    house.ask(&tutor("tutor1"), "accept", accept).await;
    house.say(&tutor("tutor1"), &conversation, ("k1", "您好")).await.answer.unwrap();
    for other in [tutor("tutor2"), tutor("tutor9"), user("user2"), support("support1")] {
        let other = house.say(&other, &conversation, ("k1", "您好")).await;
        assert_eq!(other.answer.unwrap_err().code(), Code::NotInScope);
    }
    let admin = house.say(&admin("admin1"), &conversation, ("k1", "您好")).await;
    assert_eq!(admin.answer.unwrap_err().code(), Code::PermissionDenied, "reads, but serves not");
}

#[tokio::test]
async fn nobody_but_a_user_opens_a_conversation() {
    let house = House::new().await;
    let open = json!({"institution": "inst1"});
    for other in [tutor("tutor1"), admin("admin1"), support("support1")] {
        assert_eq!(house.refused(&other, "open", open.clone()).await, Code::PermissionDenied);
    }
    let nowhere = json!({"institution": "inst7"});
    assert_eq!(house.refused(&user("user1"), "open", nowhere).await, Code::NotInScope);
}

#[tokio::test]
async fn what_can_be_no_id_opens_nothing_and_is_kept_nowhere() {
    let house = House::new().await;
    for wrong in ["", "x y", "机构", &"x".repeat(65), &"x".repeat(250_000)] {
        let institution = json!({"institution": wrong});
        let tutor = json!({"institution": "inst1", "tutor": wrong});
        for input in [institution, tutor] {
            assert_eq!(house.refused(&user("user1"), "open", input).await, Code::BadRequest);
        }
    }
    let sessions = Statement::new("SELECT COUNT(*) FROM consult_session");
    assert_eq!(house.store().read(sessions).await.unwrap()[0].int(0), 0);
}

#[tokio::test]
async fn opening_again_answers_the_open_conversation() {
    let house = House::new().await;
    let conversation = house.served().await;
    let again = house.call(&user("user1"), "open", json!({"institution": "inst1"})).await;
    let answer = again.answer.as_ref().unwrap();
    assert_eq!((&answer["conversation"], &answer["opened"]), (&json!(conversation), &json!(false)));
    assert!(again.events.is_empty());
    let (user2, open) = (user("user2"), json!({"institution": "inst1"}));
    let (one, two) =
        tokio::join!(house.call(&user2, "open", open.clone()), house.call(&user2, "open", open));
    assert_eq!(one.answer.unwrap()["conversation"], two.answer.unwrap()["conversation"]);
}

#[tokio::test]
async fn a_tutor_serves_no_more_than_their_capacity() {
    let config = config::consult::Consult { capacity: 1, ..Default::default() };
    let house = House::with(config).await;
    let first = house.served().await;
    let open = json!({"institution": "inst1", "tutor": "tutor1"});
    let second = house.ask(&user("user2"), "open", open.clone()).await;
    assert_eq!(second["state"], "queued");
    let accept = json!({"conversation": second["conversation"], "owner_version": 1});
    let full = house.call(&tutor("tutor1"), "accept", accept.clone()).await.answer.unwrap_err();
    assert_eq!(full.to_string(), r#"limit exceeded {"max":1}"#);
    house.ask(&tutor("tutor1"), "close", json!({"conversation": first})).await;
    house.ask(&tutor("tutor1"), "accept", accept).await;
    let desk = house.ask(&tutor("tutor1"), "state", json!({"state": "busy"})).await;
    assert_eq!((&desk["serving"], &desk["capacity"]), (&json!(1), &json!(1)));
}

#[tokio::test]
async fn an_offline_tutor_accepts_nothing() {
    let house = House::new().await;
    let conversation = house.queued().await;
    let accept = json!({"conversation": conversation, "owner_version": 1});
    for state in [None, Some("offline")] {
        if let Some(state) = state {
            house.ask(&tutor("tutor1"), "state", json!({"state": state})).await;
        }
        let refused = house.call(&tutor("tutor1"), "accept", accept.clone()).await;
        assert!(refused.events.is_empty());
        insta::allow_duplicates! {
            insta::assert_snapshot!(refused.answer.unwrap_err(), @r#"permission denied {"reason":"you are offline; choose online or busy with consult.state first"}"#);
        }
    }
    house.ask(&tutor("tutor1"), "state", json!({"state": "busy"})).await;
    let accepted = house.ask(&tutor("tutor1"), "accept", accept.clone()).await;
    house.ask(&tutor("tutor1"), "state", json!({"state": "offline"})).await;
    assert_eq!(house.ask(&tutor("tutor1"), "accept", accept).await, accepted, "a retry");
}

#[tokio::test]
async fn nobody_serves_their_own_consultation() {
    let house = House::new().await;
    house.ask(&tutor("tutor1"), "state", json!({"state": "online"})).await;
    let open = json!({"institution": "inst1", "tutor": "tutor1"});
    let opened = house.ask(&user("tutor1"), "open", open).await;
    assert_eq!(opened["state"], "queued", "they asked for themself");
    let accept = json!({"conversation": opened["conversation"], "owner_version": 1});
    let refused = house.call(&tutor("tutor1"), "accept", accept.clone()).await.answer;
    insta::assert_snapshot!(refused.unwrap_err(), @r#"permission denied {"reason":"you are the candidate of this conversation"}"#);
    house.at_desk(&tutor("tutor2")).await;
    house.ask(&tutor("tutor2"), "accept", accept).await;
}

#[tokio::test]
async fn two_candidates_never_get_one_seat() {
    let config = config::consult::Consult { capacity: 1, ..Default::default() };
    let house = House::with(config).await;
    house.ask(&tutor("tutor1"), "state", json!({"state": "online"})).await;
    let open = json!({"institution": "inst1", "tutor": "tutor1"});
    let (user1, user2) = (user("user1"), user("user2"));
    let (one, two) =
        tokio::join!(house.ask(&user1, "open", open.clone()), house.ask(&user2, "open", open));
    let mut states = [one["state"].as_str().unwrap(), two["state"].as_str().unwrap()];
    states.sort_unstable();
    assert_eq!(states, ["queued", "serving"]);
}

#[tokio::test]
async fn only_an_online_tutor_of_the_institution_is_assigned() {
    let house = House::new().await;
    for (id, state) in [("tutor1", "busy"), ("tutor9", "online")] {
        house.ask(&tutor(id), "state", json!({"state": state})).await;
    }
    for (at, wanted) in ["tutor1", "tutor2", "tutor9", "user1"].into_iter().enumerate() {
        let open = json!({"institution": "inst1", "tutor": wanted});
        let opened = house.ask(&user(&format!("user{at}")), "open", open).await;
        assert_eq!(opened["state"], "queued", "{wanted}");
    }
}

#[tokio::test]
async fn a_word_of_the_user_reopens_and_a_word_of_the_tutor_does_not() {
    let house = House::new().await;
    let conversation = house.served().await;
    let input = json!({"conversation": conversation});
    let closed = house.call(&tutor("tutor1"), "close", input.clone()).await;
    insta::assert_snapshot!(told(&closed), @r#"
    [{"session":"id1","state":"ended","last_seq":2}
    ["user1",{"type":"consult.session","conversation":"id2","last_seq":2,"session":{"institution":"inst1","session":"id1","state":"ended","tutor":{"tutor":"tutor1","name":"王老师","title":"高级讲师"},"tutor_state":"online"},"record":{"seq":2,"at":1800000000000,"kind":"session","session":"id1","turn":"ended","by":"tutor"}}]
    ["admin1",{"type":"consult.session","conversation":"id2","last_seq":2,"session":{"candidate":{"pseudonym":"pseudonym1","name":"name1","avatar_seed":"seed1"},"session":"id1","state":"ended","owner":{"tutor":"tutor1","name":"王老师","title":"高级讲师"},"owner_version":2},"record":{"seq":2,"at":1800000000000,"kind":"session","session":"id1","turn":"ended","by":"tutor"}}]
    ["tutor1",{"type":"consult.session","conversation":"id2","last_seq":2,"session":{"candidate":{"pseudonym":"pseudonym1","name":"name1","avatar_seed":"seed1"},"session":"id1","state":"ended","owner":{"tutor":"tutor1","name":"王老师","title":"高级讲师"},"owner_version":2},"record":{"seq":2,"at":1800000000000,"kind":"session","session":"id1","turn":"ended","by":"tutor"}}]]
    "#);
    let again = house.ask(&user("user1"), "close", input).await;
    assert_eq!(again, closed.answer.unwrap());
    let late = house.say(&tutor("tutor1"), &conversation, ("k1", "还在吗")).await;
    assert_eq!(late.answer.unwrap_err().code(), Code::ConversationClosed);
    let reopened = house.say(&user("user1"), &conversation, ("k1", "还有一个问题")).await;
    insta::assert_snapshot!(told(&reopened), @r#"
    [{"status":"delivered","seq":4,"at":1800000000000}
    ["user1",{"type":"consult.session","conversation":"id1","last_seq":3,"session":{"institution":"inst1","session":"id2","state":"serving","tutor":{"tutor":"tutor1","name":"王老师","title":"高级讲师"},"tutor_state":"online"},"record":{"seq":3,"at":1800000000000,"kind":"session","session":"id2","turn":"opened","state":"serving","tutor":{"tutor":"tutor1","name":"王老师","title":"高级讲师"},"notice":{"zh":"咨询结果仅供参考，由提供咨询的机构负责。平台会存档并监管全部会话，且不会向机构提供您的个人信息。","en":"The advice is for reference only; the institution is responsible for it. The platform archives and supervises every conversation and gives the institution no personal information about you."}}}]
    ["admin1",{"type":"consult.session","conversation":"id1","last_seq":3,"session":{"candidate":{"pseudonym":"pseudonym1","name":"name1","avatar_seed":"seed1"},"session":"id2","state":"serving","owner":{"tutor":"tutor1","name":"王老师","title":"高级讲师"},"owner_version":3},"record":{"seq":3,"at":1800000000000,"kind":"session","session":"id2","turn":"opened","state":"serving","tutor":{"tutor":"tutor1","name":"王老师","title":"高级讲师"},"notice":{"zh":"咨询结果仅供参考，由提供咨询的机构负责。平台会存档并监管全部会话，且不会向机构提供您的个人信息。","en":"The advice is for reference only; the institution is responsible for it. The platform archives and supervises every conversation and gives the institution no personal information about you."}}}]
    ["tutor1",{"type":"consult.session","conversation":"id1","last_seq":3,"session":{"candidate":{"pseudonym":"pseudonym1","name":"name1","avatar_seed":"seed1"},"session":"id2","state":"serving","owner":{"tutor":"tutor1","name":"王老师","title":"高级讲师"},"owner_version":3},"record":{"seq":3,"at":1800000000000,"kind":"session","session":"id2","turn":"opened","state":"serving","tutor":{"tutor":"tutor1","name":"王老师","title":"高级讲师"},"notice":{"zh":"咨询结果仅供参考，由提供咨询的机构负责。平台会存档并监管全部会话，且不会向机构提供您的个人信息。","en":"The advice is for reference only; the institution is responsible for it. The platform archives and supervises every conversation and gives the institution no personal information about you."}}}]
    ["user1",{"type":"consult.notice","conversation":"id1","last_seq":3,"notice":{"zh":"咨询结果仅供参考，由提供咨询的机构负责。平台会存档并监管全部会话，且不会向机构提供您的个人信息。","en":"The advice is for reference only; the institution is responsible for it. The platform archives and supervises every conversation and gives the institution no personal information about you."}}]
    ["user1",{"type":"consult.delivered","conversation":"id1","last_seq":4,"record":{"seq":4,"at":1800000000000,"kind":"message","author":{"side":"user"},"body":{"kind":"text","text":"还有一个问题"},"client_id":"k1"}}]
    ["admin1",{"type":"consult.message","conversation":"id1","last_seq":4,"record":{"seq":4,"at":1800000000000,"kind":"message","author":{"side":"user","pseudonym":"pseudonym1","name":"name1","avatar_seed":"seed1"},"body":{"kind":"text","text":"还有一个问题"}}}]
    ["tutor1",{"type":"consult.message","conversation":"id1","last_seq":4,"record":{"seq":4,"at":1800000000000,"kind":"message","author":{"side":"user","pseudonym":"pseudonym1","name":"name1","avatar_seed":"seed1"},"body":{"kind":"text","text":"还有一个问题"}}}]]
    "#);
    house.say(&tutor("tutor1"), &conversation, ("k1", "请讲")).await.answer.unwrap();
}

#[tokio::test]
async fn a_reopened_conversation_waits_when_its_tutor_is_away() {
    let house = House::new().await;
    let conversation = house.served().await;
    house.ask(&user("user1"), "close", json!({"conversation": conversation})).await;
    house.ask(&tutor("tutor1"), "state", json!({"state": "offline"})).await;
    house.say(&user("user1"), &conversation, ("k1", "还有一个问题")).await.answer.unwrap();
    let list = house.ask(&tutor("tutor1"), "list", json!({})).await;
    assert_eq!(list["conversations"], json!([]), "it is nobody's now");
    assert_eq!(list["queue"][0]["conversation"], json!(conversation));
    let accept =
        json!({"conversation": conversation, "owner_version": list["queue"][0]["owner_version"]});
    house.at_desk(&tutor("tutor2")).await;
    house.ask(&tutor("tutor2"), "accept", accept).await;
    let list = house.ask(&tutor("tutor2"), "list", json!({})).await;
    assert_eq!(list["conversations"][0]["unread"], 1, "what was said before is not unread");
}

#[tokio::test]
async fn a_word_and_the_session_that_it_opens_are_stored_together_or_not_at_all() {
    let house = House::new().await;
    let conversation = house.served().await;
    house.ask(&user("user1"), "close", json!({"conversation": conversation})).await;
    house
        .sql(
            "CREATE TRIGGER deaf BEFORE UPDATE OF user_lines ON consult_conversation
         WHEN NEW.user_lines <> OLD.user_lines BEGIN SELECT RAISE(ABORT, 'deaf'); END",
        )
        .await;
    let said = house.say(&user("user1"), &conversation, ("k1", "还有一个问题")).await;
    assert_eq!(said.answer.unwrap_err().code(), Code::Internal);
    assert!(said.events.is_empty());
    assert_eq!(house.kinds(&user("user1"), &conversation).await, ["session", "session"]);
    house.sql("DROP TRIGGER deaf").await;
    house.say(&user("user1"), &conversation, ("k1", "还有一个问题")).await.answer.unwrap();
    let kinds = house.kinds(&user("user1"), &conversation).await;
    assert_eq!(kinds, ["session", "session", "session", "message"]);
}

/// A database in which whoever reads again what was just stored finds something else.
async fn make_forgetful(house: &House) {
    for (table, column, moved) in
        [("consult_conversation", "mask_name", "last_seq"), ("consult_desk", "capacity", "state")]
    {
        for (name, when) in [("new", "INSERT"), ("moved", &format!("UPDATE OF {moved}"))] {
            let forget = format!("UPDATE {table} SET {column} = '777' WHERE rowid = NEW.rowid");
            let trigger = format!("{table}_{name} AFTER {when} ON {table} BEGIN {forget}; END");
            house.sql(&format!("CREATE TRIGGER {trigger}")).await;
        }
    }
}

#[tokio::test]
async fn what_was_just_stored_is_told_without_reading_it_again() {
    let house = House::new().await;
    let conversation = house.queued().await;
    make_forgetful(&house).await;
    let (tutor1, user1) = (tutor("tutor1"), user("user1"));
    let named = json!({"conversation": conversation});
    let body = json!({"kind": "text", "text": "还有一个问题"});
    let send = json!({"conversation": conversation, "client_id": "k1", "body": body});
    for (who, operation, input) in [
        (&tutor1, "state", json!({"state": "online"})),
        (&tutor1, "accept", json!({"conversation": conversation, "owner_version": 1})),
        (&tutor1, "close", named),
        (&user1, "send", send),
        (&user("user2"), "open", json!({"institution": "inst1"})),
    ] {
        let told = told(&house.call(who, operation, input).await);
        assert!(!told.contains("777"), "{told}");
        house.sql("UPDATE consult_conversation SET mask_name = '石榴'").await;
        house.sql("UPDATE consult_desk SET capacity = NULL").await;
    }
}

#[tokio::test]
async fn the_platform_stops_institutions_and_tutors() {
    let house = House::new().await;
    let conversation = house.served().await;
    house.employ("tutor1", Employment::Suspended).await;
    let said = house.say(&tutor("tutor1"), &conversation, ("k1", "您好")).await;
    assert_eq!(said.answer.unwrap_err().to_string(), r#"suspended {"who":"tutor"}"#);
    let heard = house.say(&user("user1"), &conversation, ("k1", "您好")).await;
    assert!(!heard.heard().iter().any(|(to, _)| *to == "tutor1"), "and hears nothing");
    let id = "inst1".into();
    let mut entry = (*house.directory.institution(&id).await.unwrap().unwrap()).clone();
    entry.suspended = true;
    house.directory.put_institution(&entry).await.unwrap();
    let said = house.say(&user("user1"), &conversation, ("k2", "您好")).await;
    assert_eq!(said.answer.unwrap_err().to_string(), r#"suspended {"who":"institution"}"#);
    let open = json!({"institution": "inst1"});
    assert_eq!(house.refused(&user("user2"), "open", open).await, Code::Suspended);
    house.ask(&user("user1"), "history", json!({"conversation": conversation})).await;
}

#[tokio::test]
async fn the_user_sees_what_the_tutor_chose_to_be() {
    let house = House::new().await;
    house.served().await;
    let called = house.call(&tutor("tutor1"), "state", json!({"state": "busy"})).await;
    insta::assert_snapshot!(told(&called), @r#"
    [{"state":"busy","since":1800000000000,"serving":1,"capacity":50}
    ["user1",{"type":"consult.session","conversation":"id1","last_seq":1,"session":{"institution":"inst1","session":"id2","state":"serving","tutor":{"tutor":"tutor1","name":"王老师","title":"高级讲师"},"tutor_state":"busy"}}]]
    "#);
    let again = house.call(&tutor("tutor1"), "state", json!({"state": "busy"})).await;
    assert!(again.events.is_empty());
    let list = house.ask(&user("user1"), "list", json!({})).await;
    assert_eq!(list["conversations"][0]["tutor_state"], "busy");
}

#[tokio::test]
async fn the_platforms_own_service_is_served_by_its_staff() {
    let house = House::new().await;
    let opened = house.call(&user("user1"), "open", json!({"institution": "support"})).await;
    assert!(opened.heard().contains(&("support1", "consult.queue")));
    let conversation = opened.answer.unwrap()["conversation"].as_str().unwrap().to_owned();
    let accept = json!({"conversation": conversation, "owner_version": 1});
    for other in [tutor("tutor1"), admin("admin1")] {
        assert_eq!(house.refused(&other, "accept", accept.clone()).await, Code::NotInScope);
    }
    house.at_desk(&support("support1")).await;
    house.ask(&support("support1"), "accept", accept).await;
    house.say(&support("support1"), &conversation, ("k1", "您好")).await.answer.unwrap();
    assert_eq!(
        house.kinds(&support("support1"), &conversation).await,
        ["session", "session", "message"]
    );
}
