//! Rules about words: one pass finds every word, cue and phrase; then they are weighed.

use std::{collections::HashMap, ops::Range};

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};

use crate::moderation::{
    fold::{Folded, folded},
    lexicon::{Context, LexiconFault, Rule},
    verdict::Hit,
};

/// How near a cue must be, in characters.
const CUE_CHARS: usize = 16;
/// How far before a hit a negation reaches, in characters.
const NEGATION_CHARS: usize = 6;

/// The compiled words of a rule set.
pub(super) struct Words {
    automaton: AhoCorasick,
    /// What each pattern of the automaton is, which may be several things.
    parts: Vec<Vec<Part>>,
    rules: Vec<Rule>,
    longest: usize,
}

/// What a pattern is, and of which rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Part {
    Word(usize),
    Cue(usize),
    Allow(usize),
    Unless(usize),
    Negator,
    Doubter,
}

/// Everything the automaton found in one text, each list by start.
type Found = HashMap<Part, Vec<Range<usize>>>;

impl Words {
    /// Compiles the rules; patterns are folded as texts are.
    pub(super) fn new(rules: Vec<Rule>, context: &Context) -> Result<Self, LexiconFault> {
        let mut patterns = Patterns::default();
        for (index, rule) in rules.iter().enumerate() {
            patterns.add(&rule.words, Part::Word(index));
            patterns.add(&rule.cues, Part::Cue(index));
            patterns.add(&rule.allow, Part::Allow(index));
            patterns.add(&rule.unless, Part::Unless(index));
        }
        patterns.add(&context.negators, Part::Negator);
        patterns.add(&context.doubters, Part::Doubter);
        // The contiguous automaton stays small when lists grow; a DFA does not fit the caches.
        let automaton = AhoCorasick::builder()
            .kind(Some(AhoCorasickKind::ContiguousNFA))
            .match_kind(MatchKind::Standard)
            .build(&patterns.texts)?;
        let longest = patterns.texts.iter().map(String::len).max().unwrap_or(0);
        Ok(Self { automaton, parts: patterns.parts, rules, longest })
    }

    /// Adds what the rules find in the text.
    pub(super) fn judge<'a>(&'a self, text: &Folded, hits: &mut Vec<Hit<'a>>) {
        let found = self.find(text.text());
        for (index, rule) in self.rules.iter().enumerate() {
            for at in found.get(&Part::Word(index)).into_iter().flatten() {
                if self.counts(text, &found, index, at) {
                    hits.push(Hit {
                        at: text.original(at.clone()),
                        rule: &rule.name,
                        reason: &rule.reason,
                        category: rule.category,
                        score: rule.score,
                    });
                }
            }
        }
    }

    fn find(&self, text: &str) -> Found {
        let mut found = Found::new();
        for each in self.automaton.find_overlapping_iter(text) {
            let range = each.start()..each.end();
            if is_whole(text, &range) {
                for part in &self.parts[each.pattern().as_usize()] {
                    found.entry(*part).or_default().push(range.clone());
                }
            }
        }
        found.values_mut().for_each(|ranges| ranges.sort_by_key(|range| range.start));
        found
    }

    /// Whether the word at `at` counts, in the light of what stands around it.
    fn counts(&self, text: &Folded, found: &Found, rule: usize, at: &Range<usize>) -> bool {
        let of = |part: Part| found.get(&part).map_or(&[][..], Vec::as_slice);
        let is_allowed = within(
            of(Part::Allow(rule)),
            &(at.start.saturating_sub(self.longest)..at.end),
        )
        .any(|phrase| phrase.start <= at.start && at.end <= phrase.end && phrase.len() > at.len());
        if is_allowed {
            return false;
        }
        let near = text.around(at, CUE_CHARS);
        let is_elsewhere = |cue: &Range<usize>| cue.end <= at.start || at.end <= cue.start;
        if !self.rules[rule].cues.is_empty()
            && !within(of(Part::Cue(rule)), &near).any(is_elsewhere)
        {
            return false;
        }
        let sentence = stretch(text.text(), at, SENTENCE_ENDS);
        if within(of(Part::Unless(rule)), &sentence).next().is_some() {
            return false;
        }
        let is_doubt = |doubt: &Range<usize>| !is_denied(text.before(doubt.start, 3));
        if within(of(Part::Doubter), &sentence).any(is_doubt) {
            return false;
        }
        let clause = stretch(text.text(), at, CLAUSE_ENDS);
        let reach = text.around(at, NEGATION_CHARS).start.max(clause.start)..at.end;
        !within(of(Part::Negator), &reach)
            .any(|negator| negator.start < at.start && !is_asked(text.text(), negator))
    }
}

#[derive(Default)]
struct Patterns {
    texts: Vec<String>,
    parts: Vec<Vec<Part>>,
    by_text: HashMap<String, usize>,
}

impl Patterns {
    fn add(&mut self, words: &[String], part: Part) {
        for word in words {
            let word = folded(word);
            // What folds to nothing would match everywhere.
            if word.is_empty() {
                continue;
            }
            let index = *self.by_text.entry(word).or_insert_with_key(|word| {
                self.texts.push(word.clone());
                self.parts.push(Vec::new());
                self.texts.len() - 1
            });
            if !self.parts[index].contains(&part) {
                self.parts[index].push(part);
            }
        }
    }
}

const SENTENCE_ENDS: &[char] = &['。', '！', '!', '？', '?', '；', ';', '\n'];
const CLAUSE_ENDS: &[char] = &['。', '！', '!', '？', '?', '；', ';', '\n', '，', ',', '：', ':'];
/// How far a sentence is followed, in bytes: texts without any punctuation stay cheap to judge.
const STRETCH_BYTES: usize = 240;

/// The stretch of text around `at` up to one of `ends` on both sides.
fn stretch(text: &str, at: &Range<usize>, ends: &[char]) -> Range<usize> {
    let from = floor(text, at.start.saturating_sub(STRETCH_BYTES));
    let to = floor(text, (at.end + STRETCH_BYTES).min(text.len()));
    let start = text[from..at.start].rfind(ends).map_or(from, |found| from + found);
    let end = text[at.end..to].find(ends).map_or(to, |found| at.end + found);
    start..end
}

fn floor(text: &str, mut at: usize) -> usize {
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// The ranges, sorted by start, that begin within `window` and end in it.
fn within<'a>(
    ranges: &'a [Range<usize>],
    window: &Range<usize>,
) -> impl Iterator<Item = &'a Range<usize>> {
    let from = ranges.partition_point(|range| range.start < window.start);
    let end = window.end;
    ranges[from..].iter().take_while(move |range| range.start < end).filter(move |r| r.end <= end)
}

/// 有没有 and 能不能 ask and do not deny: what a negation denies stands before it too.
fn is_asked(text: &str, negator: &Range<usize>) -> bool {
    let denied = text[negator.clone()].chars().nth(1);
    denied.is_some() && text[..negator.start].chars().next_back() == denied
}

/// 不是骗局 is no doubt, but 是不是骗局 is.
fn is_denied(before: &str) -> bool {
    (before.ends_with("不是") && !before.ends_with("是不是")) || before.ends_with("绝非")
}

/// A pattern that begins or ends with a Latin letter or a digit is no part of a longer word.
fn is_whole(text: &str, range: &Range<usize>) -> bool {
    let bytes = text.as_bytes();
    let is_word = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    let before = range.start.checked_sub(1).and_then(|at| bytes.get(at));
    let first_joins = is_word(bytes.get(range.start)) && is_word(before);
    let last_joins = is_word(bytes.get(range.end - 1)) && is_word(bytes.get(range.end));
    // 加vxabc: an account may follow a word that begins with Han.
    !(first_joins || last_joins && bytes[range.start].is_ascii())
}

#[cfg(test)]
mod tests;
