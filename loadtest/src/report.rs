//! What a run found: named numbers, as JSON for scripts and as a table for people.

use std::fmt;

use serde::{Serialize, Serializer, ser::SerializeMap as _};

use crate::{latency::Latency, sampler::Series};

/// The numbers of one run, in the order in which they were set, and what plots are drawn from.
#[derive(Debug)]
pub(crate) struct Report {
    scenario: &'static str,
    measures: Vec<(&'static str, f64)>,
    /// What numbers do not tell.
    pub(crate) notes: Vec<String>,
    /// Quantiles and milliseconds.
    pub(crate) curve: Vec<[f64; 2]>,
    pub(crate) rounds: Vec<Round>,
    pub(crate) series: Series,
}

/// One round: the server's turn, then the yardstick's, each in deliveries a CPU-second.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Round {
    pub(crate) per_cpu_s: Option<f64>,
    pub(crate) sendloop_per_cpu_s: Option<f64>,
}

impl Round {
    pub(crate) fn ratio(self) -> Option<f64> {
        Some(self.per_cpu_s? / self.sendloop_per_cpu_s?)
    }
}

impl Report {
    pub(crate) fn new(scenario: &'static str) -> Self {
        let (measures, notes, curve, rounds) = <_>::default();
        Self { scenario, measures, notes, curve, rounds, series: Series::default() }
    }

    pub(crate) fn scenario(&self) -> &'static str {
        self.scenario
    }

    /// The numbers, in the order in which they were set.
    pub(crate) fn measures(&self) -> &[(&'static str, f64)] {
        &self.measures
    }

    /// Sets the percentiles of the scenario's latency, and their curve.
    pub(crate) fn set_latency(&mut self, latency: &Latency) {
        latency.report(self);
        self.curve = latency.curve();
    }

    /// Sets a number; the unit is the name's last word. What cannot be divided is left out.
    pub(crate) fn set(&mut self, name: &'static str, value: f64) {
        if value.is_finite() {
            self.measures.push((name, value));
        }
    }

    /// The same for what may not have been measured.
    pub(crate) fn set_if(&mut self, name: &'static str, value: Option<f64>) {
        if let Some(value) = value {
            self.set(name, value);
        }
    }

    pub(crate) fn value(&self, name: &str) -> Option<f64> {
        self.measures.iter().find(|(known, _)| *known == name).map(|(_, value)| *value)
    }
}

impl Serialize for Report {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("scenario", self.scenario)?;
        for (name, value) in &self.measures {
            // Three digits behind the point tell more than any machine repeats.
            map.serialize_entry(name, &((value * 1_000.0).round() / 1_000.0))?;
        }
        if !self.notes.is_empty() {
            map.serialize_entry("notes", &self.notes)?;
        }
        if !self.curve.is_empty() {
            map.serialize_entry("curve", &self.curve)?;
        }
        if !self.rounds.is_empty() {
            map.serialize_entry("rounds", &self.rounds)?;
        }
        if !self.series.samples.is_empty() {
            map.serialize_entry("series", &self.series)?;
        }
        map.end()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.scenario)?;
        for (name, value) in &self.measures {
            writeln!(f, "  {name:<32}{:>16}", shown(*value))?;
        }
        for note in &self.notes {
            writeln!(f, "  {note}")?;
        }
        Ok(())
    }
}

/// A number for people: whole when it is whole or large.
pub(crate) fn shown(value: f64) -> String {
    let digits = if value.fract() == 0.0 || value >= 1_000.0 { 0 } else { 3 };
    format!("{value:.digits$}")
}

/// The middle of several values: one bad round does not move it.
pub(crate) fn median(values: impl IntoIterator<Item = f64>) -> Option<f64> {
    let mut values: Vec<_> = values.into_iter().collect();
    values.sort_by(f64::total_cmp);
    let half = values.len() / 2;
    match values.len() {
        0 => None,
        length if length % 2 == 1 => Some(values[half]),
        _ => Some(f64::midpoint(values[half - 1], values[half])),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_keeps_the_order_and_leaves_out_what_is_no_number() {
        let mut report = Report::new("idle");
        report.set("connections", 10.0);
        report.set("ratio", f64::NAN);
        report.set_if("p99_ms", None);
        report.set("bytes_per_connection", 1_234.567_8);
        report.notes.push("cold".to_owned());
        let json = serde_json::to_string(&report).unwrap();
        let expected = r#"{"scenario":"idle","connections":10.0,"bytes_per_connection":1234.568,"notes":["cold"]}"#;
        assert_eq!(json, expected);
    }

    #[test]
    fn the_median_is_the_middle_or_between_the_two() {
        assert_eq!(median([3.0, 1.0, 100.0]), Some(3.0));
        assert_eq!(median([4.0, 1.0, 2.0, 100.0]), Some(3.0));
        assert_eq!(median([]), None);
    }
}
