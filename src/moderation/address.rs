//! Where somebody lives: a street or an estate, a number, and a door.

use std::ops::Range;

use super::{
    found::{Class, Found},
    rules::Rules,
    text::{Break, Text, kind},
};

/// How long an address may be, in characters.
const ADDRESS_MAX: usize = 48;

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

    /// An address whose street or estate is named by the character at `at`.
    fn address(&self, found: &Found<'_>, at: usize) -> Option<(Range<usize>, u32)> {
        let text = found.text;
        if !is_street(text, at) {
            return None;
        }
        let mut marks = Marks::default();
        let (mut end, mut last) = (at + 1, at + 1);
        while end < at + ADDRESS_MAX {
            let Some(c) = text.at(end) else { break };
            if kind(c) >= Break::Sentence {
                break;
            }
            if let Some(after) = mark(text, end, &mut marks) {
                last = after;
                end = after;
            } else if end >= last + 8 {
                break;
            } else {
                end += 1;
            }
        }
        let start = text.stretch(&(at..at + 1), Break::Clause).start.max(at.saturating_sub(24));
        let range = start..last;
        let is_home = found.near(self.home, &range, 12, |token| token.certainty >= 80)
            || found.within(self.home, &range).is_some();
        let is_office = found.within(self.office, &(start..(last + 6).min(text.len()))).is_some();
        let mut score = match (marks.number, marks.building, marks.room) {
            (_, true, true) => 75,
            (true, _, true) => 70,
            (true, true, false) => 55,
            (false, false, true) if is_home => 55,
            (true, false, false) if is_home => 55,
            _ => 0,
        };
        score += if is_home && score > 0 { 15 } else { 0 };
        score = if is_office && !is_home { 0 } else { score };
        (score >= 50).then_some((range, score))
    }
}

/// Which parts of an address stand behind its street.
#[derive(Clone, Copy, Debug, Default)]
struct Marks {
    number: bool,
    building: bool,
    room: bool,
}

/// Whether the character at `at` ends the name of a street or an estate.
fn is_street(text: &Text, at: usize) -> bool {
    let word = |length: usize| -> String { text.slice((at + 1).saturating_sub(length)..at + 1) };
    let is_named = at >= 2 && text.at(at - 1).is_some_and(|c| kind(c) == Break::Word);
    // 路程, 城镇, 村民 and their like name no street.
    if text.at(at + 1).is_some_and(|c| "程线径费口镇市乡民居理德路区".contains(c)) {
        return false;
    }
    let is_one = matches!(
        text.at(at),
        Some(
            '路' | '街'
                | '巷'
                | '弄'
                | '村'
                | '镇'
                | '道'
                | '苑'
                | '园'
                | '庭'
                | '府'
                | '湾'
                | '城'
        )
    );
    let is_two = matches!(
        word(2).as_str(),
        "小区"
            | "公寓"
            | "大厦"
            | "家园"
            | "花园"
            | "社区"
            | "新村"
            | "胡同"
            | "宿舍"
            | "学府"
            | "大道"
            | "广场"
    );
    is_named && (is_one || is_two)
}

/// Whether what follows a number says that it counts something.
fn is_quantity(after: Option<char>) -> bool {
    after.is_some_and(|c| "=%.÷×+米人道分元".contains(c))
}

/// A number with what it numbers at `at`: where it ends, and what it was.
fn mark(text: &Text, at: usize, marks: &mut Marks) -> Option<usize> {
    let is_digit = |c: char| c.is_ascii_digit() || "一二三四五六七八九十".contains(c);
    let length = (at..at + 6)
        .take_while(|at| text.at(*at).is_some_and(|c| is_digit(c) || matches!(c, '-' | '#')))
        .count();
    let is_letter = text.at(at).is_some_and(|c| c.is_ascii_lowercase());
    let end = if length > 0 {
        at + length
    } else if is_letter {
        at + 1
    } else {
        return None;
    };
    let figures = text.slice(at..end);
    let is_room_long = figures.chars().filter(char::is_ascii_digit).count() >= 3;
    match text.at(end) {
        Some('号') if text.at(end + 1) == Some('楼') => marks.building = true,
        Some('号') => marks.number = true,
        Some('弄' | '组' | '巷') => marks.number = true,
        Some('栋' | '幢' | '座' | '单') => marks.building = true,
        Some('楼' | '层') if marks.number || marks.building => marks.building = true,
        Some('室' | '户' | '房') => marks.room = true,
        // 7幢1201, 3-2-501: the door's number may stand alone.
        _ if is_room_long && (marks.building || (marks.number && figures.contains('-'))) => {
            marks.room = true;
            return Some(end);
        }
        // 3-2-501 is a door by itself, 4000-400 a sum.
        _ if is_room_long && figures.matches('-').count() >= 2 && !is_quantity(text.at(end)) => {
            marks.building = true;
            marks.room = true;
            return Some(end);
        }
        _ => return None,
    }
    Some(end + 1)
}
