//! The prior: how speech sounds that asks for contacts, money or worse, learned from labelled lines.
//!
//! A linear model over the characters of a text and the pairs of neighbours among them. It knows no
//! list of words and no place; rules say what is meant, and the prior how likely it is meant. What
//! it may do to their findings stands in [`Lean`]. `scripts/prior` makes its weights.

mod compact;
mod file;
mod grams;
mod views;
mod weighing;

use self::grams::{Grams, Sums};
pub(super) use self::{
    file::is_prior,
    weighing::{Learned, Weighing},
};
pub use self::{views::Views, weighing::Leaning};
use super::{sound::Syllable, text::Text};

/// The classes that speak against a text.
const CLASSES: usize = 3;
/// Where fewer grams are known than seven characters and their sounds have, the prior alone makes no
/// hit: 我的手机号是 has fewer.
const GRAMS_MIN: i32 = 20;
/// Where fewer are known than four characters have, it weakens nothing: a rule may be all that the text is.
const BENIGN_MIN: i32 = 10;

/// The weights that were learned, and how far they are to be trusted.
#[derive(Debug)]
pub(super) struct Prior {
    grams: Grams,
    /// What speaks for each class in any text, against none of them.
    bias: [f32; CLASSES],
    /// The weight of 1 in the file.
    unit: f32,
    /// So many grams of no weight are added to those that a window has: little is said by few.
    shrink: f32,
    limits: Limits,
}

/// What scores mean, each the logarithm of odds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limits {
    /// Below this what rules find of the gravest things is weakened too.
    pub grave: f32,
    /// Below this what other rules find is weakened.
    pub benign: f32,
    /// From here on the prior is as good as a cue to rules of the class.
    pub cue: f32,
    /// From here on it is a hit by itself, where rules have none.
    pub alone: f32,
}

/// What the prior says to a rule that has found something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lean {
    /// People who speak like this do not want what the rule is about: its find is weakened.
    Benign,
    /// Rules decide.
    Neither,
    /// As good as a cue that a rule asks for.
    Guilty,
}

impl Prior {
    /// Weighs a text that sounds like `syllables`, in time linear in its length. Where a number is begun and not ended in it, as
    /// `is_begun` says, nothing speaks for privacy: what it is, the rest will tell.
    pub(super) fn weigh(
        &self,
        text: &Text,
        syllables: &[Syllable],
        is_begun: bool,
    ) -> Weighing<'_> {
        Weighing::new(self, text, syllables, is_begun)
    }

    /// By class, how much more likely it is than none of them: the logarithm of the odds.
    #[inline]
    fn scores(&self, sums: Sums) -> [f32; CLASSES] {
        let [of @ .., known] = sums;
        let scale = self.unit / (known as f32 + self.shrink).sqrt();
        let mut scores = self.bias;
        scores.iter_mut().zip(of).for_each(|(score, sum)| *score += sum as f32 * scale);
        scores
    }
}
