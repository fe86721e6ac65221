//! Words and patterns that count beside a hit: cues that it needs, and what makes it none.

use std::ops::Range;

use super::{
    candidate::Candidate,
    compile::{Compiler, RECOGNISED},
    follow::{Step, follow},
    found::{Class, Found},
    lexicon::{Looks, Scope},
    pattern,
    text::JOINT,
    token::{Token, View},
};

/// How far a denying word reaches, in characters.
pub(super) const BEFORE: usize = 8;

/// A list of words, classes and patterns.
#[derive(Debug)]
pub(super) struct Marks {
    words: Option<Class>,
    patterns: Vec<Vec<Step>>,
}

impl Marks {
    /// Compiles a list; the word that is wrong, and why, when one is.
    pub(super) fn new(
        compiler: &mut Compiler,
        list: &[String],
        looks: Looks,
    ) -> Result<Self, (String, String)> {
        let is_class = |word: &str| {
            let name = word.strip_prefix('<').and_then(|word| word.strip_suffix('>'));
            name.is_some_and(|name| !RECOGNISED.contains(&name) && !name.contains('<'))
        };
        let is_pattern = |word: &&String| pattern::is_pattern(word) && !is_class(word);
        let patterns = list
            .iter()
            .filter(is_pattern)
            .map(|word| compiler.steps(word, looks).map_err(|wrong| (word.clone(), wrong)));
        let patterns = patterns.collect::<Result<_, _>>()?;
        let words: Vec<String> = list.iter().filter(|it| !is_pattern(it)).cloned().collect();
        Ok(Self { words: compiler.list(&words, looks), patterns })
    }

    /// The classes of words that they are told by.
    pub(super) fn classes(&self) -> impl Iterator<Item = Class> {
        let steps = self.patterns.iter().flatten().map(|(_, class, _)| *class);
        self.words.into_iter().chain(steps)
    }

    /// The one that stands nearest to `at`, in its own message before all others.
    pub(super) fn nearest(
        &self,
        found: &Found<'_>,
        at: &Range<usize>,
        chars: usize,
    ) -> Option<Range<usize>> {
        let window = at.start.saturating_sub(chars)..at.end.saturating_add(chars);
        let words = self.words.into_iter().flat_map(|class| found.between(class, window.clone()));
        let words = words.filter(|token| is_cue(token)).map(|token| token.at.clone());
        let patterns = self.follow(found, &window).map(|it| it.at);
        let beside = words.chain(patterns).filter(|it| it.end <= at.start || at.end <= it.start);
        beside.filter(|it| it.end <= window.end).min_by_key(|it| {
            let between = it.end.min(at.end)..it.start.max(at.start);
            let between = between.start.min(between.end)..between.end;
            let is_parted = found.text.chars()[between.clone()].iter().any(|it| it.c == JOINT);
            (is_parted, between.len())
        })
    }

    /// Whether one stands near `at` and not in it.
    pub(super) fn are_near(&self, found: &Found<'_>, at: &Range<usize>, chars: usize) -> bool {
        let window = at.start.saturating_sub(chars)..at.end.saturating_add(chars);
        self.words.is_some_and(|class| found.near(class, at, chars, is_cue))
            || self.follow(found, &window).any(|it| {
                let is_beside = it.at.end <= at.start || at.end <= it.at.start;
                is_beside && it.view != View::Sound
            })
    }

    /// Whether one stands within `range` beyond doubt, as it is written.
    pub(super) fn are_said(&self, found: &Found<'_>, range: &Range<usize>) -> bool {
        self.words.is_some_and(|class| found.says(class, range))
            || self.follow(found, range).any(|it| it.certainty() >= 85 && it.view != View::Sound)
    }

    /// What the patterns find within `range`.
    fn follow(&self, found: &Found<'_>, range: &Range<usize>) -> impl Iterator<Item = Candidate> {
        let patterns = self.patterns.iter().filter(|steps| {
            steps.iter().all(|(_, class, is_optional)| *is_optional || found.has(*class))
        });
        let within = range.clone();
        patterns
            .flat_map(move |steps| {
                let tokens = found.between(steps[0].1, within.clone());
                tokens.filter_map(move |token| follow(found, steps, 0, token))
            })
            .filter({
                let end = range.end;
                move |it| it.at.end <= end
            })
    }
}

/// What sounds like a cue is one only when it is spelled: by sound, everything is near.
fn is_cue(token: &Token) -> bool {
    token.view != View::Sound || token.is_spelled()
}

impl Scope {
    /// The part of a text around `at` that it means.
    pub(super) fn around(self, found: &Found<'_>, at: &Range<usize>) -> Range<usize> {
        match self {
            Self::Text => 0..found.text.len(),
            Self::Sentence => found.sentence(at),
            Self::Clause => found.clause(at),
            Self::Before => found.clause(at).start.max(at.start.saturating_sub(BEFORE))..at.start,
        }
    }
}
