//! AMR: frames of 20 ms, one after the other (RFC 4867, section 5).

use super::{Cleaned, Flaw, Kind};

const FRAME_MS: u64 = 20;
/// Bytes that follow the head of a frame, by its type; `NONE` where no such type may be stored.
const NARROW: [u8; 16] = [12, 13, 15, 17, 19, 20, 26, 31, 5, NONE, NONE, NONE, NONE, NONE, NONE, 0];
const WIDE: [u8; 16] = [17, 23, 32, 36, 40, 46, 50, 58, 60, 5, NONE, NONE, NONE, NONE, 0, 0];
const NONE: u8 = u8::MAX;

pub(super) fn clean(kind: Kind, mut bytes: Vec<u8>) -> Result<Cleaned, Flaw> {
    let (magic, sizes) = match kind {
        Kind::AmrWb => (b"#!AMR-WB\n".as_slice(), &WIDE),
        _ => (b"#!AMR\n".as_slice(), &NARROW),
    };
    if !bytes.starts_with(magic) {
        return Err(Flaw::Damaged("an AMR file without its first line"));
    }
    let (mut at, mut frames) = (magic.len(), 0);
    while let Some(head) = bytes.get(at) {
        // The bits around type and quality are padding and must be 0.
        let size = sizes[usize::from((head >> 3) & 0x0F)];
        if size == NONE || head & 0x83 != 0 {
            return Err(Flaw::Damaged("an AMR file with something else between its frames"));
        }
        let end = at + 1 + usize::from(size);
        if end > bytes.len() {
            break;
        }
        (at, frames) = (end, frames + 1);
    }
    // Whoever stopped recording in the middle of a frame loses that frame.
    bytes.truncate(at);
    Ok(Cleaned { bytes, duration_ms: frames * FRAME_MS })
}
