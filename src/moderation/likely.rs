//! Which rules a text may meet: those with a word in it, and those with a pattern of which it has
//! everything somewhere. Only for these the words are looked at in their places.

use super::{
    bits::Bits,
    follow::Step,
    found::Class,
    sighting::Sightings,
    token::Token,
    words::{Role, Words},
};

/// A pattern of a rule.
#[derive(Debug)]
pub(super) struct Pattern {
    pub(super) rule: u32,
    pub(super) steps: Vec<Step>,
}

/// The patterns, each waiting for the rarest class of words that it needs.
#[derive(Debug)]
pub(super) struct Waiting {
    pub(super) patterns: Vec<Pattern>,
    /// By class: the patterns of which it is the rarest, each with the second rarest.
    by_rarest: Vec<Vec<(Class, u32)>>,
}

/// Which rules and patterns have all that they need in a text.
#[derive(Debug, Default)]
pub(super) struct Likely {
    pub(super) rules: Bits,
    pub(super) patterns: Vec<u32>,
}

impl Waiting {
    /// Takes the patterns, and by class how likely a word of it is to stand in a text.
    pub(super) fn new(patterns: Vec<Pattern>, likelihoods: &[f64]) -> Self {
        let mut by_rarest = vec![Vec::new(); likelihoods.len()];
        for (pattern, number) in patterns.iter().zip(0..) {
            let mut classes: Vec<Class> = pattern.needed().collect();
            let likelihood = |class: &Class| likelihoods[usize::from(*class)];
            classes.sort_by(|a, b| likelihood(a).total_cmp(&likelihood(b)));
            if let Some(rarest) = classes.first() {
                let second = *classes.get(1).unwrap_or(rarest);
                by_rarest[usize::from(*rarest)].push((second, number));
            }
        }
        Self { patterns, by_rarest }
    }

    /// How many classes there are.
    pub(super) fn classes(&self) -> usize {
        self.by_rarest.len()
    }

    /// The classes of words that patterns need.
    pub(super) fn needed(&self) -> Bits {
        let mut needed = Bits::up_to(self.by_rarest.len());
        let classes = self.patterns.iter().flat_map(Pattern::needed);
        classes.for_each(|class| needed.add(usize::from(class)));
        needed
    }

    /// Which rules and patterns have all that they need somewhere in a text: in its words or in
    /// `more` that was found there. Rules that are not of `is_meant` are passed over.
    pub(super) fn likely(
        &self,
        words: &Words,
        sightings: &Sightings<'_>,
        more: &[(Token, Class)],
        is_meant: impl Fn(u32) -> bool,
    ) -> Likely {
        let mut likely = Likely::default();
        let mut present = Bits::up_to(self.by_rarest.len());
        for role in words.leads(sightings) {
            match role {
                Role::Rule(rule) if is_meant(rule) => likely.rules.add(rule as usize),
                Role::Class(class) => present.add(usize::from(class)),
                _ => {}
            }
        }
        more.iter().for_each(|(_, class)| present.add(usize::from(*class)));
        let rarest = present.iter().filter_map(|class| self.by_rarest.get(class)).flatten();
        for (second, number) in rarest {
            let pattern = &self.patterns[*number as usize];
            if present.has(usize::from(*second))
                && pattern.needed().all(|class| present.has(usize::from(class)))
                && is_meant(pattern.rule)
            {
                likely.patterns.push(*number);
                likely.rules.add(pattern.rule as usize);
            }
        }
        likely
    }
}

impl Pattern {
    /// The classes of which a word must be there.
    fn needed(&self) -> impl Iterator<Item = Class> {
        self.steps.iter().filter(|(.., is_optional)| !is_optional).map(|(_, class, _)| *class)
    }
}
