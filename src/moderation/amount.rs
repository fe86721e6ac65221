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
