//! A verdict for a text that is about to be shown, or none: judging may fail, and nothing passes by it.
//!
//! The engine is meant never to fail. Should it, the text in hand must not be the one that gets
//! through, nor may it take the operation, or the words of it in a log, down with it.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    time::Duration,
};

use tokio::time::Instant;

use super::{Action, Moderation, Question, Verdict};
use crate::telemetry::{Metrics, label::ByCause};

/// A text whose judging panics, for tests of those who ask.
#[cfg(test)]
pub(crate) const UNJUDGEABLE: &str = "本句无法判断";

/// Why there is no verdict. The text must wait: it may not be shown, nor be called harmless.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoVerdict {
    /// A fault of ours.
    #[error("judging panicked")]
    Panicked,
    /// It took longer than `moderation.budget`.
    #[error("judging took too long")]
    Late,
}

impl NoVerdict {
    /// The name in metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Panicked => "panicked",
            Self::Late => "late",
        }
    }
}

impl Moderation {
    /// Judges a text that is acted on, within `moderation.budget`, and counts the verdict.
    ///
    /// # Errors
    /// When judging failed or took too long, which is counted and logged, without the text. Where no
    /// category could stop the text, it is allowed instead: no verdict would have changed that.
    pub fn decide(&self, question: Question<'_>, metrics: &Metrics) -> Result<Verdict, NoVerdict> {
        let judged = guarded(self.0.budget, || {
            #[cfg(test)]
            assert_ne!(question.text, UNJUDGEABLE);
            self.judge(question)
        });
        let verdict = judged.or_else(|cause| self.without_verdict(question, cause, metrics))?;
        self.count(&verdict, metrics);
        Ok(verdict)
    }

    fn without_verdict(
        &self,
        question: Question<'_>,
        cause: NoVerdict,
        metrics: &Metrics,
    ) -> Result<Verdict, NoVerdict> {
        let Question { place, side, .. } = question;
        let rules_version = self.rules_version();
        metrics.moderation_faults.one(&ByCause { cause: cause.as_str() });
        tracing::error!(%cause, ?place, ?side, rules_version, "a text was not judged");
        if self.0.matrix.stops(question) {
            return Err(cause);
        }
        let (category, action, score) = (None, Action::Allow, 0);
        let (spans, withdrawn) = (Vec::new(), Vec::new());
        Ok(Verdict { category, action, score, rules_version, spans, withdrawn })
    }
}

/// What `judge` says, if it comes to an end, and in time. Zero sets no time.
///
/// Looked at when it is over: the engine's work grows with the text's length alone, which its callers
/// bound, so nothing needs to be cut off; but a verdict that took a hundred times too long comes from
/// an engine that is not itself.
fn guarded(budget: Duration, judge: impl FnOnce() -> Verdict) -> Result<Verdict, NoVerdict> {
    let begun_at = Instant::now();
    // The engine only reads its rules: whatever a panic leaves behind, nobody sees it.
    let judged = catch_unwind(AssertUnwindSafe(judge));
    let verdict = judged.map_err(|_words_that_may_quote_the_text| NoVerdict::Panicked)?;
    match !budget.is_zero() && begun_at.elapsed() > budget {
        true => Err(NoVerdict::Late),
        false => Ok(verdict),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        config::{moderation as config, value::Span},
        moderation::{Place, Side},
    };

    fn question(text: &str, place: Place) -> Question<'_> {
        Question { text, earlier: &[], place, side: Side::Institution }
    }

    fn faults(metrics: &Metrics, cause: &str, number: u64) -> bool {
        let line = format!("belfry_moderation_faults_total{{cause=\"{cause}\"}} {number}\n");
        metrics.encode().contains(&line)
    }

    #[test]
    fn a_judge_that_panics_gives_no_verdict_and_goes_on_judging() {
        let (moderation, metrics) =
            (Moderation::load(&config::Moderation::default()).unwrap(), Metrics::new());
        for place in [Place::Consult, Place::Support, Place::Live, Place::Nickname, Place::Push] {
            let judged = moderation.decide(question(UNJUDGEABLE, place), &metrics);
            assert_eq!(judged, Err(NoVerdict::Panicked), "{place:?}");
        }
        assert!(faults(&metrics, "panicked", 5));
        let next = moderation.decide(question("您好", Place::Consult), &metrics).unwrap();
        assert_eq!(next.action, Action::Allow);
    }

    #[test]
    fn a_verdict_that_takes_too_long_is_none() {
        let budget = Span(Duration::from_nanos(1));
        let config = config::Moderation { budget, ..config::Moderation::default() };
        let (moderation, metrics) = (Moderation::load(&config).unwrap(), Metrics::new());
        let judged = moderation.decide(question("您好", Place::Consult), &metrics);
        assert_eq!(judged, Err(NoVerdict::Late));
        assert!(faults(&metrics, "late", 1));
        assert!(!metrics.encode().contains("belfry_verdicts_total{"), "no verdict is counted");
    }

    #[test]
    fn where_nothing_could_be_stopped_a_fault_stops_nothing() {
        let mut config = config::Moderation::default();
        config.matrix.support.institution = config::Actions {
            privacy: Action::Allow,
            property: Action::Allow,
            sensitive: Action::Allow,
        };
        let (moderation, metrics) = (Moderation::load(&config).unwrap(), Metrics::new());
        let verdict = moderation.decide(question(UNJUDGEABLE, Place::Support), &metrics).unwrap();
        assert_eq!((verdict.action, verdict.category), (Action::Allow, None));
        assert!(faults(&metrics, "panicked", 1), "but it is counted");
    }
}
