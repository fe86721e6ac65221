//! Counters that count nothing: judging is tested here, not the counting of what was judged.

/// Every counter that moderation knows.
#[derive(Debug, Default)]
pub struct Metrics {
    /// Verdicts, by category and action.
    pub verdicts: instrument::Family,
    /// Hits, by rule.
    pub moderation_hits: instrument::Family,
    /// Texts that were not judged, by cause.
    pub moderation_faults: instrument::Family,
}

/// What counts.
pub mod instrument {
    use super::label::Label;

    /// A counter.
    #[derive(Clone, Debug, Default)]
    pub struct Count;

    /// Counters, one for each label.
    #[derive(Debug, Default)]
    pub struct Family;

    impl Count {
        /// One more.
        pub fn one(&self) {}

        /// How many.
        pub fn number(&self) -> u64 {
            0
        }
    }

    impl Family {
        /// One more.
        pub fn one(&self, _label: &impl Label) {}

        /// The counter of a label.
        pub fn of(&self, _label: &impl Label) -> Count {
            Count
        }
    }
}

/// What is counted.
pub mod label {
    /// Anything that labels a counter.
    pub trait Label {}

    /// A verdict.
    pub struct ByVerdict {
        /// What it is about.
        pub category: &'static str,
        /// What is done.
        pub action: &'static str,
    }

    /// A rule.
    pub struct ByRule {
        /// Its name.
        pub rule: String,
    }

    /// Why something failed.
    pub struct ByCause {
        /// The cause.
        pub cause: &'static str,
    }

    impl Label for ByVerdict {}
    impl Label for ByCause {}
    impl Label for ByRule {}
}
