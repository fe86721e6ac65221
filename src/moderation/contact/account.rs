//! Accounts and codes beside the word that says what they are.

use std::ops::{Range, RangeInclusive};

use super::{
    Contact,
    host::{is_closing, is_opening, skip},
};
use crate::moderation::{
    fold::numeral,
    found::{Class, Found},
    number::Run,
    text::{Break, JOINT, Text, kind},
    token::Token,
};

/// What stands between a name and the account, beside signs and blanks.
const FILLERS: &str = "是为号群的我加搜找叫同呢哦名或者就发到联系索关注";
/// What stands between an account and the name behind it.
const FILLERS_BACK: &str = "是这就才的我你您要刚收到个";
/// What may close a clause behind a name that stands behind its account.
const CLOSERS: &str = "号码哦啊呀哈吧呢啦哟加搜找";
/// At most so many characters stand between a name and the account.
const FILLERS_MAX: usize = 8;
/// So many numerals behind letters are digits of an account.
const NUMERALS_MIN: usize = 3;
/// How far before a message that is an account the messenger may be named, in characters.
const NAMED_BEFORE: usize = 40;
/// What looks like an account and is a device.
const DEVICES: [&str; 8] = ["iphone", "ipad", "ios", "windows", "win", "android", "huawei", "mate"];
/// How people say `_`.
const UNDERSCORES: [&str; 7] =
    ["下划线", "下横线", "下横杠", "下杠", "xiahuaxian", "underscore", "底杠"];
/// The longest account of WeChat, and the shortest.
const ACCOUNT_MAX: usize = 20;
const ACCOUNT_MIN: usize = 6;

/// The account behind a messenger's name.
pub(super) fn account(found: &Found<'_>, name: &Token) -> Option<Contact> {
    let text = found.text;
    let (from, said) = fill(text, name.at.end);
    let said = said || text.at(name.at.end - 1) == Some('号');
    let (at, letters) = run(text, from, said)?;
    let is_number = letters.bytes().all(|byte| byte.is_ascii_digit());
    let is_word = letters.bytes().all(|byte| byte.is_ascii_alphabetic());
    let fits = if is_number {
        (5..=11).contains(&letters.len()) && !letters.starts_with('0') && !counts(text, at.end)
    } else {
        // Plain words, and what begins with a digit, are passed over unless they are introduced.
        let is_likely = letters.starts_with(|c: char| c.is_ascii_alphabetic()) && !is_word;
        (ACCOUNT_MIN..=ACCOUNT_MAX).contains(&letters.len())
            && (is_likely || (said && (is_word || is_mixed(&letters))))
    };
    // 加vip2026班: the name is the beginning of a longer word.
    let is_latin = |at: usize| text.at(at).is_some_and(|c| c.is_ascii_alphabetic());
    let is_longer = from == name.at.end && is_latin(name.at.end - 1) && is_latin(from) && !said;
    let contact = || Contact::new(at, "contact.wechat", "微信号", 85, name.view).said_by(name);
    (fits && !is_longer).then(contact)
}

/// The account before a messenger's name: `gk_9527`是我微信.
pub(super) fn account_before(found: &Found<'_>, name: &Token) -> Option<Contact> {
    let text = found.text;
    let (end, said) = fill_back(text, name)?;
    let is_part = |at: usize| {
        text.at(at).is_some_and(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'))
    };
    let length =
        (1..=ACCOUNT_MAX + 1).take_while(|far| end.checked_sub(*far).is_some_and(is_part)).count();
    let at = end - length..end;
    let letters = text.slice(at.clone());
    let fits = (ACCOUNT_MIN..=ACCOUNT_MAX).contains(&length) && said && is_mixed(&letters);
    let contact = || Contact::new(at, "contact.wechat", "微信号", 85, name.view).said_by(name);
    fits.then(contact)
}

/// What is to be added or searched for, when it looks like an account.
pub(super) fn added(found: &Found<'_>, name: &Token) -> Option<Contact> {
    let (from, _) = fill(found.text, name.at.end);
    let (at, letters) = run(found.text, from, false)?;
    let is_account = letters.starts_with(|c: char| c.is_ascii_alphabetic())
        && (ACCOUNT_MIN..=ACCOUNT_MAX).contains(&letters.len())
        && !letters.bytes().all(|byte| byte.is_ascii_alphabetic());
    let is_formula = found.text.at(at.end).is_some_and(|c| "+=([*^/\\".contains(c));
    let contact = || Contact::new(at, "contact.account", "平台外的账号", 60, name.view);
    (is_account && !is_formula).then(|| contact().said_by(name))
}

/// Messages that are an account and nothing else, when one before them named the messenger.
pub(super) fn lone_accounts(found: &Found<'_>, names: Class) -> Vec<Contact> {
    let text = found.text;
    let edges = (0..text.len()).filter(|at| text.at(*at) == Some(JOINT));
    let lone = |edge: usize| {
        let (at, letters) = run(text, edge + 1, false)?;
        let is_all = text.at(at.end).is_none_or(|c| c == JOINT);
        let is_device = DEVICES.iter().any(|device| letters.starts_with(device));
        let is_account = is_mixed(&letters) && (ACCOUNT_MIN..=ACCOUNT_MAX).contains(&letters.len());
        let before = edge.saturating_sub(NAMED_BEFORE)..edge;
        let is_name = |name: &&Token| name.certainty >= 85 && name.heard.is_none();
        let name = found.between(names, before).filter(is_name).last()?;
        let contact = || Contact::new(at, "contact.wechat", "微信号", 70, name.view).said_by(name);
        (is_all && is_account && !is_device).then(contact)
    };
    edges.filter_map(lone).collect()
}

/// Whether letters and digits name a device: mate60.
pub(in crate::moderation) fn is_device(letters: &str) -> bool {
    let name = letters.trim_end_matches(|c: char| c.is_ascii_digit());
    DEVICES.contains(&name)
}

/// A password behind its name: letters and digits, with what people put among them.
pub(super) fn password(found: &Found<'_>, name: &Token) -> Option<Contact> {
    let text = found.text;
    let (from, _) = fill(text, name.at.end);
    let is_part = |at: &usize| {
        text.at(*at).is_some_and(|c| c.is_ascii_alphanumeric() || "_-@#!.$%&*".contains(c))
    };
    let length = (from..=from + ACCOUNT_MAX).take_while(is_part).count();
    let letters = text.slice(from..from + length);
    let has = |is: fn(&u8) -> bool| letters.bytes().any(|byte| is(&byte));
    let fits = (ACCOUNT_MIN..=ACCOUNT_MAX).contains(&length)
        && has(u8::is_ascii_alphabetic)
        && has(u8::is_ascii_digit);
    let contact = || Contact::new(from..from + length, "contact.code", "密码", 85, name.view);
    fits.then(|| contact().said_by(name))
}

/// Digits behind a name, so many of them and no more, however they are written.
pub(super) fn digits(
    found: &Found<'_>,
    runs: &[Run],
    name: &Token,
    length: RangeInclusive<usize>,
    may_begin_with_0: bool,
) -> Option<Range<usize>> {
    let text = found.text;
    let (from, _) = fill(text, name.at.end);
    // A code has come: 验证码收到了 305729.
    let is_came = |at: &usize| {
        text.at(*at).is_some_and(|c| "收到了来啦刚好的 ,:".contains(c)) && may_begin_with_0
    };
    let from = from + (from..from + FILLERS_MAX).take_while(is_came).count();
    let run = &runs[runs.binary_search_by_key(&from, |run| run.at().start).ok()?];
    let digits = run.digits();
    let fits = length.contains(&digits.len()) && (may_begin_with_0 || !digits.starts_with('0'));
    (fits && is_alone(text, &run.at())).then(|| run.at())
}

/// The number before the name of QQ: 2837465109 是我的QQ.
pub(super) fn number_before(found: &Found<'_>, runs: &[Run], name: &Token) -> Option<Range<usize>> {
    let (end, said) = fill_back(found.text, name)?;
    let run = ending(runs, end)?;
    let digits = run.digits();
    let least = if said { 5 } else { 8 };
    let fits = (least..=11).contains(&digits.len()) && !digits.starts_with('0');
    (fits && is_alone(found.text, &run.at())).then(|| run.at())
}

/// The code before its name: 382910 这是验证码.
pub(super) fn code_before(found: &Found<'_>, runs: &[Run], name: &Token) -> Option<Range<usize>> {
    let (end, _) = fill_back(found.text, name)?;
    let run = ending(runs, end)?;
    let digits = run.digits();
    // 12306, 95588, 10086: who sent it.
    let is_sender = digits.len() == 5 && digits.starts_with(['1', '9']);
    let fits = (4..=8).contains(&digits.len()) && !is_sender;
    (fits && is_alone(found.text, &run.at())).then(|| run.at())
}

fn ending(runs: &[Run], end: usize) -> Option<&Run> {
    runs.binary_search_by_key(&end, |run| run.at().end).ok().map(|number| &runs[number])
}

/// Whether a number counts nothing, is no part of a longer word and has no decimals.
fn is_alone(text: &Text, at: &Range<usize>) -> bool {
    let is_latin = |at: usize| text.at(at).is_some_and(|c| c.is_ascii_alphabetic());
    let points = text.chars()[at.clone()].iter().filter(|char| char.c == '.').count();
    !counts(text, at.end) && !is_latin(at.end) && points != 1
}

/// Whether letters and digits make up an account together.
fn is_mixed(letters: &str) -> bool {
    let count = |is: fn(&u8) -> bool| letters.bytes().filter(is).count();
    let (alphabetic, digits) = (count(u8::is_ascii_alphabetic), count(u8::is_ascii_digit));
    alphabetic >= 2 && (digits >= 2 || letters.contains('_'))
}

/// Where the account begins behind a name that ends at `end`, and whether a word introduces it.
fn fill(text: &Text, end: usize) -> (usize, bool) {
    let (mut at, mut said) = (end, false);
    while at < end + FILLERS_MAX {
        match text.at(at) {
            Some(c) if FILLERS.contains(c) => said = true,
            Some(':' | '=') => said = true,
            // 扣扣群你们搜下.
            Some('你' | '您' | '们' | '下') => {}
            Some(c) if kind(c) == Break::Word || c == '\n' => break,
            Some(_) => {}
            None => break,
        }
        at += 1;
    }
    (at, said)
}

/// Where the account ends before a name, and whether words between say whose it is; `None` when the
/// name goes on to something else: 12345678是QQ群里说的.
fn fill_back(text: &Text, name: &Token) -> Option<(usize, bool)> {
    let is_end =
        |at: usize| text.at(at).is_none_or(|c| kind(c) != Break::Word || CLOSERS.contains(c));
    let (mut at, mut said, mut owned, mut breaks) = (name.at.start, false, false, 0);
    while at > 0 && at + FILLERS_MAX > name.at.start {
        match text.at(at - 1)? {
            c if FILLERS_BACK.contains(c) => {
                said |= matches!(c, '是' | '这' | '要');
                owned |= c == '我';
            }
            ' ' | JOINT => {}
            ',' | ':' if breaks == 0 => breaks = 1,
            _ => break,
        }
        at -= 1;
    }
    let is_closed = is_end(name.at.end);
    ((is_closed || owned) && at < name.at.start + usize::from(is_closed))
        .then_some((at, said || owned))
}

/// The letters, digits, `_` and `-` from `from` on; single ones may be parted by single signs, and
/// letters from their digits by a blank when the account is introduced.
fn run(text: &Text, from: usize, is_introduced: bool) -> Option<(Range<usize>, String)> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    let is_lone =
        |at: usize| text.at(at).is_some_and(is_part) && !text.at(at + 1).is_some_and(is_part);
    let (mut letters, mut at, mut end) = (String::new(), from, from);
    // An account whose letters are parted is parted all along by the same sign; formulas are not.
    let is_formula = |sign: char| "^=$+".contains(sign) || (sign == '/' && !is_introduced);
    let sign = text.at(from + 1).filter(|sign| !is_formula(*sign));
    let is_spaced = is_lone(from)
        && is_lone(from + 2)
        && is_lone(from + 4)
        && sign.is_some()
        && text.at(from + 3) == sign;
    while letters.len() <= ACCOUNT_MAX {
        match text.at(at) {
            Some(c) if is_part(c) => {
                letters.push(c);
                end = at + 1;
            }
            // An account may go on in the next message.
            Some(JOINT) => {}
            Some(c) if is_spaced && Some(c) == sign && kind(c) != Break::Sentence => {}
            // ZhengXueJie·88, bao.shangan: no name holds such a sign, but people write it.
            Some('·' | '•') if letters.len() >= 2 && is_tied(text, at) => {}
            Some('.' | '*' | '点') if letters.len() >= 2 && is_introduced && is_tied(text, at) => {
            }
            Some(' ') if is_introduced && is_parted_once(text, &letters, at) => {}
            Some(c) if is_introduced && !letters.is_empty() && is_bracket(c) => {
                if !is_enclosed(text, at) {
                    break;
                }
            }
            _ => {
                if let Some(after) = underscore(text, at).filter(|_| !letters.is_empty()) {
                    letters.push('_');
                    at = after;
                    continue;
                }
                let (digits, after) = numerals(text, at);
                if letters.is_empty() || digits.len() < NUMERALS_MIN {
                    break;
                }
                letters.push_str(&digits);
                (at, end) = (after, after);
                continue;
            }
        }
        at += 1;
    }
    let letters = letters.trim_end_matches(['-', '_']).to_owned();
    (!letters.is_empty()).then_some((from..end, letters))
}

/// Where the word for an underscore at `at` ends, when a letter or a digit stands behind it.
fn underscore(text: &Text, at: usize) -> Option<usize> {
    let begin = skip(text, at);
    let begin = begin + usize::from(text.at(begin).is_some_and(is_opening));
    let word = UNDERSCORES
        .iter()
        .find(|word| text.slice(begin..begin + word.chars().count()) == **word)?;
    let end = begin + word.chars().count();
    let end = skip(text, end + usize::from(text.at(end).is_some_and(is_closing)));
    text.at(end).is_some_and(|c| c.is_ascii_alphanumeric()).then_some(end)
}

/// Whether two letters or digits and more stand together behind the sign at `at`.
fn is_tied(text: &Text, at: usize) -> bool {
    let is_part = |at: usize| text.at(at).is_some_and(|c| c.is_ascii_alphanumeric());
    is_part(at + 1) && is_part(at + 2)
}

/// The digits that numerals from `at` on stand for, which single signs may part; where they end.
fn numerals(text: &Text, at: usize) -> (String, usize) {
    let (mut digits, mut end, mut next) = (String::new(), at, at);
    while digits.len() <= ACCOUNT_MAX {
        let Some(c) = text.at(next) else { break };
        if let Some(digit) = numeral(c) {
            digits.push(digit);
            next += 1;
            end = next;
        } else if next == end && matches!(kind(c), Break::Blank | Break::Sign) {
            next += 1;
        } else {
            break;
        }
    }
    (digits, end)
}

fn is_bracket(c: char) -> bool {
    is_opening(c) || is_closing(c)
}

/// gk(9527): whether the bracket at `at` holds a part of an account, and nothing else.
fn is_enclosed(text: &Text, at: usize) -> bool {
    let is_part = |at: &usize| text.at(*at).is_some_and(|c| c.is_ascii_alphanumeric());
    let after = (at + 1..at + ACCOUNT_MAX).take_while(is_part).count();
    let before = (at.saturating_sub(ACCOUNT_MAX)..at).rev().take_while(is_part).count();
    let ends = (text.at(at), text.at(at + 1 + after), text.at(at.wrapping_sub(before + 1)));
    match ends {
        (Some(open), Some(close), _) if is_opening(open) => after >= 2 && is_closing(close),
        (Some(close), _, Some(open)) if is_closing(close) => before >= 2 && is_opening(open),
        _ => false,
    }
}

/// gk 9527: letters, and behind the blank at `at` the digits that belong to them.
fn is_parted_once(text: &Text, letters: &str, at: usize) -> bool {
    let is_digit = |at: usize| text.at(at).is_some_and(|c| c.is_ascii_digit());
    letters.bytes().all(|byte| byte.is_ascii_alphabetic() || byte == b'_')
        && letters.len() <= ACCOUNT_MIN
        && (1..=3).all(|far| is_digit(at + far))
}

/// Whether what follows a number says that it counts something.
fn counts(text: &Text, end: usize) -> bool {
    text.at(end).is_some_and(|c| "位年次秒分元月日题页人个块".contains(c))
}
