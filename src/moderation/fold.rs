//! The light fold: width, case, look-alike digits and invisible characters, with the way back.

use std::ops::Range;

/// A folded text that knows where each of its characters comes from.
#[derive(Debug)]
pub(super) struct Folded {
    text: String,
    chars: Vec<Origin>,
}

#[derive(Clone, Copy, Debug)]
struct Origin {
    /// Where the character begins in the folded text.
    at: usize,
    /// Where its original begins and ends.
    start: usize,
    end: usize,
}

impl Folded {
    /// Folds `text`, in time linear in its length.
    pub(super) fn new(text: &str) -> Self {
        let mut folded = Self {
            text: String::with_capacity(text.len()),
            chars: Vec::with_capacity(text.len() / 2),
        };
        for (start, c) in text.char_indices() {
            let end = start + c.len_utf8();
            fold(c, |c| {
                folded.chars.push(Origin { at: folded.text.len(), start, end });
                folded.text.push(c);
            });
        }
        folded
    }

    /// The folded text.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// The bytes of the original text that a range of the folded one comes from.
    pub(super) fn original(&self, range: Range<usize>) -> Range<usize> {
        let first = self.index(range.start);
        let last = self.index(range.end).saturating_sub(1).max(first);
        match (self.chars.get(first), self.chars.get(last)) {
            (Some(first), Some(last)) => first.start..last.end,
            _ => 0..0,
        }
    }

    /// Up to `chars` characters before the folded offset `at`.
    pub(super) fn before(&self, at: usize, chars: usize) -> &str {
        let from = self.index(at).saturating_sub(chars);
        &self.text[self.offset(from)..at]
    }

    /// Up to `chars` characters from the folded offset `at` on.
    pub(super) fn after(&self, at: usize, chars: usize) -> &str {
        &self.text[at..self.offset(self.index(at).saturating_add(chars))]
    }

    /// The folded range, widened by up to `chars` characters on both sides.
    pub(super) fn around(&self, range: &Range<usize>, chars: usize) -> Range<usize> {
        let from = self.index(range.start).saturating_sub(chars);
        let to = self.index(range.end).saturating_add(chars);
        self.offset(from)..self.offset(to)
    }

    /// How many characters come before the folded offset `at`.
    fn index(&self, at: usize) -> usize {
        self.chars.partition_point(|origin| origin.at < at)
    }

    fn offset(&self, index: usize) -> usize {
        self.chars.get(index).map_or(self.text.len(), |origin| origin.at)
    }
}

/// The folded form of a pattern.
pub(super) fn folded(pattern: &str) -> String {
    let mut text = String::with_capacity(pattern.len());
    for c in pattern.chars() {
        fold(c, |c| text.push(c));
    }
    text
}

fn fold(c: char, mut push: impl FnMut(char)) {
    if c.is_ascii() {
        return push(if c.is_ascii_whitespace() && c != '\n' {
            ' '
        } else {
            c.to_ascii_lowercase()
        });
    }
    if is_invisible(c) {
        return;
    }
    if let Some(digit) = digit(c) {
        return push(digit);
    }
    match c {
        // The full-width forms of ASCII (Unicode block FF00).
        '\u{ff01}'..='\u{ff5e}' => {
            let ascii = u8::try_from(u32::from(c) - 0xfee0).unwrap_or(b' ');
            push(char::from(ascii.to_ascii_lowercase()));
        }
        '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{fe58}' | '\u{fe63}' => push('-'),
        _ if c.is_whitespace() => push(' '),
        _ => c.to_lowercase().for_each(push),
    }
}

/// Code points that show nothing: `Default_Ignorable_Code_Point` of Unicode 16 as far as it is
/// assigned, other format characters, and the enclosing keycap that follows a digit.
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
        | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{20e3}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
        | '\u{ffa0}' | '\u{fff9}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}'
        | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

/// Series of look-alike digits, by the code point of their zero or, where the series has none
/// beside it, of their one.
fn digit(c: char) -> Option<char> {
    const FROM_ZERO: [u32; 9] = [
        0x2080, // subscripts
        0x660, 0x6f0, 0x966, // Arabic-Indic, Persian, Devanagari
        0x1d7ce, 0x1d7d8, 0x1d7e2, 0x1d7ec, 0x1d7f6, // mathematical
    ];
    const FROM_ONE: [u32; 5] = [0x2460, 0x2776, 0x2780, 0x278a, 0x24f5]; // circled
    let code = u32::from(c);
    let value = match c {
        '\u{b9}' => 1,
        '\u{b2}' => 2,
        '\u{b3}' => 3,
        '\u{2070}' | '\u{24ea}' | '\u{24ff}' => 0,
        '\u{2074}'..='\u{2079}' => code - 0x2070,
        _ => {
            let zero = FROM_ZERO.iter().find(|zero| (**zero..**zero + 10).contains(&code));
            let one = FROM_ONE.iter().find(|one| (**one..**one + 9).contains(&code));
            zero.map(|zero| code - zero).or_else(|| one.map(|one| code - one + 1))?
        }
    };
    char::from_digit(value, 10)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(text: &str) -> String {
        Folded::new(text).text().to_owned()
    }

    #[test]
    fn width_case_digits_and_invisible_characters_fold() {
        assert_eq!(of("ＶＸ：ｇｋ＿８８　Ａ"), "vx:gk_88 a");
        assert_eq!(of("保\u{200b}过\u{feff}"), "保过");
        assert_eq!(of("1️⃣③⑧𝟎𝟗²₅⓪٣"), "138092503");
        assert_eq!(of("138–0013—8000\u{a0}\t1"), "138-0013-8000  1");
        assert_eq!(of("一行\n二行"), "一行\n二行");
    }

    #[test]
    fn a_folded_range_leads_back_to_its_original() {
        let text = "\u{feff}电话１\u{200b}３8️⃣。";
        let folded = Folded::new(text);
        let at = folded.text().find("138").unwrap();
        assert_eq!(&text[folded.original(at..at + 3)], "１\u{200b}３8");
        assert_eq!(folded.before(at, 1), "话");
        assert_eq!(folded.after(at + 3, 9), "。");
    }

    proptest! {
        #[test]
        fn every_range_leads_to_whole_characters(text in any::<String>(), a: usize, b: usize) {
            let folded = Folded::new(&text);
            let ends: Vec<usize> = folded.text().char_indices().map(|(at, _)| at)
                .chain([folded.text().len()]).collect();
            let (a, b) = (ends[a % ends.len()], ends[b % ends.len()]);
            let range = folded.original(a.min(b)..a.max(b));
            prop_assert!(text.get(range).is_some());
        }

        #[test]
        fn folding_twice_changes_nothing(text in any::<String>()) {
            prop_assert_eq!(folded(&folded(&text)), folded(&text));
        }
    }
}
