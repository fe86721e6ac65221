//! Readings: a text without what stands between its words, as automata search it.
//!
//! The plain reading leaves out blanks, punctuation and pictures. Others read something else into
//! the text: the name of a picture, or one character for two that are its halves.

use std::{collections::HashMap, ops::Range, sync::LazyLock};

use super::{
    alphabet::Alphabet,
    fold::{Entry, Table, lines},
    text::{Break, Char, Text},
};

/// A character of a reading.
#[derive(Clone, Copy, Debug)]
struct Place {
    /// Where what it stands for begins and ends in the text, in characters.
    from: u32,
    to: u32,
    /// Whether it was read into the text.
    is_read_in: bool,
}

/// A reading of a text.
#[derive(Debug)]
pub(super) struct Reading<'a> {
    alphabet: &'a Alphabet,
    symbols: Vec<u16>,
    places: Vec<Place>,
}

/// What a reading's part stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Origin {
    /// Where it stands in the text, in characters.
    pub(super) at: Range<usize>,
    /// How many of its characters were read into the text.
    pub(super) read_in: usize,
    /// How many characters it has in the reading.
    pub(super) chars: usize,
    /// The gaps between the characters of it: the strongest break, how many gaps, how many of the
    /// neighbours are parted, and the widest.
    pub(super) gaps: Gaps,
}

/// What stands between the characters of a part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Gaps {
    pub(super) strongest: Break,
    /// How many pairs of neighbours there are.
    pub(super) pairs: usize,
    /// How many of them are parted.
    pub(super) parted: usize,
    /// The widest gap, in characters.
    pub(super) widest: usize,
}

impl<'a> Reading<'a> {
    /// The text without what stands between words.
    pub(super) fn plain(text: &Text, alphabet: &'a Alphabet) -> Self {
        let mut reading = Self::with_room(text, alphabet);
        for (at, char) in text.chars().iter().enumerate() {
            reading.take(text, at, char);
        }
        reading
    }

    /// The text with pictures read as their names; `None` when there are none.
    pub(super) fn of_pictures(text: &Text, alphabet: &'a Alphabet) -> Option<Self> {
        let names = &*PICTURES;
        let is_named = |char: &Char| char.kind == Break::Sign && names.get(char.c) != Entry::Itself;
        text.chars().iter().find(|char| is_named(char))?;
        let mut reading = Self::with_room(text, alphabet);
        for (at, char) in text.chars().iter().enumerate() {
            let mut name = [0; 4];
            let name = match names.get(char.c) {
                Entry::One(one) if is_named(char) => one.encode_utf8(&mut name),
                Entry::Many(many) if is_named(char) => many,
                _ => {
                    reading.take(text, at, char);
                    continue;
                }
            };
            name.chars().for_each(|c| reading.push(c, at..at + 1, true));
        }
        Some(reading)
    }

    /// The text with halves that stand together read as one character; `None` when there are none.
    pub(super) fn of_halves(text: &Text, alphabet: &'a Alphabet, halves: &Halves) -> Option<Self> {
        let chars = text.chars();
        let whole = |at: usize| halves.whole(chars.get(at)?.c, chars.get(at + 1)?.c);
        (0..chars.len()).find_map(whole)?;
        let mut reading = Self::with_room(text, alphabet);
        let mut at = 0;
        while let Some(char) = chars.get(at) {
            if let Some(whole) = whole(at) {
                reading.push(whole, at..at + 2, true);
                at += 2;
            } else {
                reading.take(text, at, char);
                at += 1;
            }
        }
        Some(reading)
    }

    /// The text with characters that are written twice read once; `None` when there are none.
    pub(super) fn of_repeats(text: &Text, alphabet: &'a Alphabet) -> Option<Self> {
        let is_pair = |pair: &[Char]| {
            pair[0].c == pair[1].c && !pair[0].c.is_ascii() && pair[0].kind == Break::Word
        };
        text.chars().windows(2).find(|pair| is_pair(pair))?;
        let mut reading = Self::with_room(text, alphabet);
        let mut at = 0;
        for run in text.chars().chunk_by(|a, b| is_pair(&[*a, *b])) {
            match run {
                [one] => reading.take(text, at, one),
                _ => reading.push(run[0].c, at..at + run.len(), true),
            }
            at += run.len();
        }
        Some(reading)
    }

    fn with_room(text: &Text, alphabet: &'a Alphabet) -> Self {
        let chars = text.len();
        let (symbols, places) = (Vec::with_capacity(chars), Vec::with_capacity(chars));
        Self { alphabet, symbols, places }
    }

    /// Takes a character of the text as it is. A plus before a word is how people write 加.
    #[inline]
    fn take(&mut self, text: &Text, at: usize, char: &Char) {
        if char.kind == Break::Word {
            self.push(char.c, at..at + 1, false);
        } else if char.c == '+' {
            let is_digit = |at: Option<usize>| {
                at.and_then(|at| text.at(at)).is_some_and(|c| c.is_ascii_digit())
            };
            if !is_digit(Some(at + 1)) && !is_digit(at.checked_sub(1)) {
                self.push('加', at..at + 1, false);
            }
        }
    }

    #[inline]
    fn push(&mut self, c: char, at: Range<usize>, is_read_in: bool) {
        let (from, to) = (at.start as u32, at.end as u32);
        self.places.push(Place { from, to, is_read_in });
        self.symbols.push(self.alphabet.symbol(c));
    }

    /// What automata search.
    pub(super) fn symbols(&self) -> impl Iterator<Item = u16> {
        self.symbols.iter().copied()
    }

    /// What the symbols of `range` in the reading stand for.
    pub(super) fn origin(&self, text: &Text, range: Range<usize>) -> Option<Origin> {
        let places = self.places.get(range)?;
        let (first, last) = (places.first()?, places.last()?);
        Some(Origin {
            at: first.from as usize..last.to as usize,
            read_in: places.iter().filter(|place| place.is_read_in).count(),
            chars: places.len(),
            gaps: gaps(text, places),
        })
    }
}

fn gaps(text: &Text, places: &[Place]) -> Gaps {
    let mut gaps = Gaps { strongest: Break::Word, pairs: 0, parted: 0, widest: 0 };
    for pair in places.windows(2) {
        // The characters of one picture's name stand for one place.
        if pair[0].from == pair[1].from {
            continue;
        }
        gaps.pairs += 1;
        let between = pair[0].to as usize..pair[1].from as usize;
        if !between.is_empty() {
            gaps.parted += 1;
            gaps.widest = gaps.widest.max(between.len());
            gaps.strongest = gaps.strongest.max(text.strongest(between));
        }
    }
    gaps
}

/// Pictures and their names (Unicode CLDR).
static PICTURES: LazyLock<Table> = LazyLock::new(|| {
    let mut table = Table::new();
    for (picture, name) in lines(include_str!("tables/emoji.txt")) {
        let mut chars = picture.chars();
        if let (Some(picture), None) = (chars.next(), chars.next()) {
            table.set(picture, name);
        }
    }
    table
});

/// Characters that are the halves of another, for those that are wanted whole.
#[derive(Debug, Default)]
pub(super) struct Halves {
    wholes: HashMap<(char, char), char>,
    /// One bit for each character of the basic plane that is a left half.
    lefts: Vec<u64>,
}

impl Halves {
    /// The halves of the characters that `is_wanted` wants.
    pub(super) fn of(is_wanted: impl Fn(char) -> bool) -> Self {
        let mut halves = Self { wholes: HashMap::new(), lefts: vec![0; 1 << 10] };
        for (whole, splits) in lines(include_str!("tables/parts.txt")) {
            let Some(whole) = whole.chars().next().filter(|c| is_wanted(*c)) else { continue };
            for split in splits.split('\t') {
                let mut chars = split.chars();
                if let (Some(left), Some(right), None) = (chars.next(), chars.next(), chars.next())
                {
                    let code = u32::from(left) as usize;
                    if let Some(bits) = halves.lefts.get_mut(code / 64) {
                        *bits |= 1 << (code % 64);
                        halves.wholes.entry((left, right)).or_insert(whole);
                    }
                }
            }
        }
        halves
    }

    #[inline]
    fn whole(&self, left: char, right: char) -> Option<char> {
        let code = u32::from(left) as usize;
        let is_left = self.lefts.get(code / 64).is_some_and(|bits| bits >> (code % 64) & 1 == 1);
        if is_left { self.wholes.get(&(left, right)).copied() } else { None }
    }
}
