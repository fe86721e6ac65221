//! The edit list of a recording: what was cut out, and where in the trimmed media a position of the
//! original stands.
//!
//! Comments are stored at original positions and mapped when they are read, so that a later list
//! counts for all of them. A cut is half open, save that one up to the end takes the end with it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::reach::bad;
use crate::{error::Code, operation::Refusal};

/// How many cuts one recording has at most.
const CUTS_MAX: usize = 200;

/// A piece that was cut out of the media, in milliseconds of the original.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Cut {
    /// From there.
    pub(super) from_ms: i64,
    /// Up to there, which stays; the media's end goes with a cut that reaches it.
    pub(super) to_ms: i64,
}

/// What was cut out of a recording. The default cuts nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Edit {
    /// How long the original is.
    length_ms: i64,
    /// In order; none touches the next.
    cuts: Vec<Cut>,
}

impl Edit {
    /// Cuts out of a media of this length. Cuts that touch become one.
    ///
    /// # Errors
    /// When there are too many, when they are not in order, reach out of the media, or leave nothing.
    pub(super) fn new(cuts: &[Cut], length_ms: i64) -> Result<Self, Refusal> {
        if cuts.len() > CUTS_MAX {
            return Err(Refusal::new(Code::LimitExceeded).with("max", CUTS_MAX));
        }
        let mut joined: Vec<Cut> = Vec::with_capacity(cuts.len());
        for cut in cuts {
            let reached = joined.last().map_or(0, |last| last.to_ms);
            if cut.from_ms < reached || cut.to_ms <= cut.from_ms || cut.to_ms > length_ms {
                return Err(bad("cuts are in order, apart, not empty and within the media")
                    .with("length_ms", length_ms));
            }
            match joined.last_mut() {
                Some(last) if last.to_ms == cut.from_ms => last.to_ms = cut.to_ms,
                _ => joined.push(*cut),
            }
        }
        let edit = Self { length_ms, cuts: joined };
        if !edit.cuts.is_empty() && edit.gone_ms() == length_ms {
            return Err(bad("the cuts leave nothing"));
        }
        Ok(edit)
    }

    /// Reads what the row keeps.
    pub(super) fn of_text(text: Option<&str>) -> Self {
        text.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
    }

    /// What the row keeps; `None` when nothing is cut.
    pub(super) fn to_text(&self) -> Option<String> {
        if self.cuts.is_empty() { None } else { serde_json::to_string(self).ok() }
    }

    /// The cuts, in order, those that touched as one.
    pub(super) fn cuts(&self) -> &[Cut] {
        &self.cuts
    }

    /// The original positions that are not shown: from the first of each pair up to the second.
    pub(super) fn hidden(&self) -> impl Iterator<Item = (i64, i64)> {
        let end = |to| if to == self.length_ms { i64::MAX } else { to };
        self.cuts.iter().map(move |cut| (cut.from_ms, end(cut.to_ms)))
    }

    /// Where the original position stands in the trimmed media; `None` when it was cut out.
    pub(super) fn shown(&self, original: i64) -> Option<i64> {
        let is_cut = |(from, to)| (from..to).contains(&original);
        if self.hidden().any(is_cut) { None } else { Some(self.near(original)) }
    }

    /// The same, where what was cut out stands at the edge of its cut.
    pub(super) fn near(&self, original: i64) -> i64 {
        let before = |cut: &Cut| (original.min(cut.to_ms) - cut.from_ms).max(0);
        original - self.cuts.iter().map(before).sum::<i64>()
    }

    /// The original position from which on everything stands at `shown` or later in the trimmed media.
    pub(super) fn lift(&self, shown: i64) -> i64 {
        let past = |at: i64, cut: &Cut| match cut.from_ms <= at {
            true => at.saturating_add(cut.to_ms - cut.from_ms),
            false => at,
        };
        self.cuts.iter().fold(shown, past)
    }

    /// The original position of what is said at `shown`, within the original's length, while the trimmed
    /// media plays: never in a cut.
    pub(super) fn place(&self, shown: i64) -> i64 {
        if self.cuts.is_empty() {
            return shown;
        }
        let ends_cut = self.cuts.last().is_some_and(|cut| cut.to_ms == self.length_ms);
        let last = self.near(self.length_ms) - i64::from(ends_cut);
        self.lift(shown.min(last))
    }

    fn gone_ms(&self) -> i64 {
        self.cuts.iter().map(|cut| cut.to_ms - cut.from_ms).sum()
    }
}

#[cfg(test)]
mod tests;
