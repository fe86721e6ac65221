//! Amounts of money that are spelled in letters, wholly or in part: liang bai, 五wan, 500kuai.

use std::ops::Range;

use super::spelled::syllable;
use crate::moderation::{fold::numeral, text::Text};

/// The longest amount, in characters.
const SUM_MAX: usize = 24;
/// Hundreds, thousands and ten thousands; and what the currency is called.
const SCALES: [&str; 3] = ["bai", "qian", "wan"];
const UNITS: [&str; 2] = ["kuai", "yuan"];

/// Where amounts stand whose numerals, scales or units are spelled.
pub(in crate::moderation) fn sums(text: &Text) -> Vec<Range<usize>> {
    let is_letter = |at: usize| text.at(at).is_some_and(|c| c.is_ascii_lowercase());
    let (mut sums, mut at) = (Vec::new(), 0);
    while at < text.len() {
        let is_begin = is_letter(at) && !at.checked_sub(1).is_some_and(is_letter);
        let sum = if is_begin { sum(text, at) } else { None };
        at = sum.as_ref().map_or(at + 1, |sum| sum.end);
        sums.extend(sum);
    }
    sums
}

/// The amount whose first letters stand at `at`, with the figures before them.
fn sum(text: &Text, at: usize) -> Option<Range<usize>> {
    let is_figure =
        |at: usize| text.at(at).is_some_and(|c| c.is_ascii_digit() || numeral(c).is_some());
    let before = if text.at(at.wrapping_sub(1)) == Some(' ') { at - 1 } else { at };
    let figures = (before.saturating_sub(SUM_MAX)..before).rev().take_while(|at| is_figure(*at));
    let start = before - figures.count();
    let (mut has_number, mut has_scale) = (start < before, false);
    let (mut end, mut next) = (at, at);
    while next < at + SUM_MAX {
        let word = |words: &[&'static str]| {
            let begins =
                |word: &&&str| word.chars().zip(next..).all(|(c, at)| text.at(at) == Some(c));
            words.iter().find(begins).map(|word| word.len())
        };
        let c = text.at(next);
        next = if let Some(length) = word(&SCALES).or_else(|| word(&UNITS)) {
            has_scale |= has_number;
            next + length
        } else if let Some((syllable, _)) = syllable(text, next) {
            has_number = true;
            next + syllable.len()
        } else if is_figure(next) || c.is_some_and(|c| "百千万块元".contains(c)) {
            has_number |= is_figure(next);
            next + 1
        } else if c == Some(' ') && next == end {
            next + 1
        } else {
            break;
        };
        end = if c == Some(' ') { end } else { next };
    }
    let is_whole = !text.at(end).is_some_and(|c| c.is_ascii_lowercase());
    let start = if start < before { start } else { at };
    (has_number && has_scale && is_whole).then_some(start..end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_read_in_letters_wholly_or_in_part() {
        for (written, expected) in [
            ("封ge五wan的红包", "五wan"),
            ("发个liangbai的", "liangbai"),
            ("xian fu wu bai kuai", "wu bai kuai"),
            ("给3 qian", "3 qian"),
            ("500kuai就行", "500kuai"),
        ] {
            let text = Text::new(written);
            let found: Vec<_> = sums(&text).into_iter().map(|at| text.slice(at)).collect();
            assert_eq!(found, [expected], "{written}");
        }
        for written in ["wanshang bai qian", "baoguo", "yi ge", "2026nian", "er ling er liu"] {
            assert!(sums(&Text::new(written)).is_empty(), "{written}");
        }
    }
}
