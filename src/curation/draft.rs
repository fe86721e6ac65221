//! Drafting: a rule set is checked whole before it is stored, and refused with what is wrong where.

use std::{collections::BTreeMap, path::Path};

use schemars::JsonSchema;
use serde::Deserialize;

use super::{
    Curation, Fault,
    row::{self, State, Summary},
};
use crate::{
    error::Code,
    moderation::{self, LexiconFault},
    operation::{Caller, Refusal},
    store,
};

const FILES_MAX: usize = 64;
const NAME_MAX: usize = 64;
/// All files of a set together, in bytes: 120 000 words are two of them.
const BYTES_MAX: usize = 16 << 20;
const NOTE_MAX: usize = 500;
/// What a fault quotes of a file, in characters.
const WRONG_MAX: usize = 500;
/// A draft that so many newer sets have followed is forgotten.
const DRAFTS_MAX: i64 = 200;

/// A rule set's files, by name.
pub(super) type Files = BTreeMap<String, String>;

/// What a rule set is to hold.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct DraftWanted {
    /// Why it is drafted, 1–500 characters.
    pub(super) note: String,
    /// What it builds on; absent for what is in force.
    pub(super) base: Option<String>,
    /// Its `*.toml` files, at most 64; absent for those of the base.
    pub(super) files: Option<Vec<RuleFile>>,
    /// Plain words; categories that are absent keep the words of the base.
    #[serde(default)]
    pub(super) words: Words,
    /// The words come beside those of the base and not in their place, so that a long list can be
    /// brought in several calls, each with the draft before as its base.
    #[serde(default)]
    pub(super) add: bool,
}

/// A file of rules as curators write it.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RuleFile {
    /// Small letters, digits, `_` and `-`, then `.toml`.
    pub(super) name: String,
    /// The text, in TOML.
    pub(super) text: String,
}

/// Plain words, each a hit by itself; at most 120 000 a category.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Words {
    /// Of phones, accounts, addresses.
    pub(super) privacy: Option<Vec<String>>,
    /// Of transfers, deposits, promises.
    pub(super) property: Option<Vec<String>>,
    /// Of banned speech.
    pub(super) sensitive: Option<Vec<String>>,
}

impl Curation {
    /// Checks and stores a rule set, which judges nothing until somebody else publishes it.
    pub(super) async fn draft(&self, by: &Caller, wanted: DraftWanted) -> Result<Summary, Refusal> {
        if !(1..=NOTE_MAX).contains(&wanted.note.trim().chars().count()) {
            return Err(bad("note", "say why in 1 to 500 characters"));
        }
        let mut files = self.base(wanted.base.as_deref()).await?;
        if let Some(own) = wanted.files {
            files.retain(|name, _| !name.ends_with(".toml"));
            take_files(&mut files, own)?;
        }
        take_words(&mut files, wanted.words, wanted.add)?;
        if files.values().map(String::len).sum::<usize>() > BYTES_MAX {
            return Err(Refusal::new(Code::LimitExceeded).with("max", BYTES_MAX));
        }
        let set = self.compile(files.clone().into_iter().collect()).await?;
        let size = set.size();
        let summary = Summary {
            version: set.version().to_owned(),
            serial: 0,
            state: State::Draft,
            note: wanted.note,
            rules: size.rules as i64,
            words: size.words as i64,
            drafted_by: by.user.as_str().to_owned(),
            drafted_at: self.0.needs.clock.now_ms(),
            published_by: None,
            published_at: None,
            superseded_by: None,
            superseded_at: None,
        };
        self.keep(summary, &files).await
    }

    async fn keep(&self, mut summary: Summary, files: &Files) -> Result<Summary, Refusal> {
        let store = &self.0.needs.store;
        if let Some(known) = self.find(&summary.version).await? {
            return Err(Refusal::new(Code::Conflict)
                .with("version", known.version)
                .because("a rule set with the same files exists; go on with that one"));
        }
        let newest = store.read(row::newest()).await.map_err(Fault::from)?;
        summary.serial = newest.first().map_or(0, |row| row.int(0)) + 1;
        let mut statements = Vec::from(row::forget(summary.serial, DRAFTS_MAX));
        statements.push(row::draft(&summary));
        statements.extend(files.iter().map(|(name, text)| row::file(summary.serial, name, text)));
        match store.commit(statements).await {
            Ok(_) => Ok(summary),
            Err(store::Fault::Duplicate { .. }) => Err(Refusal::new(Code::Stale)
                .because("somebody else drafted at the same time; draft again")),
            Err(fault) => Err(Fault::from(fault).into()),
        }
    }

    /// The files that a draft builds on.
    async fn base(&self, version: Option<&str>) -> Result<Files, Refusal> {
        let serial = match version {
            Some(version) => self.get(version).await?.serial,
            None => {
                let rows = self.0.needs.store.read(row::published()).await;
                rows.map_err(Fault::from)?.first().map_or(0, |row| row.int(0))
            }
        };
        if serial > 0 {
            return Ok(self.stored(serial).await?.into_iter().collect());
        }
        let path = self.0.config.lexicon.clone();
        let read = tokio::task::spawn_blocking(move || moderation::files(&path)).await;
        let files = read.map_err(|_| Fault::Compiler)?.map_err(Fault::from)?;
        let named = files.into_iter().map(|(path, text)| {
            let name = Path::new(&path).file_name().and_then(|name| name.to_str());
            (name.map_or(path.clone(), str::to_owned), text)
        });
        Ok(named.collect())
    }

    /// The files of a stored set, by name.
    pub(super) async fn stored(&self, serial: i64) -> Result<Vec<(String, String)>, Fault> {
        let rows = self.0.needs.store.read(row::files(serial)).await?;
        Ok(rows.iter().map(|row| (row.text(0).to_owned(), row.text(1).to_owned())).collect())
    }

    pub(super) async fn find(&self, version: &str) -> Result<Option<Summary>, Fault> {
        let rows = self.0.needs.store.read(row::by_version(version)).await?;
        Ok(rows.first().map(row::of_row))
    }

    pub(super) async fn get(&self, version: &str) -> Result<Summary, Refusal> {
        let found = self.find(version).await?;
        found.ok_or_else(|| {
            Refusal::new(Code::NotInScope)
                .because("there is no rule set of this version; moderation.rules lists them")
        })
    }
}

fn take_files(files: &mut Files, own: Vec<RuleFile>) -> Result<(), Refusal> {
    if own.len() > FILES_MAX {
        return Err(Refusal::new(Code::LimitExceeded).with("max", FILES_MAX));
    }
    for RuleFile { name, text } in own {
        let stem = name.strip_suffix(".toml").unwrap_or_default();
        let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "_-".contains(c);
        if stem.is_empty() || name.len() > NAME_MAX || !stem.chars().all(is_plain) {
            return Err(bad("files", "a name is small letters, digits, _ and -, then .toml"));
        }
        if files.insert(name, text).is_some() {
            return Err(bad("files", "two files have the same name"));
        }
    }
    Ok(())
}

fn take_words(files: &mut Files, words: Words, add: bool) -> Result<(), Refusal> {
    let Words { privacy, property, sensitive } = words;
    for (file, words) in
        [("privacy.txt", privacy), ("property.txt", property), ("sensitive.txt", sensitive)]
    {
        let Some(words) = words else { continue };
        let is_line = |word: &String| !word.contains(['\n', '\r']) && !word.trim().starts_with('#');
        if !words.iter().all(is_line) {
            return Err(bad("words", "a word is one line and does not begin with #"));
        }
        let mut text = if add { files.remove(file).unwrap_or_default() } else { String::new() };
        for word in &words {
            text.push_str(word.trim());
            text.push('\n');
        }
        if text.is_empty() {
            files.remove(file);
        } else {
            files.insert(file.to_owned(), text);
        }
    }
    Ok(())
}

fn bad(field: &str, reason: &str) -> Refusal {
    Refusal::new(Code::BadRequest).with("field", field).because(reason)
}

/// What is wrong with a rule set, for the person who wrote it.
pub(super) fn wrong(fault: &LexiconFault) -> Refusal {
    let bad = |file: &str, wrong: String| {
        let wrong: String = wrong.chars().take(WRONG_MAX).collect();
        Refusal::new(Code::BadRequest)
            .with("file", file)
            .with("wrong", wrong)
            .because("mend the rule set and draft it again")
    };
    match fault {
        LexiconFault::Wrong { file, name, wrong } => {
            bad(file, wrong.clone()).with("rule", name.as_str())
        }
        LexiconFault::Parse { file, source } => bad(file, source.to_string()),
        LexiconFault::TooLarge(file) | LexiconFault::Empty(file) => bad(file, fault.to_string()),
        LexiconFault::Read { path, .. } => bad(path, "cannot be read".to_owned()),
        LexiconFault::Automaton(_) | LexiconFault::Characters => bad("", fault.to_string()),
    }
}
