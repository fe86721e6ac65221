//! Numbers, receipts, idempotency, and what stands beside.

use super::*;

const HOUR_MS: i64 = 3_600_000;

async fn with_tally(house: &House) {
    house.sql("CREATE TABLE tally (thread TEXT PRIMARY KEY, seq BIGINT, at_ms BIGINT)").await;
    house.sql("INSERT INTO tally VALUES ('c1', 0, 0)").await;
}

fn counted(expected: i64) -> Statement {
    Statement::new("UPDATE tally SET seq = $seq, at_ms = $at WHERE thread = $1 AND seq = $2")
        .bind("c1")
        .bind(expected)
        .touching(1)
}

async fn tally(house: &House) -> (i64, i64) {
    let rows = house.store.read(Statement::new("SELECT seq, at_ms FROM tally")).await.unwrap();
    (rows[0].int(0), rows[0].int(1))
}

#[tokio::test]
async fn records_are_numbered_from_one_in_each_thread_and_read_from_either_end() {
    let house = House::new().await;
    for (thread, text, seq) in [("c1", "a", 1), ("c1", "b", 2), ("c2", "x", 1), ("c1", "c", 3)] {
        house.clock.advance_ms(1);
        let receipt = Receipt { seq, at_ms: house.clock.now_ms() };
        let appended = house.archive.append(draft(thread, "u1", text)).await;
        assert_eq!(appended, Ok(Appended::New(receipt)));
    }
    assert_eq!(house.texts("c1").await, ["a", "b", "c"]);
    let read = async |window| {
        let records = house.archive.read("c1", window).await.unwrap();
        records.iter().map(|record| record.seq).collect::<Vec<_>>()
    };
    assert_eq!(read(Window::newest(2)).await, [2, 3]);
    assert_eq!(read(Window { before: 3, ..Window::newest(1) }).await, [2]);
    assert_eq!(read(Window::after(1, 1)).await, [2]);
    assert_eq!(read(Window::after(0, 0)).await, [0_i64; 0]);
    let first = &house.archive.read("c1", Window::after(0, 1)).await.unwrap()[0];
    let expected = Record {
        seq: 1,
        at_ms: TODAY_MS + 1,
        author: "u1".to_owned(),
        kind: "message".to_owned(),
        content: Some(b"a".to_vec()),
    };
    assert_eq!(*first, expected);
    assert_eq!(house.archive.read("nowhere", Window::newest(9)).await, Ok(Vec::new()));
}

#[tokio::test]
async fn the_same_client_id_stores_once_and_other_content_is_a_conflict() {
    let house = House::new().await;
    let first = house.archive.append(draft("c1", "u1", "hello").once("a")).await.unwrap();
    house.clock.advance_ms(5_000);
    let append = |draft| house.archive.append(draft);
    let again = append(draft("c1", "u1", "hello").once("a")).await;
    assert_eq!(again, Ok(Appended::Again(first.receipt())));
    assert_eq!(append(draft("c1", "u1", "other").once("a")).await, Err(Fault::Conflict));
    // Another author, another thread, another id: other messages.
    assert!(matches!(append(draft("c1", "u2", "hello").once("a")).await, Ok(Appended::New(_))));
    assert!(matches!(append(draft("c2", "u1", "hello").once("a")).await, Ok(Appended::New(_))));
    assert!(matches!(append(draft("c1", "u1", "hello").once("b")).await, Ok(Appended::New(_))));
    assert_eq!(house.texts("c1").await, ["hello", "hello", "hello"]);
}

#[tokio::test]
async fn what_was_sent_is_recognised_for_a_day_after_a_restart_too() {
    let mut house = House::new().await;
    let first = house.archive.append(draft("c1", "u1", "hello").once("a")).await.unwrap();
    // More than one page of later records lies between.
    for number in 0..600 {
        let filler = draft("c1", "u2", "filler").once(&number.to_string());
        house.archive.append(filler).await.unwrap();
    }
    house.clock.advance_ms(24 * HOUR_MS);
    house = house.restarted().await;
    let again = house.archive.append(draft("c1", "u1", "hello").once("a")).await;
    assert_eq!(again, Ok(Appended::Again(first.receipt())));
    let conflict = house.archive.append(draft("c1", "u1", "other").once("a")).await;
    assert_eq!(conflict, Err(Fault::Conflict));
    house.clock.advance_ms(2 * HOUR_MS);
    house = house.restarted().await;
    let late = house.archive.append(draft("c1", "u1", "hello").once("a")).await.unwrap();
    assert_eq!(late.receipt().seq, 602);
}

#[tokio::test]
async fn the_same_client_id_twice_at_once_stores_once() {
    let house = House::new().await;
    let send = |text| house.archive.append(draft("c1", "u1", text).once("a"));
    let (a, b, c) = tokio::join!(send("hello"), send("hello"), send("other"));
    let receipt = Receipt { seq: 1, at_ms: TODAY_MS };
    assert_eq!(a, Ok(Appended::New(receipt)));
    assert_eq!(b, Ok(Appended::Again(receipt)));
    assert_eq!(c, Err(Fault::Conflict));
    assert_eq!(house.texts("c1").await, ["hello"]);
}

#[tokio::test]
async fn what_stands_beside_is_stored_with_the_record_and_knows_its_number() {
    let house = House::new().await;
    with_tally(&house).await;
    house.archive.append(draft("c1", "u1", "one")).await.unwrap();
    house.archive.append(draft("c1", "u1", "two").with(counted(0))).await.unwrap();
    assert_eq!(tally(&house).await, (2, TODAY_MS));
}

#[tokio::test]
async fn a_guard_that_misses_leaves_nothing() {
    let house = House::new().await;
    with_tally(&house).await;
    let missed = draft("c1", "u1", "lost").once("a").with(counted(0)).with(counted(99));
    assert_eq!(house.archive.append(missed).await, Err(Fault::Guard));
    assert_eq!(tally(&house).await, (0, 0));
    assert_eq!(house.texts("c1").await, [""; 0]);
    let existing = Statement::new("INSERT INTO tally (thread) VALUES ('c1')");
    let missed = house.archive.append(draft("c1", "u1", "lost").with(existing)).await;
    assert_eq!(missed, Err(Fault::Guard));
    // Nothing was stored under the client_id either.
    let stored = house.archive.append(draft("c1", "u1", "kept").once("a").with(counted(0))).await;
    assert_eq!(stored, Ok(Appended::New(Receipt { seq: 1, at_ms: TODAY_MS })));
    assert_eq!(house.texts("c1").await, ["kept"]);
}

#[tokio::test]
async fn one_that_fails_does_not_take_those_around_it_along() {
    let house = House::new().await;
    with_tally(&house).await;
    let append =
        |text, expected| house.archive.append(draft("c1", "u1", text).with(counted(expected)));
    let outcomes = tokio::join!(
        append("a", 0),
        append("b", 99),
        append("c", 1),
        append("d", 1),
        append("e", 2),
        house.archive.append(draft("c2", "u1", "elsewhere")),
    );
    let seqs = [&outcomes.0, &outcomes.1, &outcomes.2, &outcomes.3, &outcomes.4, &outcomes.5]
        .map(|outcome| outcome.as_ref().ok().map(|appended| appended.receipt().seq));
    assert_eq!(seqs, [Some(1), None, Some(2), None, Some(3), Some(1)]);
    assert_eq!(house.texts("c1").await, ["a", "c", "e"]);
    assert_eq!(tally(&house).await, (3, TODAY_MS));
}

#[tokio::test]
async fn several_records_are_appended_together_or_not_at_all() {
    let house = House::new().await;
    with_tally(&house).await;
    let both = |expected| {
        let word = draft("c1", "u1", "word").once("a").with(counted(expected));
        house.archive.append_all(vec![draft("", "", "turn")], word)
    };
    assert_eq!(both(99).await, Err(Fault::Guard));
    assert_eq!(house.texts("c1").await, [""; 0]);
    let receipt = Receipt { seq: 2, at_ms: TODAY_MS };
    assert_eq!(both(0).await, Ok(Appended::New(receipt)));
    assert_eq!(tally(&house).await, (2, TODAY_MS), "the second record's own number");
    assert_eq!(both(0).await, Ok(Appended::Again(receipt)));
    let changed = house.archive.append_all(Vec::new(), draft("c1", "u1", "word").once("a")).await;
    assert_eq!(changed, Err(Fault::Conflict));
    let found = house.archive.find("c1", "u1", "a").await.unwrap().unwrap();
    assert_eq!((found.seq, found.content), (2, Some(b"word".to_vec())));
    assert_eq!(house.texts("c1").await, ["turn", "word"]);
}

#[tokio::test]
async fn what_was_sent_is_found_by_its_client_id() {
    let mut house = House::new().await;
    house.archive.append(draft("c1", "u1", "before")).await.unwrap();
    house.archive.append(draft("c1", "u1", "hello").once("a")).await.unwrap();
    for _ in 0..2 {
        let found = house.archive.find("c1", "u1", "a").await.unwrap().unwrap();
        assert_eq!((found.seq, found.content), (2, Some(b"hello".to_vec())));
        for (thread, author, client_id) in [("c1", "u1", "b"), ("c1", "u2", "a"), ("c2", "u1", "a")]
        {
            assert_eq!(house.archive.find(thread, author, client_id).await, Ok(None));
        }
        house = house.restarted().await;
    }
}

#[tokio::test]
async fn a_full_disk_refuses_records_until_there_is_room() {
    let house = House::new().await;
    house.archive.append(draft("c1", "u1", "before")).await.unwrap();
    house.sql("PRAGMA max_page_count = 1").await;
    let large = "x".repeat(100_000);
    let refused = house.archive.append(draft("c1", "u1", &large).once("a")).await;
    assert_eq!(refused, Err(Fault::Unavailable));
    house.sql("PRAGMA max_page_count = 1000000").await;
    let stored = house.archive.append(draft("c1", "u1", &large).once("a")).await.unwrap();
    assert_eq!(stored.receipt().seq, 2);
}

#[tokio::test]
async fn what_another_node_stored_is_recognised_in_the_midst_of_a_batch() {
    let house = House::new().await;
    let (_store, other) = house.neighbour().await;
    house.archive.append(draft("c1", "u1", "first")).await.unwrap();
    let there = other.append(draft("c1", "u1", "hello").once("a")).await.unwrap();
    assert_eq!(there.receipt().seq, 2);
    // One batch: the house believes that number 2 is free, and that the retry will be number 3.
    let (between, retry) = tokio::join!(
        house.archive.append(draft("c1", "u2", "between")),
        house.archive.append(draft("c1", "u1", "hello").once("a")),
    );
    assert_eq!(between.unwrap().receipt().seq, 3);
    assert_eq!(retry, Ok(Appended::Again(there.receipt())));
    assert_eq!(house.texts("c1").await, ["first", "hello", "between"]);
}

#[tokio::test]
async fn a_full_lane_refuses_at_once() {
    let house = House::new().await;
    let narrow = archive::Archive { lanes: 1, queue_max: 1, heads_max: 1, ..Default::default() };
    let keys = keys_of(&house.folder);
    let metrics = Metrics::new();
    let clock = house.clock.clone();
    let archive =
        Archive::open(house.store.clone(), &narrow, &keys, clock, &metrics).await.unwrap();
    // Nothing else runs on this thread, so the lane takes nothing until this test waits.
    let mut queued = Box::pin(archive.append(draft("c1", "u1", "queued")));
    assert!(futures_util::poll!(&mut queued).is_pending());
    assert_eq!(archive.append(draft("c2", "u1", "refused")).await, Err(Fault::Unavailable));
    assert_eq!(queued.await.unwrap().receipt().seq, 1);
    assert_eq!(texts(&archive, "c2").await, [""; 0]);
    let page = metrics.encode();
    assert!(page.contains("belfry_appends_total{outcome=\"done\"} 1"), "{page}");
    assert!(page.contains("belfry_appends_total{outcome=\"failed\"} 1"), "{page}");
}

#[tokio::test]
async fn closing_stores_what_was_submitted_and_refuses_what_comes_after() {
    let house = House::new().await;
    let mut submitted = Box::pin(house.archive.append(draft("c1", "u1", "last")));
    assert!(futures_util::poll!(&mut submitted).is_pending());
    house.archive.close().await;
    assert_eq!(submitted.await.unwrap().receipt().seq, 1);
    let after = house.archive.append(draft("c1", "u1", "late")).await;
    assert_eq!(after, Err(Fault::Unavailable));
    assert_eq!(house.texts("c1").await, ["last"]);
}

#[tokio::test]
async fn long_threads_are_read_along_an_index() {
    let house = House::new().await;
    let statements = [
        read::within("c1", Window::newest(9)),
        read::within("c1", Window::after(9, 9)),
        read::key_of("c1"),
        load::sent_to("c1", 9, 9),
        load::head_of("c1"),
        Statement::new("UPDATE thread SET last_seq = 1 WHERE number = 2 AND last_seq = 3"),
        Statement::new("SELECT at_ms, fingerprint FROM record WHERE thread = 1 AND seq = 2"),
    ];
    for statement in statements {
        let plan = Statement {
            sql: format!("EXPLAIN QUERY PLAN {}", statement.sql).into(),
            ..statement.clone()
        };
        for step in house.store.read(plan).await.unwrap() {
            // A step that scans, or sorts what it has found, would say so.
            assert!(step.text(3).starts_with("SEARCH"), "{}: {}", step.text(3), statement.sql);
        }
    }
}
