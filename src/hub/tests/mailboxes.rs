//! Mailboxes: partial writes, readers that are behind, bounds, and the last frame.

use std::{sync::Arc, task::Waker};

use proptest::prelude::*;

use super::{Paper, Sleeper, frame, mailbox};
use crate::{
    hub::{Dialect, Flushed, Signal, mailbox::FRAME_OVERHEAD},
    protocol::code::DisconnectCode,
};

const DIALECT: Dialect = Dialect::StreamJson;

#[test]
fn frames_leave_in_order_and_in_one_write() {
    let paper = Paper::endless();
    let mailbox = mailbox(&paper, DIALECT, 1_000);
    assert!(mailbox.send(frame("one ")), "the first asks for a flush");
    assert!(!mailbox.send(frame("two ")), "one is asked for already");
    assert_eq!((mailbox.waiting_bytes(), paper.text().as_str()), (8, ""));
    assert_eq!(mailbox.flush(), Flushed::All);
    assert_eq!((paper.text().as_str(), paper.sheet().writes), ("one two ", 1));
    mailbox.send_now(frame("three"));
    assert_eq!((mailbox.waiting_bytes(), paper.text().as_str()), (0, "three"));
}

#[test]
fn a_reader_that_is_behind_wakes_the_task_which_writes_on() {
    let (paper, task) = (Paper::with_room(5), Arc::new(Sleeper::default()));
    let mailbox = mailbox(&paper, DIALECT, 1_000);
    assert!(!mailbox.news(&task.waker()).is_blocked);
    mailbox.send_now(frame("one two"));
    assert_eq!((paper.text().as_str(), task.woken()), ("one t", 1));
    assert!(mailbox.news(&task.waker()).is_blocked);
    assert!(!mailbox.send(frame(" three")), "its task writes, nobody else");
    assert_eq!(mailbox.flush(), Flushed::Blocked);
    assert_eq!(paper.text(), "", "nobody writes before the socket is ready");
    paper.make_room(4);
    assert_eq!(mailbox.resume(), Flushed::Blocked);
    assert_eq!((paper.text().as_str(), mailbox.waiting_bytes()), ("wo t", 4));
    paper.make_room(100);
    assert_eq!(mailbox.resume(), Flushed::All);
    assert_eq!((paper.text().as_str(), mailbox.waiting_bytes()), ("hree", 0));
    assert!(mailbox.send(frame("four")), "it is as before");
}

#[test]
fn a_full_mailbox_is_closed_and_finishes_only_what_was_begun() {
    let (paper, task) = (Paper::with_room(3), Arc::new(Sleeper::default()));
    let mailbox = mailbox(&paper, DIALECT, 20 + 4 * FRAME_OVERHEAD);
    mailbox.news(&task.waker());
    for _ in 0..3 {
        mailbox.send_now(frame("0123456"));
    }
    assert_eq!((mailbox.waiting_bytes(), mailbox.closing(), task.woken()), (18, None, 1));
    mailbox.news(&task.waker());
    assert!(!mailbox.send(frame("789")));
    assert_eq!(mailbox.closing(), Some(DisconnectCode::Slow.into()));
    assert_eq!((mailbox.waiting_bytes(), task.woken()), (4, 1));
    assert!(!mailbox.send(frame("x")), "nothing more goes in");
    mailbox.close(DisconnectCode::Shutdown);
    assert_eq!(mailbox.closing(), Some(DisconnectCode::Slow.into()), "the first reason stands");
    assert_eq!(mailbox.finish(frame("bye")), Flushed::Blocked);
    paper.make_room(100);
    assert_eq!(mailbox.resume(), Flushed::All);
    assert_eq!(paper.text(), "0123456bye");
}

#[test]
fn tiny_frames_weigh_what_they_take() {
    let mailbox = mailbox(&Paper::with_room(0), DIALECT, 64 * 1_024);
    let kept = (0..).take_while(|_| {
        mailbox.send_now(frame("{}"));
        mailbox.closing().is_none()
    });
    assert!((500..1_000).contains(&kept.count()), "each takes some 64 bytes beside its own two");
    assert_eq!(mailbox.closing(), Some(DisconnectCode::Slow.into()));
}

#[test]
fn who_was_not_written_to_is_not_slow() {
    let paper = Paper::endless();
    let mailbox = mailbox(&paper, DIALECT, 20 + 2 * FRAME_OVERHEAD);
    for _ in 0..10 {
        mailbox.send(frame("0123456789"));
    }
    assert_eq!(mailbox.closing(), None);
    mailbox.flush();
    assert_eq!(paper.text(), "0123456789".repeat(10));
}

#[test]
fn who_took_everything_is_given_more_than_the_bound() {
    let (paper, task) = (Paper::with_room(4), Arc::new(Sleeper::default()));
    let mailbox = mailbox(&paper, DIALECT, 8 + FRAME_OVERHEAD);
    mailbox.news(&task.waker());
    mailbox.send_now(frame("a history of twenty"));
    assert_eq!((mailbox.closing(), mailbox.waiting_bytes(), task.woken()), (None, 15, 1));
    assert!(!mailbox.send(frame("x")));
    assert_eq!(mailbox.closing(), Some(DisconnectCode::Slow.into()));
}

#[test]
fn a_mailbox_that_blocks_while_it_makes_room_wakes_its_task() {
    let (paper, task) = (Paper::with_room(12), Arc::new(Sleeper::default()));
    let mailbox = mailbox(&paper, DIALECT, 20 + 2 * FRAME_OVERHEAD);
    mailbox.news(&task.waker());
    mailbox.send(frame("0123456789"));
    mailbox.send(frame("0123456789"));
    assert!(!mailbox.send(frame("0123456789")), "its task writes the rest");
    assert_eq!((mailbox.closing(), mailbox.waiting_bytes(), task.woken()), (None, 18, 1));
}

#[test]
fn nothing_is_written_behind_the_last_frame() {
    let paper = Paper::endless();
    let mailbox = mailbox(&paper, DIALECT, 1_000);
    mailbox.send(frame("one "));
    assert_eq!(mailbox.finish(frame("bye")), Flushed::All);
    mailbox.send_now(frame("two"));
    assert_eq!((paper.text().as_str(), mailbox.closing()), ("one bye", None));
}

#[test]
fn a_torn_wire_is_found_out_and_nothing_waits_for_it() {
    let (paper, task) = (Paper::with_room(2), Arc::new(Sleeper::default()));
    let mailbox = mailbox(&paper, DIALECT, 1_000);
    mailbox.news(&task.waker());
    mailbox.send_now(frame("one"));
    paper.tear();
    assert_eq!(mailbox.resume(), Flushed::Broken);
    assert_eq!(mailbox.closing(), Some(DisconnectCode::WriteError.into()));
    assert_eq!(mailbox.waiting_bytes(), 0);
    mailbox.send_now(frame("two"));
    assert_eq!(mailbox.finish(frame("bye")), Flushed::Broken);
    assert_eq!(mailbox.waiting_bytes(), 0);
}

#[test]
fn a_reader_that_takes_nothing_for_long_is_given_up_and_a_slow_one_is_not() {
    let paper = Paper::with_room(1);
    let mailbox = mailbox(&paper, DIALECT, 1_000);
    mailbox.send_now(frame("0123456789"));
    for now_s in 1..=30 {
        mailbox.beat(now_s, 10);
        if now_s % 9 == 0 {
            paper.make_room(1);
            assert_eq!(mailbox.resume(), Flushed::Blocked);
        }
    }
    assert_eq!((paper.text().as_str(), mailbox.closing()), ("0123", None));
    for now_s in 31..=38 {
        assert_eq!(mailbox.closing(), None);
        mailbox.beat(now_s, 10);
    }
    assert_eq!(mailbox.closing(), Some(DisconnectCode::Slow.into()));
}

#[test]
fn an_alarm_rings_once_at_its_time() {
    let mailbox = mailbox(&Paper::endless(), DIALECT, 1_000);
    mailbox.wake_at(5);
    mailbox.beat(4, 10);
    assert!(!mailbox.news(Waker::noop()).has_signals);
    mailbox.beat(5, 10);
    mailbox.beat(6, 10);
    assert!(mailbox.news(Waker::noop()).has_signals);
    assert_eq!(mailbox.take_signals(), [Signal::Time]);
    assert!(!mailbox.news(Waker::noop()).has_signals);
}

#[test]
fn a_session_that_hears_no_signal_is_given_up() {
    let mailbox = mailbox(&Paper::endless(), DIALECT, 1_000);
    for _ in 0..2_000 {
        mailbox.signal(Signal::Time);
    }
    assert_eq!(mailbox.closing(), Some(DisconnectCode::Slow.into()));
    assert_eq!(mailbox.take_signals().len(), 1_024);
}

proptest! {
    #[test]
    fn whatever_the_wire_takes_at_once_the_bytes_come_in_order(
        steps in prop::collection::vec((0..90_000_usize, 0..90_000_usize, any::<bool>()), 1..30),
    ) {
        let paper = Paper::with_room(0);
        let mailbox = mailbox(&paper, DIALECT, usize::MAX);
        let (mut sent, mut waited) = (Vec::new(), false);
        for (number, (length, room, is_flushed)) in steps.into_iter().enumerate() {
            let frame: Vec<u8> = (0..=length).map(|at| (at ^ number) as u8).collect();
            sent.extend_from_slice(&frame);
            mailbox.send(frame.into());
            paper.make_room(room);
            waited |= is_flushed && mailbox.flush() != Flushed::All;
            if waited {
                waited = mailbox.resume() != Flushed::All;
            }
            let taken = paper.sheet().taken.len();
            prop_assert_eq!(taken + mailbox.waiting_bytes(), sent.len());
        }
        paper.make_room(usize::MAX);
        if waited { mailbox.resume() } else { mailbox.flush() };
        prop_assert!(paper.take() == sent);
    }
}
