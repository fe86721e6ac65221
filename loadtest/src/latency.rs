//! Latencies: microseconds in a histogram, milliseconds in the report.

use std::time::Duration;

use hdrhistogram::Histogram;

use crate::report::Report;

/// Nothing that is waited for takes longer.
const MAX_US: u64 = 120_000_000;

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
        let mut nothing = Report::new("room");
        Latency::new().report(&mut nothing);
        assert_eq!(nothing.value("p99_ms"), None);
    }
}
