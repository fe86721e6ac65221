//! `room`: one channel, many subscribers, and a send loop beside them to compare with.

use std::{sync::Arc, time::Duration};

use belfry::{
    identity::Claims,
    protocol::{command::Command, request::PublishRequest},
};
use tokio::time::MissedTickBehavior;

use crate::{
    cli,
    crowd::{Crowd, Plan},
    ear::Listeners,
    link::Link,
    process::Stretch,
    report::{Report, median},
    sendloop::SendLoop,
    target::Target,
};

/// Nothing that is to come takes longer.
const PATIENCE: Duration = Duration::from_secs(10);

/// The room, its publisher and its subscribers.
struct Room<'a> {
    target: &'a Target,
    wanted: &'a cli::Room,
    publisher: Link,
    listeners: Listeners,
    last_id: u32,
}

/// What one turn of the server came to.
struct Turn {
    expected: u64,
    heard: u64,
    per_s: f64,
    per_cpu_s: Option<f64>,
}

/// One round: the server's turn, then the yardstick's.
struct Round {
    turn: Turn,
    sendloop_per_cpu_s: Option<f64>,
}

impl Round {
    fn ratio(&self) -> Option<f64> {
        Some(self.turn.per_cpu_s? / self.sendloop_per_cpu_s?)
    }
}

/// Fills the room, runs the rounds, reports medians.
pub(crate) async fn run(target: &Arc<Target>, wanted: &cli::Room) -> anyhow::Result<Report> {
    let plan = Plan {
        count: wanted.subscribers,
        name: "listener",
        channel: Some(wanted.channel.clone()),
        leaving: false,
    };
    let crowd = Crowd::gather(target, plan).await?;
    let listeners = Listeners::start(crowd.links, target.stamps);
    let token = target.token(Claims { sub: "publisher".to_owned(), ..Claims::default() })?;
    let publisher = Link::open(target, None, token, None).await?;
    let mut room = Room { target, wanted, publisher, listeners, last_id: 10 };
    let sendloop = match wanted.no_yardstick {
        true => None,
        false => Some(SendLoop::open(wanted.subscribers, target.stamps).await?),
    };
    room.warm_up().await?;
    let mut rounds = Vec::with_capacity(wanted.rounds);
    for number in 1..=wanted.rounds {
        let turn = room.turn(wanted.turn.0).await?;
        let sendloop_per_cpu_s = match &sendloop {
            None => None,
            Some(sendloop) => Some(room.measure_by(sendloop).await?),
        };
        let round = Round { turn, sendloop_per_cpu_s };
        room.tell(number, &round);
        rounds.push(round);
    }
    Ok(room.report(&rounds))
}

impl Room<'_> {
    /// Pages are touched and code is warm before anything counts.
    async fn warm_up(&mut self) -> anyhow::Result<()> {
        self.turn(Duration::from_secs_f64(5.0 / self.wanted.rate)).await?;
        self.listeners.forget_latency();
        Ok(())
    }

    /// Publishes at the rate for as long, and waits until everybody has heard.
    async fn turn(&mut self, length: Duration) -> anyhow::Result<Turn> {
        let before = self.listeners.messages();
        let strokes = (length.as_secs_f64() * self.wanted.rate).round().max(1.0) as u64;
        let mut times = tokio::time::interval(Duration::from_secs_f64(1.0 / self.wanted.rate));
        times.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let stretch = Stretch::begin(self.target.process)?;
        for _ in 0..strokes {
            times.tick().await;
            self.publish().await?;
        }
        let receivers = self.wanted.subscribers as u64;
        let expected = strokes * self.wanted.burst as u64 * receivers;
        self.listeners.until(before + expected, PATIENCE).await?;
        let (spent, heard) = (stretch.end()?, self.listeners.messages() - before);
        let (per_s, per_cpu_s) = (spent.per_s(heard), spent.per_cpu_s(heard));
        Ok(Turn { expected, heard, per_s, per_cpu_s })
    }

    /// One burst in one frame, and the replies to it.
    async fn publish(&mut self) -> anyhow::Result<()> {
        let commands: Vec<_> = (0..self.wanted.burst)
            .map(|_| {
                self.last_id = self.last_id.wrapping_add(1).max(1);
                let data = self.target.stamps.payload(self.wanted.bytes).into();
                let channel = self.wanted.channel.clone();
                Command::new(self.last_id, PublishRequest { channel, data, kind: 0 })
            })
            .collect();
        self.publisher.send(&commands).await?;
        self.publisher.successes(commands.len()).await?;
        Ok(())
    }

    /// The bare loop in the server's place: as many sockets, frames as long, strokes as frequent.
    async fn measure_by(&self, sendloop: &SendLoop) -> anyhow::Result<f64> {
        let bytes = self.listeners.message_bytes().round() as usize;
        let rate = self.wanted.rate * self.wanted.burst as f64;
        Ok(sendloop.run(bytes, rate, self.wanted.turn.0).await?.per_cpu_s())
    }

    fn tell(&self, number: usize, round: &Round) {
        let missing = round.turn.expected - round.turn.heard.min(round.turn.expected);
        let (per_cpu_s, sendloop) = (round.turn.per_cpu_s, round.sendloop_per_cpu_s);
        self.target.progress.say(format_args!(
            "round {number}: {:.0} deliveries a second, {:.0} a CPU-second, bare {:.0}, ratio {:.2}, {missing} missing",
            round.turn.per_s,
            per_cpu_s.unwrap_or(f64::NAN),
            sendloop.unwrap_or(f64::NAN),
            round.ratio().unwrap_or(f64::NAN),
        ));
    }

    fn report(&self, rounds: &[Round]) -> Report {
        let mut report = Report::new("room");
        let sum = |of: fn(&Turn) -> u64| rounds.iter().map(|round| of(&round.turn)).sum::<u64>();
        let (expected, heard) = (sum(|turn| turn.expected), sum(|turn| turn.heard));
        report.set("subscribers", self.wanted.subscribers as f64);
        report.set("burst", self.wanted.burst as f64);
        report.set("frame_bytes", self.listeners.message_bytes());
        report.set("deliveries", heard as f64);
        report.set("missing", expected as f64 - heard as f64);
        report.set_if("per_s", median(rounds.iter().map(|round| round.turn.per_s)));
        let per_cpu_s = rounds.iter().filter_map(|round| round.turn.per_cpu_s);
        report.set_if("per_cpu_s", median(per_cpu_s));
        let sendloop = rounds.iter().filter_map(|round| round.sendloop_per_cpu_s);
        report.set_if("sendloop_per_cpu_s", median(sendloop));
        report.set_if("ratio", median(rounds.iter().filter_map(Round::ratio)));
        self.listeners.latency().report(&mut report);
        report
    }
}
