//! Rules as curators write them: TOML files, read and checked whole before any of them counts.

use std::{fs, io, path::Path};

use serde::Deserialize;

use crate::moderation::verdict::Category;

/// The rules that are built in, by file name.
const BUILT_IN: [(&str, &str); 4] = [
    ("context.toml", include_str!("../../config/lexicon/context.toml")),
    ("privacy.toml", include_str!("../../config/lexicon/privacy.toml")),
    ("property.toml", include_str!("../../config/lexicon/property.toml")),
    ("sensitive.toml", include_str!("../../config/lexicon/sensitive.toml")),
];
/// Raised when code changes what the same rules find.
const ENGINE: &[u8] = b"belfry moderation 1";
const FILE_BYTES_MAX: u64 = 16 << 20;

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
    /// A rule has no words, or an empty one.
    #[error("{file}: rule {rule} has an empty list or an empty word")]
    Blank {
        /// The file.
        file: String,
        /// The rule's name.
        rule: String,
    },
    /// Two rules have one name.
    #[error("{file}: rule {rule} is defined twice")]
    Twice {
        /// The file of the second.
        file: String,
        /// The rule's name.
        rule: String,
    },
    /// There are more words than the automaton takes.
    #[error("the words make no automaton: {0}")]
    Automaton(#[from] aho_corasick::BuildError),
}

/// A rule about words.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Rule {
    /// `category.what`: names the rule in verdicts and counters.
    pub(super) name: String,
    pub(super) category: Category,
    /// In a reviewer's words.
    pub(super) reason: String,
    /// How sure a hit is, 1 to 100.
    #[serde(default = "sure")]
    pub(super) score: u32,
    /// Each is a hit.
    pub(super) words: Vec<String>,
    /// If given, a hit needs one of them nearby.
    #[serde(default)]
    pub(super) cues: Vec<String>,
    /// Phrases that contain a word and mean something else.
    #[serde(default)]
    pub(super) allow: Vec<String>,
    /// Words that, in the same sentence, make the hit none.
    #[serde(default)]
    pub(super) unless: Vec<String>,
}

fn sure() -> u32 {
    80
}

/// What turns words around, and what tells numbers apart.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Context {
    /// Before a hit in the same clause: denied, or warned of.
    pub(super) negators: Vec<String>,
    /// In the same sentence: doubted, reported or studied.
    pub(super) doubters: Vec<String>,
    /// Directly before digits: no phone and no card.
    pub(super) harmless_before: Vec<String>,
    /// Directly after digits: no phone and no card.
    pub(super) harmless_after: Vec<String>,
    /// Near digits: a phone, however it is written.
    pub(super) phone: Vec<String>,
    /// Near digits: a bank card.
    pub(super) card: Vec<String>,
    /// Near digits: a resident ID.
    pub(super) id: Vec<String>,
}

/// A rule set as it was read.
#[derive(Debug, Default)]
pub(super) struct Lexicon {
    pub(super) rules: Vec<Rule>,
    pub(super) context: Context,
    /// The beginning of a hash over the text of the rules and the engine's own version.
    pub(super) version: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    rule: Vec<Rule>,
    #[serde(default)]
    context: Context,
}

impl Lexicon {
    /// The rules of the folder at `path`, or the built-in ones when it is empty.
    pub(super) fn read(path: &str) -> Result<Self, LexiconFault> {
        if path.is_empty() {
            return Self::parse(BUILT_IN.map(|(name, text)| (name.to_owned(), text.to_owned())));
        }
        let fault = |source| LexiconFault::Read { path: path.to_owned(), source };
        let mut paths = Vec::new();
        for entry in fs::read_dir(path).map_err(fault)? {
            let path = entry.map_err(fault)?.path();
            if path.extension().is_some_and(|extension| extension == "toml") {
                paths.push(path);
            }
        }
        paths.sort();
        let texts = paths.iter().map(|path| read_file(path));
        let lexicon = Self::parse(texts.collect::<Result<Vec<_>, _>>()?)?;
        if lexicon.rules.is_empty() {
            Err(LexiconFault::Empty(path.to_owned()))
        } else {
            Ok(lexicon)
        }
    }

    /// Reads files in the order given; lists of contexts add up.
    pub(super) fn parse(
        files: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, LexiconFault> {
        let mut lexicon = Self::default();
        let mut hasher = blake3::Hasher::new();
        hasher.update(ENGINE);
        for (file, text) in files {
            hasher.update(&(text.len() as u64).to_le_bytes()).update(text.as_bytes());
            let parsed: File = toml::from_str(&text).map_err(|source| LexiconFault::Parse {
                file: file.clone(),
                source: Box::new(source),
            })?;
            for rule in parsed.rule {
                lexicon.add(&file, rule)?;
            }
            lexicon.context.extend(parsed.context);
        }
        lexicon.version = hasher.finalize().to_hex()[..12].to_owned();
        Ok(lexicon)
    }

    fn add(&mut self, file: &str, rule: Rule) -> Result<(), LexiconFault> {
        let (file, name) = (file.to_owned(), rule.name.clone());
        let lists = [&rule.words, &rule.cues, &rule.allow, &rule.unless];
        if rule.words.is_empty() || lists.into_iter().flatten().any(|word| word.trim().is_empty()) {
            return Err(LexiconFault::Blank { file, rule: name });
        }
        if self.rules.iter().any(|other| other.name == name) {
            return Err(LexiconFault::Twice { file, rule: name });
        }
        self.rules.push(rule);
        Ok(())
    }
}

impl Context {
    fn extend(&mut self, other: Self) {
        self.negators.extend(other.negators);
        self.doubters.extend(other.doubters);
        self.harmless_before.extend(other.harmless_before);
        self.harmless_after.extend(other.harmless_after);
        self.phone.extend(other.phone);
        self.card.extend(other.card);
        self.id.extend(other.id);
    }
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
