//! A number sent in pieces: messages that are nothing but digits, read as one.

use std::ops::Range;

use crate::moderation::{
    digit::{Run, runs},
    fold::Folded,
    number::{Kind, plain_kind},
};

/// How many earlier messages are looked at.
const EARLIER_MAX: usize = 6;
/// A first piece may end a sentence; then it is this long or longer.
const TAIL_DIGITS_MIN: usize = 3;

/// What the text completes, and the bytes of it that do.
///
/// The text must be all digits, and so must every earlier message down to the first piece, which
/// may have words before its digits (我电话138). The pieces must make exactly one number.
pub(super) fn judge(text: &str, folded: &Folded, earlier: &[&str]) -> Option<(Kind, Range<usize>)> {
    let run = whole(folded)?;
    let mut digits = run.digits.clone();
    for piece in earlier.iter().rev().take(EARLIER_MAX) {
        let piece = Folded::new(piece);
        let (more, is_first) = match whole(&piece) {
            Some(run) => (run.digits, false),
            None => (tail(&piece)?, true),
        };
        digits.insert_str(0, &more);
        if let Some(kind) = plain_kind(&digits) {
            let at = folded.original(run.at());
            return text.get(at.clone()).map(|_| (kind, at));
        }
        if is_first || digits.len() > 19 {
            return None;
        }
    }
    None
}

/// The one run of a text that holds nothing else.
fn whole(text: &Folded) -> Option<Run> {
    let mut runs = runs(text.text());
    let run = runs.pop().filter(|_| runs.is_empty())?;
    let at = run.at();
    let is_bare = |rest: &str| rest.chars().all(|c| !c.is_alphanumeric());
    (is_bare(&text.text()[..at.start]) && is_bare(&text.text()[at.end..])).then_some(run)
}

/// The digits at the end of a text.
fn tail(text: &Folded) -> Option<String> {
    let run = runs(text.text()).pop()?;
    let is_last = text.text()[run.at().end..].chars().all(|c| !c.is_alphanumeric());
    (is_last && run.digits.len() >= TAIL_DIGITS_MIN).then_some(run.digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(earlier: &[&str], text: &str) -> Option<Kind> {
        judge(text, &Folded::new(text), earlier).map(|(kind, _)| kind)
    }

    #[test]
    fn pieces_make_one_number() {
        assert_eq!(found(&["我电话138", "0013"], "8000"), Some(Kind::Mobile));
        assert_eq!(found(&["你好", "１３８", "0013"], "8000。"), Some(Kind::Mobile));
        assert_eq!(found(&["退到这张卡 6217998888"], "000011110"), Some(Kind::Card));
        assert_eq!(found(&["退到这张卡 6217998888"], "000011111"), None, "fails the check");
        assert_eq!(found(&["身份证110101", "19900307"], "2316"), Some(Kind::Id));
    }

    #[test]
    fn ordinary_short_messages_make_none() {
        assert_eq!(found(&[], "8000"), None);
        assert_eq!(found(&["138", "0013"], "8000分"), None);
        assert_eq!(found(&["138", "不是", "0013"], "8000"), None);
        assert_eq!(found(&["考场0456"], "座位17，报名序号2025103"), None);
        assert_eq!(found(&["1", "13800"], "138000"), Some(Kind::Mobile));
        assert_eq!(found(&["13"], "800138000"), Some(Kind::Mobile));
        assert_eq!(found(&["第13"], "800138000"), None, "too short a tail");
    }
}
