//! The account of a room: what was published, and what came of it to each viewer.

use std::time::Duration;

use crate::{
    ear::{Heard, Listeners, Sum},
    latency::Latency,
    process::Spent,
    publisher::Outcome,
    report::{Report, Round, median},
};

/// What one turn of the server came to.
#[derive(Debug)]
pub(crate) struct Turn {
    pub(crate) outcome: Outcome,
    /// Publications heard by each viewer who is still there.
    pub(crate) each: Vec<u64>,
    /// What all heard, those included who were lost on the way.
    pub(crate) traffic: Sum,
    /// Nothing is under way any more.
    pub(crate) has_settled: bool,
    /// Until everything was answered.
    pub(crate) publishing: Duration,
    /// Until nothing more came, and the CPU until it was known.
    pub(crate) length: Duration,
    pub(crate) spent: Spent,
}

impl Turn {
    pub(crate) fn heard(&self) -> u64 {
        self.traffic.publications
    }

    /// Deliveries a second.
    pub(crate) fn per_s(&self) -> f64 {
        self.heard() as f64 / self.length.as_secs_f64()
    }

    /// What viewers who stayed did not hear of what was accepted for everybody.
    pub(crate) fn missing(&self) -> u64 {
        self.each.iter().map(|heard| self.outcome.delivered.saturating_sub(*heard)).sum()
    }

    /// What they heard beyond all that may have been accepted: duplicates, or somebody else's.
    fn surplus(&self) -> u64 {
        let most = self.outcome.delivered + self.outcome.sampled + self.outcome.unanswered;
        self.each.iter().map(|heard| heard.saturating_sub(most)).sum()
    }
}

/// All turns of a run.
#[derive(Debug)]
pub(crate) struct Account {
    before: Heard,
    turns: Vec<Turn>,
    rounds: Vec<Round>,
}

impl Account {
    /// Nothing counts before.
    pub(crate) fn new(before: Heard) -> Self {
        Self { before, turns: Vec::new(), rounds: Vec::new() }
    }

    pub(crate) fn add(&mut self, turn: Turn, round: Round) {
        self.turns.push(turn);
        self.rounds.push(round);
    }

    fn sum(&self, of: impl Fn(&Turn) -> u64) -> f64 {
        self.turns.iter().map(of).sum::<u64>() as f64
    }

    /// Sets all there is to tell.
    pub(crate) fn report(self, listeners: &Listeners, report: &mut Report) {
        self.report_publishers(report);
        self.report_viewers(listeners, report);
        report.set_if("per_s", median(self.turns.iter().map(Turn::per_s)));
        let cpu = self.turns.iter().filter_map(|turn| turn.spent.cpu);
        let cpu = cpu.map(|cpu| cpu.as_secs_f64()).reduce(|all, turn| all + turn);
        report.set_if("cpu_seconds", cpu);
        report.set_if("per_cpu_s", median(self.rounds.iter().filter_map(|it| it.per_cpu_s)));
        let sendloop = self.rounds.iter().filter_map(|it| it.sendloop_per_cpu_s);
        report.set_if("sendloop_per_cpu_s", median(sendloop));
        report.set_if("ratio", median(self.rounds.iter().filter_map(|round| round.ratio())));
        report.set_latency(&listeners.latency());
        let mut answered = Latency::new();
        self.turns.iter().for_each(|turn| answered.add(&turn.outcome.latency));
        let names = ["ack_p50_ms", "ack_p99_ms", "ack_p999_ms", "ack_max_ms"];
        answered.report_as(report, names);
        report.rounds = self.rounds;
    }

    fn report_publishers(&self, report: &mut Report) {
        report.set("rounds", self.turns.len() as f64);
        let accepted = self.sum(|turn| turn.outcome.delivered + turn.outcome.sampled);
        report.set("published", accepted);
        let publishing: f64 = self.turns.iter().map(|turn| turn.publishing.as_secs_f64()).sum();
        report.set("published_per_s", accepted / publishing);
        report.set("sampled", self.sum(|turn| turn.outcome.sampled));
        report.set("held", self.sum(|turn| turn.outcome.held));
        report.set("refused", self.sum(|turn| turn.outcome.refused));
        report.set("unsent", self.sum(|turn| turn.outcome.unsent));
        report.set("unanswered", self.sum(|turn| turn.outcome.unanswered));
        let outcomes = || self.turns.iter().map(|turn| &turn.outcome);
        let refusals = outcomes().filter_map(|outcome| outcome.refusal.as_ref());
        report.notes.extend(refusals.take(1).map(|why| format!("refused: {why}")));
        let faults = outcomes().filter_map(|outcome| outcome.fault.as_ref());
        report.notes.extend(faults.map(|why| format!("a publisher was lost: {why}")));
        if self.turns.iter().any(|turn| !turn.has_settled) {
            let words = "a turn was still under way when it was given up: no round followed it";
            report.notes.push(words.to_owned());
        }
    }

    fn report_viewers(&self, listeners: &Listeners, report: &mut Report) {
        let heard = listeners.heard();
        let total = heard.total.since(self.before.total);
        let all = listeners.count() as f64;
        let deliveries = self.sum(Turn::heard);
        report.set("deliveries", deliveries);
        // Of what was due and not refused: 1 where the server kept up.
        let due = self.sum(|turn| turn.outcome.due());
        report.set("delivered_share", deliveries / (due * listeners.count() as f64));
        report.set("missing", self.sum(Turn::missing));
        report.set("surplus", self.sum(Turn::surplus));
        let lost = listeners.lost();
        report.set("lost", lost.values().sum::<u64>() as f64);
        report.notes.extend(lost.iter().map(|(why, count)| format!("{count} lost: {why}")));
        report.set("skipped_offsets", total.skipped as f64);
        report.set("disordered_offsets", total.disordered as f64);
        let each = || heard.since(&self.before).map(|count| count as f64);
        report.set_if("deliveries_of_the_least_viewer", each().reduce(f64::min));
        report.set_if("deliveries_of_the_most_viewer", each().reduce(f64::max));
        report.set("frames_per_viewer", total.frames as f64 / all);
        report.set("bytes_per_viewer", total.bytes as f64 / all);
        report.set("publications_per_frame", total.publications as f64 / total.frames as f64);
        report.set("publications_per_read", total.publications as f64 / total.reads as f64);
        report.set("bytes_per_publication", total.bytes as f64 / total.publications as f64);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_server_may_choose_is_neither_missing_nor_surplus() {
        let (delivered, sampled) = (10, 4);
        let outcome = Outcome { delivered, sampled, held: 3, ..Outcome::new() };
        let spent = Spent { wall: Duration::from_secs(1), cpu: None };
        let (traffic, length) = (Sum { publications: 46, ..Sum::default() }, spent.wall);
        let each = vec![10, 12, 9, 15];
        let publishing = length / 2;
        let turn = Turn { outcome, each, traffic, has_settled: true, publishing, length, spent };
        assert_eq!((turn.missing(), turn.surplus(), turn.per_s()), (1, 1, 46.0));
    }
}
