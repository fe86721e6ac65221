//! Which rule set is in force on this node: what was published, or else what the folder holds.

use super::{Curation, Fault, Needs, folder::Fingerprint, row};
use crate::{
    moderation::RuleSet,
    telemetry::label::{ByOutcome, Outcome},
};

impl Curation {
    /// Looks once at what was published and at the folder.
    pub(super) async fn look(&self) {
        // Faults of the database are told by the database, those of a set by `follow`.
        if let Ok(0) = self.follow().await {
            self.look_at_folder().await;
        }
    }

    /// Puts the published set in force unless it is; its serial, 0 when nothing is published.
    pub(super) async fn follow(&self) -> Result<i64, Fault> {
        let rows = self.0.needs.store.read(row::published()).await?;
        let serial = rows.first().map_or(0, |row| row.int(0));
        let is_known = {
            let standing = self.standing();
            serial == standing.serial || serial == standing.failed
        };
        if serial == 0 || is_known {
            return Ok(serial);
        }
        let compiled = match self.stored(serial).await {
            Ok(files) => self.compile(files).await,
            Err(fault) => Err(fault),
        };
        match compiled {
            Ok(set) => {
                self.put(serial, set).await?;
                Ok(serial)
            }
            // The database may answer the next time.
            Err(fault @ Fault::Store(_)) => Err(fault),
            Err(fault) => {
                self.standing().failed = serial;
                self.failed(&fault);
                Err(fault)
            }
        }
    }

    /// Puts a compiled set in force, unless a later decision has overtaken it.
    pub(super) async fn put(&self, serial: i64, set: RuleSet) -> Result<(), Fault> {
        let _turn = self.0.turn.acquire().await.map_err(|_| Fault::Compiler)?;
        let rows = self.0.needs.store.read(row::published()).await?;
        let published = rows.first().map_or(0, |row| row.int(0));
        // Whoever decided meanwhile puts theirs in force after this, or the next look does.
        let is_in_force = serial != 0 && self.standing().serial == serial;
        if published != serial || is_in_force {
            return Ok(());
        }
        let (version, moderation) = (set.version().to_owned(), self.0.needs.moderation.clone());
        let replacing = tokio::task::spawn_blocking(move || moderation.replace(set));
        replacing.await.map_err(|_| Fault::Compiler)?;
        {
            let mut standing = self.standing();
            (standing.serial, standing.failed) = (serial, 0);
        }
        self.show();
        self.0.needs.metrics.moderation_reloads.one(&ByOutcome { outcome: Outcome::Done });
        tracing::info!(serial, version, "a rule set is in force");
        Ok(())
    }

    /// Reads the folder when it looks otherwise than before.
    async fn look_at_folder(&self) {
        let path = self.0.config.lexicon.clone();
        if path.is_empty() {
            return;
        }
        let looked = path.clone();
        let Ok(now) = tokio::task::spawn_blocking(move || Fingerprint::of(&looked)).await else {
            return;
        };
        {
            let mut standing = self.standing();
            if standing.folder == now {
                return;
            }
            // Looked at before it is read: what changes while it is read is seen the next time.
            standing.folder = now;
        }
        let put = match self.prepare(move |moderation| moderation.read(&path)).await {
            // Touched and not changed.
            Ok(set) if set.version() == self.0.needs.moderation.rules_version() => Ok(()),
            Ok(set) => self.put(0, set).await,
            Err(fault) => Err(fault),
        };
        if let Err(fault) = put {
            self.failed(&fault);
        }
    }

    fn failed(&self, fault: &Fault) {
        let Needs { metrics, moderation, .. } = &self.0.needs;
        metrics.moderation_reloads.one(&ByOutcome { outcome: Outcome::Failed });
        let in_force = moderation.rules_version();
        tracing::warn!(fault = %fault, in_force, "a rule set was not loaded");
    }
}
