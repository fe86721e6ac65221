//! The catalogue's view: names, roles, rates, schemas, and events on personal channels.

use super::*;
use crate::{
    config,
    consult::{event::UserEvent, operations::operations},
    hub::{Hub, Query},
    operation::{Caller, Catalogue},
    telemetry::Metrics,
};

/// The operations over `house`, publishing through a hub with `channels`.
fn doors(house: &House, channels: &config::channels::Channels) -> (Catalogue, Hub) {
    let hub = Hub::start(config::hub::Hub::default(), channels, Metrics::new()).unwrap();
    let mut catalogue = Catalogue::new(&config::rates::Rates::default());
    catalogue.add(operations(&house.consult, &hub));
    (catalogue, hub)
}

/// The types of the events that the person's stream keeps.
async fn kept(hub: &Hub, id: &str) -> Vec<Value> {
    let channel = hub.personal_channel(&id.into());
    let query = Query { since: None, limit: 10, reverse: false };
    let page = hub.history(&channel, &query).await;
    let event = |data: &[u8]| serde_json::from_slice::<Value>(data).unwrap()["type"].clone();
    page.publications.iter().map(|it| event(&it.data)).collect()
}

async fn call(catalogue: &Catalogue, who: &Caller, name: &str, input: Value) -> Value {
    let answer = catalogue.call(who.clone(), name, &input.to_string()).await.unwrap();
    serde_json::from_str(answer.get()).unwrap()
}

#[tokio::test]
async fn every_operation_is_declared_with_its_roles_and_its_rate() {
    let house = House::new().await;
    let (catalogue, _) = doors(&house, &config::channels::Channels::default());
    let line = |it: &crate::operation::Operation| {
        let roles: Vec<_> = it.roles.iter().map(|role| role.as_str()).collect();
        format!("{} {:?} {}", it.name, it.rate, roles.join(" "))
    };
    let lines: Vec<_> = catalogue.iter().map(line).collect();
    insta::assert_snapshot!(lines.join("\n"), @"
    consult.accept Write tutor institution_admin support
    consult.close Write user tutor institution_admin support
    consult.confirm Send user tutor institution_admin support
    consult.discard Write user tutor institution_admin support
    consult.history Read user tutor institution_admin support
    consult.list Read user tutor institution_admin support
    consult.open Write user
    consult.read Write user tutor institution_admin support
    consult.recall Write user tutor institution_admin support
    consult.send Send user tutor institution_admin support
    consult.state Write tutor institution_admin support
    consult.sync Read user tutor institution_admin support
    consult.typing Signal user tutor institution_admin support
    ");
    for operation in catalogue.iter() {
        assert_eq!(operation.input.get("type"), Some(&json!("object")), "{}", operation.name);
        assert_eq!(operation.input.get("additionalProperties"), Some(&json!(false)));
    }
}

#[tokio::test]
async fn events_come_on_personal_channels_in_order() {
    let house = House::new().await;
    let (catalogue, hub) = doors(&house, &config::channels::Channels::default());
    call(&catalogue, &tutor("tutor1"), "consult.state", json!({"state": "online"})).await;
    let open = json!({"institution": "inst1", "tutor": "tutor1"});
    let opened = call(&catalogue, &user("user1"), "consult.open", open).await;
    let send = json!({
        "conversation": opened["conversation"], "client_id": "k1",
        "body": {"kind": "text", "text": "你好"},
    });
    call(&catalogue, &user("user1"), "consult.send", send).await;
    let expected = ["consult.session", "consult.notice", "consult.delivered"];
    assert_eq!(kept(&hub, "user1").await, expected);
    assert_eq!(kept(&hub, "tutor1").await, ["consult.session", "consult.message"]);
    assert_eq!(kept(&hub, "tutor2").await, Vec::<Value>::new());
}

#[tokio::test]
async fn typing_takes_no_place_in_the_stream_that_clients_recover_from() {
    let house = House::new().await;
    let (catalogue, hub) = doors(&house, &config::channels::Channels::default());
    let conversation = house.served().await;
    for who in [user("user1"), tutor("tutor1")] {
        let input = json!({"conversation": conversation});
        call(&catalogue, &who, "consult.typing", input).await;
        assert_eq!(kept(&hub, "user1").await, Vec::<Value>::new());
        assert_eq!(kept(&hub, "tutor1").await, Vec::<Value>::new());
    }
}

#[tokio::test]
async fn a_message_that_cannot_be_announced_is_delivered_all_the_same() {
    let house = House::new().await;
    let mut channels = config::channels::Channels::default();
    channels.namespaces.clear();
    let (catalogue, _) = doors(&house, &channels);
    let conversation = house.served().await;
    let send = json!({
        "conversation": conversation, "client_id": "k1", "body": {"kind": "text", "text": "你好"},
    });
    let sent = call(&catalogue, &user("user1"), "consult.send", send).await;
    assert_eq!(sent["status"], "delivered");
    assert_eq!(house.kinds(&tutor("tutor1"), &conversation).await, ["session", "message"]);
}

#[tokio::test]
async fn the_document_names_every_operation_and_every_event() {
    let document = include_str!("../../../docs/CONSULT.md");
    let house = House::new().await;
    let (catalogue, _) = doors(&house, &config::channels::Channels::default());
    let mut names: Vec<_> = catalogue.iter().map(|it| it.name.to_owned()).collect();
    let schema = schemars::schema_for!(UserEvent).to_value().to_string();
    let types = schema.split('"').filter(|it| it.starts_with("consult."));
    names.extend(types.map(str::to_owned));
    assert!(names.len() >= 13 + 10, "{names:?}");
    for name in names {
        assert!(document.contains(&format!("`{name}`")), "{name} is not documented");
    }
}
