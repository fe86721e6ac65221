//! What a rule set with 110 000 words of an operator costs: time to compile it, and memory.
//!
//! `cargo bench --bench rule_set`. The words are made up: two to five characters each, all different.

use std::hint::black_box;

use belfry::{
    config,
    moderation::{Moderation, Place, Question, Side},
};
use criterion::{Criterion, criterion_group, criterion_main};

mod words;

/// The allocator of the server itself.
#[cfg(not(target_env = "msvc"))]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// How many bytes this process has in memory.
fn resident() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok()).unwrap_or(0) * 1_024
}

#[expect(clippy::print_stderr, reason = "what was measured is for whoever runs it")]
fn large_lists(criterion: &mut Criterion) {
    let moderation = Moderation::load(&config::moderation::Moderation::default())
        .expect("the rules are built in");
    let mut files = belfry::moderation::files("").expect("the rules are built in");
    files.push(("sensitive.txt".to_owned(), words::made_up()));
    let question = Question {
        text: "请问老师，行测和申论怎么安排时间比较好？",
        earlier: &[],
        place: Place::Consult,
        side: Side::User,
    };
    // What the tables of the engine take is no part of it.
    moderation.judge(question);
    let before = resident();
    let set = moderation.compile(files.clone()).expect("the list is sound");
    let (size, grown) = (set.size(), resident().saturating_sub(before));
    eprintln!(
        "{} words, automata {} KiB, resident +{} KiB",
        size.words,
        size.bytes / 1_024,
        grown / 1_024
    );

    let mut group = criterion.benchmark_group("rule_set");
    group.sample_size(10);
    group.bench_function("compile_110_000_words", |bencher| {
        bencher.iter(|| black_box(moderation.compile(files.clone()).is_ok()));
    });
    group.bench_function("judge_with_110_000_words", |bencher| {
        bencher.iter(|| black_box(set.judge(question)));
    });
    group.finish();
}

criterion_group!(benches, large_lists);
criterion_main!(benches);
