//! Digits as they are spelled in Latin letters: yao san jiu, one three nine.

use std::ops::Range;

use crate::moderation::text::Text;

/// The longest run of letters that is read, in characters.
const LETTERS_MAX: usize = 48;
/// The syllables of digits, and how they are spoken on the radio.
const SYLLABLES: [(&str, char); 24] = [
    ("zero", '0'),
    ("one", '1'),
    ("two", '2'),
    ("three", '3'),
    ("four", '4'),
    ("five", '5'),
    ("six", '6'),
    ("seven", '7'),
    ("eight", '8'),
    ("nine", '9'),
    ("liang", '2'),
    ("ling", '0'),
    ("dong", '0'),
    ("yao", '1'),
    ("san", '3'),
    ("liu", '6'),
    ("jiu", '9'),
    ("guai", '7'),
    ("yi", '1'),
    ("er", '2'),
    ("si", '4'),
    ("wu", '5'),
    ("qi", '7'),
    ("ba", '8'),
];

/// The digits that all the letters from `at` on spell, each with where it stands; and where the
/// letters end.
pub(super) fn spelled(text: &Text, at: usize) -> (Vec<(char, Range<usize>)>, usize) {
    let is_letter = |at: &usize| text.at(*at).is_some_and(|c| c.is_ascii_lowercase());
    let mut digits = Vec::new();
    let mut from = at;
    while let Some((syllable, digit)) = syllable(text, from) {
        digits.push((digit, from..from + syllable.len()));
        from += syllable.len();
        if from > at + LETTERS_MAX {
            break;
        }
    }
    let end = from + (from..).take_while(is_letter).count();
    if end > from {
        digits.clear();
    }
    (digits, end)
}

/// The syllable of a digit that begins at `at`.
pub(super) fn syllable(text: &Text, at: usize) -> Option<(&'static str, char)> {
    let begins = |word: &str| word.chars().zip(at..).all(|(c, at)| text.at(at) == Some(c));
    // Most letters begin no digit.
    if !text.at(at).is_some_and(|c| "ldysjgewqbzotfn".contains(c)) {
        return None;
    }
    SYLLABLES.into_iter().find(|(word, _)| begins(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(letters: &str) -> (String, usize) {
        let (digits, end) = spelled(&Text::new(letters), 0);
        (digits.into_iter().map(|(digit, _)| digit).collect(), end)
    }

    #[test]
    fn letters_are_digits_when_all_of_them_spell_digits() {
        assert_eq!(read("yaosanjiu ba"), ("139".to_owned(), 9));
        assert_eq!(read("lingliangling"), ("020".to_owned(), 13));
        assert_eq!(read("onethreenine one"), ("139".to_owned(), 12));
        assert_eq!(read("everyone"), (String::new(), 8));
        assert_eq!(read("baoguo"), (String::new(), 6));
        assert_eq!(read("sanjiuyao5"), ("391".to_owned(), 9));
    }
}
