//! The platform's own door to channels: what services do, clients see.

use belfry::operation::Role;
use serde_json::json;

use crate::support::{Ask, House, call, service};

#[tokio::test]
async fn a_service_publishes_reads_and_asks_who_is_there() {
    let house = House::open().await;
    let (mut ann, mut service) = (house.visitor("ann").await, service(&house).await);
    ann.subscribe("room:a").await.unwrap();
    let input = json!({"channel": "room:a", "data": {"n": 1}, "idempotency_key": "k1"});
    let first = call(&mut service, "publish", input.clone()).await.unwrap();
    let again = call(&mut service, "publish", input).await.unwrap();
    assert_eq!(first, again);
    assert_eq!(first["offset"], 1);
    assert_eq!(ann.hears().await, r#"{"n":1}"#);
    let both = json!({"channels": ["room:a", "nowhere:a"], "data": 2});
    let both = call(&mut service, "broadcast", both).await.unwrap();
    assert_eq!(both["responses"][0]["result"]["offset"], 2);
    assert_eq!(both["responses"][1]["error"]["code"], 102);
    let history = json!({"channel": "room:a", "limit": -1});
    let history = call(&mut service, "history", history).await.unwrap();
    assert_eq!(history["publications"][1]["data"], 2);
    let stats = call(&mut service, "presence_stats", json!({"channel": "room:a"})).await.unwrap();
    assert_eq!(stats, json!({"num_clients": 1, "num_users": 1}));
    let channels = call(&mut service, "channels", json!({"prefix": "room:"})).await.unwrap();
    assert_eq!(channels, json!({"channels": {"room:a": {"num_clients": 1}}}));
}

#[tokio::test]
async fn a_service_subscribes_unsubscribes_and_disconnects_a_user() {
    let house = House::open().await;
    let (mut ann, mut service) = (house.visitor("ann").await, service(&house).await);
    let input = json!({"user": "ann", "channel": "room:a", "data": {"hello": true}});
    let reached = call(&mut service, "subscribe", input).await.unwrap();
    assert_eq!(reached, json!({"connections": 1}));
    let push = ann.push().await;
    assert_eq!(push.channel, "room:a");
    assert_eq!(push.subscribe.unwrap().data, r#"{"hello":true}"#);
    let data = json!({"channel": "room:a", "data": "到了"});
    call(&mut service, "publish", data).await.unwrap();
    assert_eq!(ann.hears().await, r#""到了""#);
    let input = json!({"user": "ann", "channel": "room:a"});
    call(&mut service, "unsubscribe", input).await.unwrap();
    assert_eq!(ann.push().await.unsubscribe.unwrap().code, 2000);
    let input = json!({"user": "ann", "code": 4100, "reason": "see you later"});
    call(&mut service, "disconnect", input).await.unwrap();
    assert_eq!(ann.farewell().await, (4100, "see you later".to_owned()));
}

#[tokio::test]
async fn users_have_no_key_to_this_door() {
    let house = House::open().await;
    let mut ann = house.visitor("ann").await;
    for method in ["publish", "disconnect", "info", "channels", "history_remove"] {
        assert_eq!(call(&mut ann, method, json!({})).await.unwrap_err().0, 103, "{method}");
    }
}

#[tokio::test]
async fn a_wrong_input_is_refused_with_the_reason() {
    let house = House::open().await;
    let mut service = service(&house).await;
    let (code, message) = call(&mut service, "publish", json!({"chanel": "x"})).await.unwrap_err();
    assert_eq!(code, 107);
    assert!(message.contains("chanel"), "{message}");
    let token = house.token_with("platform", |claims| claims.role = Some(Role::Service));
    let deep = format!("{}{}", "[".repeat(128), "]".repeat(128));
    for key in ["info", "data"] {
        let input = format!(r#"{{"user": "ann", "channel": "room:a", "{key}": {deep}}}"#);
        let ask = Ask::post("/api/v1/subscribe", "application/json", input);
        let answer = ask.with("authorization", format!("Bearer {token}")).of(house.address).await;
        assert_eq!(answer.status, 400, "{key}");
    }
    let input = json!({"user": "ann", "code": 3000, "reason": "no"});
    assert_eq!(call(&mut service, "disconnect", input).await.unwrap_err().0, 107);
}
