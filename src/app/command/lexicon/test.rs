//! `belfry lexicon test`: one text, its verdict, and everything that led to it.

use std::io::{self, Write};

use super::load;
use crate::{
    app::cli,
    moderation::{Category, Leaning, Question},
};

/// How many grams are shown.
const GRAMS: usize = 8;

pub(super) fn run(wanted: &cli::LexiconTest) -> anyhow::Result<()> {
    let engine = load(&wanted.rules)?;
    let earlier: Vec<&str> = wanted.earlier.iter().map(String::as_str).collect();
    let (text, place, side) = (wanted.text.as_str(), wanted.place, wanted.side);
    let examination = engine.examine(Question { text, earlier: &earlier, place, side });
    let verdict = &examination.verdict;
    let mut out = io::stdout().lock();
    if wanted.json {
        writeln!(out, "{}", serde_json::to_string(verdict)?)?;
        return Ok(());
    }
    let category = verdict.category.map_or("none", Category::as_str);
    let (action, score) = (verdict.action.as_str(), verdict.score);
    writeln!(out, "{action}  {category}  score {score}  rules {}", verdict.rules_version)?;
    for span in &verdict.spans {
        let hit = &text[span.utf8.0..span.utf8.1];
        let (view, rule, reason) = (span.view.as_str(), &span.rule, &span.reason);
        writeln!(out, "  hit      {rule}  [{view}]  “{hit}”  {reason}")?;
    }
    for weighed in examination.findings.iter().filter(|weighed| weighed.score < 50) {
        let hit = &text[weighed.at.clone()];
        let (view, rule, score) = (weighed.view.as_str(), &weighed.rule, weighed.score);
        let by = weighed.reduced_by.join(", ");
        let why = if by.is_empty() { String::new() } else { format!("  weakened: {by}") };
        writeln!(out, "  no hit   {rule}  [{view}]  “{hit}”  score {score}{why}")?;
    }
    if let Some(leaning) = engine.leaning(text).filter(|_| place.is_talk()) {
        writeln!(out, "  prior    {}", told(&leaning))?;
    }
    for number in &verdict.withdrawn {
        writeln!(out, "  earlier  message {} holds a part of it", number + 1)?;
    }
    Ok(())
}

/// What the prior says where the text is worst: how likely its class is, what that makes of rules,
/// and what says so most.
fn told(leaning: &Leaning) -> String {
    let (class, score) = (leaning.category.as_str(), leaning.score);
    let limits = leaning.limits;
    let means = match score {
        _ if score < limits.grave => "all rules are weakened",
        _ if score < limits.benign => "rules are weakened",
        _ if score < limits.cue => "rules decide",
        _ if score < limits.alone || !leaning.is_enough => "a cue at most",
        _ => "a hit",
    };
    let most = leaning.grams.iter().take(GRAMS);
    let most: Vec<_> = most.map(|(gram, share)| format!("{gram} {share:+.1}")).collect();
    format!("{class} {score:+.1} ({means})  {}", most.join("  "))
}
