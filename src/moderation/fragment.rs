//! Secrets in pieces: the last messages of an author, read as one text.
//!
//! Only what lies across the edge of a message counts here: what stands within one was judged when
//! it was written. Ordinary short messages touch each other all the time, so a word must be broken
//! by the edge itself, and digits must be all that the messages between hold.

use std::ops::Range;

use super::{
    evidence::Evidence,
    fold::numeral,
    text::{Break, Char, JOINT, Text, kind},
    token::View,
};

/// How many earlier messages are looked at.
const EARLIER_MAX: usize = 6;
/// A longer message is no piece; its end may still be the first one and its first clause the last, in
/// characters.
const PIECE_MAX: usize = 24;
/// How much of the end of a longer message is read, in characters.
const TAIL: usize = 16;
/// How much of the beginning of a longer last message is, at most: its first clause.
const HEAD: usize = 16;
/// In messages of at most so many characters a pattern may go on across the edge.
const SHORT: usize = 18;
/// So many characters of words may stand on each side of a part of a number.
const AROUND_MAX: usize = 8;
/// In messages of at most so many characters it may do so by its sound.
const TINY: usize = 4;

/// The last messages of an author as one text.
#[derive(Debug)]
pub(super) struct Joined {
    pub(super) text: Text,
    /// Where each message stands in it, in characters, the last one being judged.
    messages: Vec<Range<usize>>,
    /// The number of the first of them among the earlier messages.
    first: usize,
    /// Where the last one begins in the joined original, in bytes.
    base: usize,
}

impl Joined {
    /// Joins `text` to what can be pieces among `earlier`, oldest first; `None` when nothing can.
    pub(super) fn new(earlier: &[&str], text: &str, folded: &Text) -> Option<Self> {
        let text = if words(folded.chars()) > PIECE_MAX { head(text, folded)? } else { text };
        if words(folded.chars()) == 0 {
            return None;
        }
        let mut pieces: Vec<&str> = Vec::new();
        for message in earlier.iter().rev().take(EARLIER_MAX) {
            let is_piece = message.chars().count() <= PIECE_MAX;
            let piece = if is_piece { message } else { tail(message) };
            pieces.push(piece);
            if !is_piece {
                break;
            }
        }
        if pieces.is_empty() {
            return None;
        }
        pieces.reverse();
        let first = earlier.len() - pieces.len();
        pieces.push(text);
        let (mut joined, mut messages, mut base) = (Text::default(), Vec::new(), 0);
        for (number, piece) in pieces.iter().enumerate() {
            if number > 0 {
                joined.joint(base);
            }
            let from = joined.len();
            joined.append(piece, base);
            messages.push(from..joined.len());
            if number + 1 < pieces.len() {
                base += piece.len();
            }
        }
        Some(Self { text: joined, messages, first, base })
    }

    /// Whether evidence of the joined text is of a secret in pieces.
    pub(super) fn counts(&self, evidence: &Evidence<'_>) -> bool {
        let parts = self.parts(evidence.contact.as_ref().unwrap_or(&evidence.reach));
        let Some((first, last)) = parts.first().zip(parts.last()) else { return false };
        if first == last {
            return false;
        }
        let is_last = last + 1 == self.messages.len();
        // The last message may say what the one before it was.
        let is_told = self.messages.len() - last == 2;
        let is_short = |max: usize| parts.iter().all(|part| self.messages[*part].len() <= max);
        if evidence.number.is_some() {
            let is_whole = parts[1..].iter().all(|part| self.is_filled(*part, &evidence.at));
            let is_due = is_last || (is_told && evidence.is_named);
            return is_due && (is_whole || self.is_cut(&evidence.at));
        }
        if evidence.contact.is_some() {
            let is_cut = self.parts(&evidence.at).len() > 1;
            return (is_last || is_told) && (is_cut || is_short(SHORT));
        }
        let is_heard = evidence.view == View::Sound;
        is_last && if is_heard { is_short(TINY) } else { evidence.broken || is_short(SHORT) }
    }

    /// Whether a number is cut by the edges of messages and by nothing else.
    fn is_cut(&self, at: &Range<usize>) -> bool {
        let chars = &self.text.chars()[at.clone()];
        chars.windows(3).all(|three| {
            three[1].c != JOINT || [three[0].c, three[2].c].iter().all(|c| is_digit(*c))
        })
    }

    /// The earlier messages that hold a part of what was found.
    pub(super) fn earlier(&self, at: &Range<usize>) -> impl Iterator<Item = usize> {
        let last = self.messages.len() - 1;
        let first = self.first;
        self.parts(at).into_iter().filter(move |part| *part < last).map(move |part| first + part)
    }

    /// The bytes of the judged text that evidence covers; all of it when it covers none.
    pub(super) fn original(&self, at: &Range<usize>, text: &str) -> Range<usize> {
        let range = self.text.original(at);
        let part = range.start.saturating_sub(self.base)..range.end.saturating_sub(self.base);
        if part.is_empty() || text.get(part.clone()).is_none() { 0..text.len() } else { part }
    }

    /// The messages that a range touches.
    fn parts(&self, at: &Range<usize>) -> Vec<usize> {
        let touches = |message: &Range<usize>| message.start < at.end && at.start < message.end;
        let numbered = self.messages.iter().enumerate();
        numbered.filter(|(_, message)| touches(message)).map(|(number, _)| number).collect()
    }

    /// Whether a message holds nothing but its part of a number and what introduces it.
    fn is_filled(&self, part: usize, at: &Range<usize>) -> bool {
        let message = &self.messages[part];
        let from = message.start.max(at.start);
        let chars = self.text.chars();
        let is_digit = |at: usize| chars[at].c.is_ascii_digit();
        let before = &chars[message.start..from];
        let after = &chars[message.end.min(at.end)..message.end];
        let has_digits = (from..message.end.min(at.end)).any(is_digit) || before.is_empty();
        let is_bare = |part: &[Char], words_max: usize| {
            words(part) <= words_max && !part.iter().any(|char| char.c.is_ascii_digit())
        };
        // 345678，晚上再打: what a clause parts from it may be as long as it likes.
        let is_parted = after.first().is_some_and(|char| kind(char.c) >= Break::Clause);
        let after_max = if is_parted { PIECE_MAX } else { AROUND_MAX };
        has_digits && is_bare(before, AROUND_MAX) && is_bare(after, after_max)
    }
}

fn is_digit(c: char) -> bool {
    c.is_ascii_digit() || numeral(c).is_some()
}

fn words(chars: &[Char]) -> usize {
    chars.iter().filter(|char| kind(char.c) == Break::Word && char.c != JOINT).count()
}

/// The first clause of a message, when it is short: a number is never cut there.
fn head<'a>(message: &'a str, folded: &Text) -> Option<&'a str> {
    let begins = &folded.chars()[..folded.len().min(HEAD)];
    let is_end = |at: &usize| begins[*at].kind >= Break::Clause && words(&begins[..*at]) > 0;
    let end = (0..begins.len()).find(is_end)?;
    message.get(..begins[end].start as usize)
}

/// The last characters of a message.
fn tail(message: &str) -> &str {
    let at = message.char_indices().rev().nth(TAIL - 1).map_or(0, |(at, _)| at);
    &message[at..]
}
