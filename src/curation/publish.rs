//! Publishing and rolling back: what somebody else drafted comes into force, and goes again.

use schemars::JsonSchema;
use serde::Serialize;

use super::{
    Curation, Fault, Needs,
    row::{self, State, Summary},
};
use crate::{
    error::Code,
    operation::{Caller, Refusal},
    store::{self, Statement},
};

/// A rule set is in force on this node, and on the others when they look next.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct InForce {
    /// Its version, as it was drafted.
    pub(super) version: String,
    /// Its serial.
    pub(super) serial: i64,
    /// The version in whose place it came; absent when it is the first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) instead_of: Option<String>,
}

impl Curation {
    /// Puts a rule set in force that somebody else drafted.
    pub(super) async fn publish(&self, by: &Caller, version: &str) -> Result<InForce, Refusal> {
        let wanted = self.get(version).await?;
        if wanted.state == State::Published {
            return Err(Refusal::new(Code::Conflict).because("it is in force already"));
        }
        if wanted.drafted_by == by.user.as_str() {
            return Err(Refusal::new(Code::PermissionDenied)
                .because("two people: somebody else must publish what you drafted"));
        }
        let now = self.published().await?;
        let publish = row::publish(wanted.serial, by.user.as_str(), self.0.needs.clock.now_ms());
        self.change(by, now, wanted, publish).await
    }

    /// Puts the set in force again that was before the one that is. One person may: going back to
    /// what two have agreed on must not wait.
    pub(super) async fn roll_back(&self, by: &Caller) -> Result<InForce, Refusal> {
        let now = self.published().await?;
        let rows = self.0.needs.store.read(row::before()).await.map_err(Fault::from)?;
        let Some(before) = rows.first().map(row::of_row) else {
            return Err(Refusal::new(Code::Conflict)
                .because("no other rule set was published before; publish one"));
        };
        let restore = row::restore(before.serial);
        self.change(by, now, before, restore).await
    }

    /// The set in force, if one was published.
    pub(super) async fn published(&self) -> Result<Option<Summary>, Fault> {
        let rows = self.0.needs.store.read(row::summary_in_force()).await?;
        Ok(rows.first().map(row::of_row))
    }

    async fn change(
        &self,
        by: &Caller,
        now: Option<Summary>,
        wanted: Summary,
        into_force: Statement,
    ) -> Result<InForce, Refusal> {
        // An engine that is newer than the draft may see it otherwise: found out before it counts.
        let set = self.compile(self.stored(wanted.serial).await?).await?;
        let Needs { store, clock, .. } = &self.0.needs;
        let supersede =
            now.as_ref().map(|now| row::supersede(now.serial, by.user.as_str(), clock.now_ms()));
        match store.commit(supersede.into_iter().chain([into_force]).collect()).await {
            Ok(_) => {}
            Err(store::Fault::Guard { .. } | store::Fault::Duplicate { .. }) => {
                return Err(Refusal::new(Code::Stale)
                    .because("somebody else published meanwhile; look at moderation.rules again"));
            }
            Err(fault) => return Err(Fault::from(fault).into()),
        }
        self.put(wanted.serial, set).await?;
        let instead_of = now.map(|now| now.version);
        Ok(InForce { version: wanted.version, serial: wanted.serial, instead_of })
    }
}
