//! One range of bytes (RFC 9110, section 14): players seek with it. Several at once are answered whole.

use std::ops::Range;

/// What a `Range` header asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    /// All of it: there is no such header, or none that is understood, which is to be ignored.
    Whole,
    /// These bytes, at least one.
    Part(Range<u64>),
    /// None that there is.
    Beyond,
}

/// Reads the header for something of `length` bytes.
pub(super) fn wanted(header: Option<&str>, length: u64) -> Wanted {
    header.and_then(|header| read(header, length)).unwrap_or(Wanted::Whole)
}

fn read(header: &str, length: u64) -> Option<Wanted> {
    let (unit, ranges) = header.split_once('=')?;
    if !unit.trim().eq_ignore_ascii_case("bytes") {
        return None;
    }
    let (first, last) = ranges.trim().split_once('-')?;
    let range = match (number(first), number(last)) {
        (Some(first), Some(last)) if first <= last => first..last.saturating_add(1).min(length),
        (Some(first), None) if last.is_empty() => first..length,
        // The last so many.
        (None, Some(count)) if first.is_empty() => length.saturating_sub(count)..length,
        _ => return None,
    };
    Some(if range.is_empty() { Wanted::Beyond } else { Wanted::Part(range) })
}

fn number(digits: &str) -> Option<u64> {
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| digits.parse().unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ten(header: &str) -> Wanted {
        wanted(Some(header), 10)
    }

    #[test]
    fn a_range_has_a_beginning_an_end_or_both() {
        assert_eq!(ten("bytes=0-0"), Wanted::Part(0..1));
        assert_eq!(ten("bytes=2-5"), Wanted::Part(2..6));
        assert_eq!(ten("Bytes=2-"), Wanted::Part(2..10));
        assert_eq!(ten("bytes=-3"), Wanted::Part(7..10));
        assert_eq!(ten("bytes=-99"), Wanted::Part(0..10));
        assert_eq!(ten("bytes=9-99999999999999999999999"), Wanted::Part(9..10));
    }

    #[test]
    fn what_is_beyond_the_end_is_refused_and_what_is_no_range_ignored() {
        for beyond in ["bytes=10-", "bytes=10-20", "bytes=-0"] {
            assert_eq!(ten(beyond), Wanted::Beyond, "{beyond}");
        }
        for ignored in
            ["", "bytes", "bytes=-", "bytes=5-2", "bytes=0-1,3-4", "lines=0-1", "bytes=+1-2"]
        {
            assert_eq!(ten(ignored), Wanted::Whole, "{ignored}");
        }
        assert_eq!(wanted(None, 10), Wanted::Whole);
    }
}
