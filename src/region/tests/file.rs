//! A writer of xdb files, from the description of the format and not from the reader.

use std::{collections::HashMap, net::IpAddr};

/// What stands before the texts: the header, and the index by the first two bytes.
pub(super) const HEAD: usize = 256 + 512 * 1_024;

/// When these files say they were made.
const MADE_AT_S: u32 = 1_709_087_558;

/// The structures that there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Structure {
    Two,
    ThreeV4,
    ThreeV6,
}

/// A file of `entries`: first and last address, text.
pub(super) fn write(structure: Structure, entries: &[(&str, &str, &str)]) -> Vec<u8> {
    let bits = |text: &str| match text.parse().unwrap() {
        IpAddr::V4(v4) => u128::from(v4.to_bits()),
        IpAddr::V6(v6) => v6.to_bits(),
    };
    let ranges = entries.iter().map(|(first, last, text)| (bits(first), bits(last), *text));
    assemble(structure, &ranges.collect::<Vec<_>>())
}

/// The same, from addresses as numbers. As its makers do, a range is cut where the first two bytes
/// change, except when that would make a great many.
pub(super) fn assemble(structure: Structure, ranges: &[(u128, u128, &str)]) -> Vec<u8> {
    let mut bytes = vec![0; HEAD];
    let mut places = HashMap::new();
    for (.., text) in ranges {
        places.entry(*text).or_insert_with(|| {
            bytes.extend(text.bytes());
            u32::try_from(bytes.len() - text.len()).unwrap()
        });
    }
    let begin = bytes.len();
    let width = if structure == Structure::ThreeV6 { 16 } else { 4 };
    for (first, last, text) in ranges {
        for (first, last) in cut(*first, *last, width) {
            let at = u32::try_from(bytes.len()).unwrap();
            index(&mut bytes, first >> (8 * width - 16), at, 2 * width + 6);
            for address in [first, last] {
                match width {
                    4 => bytes.extend(u32::try_from(address).unwrap().to_le_bytes()),
                    _ => bytes.extend(address.to_be_bytes()),
                }
            }
            bytes.extend(u16::try_from(text.len()).unwrap().to_le_bytes());
            bytes.extend(places[text].to_le_bytes());
        }
    }
    let end = bytes.len() - (2 * usize::try_from(width).unwrap() + 6);
    header(&mut bytes, structure, begin, end);
    bytes
}

fn header(bytes: &mut [u8], structure: Structure, begin: usize, end: usize) {
    let (number, version, place) = match structure {
        Structure::Two => (2_u16, 0_u16, 0_u16),
        Structure::ThreeV4 => (3, 4, 4),
        Structure::ThreeV6 => (3, 6, 4),
    };
    let [begin, end] = [begin, end].map(|at| u32::try_from(at).unwrap());
    let fields = [
        &number.to_le_bytes()[..],
        &1_u16.to_le_bytes(),
        &MADE_AT_S.to_le_bytes(),
        &begin.to_le_bytes(),
        &end.to_le_bytes(),
        &version.to_le_bytes(),
        &place.to_le_bytes(),
    ];
    bytes[..20].copy_from_slice(&fields.concat());
}

/// Enters an entry at `at` into the index that seeking readers use.
fn index(bytes: &mut [u8], block: u128, at: u32, size: u32) {
    let slot = 256 + usize::try_from(block).unwrap() * 8;
    if bytes[slot..slot + 4] == [0; 4] {
        bytes[slot..slot + 4].copy_from_slice(&at.to_le_bytes());
    }
    bytes[slot + 4..slot + 8].copy_from_slice(&(at + size).to_le_bytes());
}

fn cut(first: u128, last: u128, width: u32) -> Vec<(u128, u128)> {
    let behind = 8 * width - 16;
    let (from, to) = (first >> behind, last >> behind);
    if to - from > 300 {
        return vec![(first, last)];
    }
    let piece = |block: u128| {
        let begin = block << behind;
        (first.max(begin), last.min(begin | ((1 << behind) - 1)))
    };
    (from..=to).map(piece).collect()
}
