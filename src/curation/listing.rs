//! What may be read of rule sets: a page of them, one of them, and how often rules hit.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    Curation, Fault,
    row::{self, Summary},
};
use crate::{error::Code, operation::Refusal};

/// The longest page, and the usual one.
const PAGE_MAX: usize = 50;

/// Asks for a page of rule sets.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RulesWanted {
    /// Continue after the page that answered this `next`.
    pub(super) before: Option<i64>,
    /// 1–50 entries.
    pub(super) limit: Option<usize>,
}

/// A page of rule sets, the newest first.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct RulePage {
    /// The version that this node judges with.
    pub(super) in_force: String,
    /// Where that comes from: absent for the configured rules, because nothing was published.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) serial: Option<i64>,
    /// Without their files.
    pub(super) rule_sets: Vec<Summary>,
    /// Where the next page begins; absent on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) next: Option<i64>,
}

/// Asks for one rule set.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RuleSetWanted {
    /// Which.
    pub(super) version: String,
    /// The file whose text is wanted; absent for the names alone.
    pub(super) file: Option<String>,
}

/// One rule set.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct RuleSetShown {
    /// Where it stands.
    #[serde(flatten)]
    pub(super) summary: Summary,
    /// Its files: rules in `*.toml`, plain words in `privacy.txt`, `property.txt`, `sensitive.txt`.
    pub(super) files: Vec<FileShown>,
}

/// One file of a rule set.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct FileShown {
    /// Its name.
    pub(super) name: String,
    /// Its length in bytes.
    pub(super) bytes: usize,
    /// Its text, of the file that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) text: Option<String>,
}

/// How often rules have hit.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Hits {
    /// The version that this node judges with.
    pub(super) in_force: String,
    /// The rules that have hit on this node since it began, the most frequent first; `other` stands
    /// for those beyond 4 096.
    pub(super) rules: Vec<RuleHits>,
}

/// How often a rule has hit.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct RuleHits {
    /// Its name.
    pub(super) rule: String,
    /// How often.
    pub(super) hits: u64,
}

impl Curation {
    pub(super) async fn rules(&self, asked: &RulesWanted) -> Result<RulePage, Refusal> {
        let limit = asked.limit.unwrap_or(PAGE_MAX).clamp(1, PAGE_MAX);
        let page = row::page(asked.before.unwrap_or(i64::MAX), limit as i64);
        let rows = self.0.needs.store.read(page).await.map_err(Fault::from)?;
        let rule_sets: Vec<_> = rows.iter().map(row::of_row).collect();
        let last = rule_sets.last().map(|last| last.serial);
        let serial = self.standing().serial;
        Ok(RulePage {
            in_force: self.0.needs.moderation.rules_version(),
            serial: (serial > 0).then_some(serial),
            next: last.filter(|_| rule_sets.len() == limit),
            rule_sets,
        })
    }

    pub(super) async fn rule_set(&self, asked: RuleSetWanted) -> Result<RuleSetShown, Refusal> {
        let summary = self.get(&asked.version).await?;
        let files = self.stored(summary.serial).await?;
        if let Some(file) = &asked.file
            && !files.iter().any(|(name, _)| name == file)
        {
            return Err(Refusal::new(Code::NotInScope)
                .because("the rule set has no such file; without `file` all names are answered"));
        }
        let shown = files.into_iter().map(|(name, text)| FileShown {
            bytes: text.len(),
            text: (asked.file.as_ref() == Some(&name)).then_some(text),
            name,
        });
        Ok(RuleSetShown { summary, files: shown.collect() })
    }

    pub(super) fn hits(&self) -> Hits {
        let moderation = &self.0.needs.moderation;
        let rules = moderation.hits().into_iter().map(|(rule, hits)| RuleHits { rule, hits });
        Hits { in_force: moderation.rules_version(), rules: rules.collect() }
    }
}
