//! Evidence: everything that the rules and recognisers find in one text, before it is a verdict.

use std::ops::Range;

use super::{
    Engine,
    amount::{accounts, amounts, digits},
    contact::Contact,
    found::{Class, Found},
    number::{Run, is_inside, sums},
    prior::{Prior, Weighing},
    rules::{COUNTS, Finding},
    sound::listen,
    text::{JOINT, Text},
    token::{Token, View},
    verdict::{Category, Side},
};

/// One piece of evidence that counts.
#[derive(Clone, Debug)]
pub(super) struct Evidence<'a> {
    /// Where, in characters of the text.
    pub(super) at: Range<usize>,
    pub(super) rule: &'a str,
    pub(super) reason: &'a str,
    pub(super) category: Category,
    pub(super) score: u32,
    pub(super) view: View,
    /// The number that was recognised.
    pub(super) number: Option<String>,
    /// Whether words say what the number is.
    pub(super) is_named: bool,
    /// Whether it is an account, a link or an address; then, from what introduces it to its end.
    pub(super) contact: Option<Range<usize>>,
    /// It with the cue that it needs.
    pub(super) reach: Range<usize>,
    /// Whether a word of it lies across the edge of a message.
    pub(super) broken: bool,
}

/// What was found in a text.
#[derive(Debug)]
pub(super) struct Gathered<'a> {
    pub(super) evidence: Vec<Evidence<'a>>,
    /// What rules found, whether it counts or not.
    pub(super) findings: Vec<Finding>,
}

impl Engine {
    /// Everything that speaks against a text of `side`. Whoever asks about several messages read as
    /// one gives no `prior`: it has learned how one message sounds.
    pub(super) fn gather(&self, text: &Text, side: Side, prior: Option<&Prior>) -> Gathered<'_> {
        let runs = self.numbers.runs(text);
        let syllables = listen(text);
        let is_begun = runs.iter().any(|run| run.is_begun(text));
        let prior = prior.map(|it| it.weigh(text, &syllables, is_begun));
        let more = self.recognised_in(text, &runs);
        let by_contacts = self.contacts.wants(text, &runs);
        let by_addresses = self.addresses.wants(text);
        let mut wanted = [&self.numbers.wants(&runs)[..], &by_contacts, &by_addresses].concat();
        let finder = prior.as_ref().filter(|_| self.finds_more);
        let learned = finder.map_or_else(Vec::new, Weighing::hits);
        if !learned.is_empty() {
            wanted.extend(self.rules.reducing());
        }
        let (found, likely) = self.rules.find((text, syllables), side, more, &wanted);
        let mut findings = self.rules.judge(&found, &likely, prior.as_ref());
        // 五四 is a word, and no word in 一三八五四一七.
        findings.retain(|it| !is_inside(&runs, text, &it.at));
        let counting = findings.iter().filter(|it| it.score >= COUNTS);
        let mut evidence: Vec<_> = counting.map(|it| self.of_words(&found, it)).collect();
        evidence.extend(self.numbers.judge(&found, &runs).into_iter().map(|number| {
            let (rule, reason) = number.kind.told();
            let (at, score, digits) = (number.at, number.score, Some(number.digits));
            let base = Evidence::new(at, (rule, reason), Category::Privacy, score, View::Digits);
            Evidence { number: digits, is_named: number.is_named, ..base }
        }));
        if !by_contacts.is_empty() {
            evidence.extend(self.contacts.judge(&found, &runs).into_iter().map(|contact| {
                let told = (contact.rule, contact.reason);
                let Contact { at, category, score, view, said, .. } = contact;
                Evidence { contact: Some(said), ..Evidence::new(at, told, category, score, view) }
            }));
        }
        if !by_addresses.is_empty() {
            evidence.extend(self.addresses.judge(&found).into_iter().map(|(at, score)| {
                let told = ("address.home", "住址");
                let base = Evidence::new(at.clone(), told, Category::Privacy, score, View::Text);
                Evidence { contact: Some(at), ..base }
            }));
        }
        // What rules say is named by them: the prior speaks where they are silent.
        if evidence.is_empty() {
            let learned = learned.into_iter().filter_map(|it| self.rules.learned(&found, it));
            for finding in learned {
                if finding.score >= COUNTS {
                    evidence.push(self.of_words(&found, &finding));
                }
                findings.push(finding);
            }
        }
        Gathered { evidence, findings }
    }

    /// The pieces of a text that patterns name and no list holds.
    pub(super) fn recognised_in(&self, text: &Text, runs: &[Run]) -> Vec<(Token, Class)> {
        let [money, figures, account] = self.recognised;
        let mut more: Vec<_> = amounts(text).into_iter().map(|token| (token, money)).collect();
        more.extend(sums(text).into_iter().map(|at| (Token::recognised(at), money)));
        more.extend(digits(runs).into_iter().map(|token| (token, figures)));
        more.extend(accounts(text).into_iter().map(|token| (token, account)));
        more
    }

    fn of_words<'a>(&'a self, found: &Found<'_>, finding: &Finding) -> Evidence<'a> {
        let told = self.rules.told(finding.rule);
        let (at, score, view) = (finding.at.clone(), finding.score, finding.view);
        let is_broken = |token: &&Token| {
            let is_part = at.start <= token.at.start && token.at.end <= at.end;
            is_part && found.text.chars()[token.at.clone()].iter().any(|char| char.c == JOINT)
        };
        let broken = found.tokens().iter().any(|token| is_broken(&token));
        let base =
            Evidence::new(at.clone(), (&told.name, &told.reason), told.category, score, view);
        let reach = self.rules.reach(found, finding);
        Evidence { broken, reach, ..base }
    }
}

impl<'a> Evidence<'a> {
    fn new(
        at: Range<usize>,
        (rule, reason): (&'a str, &'a str),
        category: Category,
        score: u32,
        view: View,
    ) -> Self {
        Self {
            reach: at.clone(),
            at,
            rule,
            reason,
            category,
            score,
            view,
            number: None,
            is_named: false,
            contact: None,
            broken: false,
        }
    }
}
