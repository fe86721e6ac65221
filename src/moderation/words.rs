//! The compiled words of a rule set, and the search for all of them in a text.

use std::collections::{HashMap, HashSet};

use super::{
    alphabet::{Alphabet, Automaton16},
    bits::Bits,
    fold::folded,
    found::{Class, Found},
    lexicon::{LexiconFault, Looks},
    reading::{Halves, Reading},
    sighting::{Sighting, Sightings, Wants},
    sound::{Sounds, Syllable},
    text::{Break, Text, kind},
    token::{Token, View, is_whole},
};

/// At most so many tokens of a text are looked at; no text that people write has as many.
const TOKENS_MAX: usize = 4_096;
/// How much rarer a word is that is one character longer.
const RARITY: f64 = 25.0;

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

impl Part {
    /// Whether the word plays it when it was found in this view.
    #[inline]
    fn is_in(self, view: View) -> bool {
        match view {
            View::Sound => self.looks.sound,
            View::Split => self.looks.split,
            View::Emoji => self.looks.emoji,
            _ => true,
        }
    }
}

/// A word's share of all parts.
#[derive(Clone, Copy, Debug)]
struct Share {
    /// Where its parts begin.
    begin: u32,
    /// Where those end that make rules and patterns likely.
    leading: u32,
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
    alphabet: Alphabet,
    automaton: Automaton16,
    sounds: Sounds,
    /// The parts of all words, one word's behind the other's.
    parts: Vec<Part>,
    /// By word; one more closes the list.
    shares: Vec<Share>,
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

    /// How likely a word of each class is to stand in a text, in parts of some whole: the shorter
    /// the words and the more of them, the likelier.
    pub(super) fn likelihoods(&self, classes: usize) -> Vec<f64> {
        let mut likelihoods = vec![0.0; classes];
        for (text, parts) in self.texts.iter().zip(&self.parts) {
            let likelihood = RARITY.powi(-(text.chars().count() as i32));
            for part in parts {
                if let Role::Class(class) = part.role {
                    likelihoods[usize::from(class)] += likelihood;
                }
            }
        }
        likelihoods
    }

    /// Makes the automata, for patterns that need the classes of `needed`.
    pub(super) fn compile(self, needed: &Bits) -> Result<Words, LexiconFault> {
        let looks = |parts: &[Part], is: fn(Looks) -> bool| parts.iter().any(|part| is(part.looks));
        let all = || self.texts.iter().zip(&self.parts);
        let heard = all().zip(0..).filter(|((_, parts), _)| looks(parts, |looks| looks.sound));
        let sounds = Sounds::new(heard.map(|((text, _), id)| (text.as_str(), id)))?;
        let split = all().filter(|(_, parts)| looks(parts, |looks| looks.split));
        let wanted: HashSet<char> = split.flat_map(|(text, _)| text.chars()).collect();
        let halves = (!wanted.is_empty()).then(|| Halves::of(|c| wanted.contains(&c)));
        let has_emoji = self.parts.iter().any(|parts| looks(parts, |looks| looks.emoji));
        let mut alphabet = Alphabet::default();
        let mut sequences = Vec::with_capacity(self.texts.len());
        for text in &self.texts {
            let symbols = text.chars().map(|c| alphabet.number(c));
            let sequence = symbols.collect::<Option<Vec<_>>>();
            sequences.push(sequence.ok_or(LexiconFault::Characters)?);
        }
        let (mut flat, mut shares) = (Vec::new(), Vec::with_capacity(self.texts.len() + 1));
        for mut parts in self.parts {
            let rank = |part: &Part| match part.role {
                Role::Rule(_) => 0,
                Role::Class(class) if needed.has(usize::from(class)) => 0,
                Role::Class(_) | Role::Allow(_) => 1,
            };
            parts.sort_by_key(rank);
            let begin = flat.len() as u32;
            let leading = parts.partition_point(|part| rank(part) == 0) as u32;
            shares.push(Share { begin, leading: begin + leading });
            flat.extend(parts);
        }
        let end = flat.len() as u32;
        shares.push(Share { begin: end, leading: end });
        let automaton = Automaton16::new(&sequences)?;
        Ok(Words { alphabet, automaton, sounds, parts: flat, shares, halves, has_emoji })
    }
}

/// A word as readings show it: folded, without what stands between its characters.
pub(super) fn compact(word: &str) -> String {
    let folded = folded(word);
    let plus = |c| if c == '+' { '加' } else { c };
    folded.chars().map(plus).filter(|c| kind(*c) == Break::Word).collect()
}

impl Words {
    /// Where words stand in `text`, in every way that it is read; `syllables` are how it sounds.
    pub(super) fn sight<'a>(&'a self, text: &'a Text, syllables: Vec<Syllable>) -> Sightings<'a> {
        let alphabet = &self.alphabet;
        let mut sightings = Sightings::new(text, syllables);
        self.read(View::Text, Reading::plain(text, alphabet), &mut sightings);
        if self.has_emoji
            && let Some(reading) = Reading::of_pictures(text, alphabet)
        {
            self.read(View::Emoji, reading, &mut sightings);
        }
        let halves = self.halves.as_ref();
        if let Some(reading) = halves.and_then(|it| Reading::of_halves(text, alphabet, it)) {
            self.read(View::Split, reading, &mut sightings);
        }
        if let Some(reading) = Reading::of_repeats(text, alphabet) {
            self.read(View::Compact, reading, &mut sightings);
        }
        let Sightings { syllables, list, .. } = &mut sightings;
        self.sounds.find(syllables, |word, spot| {
            list.push(Sighting { word, reading: None, spot });
        });
        sightings
    }

    fn read<'a>(&self, view: View, reading: Reading<'a>, sightings: &mut Sightings<'a>) {
        let number = Some(sightings.readings.len() as u8);
        self.automaton.find(reading.symbols(), |spot| {
            sightings.list.push(Sighting { word: spot.sequence, reading: number, spot });
        });
        sightings.readings.push((view, reading));
    }

    /// What the words that were sighted are to rules, and which classes they are that patterns need.
    pub(super) fn leads(&self, sightings: &Sightings<'_>) -> impl Iterator<Item = Role> {
        sightings.list.iter().flat_map(|it| {
            let Share { begin, leading } = self.shares[it.word as usize];
            let view = sightings.view(it);
            let parts = &self.parts[begin as usize..leading as usize];
            parts.iter().filter(move |part| part.is_in(view)).map(|part| part.role)
        })
    }

    /// The tokens of the words that are wanted, and what else was found in the text by `more`.
    pub(super) fn find<'a>(
        &self,
        sightings: &Sightings<'a>,
        wants: &Wants,
        more: Vec<(Token, Class)>,
    ) -> Found<'a> {
        let mut tokens = Vec::new();
        for it in &sightings.list {
            let is_wanted = |part: &Part| wants.wants(part.role);
            if tokens.len() < TOKENS_MAX && self.parts(it.word).iter().any(is_wanted) {
                tokens.extend(self.token(sightings, it));
            }
        }
        self.withdraw_allowed(&mut tokens);
        let classes: Vec<Class> = more.iter().map(|(_, class)| *class).collect();
        let first = (self.shares.len() - 1) as u32;
        tokens.extend(
            more.into_iter().zip(first..).map(|((token, _), word)| Token { word, ..token }),
        );
        Found::new(sightings.text, tokens, |token| {
            let extra = classes.get(token.word.wrapping_sub(first) as usize).copied();
            let own = self.roles(token).filter_map(|role| match role {
                Role::Class(class) if wants.wants(role) => Some(class),
                _ => None,
            });
            own.chain(extra)
        })
    }

    /// A sighting as a token; `None` when the word does not stand there after all.
    fn token(&self, sightings: &Sightings<'_>, it: &Sighting) -> Option<Token> {
        let text = sightings.text;
        let Some(number) = it.reading else {
            let (at, heard) = self.sounds.heard(&sightings.syllables, it.spot)?;
            return Token::heard(it.word, at, heard);
        };
        let (view, reading) = &sightings.readings[usize::from(number)];
        let origin = reading.origin(text, it.spot.from as usize..it.spot.to as usize)?;
        let is_of_view = match view {
            View::Text => true,
            // Every character is written twice, or it is an ordinary word.
            View::Compact => origin.chars > 1 && origin.read_in == origin.chars,
            _ => origin.read_in > 0,
        };
        let is_there = is_of_view && is_whole(text, &origin.at);
        if is_there { Token::read(it.word, origin, *view) } else { None }
    }

    /// How many words there are, and how many bytes their automata take.
    pub(super) fn size(&self) -> (usize, usize) {
        let bytes = self.automaton.memory_usage() + self.sounds.memory_usage();
        (self.shares.len() - 1, bytes)
    }

    /// What a token is to the rules.
    pub(super) fn roles<'a>(&'a self, token: &Token) -> impl Iterator<Item = Role> + use<'a> {
        let view = token.view;
        self.parts(token.word).iter().filter(move |part| part.is_in(view)).map(|part| part.role)
    }

    fn parts(&self, word: u32) -> &[Part] {
        let begin = |word: u32| self.shares.get(word as usize).map(|it| it.begin as usize);
        match (begin(word), word.checked_add(1).and_then(begin)) {
            (Some(begin), Some(end)) => &self.parts[begin..end],
            _ => &[],
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
