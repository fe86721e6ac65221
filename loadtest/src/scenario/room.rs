//! `room`: one channel, many subscribers, and a send loop beside them to compare with.

use std::{sync::Arc, time::Duration};

use anyhow::{Context as _, ensure};
use serde_json::json;
use tokio::time::Instant;

use crate::{
    account::{Account, Turn},
    cli,
    comment::room_of,
    crowd::{self, Plan},
    ear::Listeners,
    kernel, limits,
    link::Link,
    outlet::Way,
    process::Stretch,
    publisher::{Outcome, Publisher, Schedule},
    report::{Report, Round},
    sampler::Sampler,
    sendloop::SendLoop,
    talker::Call,
    target::Target,
};

/// What is still to come is given up when nothing came for so long.
const PATIENCE: Duration = Duration::from_secs(3);

/// The same where the server chooses what is shown: longer than any tick.
const PATIENCE_SAMPLED: Duration = Duration::from_secs(1);

/// Publishers have taken their turn before it begins.
const LEAD: Duration = Duration::from_millis(5);

/// What every comment of a live room holds, and nothing else that its viewers are told.
const COMMENT: &str = r#""type":"live.comment""#;

/// The receive buffer of somebody who never reads, in bytes: the kernel doubles it, and what is sent
/// beyond it stays with the server.
const STALLED_BUFFER: u32 = 4_096;

/// The room, its publishers, its subscribers, and those who do not read.
struct Room<'a> {
    target: &'a Target,
    wanted: &'a cli::Room,
    publishers: Vec<Publisher>,
    listeners: Listeners,
    stalled: Vec<Link>,
}

/// Fills the room, runs the rounds, reports medians.
pub(crate) async fn run(target: &Arc<Target>, wanted: &cli::Room) -> anyhow::Result<Report> {
    let visitors = wanted.subscribers + wanted.stalled + wanted.publishers;
    let yardstick_sockets = yardstick_sockets(wanted, visitors);
    limits::check(visitors + 2 * yardstick_sockets)?;
    let mut room = Room::fill(target, wanted).await?;
    let sendloop = match yardstick_sockets {
        0 => None,
        count => Some(SendLoop::open(count, wanted.yardstick_core, target.stamps).await?),
    };
    let look = room.listeners.look();
    let sampler = Sampler::start(target, move || look.publications());
    room.turn(Duration::from_secs_f64(5.0 / wanted.rate)).await?;
    room.listeners.forget_latency();

    let mut account = Account::new(room.listeners.heard());
    for number in 1..=wanted.rounds {
        let turn = room.turn(wanted.turn.0).await?;
        let sendloop_per_cpu_s = match &sendloop {
            None => None,
            Some(sendloop) => Some(room.measure_by(sendloop, &sampler).await?),
        };
        let round = Round { per_cpu_s: turn.spent.per_cpu_s(turn.heard()), sendloop_per_cpu_s };
        room.tell(number, &turn, round);
        let can_go_on = turn.has_settled && turn.outcome.fault.is_none();
        account.add(turn, round);
        if !can_go_on {
            break;
        }
    }
    let mut report = Report::new("room");
    room.describe(&mut report);
    account.report(&room.listeners, &mut report);
    report.set_if("sendloop_sockets", sendloop.map(|sendloop| sendloop.sockets() as f64));
    report.series = sampler.stop();
    let samples = report.series.samples.iter();
    let resident = samples.clone().filter_map(|sample| sample.server_resident_bytes).max();
    let queued = samples.filter_map(|sample| sample.queued_bytes).max();
    report.set_if("server_resident_bytes_max", resident.map(|bytes| bytes as f64));
    report.set_if("queued_bytes_max", queued.map(|bytes| bytes as f64));
    report.set_if("load_average", kernel::load_average());
    Ok(report)
}

/// As many as there are subscribers, or what open files leave; each takes two.
fn yardstick_sockets(wanted: &cli::Room, visitors: usize) -> usize {
    if wanted.no_yardstick {
        return 0;
    }
    let left = limits::connections_max().saturating_sub(visitors) / 2;
    wanted.subscribers.min(left.max(1))
}

/// Makes the live room unless it is there, and begins it.
async fn begin(target: &Target, room: &str) -> anyhow::Result<()> {
    ensure!(target.is_centrifuge(), "--publish comment calls an operation, which Belfry alone has");
    let mut house = Call::service(target).await?;
    let named = json!({"room": room});
    if house.call("live.room.get", &named).await.is_err() {
        house.call("live.room.put", &json!({"id": room, "title": "压测直播间"})).await?;
    }
    let begun = house.call("live.start", &named).await;
    begun.map(|_| ()).with_context(|| format!("the live room {room} cannot begin"))
}

impl<'a> Room<'a> {
    async fn fill(target: &'a Arc<Target>, wanted: &'a cli::Room) -> anyhow::Result<Self> {
        ensure!(wanted.rate > 0.0, "--rate 0 publishes nothing: `idle` holds connections");
        ensure!(wanted.publishers > 0 && wanted.burst > 0, "nobody publishes");
        let plan = Plan {
            count: wanted.subscribers,
            name: "listener",
            channel: Some(wanted.channel.clone()),
            leaving: false,
            buffer: None,
        };
        let buffer = Some(STALLED_BUFFER);
        let deaf = Plan { count: wanted.stalled, name: "stalled", buffer, ..plan.clone() };
        let mut listeners = Listeners::new(wanted.subscribers, target.stamps);
        if matches!(target.way, Way::Comment(_)) {
            begin(target, room_of(&wanted.channel)).await?;
            listeners = listeners.hearing_only(COMMENT);
        }
        crowd::gather(target, plan, |link| listeners.add(link)).await?;
        let mut stalled = Vec::with_capacity(wanted.stalled);
        crowd::gather(target, deaf, |link| stalled.push(link)).await?;
        let mut publishers = Vec::with_capacity(wanted.publishers);
        for number in 0..wanted.publishers {
            let channel = &wanted.channel;
            publishers.push(Publisher::open(target, channel, wanted.bytes, number).await?);
        }
        target.progress.say(format_args!(
            "{} listen, {} are stalled, {} publish",
            wanted.subscribers, wanted.stalled, wanted.publishers
        ));
        Ok(Self { target, wanted, publishers, listeners, stalled })
    }

    /// Publishes at the rate for as long, and waits until everybody has heard.
    async fn turn(&mut self, length: Duration) -> anyhow::Result<Turn> {
        let before = self.listeners.heard();
        let strokes = (length.as_secs_f64() * self.wanted.rate).round().max(1.0) as u64;
        let stretch = Stretch::begin(self.target.process.as_ref())?;
        let began = Instant::now();
        let outcome = self.publish(began + LEAD, strokes).await?;
        let publishing = began.elapsed().max(length);
        let (wanted, patience) = match outcome.sampled {
            0 => (outcome.delivered, PATIENCE),
            sampled => (outcome.delivered + sampled, PATIENCE_SAMPLED),
        };
        let deadline = Instant::now() + self.wanted.settle.0;
        let (is_whole, last) = self.listeners.until(&before, wanted, patience, deadline).await;
        let after = self.listeners.heard();
        Ok(Turn {
            each: after.since(&before).collect(),
            traffic: after.total.since(before.total),
            has_settled: is_whole || last + patience <= Instant::now(),
            outcome,
            spent: stretch.end()?,
            publishing,
            length: last - began,
        })
    }

    /// Every publisher takes its share of the strokes, one after the other.
    async fn publish(&mut self, start: Instant, strokes: u64) -> anyhow::Result<Outcome> {
        let gap = Duration::from_secs_f64(1.0 / self.wanted.rate);
        let count = self.publishers.len() as u64;
        let mut turns = Vec::with_capacity(self.publishers.len());
        for (number, publisher) in (0..).zip(&mut self.publishers) {
            let share = strokes / count + u64::from(number < strokes % count);
            let schedule = Schedule {
                start: start + gap.mul_f64(number as f64),
                every: gap.mul_f64(count as f64),
                strokes: share,
                burst: self.wanted.burst,
            };
            turns.push(publisher.begin(schedule).await?);
        }
        let mut outcome = Outcome::new();
        for (publisher, turn) in self.publishers.iter_mut().zip(turns) {
            match turn.await {
                Ok(part) => outcome.add(&part),
                Err(_gone) => return Err(publisher.fault().await),
            }
        }
        Ok(outcome)
    }

    /// The bare loop in the server's place: frames as long, strokes as frequent.
    async fn measure_by(&self, sendloop: &SendLoop, sampler: &Sampler) -> anyhow::Result<f64> {
        let heard = self.listeners.heard().total;
        let bytes = heard.bytes.checked_div(heard.publications).unwrap_or_default() as usize;
        let rate = self.wanted.rate * self.wanted.burst as f64;
        let began = Instant::now();
        let sent = sendloop.run(bytes, rate, self.wanted.turn.0).await?;
        sampler.name("bare loop", began);
        Ok(sent.per_cpu_s())
    }

    fn tell(&self, number: usize, turn: &Turn, round: Round) {
        self.target.progress.say(format_args!(
            "round {number}: {:.0} deliveries a second, {:.0} a CPU-second, bare {:.0}, ratio {:.2}, {} missing",
            turn.per_s(),
            round.per_cpu_s.unwrap_or(f64::NAN),
            round.sendloop_per_cpu_s.unwrap_or(f64::NAN),
            round.ratio().unwrap_or(f64::NAN),
            turn.missing(),
        ));
    }

    fn describe(&self, report: &mut Report) {
        report.set("subscribers", self.wanted.subscribers as f64);
        report.set("rate", self.wanted.rate);
        report.set("burst", self.wanted.burst as f64);
        report.set("publishers", self.wanted.publishers as f64);
        report.set("payload_bytes", self.wanted.bytes as f64);
        if !self.stalled.is_empty() {
            report.set("stalled", self.stalled.len() as f64);
            let gone = self.stalled.iter().filter(|link| link.is_gone()).count();
            report.set("stalled_closed", gone as f64);
        }
    }
}
