//! Rule sets of moderation: drafted by one person, published by another, in force on every node.
//!
//! A published set wins over the folder and the built-in rules. Every node looks at the table and, as
//! long as nothing was published, at the folder `moderation.lexicon` each `moderation.watch`; the node
//! that publishes swaps at once. A set that does not load leaves the old one in force.

mod draft;
mod folder;
mod listing;
pub mod operations;
mod publish;
mod put_in_force;
mod row;
mod trial;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use self::folder::Fingerprint;
use crate::{
    clock::Clock,
    config,
    error::Code,
    moderation::{LexiconFault, Moderation, RuleSet},
    operation::Refusal,
    store::{self, Store},
    telemetry::{Metrics, label::ByVersion},
};

/// How many sets are compiled at the same time; each takes a processor for up to a second.
const COMPILING_MAX: usize = 2;

/// What looking after rule sets leans on.
pub struct Needs {
    /// The rule sets.
    pub store: Store,
    /// What judges with the one in force.
    pub moderation: Moderation,
    /// The date.
    pub clock: Clock,
    /// Where swaps are counted.
    pub metrics: Metrics,
}

/// Why a rule set was not looked up, compiled or put in force.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// The database failed.
    #[error(transparent)]
    Store(#[from] store::Fault),
    /// The rule set is at fault.
    #[error(transparent)]
    Lexicon(#[from] LexiconFault),
    /// The rule set has no rule.
    #[error("the rule set has no rule")]
    Empty,
    /// The thread that compiled it has ended early.
    #[error("compiling did not end")]
    Compiler,
}

impl From<Fault> for Refusal {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Store(store::Fault::Unavailable) => Code::Unavailable.into(),
            Fault::Store(_) | Fault::Compiler => Code::Internal.into(),
            Fault::Lexicon(fault) => draft::wrong(&fault),
            Fault::Empty => {
                Self::new(Code::BadRequest).because("add a [[rule]] or a list of words")
            }
        }
    }
}

/// The rule sets of this node. Cheap to clone.
#[derive(Clone)]
pub struct Curation(Arc<Inner>);

struct Inner {
    needs: Needs,
    config: config::moderation::Moderation,
    /// Who holds the only permit may put a set in force.
    turn: Semaphore,
    compiling: Semaphore,
    standing: Mutex<Standing>,
}

/// What this node has in force.
#[derive(Clone, Debug, Default)]
struct Standing {
    /// The serial of the published set; 0 for the folder's or the built-in rules.
    serial: i64,
    /// The published set that did not load, told once.
    failed: i64,
    /// The folder as it was last looked at.
    folder: Fingerprint,
}

impl Curation {
    /// Puts the published set in force, if there is one; when it does not load, the configured rules
    /// stay, and the fault is logged and counted.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn open(
        config: config::moderation::Moderation,
        needs: Needs,
    ) -> Result<Self, store::Fault> {
        // The folder counts as never looked at: it may have changed since the rules were loaded.
        let standing = Mutex::new(Standing::default());
        let (turn, compiling) = (Semaphore::new(1), Semaphore::new(COMPILING_MAX));
        let curation = Self(Arc::new(Inner { needs, config, turn, compiling, standing }));
        curation.show();
        match curation.follow().await {
            Err(Fault::Store(fault)) => Err(fault),
            _ => Ok(curation),
        }
    }

    /// Looks at what was published and at the folder each `moderation.watch`, until `stop`.
    pub async fn tend(&self, stop: CancellationToken) {
        let every = self.0.config.watch.0;
        if every.is_zero() {
            return;
        }
        let mut due = tokio::time::interval(every);
        due.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                _ = due.tick() => self.look().await,
            }
        }
    }

    /// Compiles on a thread that may take its time.
    async fn compile(&self, files: Vec<(String, String)>) -> Result<RuleSet, Fault> {
        self.prepare(move |moderation| moderation.compile(files)).await
    }

    async fn prepare(
        &self,
        make: impl FnOnce(&Moderation) -> Result<RuleSet, LexiconFault> + Send + 'static,
    ) -> Result<RuleSet, Fault> {
        let moderation = self.0.needs.moderation.clone();
        let _room = self.0.compiling.acquire().await.map_err(|_| Fault::Compiler)?;
        let compiled = tokio::task::spawn_blocking(move || make(&moderation)).await;
        let set = compiled.map_err(|_| Fault::Compiler)??;
        if set.size().rules == 0 { Err(Fault::Empty) } else { Ok(set) }
    }

    /// Shows which set is in force.
    fn show(&self) {
        let Needs { metrics, moderation, .. } = &self.0.needs;
        metrics.moderation_rules.only(&ByVersion { version: moderation.rules_version() });
    }

    fn standing(&self) -> MutexGuard<'_, Standing> {
        self.0.standing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
