//! The run over time: what server, tool and kernel take, looked at a few times a second.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use serde::Serialize;
use tokio::{
    task::JoinHandle,
    time::{Instant, MissedTickBehavior, interval},
};

use crate::{kernel::Kernel, process::Process, target::Target};

/// How often.
const PERIOD: Duration = Duration::from_millis(250);

/// Beyond so many samples (half an hour) nothing is added.
const SAMPLES_MAX: usize = 7_200;

/// One look.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub(crate) struct Sample {
    /// Since the run began.
    pub(crate) seconds: f64,
    /// What the scenario counts, a second since the sample before.
    pub(crate) per_s: f64,
    /// Cores that the server kept busy since the sample before.
    pub(crate) server_cores: Option<f64>,
    pub(crate) server_resident_bytes: Option<u64>,
    /// Cores that this tool kept busy, the yardstick included.
    pub(crate) tool_cores: f64,
    /// Bytes queued in TCP sockets, of the whole machine.
    pub(crate) queued_bytes: Option<u64>,
}

/// When something other than the server's turn began and ended.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(crate) struct Phase {
    pub(crate) name: &'static str,
    pub(crate) from_seconds: f64,
    pub(crate) to_seconds: f64,
}

/// All looks at one run.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Series {
    pub(crate) samples: Vec<Sample>,
    pub(crate) phases: Vec<Phase>,
}

/// Looks until it is stopped, and says how it goes.
#[derive(Debug)]
pub(crate) struct Sampler {
    began: Instant,
    series: Arc<Mutex<Series>>,
    task: JoinHandle<()>,
}

/// What is looked at.
struct Eyes {
    began: Instant,
    server: Option<Process>,
    tool: Process,
    last: Last,
}

#[derive(Clone, Copy, Default)]
struct Last {
    seconds: f64,
    count: u64,
    server: Option<Duration>,
    tool: Duration,
}

impl Sampler {
    /// Begins; `count` is what the scenario counts.
    pub(crate) fn start(target: &Arc<Target>, count: impl Fn() -> u64 + Send + 'static) -> Self {
        let (began, series) = (Instant::now(), Arc::new(Mutex::new(Series::default())));
        let (target, kept) = (Arc::clone(target), Arc::clone(&series));
        let server = target.process.clone();
        let task = tokio::spawn(async move {
            let mut eyes = Eyes { began, server, tool: Process::own(), last: Last::default() };
            eyes.look(count());
            let mut times = interval(PERIOD);
            times.set_missed_tick_behavior(MissedTickBehavior::Delay);
            times.tick().await;
            loop {
                times.tick().await;
                let sample = eyes.look(count());
                target.progress.tell(format_args!("{sample}"));
                let mut series = lock(&kept);
                if series.samples.len() < SAMPLES_MAX {
                    series.samples.push(sample);
                }
            }
        });
        Self { began, series, task }
    }

    /// Names the time from `since` until now.
    pub(crate) fn name(&self, name: &'static str, since: Instant) {
        let from_seconds = (since - self.began).as_secs_f64();
        let to_seconds = self.began.elapsed().as_secs_f64();
        lock(&self.series).phases.push(Phase { name, from_seconds, to_seconds });
    }

    /// Ends.
    pub(crate) fn stop(self) -> Series {
        self.task.abort();
        std::mem::take(&mut *lock(&self.series))
    }
}

impl Drop for Sampler {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Eyes {
    /// A server that is gone has no numbers.
    fn look(&mut self, count: u64) -> Sample {
        let server = self.server.as_ref().and_then(|process| process.cpu().ok());
        let memory = self.server.as_ref().and_then(|process| process.memory().ok());
        let tool = self.tool.cpu().unwrap_or(self.last.tool);
        let now = Last { seconds: self.began.elapsed().as_secs_f64(), count, server, tool };
        let last = std::mem::replace(&mut self.last, now);
        let passed = (now.seconds - last.seconds).max(f64::MIN_POSITIVE);
        let cores = |now: Duration, last| now.saturating_sub(last).as_secs_f64() / passed;
        Sample {
            seconds: now.seconds,
            per_s: count.saturating_sub(last.count) as f64 / passed,
            server_cores: server.zip(last.server).map(|(now, last)| cores(now, last)),
            server_resident_bytes: memory.map(|memory| memory.resident),
            tool_cores: cores(tool, last.tool),
            queued_bytes: Kernel::sockets().queued,
        }
    }
}

impl std::fmt::Display for Sample {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:.0} a second", self.per_s)?;
        if let (Some(cores), Some(bytes)) = (self.server_cores, self.server_resident_bytes) {
            write!(
                f,
                ", the server takes {:.0} % of a core and {} MiB",
                cores * 100.0,
                bytes >> 20
            )?;
        }
        write!(f, ", this tool {:.0} %", self.tool_cores * 100.0)
    }
}

fn lock(series: &Mutex<Series>) -> MutexGuard<'_, Series> {
    series.lock().unwrap_or_else(PoisonError::into_inner)
}
