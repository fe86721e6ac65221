//! The mapping of positions against a count of every one.

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
