//! `belfry lexicon fold`: how the engine reads texts, a line of JSON for each.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, BufWriter, Write},
};

use anyhow::Context as _;
use serde::Deserialize;

use crate::{app::cli, moderation::Views};

/// A text, and whatever else stands in its line.
#[derive(Deserialize)]
struct Line {
    text: String,
}

pub(super) fn run(wanted: &cli::LexiconFold) -> anyhow::Result<()> {
    let mut out = BufWriter::new(io::stdout().lock());
    for path in &wanted.files {
        let name = path.display();
        let file = File::open(path).with_context(|| format!("{name}"))?;
        for (line, number) in BufReader::new(file).lines().zip(1..) {
            let line = line.with_context(|| format!("{name}"))?;
            if line.trim().is_empty() {
                continue;
            }
            let line: Line =
                serde_json::from_str(&line).with_context(|| format!("{name}, line {number}"))?;
            serde_json::to_writer(&mut out, &Views::new(&line.text))?;
            writeln!(out)?;
        }
    }
    out.flush()?;
    Ok(())
}
