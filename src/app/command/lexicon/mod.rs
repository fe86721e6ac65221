//! `belfry lexicon`: for those who look after the rules of moderation.

mod eval;
mod fold;
mod label;
mod report;
mod test;

use std::io::{self, Write};

use crate::{
    app::{cli, command::configured},
    moderation::Moderation,
};

pub(super) fn run(wanted: &cli::Lexicon) -> anyhow::Result<()> {
    match wanted {
        cli::Lexicon::Check(wanted) => check(wanted),
        cli::Lexicon::Test(wanted) => test::run(wanted),
        cli::Lexicon::Eval(wanted) => eval::run(wanted),
        cli::Lexicon::Fold(wanted) => fold::run(wanted),
    }
}

fn check(wanted: &cli::LexiconCheck) -> anyhow::Result<()> {
    let engine = load(&wanted.rules)?;
    let size = engine.size();
    writeln!(
        io::stdout(),
        "version {}: {} rules, {} words, {} patterns, {} KiB",
        engine.rules_version(),
        size.rules,
        size.words,
        size.patterns,
        size.bytes / 1_024
    )?;
    Ok(())
}

fn load(rules: &cli::Rules) -> anyhow::Result<Moderation> {
    let mut config = configured(&rules.source)?.moderation;
    if let Some(folder) = &rules.lexicon {
        config.lexicon = folder.display().to_string();
    }
    Ok(Moderation::load(&config)?)
}
