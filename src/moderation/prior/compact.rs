//! What the prior reads: the characters of words and pictures, numbers by their length, with where they
//! stand.

use crate::moderation::text::{Break, Text};

/// What stands for digits: which they are says nothing of what is spoken of.
const DIGIT: char = '0';
/// The digits of a number that are read. So its length is told roughly, and a long number does not
/// fill a window.
const READ: [u32; 4] = [1, 3, 6, 10];

/// The characters of a text that the prior reads, each with its place in the text.
pub(super) fn compact(text: &Text) -> impl Iterator<Item = (usize, char)> {
    let mut digits = 0;
    text.chars().iter().enumerate().filter_map(move |(at, char)| match char.kind {
        Break::Word if char.c.is_ascii_digit() => {
            digits += 1;
            READ.contains(&digits).then_some((at, DIGIT))
        }
        Break::Word => {
            digits = 0;
            Some((at, char.c))
        }
        Break::Sign if is_picture(char.c) => Some((at, char.c)),
        _ => None,
    })
}

/// Whether `c` shows a thing, as emoji do. It speaks for itself and parts nothing: 微💰信 is 微信 and 💰.
#[inline]
pub(super) fn is_picture(c: char) -> bool {
    match c {
        // The colours of skin.
        '\u{1f3fb}'..='\u{1f3ff}' => false,
        '\u{2600}'..='\u{27bf}' | '\u{1f300}'..='\u{1faff}' => true,
        _ => false,
    }
}
