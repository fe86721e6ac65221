//! `belfry lexicon eval`: how the rules do on labelled lines.

use std::{
    fs::File,
    io::{self, BufWriter, Write},
};

use anyhow::Context as _;
use serde_json::json;

use super::{
    label::{self, Label},
    load,
    report::Report,
};
use tokio::time::Instant;

use crate::{
    app::cli,
    moderation::{Category, Examination, Moderation, Place, Question, Side},
};

pub(super) fn run(wanted: &cli::LexiconEval) -> anyhow::Result<()> {
    let engine = load(&wanted.rules)?;
    let mut labels = Vec::new();
    for path in &wanted.files {
        labels.extend(label::read(path)?);
    }
    let mut verdicts = match &wanted.verdicts {
        None => None,
        Some(path) => {
            let file = File::create(path).with_context(|| format!("{}", path.display()))?;
            Some(BufWriter::new(file))
        }
    };
    // The tables are unfolded by the first text, which must not be the one that is timed.
    judge(&engine, &Label::warming());
    let mut report = Report::default();
    for label in &labels {
        let began = Instant::now();
        let examination = judge(&engine, label);
        let took = began.elapsed();
        let category = examination.verdict.category.map_or("allow", Category::as_str);
        report.add(label, category, &examination.numbers, took);
        if let Some(out) = &mut verdicts {
            writeln!(out, "{}", line(category, &examination))?;
        }
        if wanted.wrong && !label.is_right(category) {
            let rules = examination.verdict.spans.iter().map(|span| span.rule.as_str());
            let rules: Vec<_> = rules.collect();
            let rules = rules.join(" ");
            let (evasion, expect, text) = (&label.evasion, &label.expect, &label.text);
            writeln!(io::stderr(), "{evasion}: {expect} judged {category} [{rules}] {text}")?;
        }
    }
    if let Some(out) = &mut verdicts {
        out.flush()?;
    }
    let mut out = io::stdout().lock();
    if wanted.json {
        writeln!(out, "{}", report.json(&engine.rules_version()))?;
    } else {
        write!(out, "{report}")?;
    }
    Ok(())
}

fn judge(engine: &Moderation, label: &Label) -> Examination {
    let earlier: Vec<&str> = label.prev.iter().map(String::as_str).collect();
    let side = if label.sender == "tutor" { Side::Institution } else { Side::User };
    engine.examine(Question { text: &label.text, earlier: &earlier, place: Place::Consult, side })
}

/// What was found in one input, as a line of JSON.
fn line(category: &str, examination: &Examination) -> serde_json::Value {
    let mut rules: Vec<_> =
        examination.verdict.spans.iter().map(|span| span.rule.as_str()).collect();
    rules.sort_unstable();
    rules.dedup();
    json!({
        "category": category,
        "action": examination.verdict.action.as_str(),
        "rules": rules,
        "numbers": examination.numbers,
    })
}
