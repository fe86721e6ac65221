//! What a number can be by its own digits: resident IDs, bank cards, mobile phones.

/// The eleven digits of a mobile number of the mainland, without the country's prefix.
pub(super) fn mobile(digits: &str) -> Option<&str> {
    let national = match digits.len() {
        11 => digits,
        13 => digits.strip_prefix("86")?,
        15 => digits.strip_prefix("0086")?,
        _ => return None,
    };
    let bytes = national.as_bytes();
    let is_mobile = bytes[0] == b'1' && (b'3'..=b'9').contains(&bytes[1]);
    (is_mobile && bytes.iter().all(u8::is_ascii_digit)).then_some(national)
}

/// The ways in which people group a phone: whole, 3-4-4 and its like, or digit by digit.
pub(super) fn is_usual(shape: &[usize]) -> bool {
    const PREFIXED: [&[usize]; 4] = [&[2, 11], &[4, 11], &[2, 3, 4, 4], &[4, 3, 4, 4]];
    const USUAL: [&[usize]; 7] =
        [&[3, 4, 4], &[4, 3, 4], &[4, 4, 3], &[3, 8], &[7, 4], &[3, 3, 5], &[3, 2, 2, 2, 2]];
    shape.len() == 1
        || USUAL.contains(&shape)
        || PREFIXED.contains(&shape)
        || shape.iter().all(|length| *length <= 2)
        || shape.split_last().is_some_and(|(last, rest)| {
            *last == 3 && rest.len() == 4 && rest.iter().all(|length| *length == 2)
        })
}

/// A resident ID of eighteen places: region, date, ISO 7064 MOD 11-2 (GB 11643-1999).
pub(super) fn is_id(digits: &str) -> bool {
    const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    const CHECKS: &[u8; 11] = b"10x98765432";
    let bytes = digits.as_bytes();
    if !is_like_id(digits) {
        return false;
    }
    let sum: u32 =
        bytes.iter().zip(WEIGHTS).map(|(byte, weight)| u32::from(byte - b'0') * weight).sum();
    CHECKS[(sum % 11) as usize] == bytes[17]
}

/// The same with any check digit: somebody may have mistyped theirs.
pub(super) fn is_like_id(digits: &str) -> bool {
    let bytes = digits.as_bytes();
    bytes.len() == 18
        && bytes[..17].iter().all(u8::is_ascii_digit)
        && is_region(bytes)
        && is_date(number(&bytes[6..10]), number(&bytes[10..12]), number(&bytes[12..14]))
}

/// A resident ID of fifteen places, as given until 1999: no check digit, the year in two.
pub(super) fn is_old_id(digits: &str) -> bool {
    let bytes = digits.as_bytes();
    bytes.len() == 15
        && bytes.iter().all(u8::is_ascii_digit)
        && is_region(bytes)
        && is_date(1900 + number(&bytes[6..8]), number(&bytes[8..10]), number(&bytes[10..12]))
}

/// The provinces of GB/T 2260, with Taiwan, Hong Kong and Macao and their residence permits.
fn is_region(bytes: &[u8]) -> bool {
    matches!(number(&bytes[..2]),
        11..=15 | 21..=23 | 31..=37 | 41..=46 | 50..=54 | 61..=65 | 71 | 81..=83)
}

fn is_date(year: u32, month: u32, day: u32) -> bool {
    let is_leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let days = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if is_leap => 29,
        2 => 28,
        _ => return false,
    };
    (1900..=2099).contains(&year) && (1..=days).contains(&day)
}

/// Whether digits are the beginning of a phone, a card or an ID, and not yet all of it.
pub(super) fn is_begun(digits: &str) -> bool {
    match digits.as_bytes() {
        [b'1', b'3'..=b'9', ..] if (3..11).contains(&digits.len()) => true,
        [b'6', b'2', ..] if (4..16).contains(&digits.len()) => true,
        bytes => {
            (6..18).contains(&digits.len())
                && bytes.iter().all(u8::is_ascii_digit)
                && is_region(bytes)
        }
    }
}

/// 15 to 19 digits that pass the Luhn formula (ISO/IEC 7812-1, annex B).
pub(super) fn is_luhn(digits: &str) -> bool {
    if !is_card_long(digits) {
        return false;
    }
    let sum: u32 = digits
        .bytes()
        .rev()
        .enumerate()
        .map(|(at, byte)| {
            let doubled = u32::from(byte - b'0') << (at % 2);
            if doubled > 9 { doubled - 9 } else { doubled }
        })
        .sum();
    sum.is_multiple_of(10)
}

/// As long as the number of a card.
pub(super) fn is_card_long(digits: &str) -> bool {
    (15..=19).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether issuers of cards begin numbers of this length so: `UnionPay` 62, the old 955 88 of ICBC,
/// Visa 4, Mastercard 51–55 and 2221–2720, American Express 34 and 37 (ISO/IEC 7812-1).
pub(super) fn has_bin(digits: &str) -> bool {
    match digits.as_bytes() {
        [b'6', b'2', ..] => digits.len() >= 16,
        [b'9', b'5', b'5', b'8', b'8', ..] => digits.len() == 19,
        [b'4', ..] => matches!(digits.len(), 16 | 19),
        [b'5', b'1'..=b'5', ..] => digits.len() == 16,
        [b'2', ..] if digits.len() == 16 => {
            (2221..=2720).contains(&number(&digits.as_bytes()[..4]))
        }
        [b'3', b'4' | b'7', ..] => digits.len() == 15,
        _ => false,
    }
}

fn number(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0, |number, byte| number * 10 + u32::from(byte.wrapping_sub(b'0')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_has_a_region_a_date_and_its_check() {
        assert!(is_id("110101199003072316") && is_id("21010219900307782x"));
        assert!(!is_id("110101199003072317") && is_like_id("110101199003072317"));
        assert!(!is_like_id("990101199003072316"), "there is no such province");
        assert!(!is_like_id("110101199002302316"), "there is no such day");
        assert!(is_old_id("110101900307231") && !is_old_id("110101901307231"));
    }

    #[test]
    fn a_card_has_an_issuer_and_passes_luhn() {
        assert!(is_luhn("6217998888000011110") && has_bin("6217998888000011110"));
        assert!(!is_luhn("6217998888000011111"));
        assert!(!has_bin("1052042023001237"));
    }

    #[test]
    fn a_mobile_has_eleven_digits_behind_the_country() {
        assert_eq!(mobile("8613800138000"), Some("13800138000"));
        assert_eq!(mobile("12800138000"), None);
        assert!(is_usual(&[3, 4, 4]) && is_usual(&[1; 11]) && !is_usual(&[5, 6]));
    }
}
