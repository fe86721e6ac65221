//! Latencies: microseconds in a histogram, milliseconds in the report.

use std::time::Duration;

use hdrhistogram::Histogram;

use crate::report::Report;

/// Nothing that is waited for takes longer.
const MAX_US: u64 = 120_000_000;

/// How far percentile curves go: five nines.
const CURVE_NINES: f64 = 5.0;

/// How many points they have.
const CURVE_STEPS: u32 = 50;

/// The latencies of many events, to three digits.
#[derive(Clone, Debug)]
pub(crate) struct Latency(Histogram<u64>);

impl Latency {
    pub(crate) fn new() -> Self {
        Self(Histogram::new_with_bounds(1, MAX_US, 3).expect("the bounds are constants that fit"))
    }

    pub(crate) fn record(&mut self, latency: Duration) {
        let us = u64::try_from(latency.as_micros()).unwrap_or(MAX_US);
        self.0.saturating_record(us.max(1));
    }

    pub(crate) fn add(&mut self, other: &Self) {
        self.0.add(&other.0).expect("both have the same bounds");
    }

    /// The percentile curve: quantiles, closer and closer to 1, and milliseconds.
    pub(crate) fn curve(&self) -> Vec<[f64; 2]> {
        if self.0.is_empty() {
            return Vec::new();
        }
        let steps = (0..=CURVE_STEPS).map(|step| {
            let nines = f64::from(step) / f64::from(CURVE_STEPS) * CURVE_NINES;
            1.0 - 10_f64.powf(-nines)
        });
        let count = self.0.len() as f64;
        // Beyond the largest value there is nothing to tell.
        let told = steps.take_while(|quantile| (1.0 - quantile) * count >= 1.0);
        told.map(|quantile| [quantile, self.0.value_at_quantile(quantile) as f64 / 1_000.0])
            .collect()
    }

    /// Sets `p50_ms`, `p99_ms`, `p999_ms` and `max_ms`; nothing when nothing was recorded.
    pub(crate) fn report(&self, report: &mut Report) {
        self.report_as(report, ["p50_ms", "p99_ms", "p999_ms", "max_ms"]);
    }

    /// The same under other names: the median, two percentiles and the largest.
    pub(crate) fn report_as(&self, report: &mut Report, names: [&'static str; 4]) {
        if self.0.is_empty() {
            return;
        }
        let quantiles = [0.5, 0.99, 0.999].map(|quantile| self.0.value_at_quantile(quantile));
        let [p50, p99, p999] = quantiles;
        for (name, us) in names.into_iter().zip([p50, p99, p999, self.0.max()]) {
            report.set(name, us as f64 / 1_000.0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_those_of_what_was_recorded() {
        let (mut all, mut part) = (Latency::new(), Latency::new());
        (1..=980).for_each(|_| all.record(Duration::from_millis(2)));
        (1..=20).for_each(|_| part.record(Duration::from_millis(50)));
        all.add(&part);
        let mut report = Report::new("room");
        all.report(&mut report);
        let near = |name, ms: f64| (report.value(name).unwrap() - ms).abs() < ms / 500.0;
        assert!(near("p50_ms", 2.0) && near("p99_ms", 50.0) && near("max_ms", 50.0), "{report}");
        let curve = all.curve();
        assert_eq!(curve[0][0], 0.0);
        assert!(curve.is_sorted_by(|a, b| a[0] < b[0] && a[1] <= b[1]), "{curve:?}");
        let mut nothing = Report::new("room");
        Latency::new().report(&mut nothing);
        assert_eq!(nothing.value("p99_ms"), None);
        assert!(Latency::new().curve().is_empty());
    }
}
