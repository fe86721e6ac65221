//! Runs of digits: all that stand together, with the gaps that people write between them.

use std::ops::Range;

/// Between two digits of one run: at most so many separators.
const GAP_MAX: usize = 2;

/// A maximal run of digits in a folded text; what stands in it is never cut out of a longer number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Run {
    /// The digits, without what stands between them; an `x` may close it, as it closes an ID.
    pub(super) digits: String,
    /// Where each group of digits stands that nothing separates.
    pub(super) groups: Vec<Range<usize>>,
}

impl Run {
    /// Where the run stands in the folded text.
    pub(super) fn at(&self) -> Range<usize> {
        let ends = self.groups.first().zip(self.groups.last());
        ends.map_or(0..0, |(first, last)| first.start..last.end)
    }

    /// The lengths of the groups.
    pub(super) fn shape(&self) -> Vec<usize> {
        self.groups.iter().map(Range::len).collect()
    }

    /// The run of some of the groups, which hold these digits.
    pub(super) fn part(&self, groups: Range<usize>, digits: Range<usize>) -> Self {
        Self { digits: self.digits[digits].to_owned(), groups: self.groups[groups].to_vec() }
    }
}

/// Every run of a folded text, in order.
pub(super) fn runs(text: &str) -> Vec<Run> {
    let bytes = text.as_bytes();
    let mut runs: Vec<Run> = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        if !bytes[at].is_ascii_digit() {
            at += 1;
            continue;
        }
        let end = digits_end(bytes, at);
        let digits = &text[at..end];
        match runs.last_mut() {
            Some(run) if is_gap(&text[run.at().end..at]) => {
                run.digits.push_str(digits);
                run.groups.push(at..end);
            }
            _ => runs.push(Run {
                digits: digits.to_owned(),
                groups: std::iter::once(at..end).collect(),
            }),
        }
        at = end;
    }
    runs.iter_mut().for_each(|run| close_with_x(run, bytes));
    runs
}

/// Whether a text between two groups keeps them together.
fn is_gap(between: &str) -> bool {
    let separators = between.chars().filter(|c| matches!(c, ' ' | '-' | '*' | '_' | '·')).count();
    (separators == between.chars().count() || between == ".") && separators <= GAP_MAX
}

/// The check digit X of an ID, which no letter and no digit may follow.
fn close_with_x(run: &mut Run, bytes: &[u8]) {
    let end = run.at().end;
    let gap =
        bytes[end..].iter().take(GAP_MAX).take_while(|byte| matches!(byte, b' ' | b'-')).count();
    let at = end + gap;
    let is_alone = bytes.get(at + 1).is_none_or(|byte| !byte.is_ascii_alphanumeric());
    if run.digits.len() == 17 && bytes.get(at) == Some(&b'x') && is_alone {
        run.digits.push('x');
        run.groups.push(at..at + 1);
    }
}

fn digits_end(bytes: &[u8], from: usize) -> usize {
    let rest = bytes[from..].iter().position(|byte| !byte.is_ascii_digit());
    rest.map_or(bytes.len(), |len| from + len)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digits(text: &str) -> Vec<String> {
        runs(text).into_iter().map(|run| run.digits).collect()
    }

    #[test]
    fn separators_keep_a_run_together_and_words_part_it() {
        assert_eq!(digits("138-0013 8000，再加 12"), ["13800138000", "12"]);
        assert_eq!(digits("1*3*8·0"), ["1380"]);
        assert_eq!(digits("1   3"), ["1", "3"], "three spaces part numbers");
        assert_eq!(digits("1\n3"), ["1", "3"]);
        assert_eq!(digits("没有"), [""; 0]);
    }

    #[test]
    fn an_x_closes_seventeen_digits_alone() {
        assert_eq!(digits("11010119900307001-x。"), ["11010119900307001x"]);
        assert_eq!(digits("11010119900307001xy"), ["11010119900307001"]);
        assert_eq!(digits("138x"), ["138"]);
    }

    #[test]
    fn a_part_keeps_its_place() {
        let run = &runs("86 138 0013 8000")[0];
        assert_eq!(run.shape(), [2, 3, 4, 4]);
        let part = run.part(1..4, 2..13);
        assert_eq!((part.digits.as_str(), part.at()), ("13800138000", 3..16));
    }
}
