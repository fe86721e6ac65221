//! Trying rules without putting them in force: a draft on a sample, and one text explained.
//!
//! What is tried is judged and forgotten: it is neither stored nor logged, and counts nowhere.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Curation, Fault};
use crate::{
    error::Code,
    moderation::{Category, Place, Question, RuleSet, Side, Verdict, View},
    operation::Refusal,
};

const TEXTS_MAX: usize = 1_000;
/// The longest text, in characters; a message of a consultation has no more.
const TEXT_MAX: usize = 2_000;
const EARLIER_MAX: usize = 6;
/// How many names of rules a dry run lists.
const NAMES_MAX: usize = 1_000;

/// Asks what a draft would change.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct DryRunWanted {
    /// The rule set to try.
    pub(super) version: String,
    /// A sample, at most 1 000 texts of 2 000 characters; judged and forgotten.
    #[serde(default)]
    pub(super) texts: Vec<String>,
    /// Where they would appear; in a consultation when absent.
    pub(super) place: Option<Place>,
    /// Who would have written them; a candidate when absent.
    pub(super) side: Option<Side>,
}

/// What a draft would change.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct DryRun {
    /// How many texts hit what with the set in force.
    pub(super) in_force: Counts,
    /// How many with the draft.
    pub(super) draft: Counts,
    /// The texts that the two judge otherwise, by their place in the sample.
    pub(super) changed: Vec<Changed>,
    /// Rules that the draft has and the set in force has not, at most 1 000.
    pub(super) added: Vec<String>,
    /// Rules that it no longer has, at most 1 000.
    pub(super) removed: Vec<String>,
}

/// How many texts hit, by the category that decides.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub(super) struct Counts {
    /// No rule.
    pub(super) none: usize,
    /// Phones, accounts, addresses.
    pub(super) privacy: usize,
    /// Transfers, deposits, promises.
    pub(super) property: usize,
    /// Banned speech.
    pub(super) sensitive: usize,
}

/// A text that is judged otherwise.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Changed {
    /// Which one, from 0.
    pub(super) index: usize,
    /// With the set in force.
    pub(super) from: Option<Category>,
    /// With the draft.
    pub(super) to: Option<Category>,
}

/// Asks why a text is judged as it is.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct TestWanted {
    /// The text, at most 2 000 characters.
    pub(super) text: String,
    /// What its author wrote before, oldest first, at most 6.
    #[serde(default)]
    pub(super) earlier: Vec<String>,
    /// Where it would appear; in a consultation when absent.
    pub(super) place: Option<Place>,
    /// Who would have written it; a candidate when absent.
    pub(super) side: Option<Side>,
}

/// Why a text is judged as it is, with the set in force.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Explained {
    /// The verdict.
    pub(super) verdict: Verdict,
    /// What rules about words found, whether it counted or not.
    pub(super) findings: Vec<Finding>,
}

/// What a rule found.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Finding {
    /// The rule.
    pub(super) rule: String,
    /// Bytes of the text in UTF-8: start and end.
    pub(super) utf8: (usize, usize),
    /// What the text was read as.
    pub(super) view: View,
    /// 0 to 100; from 50 on it counts.
    pub(super) score: u32,
    /// The names of what weakened it.
    pub(super) reduced_by: Vec<String>,
}

impl Curation {
    pub(super) async fn dry_run(&self, wanted: DryRunWanted) -> Result<DryRun, Refusal> {
        if wanted.texts.len() > TEXTS_MAX {
            return Err(Refusal::new(Code::LimitExceeded).with("max", TEXTS_MAX));
        }
        wanted.texts.iter().try_for_each(|text| check(text))?;
        let serial = self.get(&wanted.version).await?.serial;
        let draft = self.compile(self.stored(serial).await?).await?;
        let in_force = self.0.needs.moderation.in_force();
        // A sample of the largest kind keeps a thread for a second; none that serves others.
        let running = tokio::task::spawn_blocking(move || compare(&wanted, &in_force, &draft));
        running.await.map_err(|_| Fault::Compiler.into())
    }

    pub(super) fn test(&self, wanted: &TestWanted) -> Result<Explained, Refusal> {
        if wanted.earlier.len() > EARLIER_MAX {
            return Err(Refusal::new(Code::LimitExceeded).with("max", EARLIER_MAX));
        }
        let texts = wanted.earlier.iter().chain([&wanted.text]);
        texts.into_iter().try_for_each(|text| check(text))?;
        let earlier: Vec<_> = wanted.earlier.iter().map(String::as_str).collect();
        let question =
            Question { earlier: &earlier, ..question(&wanted.text, wanted.place, wanted.side) };
        let examination = self.0.needs.moderation.examine(question);
        let findings = examination.findings.into_iter().map(|it| Finding {
            rule: it.rule,
            utf8: (it.at.start, it.at.end),
            view: it.view,
            score: it.score,
            reduced_by: it.reduced_by,
        });
        Ok(Explained { findings: findings.collect(), verdict: examination.verdict })
    }
}

fn check(text: &str) -> Result<(), Refusal> {
    if text.chars().count() > TEXT_MAX {
        return Err(Refusal::new(Code::TooLong).with("max", TEXT_MAX));
    }
    Ok(())
}

fn question(text: &str, place: Option<Place>, side: Option<Side>) -> Question<'_> {
    let (place, side) = (place.unwrap_or(Place::Consult), side.unwrap_or(Side::User));
    Question { text, earlier: &[], place, side }
}

fn compare(wanted: &DryRunWanted, in_force: &RuleSet, draft: &RuleSet) -> DryRun {
    let names = |set: &RuleSet| set.names().map(str::to_owned).collect::<BTreeSet<_>>();
    let (old, new) = (names(in_force), names(draft));
    let mut run = DryRun {
        in_force: Counts::default(),
        draft: Counts::default(),
        changed: Vec::new(),
        added: new.difference(&old).take(NAMES_MAX).cloned().collect(),
        removed: old.difference(&new).take(NAMES_MAX).cloned().collect(),
    };
    for (text, index) in wanted.texts.iter().zip(0..) {
        let asked = question(text, wanted.place, wanted.side);
        let (from, to) = (in_force.judge(asked), draft.judge(asked));
        run.in_force.add(from.category);
        run.draft.add(to.category);
        if (from.category, from.action) != (to.category, to.action) {
            run.changed.push(Changed { index, from: from.category, to: to.category });
        }
    }
    run
}

impl Counts {
    fn add(&mut self, category: Option<Category>) {
        let count = match category {
            None => &mut self.none,
            Some(Category::Privacy) => &mut self.privacy,
            Some(Category::Property) => &mut self.property,
            Some(Category::Sensitive) => &mut self.sensitive,
        };
        *count += 1;
    }
}
