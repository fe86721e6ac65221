//! The characters that words are written with, numbered, and the automaton that reads such numbers.
//!
//! A word list uses some thousand characters. As two bytes each, of which the first alone has its
//! high bit set, texts are a third shorter than in UTF-8, a place in them is half of an offset, and
//! no word is ever found between two characters.

use std::collections::HashMap;

use aho_corasick::{
    Anchored, BuildError, MatchKind,
    automaton::Automaton,
    nfa::contiguous::{Builder, NFA},
};

/// What stands for every character that no word has.
pub(super) const NONE: u16 = 0;
/// How many numbers two bytes take.
const SYMBOLS: usize = 1 << 14;
/// Characters of the basic plane.
const BASIC: usize = 1 << 16;

/// Numbers for characters, from 1 on.
#[derive(Debug)]
pub(super) struct Alphabet {
    basic: Box<[u16]>,
    /// The few beyond the basic plane.
    beyond: HashMap<char, u16>,
    count: usize,
}

impl Default for Alphabet {
    fn default() -> Self {
        Self { basic: vec![NONE; BASIC].into(), beyond: HashMap::new(), count: 0 }
    }
}

impl Alphabet {
    /// The number of `c`, a new one when it has none; `None` when all are taken.
    pub(super) fn number(&mut self, c: char) -> Option<u16> {
        let place = match self.basic.get_mut(u32::from(c) as usize) {
            Some(place) => place,
            None => self.beyond.entry(c).or_insert(NONE),
        };
        if *place == NONE {
            self.count = (self.count + 1 < SYMBOLS).then_some(self.count + 1)?;
            *place = self.count as u16;
        }
        Some(*place)
    }

    /// The number of `c`, or [`NONE`].
    #[inline]
    pub(super) fn symbol(&self, c: char) -> u16 {
        match self.basic.get(u32::from(c) as usize) {
            Some(symbol) => *symbol,
            None => self.beyond.get(&c).copied().unwrap_or(NONE),
        }
    }
}

/// A symbol as the automaton reads it.
#[inline]
fn written(symbol: u16) -> [u8; 2] {
    [0x80 | (symbol >> 7) as u8, (symbol & 0x7f) as u8]
}

/// Finds every one of many sequences of symbols.
///
/// The contiguous automaton stays small when lists grow; a DFA does not fit the caches.
#[derive(Debug)]
pub(super) struct Automaton16(NFA);

/// Where a sequence was found, in symbols.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Spot {
    /// Which sequence, in the order they were given.
    pub(super) sequence: u32,
    pub(super) from: u32,
    pub(super) to: u32,
}

impl Automaton16 {
    /// Takes sequences of symbols.
    ///
    /// # Errors
    /// When there are more than the automaton takes.
    pub(super) fn new(sequences: &[Vec<u16>]) -> Result<Self, BuildError> {
        let bytes = |symbols: &Vec<u16>| -> Vec<u8> {
            symbols.iter().flat_map(|symbol| written(*symbol)).collect()
        };
        let builder = &mut Builder::new();
        Ok(Self(builder.match_kind(MatchKind::Standard).build(sequences.iter().map(bytes))?))
    }

    /// How many bytes it takes.
    pub(super) fn memory_usage(&self) -> usize {
        self.0.memory_usage()
    }

    /// Calls `each` with everything that is found, by its end.
    #[inline]
    pub(super) fn find(&self, symbols: impl Iterator<Item = u16>, mut each: impl FnMut(Spot)) {
        let nfa = &self.0;
        let Ok(mut state) = nfa.start_state(Anchored::No) else { return };
        for (at, symbol) in symbols.enumerate() {
            let [first, second] = written(symbol);
            state = nfa.next_state(Anchored::No, state, first);
            state = nfa.next_state(Anchored::No, state, second);
            // Sequences end behind the second byte of a symbol, and nowhere else.
            if !nfa.is_special(state) || !nfa.is_match(state) {
                continue;
            }
            for index in 0..nfa.match_len(state) {
                let sequence = nfa.match_pattern(state, index);
                let (to, length) = (at + 1, nfa.pattern_len(sequence) / 2);
                each(Spot {
                    sequence: sequence.as_u32(),
                    from: (to - length) as u32,
                    to: to as u32,
                });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn symbols(alphabet: &Alphabet, text: &str) -> Vec<u16> {
        text.chars().map(|c| alphabet.symbol(c)).collect()
    }

    #[test]
    fn every_sequence_is_found_where_it_stands_and_nothing_across_strange_characters() {
        let mut alphabet = Alphabet::default();
        let words = ["微信", "加微信", "信", "𠮷v"];
        words.iter().flat_map(|word| word.chars()).for_each(|c| {
            alphabet.number(c).unwrap();
        });
        let sequences: Vec<_> = words.iter().map(|word| symbols(&alphabet, word)).collect();
        let automaton = Automaton16::new(&sequences).unwrap();
        let mut spots = Vec::new();
        automaton.find(symbols(&alphabet, "请加微信，微，信𠮷v").into_iter(), |it| {
            spots.push((it.sequence, it.from, it.to));
        });
        assert_eq!(spots, [(1, 1, 4), (0, 2, 4), (2, 3, 4), (2, 7, 8), (3, 8, 10)]);
    }

    #[test]
    fn an_alphabet_gives_one_number_to_one_character_until_all_are_taken() {
        let mut alphabet = Alphabet::default();
        let chars = || ('\u{4e00}'..='\u{9fff}').take(SYMBOLS - 1);
        assert!(chars().all(|c| alphabet.number(c).is_some()));
        assert_eq!(alphabet.number('a'), None);
        assert_eq!(alphabet.number('\u{4e00}'), Some(1));
        assert_eq!(alphabet.symbol('a'), NONE);
    }
}
