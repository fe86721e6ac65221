//! The file of a prior, `prior.tsv`: what its numbers mean, then a gram and its weights a line.

use std::{collections::HashMap, str::FromStr};

use super::{
    CLASSES, Limits, Prior,
    grams::{Gram, Grams, Weights},
};
use crate::moderation::{
    lexicon::{LexiconFault, NEAR, Origin, Rule, SCORE, Scope, Tier},
    sound::syllable,
    verdict::Category,
};

const NAME: &str = "prior.tsv";
/// The rules that the prior's hits are named after, and what they say to a reviewer.
const RULES: [(&str, Category, &str); CLASSES] = [
    ("learned.privacy", Category::Privacy, "话术与索要或提供私人联系方式相近（模型判断）"),
    ("learned.property", Category::Property, "话术与平台外收付款或违规承诺相近（模型判断）"),
    ("learned.sensitive", Category::Sensitive, "话术与违法违规内容相近（模型判断）"),
];

/// Whether the file at `path` holds a prior.
pub(in crate::moderation) fn is_prior(path: &str) -> bool {
    path.rsplit(['/', '\\']).next() == Some(NAME)
}

impl Prior {
    /// The rules that its hits are named after: without words, nothing but the prior finds them.
    pub(in crate::moderation) fn rules() -> impl Iterator<Item = Rule> {
        RULES.into_iter().map(|(name, category, reason)| Rule {
            name: name.to_owned(),
            category,
            reason: reason.to_owned(),
            tier: Tier::Alone,
            score: SCORE,
            words: Vec::new(),
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
            origin: Origin::Learned,
        })
    }

    /// Reads a prior.
    ///
    /// # Errors
    /// When a line is none, is out of order, or says what cannot be.
    pub(in crate::moderation) fn parse(file: &str, text: &str) -> Result<Self, LexiconFault> {
        let (mut head, mut grams) = (HashMap::new(), Vec::<(Gram, Weights)>::new());
        let mut last = "";
        for (line, number) in text.lines().zip(1..) {
            let fault = |wrong: &str| fault(file, &format!("line {number}"), wrong);
            let mut columns = line.split('\t');
            let key = columns.next().unwrap_or_default();
            if key.starts_with('#') {
                continue;
            }
            if let Some(name) = key.strip_prefix('@') {
                head.insert(name, columns.collect::<Vec<_>>());
                continue;
            }
            let gram = gram(key).ok_or_else(|| {
                fault("a gram has one or two characters, or two syllables with a blank between")
            })?;
            if last >= key {
                return Err(fault("the grams are not in order, each once"));
            }
            last = key;
            let weights = numbers(columns).ok_or_else(|| fault("a gram has three weights"))?;
            grams.push((gram, weights));
        }
        let grams = Grams::new(&grams).ok_or(LexiconFault::Characters)?;
        let mut own = Head { file, head };
        let ([unit], [shrink]) = (own.take("unit")?, own.take("shrink")?);
        let [grave, benign, cue, alone] = own.take("limits")?;
        let limits = Limits { grave, benign, cue, alone };
        let prior = Self { grams, bias: own.take("bias")?, unit, shrink, limits };
        if let Some(name) = own.head.keys().next() {
            return Err(fault(file, name, "is unknown"));
        }
        if !(prior.unit > 0.0 && prior.shrink >= 1.0) {
            return Err(fault(file, "unit", "unit is above 0, shrink at least 1"));
        }
        if ![grave, benign, cue, alone].is_sorted() {
            return Err(fault(file, "limits", "they rise: grave, benign, cue, alone"));
        }
        Ok(prior)
    }
}

/// What a line is about: 信, 微信, or "wei xin" for all that sounds like it.
fn gram(key: &str) -> Option<Gram> {
    if let Some((first, second)) = key.split_once(' ') {
        return Some(Gram::Sound(syllable(first)?, syllable(second)?));
    }
    let mut chars = key.chars();
    match (chars.next(), chars.next(), chars.next()) {
        (Some(one), None, None) => Some(Gram::One(one)),
        (Some(first), Some(second), None) => Some(Gram::Two(first, second)),
        _ => None,
    }
}

/// What the lines with an `@` say.
struct Head<'a> {
    file: &'a str,
    head: HashMap<&'a str, Vec<&'a str>>,
}

impl Head<'_> {
    fn take<const N: usize>(&mut self, name: &str) -> Result<[f32; N], LexiconFault> {
        let given = self.head.remove(name).unwrap_or_default();
        let numbers: Option<[f32; N]> = numbers(given.into_iter());
        let finite = numbers.filter(|all| all.iter().all(|it| it.is_finite()));
        finite.ok_or_else(|| fault(self.file, name, &format!("{N} numbers are missing here")))
    }
}

/// So many numbers, no more and no fewer.
fn numbers<'a, T: FromStr, const N: usize>(
    columns: impl Iterator<Item = &'a str>,
) -> Option<[T; N]> {
    let numbers: Option<Vec<T>> = columns.map(|column| column.parse().ok()).collect();
    numbers?.try_into().ok()
}

fn fault(file: &str, name: &str, wrong: &str) -> LexiconFault {
    LexiconFault::Wrong { file: file.to_owned(), name: name.to_owned(), wrong: wrong.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "# n\n@unit\t0.1\n@shrink\t6\n@bias\t-1\t-1\t-1\n@limits\t-3\t-2\t1\t2\n";

    #[test]
    fn a_prior_is_read_whole_or_refused_with_the_line_that_is_wrong() {
        assert!(
            Prior::parse(
                "prior.tsv",
                &format!("{HEAD}wei xin\t3\t0\t0\n一\t1\t2\t-3\n一二\t1\t2\t3\n")
            )
            .is_ok()
        );
        for (lines, wrong) in [
            ("一\t1\t2\n", "line 6: a gram has three weights"),
            ("一\t1\t2\t300\n", "line 6: a gram has three weights"),
            (
                "一二三\t1\t2\t3\n",
                "line 6: a gram has one or two characters, or two syllables with a blank between",
            ),
            (
                "wei xqn\t1\t2\t3\n",
                "line 6: a gram has one or two characters, or two syllables with a blank between",
            ),
            ("二\t1\t2\t3\n一\t1\t2\t3\n", "line 7: the grams are not in order, each once"),
            ("@limits\t0\t-1\t1\t2\n", "limits: they rise: grave, benign, cue, alone"),
            ("@bias\t1\n", "bias: 3 numbers are missing here"),
            ("@unit\tinf\n", "unit: 1 numbers are missing here"),
            ("@colour\t3\n", "colour: is unknown"),
        ] {
            let fault = Prior::parse("prior.tsv", &format!("{HEAD}{lines}")).unwrap_err();
            assert_eq!(fault.to_string(), format!("prior.tsv: {wrong}"));
        }
        assert!(is_prior("rules/prior.tsv") && !is_prior("my-prior.tsv"));
    }
}
