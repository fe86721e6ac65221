//! Numbers that name a person or an account: resident IDs, bank cards, mobile phones.
//!
//! The exam is full of harmless numbers: post codes, admission tickets, scores, dates. A number
//! counts by its own checks first, and then by the words beside it.

use std::ops::Range;

use crate::moderation::{
    digit::{Run, runs},
    fold::{Folded, folded},
    lexicon::Context,
    verdict::{Category, Hit},
};

/// How near a word must be to say what a number is, in characters.
const CUE_CHARS: usize = 14;
/// How far back the word is looked for that names a list of numbers, in characters.
const LIST_CHARS: usize = 64;
/// The shortest number that is looked at.
const DIGITS_MIN: usize = 11;
/// What may stand between a word and the number that it names.
const FILLERS: &[char] = &[
    ' ', ':', '：', '是', '为', '号', '的', '=', '(', ')', '（', '）', '"', '“', '”', '#', '-',
    '【', '】', '这', '个',
];
/// What stands between the numbers of a list.
const CONNECTORS: &[char] = &['、', '/', '和', '与', '或', '跟'];

/// The recognisers, with the words that tell numbers apart.
pub(super) struct Numbers {
    harmless_before: Vec<String>,
    harmless_after: Vec<String>,
    phone: Vec<String>,
    card: Vec<String>,
    id: Vec<String>,
}

/// What a number is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Id,
    Card,
    Mobile,
}

impl Kind {
    /// The number's rule, as a hit at a place of the original text.
    pub(super) fn hit(self, at: Range<usize>) -> Hit<'static> {
        let (rule, reason, score) = match self {
            Self::Id => ("number.id", "居民身份证号码", 100),
            Self::Card => ("number.card", "银行卡号", 95),
            Self::Mobile => ("number.mobile", "手机号码", 90),
        };
        Hit { at, rule, reason, category: Category::Privacy, score }
    }
}

impl Numbers {
    /// Takes the words of a rule set.
    pub(super) fn new(context: &Context) -> Self {
        let fold = |words: &[String]| words.iter().map(|word| folded(word)).collect();
        Self {
            harmless_before: fold(&context.harmless_before),
            harmless_after: fold(&context.harmless_after),
            phone: fold(&context.phone),
            card: fold(&context.card),
            id: fold(&context.id),
        }
    }

    /// Adds the numbers of a text.
    pub(super) fn judge(&self, text: &Folded, hits: &mut Vec<Hit<'_>>) {
        for run in runs(text.text()) {
            if run.digits.len() < DIGITS_MIN {
                continue;
            }
            if let Some(kind) = self.kind(text, &run) {
                hits.push(kind.hit(text.original(run.at())));
                continue;
            }
            for part in parts(text.text(), &run) {
                if let Some(kind) = self.kind(text, &part) {
                    hits.push(kind.hit(text.original(part.at())));
                }
            }
        }
    }

    /// What the whole run is, if anything: an ID may pass the check of a card, so it is asked first.
    fn kind(&self, text: &Folded, run: &Run) -> Option<Kind> {
        let (digits, at) = (run.digits.as_str(), run.at());
        let has = |words: &[String]| {
            let near = &text.text()[text.around(&at, CUE_CHARS)];
            words.iter().any(|word| near.contains(word))
        };
        if is_id(digits) || (is_old_id(digits) && has(&self.id)) {
            return Some(Kind::Id);
        }
        if is_luhn(digits) && (has_bin(digits) || has(&self.card)) {
            return (!self.is_harmless(text, &at)).then_some(Kind::Card);
        }
        let is_mobile = mobile(digits).is_some()
            && (is_usual(&run.shape()) || has(&self.phone))
            && !follows_letters(text, at.start)
            && !self.is_harmless(text, &at);
        is_mobile.then_some(Kind::Mobile)
    }

    /// Whether the words right beside a number say that it is a code or a quantity.
    fn is_harmless(&self, text: &Folded, at: &Range<usize>) -> bool {
        is_named(&self.harmless_before, text.before(at.start, LIST_CHARS))
            || is_followed(&self.harmless_after, text.after(at.end, CUE_CHARS))
    }
}

/// Whether one of the words stands before a number, or before the list that the number is in.
fn is_named(words: &[String], mut before: &str) -> bool {
    let mut is_list = false;
    loop {
        if words.iter().any(|word| before.ends_with(word)) {
            return true;
        }
        let Some(last) = before.chars().next_back() else { return false };
        is_list |= CONNECTORS.contains(&last);
        let is_listed = is_list && (CONNECTORS.contains(&last) || last.is_ascii_digit());
        if !is_listed && !FILLERS.contains(&last) {
            return false;
        }
        before = &before[..before.len() - last.len_utf8()];
    }
}

fn is_followed(words: &[String], mut after: &str) -> bool {
    loop {
        if words.iter().any(|word| after.starts_with(word)) {
            return true;
        }
        match after.strip_prefix(FILLERS) {
            Some(rest) => after = rest,
            None => return false,
        }
    }
}

/// What several numbers written one after another may be apart: those that spaces part, and phones
/// written in threes and fours between others.
fn parts(text: &str, run: &Run) -> Vec<Run> {
    let count = run.groups.len();
    let is_cut = |at: usize| {
        at == 0 || at == count || {
            let gap = &text[run.groups[at - 1].end..run.groups[at].start];
            !gap.contains(['-', '*', '_', '.'])
        }
    };
    let mut cuts = (0..=count).filter(|at| is_cut(*at));
    let mut from = cuts.next().unwrap_or(0);
    let mut parts: Vec<Range<usize>> = Vec::new();
    for to in cuts {
        parts.push(from..to);
        from = to;
    }
    let shape = run.shape();
    let threes = shape.windows(3).enumerate().filter(|(_, lengths)| *lengths == [3, 4, 4]);
    let phones = threes.map(|(at, _)| at..at + 3);
    parts.extend(phones.filter(|phone| is_cut(phone.start) && is_cut(phone.end)));
    let digits_before: Vec<usize> = [0]
        .into_iter()
        .chain(shape.iter().scan(0, |sum, len| {
            *sum += len;
            Some(*sum)
        }))
        .collect();
    parts
        .into_iter()
        .filter(|groups| *groups != (0..count))
        .map(|groups| (digits_before[groups.start]..digits_before[groups.end], groups))
        .filter(|(digits, _)| digits.len() >= DIGITS_MIN)
        .map(|(digits, groups)| run.part(groups, digits))
        .collect()
}

/// What a number without any word beside it is: used for numbers sent in pieces.
pub(super) fn plain_kind(digits: &str) -> Option<Kind> {
    if is_id(digits) {
        return Some(Kind::Id);
    }
    if is_luhn(digits) && has_bin(digits) {
        return Some(Kind::Card);
    }
    mobile(digits).map(|_| Kind::Mobile)
}

/// The eleven digits of a mobile number of the mainland, without the country's prefix.
fn mobile(digits: &str) -> Option<&str> {
    let national = match digits.len() {
        11 => digits,
        13 => digits.strip_prefix("86")?,
        15 => digits.strip_prefix("0086")?,
        _ => return None,
    };
    let bytes = national.as_bytes();
    (bytes[0] == b'1' && (b'3'..=b'9').contains(&bytes[1])).then_some(national)
}

/// The ways in which people group a phone: whole, 3-4-4 and its like, or digit by digit.
fn is_usual(shape: &[usize]) -> bool {
    const PREFIXED: [&[usize]; 4] = [&[2, 11], &[4, 11], &[2, 3, 4, 4], &[4, 3, 4, 4]];
    const USUAL: [&[usize]; 7] =
        [&[3, 4, 4], &[4, 3, 4], &[4, 4, 3], &[3, 8], &[7, 4], &[3, 3, 5], &[3, 2, 2, 2, 2]];
    shape.len() == 1
        || USUAL.contains(&shape)
        || PREFIXED.contains(&shape)
        || shape.iter().all(|len| *len == 1)
}

/// A resident ID of eighteen places: region, date, ISO 7064 MOD 11-2 (GB 11643-1999).
fn is_id(digits: &str) -> bool {
    const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    const CHECKS: &[u8; 11] = b"10x98765432";
    let bytes = digits.as_bytes();
    if bytes.len() != 18 || !bytes[..17].iter().all(u8::is_ascii_digit) {
        return false;
    }
    let sum: u32 =
        bytes.iter().zip(WEIGHTS).map(|(byte, weight)| u32::from(byte - b'0') * weight).sum();
    CHECKS[(sum % 11) as usize] == bytes[17]
        && is_region(bytes)
        && is_date(number(&bytes[6..10]), number(&bytes[10..12]), number(&bytes[12..14]))
}

/// A resident ID of fifteen places, as given until 1999: no check digit, the year in two.
fn is_old_id(digits: &str) -> bool {
    let bytes = digits.as_bytes();
    bytes.len() == 15
        && is_region(bytes)
        && is_date(1900 + number(&bytes[6..8]), number(&bytes[8..10]), number(&bytes[10..12]))
}

/// The provinces of GB/T 2260, with Taiwan, Hong Kong and Macao and their residence permits.
fn is_region(bytes: &[u8]) -> bool {
    matches!(number(&bytes[..2]),
        11..=15 | 21..=23 | 31..=37 | 41..=46 | 50..=54 | 61..=65 | 71 | 81..=83)
}

fn is_date(year: u32, month: u32, day: u32) -> bool {
    let is_leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let days = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if is_leap => 29,
        2 => 28,
        _ => return false,
    };
    (1900..=2099).contains(&year) && (1..=days).contains(&day)
}

/// 15 to 19 digits that pass the Luhn formula (ISO/IEC 7812-1, annex B).
fn is_luhn(digits: &str) -> bool {
    if !(15..=19).contains(&digits.len()) || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return false;
    }
    let sum: u32 = digits
        .bytes()
        .rev()
        .enumerate()
        .map(|(at, byte)| {
            let doubled = u32::from(byte - b'0') << (at % 2);
            if doubled > 9 { doubled - 9 } else { doubled }
        })
        .sum();
    sum.is_multiple_of(10)
}

/// Whether issuers of cards begin numbers of this length so: `UnionPay` 62, Visa 4, Mastercard 51–55,
/// American Express 34 and 37 (ISO/IEC 7812-1 major industry identifiers).
fn has_bin(digits: &str) -> bool {
    match digits.as_bytes() {
        [b'6', b'2', ..] => digits.len() >= 16,
        [b'4', ..] => matches!(digits.len(), 16 | 19),
        [b'5', b'1'..=b'5', ..] => digits.len() == 16,
        [b'3', b'4' | b'7', ..] => digits.len() == 15,
        _ => false,
    }
}

/// Whether letters that are no name of a messenger stand right before the number: a serial number.
fn follows_letters(text: &Folded, at: usize) -> bool {
    const MESSENGERS: [&str; 8] = ["tel", "phone", "mobile", "wx", "vx", "v", "weixin", "qq"];
    let before = text.before(at, 12);
    let word = before.rsplit(|c: char| !c.is_ascii_alphabetic()).next().unwrap_or_default();
    !word.is_empty() && !MESSENGERS.contains(&word)
}

fn number(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0, |number, byte| number * 10 + u32::from(byte.wrapping_sub(b'0')))
}
