//! The fair choice of what a crowd's viewers are shown.

use std::{collections::HashSet, hash::Hash};

/// Which of those who came are shown, `places` at most, in the order in which they came. Each author
/// gets one before any gets two; where there are fewer places than authors, and for what is left
/// after the first round, chance decides.
pub(super) fn choose<A: Eq + Hash>(
    authors: &[A],
    places: usize,
    chance: &mut fastrand::Rng,
) -> Vec<usize> {
    if authors.len() <= places {
        return (0..authors.len()).collect();
    }
    let mut seen = HashSet::with_capacity(authors.len());
    let is_first = |at: &usize| seen.insert(&authors[*at]);
    let (mut first, mut rest): (Vec<_>, Vec<_>) = (0..authors.len()).partition(is_first);
    if first.len() > places {
        chance.shuffle(&mut first);
        first.truncate(places);
    } else {
        chance.shuffle(&mut rest);
        rest.truncate(places - first.len());
        first.append(&mut rest);
    }
    first.sort_unstable();
    first
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeSet, HashMap};

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_choice_is_full_in_order_and_fair(
            authors in proptest::collection::vec(0_u8..20, 0..120),
            places in 0_usize..40,
            seed in any::<u64>(),
        ) {
            let chosen = choose(&authors, places, &mut fastrand::Rng::with_seed(seed));
            prop_assert_eq!(chosen.len(), authors.len().min(places));
            prop_assert!(chosen.is_sorted_by(|a, b| a < b), "in order, none twice");
            let came: BTreeSet<_> = authors.iter().collect();
            let shown: BTreeSet<_> = chosen.iter().map(|at| &authors[*at]).collect();
            prop_assert_eq!(shown.len(), came.len().min(places), "one each before two for any");
            let again = choose(&authors, places, &mut fastrand::Rng::with_seed(seed));
            prop_assert_eq!(chosen, again, "the same chance, the same choice");
        }
    }

    #[test]
    fn over_many_ticks_those_who_speak_alike_are_shown_alike_and_who_floods_gains_nothing() {
        // Twenty people say one thing each tick, one says thirty; there are four places.
        let authors: Vec<u8> = (0..20).chain(std::iter::repeat_n(99, 30)).collect();
        let mut chance = fastrand::Rng::with_seed(7);
        let mut shown: HashMap<u8, u32> = HashMap::new();
        for _ in 0..4_200 {
            for at in choose(&authors, 4, &mut chance) {
                *shown.entry(authors[at]).or_default() += 1;
            }
        }
        // 4 200 × 4 places ÷ 21 authors = 800 each; four standard deviations are some 100.
        assert_eq!(shown.len(), 21);
        for (author, times) in shown {
            assert!((690..910).contains(&times), "{author} was shown {times} times");
        }
    }
}
