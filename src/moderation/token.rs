//! Tokens: every word of the rules that a text holds, however it is dressed, with how sure it is.

use std::ops::Range;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    reading::{Gaps, Origin},
    sound::Heard,
    text::{Break, Text},
};

/// Wider gaps than this part a word for good, in characters.
const GAP_MAX: usize = 6;
/// A gap wider than this is not how people write one word.
const GAP_USUAL: usize = 3;

/// The shortest number that is none of the digits of a word, as in g20.
const NUMBER_MIN: usize = 5;

/// What a text was read as when a word was found.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum View {
    /// As it is written.
    #[default]
    Text,
    /// Without what stands between its characters.
    Compact,
    /// As a number or an account.
    Digits,
    /// Pictures as their names.
    Emoji,
    /// Halves of characters as the whole.
    Split,
    /// By its sound.
    Sound,
    /// Together with earlier messages.
    Fragments,
}

impl View {
    /// The name in verdicts.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Compact => "compact",
            Self::Digits => "digits",
            Self::Emoji => "emoji",
            Self::Split => "split",
            Self::Sound => "sound",
            Self::Fragments => "fragments",
        }
    }
}

/// A word that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Token {
    /// Which word.
    pub(super) word: u32,
    /// Where it stands in the text, in characters.
    pub(super) at: Range<usize>,
    /// How sure it is that the word is meant, 1 to 100.
    pub(super) certainty: u32,
    /// Whether it is written as nobody writes who has nothing to hide.
    pub(super) is_evasive: bool,
    pub(super) view: View,
    /// How it is written, when it was found by its sound.
    pub(super) heard: Option<Heard>,
}

impl Token {
    /// A part of the text that a recogniser found, and no list of words.
    pub(super) fn recognised(at: Range<usize>) -> Self {
        Self { word: 0, at, certainty: 100, is_evasive: false, view: View::Text, heard: None }
    }

    /// A word found in a reading; `None` when what stands between its characters parts it for good.
    pub(super) fn read(word: u32, origin: Origin, view: View) -> Option<Self> {
        let Origin { at, gaps, .. } = origin;
        if gaps.widest > GAP_MAX {
            return None;
        }
        let (certainty, is_evasive) = weigh(gaps);
        let view = if view == View::Text && gaps.parted > 0 { View::Compact } else { view };
        let (certainty, is_evasive) = match view {
            View::Emoji => (certainty.min(90), is_evasive),
            View::Split => (certainty.min(90), true),
            _ => (certainty, is_evasive),
        };
        Some(Self { word, at, certainty, is_evasive, view, heard: None })
    }

    /// A word found by its sound.
    pub(super) fn heard(word: u32, at: Range<usize>, heard: Heard) -> Option<Self> {
        let certainty = certainty(heard);
        let (is_evasive, view) = (is_half_spelled(heard), View::Sound);
        let heard = Some(heard);
        (certainty > 0).then_some(Self { word, at, certainty, is_evasive, view, heard })
    }

    /// Whether it is written in Latin letters, in part or as a whole.
    pub(super) fn is_spelled(&self) -> bool {
        self.heard.is_some_and(|heard| heard.spelled > 0)
    }
}

/// 转zhang, 卖da案: nobody writes half a word in letters by chance.
fn is_half_spelled(heard: Heard) -> bool {
    heard.spelled + heard.initials > 0 && heard.spelled < heard.syllables
}

/// How sure a word is by what stands between its characters, and whether that is how one evades.
fn weigh(gaps: Gaps) -> (u32, bool) {
    let is_throughout = gaps.pairs >= 2 && gaps.parted == gaps.pairs;
    let certainty = match gaps.strongest {
        Break::Word => 100,
        _ if gaps.widest > GAP_USUAL => 20,
        // Signs between all characters of a long word are no punctuation.
        _ if is_throughout => 100,
        Break::Blank if gaps.pairs == 1 => 85,
        Break::Blank => 90,
        Break::Sign => 95,
        Break::Clause | Break::Sentence => 25,
    };
    let is_evasive = is_throughout || (gaps.strongest == Break::Sign && gaps.widest <= GAP_USUAL);
    (certainty, is_evasive)
}

/// How sure it is that a pattern is meant that was found by its sound alone.
pub(super) fn certainty(heard: Heard) -> u32 {
    let Heard { replaced, spelled, initials, syllables } = heard;
    let exact = syllables.saturating_sub(replaced + spelled + initials);
    match (replaced, spelled, initials) {
        (0, 0, 0) => 100,
        // 转zhang, 卖da案.
        (0, 1.., 0) if exact > 0 => 85,
        (0, 1.., 0) if syllables >= 4 => 80,
        (0, 1.., 0) if syllables == 3 => 65,
        (0, 1.., 0) => 52,
        // b过班, 私下f款.
        (0, 0, 1..) if exact >= initials && syllables >= 3 => 70,
        (0, 0, 1..) if exact >= initials => 50,
        (1.., 0, 0) if exact == 0 && syllables == 2 => 35,
        (1.., 0, 0) if 2 * replaced > syllables && syllables >= 4 => 52,
        (1.., 0, 0) if 2 * replaced > syllables && syllables == 3 => 45,
        (1.., 0, 0) if syllables >= 4 => 75,
        (1.., 0, 0) if syllables == 3 && exact > 0 => 65,
        (1.., 0, 0) if exact > 0 => 52,
        (1.., 0, 0) => 45,
        (1.., 1.., 0) if syllables >= 4 => 55,
        (1.., 1.., 0) => 40,
        _ => 0,
    }
}

/// A word that begins or ends with Latin letters or digits is no part of a longer such word; a long
/// number is glued to it (qq2837465109) and no part of it.
pub(super) fn is_whole(text: &Text, at: &Range<usize>) -> bool {
    let is_latin = |at: usize| text.at(at).is_some_and(|c| c.is_ascii_alphanumeric());
    let is_digit = |at: usize| text.at(at).is_some_and(|c| c.is_ascii_digit());
    let (first, last) = (at.start, at.end - 1);
    let joins_before = is_latin(first)
        && first.checked_sub(1).is_some_and(is_latin)
        && (is_digit(first) || !(1..=NUMBER_MIN).all(|far| first >= far && is_digit(first - far)));
    // 加vxabc: an account may follow a word that begins with another script.
    let joins_after = is_latin(last)
        && is_latin(at.end)
        && is_latin(first)
        && (is_digit(last) || !(0..NUMBER_MIN).all(|far| is_digit(at.end + far)));
    !joins_before && !joins_after
}
