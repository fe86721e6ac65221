//! Ogg with Opus: pages are walked, packets counted, the comments blanked (RFC 3533, RFC 7845).

use std::ops::Range;

use super::{Cleaned, Flaw, ms, opus};
use crate::media::format::cursor::Cursor;

const DAMAGED: Flaw = Flaw::Damaged("an Ogg file that breaks off, or is none inside");
const OTHER: Flaw = Flaw::Unwanted("the Ogg file holds something else than one Opus recording");

const HEAD: &[u8] = b"OpusHead";
const TAGS: &[u8] = b"OpusTags";
/// Before the number that says how many segments follow.
const CRC_AT: usize = 22;
const BEGINS: u8 = 2;

/// A page, as places in the file.
struct Page {
    whole: Range<usize>,
    begins: bool,
    serial: u32,
    /// The pieces of packets on it; all but perhaps the last end a packet here.
    pieces: Vec<Range<usize>>,
    is_open: bool,
}

/// What was found on the pages so far.
#[derive(Default)]
struct Found {
    packet: usize,
    /// The first two bytes of the packet that is being read.
    start: Vec<u8>,
    pre_skip: u64,
    samples: u64,
    comments: Vec<Range<usize>>,
    comments_on: Vec<Range<usize>>,
}

pub(super) fn clean(mut bytes: Vec<u8>) -> Result<Cleaned, Flaw> {
    let (mut at, mut serial) = (0, None);
    let mut found = Found::default();
    while let Some(page) = page(&bytes, at) {
        // Another recording beside or behind this one.
        if page.begins != (at == 0) || serial.is_some_and(|serial| serial != page.serial) {
            return Err(OTHER);
        }
        serial = Some(page.serial);
        found.read(&bytes, &page)?;
        at = page.whole.end;
    }
    if found.packet < 2 {
        return Err(DAMAGED);
    }
    bytes.truncate(at);
    found.blank_comments(&mut bytes)?;
    let samples = found.samples.saturating_sub(found.pre_skip);
    Ok(Cleaned { bytes, duration_ms: ms(samples, opus::PER_SECOND) })
}

/// The page at `at`; `None` at the end, and where something else or half a page follows.
fn page(bytes: &[u8], at: usize) -> Option<Page> {
    let mut from = Cursor::new(bytes.get(at..)?);
    if from.take(4)? != b"OggS" || from.u8()? != 0 {
        return None;
    }
    let flags = from.u8()?;
    let _granule = from.take(8)?;
    let serial = from.u32()?;
    let _sequence_and_crc = from.take(8)?;
    let count = usize::from(from.u8()?);
    let table = from.take(count)?;
    let body = at + from.at();
    let (mut pieces, mut start, mut end) = (Vec::new(), body, body);
    for length in table {
        end += usize::from(*length);
        if *length < 255 {
            pieces.push(start..end);
            start = end;
        }
    }
    let is_open = table.last() == Some(&255);
    if is_open {
        pieces.push(start..end);
    }
    (end <= bytes.len()).then_some(Page {
        whole: at..end,
        begins: flags & BEGINS != 0,
        serial,
        pieces,
        is_open,
    })
}

impl Found {
    fn read(&mut self, bytes: &[u8], page: &Page) -> Result<(), Flaw> {
        let last = page.pieces.len().saturating_sub(1);
        for (number, piece) in page.pieces.iter().enumerate() {
            let data = &bytes[piece.clone()];
            let room = HEAD.len().max(12).saturating_sub(self.start.len());
            self.start.extend_from_slice(&data[..data.len().min(room)]);
            if self.packet == 1 {
                self.comments.push(piece.clone());
                if self.comments_on.last() != Some(&page.whole) {
                    self.comments_on.push(page.whole.clone());
                }
            }
            if number == last && page.is_open {
                continue;
            }
            self.packet_ends()?;
        }
        Ok(())
    }

    fn packet_ends(&mut self) -> Result<(), Flaw> {
        match self.packet {
            0 if self.start.starts_with(HEAD) => {
                let pre_skip = self.start.get(10..12).ok_or(DAMAGED)?;
                self.pre_skip = u64::from(u16::from_le_bytes([pre_skip[0], pre_skip[1]]));
            }
            0 => return Err(OTHER),
            1 if self.start.starts_with(TAGS) => {}
            1 => return Err(DAMAGED),
            _ => self.samples += opus::samples(&self.start).ok_or(DAMAGED)?,
        }
        self.packet += 1;
        self.start.clear();
        Ok(())
    }

    /// Leaves of the comments an empty vendor, no comment, and padding (RFC 7845, section 5.2).
    fn blank_comments(&self, bytes: &mut [u8]) -> Result<(), Flaw> {
        let total: usize = self.comments.iter().map(Range::len).sum();
        if total < TAGS.len() + 8 {
            return Err(DAMAGED);
        }
        let blank = self.comments.iter().cloned().flatten().skip(TAGS.len());
        blank.for_each(|at| bytes[at] = 0);
        for page in &self.comments_on {
            let page = &mut bytes[page.clone()];
            page[CRC_AT..CRC_AT + 4].fill(0);
            let crc = crc(page);
            page[CRC_AT..CRC_AT + 4].copy_from_slice(&crc.to_le_bytes());
        }
        Ok(())
    }
}

/// RFC 3533, section 6, field 7; bit by bit, since it is done for a page or two.
fn crc(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0, |crc, byte| {
        (0..8).fold(crc ^ (u32::from(*byte) << 24), |crc, _| {
            if crc >> 31 == 1 { (crc << 1) ^ 0x04C1_1DB7 } else { crc << 1 }
        })
    })
}
