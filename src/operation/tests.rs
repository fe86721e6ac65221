//! What the catalogue refuses, in which order, and what it lets run to its end.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use serde::Deserialize;
use tokio::sync::Notify;

use super::*;
use crate::{
    config::{
        rates::{Bucket, Rates},
        value::Span,
    },
    telemetry::metric::Metrics,
};

#[derive(Deserialize, JsonSchema)]
struct Doubled {
    number: u32,
}

fn doubling() -> Operation {
    let run = |_, input: Doubled| async move { Ok(input.number * 2) };
    Operation::new("test.double", "Doubles.", &[Role::User, Role::Service], Rate::Write, run)
}

fn config() -> Rates {
    let write = Bucket { per_second: 1, burst: 2 };
    Rates { write, running_max: 1, timeout: Span::seconds(10), ..Rates::default() }
}

fn catalogue(operations: impl IntoIterator<Item = Operation>) -> Catalogue {
    let mut catalogue = Catalogue::new(&config());
    catalogue.add(operations);
    catalogue
}

fn user() -> Caller {
    Caller::new("u", Role::User)
}

async fn refused(catalogue: &Catalogue, caller: Caller, name: &str, input: &str) -> String {
    catalogue.call(caller, name, input).await.unwrap_err().to_string()
}

#[tokio::test(start_paused = true)]
async fn an_operation_answers_with_json() {
    let answer = catalogue([doubling()]).call(user(), "test.double", r#"{"number":21}"#).await;
    assert_eq!(answer.unwrap().get(), "42");
}

#[tokio::test(start_paused = true)]
async fn refusals_come_in_their_order() {
    let catalogue = catalogue([doubling()]);
    let nobody = || Caller::new("", Role::Moderator);
    let moderator = || Caller::new("m", Role::Moderator);
    assert_eq!(refused(&catalogue, nobody(), "test.treble", "?").await, "method not found");
    assert_eq!(refused(&catalogue, nobody(), "test.double", "?").await, "unauthorized");
    for _ in 0..3 {
        assert_eq!(refused(&catalogue, moderator(), "test.double", "?").await, "permission denied");
    }
    let malformed = refused(&catalogue, user(), "test.double", "").await;
    assert_eq!(malformed, r#"bad request {"reason":"missing field `number` at line 1 column 2"}"#);
    assert!(refused(&catalogue, user(), "test.double", "null").await.starts_with("bad request"));
    let limited = refused(&catalogue, user(), "test.double", "?").await;
    assert_eq!(limited, r#"rate_limited {"retry_ms":1000}"#);
}

#[tokio::test(start_paused = true)]
async fn services_have_no_bucket() {
    let catalogue = catalogue([doubling()]);
    for _ in 0..100 {
        let service = Caller::new("s", Role::Service);
        assert!(catalogue.call(service, "test.double", r#"{"number":1}"#).await.is_ok());
    }
}

/// An operation that begins, waits to be told, and then counts itself.
struct Slow {
    begun: Arc<Notify>,
    go_on: Arc<Notify>,
    ended: Arc<AtomicUsize>,
}

fn slow() -> (Operation, Slow) {
    let slow = Slow { begun: Arc::default(), go_on: Arc::default(), ended: Arc::default() };
    let (begun, go_on, ended) = (slow.begun.clone(), slow.go_on.clone(), slow.ended.clone());
    let run = move |_, _: serde_json::Value| {
        let (begun, go_on, ended) = (begun.clone(), go_on.clone(), ended.clone());
        async move {
            begun.notify_one();
            go_on.notified().await;
            ended.fetch_add(1, Ordering::SeqCst);
            Ok(())
        }
    };
    (Operation::new("test.slow", "Waits.", &[Role::User], Rate::Read, run), slow)
}

#[tokio::test(start_paused = true)]
async fn an_operation_that_takes_too_long_is_answered_and_still_ends() {
    let (operation, slow) = slow();
    let catalogue = catalogue([operation]);
    let answer = refused(&catalogue, user(), "test.slow", "").await;
    assert!(answer.starts_with("internal server error"), "{answer}");
    assert_eq!(slow.ended.load(Ordering::SeqCst), 0);
    slow.go_on.notify_one();
    catalogue.finish().await;
    assert_eq!(slow.ended.load(Ordering::SeqCst), 1);
}

#[tokio::test(start_paused = true)]
async fn an_operation_whose_caller_goes_away_still_ends() {
    let (operation, slow) = slow();
    let catalogue = catalogue([operation]);
    tokio::select! {
        _ = catalogue.call(user(), "test.slow", "") => unreachable!("nobody told it to go on"),
        () = slow.begun.notified() => {}
    }
    slow.go_on.notify_one();
    catalogue.finish().await;
    assert_eq!(slow.ended.load(Ordering::SeqCst), 1);
}

#[tokio::test(start_paused = true)]
async fn more_than_may_run_at_once_is_refused_until_there_is_room() {
    let (operation, slow) = slow();
    let catalogue = catalogue([operation, doubling()]);
    let first = catalogue.call(user(), "test.slow", "");
    tokio::pin!(first);
    tokio::select! {
        _ = &mut first => unreachable!("nobody told it to go on"),
        () = slow.begun.notified() => {}
    }
    let second = refused(&catalogue, user(), "test.double", r#"{"number":1}"#).await;
    assert!(second.starts_with("unavailable"), "{second}");
    slow.go_on.notify_one();
    assert!(first.await.is_ok());
    assert!(catalogue.call(user(), "test.double", r#"{"number":1}"#).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_panic_in_an_operation_is_an_answer() {
    let run = |_, numbers: Vec<u32>| async move { Ok(numbers[7]) };
    let catalogue = catalogue([Operation::new("test.panic", "", &[Role::User], Rate::Read, run)]);
    assert_eq!(refused(&catalogue, user(), "test.panic", "[]").await, "internal server error");
    tokio::time::timeout(Duration::from_secs(1), catalogue.finish()).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn every_call_is_counted_by_operation_and_outcome() {
    let metrics = Metrics::default();
    let catalogue = catalogue([doubling()]).measured(metrics.clone());
    for (caller, name, input) in [
        (user(), "test.double", r#"{"number":1}"#),
        (user(), "test.double", "?"),
        (user(), "made up by a client", ""),
        (Caller::new("", Role::User), "test.double", ""),
    ] {
        drop(catalogue.call(caller, name, input).await);
    }
    let page = metrics.encode();
    let mut lines: Vec<_> = page.lines().filter(|l| l.starts_with("belfry_operations")).collect();
    lines.sort_unstable();
    insta::assert_snapshot!(lines.join("\n"), @r#"
    belfry_operations_total{operation="test.double",outcome="done"} 1
    belfry_operations_total{operation="test.double",outcome="refused"} 2
    belfry_operations_total{operation="unknown",outcome="refused"} 1
    "#);
    assert!(page.contains(r#"belfry_operation_time_seconds_count{operation="test.double"} 1"#));
}

#[test]
#[should_panic(expected = "test.double is declared twice")]
fn a_name_declared_twice_is_found_at_start() {
    catalogue([doubling(), doubling()]);
}
