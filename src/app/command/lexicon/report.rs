//! What an evaluation found: shares by evasion, false alarms, exact numbers, times.

use std::{collections::BTreeMap, fmt, time::Duration};

use serde_json::{Value, json};

use super::label::Label;

/// So many of so many.
#[derive(Clone, Copy, Debug, Default)]
struct Share {
    right: usize,
    all: usize,
}

impl Share {
    fn add(&mut self, is_right: bool) {
        self.all += 1;
        self.right += usize::from(is_right);
    }

    /// In percent; none of none is all.
    fn percent(self) -> f64 {
        if self.all == 0 { 100.0 } else { 100.0 * self.right as f64 / self.all as f64 }
    }

    fn json(self) -> Value {
        json!({"right": self.right, "all": self.all, "percent": rounded(self.percent())})
    }
}

/// The report on all labelled lines.
#[derive(Debug, Default)]
pub(super) struct Report {
    /// Lines to be caught, by how they are disguised: caught with the right category.
    recall: BTreeMap<String, Share>,
    /// The same, by category.
    by_category: BTreeMap<String, Share>,
    /// Lines to be let through: let through.
    allowed: Share,
    /// Lines with numbers: exactly those were found.
    numbers: Share,
    times: Vec<Duration>,
    bytes: usize,
}

impl Report {
    /// Counts one line.
    pub(super) fn add(
        &mut self,
        label: &Label,
        category: &str,
        numbers: &[String],
        took: Duration,
    ) {
        let is_right = label.is_right(category);
        if label.expect == "allow" {
            self.allowed.add(is_right);
        } else {
            self.recall.entry(label.evasion.clone()).or_default().add(is_right);
            self.by_category.entry(label.expect.clone()).or_default().add(is_right);
        }
        if !label.num.is_empty() {
            let sorted = |numbers: &[String]| {
                let mut sorted = numbers.to_vec();
                sorted.sort_unstable();
                sorted.dedup();
                sorted
            };
            self.numbers.add(sorted(numbers) == sorted(&label.num));
        }
        self.times.push(took);
        self.bytes += label.text.len() + label.prev.iter().map(String::len).sum::<usize>();
    }

    /// The report for machines.
    pub(super) fn json(&self, version: &str) -> Value {
        let shares = |shares: &BTreeMap<String, Share>| -> Value {
            shares.iter().map(|(name, share)| (name.clone(), share.json())).collect()
        };
        json!({
            "rules_version": version,
            "lines": self.times.len(),
            "recall": shares(&self.recall),
            "recall_by_category": shares(&self.by_category),
            "recall_all": self.caught().json(),
            "false_alarms": {
                "wrong": self.allowed.all - self.allowed.right,
                "all": self.allowed.all,
                "percent": rounded(100.0 - self.allowed.percent()),
            },
            "numbers_exact": self.numbers.json(),
            "us_p50": rounded(self.time(0.5)),
            "us_p99": rounded(self.time(0.99)),
            "mb_per_s": rounded(self.speed()),
        })
    }

    fn caught(&self) -> Share {
        let sum = |sum: Share, share: &Share| Share {
            right: sum.right + share.right,
            all: sum.all + share.all,
        };
        self.recall.values().fold(Share::default(), sum)
    }

    /// A quantile of the times, in microseconds.
    fn time(&self, quantile: f64) -> f64 {
        let mut times = self.times.clone();
        times.sort_unstable();
        let last = times.len().saturating_sub(1);
        let time = times.get((last as f64 * quantile).round() as usize).copied();
        time.unwrap_or_default().as_secs_f64() * 1e6
    }

    /// Megabytes of text in a second.
    fn speed(&self) -> f64 {
        let all: Duration = self.times.iter().sum();
        if all.is_zero() { 0.0 } else { self.bytes as f64 / all.as_secs_f64() / 1e6 }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let share = |f: &mut fmt::Formatter<'_>, name: &str, share: Share| {
            writeln!(f, "  {name:<14}{:>6.1} %{:>7} of {}", share.percent(), share.right, share.all)
        };
        writeln!(f, "recall")?;
        for (name, found) in &self.recall {
            share(f, name, *found)?;
        }
        for (name, found) in &self.by_category {
            share(f, name, *found)?;
        }
        share(f, "all", self.caught())?;
        let wrong = self.allowed.all - self.allowed.right;
        let percent = 100.0 - self.allowed.percent();
        writeln!(f, "false alarms    {percent:>6.2} %{wrong:>7} of {}", self.allowed.all)?;
        let numbers = self.numbers;
        writeln!(
            f,
            "numbers exact   {:>6.1} %{:>7} of {}",
            numbers.percent(),
            numbers.right,
            numbers.all
        )?;
        let (p50, p99, speed) = (self.time(0.5), self.time(0.99), self.speed());
        writeln!(f, "time per text   p50 {p50:.1} µs, p99 {p99:.1} µs, {speed:.1} MB/s")
    }
}

fn rounded(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}
