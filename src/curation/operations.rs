//! The rule sets' part of the catalogue: some read and test them, two together publish.

use std::future::ready;

use schemars::JsonSchema;
use serde::Deserialize;

use super::{
    Curation,
    draft::DraftWanted,
    listing::{RuleSetWanted, RulesWanted},
    trial::{DryRunWanted, TestWanted},
};
use crate::operation::{Caller, Operation, Rate, Role};

/// Who may see the rules, and try them.
const READERS: &[Role] = &[Role::Moderator, Role::Supervisor, Role::Lead, Role::Compliance];
/// Who may change them.
const CURATORS: &[Role] = &[Role::Lead, Role::Compliance];

/// Names a rule set.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Named {
    /// Its version.
    pub version: String,
}

/// Nothing needs to be said.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Nothing {}

/// The operations on rule sets.
pub fn operations(curation: &Curation) -> Vec<Operation> {
    let mut all = changes(curation);
    all.extend(reads(curation));
    all.extend(trials(curation));
    all
}

fn changes(curation: &Curation) -> Vec<Operation> {
    let (draft, publish, back) = (curation.clone(), curation.clone(), curation.clone());
    vec![
        Operation::new(
            "moderation.draft",
            "Checks a rule set whole and stores it; nothing is judged by it yet.",
            CURATORS,
            Rate::Write,
            move |caller: Caller, wanted: DraftWanted| {
                let curation = draft.clone();
                async move { curation.draft(&caller, wanted).await }
            },
        ),
        Operation::new(
            "moderation.publish",
            "Puts a rule set in force that somebody else drafted.",
            CURATORS,
            Rate::Write,
            move |caller: Caller, Named { version }| {
                let curation = publish.clone();
                async move { curation.publish(&caller, &version).await }
            },
        ),
        Operation::new(
            "moderation.roll_back",
            "Puts the rule set in force again that was published before.",
            CURATORS,
            Rate::Write,
            move |caller: Caller, Nothing {}| {
                let curation = back.clone();
                async move { curation.roll_back(&caller).await }
            },
        ),
    ]
}

fn reads(curation: &Curation) -> Vec<Operation> {
    let (rules, rule_set, hits) = (curation.clone(), curation.clone(), curation.clone());
    vec![
        Operation::new(
            "moderation.rules",
            "A page of the rule sets, the newest first, and which is in force.",
            READERS,
            Rate::Read,
            move |_, asked: RulesWanted| {
                let curation = rules.clone();
                async move { curation.rules(&asked).await }
            },
        ),
        Operation::new(
            "moderation.rule_set",
            "One rule set: where it stands, its files, and the text of one of them.",
            READERS,
            Rate::Read,
            move |_, asked: RuleSetWanted| {
                let curation = rule_set.clone();
                async move { curation.rule_set(asked).await }
            },
        ),
        Operation::new(
            "moderation.hits",
            "How often each rule has hit on this node since it began.",
            READERS,
            Rate::Read,
            move |_, Nothing {}| ready(Ok(hits.hits())),
        ),
    ]
}

fn trials(curation: &Curation) -> Vec<Operation> {
    let (dry_run, test) = (curation.clone(), curation.clone());
    vec![
        Operation::new(
            "moderation.dry_run",
            "Judges a sample with the set in force and with a draft; stores nothing.",
            READERS,
            Rate::Write,
            move |_, wanted: DryRunWanted| {
                let curation = dry_run.clone();
                async move { curation.dry_run(wanted).await }
            },
        ),
        Operation::new(
            "moderation.test",
            "Judges one text with the set in force and explains the verdict; stores nothing.",
            READERS,
            Rate::Read,
            move |_, wanted: TestWanted| ready(test.test(&wanted)),
        ),
    ]
}
