//! Where files are cleaned and drawn: on threads that may be busy for long, so many at once.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use tokio::{sync::Semaphore, task::spawn_blocking, time::timeout};

use super::{
    Fault,
    draw::draw,
    format::{Class, Flaw, Kind, picture, voice},
};
use crate::config::media::Media;

/// How long a file waits for a place.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);
/// Recorders stop some frames after the second that they are told.
const GRACE_MS: u64 = 1_000;

/// The places, and the bounds of what is worked on.
pub(super) struct Workshop {
    places: Arc<Semaphore>,
    limits: Limits,
}

#[derive(Clone, Copy)]
struct Limits {
    pixels_max: usize,
    preview_max: u32,
    voice_seconds_max: usize,
}

/// A file as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Finished {
    pub(super) bytes: Bytes,
    pub(super) preview: Option<Bytes>,
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) duration_ms: u64,
}

impl Workshop {
    pub(super) fn new(config: &Media) -> Self {
        let places = Arc::new(Semaphore::new(config.decoders.clamp(1, Semaphore::MAX_PERMITS)));
        let limits = Limits {
            pixels_max: config.pixels_max,
            preview_max: u32::try_from(config.preview_max).unwrap_or(u32::MAX),
            voice_seconds_max: config.voice_seconds_max,
        };
        Self { places, limits }
    }

    /// Cleans a file and draws its preview.
    ///
    /// # Errors
    /// When it is damaged or beyond the bounds, or no place is free for long.
    pub(super) async fn finish(&self, kind: Kind, bytes: Vec<u8>) -> Result<Finished, Fault> {
        let place = timeout(PATIENCE, Arc::clone(&self.places).acquire_owned()).await;
        let Ok(Ok(place)) = place else {
            return Err(Fault::Busy("too many files wait to be decoded"));
        };
        let limits = self.limits;
        // The place is kept until the work has ended, even if nobody waits for it.
        let work = spawn_blocking(move || {
            let _place = place;
            limits.work(kind, bytes)
        });
        // A decoder that gives up on a file gives up on that file alone.
        work.await.unwrap_or(Err(Flaw::Damaged("it cannot be decoded").into()))
    }
}

impl Limits {
    fn work(self, kind: Kind, bytes: Vec<u8>) -> Result<Finished, Fault> {
        match kind.class() {
            Class::Picture => {
                // What is decoded is what is kept, so nothing else is ever shown.
                let stripped = picture::strip(kind, &bytes)?;
                drop(bytes);
                let drawn = draw(kind, &stripped, self.pixels_max, self.preview_max)?;
                Ok(Finished {
                    bytes: stripped.bytes.into(),
                    preview: Some(drawn.preview.into()),
                    width: drawn.width,
                    height: drawn.height,
                    duration_ms: 0,
                })
            }
            Class::Voice => {
                let voice::Cleaned { bytes, duration_ms } = voice::clean(kind, bytes)?;
                let max_s = self.voice_seconds_max;
                if duration_ms > (max_s as u64).saturating_mul(1_000).saturating_add(GRACE_MS) {
                    return Err(Fault::TooLong { max_s, duration_ms });
                }
                Ok(Finished {
                    bytes: bytes.into(),
                    preview: None,
                    width: 0,
                    height: 0,
                    duration_ms,
                })
            }
        }
    }
}
