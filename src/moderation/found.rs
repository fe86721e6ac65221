//! What was found in one text, by class of words and by place.

use std::ops::Range;

use super::{
    text::{Break, Text},
    token::Token,
};

/// So many lines before and behind belong to a sentence.
const LINES_MAX: usize = 2;

/// A class of words.
pub(super) type Class = u16;

/// The tokens of a text, by start; and by class.
#[derive(Debug)]
pub(super) struct Found<'a> {
    pub(super) text: &'a Text,
    tokens: Vec<Token>,
    /// Class, start and number of every token that has the class, sorted.
    by_class: Vec<(Class, u32, u32)>,
}

impl<'a> Found<'a> {
    /// Takes the tokens and tells which classes each of them has.
    pub(super) fn new<I: Iterator<Item = Class>>(
        text: &'a Text,
        mut tokens: Vec<Token>,
        classes: impl Fn(&Token) -> I,
    ) -> Self {
        tokens.sort_by_key(|token| (token.at.start, token.at.end));
        let mut by_class = Vec::with_capacity(2 * tokens.len());
        for (number, token) in tokens.iter().enumerate() {
            let start = token.at.start as u32;
            by_class.extend(classes(token).map(|class| (class, start, number as u32)));
        }
        by_class.sort_unstable();
        Self { text, tokens, by_class }
    }

    /// The tokens, by start.
    pub(super) fn tokens(&self) -> &[Token] {
        &self.tokens
    }

    /// Whether any token has this class.
    pub(super) fn has(&self, class: Class) -> bool {
        self.of(class).next().is_some()
    }

    /// The tokens of a class, by start.
    pub(super) fn of(&self, class: Class) -> impl Iterator<Item = &Token> {
        self.between(class, 0..usize::MAX)
    }

    /// The tokens of a class that begin within `starts`.
    pub(super) fn between(
        &self,
        class: Class,
        starts: Range<usize>,
    ) -> impl Iterator<Item = &Token> {
        let from = (class, u32::try_from(starts.start).unwrap_or(u32::MAX), 0);
        let first = self.by_class.partition_point(|entry| *entry < from);
        self.by_class[first..]
            .iter()
            .take_while(move |(of, start, _)| *of == class && (*start as usize) < starts.end)
            .map(|(_, _, number)| &self.tokens[*number as usize])
    }

    /// Whether a token of a class stands within `chars` characters of `at`, beside it and not in it.
    pub(super) fn near(
        &self,
        class: Class,
        at: &Range<usize>,
        chars: usize,
        counts: impl Fn(&Token) -> bool,
    ) -> bool {
        let window = at.start.saturating_sub(chars)..at.end.saturating_add(chars);
        self.between(class, window.clone()).any(|token| {
            let is_beside = token.at.end <= at.start || at.end <= token.at.start;
            is_beside && token.at.end <= window.end && counts(token)
        })
    }

    /// A token of a class that stands wholly within `range`.
    pub(super) fn within(&self, class: Class, range: &Range<usize>) -> Option<&Token> {
        self.between(class, range.clone()).find(|token| token.at.end <= range.end)
    }

    /// Whether a word of a class stands within `range` beyond doubt, as it is written.
    pub(super) fn says(&self, class: Class, range: &Range<usize>) -> bool {
        self.between(class, range.clone()).any(|token| {
            token.at.end <= range.end && token.certainty >= 85 && token.heard.is_none()
        })
    }

    /// The sentence around `at`, over the ends of lines: people break them where others put a comma.
    pub(super) fn sentence(&self, at: &Range<usize>) -> Range<usize> {
        let mut sentence = self.text.stretch(at, Break::Sentence);
        for _ in 0..LINES_MAX {
            let is_line = |at: usize| self.text.at(at) == Some('\n');
            if sentence.start > 0 && is_line(sentence.start - 1) {
                let before = sentence.start - 1..sentence.start - 1;
                sentence.start = self.text.stretch(&before, Break::Sentence).start;
            }
            if is_line(sentence.end) {
                let after = sentence.end + 1..sentence.end + 1;
                sentence.end = self.text.stretch(&after, Break::Sentence).end;
            }
        }
        sentence
    }

    /// The clause around `at`.
    pub(super) fn clause(&self, at: &Range<usize>) -> Range<usize> {
        self.text.stretch(at, Break::Clause)
    }
}
