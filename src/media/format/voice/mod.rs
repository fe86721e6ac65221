//! Voice: how long it lasts, counted and never believed, and nothing in it but sound.
//!
//! Lengths that a file states are ignored where the frames themselves can be counted, since whoever
//! lies about a minute says an hour. What was written beside the sound (titles, places, dates, cover
//! pictures) is blanked where it stands, or cut off where it stands at an end.

mod amr;
mod mp3;
mod mp4;
mod ogg;
mod opus;
mod webm;

use super::{Flaw, Kind};

/// A voice file as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cleaned {
    /// The file.
    pub bytes: Vec<u8>,
    /// How long it lasts, in milliseconds, at least 1.
    pub duration_ms: u64,
}

/// Counts how long a voice file lasts, and takes out of it what is no sound.
///
/// # Errors
/// When it is damaged or silent, or holds something else than one voice.
pub fn clean(kind: Kind, bytes: Vec<u8>) -> Result<Cleaned, Flaw> {
    let cleaned = match kind {
        Kind::Ogg => ogg::clean(bytes),
        Kind::Webm => webm::clean(bytes),
        Kind::M4a => mp4::clean(bytes),
        Kind::Mp3 => mp3::clean(&bytes),
        Kind::Amr | Kind::AmrWb => amr::clean(kind, bytes),
        Kind::Jpeg | Kind::Png | Kind::Webp => Err(Flaw::Damaged("it is no voice")),
    }?;
    match cleaned.duration_ms {
        0 => Err(Flaw::Damaged("there is no sound in it")),
        _ => Ok(cleaned),
    }
}

/// `amount` of `per_second` as milliseconds.
fn ms(amount: u64, per_second: u64) -> u64 {
    let ms = u128::from(amount) * 1_000 / u128::from(per_second.max(1));
    u64::try_from(ms).unwrap_or(u64::MAX)
}
