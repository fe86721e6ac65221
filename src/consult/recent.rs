//! What was said a moment ago, for secrets that are split over several messages.
//!
//! The archive is the truth; this remembers the newest messages of the conversations in motion. A
//! tail counts only while it reaches to the conversation's last record, so messages that went
//! through another node are never overlooked: they make the caller read the archive.
//! At most 4 096 conversations × 12 lines × 500 characters × 3 bytes = 74 MB, in practice a tenth.

use std::collections::VecDeque;

use dashmap::DashMap;

use crate::ids::{ConversationId, UserId};

/// How many earlier messages of an author are judged together with a new one.
const EARLIER_MAX: usize = 6;
/// How old they may be.
const WINDOW_MS: i64 = 120_000;
/// How many lines of both sides a tail keeps.
const LINES_MAX: usize = 2 * EARLIER_MAX;
/// How much of a long message's end is kept, in characters: a secret that goes on in the next
/// message is there.
const KEPT_CHARS: usize = 500;

/// How many records to read from the archive to make a tail.
pub(super) const READ_MAX: usize = 2 * LINES_MAX;

/// One shown message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) seq: i64,
    pub(super) at_ms: i64,
    pub(super) author: UserId,
    pub(super) text: String,
}

/// The newest lines of the conversations in motion.
pub(super) struct Recent {
    tails: DashMap<ConversationId, Tail>,
    tails_max: usize,
}

/// The newest lines of one conversation.
pub(super) struct Tail {
    /// Every record up to this one was seen.
    through: i64,
    lines: VecDeque<Line>,
}

impl Recent {
    pub(super) fn new(tails_max: usize) -> Self {
        Self { tails: DashMap::new(), tails_max }
    }

    /// The author's messages within the window before `now_ms`, oldest first; `None` when memory
    /// does not reach to `last_seq`.
    pub(super) fn earlier(
        &self,
        conversation: &ConversationId,
        last_seq: i64,
        author: &UserId,
        now_ms: i64,
    ) -> Option<Vec<Line>> {
        let tail = self.tails.get(conversation)?;
        (tail.through >= last_seq).then(|| tail.earlier(author, now_ms))
    }

    /// A record was appended; `line` when it is a shown message.
    pub(super) fn note(&self, conversation: &ConversationId, seq: i64, line: Option<Line>) {
        let Some(mut tail) = self.tails.get_mut(conversation) else { return };
        if tail.through + 1 != seq {
            return;
        }
        tail.through = seq;
        tail.push(line);
    }

    /// Remembers what the archive holds.
    pub(super) fn keep(&self, conversation: &ConversationId, tail: Tail, now_ms: i64) {
        self.make_room(now_ms);
        self.tails.insert(conversation.clone(), tail);
    }

    fn make_room(&self, now_ms: i64) {
        if self.tails.len() < self.tails_max {
            return;
        }
        self.tails.retain(|_, tail| tail.lines.back().is_some_and(|line| is_near(line, now_ms)));
        if self.tails.len() >= self.tails_max {
            self.tails.clear();
        }
    }
}

impl Tail {
    /// The tail of a conversation that has come to `through`: `lines`, oldest first.
    pub(super) fn of(through: i64, lines: impl IntoIterator<Item = Line>) -> Self {
        let mut tail = Self { through, lines: VecDeque::new() };
        lines.into_iter().for_each(|line| tail.push(Some(line)));
        tail
    }

    fn push(&mut self, line: Option<Line>) {
        let Some(mut line) = line else { return };
        let surplus = line.text.chars().count().saturating_sub(KEPT_CHARS);
        if let Some((cut, _)) = line.text.char_indices().nth(surplus) {
            line.text.drain(..cut);
        }
        if self.lines.len() == LINES_MAX {
            self.lines.pop_front();
        }
        self.lines.push_back(line);
    }

    /// The author's messages within the window before `now_ms`, oldest first.
    pub(super) fn earlier(&self, author: &UserId, now_ms: i64) -> Vec<Line> {
        let mut lines: Vec<_> = self
            .lines
            .iter()
            .rev()
            .filter(|line| line.author == *author && is_near(line, now_ms))
            .take(EARLIER_MAX)
            .cloned()
            .collect();
        lines.reverse();
        lines
    }
}

fn is_near(line: &Line, now_ms: i64) -> bool {
    now_ms - line.at_ms <= WINDOW_MS
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(second: i64, author: &str, text: &str) -> Line {
        Line { seq: second, at_ms: second * 1_000, author: author.into(), text: text.to_owned() }
    }

    fn fill(recent: &Recent, through: i64, lines: impl IntoIterator<Item = Line>) {
        recent.keep(&"c".into(), Tail::of(through, lines), 0);
    }

    fn earlier(recent: &Recent, last_seq: i64, now_ms: i64) -> Option<Vec<String>> {
        let lines = recent.earlier(&"c".into(), last_seq, &"a".into(), now_ms)?;
        Some(lines.into_iter().map(|line| line.text).collect())
    }

    #[test]
    fn an_author_is_judged_by_their_own_last_six_messages_in_two_minutes() {
        let recent = Recent::new(4);
        let lines = (1..=9).map(|n| line(n, if n == 5 { "b" } else { "a" }, &n.to_string()));
        fill(&recent, 9, lines);
        assert_eq!(earlier(&recent, 9, 9_000).unwrap(), ["3", "4", "6", "7", "8", "9"]);
        assert_eq!(earlier(&recent, 9, 8_000 + WINDOW_MS).unwrap(), ["8", "9"]);
    }

    #[test]
    fn memory_that_misses_a_record_does_not_count() {
        let recent = Recent::new(4);
        fill(&recent, 1, [line(1, "a", "x")]);
        recent.note(&"c".into(), 2, None);
        assert_eq!(earlier(&recent, 2, 2_000).unwrap(), ["x"]);
        recent.note(&"c".into(), 4, Some(line(4, "a", "z")));
        assert_eq!(earlier(&recent, 4, 4_000), None, "3 went through another node");
        recent.note(&"c".into(), 3, Some(line(3, "a", "y")));
        assert_eq!(earlier(&recent, 3, 4_000).unwrap(), ["x", "y"]);
    }

    #[test]
    fn long_texts_keep_their_end() {
        let recent = Recent::new(4);
        let long = format!("{}尾", "长".repeat(KEPT_CHARS));
        fill(&recent, 2, [line(2, "a", &long)]);
        let kept = earlier(&recent, 2, 2_000).unwrap();
        assert_eq!(kept.len(), 1);
        assert_eq!(kept[0].chars().count(), KEPT_CHARS);
        assert!(kept[0].ends_with('尾'));
    }

    #[test]
    fn it_holds_no_more_conversations_than_it_may() {
        let recent = Recent::new(4);
        for n in 0..50 {
            let tail = Tail::of(1, [line(1, "a", "x")]);
            recent.keep(&ConversationId::new(n.to_string()), tail, 1_000);
            assert!(recent.tails.len() <= 4);
        }
    }
}
