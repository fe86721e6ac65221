//! `idle`: what a connection costs that does nothing but stay.

use std::sync::Arc;

use crate::{
    cli,
    crowd::{Crowd, Plan},
    ear::Listeners,
    process::{Process, Stretch},
    report::Report,
    target::Target,
};

/// Opens the connections, holds them, and divides what the server grew by.
pub(crate) async fn run(target: &Arc<Target>, idle: &cli::Idle) -> anyhow::Result<Report> {
    let before = target.process.map(Process::memory).transpose()?;
    let plan = Plan {
        count: idle.connections,
        name: "idler",
        channel: idle.channel.clone(),
        leaving: false,
    };
    let crowd = Crowd::gather(target, plan).await?;
    target.progress.say(format_args!("{} are in, held for {}", crowd.links.len(), idle.hold));
    let listeners = Listeners::start(crowd.links, target.stamps);
    let stretch = Stretch::begin(target.process)?;
    tokio::time::sleep(idle.hold.0).await;
    let spent = stretch.end()?;
    listeners.intact()?;

    let mut report = Report::new("idle");
    let count = idle.connections as f64;
    report.set("connections", count);
    if let (Some(process), Some(before)) = (target.process, before) {
        let after = process.memory()?;
        let grown = |after: u64, before: u64| (after as f64 - before as f64) / count;
        report.set("bytes_per_connection", grown(after.anonymous, before.anonymous));
        report.set("resident_bytes_per_connection", grown(after.resident, before.resident));
        report.set("anonymous_bytes", after.anonymous as f64);
        report.set("anonymous_bytes_before", before.anonymous as f64);
    }
    let cpu_share = spent.cpu.map(|cpu| cpu.as_secs_f64() / spent.wall.as_secs_f64());
    report.set_if("idle_cpu_share", cpu_share);
    Ok(report)
}
