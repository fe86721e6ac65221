//! Bytes that come with a call, piece by piece, as they arrive: never more in memory than is asked for.

use std::time::Duration;

use bytes::Bytes;
use tokio::sync::mpsc;

/// How many pieces wait between the door and the operation. A piece is what the socket had at once.
const WAITING_MAX: usize = 2;

/// What an operation takes beside its input, for the documents and the doors.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Takes {
    /// The media types that make sense; what counts is found out from the bytes.
    pub media_types: Vec<&'static str>,
    /// How long it may run: bytes take their time on the way.
    pub within: Duration,
}

/// The bytes of a call, as the operation reads them.
#[derive(Debug)]
pub struct Upload {
    length: Option<u64>,
    pieces: mpsc::Receiver<Piece>,
}

/// The bytes of a call, as the door brings them.
#[derive(Debug)]
pub struct Feeder(mpsc::Sender<Piece>);

#[derive(Debug)]
enum Piece {
    Bytes(Bytes),
    End,
}

/// The sender went away in the middle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the bytes broke off")]
pub struct BrokenOff;

/// The operation wants no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("nobody reads on")]
pub struct Unread;

impl Upload {
    /// Both ends of an upload; `length` is what its sender says of it.
    pub fn pair(length: Option<u64>) -> (Feeder, Self) {
        let (feeder, pieces) = mpsc::channel(WAITING_MAX);
        (Feeder(feeder), Self { length, pieces })
    }

    /// How many bytes the sender says there are.
    pub fn length(&self) -> Option<u64> {
        self.length
    }

    /// The next bytes; `None` behind the last.
    ///
    /// # Errors
    /// When they broke off.
    pub async fn next(&mut self) -> Result<Option<Bytes>, BrokenOff> {
        match self.pieces.recv().await {
            Some(Piece::Bytes(bytes)) => Ok(Some(bytes)),
            Some(Piece::End) => Ok(None),
            None => Err(BrokenOff),
        }
    }
}

impl Feeder {
    /// Brings the next bytes; waits while the operation is busy.
    ///
    /// # Errors
    /// When the operation wants no more.
    pub async fn feed(&self, bytes: Bytes) -> Result<(), Unread> {
        self.0.send(Piece::Bytes(bytes)).await.map_err(|_| Unread)
    }

    /// Says that these were all. Who drops it without has broken off.
    pub async fn end(self) {
        // An operation that has read enough does not mind.
        drop(self.0.send(Piece::End).await);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_end_is_told_from_breaking_off() {
        let (feeder, mut upload) = Upload::pair(Some(2));
        feeder.feed(Bytes::from_static(b"ab")).await.unwrap();
        feeder.end().await;
        assert_eq!(upload.next().await, Ok(Some(Bytes::from_static(b"ab"))));
        assert_eq!(upload.next().await, Ok(None));
        let (feeder, mut upload) = Upload::pair(None);
        drop(feeder);
        assert_eq!(upload.next().await, Err(BrokenOff));
        let (feeder, upload) = Upload::pair(None);
        drop(upload);
        assert_eq!(feeder.feed(Bytes::new()).await, Err(Unread));
    }
}
