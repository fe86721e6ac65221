//! What lies in the database opens with the right keys in the right place alone.

use super::*;

async fn with_two_threads() -> House {
    let house = House::new().await;
    for (thread, author, text) in
        [("c1", "u1", "我的电话是多少"), ("c1", "t1", "请讲"), ("c2", "u2", "你好")]
    {
        house.archive.append(draft(thread, author, text).once("a")).await.unwrap();
    }
    house
}

#[tokio::test]
async fn nothing_that_was_said_lies_in_the_file() {
    let house = with_two_threads().await;
    house.archive.close().await;
    house.store.close().await;
    let file = std::fs::read(house.folder.path().join("belfry.db")).unwrap();
    let holds = |text: &[u8]| file.windows(text.len()).any(|window| window == text);
    assert!(holds(b"message"), "the kind lies in the open");
    for text in ["我的电话是多少", "请讲", "你好"] {
        assert!(!holds(text.as_bytes()), "{text}");
    }
}

#[tokio::test]
async fn a_record_that_was_moved_or_changed_does_not_open() {
    let tampering = [
        // Two contents of one thread change places.
        "UPDATE record SET content = (SELECT content FROM record o WHERE o.thread = record.thread
             AND o.seq = 3 - record.seq)
         WHERE thread = (SELECT number FROM thread WHERE id = 'c1')",
        // A record is put into another thread.
        "UPDATE record SET thread = (SELECT number FROM thread WHERE id = 'c2'), seq = 2
         WHERE author = 't1'",
        "UPDATE record SET author = 'u9'",
        "UPDATE record SET kind = 'notice'",
        "UPDATE record SET at_ms = at_ms + 1",
        "UPDATE record SET seq = seq + 10",
        "UPDATE record SET content = zeroblob(40)",
        "UPDATE record SET content = zeroblob(0)",
        // The threads change keys.
        "UPDATE thread SET wrapped_key = (SELECT o.wrapped_key FROM thread o WHERE o.id <> thread.id)",
    ];
    for sql in tampering {
        let house = with_two_threads().await;
        house.sql(sql).await;
        let mut faults = Vec::new();
        for thread in ["c1", "c2"] {
            faults.extend(house.archive.read(thread, Window::newest(9)).await.err());
        }
        assert!(!faults.is_empty() && faults.iter().all(|fault| *fault == Fault::Sealed), "{sql}");
    }
}

#[tokio::test]
async fn a_destroyed_key_leaves_records_without_content_and_takes_no_more() {
    let mut house = with_two_threads().await;
    house.sql("UPDATE thread SET wrapped_key = NULL WHERE id = 'c1'").await;
    for _ in 0..2 {
        let records = house.archive.read("c1", Window::newest(9)).await.unwrap();
        assert_eq!(records.len(), 2);
        assert!(records.iter().all(|record| record.content.is_none()));
        // The lane knew the key until now: the database must refuse it.
        let refused = house.archive.append(draft("c1", "u1", "more")).await;
        assert_eq!(refused, Err(Fault::Sealed));
        assert_eq!(house.texts("c2").await, ["你好"]);
        house = house.restarted().await;
    }
}

#[test]
fn what_was_said_does_not_print() {
    let draft = draft("c1", "u1", "secret");
    let record = Record {
        seq: 1,
        at_ms: 2,
        author: "u1".to_owned(),
        kind: "message".to_owned(),
        content: Some(b"secret".to_vec()),
    };
    let printed = format!("{draft:?} {record:?}");
    assert_eq!(
        printed,
        "Draft(message in c1: 6 bytes by \"u1\") \
         Record(1 at 2: message, Some(6) bytes by \"u1\")"
    );
}

#[tokio::test]
async fn records_of_many_threads_are_read_at_once_in_the_order_of_their_places() {
    let mut house = with_two_threads().await;
    house.archive.append(draft("c3", "u3", "再见")).await.unwrap();
    house.sql("UPDATE thread SET wrapped_key = NULL WHERE id = 'c3'").await;
    house = house.restarted().await;
    let places = [("c2", 1), ("c1", 2), ("none", 1), ("c1", 1), ("c1", 9), ("c3", 1), ("c2", 1)];
    let places = places.map(|(thread, seq)| (thread.to_owned(), seq));
    let records = house.archive.read_places(&places).await.unwrap();
    let said = |record: Option<Record>| {
        record.map(|it| it.content.map(|content| String::from_utf8(content).unwrap()))
    };
    let said: Vec<_> = records.into_iter().map(said).collect();
    let text = |text: &str| Some(Some(text.to_owned()));
    let [hello, asked, answered] = ["你好", "我的电话是多少", "请讲"].map(text);
    assert_eq!(said, [hello.clone(), answered, None, asked, None, Some(None), hello]);
    assert!(house.archive.read_places(&[]).await.unwrap().is_empty());
    house.sql("UPDATE record SET author = 'u9' WHERE seq = 2").await;
    assert_eq!(house.archive.read_places(&places).await, Err(Fault::Sealed));
}
