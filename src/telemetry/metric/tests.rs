//! The catalogue is complete, well named, and reaches the page that Prometheus reads.

use std::{collections::BTreeSet, time::Duration};

use super::*;
use crate::{
    error::Code,
    telemetry::label::{Command, Door, Outcome, Transport},
};

/// The lines of the page that are numbers and begin with `start`.
fn lines(metrics: &Metrics, start: &str) -> Vec<String> {
    let page = metrics.encode();
    page.lines().filter(|line| line.starts_with(start)).map(str::to_owned).collect()
}

#[test]
fn no_two_metrics_share_a_name() {
    let names: BTreeSet<_> = Metric::ALL.iter().map(|metric| metric.name()).collect();
    assert_eq!(names.len(), Metric::ALL.len());
}

#[test]
fn a_name_carries_its_unit_and_its_kind() {
    assert_eq!(Metric::Written.name(), "belfry_written_bytes_total");
    assert_eq!(Metric::CommitTime.name(), "belfry_commit_time_seconds");
    assert_eq!(Metric::Sessions.name(), "belfry_sessions");
}

#[test]
fn the_names_in_the_catalogue_are_the_names_on_the_page() {
    let metrics = Metrics::new();
    metrics.written.add(1_460);
    metrics.commit_time.time(Duration::from_millis(3));
    metrics.refusals.one(&ByRefusal { door: Door::Http, code: Code::NotInScope });
    metrics.commands.one(&ByCommand { command: Command::Rpc, outcome: Outcome::Done });
    for metric in [Metric::Written, Metric::CommitTime, Metric::Refusals, Metric::Commands] {
        let found = lines(&metrics, &metric.name());
        assert!(!found.is_empty(), "{metric:?}");
        for label in metric.labels() {
            assert!(found[0].contains(&format!("{label}=\"")), "{label} is not in {found:?}");
        }
    }
    assert_eq!(lines(&metrics, "belfry_written_bytes_total"), ["belfry_written_bytes_total 1460"]);
    assert_eq!(
        lines(&metrics, "belfry_refusals_total"),
        [r#"belfry_refusals_total{door="http",code="403",reason="not_in_scope"} 1"#]
    );
    assert!(metrics.encode().ends_with("# EOF\n"));
}

#[test]
fn a_level_falls_when_its_guard_is_dropped() {
    let metrics = Metrics::new();
    let open = metrics.connections.of(&ByTransport { transport: Transport::WebSocket });
    let line = |number| vec![format!("belfry_connections{{transport=\"websocket\"}} {number}")];
    let (first, second) = (open.hold(), open.hold());
    assert_eq!(lines(&metrics, "belfry_connections{"), line(2));
    drop((first, second));
    assert_eq!(lines(&metrics, "belfry_connections{"), line(0));
}

#[test]
fn clones_share_their_numbers() {
    let metrics = Metrics::new();
    let clone = metrics.clone();
    clone.deliveries.add(3);
    metrics.deliveries.one();
    assert_eq!(lines(&metrics, "belfry_deliveries_total"), ["belfry_deliveries_total 4"]);
}

#[test]
fn the_operators_table_is_the_catalogue() {
    let row = |metric: &Metric| {
        let labels = metric.labels().iter().map(|label| format!("`{label}`")).collect::<Vec<_>>();
        let (name, kind) = (metric.name(), format!("{:?}", metric.kind()).to_lowercase());
        format!("| `{name}` | {kind} | {} | {} |\n", labels.join(", "), metric.help())
    };
    let head = "\n| Metric | Kind | Labels | Meaning |\n|---|---|---|---|\n".to_owned();
    let table = Metric::ALL.iter().map(row).fold(head, |table, row| table + &row);
    let document = include_str!("../../../docs/METRICS.md");
    let (_, rest) = document.split_once("<!-- metrics -->").unwrap();
    let (written, _) = rest.split_once("<!-- /metrics -->").unwrap();
    assert!(written.trim() == table.trim(), "write into docs/METRICS.md:\n{table}");
}
