//! Sightings: where words may stand in a text, before it is known which of them matter.
//!
//! Ordinary speech is full of words that only mean something beside others. They are turned into
//! tokens when a rule has all it needs in the text, and for most texts that is never.

use super::{
    alphabet::Spot, bits::Bits, reading::Reading, sound::Syllable, text::Text, token::View,
    words::Role,
};

/// A word that may stand in a text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sighting {
    pub(super) word: u32,
    /// Which reading it was found in; none when it was heard.
    pub(super) reading: Option<u8>,
    pub(super) spot: Spot,
}

/// What was sighted in a text, and in what it was read as.
#[derive(Debug)]
pub(super) struct Sightings<'a> {
    pub(super) text: &'a Text,
    pub(super) syllables: Vec<Syllable>,
    pub(super) readings: Vec<(View, Reading<'a>)>,
    pub(super) list: Vec<Sighting>,
}

impl<'a> Sightings<'a> {
    /// Nothing yet.
    pub(super) fn new(text: &'a Text, syllables: Vec<Syllable>) -> Self {
        let (readings, list) = (Vec::with_capacity(1), Vec::with_capacity(text.len()));
        Self { text, syllables, readings, list }
    }

    /// What the text was read as when this was found.
    #[inline]
    pub(super) fn view(&self, it: &Sighting) -> View {
        it.reading.map_or(View::Sound, |reading| self.readings[usize::from(reading)].0)
    }
}

/// What of the sighted matters to those that look.
#[derive(Debug, Default)]
pub(super) struct Wants {
    pub(super) rules: Bits,
    pub(super) classes: Bits,
}

impl Wants {
    /// Whether somebody wants the words that are this.
    pub(super) fn wants(&self, role: Role) -> bool {
        match role {
            Role::Rule(rule) | Role::Allow(Some(rule)) => self.rules.has(rule as usize),
            Role::Class(class) => self.classes.has(usize::from(class)),
            Role::Allow(None) => true,
        }
    }
}
