//! Why a file was not taken, kept or lent, and what its sender is told to do.

use super::format::{Class, Flaw, Kind};
use crate::{error::Code, operation::Refusal, store};

/// Why a file was not taken.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// None of the kinds that are accepted.
    #[error("none of the kinds that are accepted")]
    Unsupported {
        /// Those.
        accepted: &'static [Class],
        /// What to send instead, where that is known.
        hint: Option<&'static str>,
    },
    /// More bytes than such a file may have.
    #[error("more than {max} bytes")]
    TooLarge {
        /// How many it may have.
        max: usize,
    },
    /// More pixels than a picture may have.
    #[error("more than {max} pixels")]
    TooManyPixels {
        /// How many it may have.
        max: usize,
    },
    /// A longer voice than is taken.
    #[error("longer than {max_s} s")]
    TooLong {
        /// How long it may be, in seconds.
        max_s: usize,
        /// How long it is, in milliseconds.
        duration_ms: u64,
    },
    /// Its bytes are damaged, or hold what is not taken.
    #[error(transparent)]
    Flawed(#[from] Flaw),
    /// The bytes broke off, or came too slowly.
    #[error("the bytes did not arrive: {0}")]
    Incomplete(&'static str),
    /// Too much at once; a moment later there is room.
    #[error("{0}")]
    Busy(&'static str),
    /// Its sender has sent too much within a day.
    #[error("its sender has sent too much within a day")]
    Quota {
        /// How much they may send, in bytes.
        max: usize,
        /// When they may send again, in milliseconds.
        retry_ms: i64,
    },
    /// The key stands for another file.
    #[error("the client_id stands for another file")]
    Conflict,
    /// The upload is over: deleted, or taken back.
    #[error("the upload under this client_id is over")]
    Over,
    /// The disk, or the place where files lie.
    #[error("the file could not be kept or read")]
    Blobs(#[from] object_store::Error),
    /// The database.
    #[error(transparent)]
    Store(#[from] store::Fault),
}

/// Why media did not open.
#[derive(Debug, thiserror::Error)]
pub enum OpenFault {
    /// `media.url` names no place that this server can open.
    #[error("`media.{}`: {}", .0.key, .0.reason)]
    Url(crate::config::fault::Wrong),
    /// The folder could not be made.
    #[error("the folder {} could not be made", path.display())]
    Io {
        /// The folder.
        path: std::path::PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The folder could not be opened.
    #[error("the place for files could not be opened")]
    Blobs(#[from] object_store::Error),
}

impl From<Fault> for Refusal {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Unsupported { accepted, hint } => {
                let kinds = Kind::ALL.into_iter().filter(|kind| accepted.contains(&kind.class()));
                let kinds: Vec<_> = kinds.map(Kind::media_type).collect();
                let refusal = Self::new(Code::UnsupportedMedia).with("accepted", kinds);
                match hint {
                    Some(hint) => refusal.because(hint),
                    None => refusal,
                }
            }
            Fault::TooLarge { max } => Self::new(Code::TooLarge).with("max", max),
            Fault::TooManyPixels { max } => Self::new(Code::UnusableMedia)
                .because("the picture has too many pixels; make it smaller")
                .with("pixels_max", max),
            Fault::TooLong { max_s, duration_ms } => Self::new(Code::UnusableMedia)
                .because("the voice is too long; record a shorter one")
                .with("seconds_max", max_s)
                .with("duration_ms", duration_ms),
            Fault::Flawed(flaw) => Self::new(Code::UnusableMedia).because(flaw.reason()),
            Fault::Incomplete(reason) => Self::new(Code::BadRequest).because(reason),
            Fault::Busy(reason) => {
                Self::new(Code::Unavailable).because(reason).with("retry_ms", 2_000)
            }
            Fault::Quota { max, retry_ms } => Self::new(Code::RateLimited)
                .because("you have sent too much within 24 hours")
                .with("max", max)
                .with("retry_ms", retry_ms),
            Fault::Conflict => Code::Conflict.into(),
            Fault::Over => Self::new(Code::Gone)
                .because("the upload under this client_id is over; send it under another"),
            Fault::Blobs(_) | Fault::Store(store::Fault::Unavailable) => Code::Unavailable.into(),
            Fault::Store(_) => Code::Internal.into(),
        }
    }
}
