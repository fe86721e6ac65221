//! Sets of small numbers, one bit each.

/// A set of numbers, which are small: as many bits as the largest asks for.
#[derive(Clone, Debug, Default)]
pub(super) struct Bits(Vec<u64>);

impl Bits {
    /// An empty set with room for the numbers below `end`.
    pub(super) fn up_to(end: usize) -> Self {
        Self(vec![0; end.div_ceil(64)])
    }

    /// Adds `number`.
    #[inline]
    pub(super) fn add(&mut self, number: usize) {
        let word = number / 64;
        if word >= self.0.len() {
            self.0.resize(word + 1, 0);
        }
        self.0[word] |= 1 << (number % 64);
    }

    /// Adds everything that is in `other`.
    pub(super) fn add_all(&mut self, other: &Self) {
        if other.0.len() > self.0.len() {
            self.0.resize(other.0.len(), 0);
        }
        self.0.iter_mut().zip(&other.0).for_each(|(bits, other)| *bits |= other);
    }

    /// Whether `number` is in the set.
    #[inline]
    pub(super) fn has(&self, number: usize) -> bool {
        self.0.get(number / 64).is_some_and(|bits| bits >> (number % 64) & 1 == 1)
    }

    /// Whether nothing is in the set.
    pub(super) fn is_empty(&self) -> bool {
        self.0.iter().all(|bits| *bits == 0)
    }

    /// The numbers of the set, in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = usize> {
        self.0.iter().enumerate().flat_map(|(word, bits)| {
            let mut left = *bits;
            std::iter::from_fn(move || {
                let at = (left != 0).then(|| left.trailing_zeros() as usize)?;
                left &= left - 1;
                Some(64 * word + at)
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_holds_what_was_added_and_nothing_else(numbers: std::collections::BTreeSet<u16>) {
            let mut bits = Bits::default();
            prop_assert!(bits.is_empty());
            numbers.iter().for_each(|number| bits.add(usize::from(*number)));
            prop_assert_eq!(bits.is_empty(), numbers.is_empty());
            let mut all = Bits::default();
            all.add_all(&bits);
            prop_assert!(all.iter().eq(bits.iter()));
            let held: Vec<usize> = numbers.iter().map(|number| usize::from(*number)).collect();
            prop_assert_eq!(bits.iter().collect::<Vec<_>>(), held);
            prop_assert!((0..1_000).all(|number| bits.has(number) == numbers.contains(&(number as u16))));
        }
    }
}
