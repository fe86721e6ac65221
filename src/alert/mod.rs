//! Alerts: what staff should look at, raised beside the record that gives cause, and worked off.
//!
//! Knows kinds, institutions, conversations and numbers of records; never a text. What gives cause is
//! for the domains above to say: a new kind is a variant of [`Kind`], and a [`Cause`] whose statements
//! stand in the transaction of the record. Hits of one topic are gathered in one open alert.

mod desk;
mod event;
pub mod operations;
mod raise;
mod row;

use std::{sync::Arc, time::Duration};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

pub use self::{
    event::{Event, News, publish},
    raise::Cause,
    row::{Claim, Decision, Hit, Outcome, Seen, State},
};
use crate::{
    clock::Clock,
    error::Code,
    operation::Refusal,
    store::{self, Statement, Store},
    telemetry::{Metrics, label::ByKind},
};

/// How often open alerts are counted: other nodes raise and decide them too.
const COUNT_EVERY: Duration = Duration::from_secs(15);

/// What an alert is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Lines of an institution that were hidden, in one conversation.
    Keyword,
    /// Somebody who serves tries out, line by line, what the rules let pass.
    Probing,
    /// Banned speech of one author in one live room, which was rejected. Its conversation is the
    /// archive's thread of the two.
    Live,
}

/// What alerts lean on.
pub struct Needs {
    /// The alerts.
    pub store: Store,
    /// The date.
    pub clock: Clock,
    /// Where alerts are counted.
    pub metrics: Metrics,
}

/// The alerts of the platform. Cheap to clone.
#[derive(Clone)]
pub struct Alerts(Arc<Needs>);

/// Why alerts could not be read or changed.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// The database failed.
    #[error(transparent)]
    Store(#[from] store::Fault),
}

impl From<Fault> for Refusal {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Store(store::Fault::Unavailable) => Code::Unavailable.into(),
            Fault::Store(_) => Code::Internal.into(),
        }
    }
}

impl Kind {
    /// Every kind.
    pub const ALL: &'static [Self] = &[Self::Keyword, Self::Probing, Self::Live];

    /// The name on the wire, in tables and in metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Keyword => "keyword",
            Self::Probing => "probing",
            Self::Live => "live",
        }
    }

    fn of(text: &str) -> Self {
        let found = Self::ALL.iter().copied().find(|kind| kind.as_str() == text);
        // A kind of a newer server: shown as what most are, lest it be shown to nobody.
        found.unwrap_or(Self::Keyword)
    }
}

impl Alerts {
    /// The alerts in the database of `needs`.
    pub fn new(needs: Needs) -> Self {
        Self(Arc::new(needs))
    }

    /// Counts open alerts now and again, until `stop`.
    pub async fn tend(&self, stop: CancellationToken) {
        let mut due = interval(COUNT_EVERY);
        due.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                _ = due.tick() => self.count().await,
            }
        }
    }

    /// Shows how many alerts are open. The number is the database's, the same on every node.
    async fn count(&self) {
        let open = "SELECT kind, COUNT(*) FROM alert WHERE state = 'open' GROUP BY kind";
        // A fault of the database is told by the database; the old number stands until the next time.
        let Ok(rows) = self.0.store.read(Statement::new(open)).await else { return };
        for kind in Kind::ALL.iter().map(|kind| kind.as_str()) {
            let row = rows.iter().find(|row| row.text(0) == kind);
            self.0.metrics.alerts_open.of(&ByKind { kind }).set(row.map_or(0, |row| row.int(1)));
        }
    }

    fn now_ms(&self) -> i64 {
        self.0.clock.now_ms()
    }
}

#[cfg(test)]
mod tests;
