//! Labelled speech: what the built-in rules must reach on it, by disguise.
//!
//! The floors stand a little below what is reached, so that a change which loses something fails.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::engine;
use crate::moderation::{Category, Place, Question, Side};

#[derive(Deserialize)]
struct Line {
    text: String,
    sender: String,
    expect: String,
    #[serde(default)]
    accept: Vec<String>,
    evasion: String,
    #[serde(default)]
    prev: Vec<String>,
}

impl Line {
    fn is_right(&self) -> bool {
        let earlier: Vec<&str> = self.prev.iter().map(String::as_str).collect();
        let side = if self.sender == "tutor" { Side::Institution } else { Side::User };
        let question =
            Question { text: &self.text, earlier: &earlier, place: Place::Consult, side };
        let judged = engine().judge(question).category.map_or("allow", Category::as_str);
        self.expect == judged || self.accept.iter().any(|accepted| accepted == judged)
    }
}

fn lines(file: &str) -> impl Iterator<Item = Line> {
    file.lines().map(|line| serde_json::from_str(line).unwrap())
}

/// Every text that is labelled.
pub(super) fn texts() -> impl Iterator<Item = String> {
    let files = [
        include_str!("../../../tests/moderation/benign.tune.jsonl"),
        include_str!("../../../tests/moderation/benign.judge.jsonl"),
        include_str!("../../../tests/moderation/evasion.tune.jsonl"),
        include_str!("../../../tests/moderation/evasion.judge.jsonl"),
    ];
    files.into_iter().flat_map(lines).map(|line| line.text)
}

/// How many lines are judged as labelled, of how many, by disguise.
fn counts(file: &str) -> BTreeMap<String, (usize, usize)> {
    let mut counts: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    for line in lines(file) {
        let (right, all) = counts.entry(line.evasion.clone()).or_default();
        *right += usize::from(line.is_right());
        *all += 1;
    }
    counts
}

fn sum(counts: &BTreeMap<String, (usize, usize)>) -> (usize, usize) {
    counts.values().fold((0, 0), |(right, all), count| (right + count.0, all + count.1))
}

#[test]
fn ordinary_speech_that_nobody_tuned_on_is_let_through() {
    let (right, all) = sum(&counts(include_str!("../../../tests/moderation/benign.judge.jsonl")));
    let wrong = all - right;
    assert!(1_000 * wrong <= 18 * all, "{wrong} of {all}");
}

#[test]
fn secrets_that_nobody_tuned_on_are_caught_in_every_disguise() {
    let counts = counts(include_str!("../../../tests/moderation/evasion.judge.jsonl"));
    let (right, all) = sum(&counts);
    assert!(100 * right >= 89 * all, "{right} of {all}");
    for (disguise, (right, all)) in counts {
        assert!(100 * right >= 75 * all, "{disguise}: {right} of {all}");
    }
}
