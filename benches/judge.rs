//! What judging costs: single messages, much text at once, and texts that were made to be slow.
//!
//! `cargo bench --bench judge`. The messages are the labelled lines of `tests/moderation`, once with
//! the built-in rules, once with these without the prior, and once with 110 000 words of an operator
//! beside them. Before criterion takes its samples, a table of percentiles over single messages is
//! printed, which criterion has not.

use std::{hint::black_box, time::Duration};

use belfry::{
    config,
    moderation::{Moderation, Place, Question, RuleSet, Side},
};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use serde::Deserialize;
use tokio::time::Instant;

mod words;

/// The allocator of the server itself.
#[cfg(not(target_env = "msvc"))]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// How often every message is judged for the percentiles; the fastest of them counts, since what
/// else the machine did is no cost of judging.
const ROUNDS: usize = 15;
/// The longest message that the percentiles are of, in characters.
const CHARS_MAX: usize = 200;
/// How much text is judged at once, in bytes.
const BULK: usize = 64 * 1_024;
/// How long texts are that were made to be slow, in bytes.
const HOSTILE: usize = 1 << 20;

/// A labelled line, as far as it matters here.
#[derive(Deserialize)]
struct Line {
    text: String,
    sender: String,
    #[serde(default)]
    prev: Vec<String>,
}

impl Line {
    fn judge(&self, set: &RuleSet) {
        let earlier: Vec<&str> = self.prev.iter().map(String::as_str).collect();
        let side = if self.sender == "tutor" { Side::Institution } else { Side::User };
        let text = self.text.as_str();
        black_box(set.judge(Question { text, earlier: &earlier, place: Place::Consult, side }));
    }
}

fn lines(files: &[&str]) -> Vec<Line> {
    let parse = |line: &str| serde_json::from_str(line).expect("the lines are labelled");
    let read = |file: &&str| {
        let path = format!("{}/tests/moderation/{file}", env!("CARGO_MANIFEST_DIR"));
        std::fs::read_to_string(path).expect("the lines come with the source")
    };
    files.iter().map(read).flat_map(|file| file.lines().map(parse).collect::<Vec<_>>()).collect()
}

fn sets() -> [(&'static str, RuleSet); 3] {
    let moderation = Moderation::load(&config::moderation::Moderation::default())
        .expect("the rules are built in");
    let mut files = belfry::moderation::files("").expect("the rules are built in");
    let built_in = moderation.compile(files.clone()).expect("the rules are sound");
    let rules = files.iter().filter(|(name, _)| name != "prior.tsv").cloned();
    let rules = moderation.compile(rules).expect("the rules are sound");
    files.push(("sensitive.txt".to_owned(), words::made_up()));
    let large = moderation.compile(files).expect("the list is sound");
    [("built-in", built_in), ("without_the_prior", rules), ("with_110_000_words", large)]
}

#[expect(clippy::print_stderr, reason = "what was measured is for whoever runs it")]
fn percentiles(name: &str, set: &RuleSet, what: &str, lines: &[Line]) {
    let short = lines.iter().filter(|line| line.text.chars().count() <= CHARS_MAX);
    let mut times: Vec<Duration> = short
        .map(|line| {
            let once = |_| {
                let begin = Instant::now();
                line.judge(set);
                begin.elapsed()
            };
            (0..ROUNDS).map(once).min().unwrap_or_default()
        })
        .collect();
    times.sort_unstable();
    let at = |part: usize| times[(times.len() - 1) * part / 100].as_nanos() as f64 / 1e3;
    eprintln!(
        "{name}: {} {what} messages, p50 {:.1} µs, p90 {:.1} µs, p99 {:.1} µs, longest {:.1} µs",
        times.len(),
        at(50),
        at(90),
        at(99),
        at(100)
    );
}

fn judging(criterion: &mut Criterion) {
    let benign = lines(&["benign.tune.jsonl", "benign.judge.jsonl"]);
    let evasion = lines(&["evasion.tune.jsonl", "evasion.judge.jsonl"]);
    let sets = sets();
    for (name, set) in &sets {
        percentiles(name, set, "benign", &benign);
        percentiles(name, set, "evasive", &evasion);
    }

    let mut group = criterion.benchmark_group("messages");
    let bytes: usize = benign.iter().map(|line| line.text.len()).sum();
    group.throughput(Throughput::Bytes(bytes as u64));
    for (name, set) in &sets {
        group.bench_function(*name, |bencher| {
            bencher.iter(|| benign.iter().for_each(|line| line.judge(set)));
        });
    }
    group.finish();

    let mut group = criterion.benchmark_group("bulk");
    let mut text = String::new();
    for line in benign.iter().cycle() {
        if text.len() >= BULK {
            break;
        }
        text.push_str(&line.text);
        text.push('\n');
    }
    let long = Line { text, sender: "user".to_owned(), prev: Vec::new() };
    group.throughput(Throughput::Bytes(long.text.len() as u64));
    for (name, set) in &sets {
        group.bench_function(*name, |bencher| bencher.iter(|| long.judge(set)));
    }
    group.finish();
}

/// Texts that nobody writes but who wants to stop the server: linear time each.
fn hostile(criterion: &mut Criterion) {
    let [(_, set), ..] = sets();
    let mut group = criterion.benchmark_group("hostile_1_MiB");
    group.sample_size(10);
    for (name, unit) in [
        ("combining_marks", "a\u{301}\u{302}\u{303}"),
        ("zero_width", "\u{200b}\u{200d}\u{feff}"),
        ("keycaps", "1\u{fe0f}\u{20e3}"),
        ("pictures", "📱💰"),
        ("digits_and_signs", "1-2*3 "),
        ("letters", "jiaweixin"),
        ("cues", "加我微信"),
        ("dots", "a.b@c"),
    ] {
        let text = unit.repeat(HOSTILE / unit.len());
        let line = Line { text, sender: "user".to_owned(), prev: Vec::new() };
        group.bench_function(name, |bencher| bencher.iter(|| line.judge(&set)));
    }
    group.finish();
}

criterion_group!(benches, judging, hostile);
criterion_main!(benches);
