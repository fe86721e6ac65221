//! Which key ring an archive opens with.

use super::*;

async fn open_with(house: &House, ring: &str) -> Result<Archive, OpenFault> {
    let keys = Keys { ring: Secret::new(ring), ..keys_of(&house.folder) };
    let section = archive::Archive::default();
    Archive::open(house.store.clone(), &section, &keys, house.clock.clone(), &Metrics::new()).await
}

/// The key that the house made for itself, as the environment would hold it.
fn own_ring(house: &House) -> String {
    let text = std::fs::read_to_string(house.folder.path().join("keys.toml")).unwrap();
    let key = text.lines().find_map(|line| line.strip_prefix("1 = ")).unwrap();
    format!("1:{}", key.trim_matches('"'))
}

const OTHER: &str = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=";

#[tokio::test]
async fn the_ring_may_come_from_the_environment() {
    let house = House::new().await;
    house.archive.append(draft("c1", "u1", "hello")).await.unwrap();
    let archive = open_with(&house, &own_ring(&house)).await.unwrap();
    assert_eq!(texts(&archive, "c1").await, ["hello"]);
}

#[tokio::test]
async fn another_ring_than_the_archive_was_written_with_is_refused() {
    let house = House::new().await;
    let fault = open_with(&house, &format!("1:{OTHER}")).await.err().unwrap();
    assert!(matches!(fault, OpenFault::KeyDiffers { version: 1 }), "{fault}");
    let fault = open_with(&house, &format!("2:{OTHER}")).await.err().unwrap();
    assert!(matches!(fault, OpenFault::KeyMissing { version: 1 }), "{fault}");
}

#[tokio::test]
async fn a_lost_ring_is_not_replaced_by_a_fresh_one() {
    let house = House::new().await;
    std::fs::remove_file(house.folder.path().join("keys.toml")).unwrap();
    let fault = archive_in(&house.store, &house.folder, &house.clock).await.err().unwrap();
    assert!(matches!(fault, OpenFault::Ring(RingFault::Missing { .. })), "{fault}");
}

#[tokio::test]
async fn a_new_key_wraps_new_threads_and_the_old_one_still_opens_the_rest() {
    let house = House::new().await;
    house.archive.append(draft("old", "u1", "before")).await.unwrap();
    let both = format!("2:{OTHER},{}", own_ring(&house));
    let archive = open_with(&house, &both).await.unwrap();
    archive.append(draft("new", "u1", "after")).await.unwrap();
    archive.append(draft("old", "u1", "after")).await.unwrap();
    let rows = house.sql("SELECT id, kek FROM thread ORDER BY id").await;
    let versions: Vec<_> = rows.iter().map(|row| (row.text(0), row.int(1))).collect();
    assert_eq!(versions, [("new", 2), ("old", 1)]);
    assert_eq!(texts(&archive, "old").await, ["before", "after"]);
    assert_eq!(texts(&archive, "new").await, ["after"]);
    let fault = open_with(&house, &own_ring(&house)).await.err().unwrap();
    assert!(matches!(fault, OpenFault::KeyMissing { version: 2 }), "{fault}");
}
