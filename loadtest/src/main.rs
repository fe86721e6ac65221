//! Measures servers of publications from outside; the exit status tells of missed budgets.

mod account;
mod budget;
mod cli;
mod comment;
mod compare;
mod crowd;
mod ear;
mod http;
mod kernel;
mod latency;
mod limits;
mod link;
mod outlet;
mod page;
mod plot;
mod process;
mod progress;
mod protocol;
mod publisher;
mod report;
mod sampler;
mod scenario;
mod sendloop;
mod socket;
mod stamp;
mod talker;
mod tally;
mod target;
mod wire;

use std::{
    fs,
    io::{self, Write},
    path::Path,
    process::ExitCode,
    thread,
};

use anyhow::Context as _;
use clap::Parser as _;
use tokio::runtime::{Builder, Runtime};

use self::{
    cli::{Cli, Scenario},
    report::Report,
};

fn main() -> ExitCode {
    let cli = Cli::parse();
    let done = match &cli.scenario {
        Scenario::Compare(wanted) => compare(&cli, &wanted.reports),
        _ => measure(&cli),
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(fault) => {
            let _nowhere_to_complain = writeln!(io::stderr(), "belfry-loadtest: {fault:#}");
            ExitCode::from(2)
        }
    }
}

/// Runs a scenario; whether every budget was kept.
fn measure(cli: &Cli) -> anyhow::Result<bool> {
    let report = runtime(cli.target.threads)?.block_on(scenario::run(cli))?;
    let json = serde_json::to_string(&report)?;
    if let Some(file) = &cli.target.report {
        let command = cli::without_secrets(std::env::args().skip(1));
        write_page(file, &page::of_run(&report, &command, &json))?;
    }
    print(cli, &report, &json)
}

/// A table to stdout, a page to the file.
fn compare(cli: &Cli, reports: &[String]) -> anyhow::Result<bool> {
    let (table, page) = compare::run(reports)?;
    if let Some(file) = &cli.target.report {
        write_page(file, &page)?;
    }
    write!(io::stdout(), "{table}")?;
    Ok(true)
}

/// One thread that switches between nothing when there is one core: the tool's own cost matters.
fn runtime(threads: usize) -> anyhow::Result<Runtime> {
    let threads = match threads {
        0 => thread::available_parallelism().map_or(1, usize::from),
        threads => threads,
    };
    let mut runtime = match threads {
        1 => Builder::new_current_thread(),
        _ => Builder::new_multi_thread(),
    };
    runtime.worker_threads(threads).enable_all().build().context("start the runtime")
}

fn write_page(file: &Path, page: &str) -> anyhow::Result<()> {
    fs::write(file, page).with_context(|| format!("write {}", file.display()))
}

/// JSON to stdout, a table and the missed budgets to stderr; whether every budget was kept.
fn print(cli: &Cli, report: &Report, json: &str) -> anyhow::Result<bool> {
    writeln!(io::stdout(), "{json}")?;
    let missed = cli.budget.missed(report);
    let mut words = io::stderr().lock();
    write!(words, "{report}")?;
    for miss in &missed {
        writeln!(words, "MISSED  {miss}")?;
    }
    Ok(missed.is_empty())
}
