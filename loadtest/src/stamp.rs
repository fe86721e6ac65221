//! Stamps: when a payload was made, written into it, so that a receiver knows how long it took.

use std::time::Duration;

use tokio::time::Instant;

/// What stands before the time in a payload.
const MARK: &[u8] = br#"{"t":"#;

/// What stands before and after a time within a text.
const WORD_MARK: u8 = b'~';

/// The smallest payload: a mark, a time, an empty text.
pub(crate) const BYTES_MIN: usize = 32;

/// The clock that stamps are read against: one for senders and receivers of a run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stamps(Instant);

impl Stamps {
    pub(crate) fn new() -> Self {
        Self(Instant::now())
    }

    /// JSON of `bytes` bytes, [`BYTES_MIN`] at least, that says when it was made.
    pub(crate) fn payload(self, bytes: usize) -> String {
        let us = self.0.elapsed().as_micros();
        let head = format!(r#"{{"t":{us},"text":""#);
        let text = bytes.max(BYTES_MIN).saturating_sub(head.len() + 2);
        format!("{head}{:x<text$}\"}}", "")
    }

    /// A time as a word of letters: digits in a text might be taken for somebody's number.
    pub(crate) fn word(self, at: Instant) -> String {
        let us = at.saturating_duration_since(self.0).as_micros().to_string();
        let letters = us.bytes().map(|digit| char::from(digit - b'0' + b'a'));
        let mark = char::from(WORD_MARK);
        std::iter::once(mark).chain(letters).chain([mark]).collect()
    }

    /// How long ago the time was that the first word within `message` names.
    pub(crate) fn word_age(self, message: &[u8]) -> Option<Duration> {
        let at = message.iter().position(|byte| *byte == WORD_MARK)?;
        let letters = message[at + 1..].iter().take_while(|byte| (b'a'..=b'j').contains(byte));
        let us = letters.fold(0_u64, |us, letter| us * 10 + u64::from(letter - b'a'));
        Some(self.0.elapsed().saturating_sub(Duration::from_micros(us)))
    }

    /// How long ago the payload within `message` was made; `None` when there is none.
    pub(crate) fn age(self, message: &[u8]) -> Option<Duration> {
        let at = message.windows(MARK.len()).position(|window| window == MARK)?;
        let digits = message[at + MARK.len()..].iter().take_while(|byte| byte.is_ascii_digit());
        let us = digits.fold(0_u64, |us, digit| us * 10 + u64::from(digit - b'0'));
        Some(self.0.elapsed().saturating_sub(Duration::from_micros(us)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_payload_has_its_size_and_tells_its_age() {
        let stamps = Stamps::new();
        tokio::time::advance(Duration::from_millis(1_234)).await;
        let payload = stamps.payload(100);
        assert_eq!(payload.len(), 100);
        assert!(serde_json::from_str::<serde_json::Value>(&payload).is_ok());
        tokio::time::advance(Duration::from_millis(5)).await;
        let push = format!(r#"{{"push":{{"channel":"a","pub":{{"data":{payload}}}}}}}"#);
        assert_eq!(stamps.age(push.as_bytes()), Some(Duration::from_millis(5)));
        assert_eq!(stamps.age(br#"{"push":{}}"#), None);
    }

    #[tokio::test(start_paused = true)]
    async fn a_word_tells_its_age_without_a_digit() {
        let stamps = Stamps::new();
        tokio::time::advance(Duration::from_millis(70)).await;
        let word = stamps.word(Instant::now());
        assert_eq!(word, "~haaaa~");
        tokio::time::advance(Duration::from_millis(3)).await;
        let event = format!(r#"{{"text":"您好{word}"}}"#);
        assert_eq!(stamps.word_age(event.as_bytes()), Some(Duration::from_millis(3)));
        assert_eq!(stamps.word_age(b"{}"), None);
    }
}
