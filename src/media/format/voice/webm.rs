//! `WebM` with Opus: elements are walked, blocks counted, all else becomes void (RFC 8794, 9559).
//!
//! Recorders in browsers write segments and clusters of unknown length, so nesting is not followed:
//! what holds other elements is stepped into, everything else over.

use std::ops::Range;

use super::{Cleaned, Flaw, opus};

const DAMAGED: Flaw = Flaw::Damaged("a WebM that breaks off, or is none inside");
const OTHER: Flaw = Flaw::Unwanted("the WebM holds something else than one Opus recording");

/// Elements that are stepped into.
const HOLDERS: [u32; 8] = [
    EBML,
    0x1853_8067, // Segment
    0x1549_A966, // Info
    0x1654_AE6B, // Tracks
    TRACK,
    0x1F43_B675, // Cluster
    0xA0,        // BlockGroup
    0xE1,        // Audio
];
const EBML: u32 = 0x1A45_DFA3;
const TRACK: u32 = 0xAE;

/// Elements that stay as they are and say nothing here: versions and limits, what a player needs of
/// the track and its sound, where to find what.
const KEPT: [u32; 27] = [
    0x4286,
    0x42F7,
    0x42F2,
    0x42F3,
    0x4287,
    0x4285, // of EBML
    0x4489, // Duration
    0xD7,
    0x73C5,
    0xB9,
    0x88,
    0x9C,
    0x55AA,
    0x63A2,
    0x56AA,
    0x56BB,
    0x23_E383, // of the track
    0xB5,
    0x78B5,
    0x9F,
    0x6264, // of Audio
    0xAB,
    0xA7,
    0xFB,
    0x9B,
    0x75A2,      // of clusters and blocks
    0x1C53_BB6B, // Cues
];
const SEEK_HEAD: u32 = 0x114D_9B74;
const DOC_TYPE: u32 = 0x4282;
const TIMESTAMP_SCALE: u32 = 0x2A_D7B1;
const MUXING_APP: u32 = 0x4D80;
const WRITING_APP: u32 = 0x5741;
const TRACK_TYPE: u32 = 0x83;
const CODEC: u32 = 0x86;
const ENCODINGS: u32 = 0x6D80;
const TIMESTAMP: u32 = 0xE7;
const SIMPLE_BLOCK: u32 = 0xA3;
const BLOCK: u32 = 0xA1;
const VOID: u8 = 0xEC;

const SOUND: u64 = 2;
const NS_PER_MS: u64 = 1_000_000;

/// An element, as places in the file.
struct Element {
    id: u32,
    start: usize,
    /// Empty for one of unknown length, which must be stepped into.
    data: Option<Range<usize>>,
    data_start: usize,
}

/// What was found so far.
struct Found {
    tracks: usize,
    is_opus: bool,
    scale_ns: u64,
    cluster: u64,
    samples: u64,
    first_ns: Option<u64>,
    last_ns: u64,
}

pub(super) fn clean(mut bytes: Vec<u8>) -> Result<Cleaned, Flaw> {
    let mut at = 0;
    let mut found = Found {
        tracks: 0,
        is_opus: false,
        scale_ns: NS_PER_MS,
        cluster: 0,
        samples: 0,
        first_ns: None,
        last_ns: 0,
    };
    while at < bytes.len() {
        let element = element(&bytes, at).ok_or(DAMAGED)?;
        if HOLDERS.contains(&element.id) {
            found.tracks += usize::from(element.id == TRACK);
            at = element.data_start;
            continue;
        }
        let data = element.data.clone().ok_or(DAMAGED)?;
        if data.end > bytes.len() {
            // Whoever stopped recording in the middle of a block loses that block.
            bytes.truncate(at);
            break;
        }
        found.read(element.id, &bytes[data.clone()])?;
        match element.id {
            MUXING_APP | WRITING_APP => bytes[data.clone()].fill(b' '),
            id if !is_kept(id) => void(&mut bytes, &element, data.end),
            _ => {}
        }
        at = data.end;
    }
    if found.tracks != 1 || !found.is_opus {
        return Err(OTHER);
    }
    Ok(Cleaned { bytes, duration_ms: found.duration_ms() })
}

fn is_kept(id: u32) -> bool {
    KEPT.contains(&id)
        || matches!(
            id,
            SEEK_HEAD
                | DOC_TYPE
                | TIMESTAMP_SCALE
                | TRACK_TYPE
                | CODEC
                | TIMESTAMP
                | SIMPLE_BLOCK
                | BLOCK
        )
}

/// The element at `at` (RFC 8794, section 5 and 6).
fn element(bytes: &[u8], at: usize) -> Option<Element> {
    let from = bytes.get(at..)?;
    let id_length = from.first()?.leading_zeros() as usize + 1;
    let id = from.get(..id_length).filter(|_| id_length <= 4)?;
    let id = id.iter().fold(0, |id, byte| id << 8 | u32::from(*byte));
    let (size, size_length) = number(&from[id_length..])?;
    let data_start = at + id_length + size_length;
    let data = match size {
        None => None,
        Some(size) => Some(data_start..data_start.checked_add(usize::try_from(size).ok()?)?),
    };
    Some(Element { id, start: at, data, data_start })
}

/// A number of variable length, and how many bytes it takes; `None` in its place when all bits are
/// set, which says that a length is unknown.
fn number(from: &[u8]) -> Option<(Option<u64>, usize)> {
    let length = from.first()?.leading_zeros() as usize + 1;
    let coded = from.get(..length).filter(|_| length <= 8)?;
    let value = coded.iter().fold(0, |value, byte| value << 8 | u64::from(*byte));
    let value = value & !(1 << (7 * length));
    let is_known = value != (1 << (7 * length)) - 1;
    Some((is_known.then_some(value), length))
}

/// Makes the element one that every reader skips, as long as it was, and of zeros (section 11.3.2).
fn void(bytes: &mut [u8], element: &Element, end: usize) {
    let length = end - element.start;
    // At least a size of one byte stood behind the id.
    let size_length = (element.data_start - element.start - 1).clamp(1, 8);
    let size = (length - 1 - size_length) as u64 | 1 << (7 * size_length);
    let place = &mut bytes[element.start..end];
    place.fill(0);
    place[0] = VOID;
    place[1..=size_length].copy_from_slice(&size.to_be_bytes()[8 - size_length..]);
}

fn unsigned(data: &[u8]) -> Option<u64> {
    (data.len() <= 8).then(|| data.iter().fold(0, |value, byte| value << 8 | u64::from(*byte)))
}

impl Found {
    fn read(&mut self, id: u32, data: &[u8]) -> Result<(), Flaw> {
        match id {
            DOC_TYPE if !matches!(data, b"webm" | b"matroska") => return Err(DAMAGED),
            TIMESTAMP_SCALE => {
                self.scale_ns = unsigned(data).filter(|it| *it > 0).ok_or(DAMAGED)?;
            }
            TRACK_TYPE if unsigned(data) != Some(SOUND) => return Err(OTHER),
            CODEC if data == b"A_OPUS" => self.is_opus = true,
            CODEC | ENCODINGS => return Err(OTHER),
            TIMESTAMP => self.cluster = unsigned(data).ok_or(DAMAGED)?,
            SIMPLE_BLOCK | BLOCK => self.block(data).ok_or(DAMAGED)??,
            _ => {}
        }
        Ok(())
    }

    /// RFC 9559, section 10: track, time within the cluster, flags, the packet.
    fn block(&mut self, data: &[u8]) -> Option<Result<(), Flaw>> {
        let (_, track_length) = number(data)?;
        let [high, low, flags, packet @ ..] = data.get(track_length..)? else { return None };
        if flags & 0x06 != 0 {
            return Some(Err(Flaw::Unwanted("the WebM laces its blocks; record it without")));
        }
        let samples = opus::samples(packet)?;
        let relative = i64::from(i16::from_be_bytes([*high, *low]));
        let start = self.cluster.saturating_add_signed(relative).saturating_mul(self.scale_ns);
        let first = *self.first_ns.get_or_insert(start);
        self.first_ns = Some(first.min(start));
        let lasts_ns = samples * (1_000 * NS_PER_MS) / opus::PER_SECOND;
        self.last_ns = self.last_ns.max(start.saturating_add(lasts_ns));
        self.samples += samples;
        Some(Ok(()))
    }

    /// Silence may have been left out, so what was sent is less than what is heard; and times may be
    /// made up, so what is heard is at least what was sent.
    fn duration_ms(&self) -> u64 {
        let heard_ms = self.last_ns.saturating_sub(self.first_ns.unwrap_or(0)) / NS_PER_MS;
        super::ms(self.samples, opus::PER_SECOND).max(heard_ms)
    }
}
