//! What is answered and what is stored: with `live.durable`, and without.

use rusqlite::Connection;
use serde_json::{Value, json};

use super::house::{House, host, user};
use crate::config::value::Span;

fn comment(key: &str, text: &str) -> Value {
    json!({"room": "r1", "client_id": key, "text": text})
}

#[tokio::test]
async fn a_durable_comment_is_shown_only_when_it_is_stored_and_its_key_is_good_for_another_try() {
    let mut house = House::with(|config| config.durable = true).await;
    let answer = house.ask(&user("ann"), "comment", comment("k1", "老师好")).await;
    let rows = house.sql("SELECT id FROM live_comment").await;
    assert_eq!(rows[0].text(0), answer["id"], "stored when it is answered");
    house.archive.close().await;
    let refused = house.refused(&user("ann"), "comment", comment("k2", "还在吗")).await;
    assert_eq!(refused, "unavailable");
    assert_eq!(house.types("live:r1").await, ["live.state", "live.comment"], "nobody saw it");
    house = house.restarted().await;
    house.ask(&user("ann"), "comment", comment("k2", "还在吗")).await;
    assert_eq!(house.archived("live/r1/ann").await.len(), 2);
}

#[tokio::test]
async fn a_key_whose_comment_was_not_stored_is_free_without_a_restart_too() {
    let house = House::with(|config| config.durable = true).await;
    let lock = locked(&house);
    let refused = house.refused(&user("ann"), "comment", comment("k1", "老师好")).await;
    assert_eq!(refused, "unavailable");
    lock.execute_batch("ROLLBACK").unwrap();
    let answer = loop {
        // The database notices by itself that it can be written again.
        match house.call(&user("ann"), "comment", comment("k1", "老师好")).await {
            Ok(answer) => break answer,
            Err(refusal) => assert_eq!(refusal.to_string(), "unavailable"),
        }
    };
    assert_eq!(answer["status"], "visible");
}

#[tokio::test]
async fn while_the_database_stands_still_little_is_shown_and_all_of_that_is_stored_later() {
    let house = House::with(|config| config.lag_max = Span::milliseconds(50)).await;
    let lock = locked(&house);
    let mut shown = Vec::new();
    loop {
        let text = format!("第{}条", shown.len());
        match house.say(&user("ann"), &text).await {
            Ok(answer) => shown.push(answer["id"].as_str().unwrap().to_owned()),
            Err(refusal) => {
                assert!(refusal.to_string().starts_with("unavailable"), "{refusal}");
                break;
            }
        }
    }
    assert!(!shown.is_empty(), "it is shown before it is stored");
    assert!(house.counts("belfry_live_stalls_total 1"));
    assert_eq!(house.say(&user("ben"), "x").await.unwrap_err().code().name(), "unavailable");
    lock.execute_batch("ROLLBACK").unwrap();
    house.live.beside().settled().await;
    let rows = house.sql("SELECT id FROM live_comment WHERE author = 'ann' ORDER BY id").await;
    shown.sort();
    let stored: Vec<_> = rows.iter().map(|row| row.text(0).to_owned()).collect();
    assert_eq!(stored, shown);
    house.said(&user("ben"), "x").await;
    house.live.beside().settled().await;
    assert!(house.counts("belfry_live_queue 0"));
}

#[tokio::test]
async fn a_house_that_closes_stores_what_was_shown() {
    let mut house = House::new().await;
    let mut shown = 0;
    for number in 0..50 {
        house.said(&user(&format!("u{number}")), &format!("第{number}位")).await;
        shown += 1;
    }
    house = house.restarted().await;
    let rows = house.sql("SELECT COUNT(*) FROM live_comment").await;
    assert_eq!(rows[0].int(0), shown);
}

#[tokio::test]
async fn a_comment_that_is_shown_and_not_stored_yet_can_be_removed() {
    let house = House::new().await;
    let id = house.said(&user("ann"), "卖资料了").await;
    house.ask(&host(), "remove", json!({"room": "r1", "comment": id})).await;
    let rows = house.sql("SELECT state FROM live_comment").await;
    assert_eq!(rows[0].text(0), "removed");
}

#[tokio::test]
async fn what_the_archive_takes_no_more_is_taken_back_and_its_author_learns_why() {
    let house = House::narrow(4).await;
    for number in 0..4 {
        house.said(&user("ann"), &format!("第{number}条")).await;
    }
    house.live.beside().settled().await;
    let (viewer, ann) = (house.watch("live:r1"), house.watch("user:#ann"));
    let id = house.said(&user("ann"), "放不下了").await;
    let told = ann.hears("live.unarchived").await;
    assert_eq!(told, json!({"type": "live.unarchived", "room": "r1", "comment": id}));
    assert_eq!(viewer.hears("live.removed").await["ids"], json!([id]));
    assert!(!format!("{:?}", house.kept("live:r1").await).contains("放不下了"));
    assert_eq!(house.last("live_desk:r1").await["state"], "removed");
    assert!(house.counts("belfry_live_unarchived_total 1"));
    let before = viewer.events().len();
    let refused = house.say(&user("ann"), "再试一次").await.unwrap_err().to_string();
    assert!(refused.starts_with("rate_limited {\"retry_ms\":"), "{refused}");
    assert_eq!(viewer.events().len(), before, "nobody sees what is refused");
    house.said(&user("ben"), "别人还可以说").await;
    house.clock.advance_ms(2 * 86_400_000);
    let answer = house.say(&user("ann"), "放不下了").await.unwrap();
    assert_eq!(answer["status"], "visible", "and the same words are no duplicate");
    assert_eq!(house.archived("live/r1/ann").await.len(), 5);
}

#[tokio::test]
async fn a_comment_over_which_the_database_fails_is_tried_again_and_then_taken_back_alone() {
    let house = House::new().await;
    let fails = |text: &str| {
        format!(
            "CREATE TRIGGER fails BEFORE INSERT ON live_comment WHEN NEW.author = '{text}'
             BEGIN SELECT RAISE(ABORT, 'no'); END"
        )
    };
    house.sql(&fails("ann")).await;
    let told = house.watch("user:#ann");
    let (lost, kept) = (house.said(&user("ann"), "一").await, house.said(&user("ben"), "二").await);
    assert_eq!(told.hears("live.unarchived").await["comment"], json!(lost));
    house.live.beside().settled().await;
    let rows = house.sql("SELECT id FROM live_comment").await;
    assert_eq!((rows.len(), rows[0].text(0)), (1, kept.as_str()));
    assert_eq!(
        house.say(&user("ann"), "三").await.unwrap_err().to_string(),
        "internal server error"
    );
    house.sql("DROP TRIGGER fails").await;
    assert_eq!(house.say(&user("ann"), "三").await.unwrap()["status"], "visible");
    house.sql(&fails("ben")).await;
    let id = house.said(&user("ben"), "四").await;
    house.sql("DROP TRIGGER fails").await;
    house.live.beside().settled().await;
    let rows = house.sql("SELECT COUNT(*) FROM live_comment WHERE author = 'ben'").await;
    assert_eq!(rows[0].int(0), 2, "{id} was stored by another try");
    assert!(house.counts("belfry_live_unarchived_total 1"));
}

#[tokio::test]
async fn a_room_that_cannot_be_read_after_a_change_is_kept_and_nothing_old_is_told_of_it() {
    let house = House::new().await;
    let viewer = house.watch("live:r1");
    house.set(json!({"slow_s": 5})).await;
    house.said(&user("ann"), "老师好").await;
    house.live.beside().settled().await;
    house.sql("ALTER TABLE room_mute RENAME TO elsewhere").await;
    let set = json!({"room": "r1", "set": {"slow_s": 9}});
    let failed = "internal server error";
    assert_eq!(house.refused(&host(), "settings", set.clone()).await, failed);
    assert_eq!(house.refused(&host(), "settings", set.clone()).await, failed);
    assert_eq!(house.refused(&user("ben"), "room.get", json!({"room": "r1"})).await, failed);
    assert_eq!(house.say(&user("ben"), "大家好").await.unwrap_err().to_string(), failed);
    let told = |events: Vec<Value>| -> Vec<_> {
        events.iter().filter_map(|event| event["settings"]["slow_s"].as_i64()).collect()
    };
    assert_eq!(told(viewer.events()), [5]);
    house.sql("ALTER TABLE elsewhere RENAME TO room_mute").await;
    {
        let _tended = house.tended();
        while told(viewer.events()) != [5, 9] {
            tokio::task::yield_now().await;
        }
    }
    house.clock.advance_ms(4_000);
    let refused = house.say(&user("ann"), "又来了").await.unwrap_err().to_string();
    assert_eq!(refused, r#"slow {"retry_ms":5000}"#, "the room has stayed, with who spoke in it");
    let set = house.ask(&host(), "settings", set).await;
    assert_eq!((&set["version"], &set["settings"]["slow_s"]), (&json!(3), &json!(9)));
    assert_eq!(told(viewer.events()), [5, 9], "once is enough");
}

#[tokio::test]
async fn a_key_whose_comment_was_stored_and_reported_failed_answers_the_first_result() {
    let house = House::with(|config| config.durable = true).await;
    let fails = "CREATE TRIGGER fails BEFORE INSERT ON live_comment
         BEGIN SELECT RAISE(ABORT, 'no'); END";
    house.sql(fails).await;
    for key in ["k1", "k2"] {
        let refused =
            house.refused(&user("ann"), "comment", comment(key, &format!("{key}好"))).await;
        assert_eq!(refused, "internal server error");
    }
    house.sql("DROP TRIGGER fails").await;
    // As when the answer alone was lost.
    let author = house.live.authors().find(&("r1".into(), "ann".into())).unwrap();
    let (content, _) = author.take_up("k1").unwrap();
    author.forget(&content.shown.id);
    let draft = house.live.draft(&"r1".into(), &"ann".into(), &content);
    house.live.store(draft).await.unwrap();
    author.doubt(content.clone());
    let ann = user("ann");
    let again = || house.ask(&ann, "comment", comment("k1", "k1好"));
    let answers = tokio::join!(again(), again());
    assert_eq!((&answers.0["id"], &answers.0), (&json!(content.shown.id), &answers.1));
    assert_eq!(house.last("live:r1").await["text"], "k1好");
    assert_eq!(house.refused(&ann, "comment", comment("k1", "别的")).await, "conflict");
    let other = house.ask(&ann, "comment", comment("k2", "k2好")).await;
    assert_eq!(other["status"], "visible");
    assert_eq!(house.archived("live/r1/ann").await.len(), 2);
    assert_eq!(house.types("live:r1").await, ["live.state", "live.comment", "live.comment"]);
}

#[tokio::test]
async fn rooms_are_kept_up_to_a_bound_and_idle_ones_make_room() {
    let house = House::with(|config| config.rooms_max = 2).await;
    for number in 2..5 {
        let room = json!({"id": format!("r{number}"), "title": "x"});
        let made = house.call(&super::house::operator(), "room.put", room).await;
        assert_eq!(made.is_ok(), number == 2, "{number}: {made:?}");
    }
    assert!(house.counts("belfry_live_rooms_refused_total 2"));
    tokio::time::pause();
    tokio::time::advance(std::time::Duration::from_secs(11)).await;
    tokio::time::resume();
    let _watcher = house.watch("live:r1");
    house.ask(&user("ann"), "room.get", json!({"room": "r3"})).await;
    assert_eq!(house.live.rooms().len(), 2, "the one that is watched stays");
    let refused = house.refused(&user("ann"), "room.get", json!({"room": "r2"})).await;
    assert!(refused.starts_with("unavailable"), "{refused}");
    house.said(&user("ann"), "老师好").await;
}

/// The house's database, held by somebody else.
fn locked(house: &House) -> Connection {
    let lock = Connection::open(house.folder.path().join("live.db")).unwrap();
    lock.execute_batch("BEGIN IMMEDIATE").unwrap();
    lock
}
