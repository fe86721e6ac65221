//! What a thread takes within the time for which what was sent is remembered.

use super::*;

const HOUR_MS: i64 = 3_600_000;
const DAY_MAX: usize = 4;

/// As after a restart of the server, with lanes that take little.
async fn narrow(house: &House) -> Archive {
    let section = archive::Archive { thread_day_max: DAY_MAX, ..archive::Archive::default() };
    let (store, clock) = (house.store.clone(), house.clock.clone());
    Archive::open(store, &section, &keys_of(&house.folder), clock, &Metrics::new()).await.unwrap()
}

fn keyed(key: usize) -> Draft {
    draft("c1", "u1", &key.to_string()).once(&key.to_string())
}

#[tokio::test]
async fn a_thread_takes_so_many_records_a_day_and_says_when_it_takes_more() {
    let house = House::new().await;
    let mut archive = narrow(&house).await;
    let mut first = Vec::new();
    for key in 0..DAY_MAX {
        first.push(archive.append(keyed(key)).await.unwrap().receipt());
    }
    house.clock.advance_ms(HOUR_MS / 2);
    // The hour in which the thread began must be out of memory as a whole.
    let retry_ms = 26 * HOUR_MS - HOUR_MS / 2;
    for _ in 0..2 {
        assert_eq!(archive.append(keyed(DAY_MAX)).await, Err(Fault::Full { retry_ms }));
        for (key, receipt) in first.iter().enumerate() {
            assert_eq!(archive.append(keyed(key)).await, Ok(Appended::Again(*receipt)));
        }
        let elsewhere = draft("c2", "u1", "hello").once("a");
        archive.append(elsewhere).await.unwrap();
        // Nothing of this is forgotten when the thread is read back.
        archive = narrow(&house).await;
    }
    assert_eq!(archive.append(keyed(0)).await, Ok(Appended::Again(first[0])));
    house.clock.advance_ms(retry_ms - 1);
    assert_eq!(archive.append(keyed(DAY_MAX)).await, Err(Fault::Full { retry_ms: 1 }));
    house.clock.advance_ms(1);
    archive.append(keyed(DAY_MAX)).await.unwrap();
}

#[tokio::test]
async fn records_without_a_key_find_room_when_messages_find_none() {
    let house = House::new().await;
    let archive = narrow(&house).await;
    for key in 0..DAY_MAX {
        archive.append(keyed(key)).await.unwrap();
    }
    for _ in 0..DAY_MAX {
        archive.append(draft("c1", "u1", "turn")).await.unwrap();
    }
    let archive = narrow(&house).await;
    let full = Err(Fault::Full { retry_ms: 26 * HOUR_MS });
    assert_eq!(archive.append(draft("c1", "u1", "turn")).await, full);
    assert_eq!(archive.append(keyed(DAY_MAX)).await, full);
}

#[tokio::test]
async fn what_is_not_stored_takes_no_room() {
    let house = House::new().await;
    let archive = narrow(&house).await;
    let never = Statement::new("UPDATE thread SET last_seq = last_seq WHERE 1 = 0").touching(1);
    for key in 0..2 * DAY_MAX {
        assert_eq!(archive.append(keyed(key).with(never.clone())).await, Err(Fault::Guard));
    }
    archive.append(keyed(0)).await.unwrap();
}
