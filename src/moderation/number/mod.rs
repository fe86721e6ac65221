//! Numbers that name a person or an account: resident IDs, bank cards, mobile phones, landlines.
//!
//! The exam is full of harmless numbers: post codes, admission tickets, scores, dates. A number is
//! weighed by its own checks first, then by the words beside it and by how it is written: nobody
//! disguises a post code.

mod apart;
mod check;
mod heard;
mod run;
mod spelled;
mod sum;

use std::ops::Range;

use self::{
    apart::{reordered, stitched},
    check::{has_bin, is_card_long, is_id, is_like_id, is_luhn, is_old_id, is_usual, mobile},
    run::{Group, Joiners, Script, runs},
};
pub(super) use self::{
    run::{Run, is_inside},
    sum::sums,
};
use super::{
    fold::numeral,
    found::{Class, Found},
    rules::{COUNTS, Rules},
    text::{Break, JOINT, Text, kind},
    token::Token,
};

/// How near a word must be to say what a number is, in characters.
const CUE_CHARS: usize = 14;
/// How far back the word is looked for that names a list of numbers, in characters.
const LIST_CHARS: usize = 64;
/// How long a mobile number is.
const MOBILE: usize = 11;
/// How far what a number is said to be is followed, in characters.
const SAID_CHARS: usize = 24;
/// The shortest number that is looked at.
const DIGITS_MIN: usize = 10;
/// What may stand between a word and the number that it names.
const FILLERS: &[char] = &[
    ' ', ':', '是', '为', '号', '的', '=', '(', ')', '"', '“', '”', '#', '-', '【', '】', '这',
    '个', '「', '」', '『', '』', '《', '》', '有', '叫', '填', '写', JOINT,
];
/// What stands between the numbers of a list.
const CONNECTORS: &[char] = &['、', '/', '和', '与', '或', '跟', ',', '至', '到'];

/// What a number is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Id,
    Card,
    Mobile,
    Landline,
}

/// A number that was recognised.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Number {
    pub(super) kind: Kind,
    /// The digits as one writes them: without a country's prefix, an ID's X in upper case.
    pub(super) digits: String,
    /// Where it stands in the text, in characters.
    pub(super) at: Range<usize>,
    pub(super) score: u32,
    /// Whether words say what it is.
    pub(super) is_named: bool,
}

/// The recognisers, with the words that tell numbers apart.
#[derive(Debug)]
pub(super) struct Numbers {
    joiners: Joiners,
    named_before: Class,
    named_after: Class,
    phone: Class,
    card: Class,
    id: Class,
    own: Class,
    /// Words that say that a number is written from its end.
    backwards: Class,
}

impl Kind {
    /// The rule's name and reason.
    pub(super) fn told(self) -> (&'static str, &'static str) {
        match self {
            Self::Id => ("number.id", "居民身份证号码"),
            Self::Card => ("number.card", "银行卡号"),
            Self::Mobile => ("number.mobile", "手机号码"),
            Self::Landline => ("number.landline", "私人座机号码"),
        }
    }
}

impl Numbers {
    /// Takes the words of a rule set.
    pub(super) fn new(rules: &Rules, joiners: &[String], strewn: &[String]) -> Self {
        Self {
            joiners: Joiners::new(joiners, strewn),
            named_before: rules.class("number-name"),
            named_after: rules.class("number-unit"),
            phone: rules.class("phone"),
            card: rules.class("card"),
            id: rules.class("id"),
            own: rules.class("own-phone"),
            backwards: rules.class("backwards"),
        }
    }

    /// Every run of digits in a text.
    pub(super) fn runs(&self, text: &Text) -> Vec<Run> {
        runs(text, &self.joiners)
    }

    /// The classes of words that they need for these runs: none when all are too short.
    pub(super) fn wants(&self, runs: &[Run]) -> Vec<Class> {
        let all: usize = runs.iter().map(Run::length).sum();
        if all < DIGITS_MIN {
            return Vec::new();
        }
        let words = [self.named_before, self.named_after, self.phone, self.card, self.id];
        [&words[..], &[self.own, self.backwards]].concat()
    }

    /// The numbers among the runs of a text that count.
    pub(super) fn judge(&self, found: &Found<'_>, runs: &[Run]) -> Vec<Number> {
        let mut numbers = Vec::new();
        let mut add = |number: Option<Number>| {
            let number = number.filter(|number| number.score >= COUNTS);
            let is_found = number.is_some();
            numbers.extend(number);
            is_found
        };
        for run in runs {
            if run.length() < DIGITS_MIN || add(self.weigh(found, run)) {
                continue;
            }
            for part in parts(found.text, run) {
                add(self.weigh(found, &part));
            }
        }
        for count in [2, 3] {
            for parts in runs.windows(count) {
                numbers.extend(self.stitch(found, parts));
            }
        }
        numbers
    }

    /// What runs with talk between them are together.
    fn stitch(&self, found: &Found<'_>, runs: &[Run]) -> Option<Number> {
        let (digits, at) = stitched(found.text, runs)?;
        let is_harmless =
            runs.iter().any(|run| self.is_harmless(found, &run.at())) || self.is_serial(found, &at);
        let kind = if digits.len() == MOBILE {
            Kind::Mobile
        } else if is_id(&digits.to_lowercase()) {
            Kind::Id
        } else {
            Kind::Card
        };
        let digits = digits.to_uppercase();
        (!is_harmless).then_some(Number { kind, digits, at, score: 80, is_named: true })
    }

    /// What the whole run is, if anything: an ID may pass the check of a card, so it is asked first.
    fn weigh(&self, found: &Found<'_>, run: &Run) -> Option<Number> {
        let (digits, at) = (run.digits(), run.at());
        let has = |class| found.near(class, &at, CUE_CHARS, is_sure);
        let is_named = has(self.id) || has(self.card) || has(self.phone);
        let number = |kind, digits: &str, score| {
            let digits = digits.to_uppercase();
            Some(Number { kind, digits, at: at.clone(), score, is_named })
        };
        if is_id(&digits) {
            return number(Kind::Id, &digits, 100);
        }
        let is_claimed_id = is_like_id(&digits) && self.is_named(found, self.id, at.start);
        if is_claimed_id || (is_old_id(&digits) && has(self.id)) {
            return number(Kind::Id, &digits, 80);
        }
        let is_harmless = self.is_harmless(found, &at);
        if is_card_long(&digits) && (has_bin(&digits) || has(self.card)) {
            let is_claimed = has_bin(&digits) && has(self.card);
            let score = if is_luhn(&digits) { 95 } else { 70 };
            let counts = !is_harmless && (is_luhn(&digits) || is_claimed);
            return if counts { number(Kind::Card, &digits, score) } else { None };
        }
        let Some(national) = mobile(&digits) else {
            let turned: String = digits.chars().rev().collect();
            if digits.len() == MOBILE && mobile(&turned).is_some() && has(self.backwards) {
                return number(Kind::Mobile, &turned, 85);
            }
            let ordered = reordered(found.text, run).filter(|it| it.len() == MOBILE);
            if let Some(ordered) = ordered.filter(|_| !self.is_serial(found, &at)) {
                return number(Kind::Mobile, &ordered, 80);
            }
            let score = self.landline(found, run, &digits);
            return if score > 0 { number(Kind::Landline, &digits, score) } else { None };
        };
        let mut score: i32 = 55;
        score += if has(self.phone) { 30 } else { 0 };
        score += if run.is_evasive(found.text) { 25 } else { 0 };
        let is_told = reordered(found.text, run).is_some_and(|ordered| ordered == digits)
            && !self.is_serial(found, &at);
        score += if is_told { 30 } else { 0 };
        score -= if is_harmless { 70 } else { 0 };
        score -= if run.is_list(found.text) { 30 } else { 0 };
        score -= if is_usual(&run.shape(found.text)) { 0 } else { 30 };
        score -= if follows_letters(found.text, at.start) && !has(self.phone) { 40 } else { 0 };
        number(Kind::Mobile, national, score.clamp(0, 100) as u32)
    }

    /// Whether words near the parts of a number name another number: 订单号的前半段.
    fn is_serial(&self, found: &Found<'_>, at: &Range<usize>) -> bool {
        let around = at.start.saturating_sub(CUE_CHARS)..at.end;
        found.within(self.named_before, &around).is_some()
            && !found.near(self.phone, at, CUE_CHARS, is_sure)
    }

    /// A landline is somebody's own only when they say so: those of offices are published.
    fn landline(&self, found: &Found<'_>, run: &Run, digits: &str) -> u32 {
        let is_landline = digits.starts_with('0') && (10..=12).contains(&digits.len());
        let is_own = is_landline && found.near(self.own, &run.at(), 8, is_sure);
        if is_own && !digits.starts_with("00") { 55 } else { 0 }
    }

    /// Whether the words right beside a number say that it is a code or a quantity.
    fn is_harmless(&self, found: &Found<'_>, at: &Range<usize>) -> bool {
        self.is_named(found, self.named_before, at.start)
            || self.is_followed(found, at.end)
            || has_decimals(found.text, at.end)
    }

    /// Whether a word of `class` stands before a number, or before the list that the number is in.
    fn is_named(&self, found: &Found<'_>, class: Class, start: usize) -> bool {
        let first = start.saturating_sub(LIST_CHARS);
        let ends: Vec<usize> =
            found.between(class, first..start).map(|token| token.at.end).collect();
        if ends.is_empty() {
            return false;
        }
        let (mut at, mut is_list) = (start, false);
        loop {
            if ends.contains(&at) {
                return true;
            }
            let Some(before) = at.checked_sub(1).filter(|before| *before >= first) else {
                return false;
            };
            let Some(c) = found.text.at(before) else { return false };
            is_list |= CONNECTORS.contains(&c);
            let is_digit = c.is_ascii_digit() || numeral(c).is_some();
            let is_listed = is_list && (CONNECTORS.contains(&c) || is_digit);
            if !is_listed && !FILLERS.contains(&c) {
                return false;
            }
            at = before;
        }
    }

    /// Whether a word behind a number, or behind the list that it is in, says that it is a code.
    fn is_followed(&self, found: &Found<'_>, end: usize) -> bool {
        let is_filler = |at: &usize| found.text.at(*at).is_some_and(|c| FILLERS.contains(&c));
        let end = list_end(found.text, end);
        let reach = (end..end + CUE_CHARS).take_while(is_filler).count();
        found.between(self.named_after, end..end + reach + 1).next().is_some()
            || self.is_said_to_be(found, end)
    }

    /// 15800001234是乡镇执法岗: what it is said to be ends with a word for a post, and no phone is
    /// spoken of.
    fn is_said_to_be(&self, found: &Found<'_>, end: usize) -> bool {
        let text = found.text;
        if !text.at(end).is_some_and(|c| matches!(c, '是' | '属')) {
            return false;
        }
        let is_word = |at: &usize| text.at(*at).is_some_and(|c| kind(c) < Break::Clause);
        let clause = end..end + (end..end + SAID_CHARS).take_while(is_word).count();
        let is_particle = |at: &usize| text.at(*at).is_some_and(|c| "吗吧呢的啊么呀".contains(c));
        let closing = clause.clone().rev().take_while(is_particle).count();
        let last = clause.end - closing;
        found.between(self.named_after, clause).any(|token| token.at.end == last)
            && found.within(self.phone, &(end..end + SAID_CHARS)).is_none()
    }
}

/// Whether a point and a digit follow: a quantity.
fn has_decimals(text: &Text, end: usize) -> bool {
    text.at(end) == Some('.') && text.at(end + 1).is_some_and(|c| c.is_ascii_digit())
}

/// Where the list ends that goes on behind a number: 15800001234和15800001235.
fn list_end(text: &Text, end: usize) -> usize {
    let is_connector = |c: char| CONNECTORS.contains(&c) || c == ' ';
    let is = |at: usize, is: &dyn Fn(char) -> bool| text.at(at).is_some_and(is);
    let (mut end, mut at) = (end, end);
    while at < end + LIST_CHARS {
        let begin = (at..at + 3).find(|at| !is(*at, &is_connector)).unwrap_or(at);
        let length = (begin..begin + LIST_CHARS)
            .take_while(|at| is(*at, &|c: char| c.is_ascii_digit()))
            .count();
        if begin == at || length < DIGITS_MIN {
            break;
        }
        at = begin + length;
        end = at;
    }
    end
}

/// What several numbers written one after another may be apart: those that blanks part, phones in
/// threes and fours between others, and digits beside numerals that belong to the next word.
fn parts(text: &Text, run: &Run) -> Vec<Run> {
    let count = run.groups.len();
    if !(2..=64).contains(&count) {
        return Vec::new();
    }
    let is_cut = |at: usize| {
        at == 0 || at == count || {
            let (left, right) = (&run.groups[at - 1], &run.groups[at]);
            let between = left.at.end..right.at.start;
            if between.is_empty() {
                left.script == Script::Numerals || right.script == Script::Numerals
            } else {
                let chars = &text.chars()[between];
                chars.iter().all(|char| {
                    kind(char.c) != Break::Sign || matches!(char.c, '/' | '(' | ')' | '|')
                })
            }
        }
    };
    let mut cuts = (0..=count).filter(|at| is_cut(*at));
    let mut from = cuts.next().unwrap_or(0);
    let mut parts: Vec<Range<usize>> = Vec::new();
    for to in cuts {
        parts.push(from..to);
        from = to;
    }
    let lengths: Vec<usize> = run.groups.iter().map(|group| group.digits.len()).collect();
    parts.extend(between_words(text, &run.groups));
    let threes = lengths.windows(3).enumerate().filter(|(_, lengths)| *lengths == [3, 4, 4]);
    let phones = threes.map(|(at, _)| at..at + 3);
    parts.extend(phones.filter(|phone| is_cut(phone.start) && is_cut(phone.end)));
    parts
        .into_iter()
        .filter(|groups| *groups != (0..count))
        .map(|groups| Run { groups: run.groups[groups].to_vec() })
        .filter(|part| part.digits().len() >= DIGITS_MIN)
        .collect()
}

/// The parts of a run between which a word stands, or a clause ends.
fn between_words(text: &Text, groups: &[Group]) -> Vec<Range<usize>> {
    let (mut parts, mut from) = (Vec::new(), 0);
    for to in 1..=groups.len() {
        let is_end = groups.get(to).is_none_or(|group| {
            let between = &text.chars()[groups[to - 1].at.end..group.at.start];
            between.iter().any(|it| matches!(kind(it.c), Break::Word | Break::Clause))
        });
        if is_end {
            parts.push(from..to);
            from = to;
        }
    }
    parts
}

/// Whether a word is sure enough to say what a number is.
fn is_sure(token: &Token) -> bool {
    token.certainty >= 50
}

/// Whether letters stand right before the number: a serial number.
fn follows_letters(text: &Text, at: usize) -> bool {
    at.checked_sub(1).and_then(|before| text.at(before)).is_some_and(|c| c.is_ascii_alphabetic())
}
