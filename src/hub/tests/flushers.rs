//! Flushers: long lists are dealt to threads, and nothing is left when they end.

use std::sync::Arc;

use super::{Paper, frame, mailbox};
use crate::hub::{Dialect, Mailbox, flusher::Flusher};

fn filled(count: usize) -> Vec<(Paper, Arc<Mailbox>)> {
    let one = |_| {
        let paper = Paper::endless();
        let mailbox = mailbox(&paper, Dialect::StreamJson, 100);
        assert!(mailbox.send(frame("news")));
        (paper, mailbox)
    };
    (0..count).map(one).collect()
}

#[test]
fn a_short_list_is_flushed_in_place() {
    let flusher = Flusher::start(1).unwrap();
    let filled = filled(16);
    flusher.flush(filled.iter().map(|(_, mailbox)| Arc::clone(mailbox)).collect());
    assert!(filled.iter().all(|(paper, _)| paper.text() == "news"));
}

#[test]
fn long_lists_are_written_out_before_the_threads_end() {
    for threads in [0, 1, 3] {
        let flusher = Flusher::start(threads).unwrap();
        let filled = filled(1_000);
        for part in filled.chunks(100) {
            flusher.flush(part.iter().map(|(_, mailbox)| Arc::clone(mailbox)).collect());
        }
        drop(flusher);
        for (paper, mailbox) in filled {
            assert_eq!((paper.text().as_str(), paper.sheet().writes), ("news", 1));
            assert_eq!(Arc::strong_count(&mailbox), 1, "no list holds it any more");
        }
    }
}

#[test]
fn a_mailbox_that_is_behind_holds_up_nobody() {
    let flusher = Flusher::start(1).unwrap();
    let filled = filled(100);
    for (paper, _) in filled.iter().step_by(7) {
        paper.make_room(1);
    }
    flusher.flush(filled.iter().map(|(_, mailbox)| Arc::clone(mailbox)).collect());
    drop(flusher);
    for (number, (paper, mailbox)) in filled.into_iter().enumerate() {
        let expected = if number % 7 == 0 { ("n", 3) } else { ("news", 0) };
        assert_eq!((paper.text().as_str(), mailbox.waiting_bytes()), expected);
    }
}
