//! MP3: the frames alone (ISO/IEC 11172-3 and 13818-3, section 2.4), without the tags around them.

use super::{Cleaned, Flaw, ms};

const DAMAGED: Flaw = Flaw::Damaged("an MP3 with something else between its frames");
/// Recorders pad the end of a file; more than this is something else.
const TAIL_MAX: usize = 4_096;

/// A frame's head, read.
struct Frame {
    length: usize,
    samples: u64,
    per_second: u64,
    /// Where a frame that only describes the file says so.
    side_info_end: usize,
}

pub(super) fn clean(bytes: &[u8]) -> Result<Cleaned, Flaw> {
    let sound = after_tags(bytes).ok_or(DAMAGED)?;
    let (mut at, mut duration_us) = (0, 0_u64);
    while let Some(frame) = Frame::read(&sound[at..]) {
        let Some(whole) = sound.get(at..at + frame.length) else { break };
        if at > 0 || !frame.is_about_the_file(whole) {
            duration_us += ms(frame.samples * 1_000, frame.per_second);
        }
        at += frame.length;
    }
    let tail = &sound[at..];
    let is_tag = [b"TAG".as_slice(), b"APETAGEX", b"LYRICSBEGIN", b"ID3"]
        .iter()
        .any(|tag| tail.starts_with(tag));
    if !is_tag && tail.len() > TAIL_MAX {
        return Err(DAMAGED);
    }
    Ok(Cleaned { bytes: sound[..at].to_vec(), duration_ms: duration_us / 1_000 })
}

/// What follows the tags at the beginning (ID3 2.4, section 3.1).
fn after_tags(mut bytes: &[u8]) -> Option<&[u8]> {
    while let [b'I', b'D', b'3', _, _, flags, a, b, c, d, ..] = bytes {
        let size = [a, b, c, d].iter().fold(0, |size, byte| size << 7 | usize::from(**byte & 0x7F));
        let footer = if flags & 0x10 == 0 { 0 } else { 10 };
        bytes = bytes.get(10 + size + footer..)?;
    }
    Some(bytes)
}

impl Frame {
    fn read(bytes: &[u8]) -> Option<Self> {
        let [0xFF, second, third, fourth, ..] = bytes else { return None };
        // Layer III alone.
        if second & 0xE6 != 0xE2 {
            return None;
        }
        let version = (second >> 3) & 3;
        let (is_first, divisor) = match version {
            0b11 => (true, 1),
            0b10 => (false, 2),
            0b00 => (false, 4),
            _ => return None,
        };
        let kbits: u64 = match (is_first, usize::from(third >> 4)) {
            (_, 0 | 15) => return None,
            (true, index) => {
                [32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320][index - 1]
            }
            (false, index) => {
                [8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160][index - 1]
            }
        };
        let rate = [44_100, 48_000, 32_000].get(usize::from((third >> 2) & 3))?;
        let per_second = rate / divisor;
        let samples = if is_first { 1_152 } else { 576 };
        let padding = u64::from((third >> 1) & 1);
        let length = samples / 8 * kbits * 1_000 / per_second + padding;
        let is_mono = fourth >> 6 == 0b11;
        let side_info = match (is_first, is_mono) {
            (true, false) => 32,
            (true, true) | (false, false) => 17,
            (false, true) => 9,
        };
        let length = usize::try_from(length).ok()?;
        Some(Self { length, samples, per_second, side_info_end: 4 + side_info })
    }

    /// Whether it holds no sound but the tables of Xing, LAME or Fraunhofer.
    fn is_about_the_file(&self, whole: &[u8]) -> bool {
        let says = |at: usize, word: &[u8]| whole.get(at..at + 4) == Some(word);
        says(self.side_info_end, b"Xing") || says(self.side_info_end, b"Info") || says(36, b"VBRI")
    }
}
