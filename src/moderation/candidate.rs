//! Candidates: what a rule may have found, and how sure that is, before anything around it counts.

use std::ops::Range;

use super::{
    sound::Heard,
    token::{self, Token, View},
};

/// What is less sure than this by its own sound gains nothing from what stands beside it.
const HEARD_MIN: u32 = 45;

/// Something that a rule may have found.
#[derive(Clone, Debug)]
pub(super) struct Candidate {
    pub(super) rule: u32,
    /// Where, in characters of the text.
    pub(super) at: Range<usize>,
    pub(super) is_evasive: bool,
    pub(super) view: View,
    /// How sure the least sure of its words is: of those that were read, and of those that were heard.
    read: u32,
    heard: u32,
    /// How all its words are written, by their sound.
    sound: Heard,
}

impl Candidate {
    /// What `token` may be to a rule.
    pub(super) fn of(rule: u32, token: &Token) -> Self {
        let Token { at, is_evasive, view, .. } = token.clone();
        let (read, heard) = certainties(token);
        Self { rule, at, is_evasive, view, read, heard, sound: sound(token) }
    }

    /// The same, gone on with another word.
    pub(super) fn with(&self, token: &Token) -> Self {
        let (add, (read, heard)) = (sound(token), certainties(token));
        Self {
            rule: self.rule,
            at: self.at.start..token.at.end,
            is_evasive: self.is_evasive || token.is_evasive,
            view: self.view.max(token.view),
            read: self.read.min(read),
            heard: self.heard.min(heard),
            sound: Heard {
                replaced: self.sound.replaced + add.replaced,
                spelled: self.sound.spelled + add.spelled,
                initials: self.sound.initials + add.initials,
                syllables: self.sound.syllables + add.syllables,
            },
        }
    }

    /// How sure it is that this is meant: what sounds right for long is no chance.
    pub(super) fn certainty(&self) -> u32 {
        let heard = match self.heard {
            100 => 100,
            // A long pattern does not make up for a word in it that nobody would hear.
            ..HEARD_MIN => self.heard,
            heard => heard.max(token::certainty(self.sound)),
        };
        self.read.min(heard)
    }
}

/// How sure a token is as something read, and as something heard.
fn certainties(token: &Token) -> (u32, u32) {
    if token.heard.is_some() { (100, token.certainty) } else { (token.certainty, 100) }
}

/// How a token is written, by its sound; one that is written as it is has a syllable a character.
fn sound(token: &Token) -> Heard {
    let syllables = token.at.len();
    token.heard.unwrap_or(Heard { replaced: 0, spelled: 0, initials: 0, syllables })
}
