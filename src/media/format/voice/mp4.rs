//! M4A: boxes are walked, samples counted, everything else becomes free space (ISO/IEC 14496-12).
//!
//! Both layouts are read: one table of all samples, as recorders of devices write it, and fragments,
//! as recorders in browsers do.

use std::ops::Range;

use super::{Cleaned, Flaw, ms};
use crate::media::format::cursor::Cursor;

const DAMAGED: Flaw = Flaw::Damaged("an M4A that breaks off, or is none inside");
const OTHER: Flaw = Flaw::Unwanted("the M4A holds something else than one AAC recording");

/// An AAC frame decodes to as many samples, whatever the tables say of its length.
const FRAME_SAMPLES: u64 = 1_024;
/// File, track, media, sample table: nothing that is entered lies deeper.
const DEPTH_MAX: usize = 6;

/// What holds other boxes.
const HOLDERS: [&[u8; 4]; 9] =
    [b"moov", b"trak", b"mdia", b"minf", b"stbl", b"mvex", b"moof", b"traf", b"edts"];
/// What is kept beside them and beside what is read.
const KEPT: [&[u8; 4]; 26] = [
    b"ftyp", b"styp", b"sidx", b"mfra", b"mdat", b"elst", b"smhd", b"dinf", b"stsc", b"stsz",
    b"stz2", b"stco", b"co64", b"ctts", b"sgpd", b"sbgp", b"stss", b"mehd", b"mfhd", b"tfdt",
    b"hdlr", b"stsd", b"stts", b"trex", b"tfhd", b"trun",
];

/// What was found so far.
#[derive(Default)]
struct Found {
    tracks: usize,
    has_sound: bool,
    per_second: u64,
    rate: u64,
    frames: u64,
    ticks: u64,
    /// How many samples the table of sizes has, which is what players go by.
    sized: u64,
    /// How long a sample of a fragment lasts when it does not say, for the file and this fragment.
    file_default: u64,
    default: u64,
}

pub(super) fn clean(mut bytes: Vec<u8>) -> Result<Cleaned, Flaw> {
    let mut found = Found::default();
    let whole = 0..bytes.len();
    found.walk(&mut bytes, whole, 0)?;
    if found.tracks != 1 || !found.has_sound || found.rate == 0 {
        return Err(OTHER);
    }
    let frames = found.frames.max(found.sized);
    let stated = ms(found.ticks, found.per_second);
    let counted = ms(frames.saturating_mul(FRAME_SAMPLES), found.rate);
    Ok(Cleaned { bytes, duration_ms: if frames == 0 { 0 } else { stated.max(counted) } })
}

impl Found {
    fn walk(&mut self, bytes: &mut [u8], within: Range<usize>, depth: usize) -> Result<(), Flaw> {
        if depth > DEPTH_MAX {
            return Err(DAMAGED);
        }
        let mut at = within.start;
        while at < within.end {
            let (name, data) = head(&bytes[at..within.end]).ok_or(DAMAGED)?;
            let data = at + data.start..at + data.end;
            match &name {
                b"udta" | b"meta" | b"uuid" => blank(bytes, at, data.clone()),
                b"mvhd" | b"tkhd" | b"mdhd" => self.header(&name, &mut bytes[data.clone()])?,
                name if HOLDERS.contains(&name) => {
                    self.tracks += usize::from(name == b"trak");
                    self.walk(bytes, data.clone(), depth + 1)?;
                }
                name if KEPT.contains(&name) => {
                    self.read(name, &bytes[data.clone()])?;
                }
                _ => blank(bytes, at, data.clone()),
            }
            at = data.end;
        }
        Ok(())
    }

    /// Headers with the times of recording, which are taken out (sections 8.2.2, 8.3.2, 8.4.2).
    fn header(&mut self, name: &[u8; 4], data: &mut [u8]) -> Result<(), Flaw> {
        let is_long = *data.first().ok_or(DAMAGED)? == 1;
        let times = if is_long { 4..20 } else { 4..12 };
        data.get_mut(times.clone()).ok_or(DAMAGED)?.fill(0);
        if name == b"mdhd" {
            let per_second = Cursor::new(&data[times.end..]).u32().ok_or(DAMAGED)?;
            self.per_second = u64::from(per_second);
        }
        Ok(())
    }

    fn read(&mut self, name: &[u8; 4], data: &[u8]) -> Result<(), Flaw> {
        match name {
            b"hdlr" if data.get(8..12) == Some(b"soun") => self.has_sound = true,
            b"hdlr" => return Err(OTHER),
            b"stsd" => self.rate = rate(data)?,
            b"stts" => self.times(data).ok_or(DAMAGED)?,
            // Behind version, flags and the size that all share or the width of each (section 8.7.3).
            b"stsz" | b"stz2" => {
                let count = data.get(8..).and_then(|it| Cursor::new(it).u32()).ok_or(DAMAGED)?;
                self.sized = self.sized.saturating_add(u64::from(count));
            }
            b"trex" => {
                // Track, description, then the duration (section 8.8.3).
                let duration = data.get(12..).and_then(|it| Cursor::new(it).u32());
                self.file_default = u64::from(duration.ok_or(DAMAGED)?);
            }
            b"tfhd" => self.default = self.fragment(data).ok_or(DAMAGED)?,
            b"trun" => self.run(data).ok_or(DAMAGED)?,
            _ => {}
        }
        Ok(())
    }

    /// How many samples last how long (section 8.6.1.2).
    fn times(&mut self, data: &[u8]) -> Option<()> {
        let mut from = Cursor::new(data.get(4..)?);
        for _ in 0..from.u32()? {
            let (count, ticks) = (from.u32()?, from.u32()?);
            self.add(u64::from(count), u64::from(count).saturating_mul(u64::from(ticks)));
        }
        Some(())
    }

    /// How long samples of this fragment last by default (section 8.8.7).
    fn fragment(&self, data: &[u8]) -> Option<u64> {
        let mut from = Cursor::new(data);
        let flags = from.u32()?;
        let _track = from.u32()?;
        for (flag, length) in [(0x01, 8), (0x02, 4)] {
            if flags & flag != 0 {
                from.take(length)?;
            }
        }
        if flags & 0x08 == 0 { Some(self.file_default) } else { Some(u64::from(from.u32()?)) }
    }

    /// A run of samples in a fragment (section 8.8.8).
    fn run(&mut self, data: &[u8]) -> Option<()> {
        let mut from = Cursor::new(data);
        let flags = from.u32()?;
        let count = from.u32()?;
        for flag in [0x001, 0x004] {
            if flags & flag != 0 {
                from.take(4)?;
            }
        }
        if flags & 0x100 == 0 {
            self.add(u64::from(count), u64::from(count).saturating_mul(self.default));
            return Some(());
        }
        let beside: usize = [0x200, 0x400, 0x800].iter().filter(|it| flags & *it != 0).count() * 4;
        for _ in 0..count {
            let ticks = from.u32()?;
            from.take(beside)?;
            self.add(1, u64::from(ticks));
        }
        Some(())
    }

    fn add(&mut self, frames: u64, ticks: u64) {
        self.frames = self.frames.saturating_add(frames);
        self.ticks = self.ticks.saturating_add(ticks);
    }
}

/// The name of the box that `bytes` begin with, and where its content lies (section 4.2).
fn head(bytes: &[u8]) -> Option<([u8; 4], Range<usize>)> {
    let mut from = Cursor::new(bytes);
    let size = from.u32()?;
    let name = from.array()?;
    let size = match size {
        0 => bytes.len(),
        1 => usize::try_from(from.u64()?).ok()?,
        size => size as usize,
    };
    (size >= from.at() && size <= bytes.len()).then_some((name, from.at()..size))
}

/// Makes the box at `at` free space (section 8.1.2).
fn blank(bytes: &mut [u8], at: usize, data: Range<usize>) {
    bytes[at + 4..at + 8].copy_from_slice(b"free");
    bytes[data].fill(0);
}

/// The sampling rate of the one sound that is described, which must be AAC (section 12.2.3). The entry
/// states one too, which no decoder believes.
fn rate(data: &[u8]) -> Result<u64, Flaw> {
    let mut from = Cursor::new(data.get(4..).ok_or(DAMAGED)?);
    let count = from.u32().ok_or(DAMAGED)?;
    let (name, content) = head(from.rest()).ok_or(DAMAGED)?;
    if count != 1 || &name != b"mp4a" {
        return Err(OTHER);
    }
    let entry = &from.rest()[content];
    let at = entry.windows(4).position(|name| name == b"esds").ok_or(DAMAGED)?;
    // Behind the name, version and flags.
    entry.get(at + 8..).and_then(decoded_rate).ok_or(DAMAGED)
}

/// The rate at which the frames of an elementary stream are decoded (ISO/IEC 14496-1, section 7.2.6, and
/// 14496-3, section 1.6.2.1).
fn decoded_rate(descriptors: &[u8]) -> Option<u64> {
    const RATES: [u64; 13] = [
        96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025,
        8_000, 7_350,
    ];
    let stream = Cursor::new(descriptor(Cursor::new(descriptors), 0x03)?);
    let decoder = after(stream, |from| {
        let flags = {
            from.take(2)?;
            from.array::<1>()?[0]
        };
        // An id it depends on, an address, a clock: each where a flag says so.
        if flags & 0x80 != 0 {
            from.take(2)?;
        }
        if flags & 0x40 != 0 {
            let length = from.array::<1>()?[0];
            from.take(usize::from(length))?;
        }
        if flags & 0x20 != 0 {
            from.take(2)?;
        }
        Some(())
    })?;
    let decoder = Cursor::new(descriptor(decoder, 0x04)?);
    let specific = after(decoder, |from| from.take(13).map(drop))?;
    let specific = descriptor(specific, 0x05)?;
    let bits = specific.iter().take(8).fold(0_u64, |bits, byte| (bits << 8) | u64::from(*byte));
    let bits = bits << (64 - 8 * specific.len().min(8) as u32).min(63);
    // Five bits name the kind of object, or eleven when they are all set.
    let bits = if bits >> 59 == 31 { bits << 11 } else { bits << 5 };
    match usize::try_from(bits >> 60).ok()? {
        15 => Some((bits << 4) >> 40),
        index => RATES.get(index).copied(),
    }
}

/// What follows whatever `skip` reads.
fn after<'a>(
    mut from: Cursor<'a>,
    skip: impl FnOnce(&mut Cursor<'a>) -> Option<()>,
) -> Option<Cursor<'a>> {
    skip(&mut from)?;
    Some(from)
}

/// The content of the next descriptor, which must be of this tag. Its length is written in sevens of
/// bits, four at most.
fn descriptor<'a>(mut from: Cursor<'a>, tag: u8) -> Option<&'a [u8]> {
    if from.array::<1>()? != [tag] {
        return None;
    }
    let mut length = 0_usize;
    for _ in 0..4 {
        let [byte] = from.array::<1>()?;
        length = (length << 7) | usize::from(byte & 0x7F);
        if byte & 0x80 == 0 {
            break;
        }
    }
    from.take(length)
}
