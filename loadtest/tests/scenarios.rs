//! Every scenario against a small server in this process, as a script would run it.

#![expect(clippy::unwrap_used, reason = "what cannot be had is a failed test")]

use std::net::SocketAddr;

use belfry::{
    app::App,
    clock::Clock,
    config::{
        Config,
        channels::{Namespace, Who},
        value::{Secret, Span},
    },
};
use serde_json::Value;
use tokio::{process::Command, task::JoinHandle};
use tokio_util::sync::CancellationToken;

const SECRET: &str = "a secret of the tests, of no use elsewhere";

struct House {
    address: SocketAddr,
    stop: CancellationToken,
    running: JoinHandle<()>,
    _files: tempfile::TempDir,
}

impl House {
    async fn open() -> Self {
        let files = tempfile::tempdir().unwrap();
        let mut config = Config::default();
        config.http.listen = SocketAddr::from(([127, 0, 0, 1], 0));
        config.identity.hmac_secret = Secret::new(SECRET);
        config.identity.secret_file = files.path().join("secret").to_str().unwrap().to_owned();
        config.store.url = format!("sqlite:{}", files.path().join("belfry.db").display());
        config.keys.file = files.path().join("keys.toml");
        config.media.url = format!("file:{}", files.path().join("media").display());
        config.rates.send.per_second = 0;
        config.rates.write.per_second = 0;
        config.client.commands_per_second = 0;
        config.live.stats_every = Span::milliseconds(500);
        let load = Namespace { subscribe: Who::User, publish: Who::User, ..Namespace::default() };
        let kept = Namespace { history_size: 100, history_ttl: Span::seconds(60), ..load.clone() };
        let quiet = Namespace { publish: Who::Nobody, ..load.clone() };
        for (name, namespace) in [("load", load), ("kept", kept), ("quiet", quiet)] {
            config.channels.namespaces.insert(name.to_owned(), namespace);
        }
        let app = App::build(config, Clock::system()).await.unwrap();
        let (address, stop) = (app.address(), CancellationToken::new());
        let running = tokio::spawn(app.run(stop.clone()));
        Self { address, stop, running, _files: files }
    }

    /// Runs the tool; its exit status and what it reports.
    async fn measure(&self, arguments: &str) -> (i32, Value) {
        let url = format!("ws://{}/connection/websocket", self.address);
        let output = Command::new(env!("CARGO_BIN_EXE_belfry-loadtest"))
            .args(arguments.split(' '))
            .args(["--url", &url, "--hmac-secret", SECRET])
            .args(["--pid", &std::process::id().to_string()])
            .output()
            .await
            .unwrap();
        let words = String::from_utf8(output.stderr).unwrap();
        let report = serde_json::from_slice(&output.stdout);
        (output.status.code().unwrap(), report.unwrap_or_else(|_| Value::from(words)))
    }

    async fn close(self) {
        self.stop.cancel();
        self.running.await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_room_hears_every_publication_in_both_encodings() {
    let house = House::open().await;
    let room = "room --subscribers 8 --rate 100 --burst 3 --rounds 2 --turn 50ms";
    for encoding in ["", " --protobuf"] {
        let (status, report) = house.measure(&format!("{room}{encoding}")).await;
        assert_eq!(status, 0, "{report}");
        assert_eq!(report["missing"], 0.0, "{report}");
        assert_eq!(report["deliveries"], 2.0 * 5.0 * 3.0 * 8.0, "{report}");
        assert!(report["p99_ms"].as_f64().unwrap() > 0.0, "{report}");
        assert!(report["sendloop_per_cpu_s"].as_f64().unwrap() > 0.0, "{report}");
    }
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_never_reads_delays_nobody_and_a_stream_has_no_gaps() {
    let house = House::open().await;
    let room = "room --channel kept:room --subscribers 8 --stalled 3 --rate 200 --rounds 2 \
                --turn 100ms --publishers 3 --bytes 1000 --no-yardstick";
    let budget = "--budget missing<=0 --budget lost<=0 --budget refused<=0 --budget unsent<=0";
    let (status, report) = house.measure(&format!("{room} {budget}")).await;
    assert_eq!(status, 0, "{report}");
    assert_eq!(report["published"], 40.0, "{report}");
    assert_eq!(report["deliveries"], 40.0 * 8.0, "{report}");
    for measure in ["surplus", "skipped_offsets", "disordered_offsets", "stalled_closed"] {
        assert_eq!(report[measure], 0.0, "{measure}: {report}");
    }
    assert_eq!((&report["stalled"], &report["delivered_share"]), (&3.0.into(), &1.0.into()));
    assert_eq!(report["deliveries_of_the_least_viewer"], 40.0, "{report}");
    assert!(report["bytes_per_publication"].as_f64().unwrap() > 1_000.0, "{report}");
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn publications_that_are_refused_are_counted_and_not_waited_for() {
    let house = House::open().await;
    let room = "room --channel quiet:room --subscribers 2 --rate 100 --rounds 1 --turn 50ms";
    let (status, report) = house.measure(&format!("{room} --budget refused<=0")).await;
    assert_eq!(status, 1, "{report}");
    assert_eq!((&report["refused"], &report["missing"]), (&5.0.into(), &0.0.into()), "{report}");
    assert!(report["notes"][0].as_str().unwrap().contains("103"), "{report}");
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_live_room_shows_what_it_can_and_its_other_news_do_not_count() {
    let house = House::open().await;
    let room = "room --channel live:load --publish comment --subscribers 4 --publishers 16 \
                --rounds 2 --turn 800ms --no-yardstick";
    let budget = "--budget missing<=0 --budget surplus<=0 --budget lost<=0 --budget refused<=0 \
                  --budget held<=0 --budget unsent<=0";
    let count = |report: &Value, measure: &str| report[measure].as_f64().unwrap();
    // The second run finds the room begun, and authors whose keys the server remembers.
    for encoding in ["", " --protobuf"] {
        let (status, report) = house.measure(&format!("{room} --rate 20 {budget}{encoding}")).await;
        assert_eq!(status, 0, "{report}");
        assert_eq!(count(&report, "published"), 32.0, "{report}");
        let certain = count(&report, "published") - count(&report, "sampled");
        assert!(count(&report, "deliveries") >= 4.0 * certain, "{report}");
        assert!(count(&report, "p99_ms") > 0.0, "{report}");
    }
    let (status, report) = house.measure(&format!("{room} --rate 100 {budget}")).await;
    assert_eq!(status, 0, "{report}");
    assert!(count(&report, "sampled") > 0.0, "{report}");
    assert!(count(&report, "delivered_share") < 1.0, "{report}");
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn reports_are_pages_and_stand_side_by_side() {
    let house = House::open().await;
    let files = tempfile::tempdir().unwrap();
    let file = |name: &str| files.path().join(name).to_str().unwrap().to_owned();
    let room = "room --subscribers 4 --rate 100 --rounds 2 --turn 300ms";
    let (status, report) = house.measure(&format!("{room} --report {}", file("room.html"))).await;
    assert_eq!(status, 0, "{report}");
    let page = std::fs::read_to_string(file("room.html")).unwrap();
    assert_eq!(page.matches("<svg").count(), 5, "{page}");
    assert!(!page.contains("NaN"), "{page}");
    std::fs::write(file("room.json"), report.to_string()).unwrap();
    let compare = format!("compare a={0} b={0} --report {1}", file("room.json"), file("both.html"));
    let output = Command::new(env!("CARGO_BIN_EXE_belfry-loadtest"))
        .args(compare.split(' '))
        .output()
        .await
        .unwrap();
    let table = String::from_utf8(output.stdout).unwrap();
    assert_eq!(table.lines().count(), 4, "{table}");
    assert!(std::fs::read_to_string(file("both.html")).unwrap().contains("polyline"));
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn more_viewers_than_open_files_are_refused_before_anybody_comes() {
    let house = House::open().await;
    let (status, words) = house.measure("room --subscribers 100000000").await;
    assert_eq!(status, 2);
    assert!(words.as_str().unwrap().contains("ulimit -Hn"), "{words}");
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_storm_is_let_in_from_several_addresses() {
    let house = House::open().await;
    let (status, report) =
        house.measure("connect-storm --connections 40 --source-addresses 3").await;
    assert_eq!(status, 0, "{report}");
    assert_eq!(report["connections"], 40.0);
    assert!(report["per_s"].as_f64().unwrap() > 0.0, "{report}");
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn idle_connections_are_weighed() {
    let house = House::open().await;
    let (status, report) =
        house.measure("idle --connections 20 --channel load:{n} --hold 10ms").await;
    assert_eq!(status, 0, "{report}");
    assert!(report["anonymous_bytes"].as_f64().unwrap() > 0.0, "{report}");
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_said_is_acknowledged_and_heard_at_a_pace_and_without() {
    let house = House::open().await;
    let consult = "consult --conversations 3 --warm-up 10ms --duration 300ms";
    for pace in ["", " --rate 100", " --protobuf"] {
        let (status, report) = house.measure(&format!("{consult}{pace}")).await;
        assert_eq!(status, 0, "{report}");
        assert!(report["acknowledged"].as_f64().unwrap() > 0.0, "{report}");
        assert_eq!(report["unheard"], 0.0, "{report}");
        assert!(report["p99_ms"].as_f64() >= report["p50_ms"].as_f64(), "{report}");
        assert!(report["ack_p99_ms"].as_f64().unwrap() > 0.0, "{report}");
    }
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_exit_status_tells_of_missed_budgets_and_of_faults() {
    let house = House::open().await;
    let storm = "connect-storm --connections 4";
    let (missed, report) = house.measure(&format!("{storm} --min-rate 1e9")).await;
    assert_eq!((missed, &report["connections"]), (1, &Value::from(4.0)));
    let (kept, _) = house.measure(&format!("{storm} --min-rate 0.001 --max-p99-ms 60000")).await;
    assert_eq!(kept, 0);
    let (fault, words) = house.measure("connect-storm --connections 4 --channel nowhere:x").await;
    assert_eq!(fault, 2);
    assert!(words.as_str().unwrap().contains("refused a command: 102"), "{words}");
    house.close().await;
}
