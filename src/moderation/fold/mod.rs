//! The fold: width, case, script, look-alikes, digits and invisible characters, one by one.
//!
//! Texts and patterns go through the same code, so a pattern is found however it is dressed. The
//! tables are made by `scripts/tables` from Unicode and from data of the language, and say so.

mod table;

use std::sync::LazyLock;

pub(super) use self::table::{Entry, Table, lines};

/// What each character folds to, and which letters of other scripts look like Latin ones.
struct Tables {
    fold: Table,
    confusable: Table,
}

static TABLES: LazyLock<Tables> = LazyLock::new(|| {
    let mut fold = Table::new();
    for (range, to) in lines(include_str!("../tables/fold.txt")) {
        let (first, last) = range.split_once("..").unwrap_or((range, range));
        if let (Ok(first), Ok(last)) =
            (u32::from_str_radix(first, 16), u32::from_str_radix(last, 16))
        {
            // A line of the table cannot hold the line feed itself.
            let to = if to == r"\n" { "\n" } else { to };
            (first..=last).filter_map(char::from_u32).for_each(|from| fold.set(from, to));
        }
    }
    let mut confusable = Table::new();
    for (from, to) in lines(include_str!("../tables/confusable.txt")) {
        from.chars().for_each(|from| confusable.set(from, to));
    }
    Tables { fold, confusable }
});

/// Calls `push` with every character that `c` folds to: none, one or several.
#[inline]
pub(super) fn fold(c: char, mut push: impl FnMut(char)) {
    if c.is_ascii() {
        return match c {
            '\n' => push('\n'),
            _ if c.is_ascii_whitespace() || c == '\x0b' => push(' '),
            _ if c.is_ascii_control() => {}
            _ => push(c.to_ascii_lowercase()),
        };
    }
    match TABLES.fold.get(c) {
        // Two of them make a flag; 🇻🇽 is none.
        Entry::Itself if ('🇦'..='🇿').contains(&c) => {
            let letter = u32::from(c) - u32::from('🇦') + u32::from('a');
            char::from_u32(letter).into_iter().for_each(push);
        }
        Entry::Itself if c.is_control() => {}
        Entry::Itself => push(c),
        Entry::Dropped => {}
        Entry::One(one) => push(one),
        Entry::Many(many) => many.chars().for_each(push),
    }
}

/// The Latin letter or digit that a letter of another script is drawn like (UTS #39).
#[inline]
pub(super) fn look_alike(c: char) -> Option<char> {
    match (c.is_ascii(), TABLES.confusable.get(c)) {
        (false, Entry::One(one)) => Some(one),
        _ => None,
    }
}

/// The folded form of a pattern.
pub(super) fn folded(pattern: &str) -> String {
    let mut text = String::with_capacity(pattern.len());
    pattern.chars().for_each(|c| fold(c, |c| text.push(c)));
    text
}

/// The digit that a Chinese numeral stands for when a number is spelled digit by digit.
///
/// The numerals of Unicode's Unihan database (kPrimaryNumeric, kAccountingNumeric, kOtherNumeric)
/// below ten, and those that are spoken on the radio (洞 0, 拐 7, 勾 9).
#[inline]
pub(super) fn numeral(c: char) -> Option<char> {
    Some(match c {
        '〇' | '零' | '洞' => '0',
        '一' | '壹' | '幺' | '弌' => '1',
        '二' | '贰' | '两' | '弍' => '2',
        '三' | '叁' | '弎' => '3',
        '四' | '肆' => '4',
        '五' | '伍' => '5',
        '六' | '陆' => '6',
        '七' | '柒' | '拐' => '7',
        '八' | '捌' => '8',
        '九' | '玖' | '勾' => '9',
        _ => return None,
    })
}
