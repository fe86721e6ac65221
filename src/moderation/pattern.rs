//! Patterns as curators write them: words, classes of words, and gaps between them.
//!
//! `加<me>?…<wechat>` is: the word 加, perhaps one of the class `me`, a gap, one of the class
//! `wechat`. `…` is a gap of up to [`GAP`] characters, `{9}` one of up to nine, within a sentence.

/// How wide the gap `…` is, in characters.
const GAP: usize = 6;
/// The widest gap.
const GAP_MAX: usize = 40;

/// One step of a pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Step {
    /// How many characters of words may stand before it.
    pub(super) gap: usize,
    pub(super) what: What,
    /// Whether it may be missing.
    pub(super) is_optional: bool,
}

/// What stands at a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum What {
    /// This word.
    Word(String),
    /// A word of this class.
    Class(String),
}

/// Whether `text` is more than a word.
pub(super) fn is_pattern(text: &str) -> bool {
    text.contains(['<', '…', '{'])
}

/// Reads a pattern, or says what is wrong with it.
pub(super) fn parse(text: &str) -> Result<Vec<Step>, String> {
    let (mut steps, mut gap, mut rest) = (Vec::<Step>::new(), 0, text);
    while let Some(c) = rest.chars().next() {
        let what = match c {
            '…' => {
                gap = GAP;
                rest = &rest[c.len_utf8()..];
                continue;
            }
            '{' => {
                let (number, after) = enclosed(rest, '}')?;
                gap = number.parse().map_err(|_| format!("{{{number}}} is no gap"))?;
                if gap > GAP_MAX {
                    return Err(format!("a gap is at most {GAP_MAX} characters"));
                }
                rest = after;
                continue;
            }
            '<' => {
                let (name, after) = enclosed(rest, '>')?;
                rest = after;
                What::Class(name.to_owned())
            }
            _ => {
                let end = rest.find(['<', '…', '{', '>', '}', '?']).unwrap_or(rest.len());
                if end == 0 {
                    return Err(format!("`{c}` stands where it cannot"));
                }
                let (word, after) = rest.split_at(end);
                rest = after;
                What::Word(word.to_owned())
            }
        };
        let is_optional = rest.starts_with('?');
        rest = rest.strip_prefix('?').unwrap_or(rest);
        match what {
            // As in other languages of patterns, 发给? is 发 and perhaps 给.
            What::Word(word) if is_optional && word.chars().count() > 1 => {
                let last = word.char_indices().next_back().map_or(0, |(at, _)| at);
                let (first, last) = word.split_at(last);
                let word = |text: &str| What::Word(text.to_owned());
                steps.push(Step { gap, what: word(first), is_optional: false });
                steps.push(Step { gap: 0, what: word(last), is_optional });
            }
            what => steps.push(Step { gap, what, is_optional }),
        }
        gap = 0;
    }
    match (steps.first(), gap) {
        (None, _) => Err("a pattern needs a word or a class".to_owned()),
        (Some(first), _) if first.is_optional => {
            Err("a pattern begins with what must be there".to_owned())
        }
        (Some(first), _) if first.gap > 0 => Err("a pattern does not begin with a gap".to_owned()),
        (_, 1..) => Err("a pattern does not end with a gap".to_owned()),
        _ => Ok(steps),
    }
}

/// What stands between the first character and `close`, and what stands behind that.
fn enclosed(text: &str, close: char) -> Result<(&str, &str), String> {
    let end = text.find(close).ok_or_else(|| format!("`{close}` is missing"))?;
    Ok((&text[1..end], &text[end + close.len_utf8()..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(gap: usize, what: What) -> Step {
        Step { gap, what, is_optional: false }
    }

    #[test]
    fn words_classes_gaps_and_options_are_read() {
        let me = Step { is_optional: true, ..step(0, What::Class("me".to_owned())) };
        let expected = [
            step(0, What::Word("加".to_owned())),
            me,
            step(GAP, What::Class("wechat".to_owned())),
            step(9, What::Word("聊".to_owned())),
        ];
        assert_eq!(parse("加<me>?…<wechat>{9}聊").unwrap(), expected);
        assert!(is_pattern("加…聊") && !is_pattern("加聊"));
    }

    #[test]
    fn what_is_no_pattern_is_refused_with_a_reason() {
        for wrong in ["", "…a", "a…", "<a", "a{x}", "a{99}b", "<a>?b", "a>b"] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }
}
