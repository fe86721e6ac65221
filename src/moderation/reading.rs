//! Readings: a text without what stands between its words, as automata search it.
//!
//! The plain reading leaves out blanks, punctuation and pictures. Others read something else into
//! the text: the name of a picture, or one character for two that are its halves.

use std::{collections::HashMap, ops::Range, sync::LazyLock};

use super::{
    fold::{Entry, Table, lines},
    text::{Break, Text, kind},
};

/// A character of a reading.
#[derive(Clone, Copy, Debug)]
struct Place {
    /// Where it begins in the reading, in bytes.
    byte: u32,
    /// Where what it stands for begins and ends in the text, in characters.
    from: u32,
    to: u32,
    /// Whether it was read into the text.
    is_read_in: bool,
}

/// A reading of a text.
#[derive(Debug, Default)]
pub(super) struct Reading {
    text: String,
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

impl Reading {
    /// The text without what stands between words.
    pub(super) fn plain(text: &Text) -> Self {
        let mut reading = Self::with_room(text);
        for (at, char) in text.chars().iter().enumerate() {
            reading.take(text, at, char.c);
        }
        reading
    }

    /// The text with pictures read as their names; `None` when there are none.
    pub(super) fn of_pictures(text: &Text) -> Option<Self> {
        let names = &*PICTURES;
        let is_named = |c: char| kind(c) == Break::Sign && names.get(c) != Entry::Itself;
        text.chars().iter().find(|char| is_named(char.c))?;
        let mut reading = Self::with_room(text);
        for (at, char) in text.chars().iter().enumerate() {
            let mut name = [0; 4];
            let name = match names.get(char.c) {
                Entry::One(one) if is_named(char.c) => one.encode_utf8(&mut name),
                Entry::Many(many) if is_named(char.c) => many,
                _ => {
                    reading.take(text, at, char.c);
                    continue;
                }
            };
            name.chars().for_each(|c| reading.push(c, at..at + 1, true));
        }
        Some(reading)
    }

    /// The text with halves that stand together read as one character; `None` when there are none.
    pub(super) fn of_halves(text: &Text, halves: &Halves) -> Option<Self> {
        let whole = |at: usize| halves.whole(text.at(at)?, text.at(at + 1)?);
        (0..text.len()).find_map(whole)?;
        let mut reading = Self::with_room(text);
        let mut at = 0;
        while let Some(c) = text.at(at) {
            if let Some(whole) = whole(at) {
                reading.push(whole, at..at + 2, true);
                at += 2;
            } else {
                reading.take(text, at, c);
                at += 1;
            }
        }
        Some(reading)
    }

    /// The text with characters that are written twice read once; `None` when there are none.
    pub(super) fn of_repeats(text: &Text) -> Option<Self> {
        let is_repeated = |at: usize| {
            let pair = (text.at(at), text.at(at + 1));
            pair.0 == pair.1 && pair.0.is_some_and(|c| !c.is_ascii() && kind(c) == Break::Word)
        };
        (0..text.len()).find(|at| is_repeated(*at))?;
        let mut reading = Self::with_room(text);
        let mut at = 0;
        while let Some(c) = text.at(at) {
            let from = at;
            while is_repeated(at) {
                at += 1;
            }
            at += 1;
            match at - from {
                1 => reading.take(text, from, c),
                _ => reading.push(c, from..at, true),
            }
        }
        Some(reading)
    }

    fn with_room(text: &Text) -> Self {
        let chars = text.len();
        Self { text: String::with_capacity(3 * chars), places: Vec::with_capacity(chars) }
    }

    /// Takes a character of the text as it is. A plus before a word is how people write 加.
    fn take(&mut self, text: &Text, at: usize, c: char) {
        if kind(c) == Break::Word {
            self.push(c, at..at + 1, false);
        } else if c == '+' {
            let is_digit = |at: Option<usize>| {
                at.and_then(|at| text.at(at)).is_some_and(|c| c.is_ascii_digit())
            };
            if !is_digit(Some(at + 1)) && !is_digit(at.checked_sub(1)) {
                self.push('加', at..at + 1, false);
            }
        }
    }

    fn push(&mut self, c: char, at: Range<usize>, is_read_in: bool) {
        let byte = self.text.len() as u32;
        let (from, to) = (at.start as u32, at.end as u32);
        self.places.push(Place { byte, from, to, is_read_in });
        self.text.push(c);
    }

    /// What automata search.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// What the bytes of `range` in the reading stand for.
    pub(super) fn origin(&self, text: &Text, range: Range<usize>) -> Option<Origin> {
        let index = |byte: usize| self.places.partition_point(|place| (place.byte as usize) < byte);
        let places = &self.places[index(range.start)..index(range.end)];
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

    fn whole(&self, left: char, right: char) -> Option<char> {
        let code = u32::from(left) as usize;
        let is_left = self.lefts.get(code / 64).is_some_and(|bits| bits >> (code % 64) & 1 == 1);
        if is_left { self.wholes.get(&(left, right)).copied() } else { None }
    }
}
