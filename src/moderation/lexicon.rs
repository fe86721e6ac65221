//! Rules as curators write them: TOML files, read and checked whole before any of them counts.

use std::{
    collections::HashSet,
    fs, io,
    path::{Path, PathBuf},
};

use serde::Deserialize;

use super::{
    prior::{Prior, is_prior},
    token::View,
    verdict::{Category, Side},
    word_list,
};

/// The rules that are built in, by file name.
const BUILT_IN: [(&str, &str); 6] = [
    ("context.toml", include_str!("../../config/lexicon/context.toml")),
    ("prior.tsv", include_str!("../../config/lexicon/prior.tsv")),
    ("privacy.toml", include_str!("../../config/lexicon/privacy.toml")),
    ("property.toml", include_str!("../../config/lexicon/property.toml")),
    ("sensitive.toml", include_str!("../../config/lexicon/sensitive.toml")),
    ("words.toml", include_str!("../../config/lexicon/words.toml")),
];
/// Raised when code changes what the same rules find.
const ENGINE: &[u8] = b"belfry moderation 5";
const FILE_BYTES_MAX: u64 = 16 << 20;
/// How near a cue must be when a rule does not say, in characters.
pub(super) const NEAR: usize = 16;
/// How sure a hit is when a rule does not say.
pub(super) const SCORE: u32 = 80;

/// Why a rule set was not loaded; the one in force stays.
#[derive(Debug, thiserror::Error)]
pub enum LexiconFault {
    /// The folder or a file cannot be read.
    #[error("{path}: {source}")]
    Read {
        /// The file or folder.
        path: String,
        /// What the system says.
        source: io::Error,
    },
    /// The folder holds no rules.
    #[error("{0}: no *.toml file with a [[rule]]")]
    Empty(String),
    /// A file is too large to be a list of rules.
    #[error("{0}: larger than 16 MiB")]
    TooLarge(String),
    /// A file is no TOML, or has an unknown key.
    #[error("{file}: {source}")]
    Parse {
        /// The file.
        file: String,
        /// What the parser says.
        source: Box<toml::de::Error>,
    },
    /// Something in a rule or a class cannot be.
    #[error("{file}: {name}: {wrong}")]
    Wrong {
        /// The file.
        file: String,
        /// The name of the rule or class.
        name: String,
        /// What is wrong.
        wrong: String,
    },
    /// The words are written with more characters than are numbered.
    #[error("the words have more than 16 383 different characters")]
    Characters,
    /// There are more words than the automaton takes.
    #[error("the words make no automaton: {0}")]
    Automaton(#[from] aho_corasick::BuildError),
}

/// How much a hit says by itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Tier {
    /// All.
    #[default]
    Alone,
    /// Nothing without a cue nearby.
    Cued,
    /// A little: several together make a hit.
    Adding,
}

/// A rule about words.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "a curator sets each of them by its name")]
pub(super) struct Rule {
    /// `category.what`: names the rule in verdicts and counters.
    pub(super) name: String,
    pub(super) category: Category,
    /// In a reviewer's words.
    pub(super) reason: String,
    #[serde(default, deserialize_with = "tier")]
    pub(super) tier: Tier,
    /// How sure a hit is, 1 to 100; 50 and more count.
    #[serde(default = "score")]
    pub(super) score: u32,
    /// Words and patterns; each is a hit.
    pub(super) words: Vec<String>,
    /// Tier 2 needs one nearby; to others they give weight.
    #[serde(default)]
    pub(super) cues: Vec<String>,
    /// How near, in characters.
    #[serde(default = "near")]
    pub(super) near: usize,
    /// Phrases that contain a word and mean something else.
    #[serde(default)]
    pub(super) allow: Vec<String>,
    /// Words that, in the same sentence, make the hit none.
    #[serde(default)]
    pub(super) unless: Vec<String>,
    /// How far around the hit they do so.
    #[serde(default)]
    pub(super) unless_in: Scope,
    /// What is found in this reading alone counts: written otherwise, its words mean something else.
    #[serde(default)]
    pub(super) only: Option<View>,
    /// Only what tells what the whole text is weakens it: no denying and no doubting words.
    #[serde(default)]
    pub(super) firm: bool,
    /// Only what this side writes.
    #[serde(default)]
    pub(super) by: Option<Side>,
    /// Its words are looked for by sound too: in pinyin, and in characters that sound alike.
    #[serde(default)]
    pub(super) sound: bool,
    /// With halves of characters read as the whole.
    #[serde(default)]
    pub(super) split: bool,
    /// With pictures read as their names.
    #[serde(default)]
    pub(super) emoji: bool,
    #[serde(skip)]
    pub(super) origin: Origin,
}

/// Where a rule comes from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Origin {
    /// A curator wrote it; its words may be patterns.
    #[default]
    Curated,
    /// A plain list: every word is what it is.
    List,
    /// It has no words: what the prior finds by itself is named after it.
    Learned,
}

/// Which readings a word is looked for in, beside the plain one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Looks {
    pub(super) sound: bool,
    pub(super) split: bool,
    pub(super) emoji: bool,
}

/// Words of one kind, to be named in patterns and cues.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Class {
    pub(super) name: String,
    pub(super) words: Vec<String>,
    /// Its words are looked for by sound too: in pinyin, and in characters that sound alike.
    #[serde(default)]
    pub(super) sound: bool,
    /// With halves of characters read as the whole.
    #[serde(default)]
    pub(super) split: bool,
    /// With pictures read as their names.
    #[serde(default)]
    pub(super) emoji: bool,
}

/// Words that weaken the hits around them: denied, warned of, asked about, studied.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Reducer {
    pub(super) name: String,
    pub(super) words: Vec<String>,
    pub(super) scope: Scope,
    /// How much, 1 to 100.
    pub(super) minus: u32,
}

/// Which hits a word reaches.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Scope {
    /// Those that follow it closely in its clause.
    Before,
    /// Those of its clause.
    Clause,
    /// Those of its sentence.
    #[default]
    Sentence,
    /// Those of the whole text.
    Text,
}

/// A rule set as it was read.
#[derive(Debug, Default)]
pub(super) struct Lexicon {
    pub(super) rules: Vec<Rule>,
    pub(super) classes: Vec<Class>,
    pub(super) reducers: Vec<Reducer>,
    /// Phrases in which no word counts.
    pub(super) allow: Vec<String>,
    /// How speech sounds that rules are about, where a file tells it.
    pub(super) prior: Option<Prior>,
    /// The beginning of a hash over the text of the rules and the engine's own version.
    pub(super) version: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    rule: Vec<Rule>,
    #[serde(default)]
    class: Vec<Class>,
    #[serde(default)]
    reducer: Vec<Reducer>,
    #[serde(default)]
    allow: Vec<String>,
}

fn score() -> u32 {
    SCORE
}

fn near() -> usize {
    NEAR
}

fn tier<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Tier, D::Error> {
    match u8::deserialize(deserializer)? {
        1 => Ok(Tier::Alone),
        2 => Ok(Tier::Cued),
        3 => Ok(Tier::Adding),
        other => Err(serde::de::Error::custom(format!("tier {other} is none of 1, 2, 3"))),
    }
}

impl Lexicon {
    /// The rules of the folder at `path`, or the built-in ones when it is empty.
    pub(super) fn read(path: &str) -> Result<Self, LexiconFault> {
        let lexicon = Self::parse(files(path)?)?;
        if lexicon.rules.iter().all(|rule| rule.origin == Origin::Learned) {
            Err(LexiconFault::Empty(path.to_owned()))
        } else {
            Ok(lexicon)
        }
    }

    /// Reads files in the order given.
    pub(super) fn parse(
        files: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, LexiconFault> {
        let (mut lexicon, mut names) = (Self::default(), HashSet::new());
        let mut hasher = blake3::Hasher::new();
        hasher.update(ENGINE);
        for (file, text) in files {
            hasher.update(&(text.len() as u64).to_le_bytes()).update(text.as_bytes());
            if let Some(category) = word_list::category(&file) {
                lexicon.rules.push(word_list::rule(category, &file, &text)?);
                continue;
            }
            if is_prior(&file) {
                lexicon.prior = Some(Prior::parse(&file, &text)?);
                continue;
            }
            let parsed: File = toml::from_str(&text).map_err(|source| LexiconFault::Parse {
                file: file.clone(),
                source: Box::new(source),
            })?;
            parsed.check(&file, &mut names)?;
            lexicon.rules.extend(parsed.rule);
            lexicon.classes.extend(parsed.class);
            lexicon.reducers.extend(parsed.reducer);
            lexicon.allow.extend(parsed.allow);
        }
        if lexicon.prior.is_some() {
            lexicon.rules.extend(Prior::rules());
        }
        lexicon.version = hasher.finalize().to_hex()[..12].to_owned();
        Ok(lexicon)
    }
}

impl File {
    /// Names are told once, lists are not empty, scores are between 1 and 100.
    fn check(&self, file: &str, names: &mut HashSet<String>) -> Result<(), LexiconFault> {
        let fault = |name: &str, wrong: &str| LexiconFault::Wrong {
            file: file.to_owned(),
            name: name.to_owned(),
            wrong: wrong.to_owned(),
        };
        let rules = self.rule.iter().map(|it| ("rule", &it.name, &it.words, it.score));
        let classes = self.class.iter().map(|it| ("class", &it.name, &it.words, 1));
        let reducers = self.reducer.iter().map(|it| ("reducer", &it.name, &it.words, it.minus));
        for (kind, name, words, score) in rules.chain(classes).chain(reducers) {
            if words.is_empty() {
                return Err(fault(name, "has no words"));
            }
            if !(1..=100).contains(&score) {
                return Err(fault(name, "score and minus are 1 to 100"));
            }
            if !names.insert(format!("{kind} {name}")) {
                return Err(fault(name, "is defined twice"));
            }
        }
        let lists = self.rule.iter().flat_map(|rule| {
            [&rule.words, &rule.cues, &rule.allow, &rule.unless].map(|list| (&rule.name, list))
        });
        let lists = lists.chain(self.class.iter().map(|class| (&class.name, &class.words)));
        for (name, list) in lists {
            if list.iter().any(|word| word.trim().is_empty()) {
                return Err(fault(name, "has an empty word"));
            }
        }
        Ok(())
    }
}

/// The files of the folder at `path`, each a path and a text, or the built-in ones when it is empty.
///
/// # Errors
/// When the folder or a file cannot be read.
pub fn files(path: &str) -> Result<Vec<(String, String)>, LexiconFault> {
    if path.is_empty() {
        return Ok(BUILT_IN.map(|(name, text)| (name.to_owned(), text.to_owned())).into());
    }
    let fault = |source| LexiconFault::Read { path: path.to_owned(), source };
    rule_files(path).map_err(fault)?.iter().map(|path| read_file(path)).collect()
}

/// The files of a folder that are parts of a rule set, by name.
///
/// # Errors
/// When the folder cannot be read.
pub fn rule_files(folder: &str) -> io::Result<Vec<PathBuf>> {
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let is_rules = path.extension().is_some_and(|extension| extension == "toml");
        let is_part = |path: &str| word_list::category(path).is_some() || is_prior(path);
        if is_rules || path.to_str().is_some_and(is_part) {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}

fn read_file(path: &Path) -> Result<(String, String), LexiconFault> {
    let name = path.display().to_string();
    let fault = |source| LexiconFault::Read { path: name.clone(), source };
    if fs::metadata(path).map_err(fault)?.len() > FILE_BYTES_MAX {
        return Err(LexiconFault::TooLarge(name));
    }
    let text = fs::read_to_string(path).map_err(fault)?;
    Ok((name, text))
}
