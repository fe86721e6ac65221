//! WebP: the chunks that decode one still picture (RFC 9649, section 2).

use super::{Flaw, Orientation, PROFILE_MAX, Stripped};
use crate::media::format::cursor::Cursor;

const DAMAGED: Flaw = Flaw::Damaged("a WebP that breaks off, or is none inside");
const MOVING: Flaw = Flaw::Unwanted("moving pictures are not taken; send a still one");

// Flags of the extended header (section 2.7.1).
const ANIMATION: u8 = 0x02;
const XMP: u8 = 0x04;
const EXIF: u8 = 0x08;

/// A frame's height and width, or a canvas's, in pixels.
type Size = (u32, u32);

pub(super) fn strip(bytes: &[u8]) -> Result<Stripped, Flaw> {
    let mut from = Cursor::new(bytes);
    let (riff, size, webp) = (from.take(4), from.u32_le(), from.take(4));
    if riff != Some(b"RIFF") || webp != Some(b"WEBP") {
        return Err(DAMAGED);
    }
    // The size counts the name that was just read.
    let size = size.and_then(|size| usize::try_from(size).ok()).unwrap_or(0);
    let inside = size.checked_sub(4).and_then(|size| from.rest().get(..size)).ok_or(DAMAGED)?;
    let mut chunks = Cursor::new(inside);
    let mut kept = bytes[..12].to_vec();
    kept.reserve(inside.len());
    let (mut flags_at, mut orientation) = (None, Orientation::UPRIGHT);
    let (mut canvas, mut frames): (Option<Size>, Vec<Size>) = (None, Vec::new());
    while !chunks.rest().is_empty() {
        let start = chunks.rest();
        let name: [u8; 4] = chunks.array().ok_or(DAMAGED)?;
        let length = chunks.u32_le().and_then(|it| usize::try_from(it).ok()).ok_or(DAMAGED)?;
        let data = chunks.take(length).ok_or(DAMAGED)?;
        // Padded to even length; some writers forget it at the end.
        let padded = 8 + length + chunks.take(length % 2).map_or(0, <[u8]>::len);
        let chunk = &start[..padded];
        match &name {
            b"ANIM" | b"ANMF" => return Err(MOVING),
            b"VP8X" if length >= 10 && flags_at.is_none() => {
                if data[0] & ANIMATION != 0 {
                    return Err(MOVING);
                }
                flags_at = Some(kept.len() + 8);
                canvas = canvas_size(data);
                kept.extend_from_slice(chunk);
            }
            b"EXIF" => {
                // Some writers put JPEG's prefix before it.
                let tiff = data.strip_prefix(b"Exif\0\0").unwrap_or(data);
                orientation = Orientation::of_tiff(tiff);
            }
            b"ICCP" if length <= PROFILE_MAX => kept.extend_from_slice(chunk),
            b"VP8 " => {
                frames.push(frame_size(data).ok_or(DAMAGED)?);
                kept.extend_from_slice(chunk);
            }
            b"VP8L" | b"ALPH" => kept.extend_from_slice(chunk),
            _ => {}
        }
    }
    // Decoders make room for the frame before they look at the canvas, which is what was measured.
    let is_hidden = |canvas| frames.len() > 1 || frames.iter().any(|frame| *frame != canvas);
    if canvas.is_some_and(is_hidden) {
        return Err(DAMAGED);
    }
    finish(kept, flags_at, orientation)
}

/// Behind flags and three reserved bytes, two numbers of 24 bits, one less each (section 2.7.1).
fn canvas_size(data: &[u8]) -> Option<Size> {
    let number = |at: usize| {
        let bytes = data.get(at..at + 3)?;
        Some(1 + u32::from_le_bytes([bytes[0], bytes[1], bytes[2], 0]))
    };
    Some((number(4)?, number(7)?))
}

/// Behind a tag of three bytes and the start code, two numbers of 14 bits (RFC 6386, section 9.1).
fn frame_size(data: &[u8]) -> Option<Size> {
    let mut from = Cursor::new(data);
    let (tag, code): ([u8; 3], [u8; 3]) = (from.array()?, from.array()?);
    // What is no key frame has no size, and is nothing without one.
    if tag[0] & 1 == 1 || code != [0x9D, 0x01, 0x2A] {
        return None;
    }
    let mut number = || Some(u32::from(u16::from_le_bytes(from.array()?) & 0x3FFF));
    Some((number()?, number()?))
}

fn finish(
    mut bytes: Vec<u8>,
    flags_at: Option<usize>,
    mut orientation: Orientation,
) -> Result<Stripped, Flaw> {
    if bytes.len() % 2 == 1 {
        bytes.push(0);
    }
    match (flags_at, orientation.to_tiff()) {
        (Some(at), Some(tiff)) => {
            bytes[at] = (bytes[at] & !XMP) | EXIF;
            bytes.extend_from_slice(b"EXIF");
            bytes.extend_from_slice(&26_u32.to_le_bytes());
            bytes.extend_from_slice(&tiff);
        }
        (Some(at), None) => bytes[at] &= !(XMP | EXIF),
        // Without the extended header nobody looks for EXIF.
        (None, _) => orientation = Orientation::UPRIGHT,
    }
    let size = u32::try_from(bytes.len() - 8).map_err(|_| DAMAGED)?;
    bytes[4..8].copy_from_slice(&size.to_le_bytes());
    Ok(Stripped { bytes, orientation })
}
