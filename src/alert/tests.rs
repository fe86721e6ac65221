//! Alerts on a real database: raised beside a record, gathered, claimed, decided, heard of.

use serde_json::{Value, json};
use tempfile::TempDir;

use super::{operations::operations, *};
use crate::{
    config,
    hub::{Hub, Query},
    ids::UserId,
    operation::{Caller, Catalogue, Role},
    telemetry::Health,
};

const MINUTE_MS: i64 = 60_000;
const ANN: (&str, Role) = ("ann", Role::Moderator);
const BEN: (&str, Role) = ("ben", Role::Lead);

/// A node with a hub, and alerts on a database of their own.
struct Node {
    alerts: Alerts,
    catalogue: Catalogue,
    hub: Hub,
    _files: TempDir,
}

impl Node {
    async fn open() -> Self {
        let (files, metrics) = (tempfile::tempdir().unwrap(), Metrics::new());
        let section = config::store::Store::sqlite(&files.path().join("alerts.db"));
        let store = Store::open(&section, &metrics, Health::default().part("store")).await.unwrap();
        let channels = config::channels::Channels::default();
        let hub = Hub::start(config::hub::Hub::default(), &channels, metrics.clone()).unwrap();
        let clock = Clock::set(1_800_000_000_000);
        let alerts = Alerts::new(Needs { store, clock, metrics });
        let mut catalogue = Catalogue::new(&config::rates::Rates::default());
        catalogue.add(operations(&alerts, &hub));
        Self { alerts, catalogue, hub, _files: files }
    }

    /// A line of `author` in `conversation` is hidden, as record `seq`.
    async fn hit(&self, kind: Kind, (conversation, author): (&str, &str), seq: i64) -> Value {
        let place = (&"inst1".into(), &conversation.into(), &author.into());
        let cause = Cause::new(kind, place, "privacy", self.alerts.now_ms());
        let numbers = [("$seq", seq), ("$at", self.alerts.now_ms())];
        let filled = cause.statements().map(|mut statement| {
            for (name, number) in numbers {
                statement.sql = statement.sql.replace(name, &number.to_string()).into();
            }
            statement
        });
        self.alerts.0.store.commit(filled.to_vec()).await.unwrap();
        let news = self.alerts.raised(&cause).await.unwrap().unwrap();
        let event = serde_json::to_value(&*news.event).unwrap();
        publish(&self.hub, news).await;
        event
    }

    async fn call(&self, who: (&str, Role), name: &str, input: Value) -> Result<Value, Refusal> {
        let caller = Caller::new(who.0, who.1);
        let answer = self.catalogue.call(caller, name, &input.to_string()).await?;
        Ok(serde_json::from_str(answer.get()).unwrap())
    }

    async fn ask(&self, who: (&str, Role), name: &str, input: Value) -> Value {
        self.call(who, name, input).await.unwrap()
    }

    async fn list(&self, input: Value) -> Vec<Value> {
        self.ask(ANN, "alert.list", input).await["alerts"].as_array().unwrap().clone()
    }

    async fn refused(&self, who: (&str, Role), name: &str, input: Value) -> String {
        self.call(who, name, input).await.unwrap_err().to_string()
    }

    /// What `person` heard on their personal channel.
    async fn heard(&self, person: &str) -> Vec<String> {
        let channel = self.hub.personal_channel(&UserId::from(person));
        let query = Query { since: None, limit: 100, reverse: false };
        let page = self.hub.history(&channel, &query).await;
        let event = |data: &[u8]| serde_json::from_slice::<Value>(data).unwrap();
        let events = page.publications.iter().map(|it| event(&it.data));
        events
            .map(|event| format!("{} {}", event["type"], event["alert"]["state"]))
            .map(|line| line.replace('"', ""))
            .collect()
    }

    fn advance(&self, minutes: i64) {
        self.alerts.0.clock.advance_ms(minutes * MINUTE_MS);
    }

    fn counts(&self, line: &str) -> bool {
        self.alerts.0.metrics.encode().contains(&format!("{line}\n"))
    }
}

#[tokio::test]
async fn hits_of_a_conversation_are_gathered_in_one_alert_until_it_is_decided() {
    let node = Node::open().await;
    let first = node.hit(Kind::Keyword, ("c1", "t1"), 3).await;
    assert_eq!(first["type"], "alert.raised");
    node.advance(1);
    assert_eq!(node.hit(Kind::Keyword, ("c1", "t2"), 5).await["type"], "alert.changed");
    node.hit(Kind::Keyword, ("c2", "t1"), 3).await;
    node.hit(Kind::Probing, ("c2", "t1"), 3).await;
    let alerts = node.list(json!({})).await;
    assert_eq!(alerts.len(), 3);
    let mut gathered = alerts[2].clone();
    assert_eq!(gathered["id"].take(), first["alert"]["id"]);
    insta::assert_snapshot!(gathered, @r#"{"id":null,"kind":"keyword","institution":"inst1","conversation":"c1","author":"t2","state":"open","hits":2,"categories":{"privacy":2},"raised_at":1800000000000,"last_at":1800000060000,"records":[{"conversation":"c1","seq":3,"author":"t1","category":"privacy","at":1800000000000},{"conversation":"c1","seq":5,"author":"t2","category":"privacy","at":1800000060000}]}"#);
    assert!(node.counts("belfry_alerts_open{kind=\"keyword\"} 2"));
    assert!(node.counts("belfry_alerts_raised_total{kind=\"keyword\"} 2"));
    assert!(node.counts("belfry_alerts_raised_total{kind=\"probing\"} 1"));

    let named = json!({"alert": first["alert"]["id"]});
    node.ask(ANN, "alert.claim", named.clone()).await;
    let decide = json!({
        "alert": first["alert"]["id"], "hits": 2, "outcome": "minor", "note": "已提醒",
    });
    let decided = node.ask(ANN, "alert.decide", decide.clone()).await;
    let decision =
        json!({"by": "ann", "at": 1_800_000_060_000_i64, "outcome": "minor", "note": "已提醒"});
    assert_eq!((&decided["state"], &decided["decision"]), (&json!("decided"), &decision));
    assert!(node.counts("belfry_alerts_open{kind=\"keyword\"} 1"));
    node.advance(1);
    assert_eq!(node.ask(ANN, "alert.decide", decide).await, decided, "again, the same");
    let next = node.hit(Kind::Keyword, ("c1", "t1"), 9).await;
    assert_eq!((&next["type"], &next["alert"]["hits"]), (&json!("alert.raised"), &json!(1)));
}

#[tokio::test]
async fn who_probes_is_one_alert_wherever_they_do() {
    let node = Node::open().await;
    node.hit(Kind::Probing, ("c1", "t1"), 3).await;
    let alert = node.hit(Kind::Probing, ("c2", "t1"), 3).await;
    assert_eq!((&alert["type"], &alert["alert"]["hits"]), (&json!("alert.changed"), &json!(2)));
    assert_eq!(node.hit(Kind::Probing, ("c2", "t2"), 4).await["type"], "alert.raised");
}

#[tokio::test]
async fn a_claim_keeps_others_off_for_ten_minutes_and_may_be_extended() {
    let node = Node::open().await;
    let raised = node.hit(Kind::Keyword, ("c1", "t1"), 3).await;
    let named = json!({"alert": raised["alert"]["id"]});
    let claimed = node.ask(ANN, "alert.claim", named.clone()).await;
    assert_eq!(claimed["claim"], json!({"by": "ann", "until": 1_800_000_600_000_i64}));
    let stale =
        r#"stale {"owner":"ann","at":1800000000000,"state":"claimed","until":1800000600000}"#;
    let decide = json!({"alert": raised["alert"]["id"], "hits": 1, "outcome": "grave"});
    for name in ["alert.claim", "alert.release"] {
        assert_eq!(node.refused(BEN, name, named.clone()).await, stale);
    }
    assert_eq!(node.refused(BEN, "alert.decide", decide.clone()).await, stale);
    node.advance(9);
    let claimed = node.ask(ANN, "alert.claim", named.clone()).await;
    assert_eq!(claimed["claim"]["until"], 1_800_001_140_000_i64);
    node.advance(10);
    assert_eq!(node.list(json!({"state": "open"})).await.len(), 1, "the time is over");
    let refused = node.refused(ANN, "alert.decide", decide.clone()).await;
    assert!(refused.contains("claim the alert first"), "{refused}");
    node.ask(BEN, "alert.claim", named.clone()).await;
    node.ask(BEN, "alert.release", named.clone()).await;
    let free = node.ask(BEN, "alert.release", named.clone()).await;
    assert_eq!((&free["state"], free.get("claim")), (&json!("open"), None));
    node.ask(ANN, "alert.claim", named.clone()).await;
    node.ask(ANN, "alert.decide", decide).await;
    for name in ["alert.claim", "alert.release"] {
        let refused = node.refused(BEN, name, named.clone()).await;
        assert!(refused.contains(r#""owner":"ann""#) && refused.contains("decided"), "{refused}");
    }
}

#[tokio::test]
async fn two_who_claim_at_once_are_told_apart() {
    let node = Node::open().await;
    let raised = node.hit(Kind::Keyword, ("c1", "t1"), 3).await;
    let named = json!({"alert": raised["alert"]["id"]});
    let (one, two) = tokio::join!(
        node.call(ANN, "alert.claim", named.clone()),
        node.call(BEN, "alert.claim", named)
    );
    assert!(one.is_ok() != two.is_ok());
}

#[tokio::test]
async fn a_decision_covers_no_hit_that_its_maker_has_not_seen() {
    let node = Node::open().await;
    let raised = node.hit(Kind::Keyword, ("c1", "t1"), 3).await;
    let id = &raised["alert"]["id"];
    node.ask(ANN, "alert.claim", json!({"alert": id})).await;
    node.hit(Kind::Keyword, ("c1", "t1"), 4).await;
    let decide = |hits| json!({"alert": id, "hits": hits, "outcome": "false_alarm"});
    let refused = node.refused(ANN, "alert.decide", decide(1)).await;
    assert!(refused.starts_with(r#"stale {"hits":2"#), "{refused}");
    assert_eq!(node.ask(ANN, "alert.decide", decide(2)).await["state"], "decided");
    let other = json!({"alert": id, "hits": 2, "outcome": "grave"});
    let refused = node.refused(ANN, "alert.decide", other).await;
    assert!(refused.contains("decided"), "what is decided stays: {refused}");
}

#[tokio::test]
async fn pages_are_filtered_and_go_on_where_the_last_one_ended() {
    let node = Node::open().await;
    for n in 0..5 {
        node.advance(1);
        node.hit(Kind::Keyword, (&format!("c{n}"), "t1"), 1).await;
    }
    node.hit(Kind::Probing, ("c1", "t1"), 1).await;
    let (mut seen, mut cursor) = (Vec::new(), json!(null));
    loop {
        let input = json!({"kind": "keyword", "limit": 2, "cursor": cursor});
        let page = node.ask(ANN, "alert.list", input).await;
        seen.extend(page["alerts"].as_array().unwrap().clone());
        let Some(next) = page.get("next") else { break };
        cursor = next.clone();
    }
    let conversations: Vec<_> = seen.iter().map(|alert| &alert["conversation"]).collect();
    assert_eq!(conversations, ["c4", "c3", "c2", "c1", "c0"]);
    let whole = node.ask(ANN, "alert.list", json!({"kind": "keyword", "limit": 5})).await;
    assert_eq!(whole["alerts"].as_array().unwrap().len(), 5);
    assert!(whole.get("next").is_none(), "a full page may be the last one");
    node.ask(ANN, "alert.claim", json!({"alert": seen[0]["id"]})).await;
    for (filter, number) in [
        (json!({"institution": "inst1"}), 6),
        (json!({"institution": "inst2"}), 0),
        (json!({"state": "open", "institution": "inst1"}), 5),
        (json!({"state": "claimed"}), 1),
        (json!({"state": "decided"}), 0),
        (json!({"kind": "probing"}), 1),
    ] {
        assert_eq!(node.list(filter.clone()).await.len(), number, "{filter}");
    }
    for wrong in [json!({"cursor": "钟"}), json!({"institution": ""}), json!({"kind": "x"})] {
        let refused = node.call(ANN, "alert.list", wrong).await.unwrap_err();
        assert_eq!(refused.code(), Code::BadRequest);
    }
}

#[tokio::test]
async fn staff_who_listed_alerts_within_the_hour_hear_of_them() {
    let node = Node::open().await;
    node.hit(Kind::Keyword, ("c1", "t1"), 1).await;
    node.list(json!({})).await;
    let raised = node.hit(Kind::Keyword, ("c2", "t1"), 1).await;
    node.ask(BEN, "alert.list", json!({})).await;
    let named = json!({"alert": raised["alert"]["id"]});
    node.ask(BEN, "alert.claim", named.clone()).await;
    node.ask(BEN, "alert.release", named.clone()).await;
    node.ask(BEN, "alert.release", named).await;
    let both = ["alert.changed claimed", "alert.changed open"];
    assert_eq!(node.heard("ben").await, both);
    assert_eq!(node.heard("ann").await[..], [&["alert.raised open"], &both[..]].concat());
    node.advance(59);
    node.list(json!({})).await;
    node.advance(2);
    node.hit(Kind::Keyword, ("c3", "t1"), 1).await;
    assert_eq!(node.heard("ben").await.len(), 2, "long since listed");
    assert_eq!(node.heard("ann").await.len(), 4, "listed again");
    assert!(node.heard("t1").await.is_empty());
}

#[tokio::test]
async fn alerts_are_listed_even_when_nobody_can_be_noted_as_a_listener() {
    let node = Node::open().await;
    node.hit(Kind::Keyword, ("c1", "t1"), 1).await;
    let gone = Statement::new("DROP TABLE alert_listener");
    node.alerts.0.store.commit(vec![gone]).await.unwrap();
    assert_eq!(node.list(json!({})).await.len(), 1);
}

#[tokio::test]
async fn alerts_are_for_staff_alone() {
    let node = Node::open().await;
    let raised = node.hit(Kind::Keyword, ("c1", "t1"), 1).await;
    let named = json!({"alert": raised["alert"]["id"]});
    for role in Role::ALL {
        let is_staff =
            matches!(role, Role::Moderator | Role::Supervisor | Role::Lead | Role::Compliance);
        let who = (role.as_str(), *role);
        assert_eq!(node.call(who, "alert.list", json!({})).await.is_ok(), is_staff, "{role}");
        let claimed = node.call(who, "alert.claim", named.clone()).await;
        assert_eq!(claimed.is_ok(), is_staff, "{role}");
        if is_staff {
            node.ask(who, "alert.release", named.clone()).await;
        }
    }
    for nowhere in ["", "018f", &"x".repeat(10_000)] {
        let refused = node.call(ANN, "alert.claim", json!({"alert": nowhere})).await;
        assert_eq!(refused.unwrap_err().code(), Code::NotInScope);
    }
    let long = json!({
        "alert": raised["alert"]["id"], "hits": 1, "outcome": "minor", "note": "长".repeat(501),
    });
    assert_eq!(node.call(ANN, "alert.decide", long).await.unwrap_err().code(), Code::TooLong);
}

#[tokio::test]
async fn the_document_names_every_operation_kind_and_event() {
    let document = include_str!("../../docs/ALERTS.md");
    let node = Node::open().await;
    let mut names: Vec<_> = node.catalogue.iter().map(|it| it.name.to_owned()).collect();
    names.extend(Kind::ALL.iter().map(|kind| kind.as_str().to_owned()));
    let schema = schemars::schema_for!(Event).to_value().to_string();
    names.extend(schema.split('"').filter(|it| it.starts_with("alert.")).map(str::to_owned));
    assert_eq!(names.len(), 4 + 3 + 2, "{names:?}");
    for name in names {
        assert!(document.contains(&format!("`{name}`")), "{name} is not documented");
    }
}
