//! A folded text in which every character knows where in the original it comes from.

use std::ops::Range;

use super::fold::{fold, look_alike};

/// What stands between two messages that are read as one: a sign that nobody can write.
pub(super) const JOINT: char = '\u{f8ff}';

/// How far a sentence is followed from a place in it, in characters: texts without punctuation stay
/// cheap to judge.
const SENTENCE_CHARS: usize = 80;

/// A character of a folded text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Char {
    /// The folded character.
    pub(super) c: char,
    /// Where its original begins and ends, in bytes.
    pub(super) start: u32,
    pub(super) end: u32,
    /// Whether it was another sign that means the same, as ① for 1; width, case and script are none.
    pub(super) is_dressed: bool,
    /// How much it parts its neighbours.
    pub(super) kind: Break,
}

/// A folded text. Places in it are counted in its characters.
#[derive(Debug, Default)]
pub(super) struct Text {
    chars: Vec<Char>,
}

/// How much a character parts what stands on both sides of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Break {
    /// Not at all: a letter, a digit, a Chinese character.
    Word,
    /// A blank.
    Blank,
    /// A sign between words: `*`, `-`, `·`, a picture.
    Sign,
    /// It ends a clause: `，`, `、`, `：`.
    Clause,
    /// It ends a sentence: `。`, `！`, a new line.
    Sentence,
}

impl Text {
    /// Folds `original`, in time linear in its length.
    pub(super) fn new(original: &str) -> Self {
        let mut text = Self { chars: Vec::with_capacity(original.len() / 2) };
        text.append(original, 0);
        text
    }

    /// Folds `original` behind what is there; its places count from `from` bytes on.
    pub(super) fn append(&mut self, original: &str, from: usize) {
        let begin = self.chars.len();
        let mut is_foreign = false;
        for (at, c) in original.char_indices() {
            let (start, end) = ((from + at) as u32, (from + at + c.len_utf8()) as u32);
            let is_wide = ('\u{ff01}'..='\u{ff5e}').contains(&c);
            fold(c, |folded| {
                let is_dressed = folded.is_ascii_digit() && folded != c && !is_wide;
                let c = if folded == JOINT { ' ' } else { folded };
                self.chars.push(Char { c, start, end, is_dressed, kind: kind(c) });
            });
            is_foreign |= !c.is_ascii() && !is_han(c) && look_alike(c).is_some();
        }
        if is_foreign {
            self.latinize(begin);
        }
    }

    /// Adds the edge between two messages, at `from` bytes.
    pub(super) fn joint(&mut self, from: usize) {
        let at = from as u32;
        let (c, kind) = (JOINT, kind(JOINT));
        self.chars.push(Char { c, start: at, end: at, is_dressed: false, kind });
    }

    /// Letters of other scripts among Latin ones and digits are read as what they look like.
    fn latinize(&mut self, begin: usize) {
        let is_part = |c: char| c.is_ascii_alphanumeric() || look_alike(c).is_some();
        let runs = self.chars[begin..].chunk_by_mut(|a, b| is_part(a.c) && is_part(b.c));
        for run in runs.filter(|run| run.iter().any(|char| char.c.is_ascii_alphanumeric())) {
            for char in run {
                char.c = look_alike(char.c).unwrap_or(char.c);
                char.kind = kind(char.c);
            }
        }
    }

    /// The characters.
    pub(super) fn chars(&self) -> &[Char] {
        &self.chars
    }

    /// How many characters there are.
    pub(super) fn len(&self) -> usize {
        self.chars.len()
    }

    /// The character at `at`, if the text is as long.
    #[inline]
    pub(super) fn at(&self, at: usize) -> Option<char> {
        self.chars.get(at).map(|char| char.c)
    }

    /// The bytes of the original that the characters of `range` come from.
    pub(super) fn original(&self, range: &Range<usize>) -> Range<usize> {
        let part = self.chars.get(range.clone()).unwrap_or_default();
        match (part.first(), part.last()) {
            (Some(first), Some(last)) => first.start as usize..last.end as usize,
            _ => 0..0,
        }
    }

    /// The characters of `range` as a text.
    pub(super) fn slice(&self, range: Range<usize>) -> String {
        self.chars.get(range).unwrap_or_default().iter().map(|char| char.c).collect()
    }

    /// The strongest break among the characters of `range`; a word character when there are none.
    pub(super) fn strongest(&self, range: Range<usize>) -> Break {
        let part = self.chars.get(range).unwrap_or_default();
        part.iter().map(|char| char.kind).max().unwrap_or(Break::Word)
    }

    /// The stretch around `range` between breaks of the strength `ends` or more.
    pub(super) fn stretch(&self, range: &Range<usize>, ends: Break) -> Range<usize> {
        let is_end = |char: &Char| char.kind >= ends;
        let from = range.start.saturating_sub(SENTENCE_CHARS);
        let to = (range.end + SENTENCE_CHARS).min(self.chars.len());
        let before = self.chars[from..range.start].iter().rposition(is_end);
        let after = self.chars[range.end..to].iter().position(is_end);
        before.map_or(from, |at| from + at + 1)..after.map_or(to, |at| range.end + at)
    }
}

/// Whether `c` is one of the common Chinese characters, as most are.
#[inline]
fn is_han(c: char) -> bool {
    ('\u{4e00}'..='\u{9fff}').contains(&c)
}

/// How much `c` parts its neighbours.
#[inline]
pub(super) fn kind(c: char) -> Break {
    match c {
        // Most characters by far are of these blocks; Unicode's own tables are slow to ask.
        '\u{4e00}'..='\u{9fff}' | 'a'..='z' | '0'..='9' => Break::Word,
        ' ' => Break::Blank,
        '。' | '!' | '?' | ';' | '\n' => Break::Sentence,
        ',' | '、' | ':' => Break::Clause,
        '\u{21}'..='\u{7e}' | '\u{2000}'..='\u{206f}' | '\u{3001}'..='\u{3020}' => Break::Sign,
        _ if c.is_alphanumeric() => Break::Word,
        _ => Break::Sign,
    }
}
