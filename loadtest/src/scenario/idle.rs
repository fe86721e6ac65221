//! `idle`: what a connection costs that does nothing but stay.

use std::sync::Arc;

use crate::{
    cli,
    crowd::{self, Plan},
    ear::Listeners,
    kernel::Kernel,
    limits,
    process::{Memory, Process, Stretch},
    report::Report,
    sampler::Sampler,
    target::Target,
};

/// What everybody takes at one moment.
struct Weighed {
    server: Option<Memory>,
    tool: Memory,
    kernel: Kernel,
}

impl Weighed {
    fn now(target: &Target) -> anyhow::Result<Self> {
        let server = target.process.as_ref().map(Process::memory).transpose()?;
        Ok(Self { server, tool: Process::own().memory()?, kernel: Kernel::all() })
    }
}

/// Opens the connections, holds them, and divides what the server grew by.
pub(crate) async fn run(target: &Arc<Target>, idle: &cli::Idle) -> anyhow::Result<Report> {
    limits::check(idle.connections)?;
    let before = Weighed::now(target)?;
    let sampler = Sampler::start(target, {
        let target = Arc::clone(target);
        move || target.let_in()
    });
    let plan = Plan {
        count: idle.connections,
        name: "idler",
        channel: idle.channel.clone(),
        leaving: false,
        buffer: None,
    };
    let mut listeners = Listeners::new(idle.connections, target.stamps);
    crowd::gather(target, plan, |link| listeners.add(link)).await?;
    target.progress.say(format_args!("{} are in, held for {}", idle.connections, idle.hold));
    let stretch = Stretch::begin(target.process.as_ref())?;
    let own = Stretch::begin(Some(&Process::own()))?;
    tokio::time::sleep(idle.hold.0).await;
    let (spent, own) = (stretch.end()?, own.end()?);
    listeners.intact()?;
    let after = Weighed::now(target)?;

    let mut report = Report::new("idle");
    report.set("connections", idle.connections as f64);
    set_memory(&mut report, &before, &after, idle.connections as f64);
    report.set_if("idle_cpu_share", spent.share());
    report.set_if("tool_cpu_share", own.share());
    report.series = sampler.stop();
    Ok(report)
}

fn set_memory(report: &mut Report, before: &Weighed, after: &Weighed, count: f64) {
    let grown = |after: u64, before: u64| (after as f64 - before as f64) / count;
    if let (Some(after), Some(before)) = (after.server, before.server) {
        report.set("bytes_per_connection", grown(after.anonymous, before.anonymous));
        report.set("resident_bytes_per_connection", grown(after.resident, before.resident));
        report.set("anonymous_bytes", after.anonymous as f64);
        report.set("anonymous_bytes_before", before.anonymous as f64);
    }
    let kernel = |of: fn(&Kernel) -> Option<u64>| Some((of(&after.kernel)?, of(&before.kernel)?));
    // On one machine the kernel keeps two sockets for each connection: the server's and the tool's.
    if let Some((after, before)) = kernel(|kernel| kernel.objects) {
        report.set("kernel_bytes_per_socket", grown(after, before) / 2.0);
    }
    if let Some((after, before)) = kernel(|kernel| kernel.queued) {
        report.set("queued_bytes_per_socket", grown(after, before) / 2.0);
    }
    report.set("tool_bytes_per_connection", grown(after.tool.anonymous, before.tool.anonymous));
}
