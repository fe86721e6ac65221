//! Digits as characters that sound like them: 衣扇舞 for 135.
//!
//! Half of all speech sounds like some digit, so nothing less counts than as many sounds one after the
//! other as a phone, an ID or a card has digits, when they make up one that can be.

use std::sync::LazyLock;

use super::{
    check::{has_bin, is_id, is_luhn, mobile},
    run::numeral,
    spelled::spelled,
};
use crate::moderation::{
    fold::lines,
    text::{Break, Text, kind},
};

/// The syllables that digits sound like: their own, nearly their own, and those of the radio.
const SOUNDS: [(&str, char); 19] = [
    ("ling", '0'),
    ("lin", '0'),
    ("dong", '0'),
    ("yi", '1'),
    ("yao", '1'),
    ("er", '2'),
    ("liang", '2'),
    ("san", '3'),
    ("shan", '3'),
    ("si", '4'),
    ("shi", '4'),
    ("wu", '5'),
    ("liu", '6'),
    ("lu", '6'),
    ("qi", '7'),
    ("guai", '7'),
    ("ba", '8'),
    ("jiu", '9'),
    ("gou", '9'),
];
/// Numerals above nine sound like a digit and are none.
const NO_DIGITS: [char; 2] = ['十', '拾'];
/// At least so many of the digits are sounds.
const HEARD_MIN: usize = 3;
/// At most so many signs stand between two of them.
const SIGNS_MAX: usize = 3;
/// At most so many sounds beside them belong to other words: 就, 是, 吧.
const BESIDE_MAX: usize = 3;
/// As many digits as the shortest and the longest number have.
const SHORTEST: usize = 11;
const LONGEST: usize = 19;

/// By character of the basic plane: the digit that it sounds like, or nothing.
static DIGITS: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let mut digits = vec![0; 1 << 16];
    for (syllable, chars) in lines(include_str!("../tables/pinyin.txt")) {
        let Some((_, digit)) = SOUNDS.iter().find(|(sound, _)| *sound == syllable) else {
            continue;
        };
        for c in chars.chars().filter(|c| !NO_DIGITS.contains(c)) {
            if let Some(of) = digits.get_mut(u32::from(c) as usize) {
                *of = *digit as u8;
            }
        }
    }
    digits
});

/// One digit of a run of sounds.
#[derive(Clone, Copy, Debug)]
struct Sound {
    digit: char,
    at: usize,
    is_heard: bool,
}

/// The characters of a text that stand for digits by their sound, in order.
pub(super) fn heard(text: &Text) -> Vec<(usize, char)> {
    let (mut found, mut sounds) = (Vec::new(), Vec::new());
    let (mut at, mut gap) = (0, 0);
    let is_letter = |at: usize| text.at(at).is_some_and(|c| c.is_ascii_lowercase());
    while let Some(c) = text.at(at) {
        let before = sounds.len();
        let mut end = at + 1;
        if c.is_ascii_digit() {
            sounds.push(Sound { digit: c, at, is_heard: false });
        } else if let Some(digit) = numeral(c) {
            sounds.push(Sound { digit, at, is_heard: false });
        } else if let Some(digit) = sound(c) {
            sounds.push(Sound { digit, at, is_heard: true });
        } else if is_letter(at) && !at.checked_sub(1).is_some_and(is_letter) {
            let (digits, after) = spelled(text, at);
            let letters = digits.into_iter();
            sounds.extend(letters.map(|(digit, at)| Sound {
                digit,
                at: at.start,
                is_heard: false,
            }));
            end = after.max(end);
        }
        gap = if sounds.len() > before { 0 } else { gap + 1 };
        let is_parted = gap > SIGNS_MAX || !(Break::Blank..=Break::Clause).contains(&kind(c));
        if gap > 0 && is_parted {
            take(&sounds, &mut found);
            sounds.clear();
        }
        at = end;
    }
    take(&sounds, &mut found);
    found
}

fn sound(c: char) -> Option<char> {
    let digit = DIGITS.get(u32::from(c) as usize).copied()?;
    (digit > 0).then_some(char::from(digit))
}

/// Takes those of `sounds` that make up a number, without words beside it.
fn take(sounds: &[Sound], found: &mut Vec<(usize, char)>) {
    let count = sounds.len();
    let is_word = |sounds: &[Sound]| sounds.iter().all(|sound| sound.is_heard);
    if !(SHORTEST..=LONGEST + 2 * BESIDE_MAX).contains(&count) {
        return;
    }
    let ends =
        (0..=2 * BESIDE_MAX).flat_map(|all| (0..=all).map(move |front| (front, all - front)));
    for (front, back) in ends {
        if front > BESIDE_MAX || back > BESIDE_MAX || front + back + SHORTEST > count {
            continue;
        }
        let (before, rest) = sounds.split_at(front);
        let (part, after) = rest.split_at(rest.len() - back);
        let digits: String = part.iter().map(|sound| sound.digit).collect();
        let is_number =
            mobile(&digits).is_some() || is_id(&digits) || (is_luhn(&digits) && has_bin(&digits));
        let heard = part.iter().filter(|sound| sound.is_heard).count();
        if is_number && heard >= HEARD_MIN && is_word(before) && is_word(after) {
            let part = part.iter().filter(|sound| sound.is_heard);
            found.extend(part.map(|sound| (sound.at, sound.digit)));
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(written: &str) -> String {
        let heard = heard(&Text::new(written));
        heard.into_iter().map(|(_, digit)| digit).collect()
    }

    #[test]
    fn characters_are_digits_when_so_many_of_them_make_up_a_number() {
        assert_eq!(read("衣扇久 令灵衣散 酒凌陵铃"), "13900139000");
        // Those that are digits already are left to others.
        assert_eq!(read("我号就是衣散久零灵衣3酒0令领吧"), "13901900");
        assert_eq!(read("医巴久，令铃以善，旧灵玲龄，打我"), "18900139000");
    }

    #[test]
    fn ordinary_speech_holds_no_digits() {
        for text in [
            "就是要以其无为而治",
            "意义就是起而行之",
            "1380001234吧",
            "就报1380001234吧",
            "起于十一，就以此为期",
        ] {
            assert_eq!(read(text), "", "{text}");
        }
    }
}
