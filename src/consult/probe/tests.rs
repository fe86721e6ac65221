//! When somebody is slowed down, for how long, and when it is news.

use std::ops::RangeInclusive;

use super::*;
use crate::config::{moderation::Moderation, value::Span};

const MINUTE_MS: i64 = 60_000;
const RULES: &str = "r1";

fn probes() -> Probes {
    Probes::new(Moderation::default().probing())
}

fn stop(probes: &Probes, line: u64, now_ms: i64) -> bool {
    probes.stopped(&"t".into(), (5, line), (RULES, now_ms)).is_news
}

fn stops(probes: &Probes, lines: RangeInclusive<u64>) {
    for line in lines {
        stop(probes, line, 0);
    }
}

fn pause(probes: &Probes, now_ms: i64) -> Option<i64> {
    probes.pause_ms(&"t".into(), (RULES, now_ms))
}

#[test]
fn the_sixth_stopped_line_in_ten_minutes_brings_a_pause_and_news() {
    let probes = probes();
    for line in 1..=5 {
        assert!(!stop(&probes, line, 0));
        assert!(!stop(&probes, line, 0), "sent again, it is no other");
    }
    assert_eq!(pause(&probes, 0), None);
    assert!(stop(&probes, 6, 9 * MINUTE_MS));
    assert_eq!(pause(&probes, 9 * MINUTE_MS), Some(30_000));
    assert_eq!(pause(&probes, 9 * MINUTE_MS + 30_000), None);
    assert_eq!(probes.pause_ms(&"other".into(), (RULES, 9 * MINUTE_MS)), None);
}

#[test]
fn lines_that_are_far_apart_are_borne() {
    let probes = probes();
    assert!((0..100).all(|line| !stop(&probes, line, line as i64 * 2 * MINUTE_MS)));
}

#[test]
fn pauses_grow_within_an_episode_which_is_news_until_it_was_told() {
    let probes = probes();
    stops(&probes, 1..=5);
    let (mut now_ms, mut pauses) = (0, Vec::new());
    for line in 6..=14 {
        assert_eq!(stop(&probes, line, now_ms), line < 8);
        assert_eq!(stop(&probes, line, now_ms), line < 8, "a second try to store it");
        if line == 7 {
            probes.told(&"t".into());
        }
        pauses.push(pause(&probes, now_ms).unwrap() / 1_000);
        now_ms += pauses[pauses.len() - 1] * 1_000;
    }
    assert_eq!(pauses, [30, 60, 120, 240, 480, 960, 1_920, 1_920, 1_920]);
    let later = now_ms + 10 * MINUTE_MS;
    assert!((20..25).all(|line| !stop(&probes, line, later)), "all is forgotten");
    assert_eq!(pause(&probes, later), None);
    assert!(stop(&probes, 25, later), "and the next episode is news again");
}

#[test]
fn lines_judged_at_once_make_one_pause() {
    let probes = probes();
    stops(&probes, 1..=20);
    assert_eq!(pause(&probes, 0), Some(30_000));
}

#[test]
fn a_line_that_its_author_stands_by_was_no_try() {
    let probes = probes();
    for line in 0..100 {
        assert!(!stop(&probes, line, 0));
        probes.insisted(&"t".into(), line);
    }
    assert_eq!(pause(&probes, 0), None);
}

#[test]
fn no_more_authors_are_remembered_than_may_be() {
    let probes = probes();
    stops(&probes, 1..=6);
    for n in 0..AUTHORS_MAX + 10 {
        probes.stopped(&format!("u{n}").into(), (5, 1), (RULES, 0));
    }
    assert!(probes.authors.len() <= AUTHORS_MAX);
    assert!(pause(&probes, 0).is_some(), "least of all those who have to wait are forgotten");
}

#[test]
fn a_line_that_is_taken_back_takes_the_pause_that_it_brought_with_it() {
    let probes = probes();
    let author = "t".into();
    stops(&probes, 1..=5);
    for _ in 0..3 {
        let sixth = probes.stopped(&author, (5, 6), (RULES, 0));
        assert_eq!(pause(&probes, 0), Some(30_000), "the first pause, each time");
        probes.take_back(&author, &sixth);
        assert_eq!(pause(&probes, 0), None);
    }
    assert!(stop(&probes, 6, 0), "it is news still");
    let again = probes.stopped(&author, (5, 6), (RULES, 0));
    probes.take_back(&author, &again);
    assert_eq!(pause(&probes, 0), Some(30_000), "a second time counts for nothing either way");
    probes.take_back(&author, &probes.stopped(&author, (5, 7), (RULES, 30_000)));
    stop(&probes, 8, 30_000);
    assert_eq!(pause(&probes, 30_000), Some(60_000), "earlier pauses stay");
}

#[test]
fn what_other_rules_stopped_is_forgotten() {
    let probes = probes();
    let author = "t".into();
    stops(&probes, 1..=5);
    let sixth = probes.stopped(&author, (5, 6), (RULES, 0));
    assert_eq!(probes.pause_ms(&author, ("r2", 0)), None);
    probes.take_back(&author, &sixth);
    for line in 7..=11 {
        assert!(!probes.stopped(&author, (5, line), ("r2", 0)).is_news);
    }
    assert!(probes.stopped(&author, (5, 12), ("r2", 0)).is_news, "and all begins anew");
    assert_eq!(probes.pause_ms(&author, ("r2", 0)), Some(30_000));
}

#[test]
fn nobody_waits_longer_because_the_date_is_set_back() {
    let probes = probes();
    for line in 1..=6 {
        stop(&probes, line, 60 * MINUTE_MS);
    }
    assert_eq!(pause(&probes, 0), Some(30_000));
    assert_eq!(pause(&probes, 20_000), Some(10_000));
    assert_eq!(pause(&probes, 30_000), None);
    assert!((20..25).all(|line| !stop(&probes, line, 11 * MINUTE_MS)), "and the window goes on");
}

#[test]
fn a_pause_of_any_length_is_counted() {
    let config = Moderation { probe_pause: Span::seconds(u64::MAX), ..Moderation::default() };
    let probes = Probes::new(config.probing());
    stops(&probes, 1..=6);
    assert_eq!(pause(&probes, 0), Some(i64::MAX));
}
