//! `sendloop`: the yardstick by itself.

use crate::{
    cli, limits,
    report::{Report, median},
    sendloop::SendLoop,
    target::Target,
};

/// Runs the rounds and reports the median.
pub(crate) async fn run(target: &Target, wanted: &cli::SendLoop) -> anyhow::Result<Report> {
    limits::check(2 * wanted.sockets)?;
    let sendloop = SendLoop::open(wanted.sockets, wanted.yardstick_core, target.stamps).await?;
    let mut rounds = Vec::with_capacity(wanted.rounds);
    for round in 1..=wanted.rounds {
        let sent = sendloop.run(wanted.bytes, wanted.rate, wanted.turn.0).await?;
        let per_cpu_s = sent.per_cpu_s();
        target.progress.say(format_args!("round {round}: {per_cpu_s:.0} frames a CPU-second"));
        rounds.push(per_cpu_s);
    }
    let mut report = Report::new("sendloop");
    report.set("sockets", wanted.sockets as f64);
    report.set("frame_bytes", wanted.bytes as f64);
    report.set_if("per_cpu_s", median(rounds.iter().copied()));
    report.set_if("best_per_cpu_s", rounds.into_iter().max_by(f64::total_cmp));
    Ok(report)
}
