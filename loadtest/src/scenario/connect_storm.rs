//! `connect-storm`: everybody comes at once, as after a restart.

use std::sync::Arc;

use crate::{
    cli,
    crowd::{self, Plan},
    ear::Listeners,
    limits,
    process::Stretch,
    report::Report,
    sampler::Sampler,
    target::Target,
};

/// Lets everybody in and counts those who connected, authenticated and subscribed.
pub(crate) async fn run(target: &Arc<Target>, storm: &cli::ConnectStorm) -> anyhow::Result<Report> {
    limits::check(if storm.leaving { target.connecting } else { storm.connections })?;
    let plan = Plan {
        count: storm.connections,
        name: "newcomer",
        channel: Some(storm.channel.clone()),
        leaving: storm.leaving,
        buffer: None,
    };
    let sampler = Sampler::start(target, {
        let target = Arc::clone(target);
        move || target.let_in()
    });
    let stretch = Stretch::begin(target.process.as_ref())?;
    let mut listeners = Listeners::new(storm.connections, target.stamps);
    let latency = crowd::gather(target, plan, |link| listeners.add(link)).await?;
    let spent = stretch.end()?;
    listeners.intact()?;

    let count = storm.connections as u64;
    let mut report = Report::new("connect-storm");
    report.set("connections", count as f64);
    report.set("seconds", spent.wall.as_secs_f64());
    report.set("per_s", spent.per_s(count));
    report.set_if("cpu_seconds", spent.cpu.map(|cpu| cpu.as_secs_f64()));
    report.set_if("per_cpu_s", spent.per_cpu_s(count));
    report.set_latency(&latency);
    report.series = sampler.stop();
    Ok(report)
}
