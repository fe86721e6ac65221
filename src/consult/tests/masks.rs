//! What stands for a user before an institution: drawn once, kept for ever, computed by nobody.

use super::*;
use crate::operation::Caller;

/// The candidate of the caller's first conversation.
async fn candidate(house: &House, who: &Caller) -> Value {
    house.ask(who, "list", json!({})).await["conversations"][0]["candidate"].clone()
}

#[tokio::test]
async fn no_secret_of_the_house_leads_from_a_user_to_their_pseudonym() {
    let mut found = Vec::new();
    for house in [House::new().await, House::new().await] {
        house.served().await;
        found.push(candidate(&house, &tutor("tutor1")).await);
    }
    // Two houses that share every secret, the user, the institution and the time.
    assert_ne!(found[0]["pseudonym"], found[1]["pseudonym"]);
    assert_ne!(found[0]["avatar_seed"], found[1]["avatar_seed"]);
}

#[tokio::test]
async fn a_user_stays_who_they_are_to_one_institution_and_is_another_to_the_next() {
    let house = House::new().await;
    let (who, open) = (user("user1"), json!({"institution": "inst1"}));
    let (one, two) =
        tokio::join!(house.ask(&who, "open", open.clone()), house.ask(&who, "open", open.clone()));
    assert_eq!(one["conversation"], two["conversation"]);
    house.ask(&who, "open", json!({"institution": "inst2"})).await;
    let first = candidate(&house, &admin("admin1")).await;
    house.hire("admin9", "inst2", true).await;
    assert_ne!(first, candidate(&house, &admin("admin9").of("inst2")).await);
    house.ask(&who, "close", json!({"conversation": one["conversation"]})).await;
    let house = house.restarted().await;
    house.ask(&who, "open", open).await;
    assert_eq!(candidate(&house, &admin("admin1")).await, first);
}
