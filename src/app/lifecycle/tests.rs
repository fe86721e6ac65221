//! Ways to end, in paused time.

use std::future::pending;

use tokio::time::Instant;

use super::*;

const GRACE: Duration = Duration::from_secs(15);

/// A house, the operator's end of its signals, and the ending to come.
fn house() -> (Lifecycle, mpsc::Sender<Signal>, impl Future<Output = Ending>) {
    let lifecycle = Lifecycle::new();
    let (operator, signals) = mpsc::channel(4);
    (lifecycle.clone(), operator, lifecycle.until_end(signals, GRACE))
}

#[tokio::test(start_paused = true)]
async fn whoever_finishes_after_the_first_signal_ends_the_house_at_once() {
    let (lifecycle, operator, ending) = house();
    let soft = lifecycle.soft();
    lifecycle.spawn(async move {
        soft.cancelled().await;
        let _work = time::timeout(Duration::from_secs(3), pending::<()>()).await;
    });
    let began = Instant::now();
    operator.send(Signal::Stop).await.unwrap();
    assert_eq!(ending.await, Ending::Farewell);
    assert_eq!(began.elapsed(), Duration::from_secs(3));
}

#[tokio::test(start_paused = true)]
async fn whoever_does_not_finish_is_cut_off_when_the_grace_is_over() {
    let (lifecycle, operator, ending) = house();
    lifecycle.spawn(pending());
    let began = Instant::now();
    operator.send(Signal::Stop).await.unwrap();
    assert_eq!(ending.await, Ending::CutOff);
    assert_eq!(began.elapsed(), GRACE);
    assert!(lifecycle.tasks().is_empty(), "no task outlives the house");
}

#[tokio::test(start_paused = true)]
async fn a_second_signal_cuts_the_grace_short() {
    let (lifecycle, operator, ending) = house();
    lifecycle.spawn(pending());
    let began = Instant::now();
    operator.send(Signal::Stop).await.unwrap();
    operator.send(Signal::Stop).await.unwrap();
    assert_eq!(ending.await, Ending::CutOff);
    assert_eq!(began.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn a_vital_task_that_ends_takes_the_house_down() {
    let (lifecycle, _operator, ending) = house();
    let soft = lifecycle.soft();
    lifecycle.spawn(async move { soft.cancelled().await });
    lifecycle.spawn_vital("writer", async {});
    assert_eq!(ending.await, Ending::Crash);
}

#[tokio::test(start_paused = true)]
async fn a_vital_task_that_panics_takes_the_house_down() {
    let (lifecycle, _operator, ending) = house();
    lifecycle.spawn_vital("writer", async { panic!("planted") });
    assert_eq!(ending.await, Ending::Crash);
}

#[tokio::test(start_paused = true)]
async fn a_vital_task_that_obeys_the_soft_stage_is_no_crash() {
    let (lifecycle, operator, ending) = house();
    let soft = lifecycle.soft();
    lifecycle.spawn_vital("writer", async move { soft.cancelled().await });
    operator.send(Signal::Stop).await.unwrap();
    assert_eq!(ending.await, Ending::Farewell);
}

#[tokio::test(start_paused = true)]
async fn a_reload_reaches_everyone_and_ends_nothing() {
    let (lifecycle, operator, ending) = house();
    let mut reloads = lifecycle.reloads();
    operator.send(Signal::Reload).await.unwrap();
    let part = async {
        reloads.changed().await.unwrap();
        assert!(!lifecycle.soft().is_cancelled());
        operator.send(Signal::Stop).await.unwrap();
    };
    assert_eq!(tokio::join!(ending, part).0, Ending::Farewell);
}
