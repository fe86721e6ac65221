//! Amounts of money and other pieces that patterns name: `<money>`, `<digits>`.

use std::ops::Range;

use super::{number::Run, text::Text, token::Token};

/// The longest amount, in characters.
const AMOUNT_MAX: usize = 16;

/// Every amount of money: figures or numerals with a unit, or with the sign of the currency.
pub(super) fn amounts(text: &Text) -> Vec<Token> {
    let mut amounts = Vec::new();
    let mut at = 0;
    while at < text.len() {
        let Some(end) = figures(text, at) else {
            at += 1;
            continue;
        };
        let is_signed = at > 0 && text.at(at - 1).is_some_and(|c| matches!(c, '¥' | '￥' | '$'));
        let unit = unit(text, end);
        if is_signed || unit > 0 || has_scale(text, at..end) {
            amounts.push(Token::recognised(at..end + unit));
        }
        at = end;
    }
    amounts
}

/// Every run of digits.
pub(super) fn digits(runs: &[Run]) -> Vec<Token> {
    runs.iter().map(|run| Token::recognised(run.at())).collect()
}

/// Every run of letters that looks like an account: it begins with one and holds a digit or a sign.
pub(super) fn accounts(text: &Text) -> Vec<Token> {
    let is_part = |at: usize| {
        text.at(at).is_some_and(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'))
    };
    let (mut accounts, mut at) = (Vec::new(), 0);
    while at < text.len() {
        let length = (at..text.len()).take_while(|at| is_part(*at)).count();
        let chars = text.chars().get(at..at + length).unwrap_or_default();
        let begins = chars.first().is_some_and(|first| first.c.is_ascii_alphabetic());
        let is_account = begins && chars.iter().any(|char| !char.c.is_ascii_alphabetic());
        if (6..=20).contains(&length) && is_account {
            accounts.push(Token::recognised(at..at + length));
        }
        at += length.max(1);
    }
    accounts
}

/// Where figures or numerals that begin at `at` end.
fn figures(text: &Text, at: usize) -> Option<usize> {
    let first = text.at(at)?;
    let is_part = |c: char| {
        if first.is_ascii_digit() {
            c.is_ascii_digit() || matches!(c, '.' | ',')
        } else {
            is_numeral(c)
        }
    };
    if !(first.is_ascii_digit() || is_numeral(first)) {
        return None;
    }
    let length = (at..at + AMOUNT_MAX).take_while(|at| text.at(*at).is_some_and(is_part)).count();
    Some(at + length)
}

fn is_numeral(c: char) -> bool {
    !c.is_ascii() && "一二三四五六七八九十百千万两几半壹贰叁肆伍陆柒捌玖拾佰仟".contains(c)
}

/// 两千 and 四万八 are amounts without a unit; 二十 is not.
fn has_scale(text: &Text, at: Range<usize>) -> bool {
    let is_scale = |c: char| "百千万佰仟".contains(c);
    at.len() >= 2 && text.chars()[at].iter().any(|char| is_scale(char.c))
}

/// How long the unit at `at` is.
fn unit(text: &Text, at: usize) -> usize {
    let next = |far: usize| text.at(at + far);
    match (next(0), next(1)) {
        (Some('块'), Some('钱')) => 2,
        (Some('块' | '元'), _) => 1,
        (Some('万' | '千' | '百'), Some('元' | '块')) => 2,
        (Some('万' | '千' | '百'), _) => 1,
        (Some('w' | 'k'), after) if !after.is_some_and(|c| c.is_ascii_alphanumeric()) => 1,
        (Some('r'), Some('m')) | (Some('r'), Some('¥')) => 3,
        _ => 0,
    }
}
