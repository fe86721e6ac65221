//! What may be said: a verdict for each text, explained by the rules that led to it.
//!
//! Pure and synchronous: no clock, no database, no async. Knows places and sides, no conversation.
//! A text is folded once into characters that know where they come from; words are looked for in
//! several readings of it, numbers and contacts by recognisers of their own, and every hit is led
//! back to the text as it was written.

mod address;
mod alphabet;
mod amount;
mod bits;
mod candidate;
mod compile;
mod contact;
mod evidence;
mod fold;
mod follow;
mod found;
mod fragment;
mod guard;
mod lexicon;
mod likely;
mod marks;
mod number;
mod pattern;
mod polyphone;
mod prior;
mod reading;
mod reducers;
mod rule_set;
mod rules;
mod sighting;
mod sound;
mod tally;
mod text;
mod token;
mod verdict;
mod word_list;
mod words;

use std::{fmt, sync::Arc, time::Duration};

use arc_swap::ArcSwap;

#[cfg(test)]
pub(crate) use self::guard::UNJUDGEABLE;
use self::{
    address::Addresses, compile::RECOGNISED, contact::Contacts, evidence::Evidence, found::Class,
    fragment::Joined, lexicon::Lexicon, number::Numbers, prior::Prior, rules::Rules, tally::Tally,
    text::Text, verdict::Hit, verdict::spans,
};
pub use self::{
    guard::NoVerdict,
    lexicon::{LexiconFault, files, rule_files},
    prior::{Leaning, Limits, Views},
    rule_set::RuleSet,
    token::View,
    verdict::{Action, Category, Place, Question, Side, Span, Verdict},
    word_list::WORDS_MAX,
};
use crate::{
    config::moderation::{self as config, Actions, Matrix},
    telemetry::{Metrics, label::ByVerdict},
};

/// Judges with the rule set in force. Cheap to clone; all clones have the same one in force.
#[derive(Clone)]
pub struct Moderation(Arc<Inner>);

struct Inner {
    engine: ArcSwap<Engine>,
    matrix: Matrix,
    prior: config::Prior,
    budget: Duration,
    tally: Tally,
}

/// A rule set, ready to judge.
struct Engine {
    rules: Rules,
    numbers: Numbers,
    contacts: Contacts,
    addresses: Addresses,
    prior: Option<Prior>,
    /// Whether the prior may find something by itself.
    finds_more: bool,
    /// The classes of what patterns name and no list holds: money, digits, accounts.
    recognised: [Class; 3],
    version: String,
    matrix: Matrix,
}

/// How much there is of a rule set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// Rules.
    pub rules: usize,
    /// Words of rules, classes and phrases, each once.
    pub words: usize,
    /// Patterns.
    pub patterns: usize,
    /// Bytes that their automata take.
    pub bytes: usize,
}

/// A verdict with what led to it, for those who look after the rules.
#[derive(Debug)]
pub struct Examination {
    /// The verdict.
    pub verdict: Verdict,
    /// The numbers that were recognised, as one writes them. Secrets: they are for the screen of
    /// whoever typed the text, and for nothing that lasts.
    pub numbers: Vec<String>,
    /// What rules found, whether it counted or not.
    pub findings: Vec<Weighed>,
}

/// What a rule found, and how it was weighed.
#[derive(Clone, Debug)]
pub struct Weighed {
    /// The rule's name.
    pub rule: String,
    /// Bytes of the text.
    pub at: std::ops::Range<usize>,
    /// What the text was read as.
    pub view: View,
    /// 0 to 100; from 50 on it counts.
    pub score: u32,
    /// The names of what weakened it.
    pub reduced_by: Vec<String>,
}

impl Moderation {
    /// Loads the rules of `config.lexicon`, or the built-in ones, and checks them whole.
    ///
    /// # Errors
    /// When a file cannot be read, or a rule in it is at fault.
    pub fn load(config: &config::Moderation) -> Result<Self, LexiconFault> {
        let (matrix, prior, budget) = (config.matrix, config.prior, config.budget.0);
        let engine = Arc::new(Engine::new(Lexicon::read(&config.lexicon)?, matrix, prior)?);
        let (engine, tally) = (ArcSwap::new(engine), Tally::default());
        Ok(Self(Arc::new(Inner { engine, matrix, prior, budget, tally })))
    }

    /// The version of the rules in force, as verdicts carry it.
    pub fn rules_version(&self) -> String {
        self.0.engine.load().version.clone()
    }

    /// How much there is of the rules in force.
    pub fn size(&self) -> Size {
        self.0.engine.load().rules.size()
    }

    /// Judges a text. Deterministic; what is acted on comes by [`Moderation::decide`].
    pub fn judge(&self, question: Question<'_>) -> Verdict {
        self.examine(question).verdict
    }

    /// Judges a text and tells what led to the verdict.
    pub fn examine(&self, question: Question<'_>) -> Examination {
        // One snapshot for the whole text: whoever replaces the rules meanwhile waits for nobody.
        self.0.engine.load().examine(question)
    }

    /// What the prior says of a text, and why; `None` when there is none in force.
    pub fn leaning(&self, text: &str) -> Option<Leaning> {
        let (engine, text) = (self.0.engine.load(), Text::new(text));
        let is_begun = engine.numbers.runs(&text).iter().any(|run| run.is_begun(&text));
        let syllables = sound::listen(&text);
        engine.prior.as_ref()?.weigh(&text, &syllables, is_begun).leaning(&text, &syllables)
    }

    /// Counts a verdict that is acted on, and the rules that hit; judging itself counts nothing.
    pub fn count(&self, verdict: &Verdict, metrics: &Metrics) {
        metrics.verdicts.one(&ByVerdict {
            category: verdict.category.map_or("none", Category::as_str),
            action: verdict.action.as_str(),
        });
        for span in &verdict.spans {
            self.0.tally.one(&span.rule, metrics);
        }
    }

    /// Every rule that has hit since this node began, the most frequent first.
    pub fn hits(&self) -> Vec<(String, u64)> {
        self.0.tally.read()
    }
}

impl Engine {
    fn new(
        mut lexicon: Lexicon,
        matrix: Matrix,
        role: config::Prior,
    ) -> Result<Self, LexiconFault> {
        let version = lexicon.version.clone();
        let classes = lexicon.classes.clone();
        let list = |name: &str| {
            let class = classes.iter().find(|class| class.name == name);
            class.map_or_else(Vec::new, |class| class.words.clone())
        };
        let prior = lexicon.prior.take().filter(|_| role != config::Prior::Off);
        let finds_more = role == config::Prior::Full;
        let rules = Rules::new(lexicon)?;
        let numbers = Numbers::new(&rules, &list("joiner"), &list("phone"));
        let contacts = Contacts::new(&rules, list);
        let addresses = Addresses::new(&rules);
        let recognised = RECOGNISED.map(|name| rules.class(name));
        Ok(Self {
            rules,
            numbers,
            contacts,
            addresses,
            prior,
            finds_more,
            recognised,
            version,
            matrix,
        })
    }

    fn examine(&self, question: Question<'_>) -> Examination {
        let text = Text::new(question.text);
        let prior = self.prior.as_ref().filter(|_| question.place.is_talk());
        let gathered = self.gather(&text, question.side, prior);
        let mut numbers: Vec<String> =
            gathered.evidence.iter().filter_map(|it| it.number.clone()).collect();
        let mut hits: Vec<Hit<'_>> =
            gathered.evidence.iter().map(|it| hit(it, text.original(&it.at))).collect();
        let mut withdrawn = Vec::new();
        if let Some(joined) = Joined::new(question.earlier, question.text, &text) {
            let all = self.gather(&joined.text, question.side, None);
            for it in all.evidence.iter().filter(|it| joined.counts(it)) {
                withdrawn.extend(joined.earlier(&it.at));
                numbers.extend(it.number.clone());
                let at = joined.original(&it.at, question.text);
                hits.push(Hit { view: View::Fragments, ..hit(it, at) });
            }
        }
        withdrawn.sort_unstable();
        withdrawn.dedup();
        let (action, category) = self.decide(question, &hits);
        let findings = gathered.findings.iter().map(|finding| Weighed {
            rule: self.rules.told(finding.rule).name.clone(),
            at: text.original(&finding.at),
            view: finding.view,
            score: finding.score,
            reduced_by: finding
                .reduced_by
                .iter()
                .map(|it| self.rules.reducer(*it).to_owned())
                .collect(),
        });
        let findings = findings.collect();
        let verdict = Verdict {
            category,
            action,
            score: hits.iter().map(|hit| hit.score).max().unwrap_or(0),
            rules_version: self.version.clone(),
            spans: spans(question.text, hits),
            withdrawn,
        };
        Examination { verdict, numbers, findings }
    }

    /// The severest action that any hit asks for, and the gravest category that asks for it.
    fn decide(&self, question: Question<'_>, hits: &[Hit<'_>]) -> (Action, Option<Category>) {
        let actions = actions(&self.matrix, question);
        let asked = hits.iter().map(|hit| (action(actions, hit.category), Some(hit.category)));
        asked.max().unwrap_or((Action::Allow, None))
    }
}

fn hit<'a>(evidence: &Evidence<'a>, at: std::ops::Range<usize>) -> Hit<'a> {
    let Evidence { rule, reason, category, score, view, .. } = *evidence;
    Hit { at, rule, reason, category, score, view }
}

impl Matrix {
    /// Whether any hit could stop the text.
    fn stops(&self, question: Question<'_>) -> bool {
        let Actions { privacy, property, sensitive } = actions(self, question);
        [privacy, property, sensitive].iter().any(|action| *action != Action::Allow)
    }
}

fn actions(matrix: &Matrix, question: Question<'_>) -> Actions {
    let sides = match question.place {
        Place::Consult => matrix.consult,
        Place::Support => matrix.support,
        Place::Live => matrix.live,
        Place::Nickname => matrix.nickname,
        Place::Push => matrix.push,
    };
    match question.side {
        Side::User => sides.user,
        Side::Institution => sides.institution,
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
        write!(f, "Moderation({})", self.0.engine.load().version)
    }
}

#[cfg(test)]
mod tests;
