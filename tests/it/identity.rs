//! Who is believed, and for how long: tokens that end before their time.

use belfry::protocol::{command::Command, request::ConnectRequest};
use serde_json::json;

use crate::support::{House, Visitor, call, service};

#[tokio::test]
async fn a_revoked_user_is_sent_away_until_a_newer_token_comes() {
    let house = House::open().await;
    let before = house.token_with("ann", |claims| claims.iat = Some(1_000));
    let after = house.token_with("ann", |claims| claims.iat = Some(2_001));
    let mut service = service(&house).await;
    let mut bob = house.visitor("bob").await;
    let mut ann = Visitor::arrive(house.address).await;
    ann.connect(&before).await.unwrap();
    call(&mut service, "identity.revoke", json!({"user": "ann", "before": 2_000})).await.unwrap();
    assert_eq!(ann.farewell().await, (3500, "invalid token".to_owned()));
    let mut again = Visitor::arrive(house.address).await;
    let connect = ConnectRequest { token: before, ..ConnectRequest::default() };
    again.send(&[Command::new(1, connect)]).await;
    assert_eq!(again.farewell().await.0, 3500);
    let mut ann = Visitor::arrive(house.address).await;
    ann.connect(&after).await.unwrap();
    bob.subscribe("room:a").await.unwrap();
}
