//! Numbers told in parts: out of order, or with talk between them.
//!
//! Two or three parts are put together when the words beside them say so (前面是1394 … 后面的8270163).

use std::ops::Range;

use super::{
    MOBILE,
    check::{has_bin, is_id, is_luhn, mobile},
    run::{Group, Run},
};
use crate::moderation::text::{Break, JOINT, Text, kind};

/// A word says which part it is when it stands so near, in characters.
const LABEL_CHARS: usize = 10;
/// Parts stand no farther apart, in characters.
const APART_MAX: usize = 30;
/// A part has so many digits.
const PART_MIN: usize = 3;
const PART_MAX: usize = 15;

/// Which part of a number it is said to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    First,
    Middle,
    Last,
}

/// The digits of a run whose parts are written out of order; `None` when words do not say so.
pub(super) fn reordered(text: &Text, run: &Run) -> Option<String> {
    let chunks = chunks(text, &run.groups);
    in_order(text, &chunks)
}

/// The number that neighbouring runs make up together, and where it stands.
pub(super) fn stitched(text: &Text, runs: &[Run]) -> Option<(String, Range<usize>)> {
    let (first, last) = (runs.first()?, runs.last()?);
    let is_near = runs.windows(2).all(|pair| {
        let between = pair[0].at().end..pair[1].at().start;
        between.len() <= APART_MAX && !counts(text, pair[0].at().end)
    });
    let is_part =
        |run: &Run| (PART_MIN..=PART_MAX).contains(&run.length()) && !is_reckoned(text, &run.at());
    if !is_near || !runs.iter().all(is_part) || counts(text, last.at().end) {
        return None;
    }
    let chunks: Vec<(String, Range<usize>)> =
        runs.iter().map(|run| (run.digits(), run.at())).collect();
    Some((in_order(text, &chunks)?, first.at().start..last.at().end))
}

/// Groups between which no word and no clause ends.
fn chunks(text: &Text, groups: &[Group]) -> Vec<(String, Range<usize>)> {
    let mut chunks: Vec<(String, Range<usize>)> = Vec::new();
    for group in groups {
        let is_next = |(_, at): &&mut (String, Range<usize>)| {
            let between = &text.chars()[at.end..group.at.start];
            between
                .iter()
                .all(|char| matches!(kind(char.c), Break::Blank | Break::Sign) && char.c != JOINT)
        };
        match chunks.last_mut().filter(is_next) {
            Some((digits, at)) => {
                digits.push_str(&group.digits);
                at.end = group.at.end;
            }
            None => chunks.push((group.digits.clone(), group.at.clone())),
        }
    }
    chunks
}

/// The digits of the parts in the order that words give them, when that is a number.
fn in_order(text: &Text, chunks: &[(String, Range<usize>)]) -> Option<String> {
    let all: usize = chunks.iter().map(|(digits, _)| digits.len()).sum();
    if !(2..=3).contains(&chunks.len()) || !(MOBILE..=19).contains(&all) {
        return None;
    }
    let mut places = Vec::new();
    for (number, (_, at)) in chunks.iter().enumerate() {
        let from = number.checked_sub(1).map_or(0, |before| chunks[before].1.end);
        let to = chunks.get(number + 1).map_or(text.len(), |(_, after)| after.start);
        places.push(place(text, at, from, to));
    }
    // Among three numbers one of them may be said to be first of anything.
    let said = places.iter().flatten().count();
    if said + 1 < chunks.len() {
        return None;
    }
    // What nothing is said of takes the place that is left.
    let mut left: Vec<Place> = [Place::First, Place::Middle, Place::Last].into();
    if chunks.len() == 2 {
        left.retain(|place| *place != Place::Middle);
    }
    left.retain(|place| !places.contains(&Some(*place)));
    let mut left = left.into_iter();
    let mut ordered = Vec::new();
    for (place, (digits, _)) in places.into_iter().zip(chunks) {
        ordered.push((place.or_else(|| left.next())?, digits));
    }
    ordered.sort_by_key(|(place, _)| *place);
    let digits: String = ordered.into_iter().map(|(_, digits)| digits.as_str()).collect();
    let is_number = digits.len() == MOBILE && mobile(&digits).is_some()
        || is_id(&digits)
        || (is_luhn(&digits) && has_bin(&digits));
    is_number.then_some(digits)
}

/// What the words right before a part say of it, or else those right behind it.
fn place(text: &Text, at: &Range<usize>, from: usize, to: usize) -> Option<Place> {
    let before = at.start.saturating_sub(LABEL_CHARS).max(from)..at.start;
    let after = at.end..(at.end + LABEL_CHARS).min(to);
    let said = |at: usize| match text.at(at)? {
        '前' | '头' | '先' => Some(Place::First),
        '中' => Some(Place::Middle),
        '后' | '尾' | '末' | '剩' | '接' | '续' | '另' | '余' => Some(Place::Last),
        _ => None,
    };
    let is_within = |at: &usize| text.at(*at).is_some_and(|c| c == ':' || kind(c) < Break::Clause);
    let mut before = before.rev().take_while(is_within);
    let mut after = after.take_while(is_within);
    before.find_map(said).or_else(|| after.find_map(said))
}

/// Whether a number is a part of a sum, or has decimals.
fn is_reckoned(text: &Text, at: &Range<usize>) -> bool {
    let before = at.start.checked_sub(1).and_then(|at| text.at(at));
    let is_sum = |c: char| "≈=÷×+*/<>%.".contains(c);
    let points = text.chars()[at.clone()].iter().filter(|char| char.c == '.').count();
    before.is_some_and(is_sum) || text.at(at.end).is_some_and(is_sum) || points == 1
}

/// Whether what follows says that it counts something.
fn counts(text: &Text, end: usize) -> bool {
    text.at(end).is_some_and(|c| "年月日人分名元万块岗题套%.道节页时点次".contains(c))
}

#[cfg(test)]
mod tests {
    use super::{super::run::Joiners, *};

    fn read(written: &str) -> Option<String> {
        let text = Text::new(written);
        let runs = super::super::run::runs(&text, &Joiners::default());
        runs.iter()
            .find_map(|run| reordered(&text, run))
            .or_else(|| runs.windows(2).find_map(|runs| Some(stitched(&text, runs)?.0)))
            .or_else(|| runs.windows(3).find_map(|runs| Some(stitched(&text, runs)?.0)))
    }

    #[test]
    fn parts_are_put_in_the_order_that_words_give_them() {
        for written in [
            "后四位9000，前面是1390013",
            "后面的是9000，前面七位1390013",
            "前面是1390，剩下的我慢慢写，0139000",
            "1390013是前面的，9000是后面的",
            "9000是后四位，1390013是前七位",
            "中间0013，尾号9000，开头139",
        ] {
            assert_eq!(read(written).as_deref(), Some("13900139000"), "{written}");
        }
    }

    #[test]
    fn numbers_that_nothing_puts_together_stay_apart() {
        for written in [
            "前139名里有10139000",
            "1390人报名，0139000",
            "代码1390，编号0139000",
            "139分，后面有10139001分",
            "13922.1÷(1+8.9%)≈13900，除以1.09，直接看前三位139",
        ] {
            assert_eq!(read(written), None, "{written}");
        }
    }
}
