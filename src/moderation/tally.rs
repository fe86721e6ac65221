//! How often each rule has hit, since this node began.

use std::{
    collections::HashMap,
    sync::{PoisonError, RwLock},
};

use crate::telemetry::{Metrics, instrument::Count, label::ByRule};

/// How many rules have a count of their own. Names are curated and a rule set has hundreds of them,
/// so only many sets after one another come near; what is beyond is counted together.
pub(super) const COUNTED_MAX: usize = 4_096;
/// What rules without a count of their own are counted as.
pub(super) const OTHER: &str = "other";

/// The counts. A hit looks its rule up among readers; only a rule's first hit writes.
#[derive(Debug, Default)]
pub(super) struct Tally(RwLock<HashMap<String, Count>>);

impl Tally {
    /// One more hit of `rule`.
    pub(super) fn one(&self, rule: &str, metrics: &Metrics) {
        if let Some(count) = self.0.read().unwrap_or_else(PoisonError::into_inner).get(rule) {
            count.one();
            return;
        }
        let mut counts = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let rule = if counts.len() < COUNTED_MAX { rule } else { OTHER };
        let count = counts
            .entry(rule.to_owned())
            .or_insert_with(|| metrics.moderation_hits.of(&ByRule { rule: rule.to_owned() }));
        count.one();
    }

    /// Every rule that has hit, the most frequent first.
    pub(super) fn read(&self) -> Vec<(String, u64)> {
        let counts = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let mut hits: Vec<_> =
            counts.iter().map(|(rule, count)| (rule.clone(), count.number())).collect();
        drop(counts);
        hits.sort_unstable_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        hits
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_counted_each_and_those_beyond_the_bound_together() {
        let (tally, metrics) = (Tally::default(), Metrics::new());
        for number in 0..COUNTED_MAX + 3 {
            tally.one(&format!("privacy.{number}"), &metrics);
        }
        tally.one("privacy.0", &metrics);
        let hits = tally.read();
        assert_eq!(hits.len(), COUNTED_MAX + 1);
        assert_eq!(hits[..2], [(OTHER.to_owned(), 3), ("privacy.0".to_owned(), 2)]);
        assert!(metrics.encode().contains("belfry_moderation_hits_total{rule=\"other\"} 3\n"));
    }
}
