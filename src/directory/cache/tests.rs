//! What is remembered, for how long, and who asks for it.

use std::sync::atomic::{AtomicU32, Ordering};

use futures_util::future::join_all;
use tokio::{sync::Semaphore, task::yield_now};

use super::*;
use crate::{ids::UserId, store};

async fn answer(cache: &Cache<UserId, u32>, key: &str, value: u32) -> Option<u32> {
    let found = cache.read(&key.into(), || async { Ok(Some(value)) }).await.unwrap();
    found.map(|value| *value)
}

#[tokio::test(start_paused = true)]
async fn an_answer_is_kept_until_it_is_stale_or_forgotten() {
    let cache = Cache::new(8);
    assert_eq!(answer(&cache, "a", 10).await, Some(10));
    assert_eq!(answer(&cache, "a", 11).await, Some(10));
    tokio::time::advance(FRESH).await;
    assert_eq!(answer(&cache, "a", 12).await, Some(12));
    cache.forget(&"a".into());
    assert_eq!(answer(&cache, "a", 13).await, Some(13));
}

#[tokio::test(start_paused = true)]
async fn it_never_holds_more_than_its_bound() {
    let cache = Cache::new(8);
    for key in 0..100 {
        answer(&cache, &key.to_string(), key).await;
        assert!(cache.entries.len() <= 8);
    }
}

#[tokio::test]
async fn what_is_no_id_is_neither_looked_for_nor_kept() {
    let cache = Cache::new(8);
    for key in ["", "x y", "号", &"x".repeat(65), &"x".repeat(250_000)] {
        assert_eq!(answer(&cache, key, 1).await, None);
    }
    assert!(cache.entries.is_empty());
    assert_eq!(answer(&cache, &"x".repeat(64), 1).await, Some(1));
}
#[tokio::test]
async fn those_who_ask_at_once_ask_once_and_a_failure_is_not_remembered() {
    let (cache, key, asked) = (Cache::new(8), UserId::from("a"), AtomicU32::new(0));
    let ask = |answer: Result<Option<u32>, Fault>| {
        cache.read(&key, || async {
            asked.fetch_add(1, Ordering::Relaxed);
            yield_now().await;
            answer
        })
    };
    let down = || Err(Fault::Store(store::Fault::Unavailable));
    for answer in join_all([ask(down()), ask(down()), ask(down())]).await {
        answer.unwrap_err();
    }
    assert_eq!(asked.load(Ordering::Relaxed), 1);
    for answer in join_all([ask(Ok(Some(1))), ask(Ok(Some(2))), ask(Ok(None))]).await {
        assert_eq!(answer.unwrap().as_deref(), Some(&1));
    }
    assert_eq!(asked.load(Ordering::Relaxed), 2);
}

#[tokio::test]
async fn what_is_forgotten_while_it_is_asked_for_is_asked_for_anew() {
    let (cache, gate) = (Cache::new(8), Semaphore::new(0));
    let early = async {
        let load = || async {
            drop(gate.acquire().await);
            Ok(Some(1))
        };
        cache.read(&UserId::from("a"), load).await.unwrap()
    };
    let late = async {
        cache.forget(&"a".into());
        let found = answer(&cache, "a", 2).await;
        gate.add_permits(1);
        found
    };
    let (early, late) = tokio::join!(early, late);
    assert_eq!((early.as_deref(), late), (Some(&1), Some(2)));
    assert_eq!(answer(&cache, "a", 3).await, Some(2), "the older answer is not kept");
}

#[tokio::test]
async fn whoever_gives_up_waiting_leaves_the_question_to_the_next() {
    let (cache, key) = (Cache::new(8), UserId::from("a"));
    let mut first = Box::pin(cache.read(&key, std::future::pending));
    assert!(futures_util::poll!(&mut first).is_pending());
    drop(first);
    assert_eq!(answer(&cache, "a", 2).await, Some(2));
}
