//! What staff hear of alerts, on their personal channels: whoever listed alerts within the last hour.
//!
//! Tokens alone say who is of the staff, and nobody keeps a list of them. Who has the page open asks
//! for the list now and again; the hour is no longer than a token's usual life, so that who has left
//! the staff does not go on hearing, not even of numbers.

use std::sync::Arc;

use bytes::Bytes;
use schemars::JsonSchema;
use serde::Serialize;

use super::{Alerts, Fault, Seen};
use crate::{
    hub::{Draft, Hub},
    ids::UserId,
    store::Statement,
};

/// How long somebody hears of alerts after they listed them.
const HEARING_MS: i64 = 3_600_000;
/// Listing again within this time writes nothing.
const RENEWED_MS: i64 = 300_000;
/// How many hear of an alert. Far more than work on them.
const HEARING_MAX: i64 = 1_000;

/// An event on a personal channel of staff.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(tag = "type")]
pub enum Event {
    /// An alert that was not there before.
    #[serde(rename = "alert.raised")]
    Raised {
        /// The alert.
        alert: Seen,
    },
    /// More hits, or it was claimed, released or decided.
    #[serde(rename = "alert.changed")]
    Changed {
        /// How it stands now.
        alert: Seen,
    },
}

/// An event, and who is to hear it.
#[derive(Clone, Debug)]
pub struct News {
    /// Who.
    pub to: Vec<UserId>,
    /// What.
    pub event: Arc<Event>,
}

impl Alerts {
    /// `event`, for everybody who listens now.
    pub(super) async fn news(&self, event: Event) -> Result<News, Fault> {
        let listening = Statement::new(
            "SELECT person FROM alert_listener WHERE hears_until > $1 ORDER BY person LIMIT $2",
        )
        .bind(self.now_ms())
        .bind(HEARING_MAX);
        let rows = self.0.store.read(listening).await?;
        let to = rows.iter().map(|row| row.text(0).into()).collect();
        Ok(News { to, event: Arc::new(event) })
    }

    /// From now on `person` hears of alerts for an hour.
    pub(super) async fn listen(&self, person: &UserId) -> Result<(), Fault> {
        let until = self.now_ms() + HEARING_MS;
        let known = Statement::new("SELECT hears_until FROM alert_listener WHERE person = $1")
            .bind(person.as_str());
        let rows = self.0.store.read(known).await?;
        if rows.first().is_some_and(|row| row.int(0) > until - RENEWED_MS) {
            return Ok(());
        }
        let forget = Statement::new("DELETE FROM alert_listener WHERE hears_until <= $1")
            .bind(self.now_ms());
        let listen = Statement::new(
            "INSERT INTO alert_listener (person, hears_until) VALUES ($1, $2)
             ON CONFLICT (person) DO UPDATE SET hears_until = excluded.hears_until",
        )
        .bind(person.as_str())
        .bind(until);
        self.0.store.commit(vec![forget, listen]).await?;
        Ok(())
    }
}

/// Publishes `news`. What cannot be published is not lost: the next list shows it.
pub async fn publish(hub: &Hub, news: News) {
    let Ok(json) = serde_json::to_vec(&*news.event) else { return };
    let data = Bytes::from(json);
    for person in &news.to {
        let draft = Draft { data: data.clone(), ..Draft::default() };
        if let Err(fault) = hub.publish_draft(&hub.personal_channel(person), draft).await {
            tracing::warn!(?fault, "an alert was not announced; the next list shows it");
        }
    }
}
