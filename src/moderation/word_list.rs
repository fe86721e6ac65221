//! Plain lists of words, one a line: what an operator brings along, without cues or exceptions.

use super::{
    lexicon::{LexiconFault, NEAR, Origin, Rule, SCORE, Scope, Tier},
    verdict::Category,
};

/// How many words the list of one category holds.
pub const WORDS_MAX: usize = 120_000;
/// A single character is part of half of all texts; what is longer than this is no word.
const CHARS: std::ops::RangeInclusive<usize> = 2..=64;

/// The category whose list the file at `path` is, if it is one.
pub(super) fn category(path: &str) -> Option<Category> {
    match path.rsplit(['/', '\\']).next()? {
        "privacy.txt" => Some(Category::Privacy),
        "property.txt" => Some(Category::Property),
        "sensitive.txt" => Some(Category::Sensitive),
        _ => None,
    }
}

/// The rule that a list makes; lines that begin with `#` are comments.
pub(super) fn rule(category: Category, file: &str, text: &str) -> Result<Rule, LexiconFault> {
    let name = format!("{}.list", category.as_str());
    let wrong =
        |wrong: String| LexiconFault::Wrong { file: file.to_owned(), name: name.clone(), wrong };
    let mut words = Vec::new();
    for (line, number) in text.lines().map(str::trim).zip(1..) {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if !CHARS.contains(&line.chars().count()) {
            return Err(wrong(format!("line {number}: a word has 2 to 64 characters")));
        }
        words.push(line.to_owned());
    }
    if words.is_empty() || words.len() > WORDS_MAX {
        let found = words.len();
        return Err(wrong(format!("{found} words; a list has 1 to {WORDS_MAX}")));
    }
    Ok(Rule {
        reason: "词表".to_owned(),
        name,
        category,
        tier: Tier::Alone,
        score: SCORE,
        words,
        cues: Vec::new(),
        near: NEAR,
        allow: Vec::new(),
        unless: Vec::new(),
        unless_in: Scope::default(),
        only: None,
        firm: false,
        by: None,
        sound: false,
        split: false,
        emoji: false,
        origin: Origin::List,
    })
}
