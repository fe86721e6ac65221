//! When publications leave, by the clock of the test.

use super::*;
use crate::protocol::publication::ClientInfo;

const PACE: Pace = Pace { single_max: 1_000, tick: Duration::from_millis(100) };

fn take(gathering: &mut Gathering, readers: usize) -> Turn {
    gathering.take(Announcement::Join(ClientInfo::default()), (100, readers), PACE)
}

fn gathering() -> Gathering {
    Gathering::new(Instant::now(), PACE)
}

#[tokio::test(start_paused = true)]
async fn a_cheap_channel_never_waits() {
    let mut cheap = gathering();
    for _ in 0..1_000 {
        assert_eq!(take(&mut cheap, 9), Turn::Now);
        cheap.release();
        tokio::time::advance(Duration::from_millis(10)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_busy_channel_leaves_once_a_tick() {
    let mut busy = gathering();
    let mut left = 0;
    for _ in 0..1_000 {
        match take(&mut busy, 5_000) {
            Turn::Now => {
                busy.release();
                left += 1;
            }
            Turn::Begins(due) => assert!(due <= Instant::now() + PACE.tick),
            Turn::Waits => {}
        }
        tokio::time::advance(Duration::from_millis(5)).await;
        if busy.left_at.is_some_and(|at| at.elapsed() >= PACE.tick) && busy.is_waiting() {
            busy.release();
            left += 1;
        }
    }
    assert!((48..=52).contains(&left), "{left} ticks in 5 s");
}

#[tokio::test(start_paused = true)]
async fn the_first_after_a_quiet_tick_leaves_at_once() {
    let mut crowd = gathering();
    assert_eq!(take(&mut crowd, 90_000), Turn::Now);
    crowd.release();
    assert_eq!(take(&mut crowd, 90_000), Turn::Begins(Instant::now() + PACE.tick));
    tokio::time::advance(PACE.tick).await;
    assert_eq!(crowd.release().0.len(), 1);
    tokio::time::advance(PACE.tick).await;
    assert_eq!(take(&mut crowd, 90_000), Turn::Now);
}

#[tokio::test(start_paused = true)]
async fn what_comes_alone_leaves_alone_however_many_read_it() {
    let mut crowd = gathering();
    for _ in 0..100 {
        assert_eq!(take(&mut crowd, 90_000), Turn::Now);
        crowd.release();
        tokio::time::advance(PACE.tick / 2).await;
    }
    tokio::time::advance(PACE.tick * 2).await;
    assert_eq!(take(&mut crowd, 90_000), Turn::Now);
    crowd.release();
    tokio::time::advance(PACE.tick / 3).await;
    assert!(matches!(take(&mut crowd, 90_000), Turn::Begins(_)), "this one has company");
}

#[tokio::test(start_paused = true)]
async fn a_full_batch_does_not_wait_for_the_tick() {
    let mut busy = gathering();
    take(&mut busy, 90_000);
    busy.release();
    let turns: Vec<_> = (0..BATCH_MAX).map(|_| take(&mut busy, 90_000)).collect();
    assert!(matches!(turns[0], Turn::Begins(_)));
    assert!(turns[1..BATCH_MAX - 1].iter().all(|turn| *turn == Turn::Waits));
    assert_eq!(turns[BATCH_MAX - 1], Turn::Now);
    let (waiting, first) = busy.release();
    assert_eq!((waiting.len(), first), (BATCH_MAX, 1));
}
