//! How many records a second become durable, by how many append at once; and what sealing costs.
//!
//! `cargo bench --bench append`. Each append is what a consultation's message costs: its thread's
//! head, the sealed record, and a row beside it, in a SQLite file that is synced at each commit.

use std::{
    hint::black_box,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use belfry::{
    archive::{Archive, Draft, Window},
    clock::Clock,
    config,
    store::{Statement, Store},
    telemetry::{Health, Metrics},
};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use tempfile::TempDir;
use tokio::{runtime::Runtime, time::Instant};

/// The allocator of the server itself.
#[cfg(not(target_env = "msvc"))]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// Conversations that are written to, in no order.
const THREADS: u64 = 4_096;

/// A message of 60 Chinese characters and its envelope, as consultations store them.
const CONTENT: usize = 260;

struct Bench {
    runtime: Runtime,
    archive: Archive,
    store: Store,
    next: Arc<AtomicU64>,
    _folder: TempDir,
}

impl Bench {
    fn new() -> Self {
        let runtime = Runtime::new().expect("a runtime starts");
        let folder = TempDir::new().expect("a folder can be made");
        let (store, archive) = runtime.block_on(open(&folder));
        let bench = Self { runtime, archive, store, next: Arc::default(), _folder: folder };
        // Every thread and its row exist before the clock runs.
        bench.append(THREADS, 512);
        bench
    }

    /// Appends `count` records, `at_once` at a time, and tells how long that took.
    fn append(&self, count: u64, at_once: u64) -> Duration {
        self.runtime.block_on(async {
            let left = Arc::new(AtomicU64::new(count));
            let start = Instant::now();
            let tasks: Vec<_> = (0..at_once.min(count))
                .map(|_| {
                    tokio::spawn(appender(self.archive.clone(), left.clone(), self.next.clone()))
                })
                .collect();
            for task in tasks {
                task.await.expect("no appender panics");
            }
            start.elapsed()
        })
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        self.runtime.block_on(async {
            self.archive.close().await;
            self.store.close().await;
        });
    }
}

async fn open(folder: &TempDir) -> (Store, Archive) {
    let section = config::store::Store::sqlite(&folder.path().join("belfry.db"));
    let (metrics, health) = (Metrics::new(), Health::default().part("store"));
    let store = Store::open(&section, &metrics, health).await.expect("the database opens");
    let table = "CREATE TABLE beside (id TEXT PRIMARY KEY, seq BIGINT, at_ms BIGINT, lines BIGINT)";
    store.commit(vec![Statement::new(table)]).await.expect("the table is made");
    let lanes = config::archive::Archive::default();
    let keys = config::keys::Keys { file: folder.path().join("keys.toml"), ..Default::default() };
    let archive = Archive::open(store.clone(), &lanes, &keys, Clock::system(), &metrics).await;
    (store, archive.expect("the archive opens"))
}

async fn appender(archive: Archive, left: Arc<AtomicU64>, next: Arc<AtomicU64>) {
    while left
        .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1))
        .is_ok()
    {
        let number = next.fetch_add(1, Ordering::Relaxed);
        archive.append(draft(number)).await.expect("the record is stored");
    }
}

fn draft(number: u64) -> Draft {
    // A multiplier without a common factor visits every thread, none soon again.
    let thread = format!("019ab3c4d5e67f80{:016x}", number.wrapping_mul(2_654_435_761) % THREADS);
    let beside = Statement::new(
        "INSERT INTO beside (id, seq, at_ms, lines) VALUES ($1, $seq, $at, 1)
         ON CONFLICT (id) DO UPDATE SET seq = excluded.seq, at_ms = excluded.at_ms, lines = beside.lines + 1",
    );
    Draft {
        author: format!("user{}", number % 997),
        client_id: Some(format!("0190a1b2-c3d4-7e5f-8a9b-{number:012x}")),
        kind: "message",
        content: vec![b'x'; CONTENT],
        beside: vec![beside.bind(thread.as_str()).touching(1)],
        thread,
    }
}

fn appending(criterion: &mut Criterion) {
    let bench = Bench::new();
    let mut group = criterion.benchmark_group("append");
    group.throughput(Throughput::Elements(1)).sample_size(10);
    group.warm_up_time(Duration::from_secs(2)).measurement_time(Duration::from_secs(8));
    for at_once in [1, 64, 512] {
        group.bench_function(format!("{at_once} at once"), |bencher| {
            bencher.iter_custom(|count| bench.append(count, at_once));
        });
    }
    group.finish();
}

fn reading(criterion: &mut Criterion) {
    let bench = Bench::new();
    let thread = draft(0).thread;
    bench.runtime.block_on(async {
        for number in 1..=50 {
            let draft = Draft { thread: thread.clone(), ..draft(number * THREADS) };
            bench.archive.append(draft).await.expect("the record is stored");
        }
    });
    criterion.bench_function("read 50 records and open them", |bencher| {
        bencher.iter(|| {
            let read = bench.archive.read(black_box(&thread), Window::newest(50));
            bench.runtime.block_on(read).expect("the records open")
        });
    });
}

criterion_group!(benches, appending, reading);
criterion_main!(benches);
