//! JPEG: the segments that decode it (ITU-T T.81, annex B), and colour.

use super::{Flaw, Orientation, PROFILE_MAX, Stripped};
use crate::media::format::cursor::Cursor;

const SOI: u8 = 0xD8;
const EOI: u8 = 0xD9;
const SOS: u8 = 0xDA;
const APP0: u8 = 0xE0;
const APP1: u8 = 0xE1;
const APP2: u8 = 0xE2;
const APP14: u8 = 0xEE;

/// Cameras and programs write a dozen. A scan of a few bytes goes over the whole picture: thousands
/// of them would keep the decoder busy for minutes.
const SCANS_MAX: usize = 64;

const DAMAGED: Flaw = Flaw::Damaged("a JPEG that breaks off, or is none inside");

/// What is kept, in the order in which it is written.
#[derive(Default)]
struct Kept {
    jfif: Vec<u8>,
    rest: Vec<u8>,
    profile: usize,
    scans: usize,
    orientation: Option<Orientation>,
}

pub(super) fn strip(bytes: &[u8]) -> Result<Stripped, Flaw> {
    let mut from = Cursor::new(bytes);
    if from.array() != Some([0xFF, SOI]) {
        return Err(DAMAGED);
    }
    let mut kept = Kept { rest: Vec::with_capacity(bytes.len()), ..Kept::default() };
    loop {
        match marker(&mut from).ok_or(DAMAGED)? {
            EOI if kept.scans > 0 => break,
            // Those stand alone and are nothing between segments.
            EOI | SOI | 0x00 | 0x01 | 0xD0..=0xD7 => return Err(DAMAGED),
            marker => kept.segment(marker, &mut from)?,
        }
    }
    // What follows the end is a second picture, a film, or something hidden.
    Ok(kept.finish())
}

/// The next marker; any number of fill bytes may stand before it.
fn marker(from: &mut Cursor<'_>) -> Option<u8> {
    if from.u8()? != 0xFF {
        return None;
    }
    loop {
        match from.u8()? {
            0xFF => {}
            marker => return Some(marker),
        }
    }
}

impl Kept {
    fn segment(&mut self, marker: u8, from: &mut Cursor<'_>) -> Result<(), Flaw> {
        let length = from.u16().ok_or(DAMAGED)?;
        let payload = from.take(usize::from(length).checked_sub(2).ok_or(DAMAGED)?);
        let payload = payload.ok_or(DAMAGED)?;
        match marker {
            APP0 if self.jfif.is_empty() && payload.starts_with(b"JFIF\0") => {
                // Without the thumbnail that may follow.
                let fixed = payload.get(..12).ok_or(DAMAGED)?;
                write(&mut self.jfif, APP0, &[fixed, &[0, 0]].concat());
            }
            APP1 => {
                if let Some(tiff) = payload.strip_prefix(b"Exif\0\0") {
                    self.orientation.get_or_insert_with(|| Orientation::of_tiff(tiff));
                }
            }
            APP2 => {
                let is_profile = payload.starts_with(b"ICC_PROFILE\0");
                if is_profile && self.profile + payload.len() <= PROFILE_MAX {
                    self.profile += payload.len();
                    write(&mut self.rest, marker, payload);
                }
            }
            // How the colours of the components are meant.
            APP14 if payload.starts_with(b"Adobe") => write(&mut self.rest, marker, payload),
            SOS => {
                self.scans += 1;
                if self.scans > SCANS_MAX {
                    return Err(Flaw::Unwanted("the JPEG has too many scans; save it anew"));
                }
                write(&mut self.rest, marker, payload);
                let coded = from.take(coded_length(from.rest())).unwrap_or_default();
                self.rest.extend_from_slice(coded);
            }
            // Frames, tables, restart intervals, the number of lines.
            0xC0..=0xCF | 0xDB..=0xDF => write(&mut self.rest, marker, payload),
            _ => {}
        }
        Ok(())
    }

    fn finish(self) -> Stripped {
        let orientation = self.orientation.unwrap_or(Orientation::UPRIGHT);
        let mut bytes = Vec::with_capacity(self.rest.len() + self.jfif.len() + 64);
        bytes.extend_from_slice(&[0xFF, SOI]);
        bytes.extend_from_slice(&self.jfif);
        if let Some(tiff) = orientation.to_tiff() {
            write(&mut bytes, APP1, &[b"Exif\0\0".as_slice(), &tiff].concat());
        }
        bytes.extend_from_slice(&self.rest);
        bytes.extend_from_slice(&[0xFF, EOI]);
        Stripped { bytes, orientation }
    }
}

fn write(to: &mut Vec<u8>, marker: u8, payload: &[u8]) {
    // As long as what it was read from, whose length had two bytes.
    let length = u16::try_from(payload.len() + 2).unwrap_or(u16::MAX);
    to.extend_from_slice(&[0xFF, marker]);
    to.extend_from_slice(&length.to_be_bytes());
    to.extend_from_slice(payload);
}

/// How far coded data reaches: to a marker that is neither a stuffed zero nor a restart.
fn coded_length(data: &[u8]) -> usize {
    let mut at = 0;
    while let Some(found) = data[at..].iter().position(|byte| *byte == 0xFF) {
        at += found;
        match data.get(at + 1) {
            Some(0x00 | 0xD0..=0xD7) => at += 2,
            // Fill bytes: the next one decides.
            Some(0xFF) => at += 1,
            _ => return at,
        }
    }
    data.len()
}
