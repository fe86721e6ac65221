//! The weights by gram: one for each character and for each pair of neighbours that was learned.

use super::CLASSES;
use crate::moderation::alphabet::{Alphabet, NONE};

/// By class the weights of some grams together, and behind them how many grams are known.
pub(super) type Sums = [i32; CLASSES + 1];
/// The weights of a gram, by class.
pub(super) type Weights = [i8; CLASSES];

/// A pair's place in the table.
#[derive(Clone, Copy, Debug, Default)]
struct Slot {
    /// Both symbols; 0 where the place is free.
    pair: u32,
    weights: Weights,
}

/// The weights of characters and pairs.
///
/// Characters are numbered, so that a pair is a small number; the pairs lie in one open table, at
/// most half full, in which most are found at the first look.
#[derive(Debug)]
pub(super) struct Grams {
    alphabet: Alphabet,
    /// By symbol; `None` for a character that stands in pairs alone.
    singles: Vec<Option<Weights>>,
    slots: Box<[Slot]>,
    /// How many bits of a pair's hash are left out.
    shift: u32,
}

impl Grams {
    /// Takes `grams`, each of one or two characters and each once; `None` when there are more
    /// characters than can be numbered.
    pub(super) fn new(grams: &[(Vec<char>, Weights)]) -> Option<Self> {
        let pairs = grams.iter().filter(|(chars, _)| chars.len() == 2).count();
        let room = (2 * pairs).next_power_of_two().max(2);
        let mut table = Self {
            alphabet: Alphabet::default(),
            singles: vec![None],
            slots: vec![Slot::default(); room].into(),
            shift: u32::BITS - room.trailing_zeros(),
        };
        for (chars, weights) in grams {
            let mut symbols = [NONE; 2];
            for (symbol, c) in symbols.iter_mut().zip(chars) {
                *symbol = table.alphabet.number(*c)?;
                table.singles.resize(table.singles.len().max(usize::from(*symbol) + 1), None);
            }
            match symbols {
                [one, NONE] => table.singles[usize::from(one)] = Some(*weights),
                [first, second] => {
                    let pair = pair(first, second);
                    let at = table.place(pair);
                    table.slots[at] = Slot { pair, weights: *weights };
                }
            }
        }
        Some(table)
    }

    /// The symbol of a character, for [`Grams::sums`].
    #[inline]
    pub(super) fn symbol(&self, c: char) -> u16 {
        self.alphabet.symbol(c)
    }

    /// What a character adds that stands behind another one, or at the beginning (`NONE`): what has
    /// come up in the symbols of `near`, which end with the one before, adds nothing.
    #[inline]
    pub(super) fn sums(&self, before: u16, symbol: u16, near: &[u16]) -> Sums {
        let mut sums = Sums::default();
        if symbol == NONE {
            return sums;
        }
        let is_new = !near.contains(&symbol);
        if is_new && let Some(weights) = self.singles[usize::from(symbol)] {
            add(&mut sums, weights);
        }
        if before != NONE && (is_new || !near.windows(2).any(|pair| *pair == [before, symbol])) {
            let slot = self.slots[self.place(pair(before, symbol))];
            if slot.pair != 0 {
                add(&mut sums, slot.weights);
            }
        }
        sums
    }

    /// Where a pair lies, or would lie.
    #[inline]
    fn place(&self, pair: u32) -> usize {
        // Fibonacci hashing: the high bits of the product depend on all of the pair.
        let mut at = (pair.wrapping_mul(0x9e37_79b9) >> self.shift) as usize;
        while ![0, pair].contains(&self.slots[at].pair) {
            at = (at + 1) & (self.slots.len() - 1);
        }
        at
    }
}

/// A pair as a number that is not 0: symbols are counted from 1 on.
#[inline]
fn pair(first: u16, second: u16) -> u32 {
    u32::from(first) << 16 | u32::from(second)
}

#[inline]
fn add(sums: &mut Sums, weights: Weights) {
    let [of @ .., known] = sums;
    of.iter_mut().zip(weights).for_each(|(sum, weight)| *sum += i32::from(weight));
    *known += 1;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_gram_has_its_own_weights_and_others_have_none() {
        let chars: Vec<char> = ('一'..).take(300).collect();
        let ones = chars.iter().zip(0..).map(|(c, at)| (vec![*c], [(at % 100) as i8, 1, 2]));
        let twos = chars.windows(2).zip(0..).map(|(two, at)| (two.to_vec(), [-1, at as i8, 3]));
        let grams: Vec<_> = ones.skip(1).chain(twos).collect();
        let table = Grams::new(&grams).unwrap();
        let symbols: Vec<u16> = chars.iter().map(|c| table.symbol(*c)).collect();
        assert_eq!(table.sums(NONE, symbols[0], &[]), [0; 4], "it stands in a pair alone");
        for at in 1..300 {
            let (first, second) = (symbols[at - 1], symbols[at]);
            let single = [(at % 100) as i32, 1, 2, 1];
            let pair = [-1, i32::from((at - 1) as i8), 3, 1];
            let both: Vec<i32> = single.iter().zip(pair).map(|(one, two)| one + two).collect();
            assert_eq!(table.sums(NONE, second, &[]), single);
            assert_eq!(table.sums(second, second, &[]), single, "an unknown pair adds nothing");
            assert_eq!(table.sums(first, second, &[first]).to_vec(), both);
            assert_eq!(table.sums(first, second, &[second, first]), pair);
            let near = [first, second, first];
            assert_eq!(table.sums(first, second, &near), [0; 4], "once is enough");
        }
        assert_eq!(table.symbol('a'), NONE);
        assert_eq!(table.sums(symbols[1], NONE, &[]), [0; 4]);
    }
}
