//! Where somebody lives: a street or an estate, a number, and a door.

use std::ops::Range;

use super::{
    fold::numeral,
    found::{Class, Found},
    rules::Rules,
    text::{Break, Text, kind},
};

/// What a door's number numbers, in letters.
const SPELLED: [&str; 6] = ["danyuan", "zhuang", "haolou", "dong", "hao", "shi"];
/// How long a door's number may be, in characters.
const FIGURES_MAX: usize = 10;
/// How long an address may be, in characters.
const ADDRESS_MAX: usize = 48;

/// What names of streets and estates end with.
const STREETS: [char; 13] =
    ['路', '街', '巷', '弄', '村', '镇', '道', '苑', '园', '庭', '府', '湾', '城'];
/// Words for estates that do not end as streets do.
const ESTATES: [[char; 2]; 7] = [
    ['小', '区'],
    ['社', '区'],
    ['公', '寓'],
    ['大', '厦'],
    ['胡', '同'],
    ['宿', '舍'],
    ['广', '场'],
];

/// The recogniser of addresses.
#[derive(Debug)]
pub(super) struct Addresses {
    office: Class,
    home: Class,
}

impl Addresses {
    pub(super) fn new(rules: &Rules) -> Self {
        Self { office: rules.class("office"), home: rules.class("home") }
    }

    /// The classes of words that it needs for this text: none when it holds no address.
    pub(super) fn wants(&self, text: &Text) -> Vec<Class> {
        let is_any = (0..text.len()).any(|at| is_beginning(text, at));
        if is_any { vec![self.office, self.home] } else { Vec::new() }
    }

    /// Where the addresses of a text stand, with a score for each.
    pub(super) fn judge(&self, found: &Found<'_>) -> Vec<(Range<usize>, u32)> {
        let text = found.text;
        let mut addresses: Vec<(Range<usize>, u32)> = Vec::new();
        let mut at = 0;
        while at < text.len() {
            match self.address(found, at) {
                Some((range, score)) => {
                    at = range.end;
                    addresses.push((range, score));
                }
                None => at += 1,
            }
        }
        addresses
    }

    /// An address whose street or estate is named by the character at `at`, or whose door is told
    /// there by itself.
    fn address(&self, found: &Found<'_>, at: usize) -> Option<(Range<usize>, u32)> {
        let text = found.text;
        if !is_beginning(text, at) {
            return None;
        }
        let mut marks = Marks::default();
        let is_bare = is_door(text, at);
        let begin = if is_bare { at } else { at + 1 };
        let (mut end, mut last) = (begin, begin);
        while end < at + ADDRESS_MAX {
            let Some(c) = text.at(end) else { break };
            if kind(c) >= Break::Sentence {
                break;
            }
            if let Some(after) = mark(text, end, end <= last + 2, &mut marks) {
                last = after;
                end = after;
            } else if end >= last + 8 {
                break;
            } else {
                end += 1;
            }
        }
        if !marks.room && !marks.number {
            return None;
        }
        let start = text.stretch(&(at..at + 1), Break::Clause).start.max(at.saturating_sub(24));
        let range = start..last;
        let is_home = found.near(self.home, &range, 12, |token| token.certainty >= 80)
            || found.within(self.home, &range).is_some();
        let is_office = found.within(self.office, &(start..(last + 6).min(text.len()))).is_some();
        let mut score = match (marks.number, marks.house > House::Untold, marks.room) {
            (_, true, true) => 75,
            (true, _, true) => 70,
            (true, true, false) => 55,
            (false, false, true) if is_home => 55,
            (true, false, false) if is_home => 55,
            _ => 0,
        };
        // A door alone may be anything: a hall, a meeting.
        score = if is_bare && marks.house < House::Unit && !is_home { 0 } else { score };
        score += if is_home && score > 0 { 15 } else { 0 };
        score = if is_office && !is_home { 0 } else { score };
        (score >= 50).then_some((range, score))
    }
}

/// Which parts of an address stand behind its street.
#[derive(Clone, Copy, Debug, Default)]
struct Marks {
    number: bool,
    house: House,
    room: bool,
}

/// How a house is told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
enum House {
    #[default]
    Untold,
    Building,
    /// One of its staircases: 单元.
    Unit,
}

impl Marks {
    fn building(&mut self) {
        self.house = self.house.max(House::Building);
    }
}

/// Whether the character at `at` names a street or an estate, or begins a door's number.
fn is_beginning(text: &Text, at: usize) -> bool {
    let is_named = |at: usize| is_street(text, at) || is_estate(text, at);
    // What a street's name led to was looked at from there.
    is_named(at) || is_door(text, at) && !at.checked_sub(1).is_some_and(is_named)
}

/// Whether a door's number begins at `at` that needs no street: 3栋2单元502, 12-2-1801.
fn is_door(text: &Text, at: usize) -> bool {
    let is_figure = |at: usize| text.at(at).is_some_and(is_digit);
    if !is_figure(at) || at.checked_sub(1).is_some_and(is_figure) {
        return false;
    }
    let length = (at..at + 4).take_while(|at| is_figure(*at)).count();
    match text.at(gap(text, at + length)) {
        Some('栋' | '幢' | '#') => true,
        Some('号') => text.at(gap(text, at + length) + 1) == Some('楼'),
        Some('-') => {
            length <= 3 && (at + length + 2..at + length + 4).any(|at| text.at(at) == Some('-'))
        }
        _ => false,
    }
}

/// A digit of a door's number, in figures or numerals.
fn is_digit(c: char) -> bool {
    c.is_ascii_digit() || c == '十' || numeral(c).is_some()
}

/// Past the blanks that people put between a number and what it numbers.
fn gap(text: &Text, at: usize) -> usize {
    at + (at..at + 2).take_while(|at| text.at(*at) == Some(' ')).count()
}

/// Whether the character at `at` ends the name of a street or an estate.
fn is_street(text: &Text, at: usize) -> bool {
    let Some(last) = text.at(at) else { return false };
    let is_one = STREETS.contains(&last);
    let is_two = || {
        let pair = [at.checked_sub(1).and_then(|before| text.at(before)).unwrap_or(' '), last];
        ESTATES.contains(&pair)
    };
    let is_maybe = ESTATES.iter().any(|estate| estate[1] == last);
    if !is_one && (!is_maybe || !is_two()) {
        return false;
    }
    let is_named = at >= 2 && text.at(at - 1).is_some_and(|c| kind(c) == Break::Word);
    // 路程, 城镇, 村民 and their like name no street.
    is_named && !text.at(at + 1).is_some_and(|c| "程线径费口镇市乡民居理德路区".contains(c))
}

/// 春晖里9-2-1102: these end the name of an estate when a number follows.
fn is_estate(text: &Text, at: usize) -> bool {
    let is = |at: usize, chars: &str| text.at(at).is_some_and(|c| chars.contains(c));
    let is_last =
        |c| matches!(c, '里' | '院' | '邸' | '郡' | '轩' | '阁' | '墅' | '坊' | '际' | '都' | '期');
    text.at(at).is_some_and(is_last)
        && at >= 2
        && !is(at - 1, "这那哪公心手家群夜学法医")
        && text.at(gap(text, at + 1)).is_some_and(is_digit)
}

/// Whether what follows a number says that it counts something.
fn is_quantity(after: Option<char>) -> bool {
    after.is_some_and(|c| "=%.÷×+米人道分元题个名次页年".contains(c))
}

/// A number with what it numbers at `at`: where it ends, and what it was. Only one that is close to
/// what went before may stand alone.
fn mark(text: &Text, at: usize, is_close: bool, marks: &mut Marks) -> Option<usize> {
    let has_house = marks.house > House::Untold;
    let is_part = |at: &usize| {
        text.at(*at).is_some_and(|c| is_digit(c) || matches!(c, '-' | '#' | '—' | '–'))
    };
    let length = (at..at + FIGURES_MAX).take_while(is_part).count();
    let is_ordinal = at.checked_sub(1).and_then(|at| text.at(at)) == Some('第');
    let is_letter = text.at(at).is_some_and(|c| c.is_ascii_lowercase() || "甲乙丙丁".contains(c));
    // 6楼东户.
    if has_house
        && text.at(at).is_some_and(|c| "东西南北中".contains(c))
        && matches!(text.at(at + 1), Some('户' | '室'))
    {
        marks.room = true;
        return Some(at + 2);
    }
    let end = if length > 0 {
        at + length
    } else if is_letter {
        at + 1
    } else {
        return None;
    };
    let figures = &text.chars()[at..end];
    let is_room_long = is_close
        && !is_ordinal
        && figures.iter().filter(|char| is_digit(char.c)).count() >= 3
        && !is_quantity(text.at(end));
    let dashes = figures.iter().filter(|char| matches!(char.c, '-' | '—' | '–')).count();
    let told = gap(text, end);
    if let Some(after) = spelled_mark(text, told, length, marks) {
        return Some(after);
    }
    match text.at(told) {
        Some('号') if text.at(told + 1) == Some('楼') => marks.building(),
        Some('号') => marks.number = true,
        Some('弄' | '组' | '巷') => marks.number = true,
        Some('单') if is_ordinal => return None,
        Some('单') if text.at(gap(text, told + 1)) == Some('元') => {
            marks.house = House::Unit;
            return Some(gap(text, told + 1) + 1);
        }
        Some('栋' | '幢' | '座' | '单' | '舍') => marks.building(),
        Some('楼' | '层' | '门') if marks.number || has_house => marks.building(),
        Some('室' | '户' | '房' | '寝') => marks.room = true,
        // 7幢1201, 3-2-501: the door's number may stand alone.
        _ if is_room_long && (has_house || (marks.number && dashes > 0)) => {
            marks.room = true;
            return Some(end);
        }
        // 3-2-501 is a door by itself, 4000-400 a sum.
        _ if is_room_long && dashes >= 2 => {
            marks.building();
            marks.room = true;
            return Some(end);
        }
        // 8#1单元: what stands behind the sign is the next number.
        _ if figures.iter().skip(1).any(|char| char.c == '#') => {
            marks.building();
            let sign = figures.iter().position(|char| char.c == '#').unwrap_or(0);
            return Some(at + sign + 1);
        }
        _ => return None,
    }
    Some(told + 1)
}

/// What a number numbers when that is spelled in letters: 11dong1704shi.
fn spelled_mark(text: &Text, at: usize, length: usize, marks: &mut Marks) -> Option<usize> {
    let begins = |word: &str| word.chars().zip(at..).all(|(c, at)| text.at(at) == Some(c));
    let word = SPELLED.into_iter().find(|word| length > 0 && begins(word))?;
    let after = at + word.len();
    if text.at(after).is_some_and(|c| c.is_ascii_lowercase()) {
        return None;
    }
    match word {
        "danyuan" => marks.house = House::Unit,
        "hao" => marks.number = true,
        "shi" => marks.room = true,
        _ => marks.building(),
    }
    Some(after)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_of_a_door_are_read_across_blanks_and_in_numerals() {
        for (written, unit, room) in [
            ("3栋", false, false),
            ("2 单元", true, false),
            ("六零三室", false, true),
            ("3-2-501", false, true),
            ("丙单元", true, false),
        ] {
            let (text, mut marks) = (Text::new(written), Marks::default());
            assert_eq!(mark(&text, 0, true, &mut marks), Some(text.len()), "{written}");
            assert_eq!((marks.house == House::Unit, marks.room), (unit, room), "{written}");
        }
        assert!(is_door(&Text::new("3栋2单元"), 0) && is_door(&Text::new("12-2-1801"), 0));
        assert!(!is_door(&Text::new("2026-01-18"), 0) && !is_door(&Text::new("3楼"), 0));
    }
}
