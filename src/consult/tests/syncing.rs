//! What changed since a cursor: durable, complete, and silent about what the other side only read.

use super::*;
use crate::{config, directory::SUPPORT, operation::Caller};

async fn sync(house: &House, who: &Caller, cursor: &Value) -> Value {
    house.ask(who, "sync", json!({"cursor": cursor})).await
}

fn changed(synced: &Value) -> Vec<(String, i64)> {
    let rows = synced["changed"].as_array().unwrap().iter();
    rows.map(|it| {
        (it["conversation"].as_str().unwrap().to_owned(), it["last_seq"].as_i64().unwrap())
    })
    .collect()
}

#[tokio::test]
async fn the_first_sync_is_a_gap_with_the_list_and_the_next_brings_what_changed() {
    let house = House::new().await;
    let conversation = house.served().await;
    for who in [user("user1"), tutor("tutor1"), admin("admin1")] {
        let first = sync(&house, &who, &Value::Null).await;
        assert_eq!(first["status"], "gap");
        assert_eq!(first["list"]["conversations"][0]["conversation"], json!(conversation));
        let idle = sync(&house, &who, &first["cursor"]).await;
        assert_eq!((&idle["status"], changed(&idle)), (&json!("resumed"), vec![]));
        let key = who.user.as_str();
        let before = idle["cursor"].clone();
        house.say(&user("user1"), &conversation, (key, "你好")).await.answer.unwrap();
        let after = sync(&house, &who, &before).await;
        let [(id, last_seq)] = changed(&after).try_into().unwrap();
        assert_eq!(id, conversation);
        assert_eq!(after["changed"][0]["preview"]["seq"], json!(last_seq));
    }
}

#[tokio::test]
async fn a_cursor_outlives_a_restart() {
    let house = House::new().await;
    let conversation = house.served().await;
    let cursor = sync(&house, &user("user1"), &Value::Null).await["cursor"].clone();
    house.say(&tutor("tutor1"), &conversation, ("k1", "您好")).await.answer.unwrap();
    let house = house.restarted().await;
    let synced = sync(&house, &user("user1"), &cursor).await;
    insta::assert_snapshot!(shown(&synced), @r#"{"status":"resumed","cursor":"2.2cc02e42","changed":[{"conversation":"id1","institution_name":"青云教育","institution":"inst1","session":"id2","state":"serving","tutor":{"tutor":"tutor1","name":"王老师","title":"高级讲师"},"tutor_state":"online","last_seq":2,"read_seq":0,"unread":1,"tutor_read_seq":0,"line_at":1800000000000,"preview":{"seq":2,"at":1800000000000,"kind":"message","author":{"side":"institution","tutor":"tutor1","name":"王老师","title":"高级讲师"},"body":{"kind":"text","text":"您好"}}}]}"#);
}

#[tokio::test]
async fn a_foreign_or_future_cursor_is_a_gap() {
    let house = House::new().await;
    house.served().await;
    let theirs = sync(&house, &tutor("tutor1"), &Value::Null).await["cursor"].clone();
    for cursor in [theirs, json!("ffff.00000000"), json!("x")] {
        assert_eq!(sync(&house, &user("user1"), &cursor).await["status"], "gap");
    }
}

#[tokio::test]
async fn a_cursor_goes_on_for_one_person_in_one_standing() {
    let house = House::new().await;
    house.served().await;
    let promoted = admin("tutor1");
    let cursor = sync(&house, &tutor("tutor1"), &Value::Null).await["cursor"].clone();
    for other in [promoted.clone(), tutor("tutor2"), admin("admin1"), user("tutor1")] {
        assert_eq!(sync(&house, &other, &cursor).await["status"], "gap", "{other:?}");
    }
    let cursor = sync(&house, &promoted, &Value::Null).await["cursor"].clone();
    for other in [tutor("tutor1"), admin("admin1")] {
        assert_eq!(sync(&house, &other, &cursor).await["status"], "gap", "{other:?}");
    }
    assert_eq!(sync(&house, &promoted, &cursor).await["status"], "resumed");
    house.hire("tutor1", "inst2", true).await;
    let elsewhere = promoted.of("inst2");
    assert_eq!(sync(&house, &elsewhere, &cursor).await["status"], "gap");
}

#[tokio::test]
async fn an_admins_cursor_ends_with_the_right_to_read_and_with_its_return() {
    let mut house = House::new().await;
    house.served().await;
    let mut cursor = Value::Null;
    for admin_reads in [true, false, true] {
        let config = config::consult::Consult { admin_reads, ..<_>::default() };
        house = house.restarted_with(config).await;
        let synced = sync(&house, &admin("admin1"), &cursor).await;
        assert_eq!(synced["status"], "gap", "{admin_reads}");
        cursor = synced["cursor"].clone();
        assert_eq!(sync(&house, &admin("admin1"), &cursor).await["status"], "resumed");
    }
}

#[tokio::test]
async fn too_much_is_a_gap() {
    let config = config::consult::Consult { sync_max: 2, ..Default::default() };
    let house = House::with(config).await;
    let cursor = sync(&house, &admin("admin1"), &Value::Null).await["cursor"].clone();
    for (n, status) in [(1, "resumed"), (2, "resumed"), (3, "gap")] {
        let who = user(&format!("user{n}"));
        house.ask(&who, "open", json!({"institution": "inst1"})).await;
        assert_eq!(sync(&house, &admin("admin1"), &cursor).await["status"], status, "{n}");
    }
}

#[tokio::test]
async fn a_user_who_only_reads_moves_nothing_that_the_institution_can_see() {
    let house = House::new().await;
    let conversation = house.served().await;
    house.say(&tutor("tutor1"), &conversation, ("k1", "您好")).await.answer.unwrap();
    let sides = [tutor("tutor1"), admin("admin1")];
    let mut before = Vec::new();
    for who in &sides {
        let synced = sync(&house, who, &Value::Null).await;
        before.push((synced, house.ask(who, "list", json!({})).await));
    }
    let mine = sync(&house, &user("user1"), &Value::Null).await["cursor"].clone();
    house.ask(&user("user1"), "read", json!({"conversation": conversation, "seq": 2})).await;
    for (who, (synced, list)) in sides.iter().zip(&before) {
        assert_eq!(&sync(&house, who, &Value::Null).await, synced);
        assert_eq!(&house.ask(who, "list", json!({})).await, list);
    }
    let other_device = sync(&house, &user("user1"), &mine).await;
    assert_eq!(other_device["changed"][0]["unread"], 0);
}

#[tokio::test]
async fn whoever_loses_sight_of_a_conversation_is_told_so_and_sees_the_queue() {
    let house = House::new().await;
    let conversation = house.served().await;
    let cursor = sync(&house, &tutor("tutor1"), &Value::Null).await["cursor"].clone();
    house.ask(&user("user1"), "close", json!({"conversation": conversation})).await;
    house.ask(&tutor("tutor1"), "state", json!({"state": "offline"})).await;
    house.say(&user("user1"), &conversation, ("k1", "还在吗")).await.answer.unwrap();
    let synced = sync(&house, &tutor("tutor1"), &cursor).await;
    insta::assert_snapshot!(shown(&synced), @r#"{"status":"resumed","cursor":"4.dc24b71e","changed":[],"gone":["id1"],"queue":[{"conversation":"id1","candidate":{"pseudonym":"pseudonym1","name":"name1","avatar_seed":"seed1"},"owner_version":3,"queued_at":1800000000000,"waiting_since":1800000000000}]}"#);
    let gap = sync(&house, &admin("admin1"), &Value::Null).await;
    insta::assert_snapshot!(shown(&gap), @r#"{"status":"gap","cursor":"4.81cd3016","list":{"conversations":[{"conversation":"id1","candidate":{"pseudonym":"pseudonym1","name":"name1","avatar_seed":"seed1"},"session":"id2","state":"queued","owner_version":3,"waiting_since":1800000000000,"last_seq":4,"read_seq":0,"unread":1,"line_at":1800000000000,"preview":{"seq":4,"at":1800000000000,"kind":"message","author":{"side":"user","pseudonym":"pseudonym1","name":"name1","avatar_seed":"seed1"},"body":{"kind":"text","text":"还在吗"}}}],"queue":[{"conversation":"id1","candidate":{"pseudonym":"pseudonym1","name":"name1","avatar_seed":"seed1"},"owner_version":3,"queued_at":1800000000000,"waiting_since":1800000000000}]}}"#);
    let accept =
        json!({"conversation": conversation, "owner_version": synced["queue"][0]["owner_version"]});
    house.at_desk(&tutor("tutor1")).await;
    house.ask(&tutor("tutor1"), "accept", accept).await;
    let synced = sync(&house, &tutor("tutor1"), &cursor).await;
    assert_eq!(synced["gone"], json!([]), "and back again");
    assert_eq!(changed(&synced).len(), 1);
}

#[tokio::test]
async fn whoever_keeps_sight_of_what_they_no_longer_serve_is_told_of_a_change_alone() {
    for (admin_reads, who, institution, keeps_sight) in [
        (true, admin("admin1"), "inst1", true),
        (false, admin("admin1"), "inst1", false),
        (true, support("support1"), SUPPORT, true),
    ] {
        let house = House::with(config::consult::Consult { admin_reads, ..<_>::default() }).await;
        house.ask(&who, "state", json!({"state": "online"})).await;
        let open = json!({"institution": institution, "tutor": who.user});
        let opened = house.ask(&user("user1"), "open", open).await;
        assert_eq!(opened["state"], "serving");
        let conversation = opened["conversation"].as_str().unwrap();
        let cursor = sync(&house, &who, &Value::Null).await["cursor"].clone();
        house.ask(&user("user1"), "close", json!({"conversation": conversation})).await;
        house.ask(&who, "state", json!({"state": "offline"})).await;
        house.say(&user("user1"), conversation, ("k1", "还在吗")).await.answer.unwrap();
        let synced = sync(&house, &who, &cursor).await;
        let gone: &[&str] = if keeps_sight { &[] } else { &[conversation] };
        assert_eq!(synced["gone"], json!(gone), "{}", who.user);
        assert_eq!(changed(&synced).len(), usize::from(keeps_sight), "{}", who.user);
    }
}

#[tokio::test]
async fn what_was_lost_at_one_institution_is_not_gone_at_another() {
    let house = House::new().await;
    let conversation = house.served().await;
    house.ask(&user("user1"), "close", json!({"conversation": conversation})).await;
    house.ask(&tutor("tutor1"), "state", json!({"state": "offline"})).await;
    house.say(&user("user1"), &conversation, ("k1", "还在吗")).await.answer.unwrap();
    // Each institution counts its changes for itself: this one has none yet.
    house.hire("tutor1", "inst2", false).await;
    let moved = tutor("tutor1").of("inst2");
    let cursor = sync(&house, &moved, &Value::Null).await["cursor"].clone();
    assert_eq!(sync(&house, &moved, &cursor).await["gone"], json!([]));
}

#[tokio::test]
async fn a_user_who_was_away_learns_what_their_tutor_chose_to_be() {
    let house = House::new().await;
    house.served().await;
    let ended = house.ask(&user("user2"), "open", json!({"institution": "inst1"})).await;
    house.ask(&user("user2"), "close", json!({"conversation": ended["conversation"]})).await;
    let people = [user("user1"), user("user2"), tutor("tutor1"), admin("admin1")];
    let mut cursors = Vec::new();
    for who in &people {
        cursors.push(sync(&house, who, &Value::Null).await["cursor"].clone());
    }
    house.ask(&tutor("tutor1"), "state", json!({"state": "busy"})).await;
    let mine = sync(&house, &user("user1"), &cursors[0]).await;
    assert_eq!(mine["changed"][0]["tutor_state"], "busy");
    for (who, cursor) in people.iter().zip(&cursors).skip(1) {
        let synced = sync(&house, who, cursor).await;
        assert_eq!(&synced["cursor"], cursor, "nothing of it is {}'s", who.user);
    }
    house.ask(&tutor("tutor1"), "state", json!({"state": "busy"})).await;
    assert_eq!(sync(&house, &user("user1"), &mine["cursor"]).await["changed"], json!([]));
}

#[tokio::test]
async fn lists_page_without_losing_or_repeating() {
    let house = House::new().await;
    for n in 1..=5 {
        let who = user(&format!("user{n}"));
        let opened = house.ask(&who, "open", json!({"institution": "inst1"})).await;
        house.clock.advance_ms(1);
        if n % 2 == 0 {
            let close = json!({"conversation": opened["conversation"]});
            house.ask(&who, "close", close).await;
        }
        house
            .ask(&user("user6"), "open", json!({"institution": format!("inst{}", n.min(2))}))
            .await;
    }
    for (who, count) in [(admin("admin1"), 6), (user("user6"), 2)] {
        let mut found = Vec::new();
        let mut asked = json!({"limit": 2});
        loop {
            let page = house.ask(&who, "list", asked.clone()).await;
            let rows = page["conversations"].as_array().unwrap();
            found.extend(rows.iter().map(|it| it["conversation"].clone()));
            match &page["next"] {
                Value::Null => break,
                next => asked["cursor"] = next.clone(),
            }
        }
        assert_eq!(found.len(), count);
        found.sort_by_key(Value::to_string);
        found.dedup();
        assert_eq!(found.len(), count);
        let long = "x".repeat(200);
        for wrong in ["1.2.3.4", &format!("1.{long}"), &format!("served.1.{long}")] {
            let wrong = json!({"cursor": wrong});
            assert_eq!(house.refused(&who, "list", wrong).await, Code::BadRequest);
        }
    }
}
