//! How a text sounds: syllables of characters and of Latin letters, and patterns found among them.
//!
//! Only patterns that ask for it are looked for by sound: read aloud, half of all ordinary speech is
//! like something forbidden.

use std::{
    collections::{HashMap, HashSet},
    ops::Range,
    sync::LazyLock,
};

use aho_corasick::BuildError;

use super::{
    alphabet::{Automaton16, Spot},
    fold::lines,
    polyphone,
    text::{Break, Text},
};

/// The longest syllable (zhuang, chuang, shuang).
const SYLLABLE_MAX: usize = 6;
/// The longest run of Latin letters that is read as syllables.
const LATIN_MAX: usize = 32;
/// The longest run of Latin letters that is read as initials.
const INITIALS_MAX: usize = 3;
/// What stands for anything that has no sound, so that nothing is found across it.
const SILENCE: u16 = 0;

/// The syllables of the language.
struct Syllables {
    /// By character of the basic plane; [`SILENCE`] for what has no sound.
    of: Vec<u16>,
    /// By spelling; single letters are initials.
    spelled: HashMap<&'static str, u16>,
    /// Ordinary words that sound like a guarded one.
    heard: HashSet<&'static str>,
}

static SYLLABLES: LazyLock<Syllables> = LazyLock::new(|| {
    let (mut of, mut spelled) = (vec![SILENCE; 1 << 16], HashMap::new());
    let mut next = SILENCE + 1 + 26;
    for (syllable, chars) in lines(include_str!("tables/pinyin.txt")) {
        let symbol = *spelled.entry(syllable).or_insert_with(|| {
            next += 1;
            next
        });
        for c in chars.chars() {
            if let Some(of) = of.get_mut(u32::from(c) as usize) {
                *of = symbol;
            }
        }
    }
    let heard = lines(include_str!("tables/heard.txt")).map(|(word, _)| word).collect();
    Syllables { of, spelled, heard }
});

impl Syllables {
    #[inline]
    fn of(&self, c: char) -> Option<u16> {
        let symbol = self.of.get(u32::from(c) as usize).copied();
        symbol.filter(|symbol| *symbol != SILENCE)
    }
}

fn initial(letter: u8) -> u16 {
    SILENCE + 1 + u16::from(letter.saturating_sub(b'a'))
}

/// How one syllable of a text is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Written {
    Character(char),
    Letters,
    Initial,
    Nothing,
}

/// One syllable of a text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Syllable {
    symbol: u16,
    written: Written,
    /// Where it stands in the text, in characters.
    from: u32,
    to: u32,
}

impl Syllable {
    /// Which syllable it is; `None` for an initial and for what has no sound.
    #[inline]
    pub(super) fn symbol(&self) -> Option<u16> {
        let is_whole = matches!(self.written, Written::Character(_) | Written::Letters);
        (is_whole && self.symbol != SILENCE).then_some(self.symbol)
    }

    /// The last character of the text that it stands for.
    #[inline]
    pub(super) fn last(&self) -> usize {
        self.to as usize - 1
    }
}

/// How a pattern that was found by its sound is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Heard {
    /// Syllables that other characters are written for.
    pub(super) replaced: usize,
    /// Syllables in Latin letters.
    pub(super) spelled: usize,
    /// Syllables of which only the first letter is written.
    pub(super) initials: usize,
    /// All syllables.
    pub(super) syllables: usize,
}

/// The patterns that are looked for by sound.
#[derive(Debug)]
pub(super) struct Sounds {
    automaton: Automaton16,
    /// By sequence of the automaton: which of `words` it spells.
    spells: Vec<u32>,
    words: Vec<(Box<[char]>, u32)>,
}

impl Sounds {
    /// Compiles folded patterns, each with the number that it is found by. Patterns that are not two
    /// to eight characters with a sound are passed over.
    pub(super) fn new<'a>(
        patterns: impl Iterator<Item = (&'a str, u32)>,
    ) -> Result<Self, BuildError> {
        let (mut sequences, mut spells, mut words) = (Vec::new(), Vec::new(), Vec::new());
        for (pattern, id) in patterns {
            let chars: Vec<char> = pattern.chars().collect();
            let symbols: Option<Vec<u16>> = chars.iter().map(|c| SYLLABLES.of(*c)).collect();
            let Some(symbols) = symbols.filter(|it| (2..=8).contains(&it.len())) else { continue };
            let mut add = |symbols: &[u16]| {
                sequences.push(symbols.to_vec());
                spells.push(words.len() as u32);
            };
            add(&symbols);
            for at in 0..symbols.len() {
                let mut shortened = symbols.clone();
                let Some(letter) = first_letter(symbols[at]) else { continue };
                shortened[at] = initial(letter);
                add(&shortened);
                for reading in polyphone::others(chars[at]) {
                    let Some(symbol) = SYLLABLES.spelled.get(reading) else { continue };
                    let mut other = symbols.clone();
                    other[at] = *symbol;
                    add(&other);
                }
            }
            words.push((chars.into(), id));
        }
        Ok(Self { automaton: Automaton16::new(&sequences)?, spells, words })
    }

    /// How many bytes the automaton takes.
    pub(super) fn memory_usage(&self) -> usize {
        self.automaton.memory_usage()
    }

    /// Calls `each` with the number of every word that is heard among `syllables`, and with where,
    /// which [`Sounds::heard`] takes. What is written as it is comes up too.
    pub(super) fn find(&self, syllables: &[Syllable], mut each: impl FnMut(u32, Spot)) {
        if self.words.is_empty() {
            return;
        }
        self.automaton.find(syllables.iter().map(|syllable| syllable.symbol), |spot| {
            let (_, id) = self.words[self.spells[spot.sequence as usize] as usize];
            each(id, spot);
        });
    }

    /// Where a word that was heard stands in the text, and how it is written; `None` for what is
    /// written as it is, and for ordinary words.
    pub(super) fn heard(
        &self,
        syllables: &[Syllable],
        spot: Spot,
    ) -> Option<(Range<usize>, Heard)> {
        let (word, _) = &self.words[self.spells[spot.sequence as usize] as usize];
        let part = syllables.get(spot.from as usize..spot.to as usize)?;
        let (first, last) = (part.first()?, part.last()?);
        let heard = compare(word, part);
        let is_as_written = heard.replaced + heard.spelled + heard.initials == 0;
        let at = first.from as usize..last.to as usize;
        (!is_as_written && !is_ordinary(part, &heard)).then_some((at, heard))
    }
}

fn compare(word: &[char], part: &[Syllable]) -> Heard {
    let mut heard = Heard { replaced: 0, spelled: 0, initials: 0, syllables: part.len() };
    for (wanted, syllable) in word.iter().zip(part) {
        match syllable.written {
            Written::Character(c) if c == *wanted => {}
            Written::Character(_) => heard.replaced += 1,
            Written::Letters => heard.spelled += 1,
            Written::Initial => heard.initials += 1,
            Written::Nothing => {}
        }
    }
    heard
}

/// 威信 sounds like 微信, and is a word of its own.
fn is_ordinary(part: &[Syllable], heard: &Heard) -> bool {
    if heard.spelled + heard.initials > 0 {
        return false;
    }
    let word: String = part
        .iter()
        .filter_map(|syllable| match syllable.written {
            Written::Character(c) => Some(c),
            _ => None,
        })
        .collect();
    SYLLABLES.heard.contains(word.as_str())
}

/// The syllables of a text, in order.
pub(super) fn listen(text: &Text) -> Vec<Syllable> {
    let mut syllables = Vec::with_capacity(text.len());
    let mut at = 0;
    while let Some(char) = text.chars().get(at) {
        let (c, kind) = (char.c, char.kind);
        if c.is_ascii_lowercase() {
            at = spell(text, at, &mut syllables);
            continue;
        }
        let (from, to) = (at as u32, at as u32 + 1);
        let written = Written::Character(c);
        match SYLLABLES.of(c) {
            Some(symbol) => syllables.push(Syllable { symbol, written, from, to }),
            // Two clauses are not read in one breath; a blank or a sign within a word is.
            None if kind == Break::Word || kind >= Break::Clause => {
                let written = Written::Nothing;
                syllables.push(Syllable { symbol: SILENCE, written, from, to });
            }
            None => {}
        }
        at += 1;
    }
    syllables
}

/// Reads the Latin letters from `at` on; where they end.
fn spell(text: &Text, at: usize, syllables: &mut Vec<Syllable>) -> usize {
    let is_letter = |at: usize| text.at(at).is_some_and(|c| c.is_ascii_lowercase());
    let (mut places, mut end) = (Vec::new(), at);
    while is_letter(end) {
        places.push(end);
        end += 1;
        // Letters that are parted one by one are read together.
        let is_lone = |at: usize| is_letter(at) && !is_letter(at + 1);
        let is_parted =
            text.chars().get(end).is_some_and(|it| matches!(it.kind, Break::Blank | Break::Sign));
        let was_lone = places.len() == 1 || places[places.len() - 2] + 1 < places[places.len() - 1];
        if is_parted && was_lone && is_lone(end + 1) {
            end += 1;
        }
    }
    let letters: String = places.iter().filter_map(|at| text.at(*at)).collect();
    let mut push = |symbol, written, range: Range<usize>| {
        let (from, to) = (places[range.start] as u32, places[range.end - 1] as u32 + 1);
        syllables.push(Syllable { symbol, written, from, to });
    };
    match segment(&letters) {
        Some(lengths) => {
            let mut from = 0;
            for length in lengths {
                let symbol = SYLLABLES.spelled.get(&letters[from..from + length]);
                push(symbol.copied().unwrap_or(SILENCE), Written::Letters, from..from + length);
                from += length;
            }
        }
        // A. and B、 are labels of options.
        None if letters.len() == 1 && is_label(text, end) => {
            push(SILENCE, Written::Nothing, 0..places.len());
        }
        None if letters.len() <= INITIALS_MAX => {
            for (at, letter) in letters.bytes().enumerate() {
                push(initial(letter), Written::Initial, at..at + 1);
            }
        }
        None => push(SILENCE, Written::Nothing, 0..places.len()),
    }
    end
}

/// Whether a sign that ends labels stands at `at`.
fn is_label(text: &Text, at: usize) -> bool {
    text.at(at).is_some_and(|c| matches!(c, '.' | '、' | ':' | ')'))
}

/// How letters part into syllables, the fewest there can be; `None` when they do not.
fn segment(letters: &str) -> Option<Vec<usize>> {
    let count = letters.len();
    if !(2..=LATIN_MAX).contains(&count) {
        return None;
    }
    // The last syllable of the best way to read the first n letters, and how many that way has.
    let mut best: Vec<Option<(usize, usize)>> = vec![None; count + 1];
    best[0] = Some((0, 0));
    for end in 1..=count {
        for length in 1..=SYLLABLE_MAX.min(end) {
            let Some((_, before)) = best[end - length] else { continue };
            let is_syllable = SYLLABLES.spelled.contains_key(&letters[end - length..end]);
            if is_syllable && best[end].is_none_or(|(_, fewest)| before + 1 < fewest) {
                best[end] = Some((length, before + 1));
            }
        }
    }
    let (mut lengths, mut end) = (Vec::new(), count);
    while end > 0 {
        let (length, _) = best[end]?;
        lengths.push(length);
        end -= length;
    }
    lengths.reverse();
    Some(lengths)
}

fn first_letter(symbol: u16) -> Option<u8> {
    static LETTERS: LazyLock<HashMap<u16, u8>> = LazyLock::new(|| {
        let spelled = SYLLABLES.spelled.iter();
        spelled.map(|(spelling, symbol)| (*symbol, spelling.as_bytes()[0])).collect()
    });
    LETTERS.get(&symbol).copied()
}

/// How a character is spelled, by its most usual reading.
pub(super) fn spelling(c: char) -> Option<&'static str> {
    spelling_of(SYLLABLES.of(c)?)
}

/// How a syllable is spelled.
pub(super) fn spelling_of(symbol: u16) -> Option<&'static str> {
    let mut spelled = SYLLABLES.spelled.iter().filter(|(_, of)| **of == symbol);
    spelled.next().map(|(spelling, _)| *spelling)
}

/// The syllable that is spelled so.
pub(super) fn syllable(spelling: &str) -> Option<u16> {
    SYLLABLES.spelled.get(spelling).copied()
}
