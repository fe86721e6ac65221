//! The compiled words of a rule set, and the search for all of them in a text.

use std::collections::{HashMap, HashSet};

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};

use super::{
    fold::folded,
    found::{Class, Found},
    lexicon::{LexiconFault, Looks},
    reading::{Halves, Reading},
    sound::Sounds,
    text::{Break, Text, kind},
    token::{Token, View, is_whole},
};

/// At most so many tokens of a text are looked at; no text that people write has as many.
const TOKENS_MAX: usize = 4_096;

/// What a word is to the rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// A hit of this rule.
    Rule(u32),
    /// One of a class.
    Class(Class),
    /// A phrase in which the words of this rule do not count, or those of no rule at all.
    Allow(Option<u32>),
}

/// A word's part in a rule set, and the readings in which it plays it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Part {
    role: Role,
    looks: Looks,
}

/// Words as they are gathered.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    texts: Vec<String>,
    parts: Vec<Vec<Part>>,
    by_text: HashMap<String, u32>,
}

/// The compiled words.
#[derive(Debug)]
pub(super) struct Words {
    automaton: AhoCorasick,
    sounds: Sounds,
    parts: Vec<Vec<Part>>,
    /// The halves of the characters of words that are looked for in halves.
    halves: Option<Halves>,
    has_emoji: bool,
}

impl Gathered {
    /// Adds a word with what it is; what folds to nothing is passed over.
    pub(super) fn add(&mut self, word: &str, role: Role, looks: Looks) {
        let word: String = compact(word);
        if word.is_empty() {
            return;
        }
        let index = *self.by_text.entry(word).or_insert_with_key(|word| {
            self.texts.push(word.clone());
            self.parts.push(Vec::new());
            (self.texts.len() - 1) as u32
        });
        let parts = &mut self.parts[index as usize];
        let part = Part { role, looks };
        if !parts.contains(&part) {
            parts.push(part);
        }
    }

    /// Makes the automata.
    pub(super) fn compile(self) -> Result<Words, LexiconFault> {
        let looks = |parts: &[Part], is: fn(Looks) -> bool| parts.iter().any(|part| is(part.looks));
        let all = || self.texts.iter().zip(&self.parts);
        let heard = all().zip(0..).filter(|((_, parts), _)| looks(parts, |looks| looks.sound));
        let sounds = Sounds::new(heard.map(|((text, _), id)| (text.as_str(), id)))?;
        let split = all().filter(|(_, parts)| looks(parts, |looks| looks.split));
        let wanted: HashSet<char> = split.flat_map(|(text, _)| text.chars()).collect();
        let halves = (!wanted.is_empty()).then(|| Halves::of(|c| wanted.contains(&c)));
        let has_emoji = self.parts.iter().any(|parts| looks(parts, |looks| looks.emoji));
        // The contiguous automaton stays small when lists grow; a DFA does not fit the caches.
        let automaton = AhoCorasick::builder()
            .kind(Some(AhoCorasickKind::ContiguousNFA))
            .match_kind(MatchKind::Standard)
            .build(&self.texts)?;
        Ok(Words { automaton, sounds, parts: self.parts, halves, has_emoji })
    }
}

/// A word as readings show it: folded, without what stands between its characters.
pub(super) fn compact(word: &str) -> String {
    let folded = folded(word);
    let plus = |c| if c == '+' { '加' } else { c };
    folded.chars().map(plus).filter(|c| kind(*c) == Break::Word).collect()
}

impl Words {
    /// Everything that the words find in `text`, and what else was found there by `more`.
    pub(super) fn find<'a>(&self, text: &'a Text, more: Vec<(Token, Class)>) -> Found<'a> {
        let mut tokens = Vec::new();
        self.read(text, &Reading::plain(text), View::Text, &mut tokens);
        if self.has_emoji
            && let Some(reading) = Reading::of_pictures(text)
        {
            self.read(text, &reading, View::Emoji, &mut tokens);
        }
        let halves = self.halves.as_ref();
        if let Some(reading) = halves.and_then(|halves| Reading::of_halves(text, halves)) {
            self.read(text, &reading, View::Split, &mut tokens);
        }
        if let Some(reading) = Reading::of_repeats(text) {
            self.read(text, &reading, View::Compact, &mut tokens);
        }
        self.sounds.find(text, |word, at, heard| {
            tokens.extend(Token::heard(word, at, heard).filter(|_| tokens.len() < TOKENS_MAX));
        });
        self.withdraw_allowed(&mut tokens);
        let classes: Vec<Class> = more.iter().map(|(_, class)| *class).collect();
        let first = self.parts.len() as u32;
        tokens.extend(
            more.into_iter().zip(first..).map(|((token, _), word)| Token { word, ..token }),
        );
        Found::new(text, tokens, |token| {
            let extra = classes.get(token.word.wrapping_sub(first) as usize).copied();
            let own = self.roles(token).filter_map(|role| match role {
                Role::Class(class) => Some(class),
                _ => None,
            });
            own.chain(extra)
        })
    }

    /// How many words there are, and how many bytes their automata take.
    pub(super) fn size(&self) -> (usize, usize) {
        (self.parts.len(), self.automaton.memory_usage() + self.sounds.memory_usage())
    }

    /// What a token is to the rules.
    pub(super) fn roles<'a>(&'a self, token: &Token) -> impl Iterator<Item = Role> + use<'a> {
        let view = token.view;
        let parts = self.parts.get(token.word as usize).map_or(&[][..], Vec::as_slice);
        let is_looked_at = move |part: &&Part| match view {
            View::Sound => part.looks.sound,
            View::Split => part.looks.split,
            View::Emoji => part.looks.emoji,
            _ => true,
        };
        parts.iter().filter(is_looked_at).map(|part| part.role)
    }

    fn read(&self, text: &Text, reading: &Reading, view: View, tokens: &mut Vec<Token>) {
        for found in self.automaton.find_overlapping_iter(reading.text()) {
            let Some(origin) = reading.origin(text, found.start()..found.end()) else { continue };
            let is_of_view = match view {
                View::Text => true,
                // Every character is written twice, or it is an ordinary word.
                View::Compact => origin.chars > 1 && origin.read_in == origin.chars,
                _ => origin.read_in > 0,
            };
            if is_of_view && tokens.len() < TOKENS_MAX && is_whole(text, &origin.at) {
                tokens.extend(Token::read(found.pattern().as_u32(), origin, view));
            }
        }
    }

    /// Takes out the tokens that stand strictly within a phrase that is allowed everywhere.
    fn withdraw_allowed(&self, tokens: &mut Vec<Token>) {
        let is_allowing = |token: &&Token| {
            token.certainty >= 85 && self.roles(token).any(|role| role == Role::Allow(None))
        };
        let allowed: Vec<_> = tokens.iter().filter(is_allowing).map(|it| it.at.clone()).collect();
        if allowed.is_empty() {
            return;
        }
        tokens.retain(|token| {
            !allowed.iter().any(|phrase| {
                phrase.start <= token.at.start
                    && token.at.end <= phrase.end
                    && token.at.len() < phrase.len()
            })
        });
    }
}
