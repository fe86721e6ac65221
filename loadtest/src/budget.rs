//! Budgets: what a run must reach, so that a script can tell by the exit status.

use std::fmt;

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
}

/// One bound that was not kept.
#[derive(Debug, PartialEq)]
pub(crate) struct Missed {
    measure: &'static str,
    bound: &'static str,
    limit: f64,
    found: Option<f64>,
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
        let most = most.map(|(measure, limit)| (measure, "at most", limit));
        let least = least.map(|(measure, limit)| (measure, "at least", limit));
        let bounds = most.into_iter().chain(least);
        bounds
            .filter_map(|(measure, bound, limit)| {
                let (limit, found) = (limit?, report.value(measure));
                let is_kept = found.is_some_and(|found| match bound {
                    "at most" => found <= limit,
                    _ => found >= limit,
                });
                (!is_kept).then_some(Missed { measure, bound, limit, found })
            })
            .collect()
    }
}

impl fmt::Display for Missed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { measure, bound, limit, found } = self;
        match found {
            Some(found) => write!(f, "{measure} is {found:.3}, wanted {bound} {limit}"),
            None => write!(f, "{measure} was not measured, wanted {bound} {limit}"),
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
            ..Budget::default()
        };
        let missed: Vec<_> = budget.missed(&report).iter().map(ToString::to_string).collect();
        let expected =
            ["p99_ms is 12.000, wanted at most 10", "ratio was not measured, wanted at least 0.7"];
        assert_eq!(missed, expected);
        assert!(Budget::default().missed(&report).is_empty());
    }
}
