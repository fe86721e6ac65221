//! Every operation of the house, and the one way in which both doors run them.

use std::{collections::BTreeMap, sync::Arc};

use tokio::{sync::Semaphore, time::Instant};
use tokio_util::task::TaskTracker;

use crate::{
    config::rates,
    error::Code,
    operation::{Answer, Caller, Operation, Refusal, Role, rate::Rates, upload::Upload},
    telemetry::{
        label::{ByOperation, ByOperationOutcome, Outcome},
        metric::Metrics,
    },
};

/// What calls of operations that do not exist are counted as.
const UNKNOWN: &str = "unknown";

/// Every operation of the house, by name.
pub struct Catalogue {
    operations: BTreeMap<&'static str, Operation>,
    rates: Rates,
    config: rates::Rates,
    room: Arc<Semaphore>,
    running: TaskTracker,
    metrics: Metrics,
}

impl Catalogue {
    /// An empty catalogue whose callers are held to `config`.
    pub fn new(config: &rates::Rates) -> Self {
        Self {
            operations: BTreeMap::new(),
            rates: Rates::new(config),
            config: config.clone(),
            room: Arc::new(Semaphore::new(config.running_max.min(Semaphore::MAX_PERMITS))),
            running: TaskTracker::new(),
            metrics: Metrics::default(),
        }
    }

    /// The same catalogue, counting into `metrics`.
    #[must_use]
    pub fn measured(mut self, metrics: Metrics) -> Self {
        self.metrics = metrics;
        self
    }

    /// Adds what a domain offers.
    ///
    /// # Panics
    /// When two domains declare one name: a fault of ours, found at start.
    pub fn add(&mut self, operations: impl IntoIterator<Item = Operation>) {
        for operation in operations {
            let name = operation.name;
            assert!(self.operations.insert(name, operation).is_none(), "{name} is declared twice");
        }
    }

    /// All operations, by name.
    pub fn iter(&self) -> impl Iterator<Item = &Operation> {
        self.operations.values()
    }

    /// Whether `name` takes bytes beside its input.
    pub fn takes_bytes(&self, name: &str) -> bool {
        self.operations.get(name).is_some_and(|operation| operation.takes.is_some())
    }

    /// Runs `name` for `caller`. An empty input or `null` counts as `{}`.
    ///
    /// An operation once begun runs to its end even when the caller goes away or is told that it
    /// took too long: a message that was stored is always announced.
    ///
    /// # Errors
    /// In this order: no such operation (104), nobody calls (101), the role may not (103), too
    /// often (`rate_limited` with `retry_ms`), malformed input (107 with the reason), too much at
    /// once (`unavailable`), no answer in time or a fault of ours (100); then the operation's own.
    pub async fn call(&self, caller: Caller, name: &str, input: &str) -> Answer {
        self.call_with(caller, name, input, None).await
    }

    /// The same with the bytes that the operation takes; one that takes none leaves them unread.
    ///
    /// # Errors
    /// As for [`Catalogue::call`].
    pub async fn call_with(
        &self,
        caller: Caller,
        name: &str,
        input: &str,
        upload: Option<Upload>,
    ) -> Answer {
        let Some(operation) = self.operations.get(name) else {
            self.count(UNKNOWN, Outcome::Refused);
            return Err(Code::MethodNotFound.into());
        };
        let answer = match self.admit(&caller, operation) {
            Ok(()) => self.run(operation, caller, input, upload).await,
            Err(refusal) => Err(refusal),
        };
        self.count(operation.name, outcome(&answer));
        answer
    }

    /// Ends when every operation that runs has ended; call it after both doors are shut.
    pub async fn finish(&self) {
        self.running.close();
        self.running.wait().await;
    }

    fn admit(&self, caller: &Caller, operation: &Operation) -> Result<(), Refusal> {
        if caller.is_anonymous() {
            return Err(Code::Unauthorized.into());
        }
        if !operation.roles.contains(&caller.role) {
            return Err(Code::PermissionDenied.into());
        }
        if matches!(caller.role, Role::Service | Role::Worker | Role::Operator) {
            return Ok(());
        }
        self.rates.take(&caller.user, operation.rate).map_err(|wait| {
            // Rounded up: who waits as told must not be refused again.
            let retry_ms = u64::try_from(wait.as_nanos().div_ceil(1_000_000)).unwrap_or(u64::MAX);
            Refusal::new(Code::RateLimited).with("retry_ms", retry_ms)
        })
    }

    fn count(&self, operation: &'static str, outcome: Outcome) {
        self.metrics.operations.one(&ByOperationOutcome { operation, outcome });
    }

    async fn run(
        &self,
        operation: &Operation,
        caller: Caller,
        input: &str,
        upload: Option<Upload>,
    ) -> Answer {
        let Ok(room) = Arc::clone(&self.room).try_acquire_owned() else {
            return Err(Refusal::new(Code::Unavailable).because("too many operations are running"));
        };
        let running = operation.begin(caller, input, upload)?;
        let timeout = operation.takes.as_ref().map_or(self.config.timeout.0, |it| it.within);
        let (metrics, label) = (self.metrics.clone(), ByOperation { operation: operation.name });
        let task = self.running.spawn(async move {
            let begun_at = Instant::now();
            let answer = running.await;
            metrics.operation_time.time(&label, begun_at.elapsed());
            drop(room);
            answer
        });
        match tokio::time::timeout(timeout, task).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(_panicked)) => Err(Code::Internal.into()),
            Err(_elapsed) => {
                Err(Refusal::new(Code::Internal)
                    .because("no answer in time; the outcome is unknown"))
            }
        }
    }
}

fn outcome(answer: &Answer) -> Outcome {
    match answer {
        Ok(_) => Outcome::Done,
        Err(refusal) if matches!(refusal.code(), Code::Internal | Code::Unavailable) => {
            Outcome::Failed
        }
        Err(_) => Outcome::Refused,
    }
}

impl Default for Catalogue {
    fn default() -> Self {
        Self::new(&rates::Rates::default())
    }
}
