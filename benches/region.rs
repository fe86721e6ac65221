//! What it costs to say where an address is, and to load the file that says it.
//!
//! `make region`, then `cargo bench --bench region`. The addresses are drawn by chance from all of IPv4.

use std::{hint::black_box, net::IpAddr};

use belfry::{config, region::Region, telemetry::Metrics};
use criterion::{Criterion, criterion_group, criterion_main};

/// Where `make region` puts the file.
const FILE: &str = "var/region/ip2region_v4.xdb";

fn places(criterion: &mut Criterion) {
    let config = config::region::Region { v4: FILE.to_owned(), v6: String::new() };
    let load = || Region::load(&config, &Metrics::new()).expect("`make region` fetches the file");
    let region = load();
    let mut random = fastrand::Rng::with_seed(7);
    let addresses: Vec<IpAddr> = (0..65_536).map(|_| IpAddr::V4(random.u32(..).into())).collect();
    let mut next = addresses.iter().cycle();

    let mut group = criterion.benchmark_group("region");
    group.bench_function("look_up", |bencher| {
        bencher.iter(|| black_box(next.next().map(|address| region.of(*address))));
    });
    group.sample_size(10);
    group.bench_function("load", |bencher| bencher.iter(|| black_box(load())));
    group.finish();
}

criterion_group!(benches, places);
criterion_main!(benches);
