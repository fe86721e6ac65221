//! Publishers: each has one connection, says what is due when it is due, and reads the answers.

use std::{collections::VecDeque, time::Duration};

use anyhow::{Context as _, anyhow};
use belfry::identity::Claims;
use tokio::{
    sync::{mpsc, oneshot},
    task::JoinHandle,
    time::{Instant, sleep_until, timeout_at},
};

use crate::{
    comment::Comments,
    latency::Latency,
    link::PATIENCE,
    outlet::{Outlet, Status},
    target::Target,
};

/// So many publications may wait for their answers; beyond, the next ones are late.
const UNDER_WAY_MAX: usize = 512;

/// A turn that falls behind ends so long after its time; what was due and not sent by then is not.
const GRACE: Duration = Duration::from_millis(250);

/// When publications are due.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Schedule {
    pub(crate) start: Instant,
    pub(crate) every: Duration,
    pub(crate) strokes: u64,
    /// How many at each stroke.
    pub(crate) burst: usize,
}

/// What became of a turn's publications.
#[derive(Clone, Debug)]
pub(crate) struct Outcome {
    pub(crate) delivered: u64,
    pub(crate) sampled: u64,
    pub(crate) held: u64,
    pub(crate) refused: u64,
    /// Due, and not sent in time: the server or this tool could not keep up.
    pub(crate) unsent: u64,
    /// Sent to a server that then hung up or fell silent: whether they were accepted is unknown.
    pub(crate) unanswered: u64,
    /// From due to answered.
    pub(crate) latency: Latency,
    /// The first refusal.
    pub(crate) refusal: Option<String>,
    /// Why a publisher has no connection any more.
    pub(crate) fault: Option<String>,
}

impl Outcome {
    pub(crate) fn new() -> Self {
        Self {
            delivered: 0,
            sampled: 0,
            held: 0,
            refused: 0,
            unsent: 0,
            unanswered: 0,
            latency: Latency::new(),
            refusal: None,
            fault: None,
        }
    }

    pub(crate) fn add(&mut self, other: &Self) {
        self.delivered += other.delivered;
        self.sampled += other.sampled;
        self.held += other.held;
        self.refused += other.refused;
        self.unsent += other.unsent;
        self.unanswered += other.unanswered;
        self.latency.add(&other.latency);
        self.refusal = self.refusal.take().or_else(|| other.refusal.clone());
        self.fault = self.fault.take().or_else(|| other.fault.clone());
    }

    /// All that was due, save what was refused or held.
    pub(crate) fn due(&self) -> u64 {
        self.delivered + self.sampled + self.unsent + self.unanswered
    }

    fn count(&mut self, status: Status) {
        match status {
            Status::Delivered => self.delivered += 1,
            Status::Sampled => self.sampled += 1,
            Status::Held => self.held += 1,
            Status::Refused(why) => {
                self.refused += 1;
                self.refusal.get_or_insert(why);
            }
        }
    }
}

type Turn = (Schedule, oneshot::Sender<Outcome>);

/// A publisher at work in a task of its own, which keeps its connection alive between turns.
#[derive(Debug)]
pub(crate) struct Publisher {
    turns: mpsc::Sender<Turn>,
    task: JoinHandle<anyhow::Result<()>>,
}

impl Publisher {
    /// Opens the connection of publisher `number`, whose payloads have `bytes` bytes.
    pub(crate) async fn open(
        target: &Target,
        channel: &str,
        bytes: usize,
        number: usize,
    ) -> anyhow::Result<Self> {
        let claims = Claims { sub: format!("publisher-{number}"), ..Claims::default() };
        let outlet = Outlet::open(target, channel, target.token(claims)?).await?;
        let comments = Comments::new(target.seed_of(number), target.stamps, bytes);
        let comments = comments.of_run(target.now_ms());
        let desk = Desk { outlet, comments, due: VecDeque::new() };
        let (turns, work) = mpsc::channel(1);
        Ok(Self { turns, task: tokio::spawn(desk.work(work)) })
    }

    /// Begins a turn; what it came to is told when everything was answered.
    ///
    /// # Errors
    /// Why the publisher has stopped.
    pub(crate) async fn begin(
        &mut self,
        schedule: Schedule,
    ) -> anyhow::Result<oneshot::Receiver<Outcome>> {
        let (told, outcome) = oneshot::channel();
        if self.turns.send((schedule, told)).await.is_ok() {
            return Ok(outcome);
        }
        Err(self.fault().await)
    }

    /// Why the publisher has stopped.
    pub(crate) async fn fault(&mut self) -> anyhow::Error {
        match (&mut self.task).await {
            Ok(Err(fault)) => fault.context("a publisher stopped"),
            Ok(Ok(())) => anyhow!("a publisher left"),
            Err(panic) => panic.into(),
        }
    }
}

impl Drop for Publisher {
    fn drop(&mut self) {
        self.task.abort();
    }
}

struct Desk {
    outlet: Outlet,
    comments: Comments,
    /// When the publications under way were due, oldest first: answers come in order.
    due: VecDeque<Instant>,
}

impl Desk {
    async fn work(mut self, mut turns: mpsc::Receiver<Turn>) -> anyhow::Result<()> {
        loop {
            tokio::select! {
                turn = turns.recv() => {
                    let Some((schedule, told)) = turn else { return Ok(()) };
                    let mut outcome = Outcome::new();
                    let done = self.turn(schedule, &mut outcome).await;
                    outcome.unanswered = self.due.len() as u64;
                    outcome.fault = done.as_ref().err().map(|fault| format!("{fault:#}"));
                    let _nobody_waits = told.send(outcome);
                    done?;
                }
                ready = self.outlet.ready() => { ready?; self.outlet.answers().await?; }
            }
        }
    }

    /// Publishes when it is due, and waits until all is answered.
    async fn turn(&mut self, schedule: Schedule, outcome: &mut Outcome) -> anyhow::Result<()> {
        outcome.unsent = schedule.strokes * schedule.burst as u64;
        let end = schedule.start + schedule.every.mul_f64(schedule.strokes as f64) + GRACE;
        let mut strokes = 0;
        while strokes < schedule.strokes && Instant::now() < end {
            let due = schedule.start + schedule.every.mul_f64(strokes as f64);
            let has_room = self.due.len() + schedule.burst <= UNDER_WAY_MAX.max(schedule.burst);
            tokio::select! {
                biased;
                () = sleep_until(due), if has_room => {
                    self.outlet.publish(&mut self.comments, due, schedule.burst).await?;
                    self.due.extend(std::iter::repeat_n(due, schedule.burst));
                    outcome.unsent -= schedule.burst as u64;
                    strokes += 1;
                }
                ready = self.outlet.ready() => { ready?; self.take_in(outcome).await?; }
                () = sleep_until(end) => {}
            }
        }
        let patience = Instant::now() + PATIENCE;
        while !self.due.is_empty() {
            let ready = timeout_at(patience, self.outlet.ready()).await;
            ready.with_context(|| format!("publications were not answered in {PATIENCE:?}"))??;
            self.take_in(outcome).await?;
        }
        Ok(())
    }

    async fn take_in(&mut self, outcome: &mut Outcome) -> anyhow::Result<()> {
        for status in self.outlet.answers().await? {
            let due = self.due.pop_front().context("an answer to nothing")?;
            outcome.latency.record(due.elapsed());
            outcome.count(status);
        }
        Ok(())
    }
}
