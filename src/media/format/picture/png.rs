//! PNG: the chunks that decode it and give it its colours (PNG, third edition, sections 5 and 11).

use super::{Flaw, Orientation, PROFILE_MAX, Stripped};
use crate::media::format::cursor::Cursor;

const SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";
/// Without the chunks of an animation, its still picture is left.
const KEPT: [&[u8; 4]; 11] = [
    b"IHDR", b"PLTE", b"IDAT", b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"cICP", b"sBIT", b"bKGD",
    b"pHYs",
];

const DAMAGED: Flaw = Flaw::Damaged("a PNG that breaks off, or is none inside");

pub(super) fn strip(bytes: &[u8]) -> Result<Stripped, Flaw> {
    let mut from = Cursor::new(bytes);
    if from.take(SIGNATURE.len()) != Some(SIGNATURE) {
        return Err(DAMAGED);
    }
    let mut kept = SIGNATURE.to_vec();
    kept.reserve(bytes.len());
    let mut orientation = Orientation::UPRIGHT;
    loop {
        let start = from.rest();
        let length = from.u32().and_then(|length| usize::try_from(length).ok()).ok_or(DAMAGED)?;
        let name: [u8; 4] = from.array().ok_or(DAMAGED)?;
        let data = from.take(length).ok_or(DAMAGED)?;
        let _crc = from.u32().ok_or(DAMAGED)?;
        let chunk = &start[..length + 12];
        match &name {
            b"IEND" => break,
            b"eXIf" => orientation = Orientation::of_tiff(data),
            b"iCCP" if length <= PROFILE_MAX => kept.extend_from_slice(chunk),
            name if KEPT.contains(&name) => kept.extend_from_slice(chunk),
            _ => {}
        }
    }
    if let Some(tiff) = orientation.to_tiff() {
        write(&mut kept, *b"eXIf", &tiff);
    }
    write(&mut kept, *b"IEND", &[]);
    Ok(Stripped { bytes: kept, orientation })
}

fn write(to: &mut Vec<u8>, name: [u8; 4], data: &[u8]) {
    to.extend_from_slice(&u32::try_from(data.len()).unwrap_or(u32::MAX).to_be_bytes());
    let start = to.len();
    to.extend_from_slice(&name);
    to.extend_from_slice(data);
    let crc = crc(&to[start..]);
    to.extend_from_slice(&crc.to_be_bytes());
}

/// Section 5.5; bit by bit, since it is only done for some dozen bytes.
fn crc(bytes: &[u8]) -> u32 {
    let step = |crc: u32, byte: &u8| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            if crc & 1 == 1 { (crc >> 1) ^ 0xEDB8_8320 } else { crc >> 1 }
        })
    };
    !bytes.iter().fold(u32::MAX, step)
}
