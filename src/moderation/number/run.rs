//! Runs of digits: all that are written together as one number, whatever stands between them.

use std::{collections::HashSet, ops::Range};

use super::{check::is_begun, heard::heard, spelled::spelled};
use crate::moderation::{
    fold::{self, folded},
    text::{Break, JOINT, Text, kind},
};

/// Between two groups of one number stand at most so many signs.
const SIGNS_MAX: usize = 3;
/// The longest word that may stand between two groups, in characters with its brackets.
const JOINER_MAX: usize = 12;
/// Signs between the parts of a number that hide nothing; and the edge of a message.
const USUAL: &str = "-./()+~_—–|\u{f8ff}";
/// So many digits that stand alone in a number are parted to hide it.
const SINGLES_MIN: usize = 3;
/// So many digits in letters are meant as digits.
const SPELLED_MIN: usize = 4;
/// The longest message that is passed over between the parts of a number, in characters.
const ASIDE_MAX: usize = 4;
/// How far a digit is looked for beside a letter that may stand for one, in characters.
const LETTERS_MAX: isize = 10;
/// A run with more digits is no number of anybody.
const DIGITS_MAX: usize = 64;

/// How a group of digits is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Script {
    /// 138.
    Plain,
    /// ①③⑧.
    Dressed,
    /// 一三八.
    Numerals,
    /// The letters o and l, for 0 and 1.
    Letters,
    /// 衣扇巴.
    Sounds,
}

/// Digits of one script with nothing between them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Group {
    pub(super) digits: String,
    /// Where it stands in the text, in characters.
    pub(super) at: Range<usize>,
    pub(super) script: Script,
}

/// A maximal run of digits; what stands in it is never cut out of a longer number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::moderation) struct Run {
    pub(super) groups: Vec<Group>,
}

/// Words that people write between the parts of a number.
#[derive(Debug, Default)]
pub(super) struct Joiners {
    words: HashSet<String>,
    /// Those among the words that hold a numeral, which is no digit in them.
    counting: Vec<Vec<char>>,
    /// The characters of the words for a phone, which are strewn among dressed digits.
    strewn: HashSet<char>,
}

impl Joiners {
    pub(super) fn new(words: &[String], strewn: &[String]) -> Self {
        let words: HashSet<String> = words.iter().map(|word| folded(word)).collect();
        let counting = words.iter().map(|word| word.chars().collect::<Vec<_>>());
        let counting = counting.filter(|word| word.iter().any(|c| numeral(*c).is_some()));
        let counting = counting.collect();
        let strewn = strewn.iter().flat_map(|word| folded(word).chars().collect::<Vec<_>>());
        Self { words, counting, strewn: strewn.filter(|c| !c.is_ascii()).collect() }
    }

    /// Whether the numeral at `at` belongs to a word: 最后四位, 另一半.
    fn holds(&self, text: &Text, at: usize) -> bool {
        self.counting.iter().any(|word| {
            (0..word.len()).any(|before| {
                let begin = at.checked_sub(before);
                let is_word =
                    |begin: usize| word.iter().zip(begin..).all(|(c, at)| text.at(at) == Some(*c));
                numeral(word[before]).is_some() && begin.is_some_and(is_word)
            })
        })
    }
}

impl Run {
    /// Where the run stands in the text, in characters.
    pub(in crate::moderation) fn at(&self) -> Range<usize> {
        let ends = self.groups.first().zip(self.groups.last());
        ends.map_or(0..0, |(first, last)| first.at.start..last.at.end)
    }

    /// How many digits it has.
    pub(in crate::moderation) fn length(&self) -> usize {
        self.groups.iter().map(|group| group.digits.len()).sum()
    }

    /// The digits, without what stands between them; an `x` may close them, as it closes an ID.
    pub(in crate::moderation) fn digits(&self) -> String {
        self.groups.iter().map(|group| group.digits.as_str()).collect()
    }

    /// How many digits stand together with nothing between them, one number after the other. The edge
    /// of a message is nothing: people cut numbers where they like.
    pub(super) fn shape(&self, text: &Text) -> Vec<usize> {
        let mut shape: Vec<usize> = Vec::new();
        let mut end = None;
        for group in &self.groups {
            match shape.last_mut() {
                Some(last) if end == Some(group.at.start) => *last += group.digits.len(),
                Some(last) if text.at(group.at.start - 1) == Some(JOINT) => {
                    *last += group.digits.len();
                }
                _ => shape.push(group.digits.len()),
            }
            end = Some(group.at.end);
        }
        shape
    }

    /// Whether it is a few syllables of letters, which may be any words.
    pub(in crate::moderation) fn is_vague(&self) -> bool {
        let is_letters = |group: &Group| group.script == Script::Letters;
        self.groups.iter().all(is_letters) && self.digits().len() < SPELLED_MIN
    }

    /// Whether it is the beginning of a number whose rest is not written here: 我的手机13812.
    pub(in crate::moderation) fn is_begun(&self, text: &Text) -> bool {
        let is_end = match text.chars().get(self.at().end) {
            // 138开头, 1381吧, and no year or sum: 1998年, 1500元.
            Some(next) => next.kind > Break::Word || "开哦哈啊呀呢吧嘛".contains(next.c),
            None => true,
        };
        is_end && is_begun(&self.digits())
    }

    /// Whether the signs of clauses part groups of several digits.
    pub(super) fn is_list(&self, text: &Text) -> bool {
        self.groups.windows(2).any(|pair| {
            let is_long = pair.iter().all(|group| group.digits.len() > 1);
            is_long && text.strongest(pair[0].at.end..pair[1].at.start) == Break::Clause
        })
    }

    /// Whether it is written as nobody writes a number who has nothing to hide.
    pub(super) fn is_evasive(&self, text: &Text) -> bool {
        let is_strange = |group: &Group| group.script != Script::Plain;
        let shape = self.shape(text);
        let is_strewn = shape.len() >= 6 && shape.iter().all(|length| *length <= 2);
        let singles = shape.iter().filter(|length| **length == 1).count();
        let is_odd = |pair: &[Group]| {
            let between = &text.chars()[pair[0].at.end..pair[1].at.start];
            between.iter().any(|char| kind(char.c) == Break::Sign && !USUAL.contains(char.c))
        };
        is_strewn
            || singles >= SINGLES_MIN
            || self.groups.windows(2).any(is_odd)
            || self.groups.iter().any(is_strange)
    }
}

/// Whether `at` is digits of one of these runs, and not all of them.
pub(in crate::moderation) fn is_inside(runs: &[Run], text: &Text, at: &Range<usize>) -> bool {
    if !text.chars()[at.clone()].iter().all(|char| is_digit(char.c)) {
        return false;
    }
    let begun = runs.partition_point(|run| run.at().start <= at.start);
    let run = begun.checked_sub(1).map(|last| runs[last].at());
    run.is_some_and(|run| at.end <= run.end && at.len() < run.len())
}

/// Every run of a text, in order.
pub(super) fn runs(text: &Text, joiners: &Joiners) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    for group in groups(text, joiners) {
        match runs.last_mut() {
            Some(run) if is_joined(text, joiners, run, &group) => run.groups.push(group),
            _ => runs.push(Run { groups: vec![group] }),
        }
    }
    runs.iter_mut().for_each(|run| close_with_x(run, text));
    runs
}

/// The digit that a numeral stands for; formal ones of Japanese are written by those who evade.
pub(super) fn numeral(c: char) -> Option<char> {
    match c {
        '壱' => Some('1'),
        '弐' | '貮' => Some('2'),
        _ => fold::numeral(c),
    }
}

fn groups(text: &Text, joiners: &Joiners) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    let mut sounds = heard(text).into_iter().peekable();
    let mut add = |digit: char, at: Range<usize>, script| match groups.last_mut() {
        Some(last) if last.at.end == at.start && last.script == script => {
            last.digits.push(digit);
            last.at.end = at.end;
        }
        _ => groups.push(Group { digits: digit.to_string(), at, script }),
    };
    let is_letter = |at: usize| text.at(at).is_some_and(|c| c.is_ascii_lowercase());
    let mut at = 0;
    while at < text.len() {
        if is_letter(at) && is_letter(at + 1) && !at.checked_sub(1).is_some_and(is_letter) {
            let (digits, end) = spelled(text, at);
            if !digits.is_empty() {
                digits.into_iter().for_each(|(digit, at)| add(digit, at, Script::Letters));
                at = end;
                continue;
            }
        }
        if let Some((_, digit)) = sounds.next_if(|(heard, _)| *heard == at) {
            add(digit, at..at + 1, Script::Sounds);
        } else if let Some((digit, script)) = digit(text, at, joiners) {
            add(digit, at..at + 1, script);
        }
        at += 1;
    }
    groups
}

fn digit(text: &Text, at: usize, joiners: &Joiners) -> Option<(char, Script)> {
    let char = text.chars()[at];
    if char.c.is_ascii_digit() && !is_places(text, at) {
        let script = if char.is_dressed { Script::Dressed } else { Script::Plain };
        return Some((char.c, script));
    }
    // 前三位, 中间四个: it counts the digits that follow.
    let is_count = text.at(at + 1).is_some_and(|c| matches!(c, '位' | '个' | '段' | '组'));
    let is_count = is_count || is_once(text, at);
    if let Some(digit) = numeral(char.c).filter(|_| !is_count && !joiners.holds(text, at)) {
        return Some((digit, Script::Numerals));
    }
    let is_digit = |at: Option<usize>| {
        at.and_then(|at| text.at(at)).is_some_and(|c| c.is_ascii_digit() || numeral(c).is_some())
    };
    if char.c == '参' && is_digit(at.checked_sub(1)) && is_digit(Some(at + 1)) {
        return Some(('3', Script::Numerals));
    }
    let value = match char.c {
        'o' => '0',
        'l' | 'i' => '1',
        'з' => '3',
        _ => return None,
    };
    is_among_digits(text, at).then_some((value, Script::Letters))
}

/// Whether the digit at `at` says how many follow or precede: 后面7位.
fn is_places(text: &Text, at: usize) -> bool {
    let before = at.checked_sub(1).and_then(|at| text.at(at));
    text.at(at + 1) == Some('位') && before.is_some_and(|c| "前后面下的那尾末".contains(c))
}

/// Whether the numeral at `at` is no digit but a part of a word: 记一下, 一起.
fn is_once(text: &Text, at: usize) -> bool {
    let is_one = text.at(at) == Some('一');
    let is_digit = |c: char| c.is_ascii_digit() || numeral(c).is_some();
    let follows = at.checked_sub(1).and_then(|at| text.at(at)).is_some_and(is_digit);
    is_one
        && !follows
        && text.at(at + 1).is_some_and(|c| "下起会样直定些共切般律旦边次条".contains(c))
}

/// Whether a letter stands between digits, with none but its like and blanks in between.
fn is_among_digits(text: &Text, at: usize) -> bool {
    let is_passed = |c: char| {
        matches!(c, 'o' | 'l' | 'i' | 'з') || matches!(kind(c), Break::Blank | Break::Sign)
    };
    let end = |step: isize| {
        (1..=LETTERS_MAX).find_map(|far| {
            let c = at.checked_add_signed(step * far).and_then(|at| text.at(at))?;
            (!is_passed(c)).then_some(c)
        })
    };
    let (before, after) = (end(-1), end(1));
    // The x behind an ID is no letter of a word.
    let is_letter = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphabetic() && c != 'x');
    let is_beside = before.is_some_and(is_digit) || after.is_some_and(is_digit);
    is_beside && !is_letter(before) && !is_letter(after)
}

fn is_digit(c: char) -> bool {
    c.is_ascii_digit() || numeral(c).is_some()
}

/// Whether what stands between a run and a group keeps them together.
fn is_joined(text: &Text, joiners: &Joiners, run: &Run, group: &Group) -> bool {
    let between = run.at().end..group.at.start;
    if between.is_empty() {
        return true;
    }
    let length: usize = run.groups.iter().map(|group| group.digits.len()).sum();
    if between.len() > JOINER_MAX || length > DIGITS_MAX {
        return false;
    }
    let is_dressed = |group: &Group| group.script != Script::Plain;
    let word: String = text.chars()[between.clone()]
        .iter()
        .map(|char| char.c)
        .filter(|c| kind(*c) == Break::Word)
        .collect();
    if !word.is_empty() {
        let mut chars = word.chars();
        let is_strewn =
            matches!((chars.next(), chars.next()), (Some(c), None) if joiners.strewn.contains(&c));
        let has_dressed = is_dressed(group) || run.groups.iter().any(is_dressed);
        return joiners.words.contains(&word)
            || is_place(&word)
            || (is_strewn && has_dressed)
            || is_aside(text, &between, &word);
    }
    let last = run.groups.last();
    let is_single = group.digits.len() == 1 && last.is_some_and(|last| last.digits.len() == 1);
    let is_phone = is_phone_part(run, group);
    let is_close = between.len() <= SIGNS_MAX;
    match text.strongest(between.clone()) {
        // 139 …… 1234 …… 5678.
        _ if !is_close && !is_phone => false,
        Break::Word | Break::Blank => true,
        Break::Sign => {
            // 12% and 1/2 are quantities, 138.5 is a score; 1.3.8 is a number digit by digit.
            let has = |sign: char| text.chars()[between.clone()].iter().any(|char| char.c == sign);
            let is_decimal = has('.') && between.len() == 1 && run.groups.len() == 1 && length > 3;
            let is_sum = "+÷×≈∶%=<>^±√".chars().any(has) || (has('/') && !is_phone);
            let is_plain = !is_dressed(group) && !run.groups.iter().any(is_dressed);
            !(is_sum && (is_plain && !is_single || has('%'))) && !is_decimal
        }
        // Signs of clauses stand between single digits, or between the parts of a phone.
        Break::Clause => is_single || is_dressed(group) || is_phone || is_card_part(run, group),
        Break::Sentence => is_single || is_dressed(group),
    }
}

/// Whether a word says which part of a number stands beside it, and nothing else: 前面七位数字是.
fn is_place(word: &str) -> bool {
    let says = |c: char| "前中后尾末头首剩接".contains(c);
    let is_part = |c: char| {
        says(c)
            || "面边间半位数字个号码的是为那这一二三四五六七八九十再着下上最先连起来余还就开打两截段续补几"
                .contains(c)
    };
    word.chars().any(says) && word.chars().all(is_part)
}

/// Whether a whole message of a few words is all that stands between: 好的.
fn is_aside(text: &Text, between: &Range<usize>, word: &str) -> bool {
    let is_edge = |at: usize| text.at(at) == Some(JOINT);
    is_edge(between.start) && is_edge(between.end - 1) && word.chars().count() <= ASIDE_MAX
}

/// Whether a group goes on a phone that is written in threes and fours.
fn is_phone_part(run: &Run, group: &Group) -> bool {
    let begins = |group: &Group| {
        group.digits.len() == 3 && matches!(group.digits.as_bytes(), [b'1', b'3'..=b'9', _])
    };
    let is_begun = match &run.groups[..] {
        [first] => begins(first),
        [first, second] => begins(first) && second.digits.len() == 4,
        _ => false,
    };
    is_begun && group.digits.len() == 4
}

/// Whether a group goes on a card that is written in fours.
fn is_card_part(run: &Run, group: &Group) -> bool {
    let is_four = |group: &Group| group.digits.len() == 4;
    let is_begun = run.groups.first().is_some_and(|first| first.digits.starts_with("62"));
    is_begun && run.groups.iter().all(is_four) && group.digits.len() <= 4
}

/// The check digit X of an ID, which no letter and no digit may follow.
fn close_with_x(run: &mut Run, text: &Text) {
    let length: usize = run.groups.iter().map(|group| group.digits.len()).sum();
    if length != 17 {
        return;
    }
    let end = run.at().end;
    for at in end..=end + SIGNS_MAX {
        let Some(c) = text.at(at) else { return };
        let is_alone = !text.at(at + 1).is_some_and(|c| c.is_ascii_alphanumeric());
        if is_alone && matches!(c, 'x' | '×' | '叉') {
            let digits = "x".to_owned();
            run.groups.push(Group { digits, at: at..at + 1, script: Script::Plain });
            return;
        }
        if !matches!(kind(c), Break::Blank | Break::Sign) {
            return;
        }
    }
}
