//! What weakens hits: words around them, and speech that wants nothing.

use std::ops::Range;

use super::{
    compile::Compiler,
    found::{Class, Found},
    lexicon::{self, Looks, Scope},
    marks::BEFORE,
    text::Text,
};

/// What is taken off where people speak who want nothing.
const LEARNED: u32 = 60;
/// The number of what weakens a hit when it is the prior that does.
pub(super) const BY_PRIOR: u32 = u32::MAX;

/// Words that weaken hits.
#[derive(Debug)]
struct Reducer {
    class: Class,
    scope: Scope,
    minus: u32,
    name: String,
}

/// All that weakens hits, each by its number.
#[derive(Debug)]
pub(super) struct Reducers(Vec<Reducer>);

impl Reducers {
    /// Compiles the lists of words.
    pub(super) fn new(compiler: &mut Compiler, told: Vec<lexicon::Reducer>) -> Self {
        let mut reducers = Vec::new();
        for lexicon::Reducer { name, words, scope, minus } in told {
            if let Some(class) = compiler.list(&words, Looks::default()) {
                reducers.push(Reducer { class, scope, minus, name });
            }
        }
        Self(reducers)
    }

    /// The classes of their words.
    pub(super) fn classes(&self) -> impl Iterator<Item = Class> {
        self.0.iter().map(|reducer| reducer.class)
    }

    /// The name of one.
    pub(super) fn name(&self, number: u32) -> &str {
        self.0.get(number as usize).map_or("learned", |reducer| &reducer.name)
    }

    /// What these take off together.
    pub(super) fn minus(&self, numbers: &[u32]) -> u32 {
        let by = |number: &u32| self.0.get(*number as usize).map_or(LEARNED, |it| it.minus);
        numbers.iter().map(by).sum()
    }

    /// Which words weaken a hit at `at`; a firm one only those that say what the whole text is.
    pub(super) fn at(&self, found: &Found<'_>, at: &Range<usize>, is_firm: bool) -> Vec<u32> {
        let reaches = |reducer: &Reducer| match reducer.scope {
            Scope::Before | Scope::Sentence | Scope::Clause if is_firm => false,
            Scope::Text | Scope::Sentence | Scope::Clause => {
                found.says(reducer.class, &reducer.scope.around(found, at))
            }
            Scope::Before => {
                let clause = found.clause(at).start;
                let window = clause.max(at.start.saturating_sub(BEFORE))..at.start + 1;
                found
                    .between(reducer.class, window)
                    .any(|word| word.at.start < at.start && !is_asking(found.text, &word.at))
            }
        };
        let numbered = self.0.iter().zip(0..);
        numbered.filter(|(reducer, _)| reaches(reducer)).map(|(_, number)| number).collect()
    }
}

/// 有没有 and 能不能 ask and do not deny: what a negation denies stands before it too.
fn is_asking(text: &Text, at: &Range<usize>) -> bool {
    let denied = text.at(at.start + 1);
    denied.is_some() && at.start.checked_sub(1).and_then(|before| text.at(before)) == denied
}
