//! Files that programs wrote, with secrets in every corner: `tests/media` holds them.

use std::{fs, path::Path};

use super::{
    picture::{Orientation, strip},
    voice::clean,
    *,
};

const PICTURES: [(&str, Kind); 3] =
    [("gps.jpg", Kind::Jpeg), ("gps.png", Kind::Png), ("gps.webp", Kind::Webp)];
/// With how long ffmpeg says that they last, in milliseconds.
const VOICES: [(&str, Kind, u64); 8] = [
    ("opus.ogg", Kind::Ogg, 1_506),
    ("opus.webm", Kind::Webm, 1_508),
    ("live.webm", Kind::Webm, 1_508),
    ("aac.m4a", Kind::M4a, 1_500),
    ("fragmented.m4a", Kind::M4a, 1_520),
    ("cbr.mp3", Kind::Mp3, 1_500),
    ("vbr.mp3", Kind::Mp3, 1_500),
    ("narrow.amr", Kind::Amr, 1_520),
];

fn sample(name: &str) -> Vec<u8> {
    fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/media").join(name)).unwrap()
}

fn holds(bytes: &[u8], words: &[u8]) -> bool {
    bytes.windows(words.len()).any(|window| window == words)
}

/// A TIFF structure with GPS data in it points to a directory of its own, by the tag 0x8825.
fn has_gps(bytes: &[u8]) -> bool {
    holds(bytes, &[0x88, 0x25]) || holds(bytes, &[0x25, 0x88])
}

#[test]
fn every_kind_is_told_by_its_first_bytes() {
    let all = PICTURES.into_iter().chain(VOICES.map(|(name, kind, _)| (name, kind)));
    for (name, kind) in all {
        let bytes = sample(name);
        assert_eq!(sniff(&bytes[..Kind::PREFIX]), Sniffed::Known(kind), "{name}");
        assert_eq!(Kind::of_media_type(kind.media_type()), Some(kind));
    }
    assert_eq!(sniff(b"#!AMR-WB\n"), Sniffed::Known(Kind::AmrWb));
    for refused in [b"GIF89a".as_slice(), b"\0\0\0\x18ftypheic", b"RIFF\0\0\0\0WAVE"] {
        assert!(matches!(sniff(refused), Sniffed::Refused(_)));
    }
    for unknown in [b"".as_slice(), b"<svg", b"%PDF-1.7", b"PK\x03\x04", b"\xFF\xF1\x50"] {
        assert_eq!(sniff(unknown), Sniffed::Unknown);
    }
}

#[test]
fn a_picture_keeps_its_colours_and_its_orientation_and_nothing_else() {
    for (name, kind) in PICTURES {
        let bytes = sample(name);
        assert!(has_gps(&bytes) && holds(&bytes, b"SECRET"), "{name} has something to lose");
        let stripped = strip(kind, &bytes).unwrap();
        assert!(!has_gps(&stripped.bytes), "{name}");
        assert!(!holds(&stripped.bytes, b"SECRET"), "{name}");
        assert_eq!(stripped.orientation.number(), 6, "{name}");
        assert!(stripped.orientation.is_sideways());
        assert_eq!(strip(kind, &stripped.bytes), Ok(stripped), "{name}: once is enough");
    }
    assert!(holds(&strip(Kind::Jpeg, &sample("gps.jpg")).unwrap().bytes, b"ICC_PROFILE"));
    assert!(holds(&strip(Kind::Png, &sample("gps.png")).unwrap().bytes, b"iCCP"));
    assert!(holds(&strip(Kind::Webp, &sample("gps.webp")).unwrap().bytes, b"ICCP"));
}

#[test]
fn a_plain_picture_stays_as_it_is() {
    for (name, kind) in
        [("progressive.jpg", Kind::Jpeg), ("cmyk.jpg", Kind::Jpeg), ("plain.webp", Kind::Webp)]
    {
        let stripped = strip(kind, &sample(name)).unwrap();
        assert_eq!(stripped.bytes, sample(name), "{name}");
        assert_eq!(stripped.orientation, Orientation::UPRIGHT);
    }
}

#[test]
fn pictures_do_not_move() {
    let flaw = strip(Kind::Webp, &sample("moving.webp")).unwrap_err();
    assert!(matches!(flaw, Flaw::Unwanted(_)), "{flaw}");
    let still = strip(Kind::Png, &sample("moving.png")).unwrap().bytes;
    assert!(holds(&sample("moving.png"), b"fdAT") && !holds(&still, b"fdAT"));
}

#[test]
fn a_jpeg_of_endless_scans_is_refused() {
    let bytes = sample("progressive.jpg");
    let start = bytes.windows(2).position(|it| it == [0xFF, 0xDA]).unwrap();
    let scans = bytes[start..bytes.len() - 2].repeat(60);
    let many = [&bytes[..start], &scans, &[0xFF, 0xD9]].concat();
    assert!(matches!(strip(Kind::Jpeg, &many), Err(Flaw::Unwanted(_))));
}

#[test]
fn a_voice_lasts_as_long_as_its_frames() {
    for (name, kind, expected_ms) in VOICES {
        let cleaned = clean(kind, sample(name)).unwrap();
        let off_ms = cleaned.duration_ms.abs_diff(expected_ms);
        // Encoders add a frame or two of silence that players cut off.
        assert!(off_ms <= 100, "{name}: {} ms", cleaned.duration_ms);
        assert!(!holds(&cleaned.bytes, b"SECRET"), "{name}");
        assert!(!holds(&cleaned.bytes, b"39.9042"), "{name}");
        assert_eq!(clean(kind, cleaned.bytes.clone()).as_ref(), Ok(&cleaned), "{name}");
    }
}

#[test]
fn what_was_written_beside_a_voice_was_there() {
    for name in ["opus.ogg", "opus.webm", "live.webm", "aac.m4a", "cbr.mp3", "vbr.mp3"] {
        assert!(holds(&sample(name), b"SECRET"), "{name}");
    }
}

#[test]
fn a_stated_length_is_not_believed() {
    let mut webm = sample("opus.webm");
    // The duration of the whole, a float, says one millisecond.
    let at = webm.windows(3).position(|it| it == [0x44, 0x89, 0x88]).unwrap();
    webm[at + 3..at + 11].copy_from_slice(&1_f64.to_be_bytes());
    assert!(clean(Kind::Webm, webm).unwrap().duration_ms > 1_400);
    let mut m4a = sample("aac.m4a");
    // The table of times says that every sample lasts one tick.
    let at = m4a.windows(4).position(|it| it == b"stts").unwrap();
    let runs = u32::from_be_bytes(m4a[at + 8..at + 12].try_into().unwrap()) as usize;
    for run in 0..runs {
        let at = at + 16 + run * 8;
        m4a[at..at + 4].copy_from_slice(&1_u32.to_be_bytes());
    }
    assert!(clean(Kind::M4a, m4a).unwrap().duration_ms > 1_400);
}

#[test]
fn a_length_is_not_believed_whichever_table_states_it() {
    let m4a = sample("aac.m4a");
    let find = |name: &[u8]| m4a.windows(4).position(|it| it == name).unwrap();
    let mut few = m4a.clone();
    // One run of one sample; the sizes of all are still there, and players go by those.
    let at = find(b"stts") + 8;
    few[at..at + 8].copy_from_slice(&[0, 0, 0, 1, 0, 0, 0, 1]);
    let changed = clean(Kind::M4a, few);
    assert!(changed.is_err() || changed.is_ok_and(|it| it.duration_ms > 1_400));
    let mut fast = m4a.clone();
    let at = find(b"mp4a") + 4 + 24;
    fast[at..at + 4].copy_from_slice(&0xFFFF_0000_u32.to_be_bytes());
    assert!(clean(Kind::M4a, fast).unwrap().duration_ms > 1_400, "the decoder's own rate counts");
    let mut mute = m4a.clone();
    mute[find(b"esds")] = b'x';
    assert!(clean(Kind::M4a, mute).is_err());
}

#[test]
fn a_picture_that_is_larger_than_its_canvas_is_refused_before_it_is_decoded() {
    let webp = sample("gps.webp");
    let find = |name: &[u8]| webp.windows(4).position(|it| it == name).unwrap();
    let mut hidden = webp.clone();
    let at = find(b"VP8X") + 8 + 4;
    hidden[at..at + 6].fill(0);
    assert!(strip(Kind::Webp, &hidden).is_err(), "a canvas of one pixel");
    let mut huge = webp.clone();
    let at = find(b"VP8 ") + 8 + 6;
    huge[at..at + 4].copy_from_slice(&[0xFF, 0x3F, 0xFF, 0x3F]);
    assert!(strip(Kind::Webp, &huge).is_err(), "a frame of 268 million pixels");
}

#[test]
fn films_and_other_codecs_are_no_voices() {
    for (name, kind) in
        [("film.webm", Kind::Webm), ("film.mp4", Kind::M4a), ("vorbis.ogg", Kind::Ogg)]
    {
        let flaw = clean(kind, sample(name)).unwrap_err();
        assert!(matches!(flaw, Flaw::Unwanted(_)), "{name}: {flaw}");
    }
}

#[test]
fn whatever_is_cut_off_is_refused_or_shorter() {
    for (name, kind) in PICTURES {
        let bytes = sample(name);
        // A JPEG here has 55 bytes behind its end.
        let end = bytes.len() - 60;
        assert!((0..end).all(|length| strip(kind, &bytes[..length]).is_err()), "{name}");
    }
    for (name, kind, _) in VOICES {
        let bytes = sample(name);
        let whole_ms = clean(kind, bytes.clone()).unwrap().duration_ms;
        for length in 0..bytes.len() {
            if let Ok(cut) = clean(kind, bytes[..length].to_vec()) {
                assert!(cut.duration_ms <= whole_ms, "{name} at {length}");
            }
        }
    }
}

#[test]
fn no_byte_that_is_changed_makes_it_panic() {
    for (name, kind) in PICTURES {
        let bytes = sample(name);
        for at in 0..bytes.len() {
            for value in [0x00, 0x7F, 0xFF] {
                let mut changed = bytes.clone();
                changed[at] = value;
                drop(strip(kind, &changed));
            }
        }
    }
    for (name, kind, _) in VOICES {
        let bytes = sample(name);
        for at in 0..bytes.len() {
            for value in [0x00, 0x7F, 0xFF] {
                let mut changed = bytes.clone();
                changed[at] = value;
                drop(clean(kind, changed));
            }
        }
    }
}
