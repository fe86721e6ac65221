//! Stamps: when something was due, written into it, so that a receiver knows how long it took.

use std::time::Duration;

use memchr::memchr;
use tokio::time::Instant;

/// What stands before and after a time within a text.
const MARK: u8 = b'~';

/// The clock that stamps are read against: one for senders and receivers of a run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stamps(Instant);

impl Stamps {
    pub(crate) fn new() -> Self {
        Self(Instant::now())
    }

    /// A time as a word of letters: digits in a text might be taken for somebody's number.
    pub(crate) fn word(self, at: Instant) -> String {
        let us = at.saturating_duration_since(self.0).as_micros().to_string();
        let letters = us.bytes().map(|digit| char::from(digit - b'0' + b'a'));
        let mark = char::from(MARK);
        std::iter::once(mark).chain(letters).chain([mark]).collect()
    }

    /// How long ago the time was that the first word within `message` names.
    pub(crate) fn age(self, message: &[u8]) -> Option<Duration> {
        let at = memchr(MARK, message)?;
        let letters = message[at + 1..].iter().take_while(|byte| (b'a'..=b'j').contains(byte));
        let us = letters.fold(0_u64, |us, letter| us * 10 + u64::from(letter - b'a'));
        Some(self.0.elapsed().saturating_sub(Duration::from_micros(us)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_word_tells_its_age_without_a_digit() {
        let stamps = Stamps::new();
        tokio::time::advance(Duration::from_millis(70)).await;
        let word = stamps.word(Instant::now());
        assert_eq!(word, "~haaaa~");
        tokio::time::advance(Duration::from_millis(3)).await;
        let event = format!(r#"{{"text":"您好{word}"}}"#);
        assert_eq!(stamps.age(event.as_bytes()), Some(Duration::from_millis(3)));
        assert_eq!(stamps.age(b"{}"), None);
    }
}
