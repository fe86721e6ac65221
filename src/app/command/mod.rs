//! What the command line does: one file a command.

mod check;
mod healthcheck;
mod lexicon;
mod serve;
mod token;

use std::{
    io::{self, Write},
    process::ExitCode,
};

use crate::{
    app::cli::{Cli, Command, Look, Source},
    config::{Config, fault::Faults},
};

/// Bad usage or bad configuration (`EX_USAGE` of BSD's `sysexits.h`).
const EX_USAGE: u8 = 64;

/// Runs what was typed; what went wrong is told on the standard error.
pub fn run(cli: Cli) -> ExitCode {
    let done = match cli.command {
        Command::Serve(serve) => serve::run(&serve),
        Command::Token(token) => token::run(&token),
        Command::Config(Look::Check(source)) => check::run(&source),
        Command::Lexicon(lexicon) => lexicon::run(&lexicon),
        Command::Healthcheck(healthcheck) => healthcheck::run(&healthcheck),
    };
    let Err(fault) = done else { return ExitCode::SUCCESS };
    // A standard error that is closed leaves the exit status to tell.
    let _told = writeln!(io::stderr(), "belfry: {fault:#}");
    if fault.is::<Faults>() { ExitCode::from(EX_USAGE) } else { ExitCode::FAILURE }
}

/// Answers a command line that could not be understood, or that asked for help.
pub fn explain(refused: &clap::Error) -> ExitCode {
    // A standard stream that is closed leaves the exit status to tell.
    let _told = refused.print();
    if refused.use_stderr() { ExitCode::from(EX_USAGE) } else { ExitCode::SUCCESS }
}

fn configured(source: &Source) -> Result<Config, Faults> {
    Config::load(&source.sources())
}
