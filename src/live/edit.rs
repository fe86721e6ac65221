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
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// How long the media of these tests is at most: short enough to look at every position.
    const LENGTH_MAX: i64 = 300;

    /// A recording with some cuts, touching ones and one up to the end among them.
    fn edits() -> impl Strategy<Value = Edit> {
        let edges = proptest::collection::btree_set(0..=LENGTH_MAX, 0..14);
        (edges, any::<bool>(), 1..=LENGTH_MAX).prop_filter_map(
            "nothing left",
            |(edges, touch, most)| {
                let edges: Vec<i64> = edges.into_iter().filter(|at| *at <= most).collect();
                let step = if touch { 1 } else { 2 };
                let pairs = edges.windows(2).step_by(step);
                let cuts: Vec<_> = pairs.map(|it| Cut { from_ms: it[0], to_ms: it[1] }).collect();
                Edit::new(&cuts, most).ok()
            },
        )
    }

    /// Every original position that stays, in order: one that knows nothing of the mapping counts them.
    fn stays(edit: &Edit) -> Vec<i64> {
        let is_cut = |at: i64| {
            let ends = |cut: &Cut| cut.to_ms == edit.length_ms && at == cut.to_ms;
            edit.cuts.iter().any(|cut| (cut.from_ms <= at && at < cut.to_ms) || ends(cut))
        };
        (0..=edit.length_ms).filter(|at| !is_cut(*at)).collect()
    }

    proptest! {
        #[test]
        fn what_stays_moves_together_in_order_and_nothing_is_lost_or_doubled(edit in edits()) {
            for (at, original) in (0..).zip(stays(&edit)) {
                prop_assert_eq!(edit.shown(original), Some(at));
                prop_assert_eq!((edit.lift(at), edit.place(at)), (original, original), "and back");
            }
            let shown = (0..=edit.length_ms).filter(|at| edit.shown(*at).is_some()).count();
            prop_assert_eq!(shown, stays(&edit).len());
        }

        #[test]
        fn the_edge_of_a_cut_is_where_what_comes_next_stands(edit in edits()) {
            let near: Vec<_> = (0..=edit.length_ms).map(|at| edit.near(at)).collect();
            prop_assert!(near.is_sorted());
            prop_assert!(near.iter().all(|at| *at <= edit.near(edit.length_ms)));
        }

        #[test]
        fn windows_side_by_side_hold_each_comment_once(
            edit in edits(),
            mut edges in proptest::collection::vec(0..=LENGTH_MAX + 1, 0..6),
        ) {
            edges.extend([0, LENGTH_MAX + 1]);
            edges.sort_unstable();
            let mut found = Vec::new();
            for window in edges.windows(2) {
                let (from, to) = (edit.lift(window[0]), edit.lift(window[1]));
                found.extend((from..to).filter(|at| {
                    *at <= edit.length_ms && edit.shown(*at).is_some()
                }));
            }
            prop_assert_eq!(found, stays(&edit));
        }

        #[test]
        fn what_is_said_while_it_plays_is_never_in_a_cut(edit in edits(), at in 0..=LENGTH_MAX) {
            let at = at.min(edit.length_ms);
            let placed = edit.place(at);
            prop_assert!((0..=edit.length_ms).contains(&placed));
            let shown = edit.shown(placed);
            prop_assert!(shown.is_some_and(|shown| shown == at || at > shown), "{:?}", shown);
        }
    }

    #[test]
    fn what_is_stored_reads_back_and_what_is_uncut_is_nothing() {
        let cut = |from_ms, to_ms| Cut { from_ms, to_ms };
        let edit = Edit::new(&[cut(0, 10), cut(10, 20), cut(50, 60)], 100).unwrap();
        assert_eq!(edit.cuts(), [cut(0, 20), cut(50, 60)], "those that touch are one");
        assert_eq!(Edit::of_text(edit.to_text().as_deref()), edit);
        assert_eq!(Edit::new(&[], 100).unwrap().to_text(), None);
        let none = Edit::of_text(None);
        assert_eq!((none.shown(7), none.near(7)), (Some(7), 7));
        assert_eq!((none.lift(7), none.place(7)), (7, 7));
    }

    #[test]
    fn cuts_that_make_no_sense_are_refused() {
        let refused = |cuts: &[(i64, i64)]| {
            let cut = |&(from_ms, to_ms): &(i64, i64)| Cut { from_ms, to_ms };
            let cuts: Vec<_> = cuts.iter().map(cut).collect();
            Edit::new(&cuts, 100).unwrap_err().code()
        };
        for cuts in [
            &[(5, 5)][..],
            &[(6, 5)],
            &[(-1, 5)],
            &[(90, 101)],
            &[(10, 20), (19, 30)],
            &[(10, 20), (0, 5)],
            &[(0, 50), (50, 100)],
        ] {
            assert_eq!(refused(cuts), Code::BadRequest, "{cuts:?}");
        }
        let many: Vec<_> = (0..=CUTS_MAX as i64).map(|at| (at, at + 1)).collect();
        assert_eq!(refused(&many), Code::LimitExceeded);
    }
}
