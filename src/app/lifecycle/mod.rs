//! Beginning and end: who runs, who is told to finish, and how long the house waits.
//!
//! The end has two stages. *Soft*: finish what you are at, take nothing new. *Hard*: stop where you
//! stand. The first signal, or a task that ends before its time, begins the soft stage; a second
//! signal, or a grace that runs out, begins the hard one. Nothing outlives the house.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio::{
    select,
    signal::unix::{SignalKind, signal},
    sync::{mpsc, watch},
    time,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// How long tasks may take to fall after the hard stage began.
const FALL: Duration = Duration::from_secs(2);

/// What the operator asks of a running house.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// End; asked twice, end now.
    Stop,
    /// Read again what can be read again.
    Reload,
}

/// How the house ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// It was asked to, and everything was finished.
    Farewell,
    /// It was asked to, and something was cut off.
    CutOff,
    /// A task that must run ended by itself.
    Crash,
}

/// The stages of the end, and the tasks that wait for them. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Lifecycle {
    soft: CancellationToken,
    hard: CancellationToken,
    tasks: TaskTracker,
    has_crashed: Arc<AtomicBool>,
    reloads: watch::Sender<u64>,
}

impl Lifecycle {
    /// A house that runs until it is told otherwise.
    pub fn new() -> Self {
        Self {
            soft: CancellationToken::new(),
            hard: CancellationToken::new(),
            tasks: TaskTracker::new(),
            has_crashed: Arc::default(),
            reloads: watch::Sender::new(0),
        }
    }

    /// Cancelled when everyone is to finish.
    pub fn soft(&self) -> CancellationToken {
        self.soft.clone()
    }

    /// Cancelled when everyone is to stop at once.
    pub fn hard(&self) -> CancellationToken {
        self.hard.clone()
    }

    /// The tasks that the house waits for before it ends.
    pub fn tasks(&self) -> TaskTracker {
        self.tasks.clone()
    }

    /// Changes with every [`Signal::Reload`].
    pub fn reloads(&self) -> watch::Receiver<u64> {
        self.reloads.subscribe()
    }

    /// Runs a task that the house waits for, and that falls in the hard stage.
    pub fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        let hard = self.hard();
        self.tasks.spawn(async move {
            hard.run_until_cancelled_owned(task).await;
        });
    }

    /// Runs a task without which the house cannot go on: when it ends or panics before the soft
    /// stage, the house ends as crashed. `name` is logged.
    pub fn spawn_vital(&self, name: &'static str, task: impl Future<Output = ()> + Send + 'static) {
        let vital = Vital { name, house: self.clone() };
        self.spawn(async move {
            task.await;
            drop(vital);
        });
    }

    /// Runs until the end: `grace` is how long the soft stage may take.
    pub async fn until_end(self, mut signals: mpsc::Receiver<Signal>, grace: Duration) -> Ending {
        select! {
            () = self.soft.cancelled() => {}
            () = self.first_stop(&mut signals) => {}
        }
        self.soft.cancel();
        self.tasks.close();
        tracing::info!(tasks = self.tasks.len(), "closing");
        let is_finished = select! {
            biased;
            () = self.tasks.wait() => true,
            () = self.first_stop(&mut signals) => false,
            () = time::sleep(grace) => false,
        };
        if !is_finished {
            tracing::warn!(tasks = self.tasks.len(), "not everything is finished; stopping now");
        }
        self.hard.cancel();
        let _fell = time::timeout(FALL, self.tasks.wait()).await;
        match (self.has_crashed.load(Ordering::Acquire), is_finished) {
            (true, _) => Ending::Crash,
            (false, true) => Ending::Farewell,
            (false, false) => Ending::CutOff,
        }
    }

    /// Obeys reloads until somebody asks for the end. Never returns when nobody can ask any more.
    async fn first_stop(&self, signals: &mut mpsc::Receiver<Signal>) {
        loop {
            match signals.recv().await {
                Some(Signal::Stop) => return,
                Some(Signal::Reload) => {
                    tracing::info!("reloading");
                    self.reloads.send_modify(|times| *times += 1);
                }
                None => std::future::pending().await,
            }
        }
    }
}

impl Default for Lifecycle {
    fn default() -> Self {
        Self::new()
    }
}

/// Held by a vital task; dropped before the soft stage, it takes the house down with it.
struct Vital {
    name: &'static str,
    house: Lifecycle,
}

impl Drop for Vital {
    fn drop(&mut self) {
        if !self.house.soft.is_cancelled() {
            tracing::error!(task = self.name, "a vital task has ended by itself");
            self.house.has_crashed.store(true, Ordering::Release);
            self.house.soft.cancel();
        }
    }
}

/// The signals of this process: SIGTERM and SIGINT ask it to stop, SIGHUP to reload.
///
/// # Errors
/// When the process may not handle signals.
pub fn signals() -> io::Result<mpsc::Receiver<Signal>> {
    let (sender, receiver) = mpsc::channel(4);
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut hangup = signal(SignalKind::hangup())?;
    tokio::spawn(async move {
        loop {
            let asked = select! {
                Some(()) = terminate.recv() => Signal::Stop,
                Some(()) = interrupt.recv() => Signal::Stop,
                Some(()) = hangup.recv() => Signal::Reload,
                () = sender.closed() => return,
                else => return,
            };
            // Nobody listens any more once the house has ended.
            if sender.send(asked).await.is_err() {
                return;
            }
        }
    });
    Ok(receiver)
}

#[cfg(test)]
mod tests;
