//! The xdb format of ip2region, read whole and believed in nothing.
//!
//! A file is a header of 256 bytes, an index of 512 KiB for readers that seek, texts, and at the end
//! entries in order: first and last address, length and place of a text. Numbers are little-endian,
//! and so are addresses of IPv4; those of IPv6 are as on the wire. The authority is
//! `maker/golang/xdb/maker.go` of github.com/lionsoul2014/ip2region: structure 2 is for IPv4, structure
//! 3 (September 2025) for both.

/// What stands before the texts.
const HEAD: usize = 256 + 256 * 256 * 8;

/// The one kind of index that its makers have ever written.
const VECTOR_INDEX: u16 = 1;

/// The width of a place in the file, in bytes.
const PLACE: u16 = 4;

/// Which addresses a file is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Family {
    V4,
    V6,
}

/// A file that can be read.
#[derive(Debug)]
pub(super) struct Xdb<'a> {
    bytes: &'a [u8],
    family: Family,
    entries: &'a [u8],
    /// When it was made, in seconds since 1970-01-01 UTC.
    pub(super) made_at_s: u32,
}

/// All addresses from the first to the last are in one place.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Entry<'a> {
    pub(super) first: u128,
    pub(super) last: u128,
    /// Fields with `|` between them.
    pub(super) text: &'a str,
}

/// The bytes are no such file, or a damaged one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// It ends before its entries do, or holds none.
    #[error("it is cut off, or no xdb file")]
    Cut,
    /// A structure that is not known.
    #[error("its structure is {0}, not 2 or 3")]
    Structure(u16),
    /// An index or a width that nothing writes.
    #[error("its index is of an unknown kind")]
    Index,
    /// It is about the other kind of addresses.
    #[error("it is not about this version of IP")]
    Family,
    /// Entries overlap, or are not in order.
    #[error("entry {0} is out of order")]
    Order(usize),
    /// A text is not where an entry says, or is no text.
    #[error("entry {0} has no text")]
    Text(usize),
}

impl Family {
    fn width(self) -> usize {
        match self {
            Self::V4 => 4,
            Self::V6 => 16,
        }
    }

    fn address(self, bytes: &[u8]) -> u128 {
        let shift = |number: u128, byte: &u8| number << 8 | u128::from(*byte);
        match self {
            Self::V4 => bytes.iter().rev().fold(0, shift),
            Self::V6 => bytes.iter().fold(0, shift),
        }
    }
}

impl<'a> Xdb<'a> {
    /// Reads the header of a file about `family`.
    pub(super) fn read(bytes: &'a [u8], family: Family) -> Result<Self, Malformed> {
        let half = |at: usize| -> Option<u16> {
            bytes.get(at..)?.first_chunk().map(|bytes| u16::from_le_bytes(*bytes))
        };
        let word = |at: usize| -> Option<u32> {
            bytes.get(at..)?.first_chunk().map(|bytes| u32::from_le_bytes(*bytes))
        };
        let (structure, about) = match half(0).ok_or(Malformed::Cut)? {
            2 => (2, Some(4)),
            3 => (3, half(16)),
            other => return Err(Malformed::Structure(other)),
        };
        let is_known = half(2) == Some(VECTOR_INDEX) && (structure == 2 || half(18) == Some(PLACE));
        if !is_known {
            return Err(Malformed::Index);
        }
        let wanted = if family == Family::V4 { 4 } else { 6 };
        if about != Some(wanted) {
            return Err(Malformed::Family);
        }
        let made_at_s = word(4).ok_or(Malformed::Cut)?;
        let entries = entries(bytes, word(8), word(12), family).ok_or(Malformed::Cut)?;
        Ok(Self { bytes, family, entries, made_at_s })
    }

    /// Every entry, in order; after a fault there is no more.
    pub(super) fn entries(&self) -> impl Iterator<Item = Result<Entry<'a>, Malformed>> {
        let width = self.family.width();
        let mut free = Some(0);
        let entries = self.entries.chunks_exact(2 * width + 6).enumerate();
        entries.map(move |(number, entry)| {
            let (first, rest) = entry.split_at(width);
            let (last, rest) = rest.split_at(width);
            let (first, last) = (self.family.address(first), self.family.address(last));
            let is_in_order = first <= last && free.is_some_and(|free| free <= first);
            // Nothing comes behind the last address that there is, and nothing behind a fault.
            free = if is_in_order { last.checked_add(1) } else { None };
            if !is_in_order {
                return Err(Malformed::Order(number));
            }
            let text = self.text(rest).ok_or(Malformed::Text(number))?;
            Ok(Entry { first, last, text })
        })
    }

    /// The text that six bytes say the length and the place of.
    fn text(&self, said: &[u8]) -> Option<&'a str> {
        let (length, place) = said.split_first_chunk::<2>()?;
        let length = usize::from(u16::from_le_bytes(*length));
        let place = usize::try_from(u32::from_le_bytes(*place.first_chunk()?)).ok()?;
        if length == 0 {
            return Some("");
        }
        let text = self.bytes.get(place..place.checked_add(length)?)?;
        std::str::from_utf8(text).ok().filter(|_| place >= HEAD)
    }
}

/// The bytes of the entries, which the header says the first and the last of.
fn entries(bytes: &[u8], first: Option<u32>, last: Option<u32>, family: Family) -> Option<&[u8]> {
    let (first, last) = (usize::try_from(first?).ok()?, usize::try_from(last?).ok()?);
    let size = 2 * family.width() + 6;
    let entries = bytes.get(first..last.checked_add(size)?)?;
    (first >= HEAD && entries.len().is_multiple_of(size)).then_some(entries)
}
