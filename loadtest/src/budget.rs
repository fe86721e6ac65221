//! Budgets: what a run must reach, so that a script can tell by the exit status.

use std::fmt;

use anyhow::Context as _;
use clap::Args;

use crate::report::Report;

/// The bounds given on the command line. A measure that was not taken misses its bound.
#[derive(Args, Debug, Default)]
#[command(next_help_heading = "Budgets (exit status 1 when one is missed)")]
pub(crate) struct Budget {
    /// The 99th percentile of the scenario's latency, in milliseconds.
    #[arg(long, global = true, value_name = "MS")]
    max_p99_ms: Option<f64>,
    /// What the scenario counts, a second.
    #[arg(long, global = true, value_name = "N")]
    min_rate: Option<f64>,
    /// What the scenario counts, a second of the server's CPU.
    #[arg(long, global = true, value_name = "N")]
    min_per_cpu_s: Option<f64>,
    /// The same as a part of what a bare send loop reaches.
    #[arg(long, global = true, value_name = "RATIO")]
    min_ratio: Option<f64>,
    /// Anonymous resident memory of the server for each connection.
    #[arg(long, global = true, value_name = "BYTES")]
    max_bytes_per_connection: Option<f64>,
    /// Any measure of the report: `missing<=0`, `published_per_s>=99`. May be given several times.
    #[arg(long = "budget", global = true, value_name = "MEASURE<=N", value_parser = Bound::parse)]
    bounds: Vec<Bound>,
}

/// What a measure must be.
#[derive(Clone, Debug, PartialEq)]
struct Bound {
    measure: String,
    is_most: bool,
    limit: f64,
}

/// One bound that was not kept.
#[derive(Debug, PartialEq)]
pub(crate) struct Missed {
    bound: Bound,
    found: Option<f64>,
}

impl Bound {
    fn parse(text: &str) -> anyhow::Result<Self> {
        let (is_most, parts) = match text.split_once("<=") {
            Some(parts) => (true, parts),
            None => (false, text.split_once(">=").context("neither <= nor >= is in it")?),
        };
        let limit = parts.1.trim().parse().context("the limit is no number")?;
        Ok(Self { measure: parts.0.trim().to_owned(), is_most, limit })
    }

    fn is_kept(&self, found: Option<f64>) -> bool {
        found.is_some_and(
            |found| if self.is_most { found <= self.limit } else { found >= self.limit },
        )
    }
}

impl Budget {
    /// Every bound that `report` does not keep.
    pub(crate) fn missed(&self, report: &Report) -> Vec<Missed> {
        let most =
            [("p99_ms", self.max_p99_ms), ("bytes_per_connection", self.max_bytes_per_connection)];
        let least = [
            ("per_s", self.min_rate),
            ("per_cpu_s", self.min_per_cpu_s),
            ("ratio", self.min_ratio),
        ];
        let most = most.map(|(measure, limit)| (measure, true, limit));
        let least = least.map(|(measure, limit)| (measure, false, limit));
        let named = most.into_iter().chain(least).filter_map(|(measure, is_most, limit)| {
            Some(Bound { measure: measure.to_owned(), is_most, limit: limit? })
        });
        named
            .chain(self.bounds.iter().cloned())
            .map(|bound| Missed { found: report.value(&bound.measure), bound })
            .filter(|missed| !missed.bound.is_kept(missed.found))
            .collect()
    }
}

impl fmt::Display for Missed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { bound: Bound { measure, is_most, limit }, found } = self;
        let words = if *is_most { "at most" } else { "at least" };
        match found {
            Some(found) => write!(f, "{measure} is {found:.3}, wanted {words} {limit}"),
            None => write!(f, "{measure} was not measured, wanted {words} {limit}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bound_is_missed_when_passed_or_not_measured() {
        let mut report = Report::new("room");
        report.set("p99_ms", 12.0);
        report.set("per_s", 900.0);
        let budget = Budget {
            max_p99_ms: Some(10.0),
            min_rate: Some(900.0),
            min_ratio: Some(0.7),
            bounds: ["per_s <= 899", "per_s>=1"].map(|text| Bound::parse(text).unwrap()).into(),
            ..Budget::default()
        };
        let missed: Vec<_> = budget.missed(&report).iter().map(ToString::to_string).collect();
        let expected = [
            "p99_ms is 12.000, wanted at most 10",
            "ratio was not measured, wanted at least 0.7",
            "per_s is 900.000, wanted at most 899",
        ];
        assert_eq!(missed, expected);
        assert!(Budget::default().missed(&report).is_empty());
        assert!(Bound::parse("per_s=1").is_err() && Bound::parse("per_s<=x").is_err());
    }
}
