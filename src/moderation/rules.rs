//! The compiled rules: what they look for, what weakens them, and how their hits are weighed.

use std::{collections::HashMap, iter, ops::Range};

use super::{
    Size,
    bits::Bits,
    candidate::Candidate,
    compile::{Compiler, RECOGNISED},
    follow::follow,
    found::{Class, Found},
    lexicon::{self, Lexicon, LexiconFault, Looks, Origin, Tier},
    likely::{Likely, Pattern, Waiting},
    marks::Marks,
    pattern,
    prior::{Lean, Learned, Weighing},
    reducers::{BY_PRIOR, Reducers},
    sighting::Wants,
    sound::Syllable,
    text::Text,
    token::{Token, View},
    verdict::{Category, Side},
    words::{Role, Words},
};

/// A hit of this score or more counts.
pub(super) const COUNTS: u32 = 50;
/// What a cue nearby adds to a hit that does not need it.
const CUE: u32 = 20;
/// What another hit of the same category adds.
const COMPANY: u32 = 15;
/// What the prior adds to a hit of which it is convinced as well.
const BACKING: u32 = 20;
/// What an evasive dress adds.
const EVASION: u32 = 15;
/// How many phrases that begin before a candidate are looked at.
const PHRASES_MAX: usize = 16;
/// How likely money, digits and accounts are to stand in a text, beside words.
const RECOGNISED_LIKELIHOODS: [f64; 3] = [0.1, 0.5, 0.02];
/// How many candidates of one text are weighed.
const CANDIDATES_MAX: usize = 512;

/// A rule, compiled.
#[derive(Debug)]
struct Rule {
    told: lexicon::Rule,
    cues: Marks,
    unless: Marks,
    /// The classes that both are told by.
    classes: Bits,
}

/// The rules about words.
#[derive(Debug)]
pub(super) struct Rules {
    words: Words,
    rules: Vec<Rule>,
    waiting: Waiting,
    reducers: Reducers,
    classes: HashMap<String, Class>,
}

/// What a rule found, and how it was weighed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Finding {
    /// The rule's number.
    pub(super) rule: u32,
    /// Where, in characters of the text.
    pub(super) at: Range<usize>,
    pub(super) view: View,
    pub(super) score: u32,
    /// What has weakened it.
    pub(super) reduced_by: Vec<u32>,
    /// Whether the prior is convinced of it as well.
    pub(super) is_backed: bool,
}

impl Rules {
    /// Compiles what was read.
    pub(super) fn new(lexicon: Lexicon) -> Result<Self, LexiconFault> {
        let mut compiler = Compiler::new(&lexicon.classes);
        let (mut rules, mut patterns) = (Vec::new(), Vec::new());
        for mut told in lexicon.rules {
            let id = rules.len() as u32;
            let looks = Looks { sound: told.sound, split: told.split, emoji: told.emoji };
            for word in &told.words {
                if told.origin == Origin::Curated && pattern::is_pattern(word) {
                    let steps = compiler
                        .steps(word, looks)
                        .map_err(|wrong| fault(&told.name, word, &wrong))?;
                    patterns.push(Pattern { rule: id, steps });
                } else {
                    compiler.gathered.add(word, Role::Rule(id), looks);
                }
            }
            for phrase in &told.allow {
                compiler.gathered.add(phrase, Role::Allow(Some(id)), Looks::default());
            }
            let marks = |compiler: &mut Compiler, list: &[String], looks| {
                let marks = Marks::new(compiler, list, looks);
                marks.map_err(|(word, wrong)| fault(&told.name, &word, &wrong))
            };
            let heard = Looks { sound: told.sound, ..Looks::default() };
            let cues = marks(&mut compiler, &told.cues, heard)?;
            let unless = marks(&mut compiler, &told.unless, Looks::default())?;
            // They live on in the automaton; a hundred thousand of them are not kept twice.
            told.words = Vec::new();
            let mut classes = Bits::default();
            cues.classes().chain(unless.classes()).for_each(|it| classes.add(usize::from(it)));
            rules.push(Rule { told, cues, unless, classes });
        }
        let reducers = Reducers::new(&mut compiler, lexicon.reducers);
        for phrase in &lexicon.allow {
            compiler.gathered.add(phrase, Role::Allow(None), Looks::default());
        }
        compiler.fill().map_err(|wrong| fault("classes", "", &wrong))?;
        let mut likelihoods = compiler.likelihoods();
        for (name, likelihood) in RECOGNISED.iter().zip(RECOGNISED_LIKELIHOODS) {
            likelihoods[usize::from(compiler.classes[*name])] = likelihood;
        }
        let waiting = Waiting::new(patterns, &likelihoods);
        let Compiler { gathered, classes, .. } = compiler;
        let words = gathered.compile(&waiting.needed())?;
        Ok(Self { words, rules, waiting, reducers, classes })
    }

    /// The class of this name, or one that no word has.
    pub(super) fn class(&self, name: &str) -> Class {
        self.classes.get(name).copied().unwrap_or(Class::MAX)
    }

    /// How much there is of them.
    pub(super) fn size(&self) -> Size {
        let (words, bytes) = self.words.size();
        // What the prior finds by itself has a name like a rule's, and is none.
        Size { rules: self.names().count(), words, patterns: self.waiting.patterns.len(), bytes }
    }

    /// The names of the rules, in the order of the files.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        let written = self.rules.iter().filter(|rule| rule.told.origin != Origin::Learned);
        written.map(|rule| rule.told.name.as_str())
    }

    /// The tokens of a text, given with its syllables, that matter to what `side` must not write, or
    /// are of the classes that recognisers want, with `more` that those found; and what may come of
    /// them.
    pub(super) fn find<'a>(
        &'a self,
        (text, syllables): (&'a Text, Vec<Syllable>),
        side: Side,
        more: Vec<(Token, Class)>,
        wanted: &[Class],
    ) -> (Found<'a>, Likely) {
        let sightings = self.words.sight(text, syllables);
        let is_by = |rule: u32| self.told(rule).by.is_none_or(|by| by == side);
        let likely = self.waiting.likely(&self.words, &sightings, &more, is_by);
        if likely.rules.is_empty() && wanted.is_empty() {
            return (Found::new(text, Vec::new(), |_| iter::empty()), likely);
        }
        let mut classes = Bits::up_to(self.waiting.classes());
        let has_rules = !likely.rules.is_empty();
        likely.rules.iter().for_each(|rule| classes.add_all(&self.rules[rule].classes));
        let patterns = likely.patterns.iter().map(|it| &self.waiting.patterns[*it as usize]);
        let steps = patterns.flat_map(|it| &it.steps).map(|(_, class, _)| *class);
        let reducers = self.reducers.classes().filter(|_| has_rules);
        for class in steps.chain(reducers).chain(wanted.iter().copied()) {
            classes.add(usize::from(class));
        }
        let wants = Wants { rules: likely.rules.clone(), classes };
        (self.words.find(&sightings, &wants, more), likely)
    }

    /// The same with every word and every rule, needed or not: what [`Rules::find`] must agree with.
    #[cfg(test)]
    pub(super) fn find_everything<'a>(
        &'a self,
        text: &'a Text,
        side: Side,
        more: Vec<(Token, Class)>,
    ) -> (Found<'a>, Likely) {
        let sightings = self.words.sight(text, super::sound::listen(text));
        let mut wants = Wants::default();
        let is_by = |rule: &usize| self.told(*rule as u32).by.is_none_or(|by| by == side);
        (0..self.rules.len()).filter(is_by).for_each(|rule| wants.rules.add(rule));
        (0..usize::from(Class::MAX)).for_each(|class| wants.classes.add(class));
        let is_by =
            |number: &u32| wants.rules.has(self.waiting.patterns[*number as usize].rule as usize);
        let patterns = (0..self.waiting.patterns.len() as u32).filter(is_by).collect();
        let likely = Likely { rules: wants.rules.clone(), patterns };
        (self.words.find(&sightings, &wants, more), likely)
    }

    /// How a rule is told: its name, category and reason.
    pub(super) fn told(&self, rule: u32) -> &lexicon::Rule {
        &self.rules[rule as usize].told
    }

    /// The name of what weakens hits.
    pub(super) fn reducer(&self, number: u32) -> &str {
        self.reducers.name(number)
    }

    /// Everything that the rules find in a text, whether it counts or not.
    pub(super) fn judge(
        &self,
        found: &Found<'_>,
        likely: &Likely,
        prior: Option<&Weighing<'_>>,
    ) -> Vec<Finding> {
        if likely.rules.is_empty() {
            return Vec::new();
        }
        let candidates = self.candidates(found, likely);
        let mut findings: Vec<_> =
            candidates.iter().filter_map(|it| self.weigh(found, it, &candidates, prior)).collect();
        self.add_up(&mut findings);
        findings
    }

    fn candidates(&self, found: &Found<'_>, likely: &Likely) -> Vec<Candidate> {
        let mut candidates = Vec::new();
        for token in found.tokens() {
            for role in self.words.roles(token) {
                if let Role::Rule(rule) = role
                    && likely.rules.has(rule as usize)
                {
                    candidates.push(Candidate::of(rule, token));
                }
            }
        }
        for number in &likely.patterns {
            let Pattern { rule, steps } = &self.waiting.patterns[*number as usize];
            let begins = found.of(steps[0].1);
            candidates.extend(begins.filter_map(|token| follow(found, steps, *rule, token)));
        }
        self.withdraw_allowed(found, &mut candidates);
        candidates.sort_by_key(|it| (it.at.start, it.at.end, it.rule));
        candidates.truncate(CANDIDATES_MAX);
        candidates
    }

    /// Takes out what stands strictly within a phrase that its rule allows.
    fn withdraw_allowed(&self, found: &Found<'_>, candidates: &mut Vec<Candidate>) {
        let mut phrases: Vec<(u32, Range<usize>)> = Vec::new();
        for token in found.tokens() {
            for role in self.words.roles(token) {
                if let Role::Allow(Some(rule)) = role {
                    phrases.push((rule, token.at.clone()));
                }
            }
        }
        if phrases.is_empty() {
            return;
        }
        phrases.sort_unstable_by_key(|(rule, at)| (*rule, at.start));
        candidates.retain(|it| {
            // Phrases are short: of those that begin before a candidate, only the last can hold it.
            let begun =
                |phrase: &(u32, Range<usize>)| (phrase.0, phrase.1.start) <= (it.rule, it.at.start);
            let last = phrases.partition_point(begun);
            let holds = |(rule, at): &(u32, Range<usize>)| {
                *rule == it.rule && it.at.end <= at.end && it.at.len() < at.len()
            };
            !phrases[..last].iter().rev().take(PHRASES_MAX).any(holds)
        });
    }

    fn weigh(
        &self,
        found: &Found<'_>,
        it: &Candidate,
        all: &[Candidate],
        prior: Option<&Weighing<'_>>,
    ) -> Option<Finding> {
        let Rule { told, cues, unless, .. } = &self.rules[it.rule as usize];
        let is_of_view = told.only.is_none_or(|only| only == it.view);
        if !is_of_view || unless.are_said(found, &told.unless_in.around(found, &it.at)) {
            return None;
        }
        let certainty = it.certainty();
        let is_grave = told.firm && told.category == Category::Sensitive;
        let lean = prior
            .filter(|_| told.origin == Origin::Curated)
            .map_or(Lean::Neither, |prior| prior.lean(&it.at, told.category, is_grave));
        let is_backed = lean == Lean::Guilty;
        let has_cue = is_backed || cues.are_near(found, &it.at, told.near);
        if told.tier == Tier::Cued && !has_cue {
            return None;
        }
        let mut score = told.score * certainty / 100;
        if told.tier != Tier::Adding && has_cue && certainty < 100 {
            score += CUE;
        }
        if told.tier != Tier::Adding && certainty < 100 {
            let is_company = |other: &Candidate| {
                let other_told = self.told(other.rule);
                other_told.category == told.category
                    && other_told.tier != Tier::Adding
                    && (other.at.end <= it.at.start || it.at.end <= other.at.start)
            };
            score += if all.iter().any(is_company) { COMPANY } else { 0 };
        }
        score += if it.is_evasive && told.tier != Tier::Adding { EVASION } else { 0 };
        let mut reduced_by = self.reducers.at(found, &it.at, told.firm);
        if lean == Lean::Benign {
            reduced_by.push(BY_PRIOR);
        }
        let minus = self.reducers.minus(&reduced_by);
        let more = if is_backed && told.tier != Tier::Adding { BACKING } else { 0 };
        let score = (score.min(100) + more).saturating_sub(minus).min(100);
        let (rule, at, view) = (it.rule, it.at.clone(), it.view);
        Some(Finding { rule, at, view, score, reduced_by, is_backed })
    }

    /// What the prior has found by itself, less what weakens it.
    pub(super) fn learned(&self, found: &Found<'_>, it: Learned) -> Option<Finding> {
        let is_its =
            |rule: &Rule| rule.told.origin == Origin::Learned && rule.told.category == it.category;
        let rule = self.rules.iter().position(is_its)? as u32;
        let reduced_by = self.reducers.at(found, &it.at, false);
        let score = it.score.saturating_sub(self.reducers.minus(&reduced_by));
        let (at, view) = (it.at, View::Text);
        Some(Finding { rule, at, view, score, reduced_by, is_backed: true })
    }

    /// The classes of the words that weaken hits.
    pub(super) fn reducing(&self) -> impl Iterator<Item = Class> {
        self.reducers.classes()
    }

    /// What was found with the cue that it needs, within its own message when one stands there.
    pub(super) fn reach(&self, found: &Found<'_>, finding: &Finding) -> Range<usize> {
        let Rule { told, cues, .. } = &self.rules[finding.rule as usize];
        let is_whole = told.tier != Tier::Cued;
        let cue = if is_whole { None } else { cues.nearest(found, &finding.at, told.near) };
        let cue = cue.unwrap_or_else(|| finding.at.clone());
        finding.at.start.min(cue.start)..finding.at.end.max(cue.end)
    }

    /// Words that say a little make a hit of the last of them when they say enough together.
    fn add_up(&self, findings: &mut [Finding]) {
        for category in [Category::Privacy, Category::Property, Category::Sensitive] {
            let is_adding = |finding: &Finding| {
                let told = self.told(finding.rule);
                told.tier == Tier::Adding && told.category == category
            };
            let mut counted: Vec<u32> = Vec::new();
            let is_backed = |it: &Finding| is_adding(it) && it.is_backed && it.score > 0;
            let mut sum = if findings.iter().any(is_backed) { BACKING } else { 0 };
            for finding in findings.iter().filter(|finding| is_adding(finding)) {
                // The same rule twice says no more than once.
                if !counted.contains(&finding.rule) {
                    counted.push(finding.rule);
                    sum += finding.score;
                }
            }
            if sum >= COUNTS
                && let Some(last) = findings.iter_mut().rev().find(|it| is_adding(it))
            {
                last.score = sum.min(100);
            }
        }
    }
}

fn fault(name: &str, word: &str, wrong: &str) -> LexiconFault {
    let wrong = if word.is_empty() { wrong.to_owned() } else { format!("`{word}`: {wrong}") };
    LexiconFault::Wrong { file: "rules".to_owned(), name: name.to_owned(), wrong }
}
