//! Which kind of file bytes begin as. Names and `Content-Type` say nothing here.

/// What a file is for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Class {
    /// Something to look at.
    Picture,
    /// Something to listen to.
    Voice,
}

/// A kind of file that is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// ITU-T T.81.
    Jpeg,
    /// W3C PNG.
    Png,
    /// RFC 9649.
    Webp,
    /// Opus in Ogg, RFC 7845.
    Ogg,
    /// Opus in `WebM`: what browsers record.
    Webm,
    /// AAC in ISO 14496-14: what Apple's devices record.
    M4a,
    /// MPEG audio, layer III.
    Mp3,
    /// AMR narrowband, RFC 4867, section 5.
    Amr,
    /// AMR wideband, the same.
    AmrWb,
}

/// What the first bytes tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sniffed {
    /// A kind that is taken, unless the rest of the file is not as it begins.
    Known(Kind),
    /// A kind that is known and not taken; what to send instead.
    Refused(&'static str),
    /// None of those.
    Unknown,
}

impl Kind {
    /// Every kind, pictures first.
    pub const ALL: [Self; 9] = [
        Self::Jpeg,
        Self::Png,
        Self::Webp,
        Self::Ogg,
        Self::Webm,
        Self::M4a,
        Self::Mp3,
        Self::Amr,
        Self::AmrWb,
    ];

    /// How many bytes [`sniff`] needs.
    pub const PREFIX: usize = 16;

    /// The media type that it is served as.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
            Self::Webp => "image/webp",
            Self::Ogg => "audio/ogg",
            Self::Webm => "audio/webm",
            Self::M4a => "audio/mp4",
            Self::Mp3 => "audio/mpeg",
            Self::Amr => "audio/amr",
            Self::AmrWb => "audio/amr-wb",
        }
    }

    /// The kind that [`Kind::media_type`] names.
    pub fn of_media_type(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.media_type() == text)
    }

    /// What it is for people.
    pub fn class(self) -> Class {
        match self {
            Self::Jpeg | Self::Png | Self::Webp => Class::Picture,
            Self::Ogg | Self::Webm | Self::M4a | Self::Mp3 | Self::Amr | Self::AmrWb => {
                Class::Voice
            }
        }
    }
}

impl Class {
    /// Its word in tables and answers.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Picture => "image",
            Self::Voice => "voice",
        }
    }
}

/// Reads the first [`Kind::PREFIX`] bytes, or as many as there are.
pub fn sniff(prefix: &[u8]) -> Sniffed {
    use Sniffed::{Known, Refused, Unknown};
    match prefix {
        [0xFF, 0xD8, 0xFF, ..] => Known(Kind::Jpeg),
        [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1A, b'\n', ..] => Known(Kind::Png),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Known(Kind::Webp),
        [b'O', b'g', b'g', b'S', ..] => Known(Kind::Ogg),
        [0x1A, 0x45, 0xDF, 0xA3, ..] => Known(Kind::Webm),
        [_, _, _, _, b'f', b't', b'y', b'p', brand @ ..] => of_brand(brand),
        [b'I', b'D', b'3', ..] => Known(Kind::Mp3),
        // The layer's bits are 01 for layer III; in AAC's ADTS they are 00.
        [0xFF, second, ..] if second & 0xE6 == 0xE2 => Known(Kind::Mp3),
        _ if prefix.starts_with(b"#!AMR\n") => Known(Kind::Amr),
        _ if prefix.starts_with(b"#!AMR-WB\n") => Known(Kind::AmrWb),
        _ if prefix.starts_with(b"GIF8") => Refused("GIF is not taken; send PNG, JPEG or WebP"),
        _ if prefix.starts_with(b"RIFF") && prefix.get(8..12) == Some(b"WAVE") => {
            Refused("WAV is not taken; send Ogg, WebM, M4A, MP3 or AMR")
        }
        _ => Unknown,
    }
}

/// By the major brand of an ISO base media file (ISO/IEC 14496-12, section 4.3).
fn of_brand(brand: &[u8]) -> Sniffed {
    match brand.get(..4) {
        Some(b"heic" | b"heix" | b"heim" | b"heis" | b"hevc" | b"hevx" | b"mif1" | b"msf1") => {
            Sniffed::Refused("HEIC is not taken, since few devices show it; send it as JPEG")
        }
        Some(b"avif" | b"avis") => Sniffed::Refused("AVIF is not taken; send JPEG, PNG or WebP"),
        Some(_) => Sniffed::Known(Kind::M4a),
        None => Sniffed::Unknown,
    }
}
