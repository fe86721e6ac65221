//! What may be said: a verdict for each text, explained by the rules that led to it.
//!
//! Pure and synchronous: no clock, no database, no async. Knows places and sides, no conversation.
//! A text is folded once; words, numbers and contacts are looked for in the fold, and every hit is
//! led back to the text as it was written.

mod contact;
mod digit;
mod fold;
mod fragment;
mod lexicon;
mod number;
mod verdict;
mod word;

use std::{fmt, sync::Arc};

use self::{
    fold::Folded, lexicon::Lexicon, number::Numbers, verdict::Hit, verdict::spans, word::Words,
};
pub use self::{
    lexicon::LexiconFault,
    verdict::{Action, Category, Place, Question, Side, Span, Verdict},
};
use crate::config::moderation::{self as config, Actions, Matrix};

/// The engine with its rule set. Cheap to clone.
#[derive(Clone)]
pub struct Moderation(Arc<Rules>);

struct Rules {
    words: Words,
    numbers: Numbers,
    version: String,
    matrix: Matrix,
}

impl Moderation {
    /// Loads the rules of `config.lexicon`, or the built-in ones, and checks them whole.
    ///
    /// # Errors
    /// When a file cannot be read, or a rule in it is at fault.
    pub fn load(config: &config::Moderation) -> Result<Self, LexiconFault> {
        let Lexicon { rules, context, version } = Lexicon::read(&config.lexicon)?;
        let numbers = Numbers::new(&context);
        let words = Words::new(rules, &context)?;
        Ok(Self(Arc::new(Rules { words, numbers, version, matrix: config.matrix })))
    }

    /// The version of the rules in force, as verdicts carry it.
    pub fn rules_version(&self) -> &str {
        &self.0.version
    }

    /// Judges a text. Deterministic; never fails.
    pub fn judge(&self, question: Question<'_>) -> Verdict {
        let folded = Folded::new(question.text);
        let mut hits = Vec::new();
        self.0.words.judge(&folded, &mut hits);
        self.0.numbers.judge(&folded, &mut hits);
        contact::judge(&folded, &mut hits);
        if let Some((kind, at)) = fragment::judge(question.text, &folded, question.earlier) {
            hits.push(kind.hit(at));
        }
        let (action, category) = self.decide(question, &hits);
        Verdict {
            category,
            action,
            score: hits.iter().map(|hit| hit.score).max().unwrap_or(0),
            rules_version: self.0.version.clone(),
            spans: spans(question.text, hits),
        }
    }

    /// The severest action that any hit asks for, and the gravest category that asks for it.
    fn decide(&self, question: Question<'_>, hits: &[Hit<'_>]) -> (Action, Option<Category>) {
        let matrix = &self.0.matrix;
        let sides = match question.place {
            Place::Consult => matrix.consult,
            Place::Support => matrix.support,
            Place::Live => matrix.live,
            Place::Nickname => matrix.nickname,
            Place::Push => matrix.push,
        };
        let actions = match question.side {
            Side::User => sides.user,
            Side::Institution => sides.institution,
        };
        let asked = hits.iter().map(|hit| (action(actions, hit.category), Some(hit.category)));
        asked.max().unwrap_or((Action::Allow, None))
    }
}

fn action(actions: Actions, category: Category) -> Action {
    match category {
        Category::Privacy => actions.privacy,
        Category::Property => actions.property,
        Category::Sensitive => actions.sensitive,
    }
}

impl fmt::Debug for Moderation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Moderation({})", self.0.version)
    }
}

#[cfg(test)]
mod tests;
