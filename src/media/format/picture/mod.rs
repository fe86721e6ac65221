//! Pictures without what was written beside them: place, time, device, comments, previews, tails.
//!
//! Nothing is decoded and no pixel changes. Colour profiles stay, or colours would be others; of EXIF
//! the orientation alone stays, or photographs would lie on their side.

mod jpeg;
mod orientation;
mod png;
mod webp;

pub use self::orientation::Orientation;
use super::{Flaw, Kind};

/// How many bytes of colour profile stay; the largest in use have some hundred KiB.
const PROFILE_MAX: usize = 1 << 20;

/// A picture as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stripped {
    /// The file.
    pub bytes: Vec<u8>,
    /// How it is to be turned when it is shown.
    pub orientation: Orientation,
}

/// Takes everything out of a picture that does not draw it.
///
/// # Errors
/// When it is damaged, or moves; a kind that is no picture is damaged.
pub fn strip(kind: Kind, bytes: &[u8]) -> Result<Stripped, Flaw> {
    match kind {
        Kind::Jpeg => jpeg::strip(bytes),
        Kind::Png => png::strip(bytes),
        Kind::Webp => webp::strip(bytes),
        Kind::Ogg | Kind::Webm | Kind::M4a | Kind::Mp3 | Kind::Amr | Kind::AmrWb => {
            Err(Flaw::Damaged("it is no picture"))
        }
    }
}
