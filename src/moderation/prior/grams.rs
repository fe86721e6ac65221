//! The weights by gram: one for each character and for each pair of neighbours that was learned.

use super::CLASSES;
use crate::moderation::alphabet::{Alphabet, NONE};

/// By class the weights of some grams together, and behind them how many grams are known.
pub(super) type Sums = [i32; CLASSES + 1];
/// The weights of a gram, by class.
pub(super) type Weights = [i8; CLASSES];

/// What has weights: a character, a pair of neighbours, or a pair of syllables by their symbols.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Gram {
    One(char),
    Two(char, char),
    Sound(u16, u16),
}

/// A pair's place in the table.
#[derive(Clone, Copy, Debug, Default)]
struct Slot {
    /// Both symbols; 0 where the place is free.
    pair: u32,
    weights: Weights,
}

/// The weights of pairs of symbols, in one open table, at most half full, in which most are found at
/// the first look.
#[derive(Debug)]
struct Pairs {
    slots: Box<[Slot]>,
    /// How many bits of a pair's hash are left out.
    shift: u32,
}

/// The weights of characters, of pairs of them, and of pairs of syllables.
///
/// Characters are numbered, as syllables are, so that a pair is a small number.
#[derive(Debug)]
pub(super) struct Grams {
    alphabet: Alphabet,
    /// By symbol; `None` for a character that stands in pairs alone.
    singles: Vec<Option<Weights>>,
    pairs: Pairs,
    sounds: Pairs,
}

impl Grams {
    /// Takes `grams`, each once; `None` when there are more characters than can be numbered.
    pub(super) fn new(grams: &[(Gram, Weights)]) -> Option<Self> {
        let count = |is: fn(&Gram) -> bool| grams.iter().filter(|(gram, _)| is(gram)).count();
        let mut table = Self {
            alphabet: Alphabet::default(),
            singles: vec![None],
            pairs: Pairs::with_room(count(|gram| matches!(gram, Gram::Two(..)))),
            sounds: Pairs::with_room(count(|gram| matches!(gram, Gram::Sound(..)))),
        };
        for (gram, weights) in grams {
            match *gram {
                Gram::One(c) => {
                    let symbol = table.number(c)?;
                    table.singles[usize::from(symbol)] = Some(*weights);
                }
                Gram::Two(first, second) => {
                    let symbols = [table.number(first)?, table.number(second)?];
                    table.pairs.add(symbols, *weights);
                }
                Gram::Sound(first, second) => table.sounds.add([first, second], *weights),
            }
        }
        Some(table)
    }

    fn number(&mut self, c: char) -> Option<u16> {
        let symbol = self.alphabet.number(c)?;
        self.singles.resize(self.singles.len().max(usize::from(symbol) + 1), None);
        Some(symbol)
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
        if before != NONE && (is_new || !has(near, [before, symbol])) {
            self.pairs.add_to(&mut sums, [before, symbol]);
        }
        sums
    }

    /// What a syllable adds behind another one, unless both have come up in those of `near`.
    #[inline]
    pub(super) fn sound(&self, before: u16, symbol: u16, near: &[u16]) -> Sums {
        let mut sums = Sums::default();
        if !near.contains(&symbol) || !has(near, [before, symbol]) {
            self.sounds.add_to(&mut sums, [before, symbol]);
        }
        sums
    }
}

impl Pairs {
    fn with_room(count: usize) -> Self {
        let room = (2 * count).next_power_of_two().max(2);
        let shift = u32::BITS - room.trailing_zeros();
        Self { slots: vec![Slot::default(); room].into(), shift }
    }

    fn add(&mut self, symbols: [u16; 2], weights: Weights) {
        let pair = pair(symbols);
        let at = self.place(pair);
        self.slots[at] = Slot { pair, weights };
    }

    #[inline]
    fn add_to(&self, sums: &mut Sums, symbols: [u16; 2]) {
        let slot = self.slots[self.place(pair(symbols))];
        if slot.pair != 0 {
            add(sums, slot.weights);
        }
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

/// Whether both symbols stand side by side among those of `near`.
#[inline]
fn has(near: &[u16], pair: [u16; 2]) -> bool {
    near.windows(2).any(|two| *two == pair)
}

/// A pair as a number that is not 0: symbols are counted from 1 on.
#[inline]
fn pair([first, second]: [u16; 2]) -> u32 {
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
        let ones = chars.iter().zip(0..).map(|(c, at)| (Gram::One(*c), [(at % 100) as i8, 1, 2]));
        let twos = chars.windows(2).zip(0..);
        let twos = twos.map(|(two, at)| (Gram::Two(two[0], two[1]), [-1, at as i8, 3]));
        let sounds = [(Gram::Sound(5, 6), [7, 7, 7])];
        let grams: Vec<_> = ones.skip(1).chain(twos).chain(sounds).collect();
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
        assert_eq!(table.sound(5, 6, &[6, 5]), [7, 7, 7, 1]);
        assert_eq!(table.sound(5, 6, &[5, 6, 5]), [0; 4]);
        assert_eq!(table.sound(6, 5, &[]), [0; 4]);
    }
}
