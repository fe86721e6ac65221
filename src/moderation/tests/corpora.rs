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

/// In percent: how many lines of each disguise are judged as labelled.
fn shares(file: &str) -> BTreeMap<String, f64> {
    let mut counts: BTreeMap<String, (f64, f64)> = BTreeMap::new();
    for line in lines(file) {
        let count = counts.entry(line.evasion.clone()).or_default();
        count.0 += f64::from(u8::from(line.is_right()));
        count.1 += 1.0;
    }
    counts.into_iter().map(|(name, (right, all))| (name, 100.0 * right / all)).collect()
}

#[test]
fn ordinary_speech_that_nobody_tuned_on_is_let_through() {
    let file = include_str!("../../../tests/moderation/benign.judge.jsonl");
    let (wrong, all) = lines(file)
        .fold((0, 0), |(wrong, all), line| (wrong + usize::from(!line.is_right()), all + 1));
    assert!(100 * wrong <= all, "{wrong} of {all}");
}
