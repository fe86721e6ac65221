//! Revocations: what they cover, that they outlive the process, and that they reach connections.

use std::io;

use serde_json::json;

use super::*;
use crate::{
    clock::Clock,
    config::{
        self,
        value::{Secret, Span},
    },
    hub::{Dialect, Guest, Hub, Signal, Wire},
    identity::{Claims, ConnectionGrant, Identity, TokenFault, operations},
    operation::{Caller, Catalogue, Role},
    telemetry::{Health, Metrics},
};

const NOW_S: i64 = 1_790_000_000;

fn config() -> config::identity::Identity {
    config::identity::Identity {
        hmac_secret: Secret::new("a secret of thirty-two bytes ..."),
        ..config::identity::Identity::default()
    }
}

fn clock() -> Clock {
    Clock::set(NOW_S * 1_000)
}

async fn store(folder: &tempfile::TempDir) -> Store {
    let section = config::store::Store::sqlite(&folder.path().join("belfry.db"));
    Store::open(&section, &Metrics::new(), Health::default().part("store")).await.unwrap()
}

/// A node's own parts, on the database of `folder`.
struct Node {
    identity: Identity,
    hub: Hub,
    catalogue: Catalogue,
    store: Store,
}

impl Node {
    async fn start(folder: &tempfile::TempDir, config: &config::identity::Identity) -> Self {
        let (metrics, store) = (Metrics::new(), store(folder).await);
        let hub = Hub::start(config::hub::Hub::default(), &Default::default(), metrics.clone());
        let hub = hub.unwrap();
        let identity = Identity::open(config, clock(), store.clone(), &metrics).await.unwrap();
        let mut catalogue = Catalogue::default();
        catalogue.add(operations(&identity, &hub));
        Self { identity, hub, catalogue, store }
    }

    async fn revoke(&self, input: serde_json::Value) -> Result<(), String> {
        let caller = Caller::new("platform", Role::Service);
        let answer = self.catalogue.call(caller, "identity.revoke", &input.to_string()).await;
        answer.map(drop).map_err(|refusal| refusal.to_string())
    }

    async fn verify(&self, claims: Claims) -> Result<ConnectionGrant, TokenFault> {
        let token = self.identity.mint(&claims).unwrap();
        self.identity.verify_connection(&token).await
    }

    async fn is_revoked(&self, claims: Claims) -> bool {
        matches!(self.verify(claims).await, Err(TokenFault::Revoked))
    }

    fn guest(&self, user: &str) -> Guest {
        let mut guest = self.hub.admit(Dialect::StreamJson, Box::new(Nowhere));
        guest.identify(&user.into(), 0).unwrap();
        guest
    }
}

struct Nowhere;

impl Wire for Nowhere {
    fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        Ok(bytes.len())
    }
}

fn claims(user: &str, issued_at_s: i64, token_id: &str) -> Claims {
    let (iat, jti) = (Some(issued_at_s), Some(token_id.to_owned()));
    Claims { sub: user.to_owned(), iat, jti, ..Claims::default() }
}

#[tokio::test]
async fn a_user_loses_what_was_issued_before_and_nobody_else_does() {
    let folder = tempfile::tempdir().unwrap();
    let node = Node::start(&folder, &config()).await;
    node.revoke(json!({"user": "ann", "before": NOW_S - 10})).await.unwrap();
    assert!(node.is_revoked(claims("ann", NOW_S - 10, "1")).await);
    assert!(!node.is_revoked(claims("ann", NOW_S - 9, "2")).await);
    assert!(!node.is_revoked(claims("bob", NOW_S - 10, "3")).await);
    let undated = Claims { sub: "ann".to_owned(), ..Claims::default() };
    assert!(node.is_revoked(undated).await, "a token without iat may be of any age");
    node.revoke(json!({"user": "ann", "before": NOW_S - 99})).await.unwrap();
    assert!(node.is_revoked(claims("ann", NOW_S - 10, "1")).await, "nothing comes back");
    node.revoke(json!({"user": "ann"})).await.unwrap();
    assert!(node.is_revoked(claims("ann", NOW_S, "4")).await);
}

#[tokio::test]
async fn one_token_is_ended_by_its_id() {
    let folder = tempfile::tempdir().unwrap();
    let node = Node::start(&folder, &config()).await;
    let grant = node.verify(claims("ann", NOW_S, "lost")).await.unwrap();
    assert!(!node.identity.is_revoked(&grant));
    node.revoke(json!({"token_id": "lost"})).await.unwrap();
    assert!(node.identity.is_revoked(&grant));
    assert!(node.is_revoked(claims("ann", NOW_S, "lost")).await);
    assert!(!node.is_revoked(claims("ann", NOW_S, "kept")).await);
    let channel = Claims { channel: Some("news".to_owned()), ..claims("ann", NOW_S, "lost") };
    let token = node.identity.mint(&channel).unwrap();
    assert_eq!(node.identity.verify_subscription(&token).await, Err(TokenFault::Revoked));
}

#[tokio::test]
async fn revocations_outlive_the_process() {
    let folder = tempfile::tempdir().unwrap();
    let node = Node::start(&folder, &config()).await;
    node.revoke(json!({"user": "ann", "before": NOW_S - 10})).await.unwrap();
    node.revoke(json!({"user": "ann", "before": NOW_S - 99})).await.unwrap();
    node.revoke(json!({"token_id": "lost"})).await.unwrap();
    node.store.close().await;
    let node = Node::start(&folder, &config()).await;
    assert!(node.is_revoked(claims("ann", NOW_S - 10, "1")).await);
    assert!(node.is_revoked(claims("bob", NOW_S, "lost")).await);
    assert!(!node.is_revoked(claims("bob", NOW_S, "1")).await);
}

#[tokio::test]
async fn what_is_not_stored_is_not_revoked() {
    let folder = tempfile::tempdir().unwrap();
    let node = Node::start(&folder, &config()).await;
    node.store.close().await;
    assert_eq!(node.revoke(json!({"user": "ann"})).await, Err("unavailable".to_owned()));
    assert!(!node.is_revoked(claims("ann", NOW_S, "1")).await);
}

#[tokio::test]
async fn revocations_are_forgotten_when_no_token_could_live_any_more() {
    let folder = tempfile::tempdir().unwrap();
    let limited = config::identity::Identity { token_ttl_max: Span::seconds(3_600), ..config() };
    let node = Node::start(&folder, &limited).await;
    node.revoke(json!({"user": "ann", "before": NOW_S})).await.unwrap();
    node.revoke(json!({"token_id": "lost"})).await.unwrap();
    let revocations = &node.identity.0.revocations;
    let kept = || (revocations.users.len(), revocations.tokens.len());
    revocations.prune(NOW_S + 3_600).await.unwrap();
    assert_eq!(kept(), (1, 1));
    revocations.prune(NOW_S + 3_602).await.unwrap();
    assert_eq!(kept(), (0, 0));
    let rows = node.store.read(Statement::new("SELECT COUNT(*) FROM revocation")).await.unwrap();
    assert_eq!(rows[0].int(0), 0);
}

#[tokio::test]
async fn connections_that_live_by_the_token_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let node = Node::start(&folder, &config()).await;
    let (ann, bob) = (node.guest("ann"), node.guest("bob"));
    let heard = |guest: &Guest| guest.mailbox().take_signals();
    node.revoke(json!({"user": "ann", "before": NOW_S})).await.unwrap();
    assert_eq!(heard(&ann), [Signal::Revoked { before_s: Some(NOW_S), token_id: None }]);
    assert_eq!(heard(&bob), []);
    let lost = Signal::Revoked { before_s: None, token_id: Some("lost".to_owned()) };
    node.revoke(json!({"token_id": "lost", "user": "bob"})).await.unwrap();
    assert_eq!((heard(&ann), heard(&bob)), (vec![], vec![lost.clone()]));
    node.revoke(json!({"token_id": "lost"})).await.unwrap();
    assert_eq!((heard(&ann), heard(&bob)), (vec![lost.clone()], vec![lost]));
}

#[tokio::test]
async fn malformed_revocations_are_refused_and_only_the_platform_may_ask() {
    let folder = tempfile::tempdir().unwrap();
    let node = Node::start(&folder, &config()).await;
    for input in [
        json!({}),
        json!({"user": ""}),
        json!({"before": NOW_S}),
        json!({"user": "ann", "before": NOW_S + 1}),
        json!({"token_id": ""}),
        json!({"token_id": "x".repeat(257)}),
        json!({"token_id": "t", "before": NOW_S}),
        json!({"user": "ann", "token": "t"}),
    ] {
        let refused = node.revoke(input.clone()).await.unwrap_err();
        assert!(refused.starts_with("bad request"), "{input}: {refused}");
    }
    for role in Role::ALL {
        let caller = Caller::new("someone", *role);
        let answer = node.catalogue.call(caller, "identity.revoke", r#"{"user":"u"}"#).await;
        let may = matches!(role, Role::Service | Role::Compliance | Role::Operator);
        assert_eq!(answer.is_ok(), may, "{role}");
    }
}
