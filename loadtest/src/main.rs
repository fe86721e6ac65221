//! Measures any server that speaks the Centrifuge protocol; the exit status tells of missed budgets.

mod budget;
mod cli;
mod crowd;
mod ear;
mod latency;
mod link;
mod process;
mod progress;
mod report;
mod scenario;
mod sendloop;
mod stamp;
mod talker;
mod tally;
mod target;
mod wire;

use std::{
    io::{self, Write},
    process::ExitCode,
};

use anyhow::Context as _;
use clap::Parser as _;

use self::{cli::Cli, report::Report};

fn main() -> ExitCode {
    let cli = Cli::parse();
    match run(&cli).and_then(|report| print(&cli, &report)) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(fault) => {
            let _nowhere_to_complain = writeln!(io::stderr(), "belfry-loadtest: {fault:#}");
            ExitCode::from(2)
        }
    }
}

fn run(cli: &Cli) -> anyhow::Result<Report> {
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    if cli.target.threads > 0 {
        runtime.worker_threads(cli.target.threads);
    }
    let runtime = runtime.enable_all().build().context("start the runtime")?;
    runtime.block_on(scenario::run(cli))
}

/// JSON to stdout, a table and the missed budgets to stderr; whether every budget was kept.
fn print(cli: &Cli, report: &Report) -> anyhow::Result<bool> {
    writeln!(io::stdout(), "{}", serde_json::to_string(report)?)?;
    let missed = cli.budget.missed(report);
    let mut words = io::stderr().lock();
    write!(words, "{report}")?;
    for miss in &missed {
        writeln!(words, "MISSED  {miss}")?;
    }
    Ok(missed.is_empty())
}
