//! Several servers side by side: medians of their reports as a table and as a page.

use std::fs;

use anyhow::{Context as _, ensure};
use serde_json::Value;

use crate::{
    page::Page,
    plot::{Across, Line, bars, lines},
    report::{median, shown},
};

/// What is compared: the measure's name, and the head of its column.
const COLUMNS: [(&str, &str); 24] = [
    ("subscribers", "viewers"),
    ("connections", "connections"),
    ("rate", "wanted/s"),
    ("published_per_s", "published/s"),
    ("per_s", "a second"),
    ("per_cpu_s", "a CPU-second"),
    ("sendloop_per_cpu_s", "bare loop a CPU-second"),
    ("ratio", "ratio"),
    ("p50_ms", "p50 ms"),
    ("p99_ms", "p99 ms"),
    ("publications_per_frame", "in a frame"),
    ("publications_per_read", "in a read"),
    ("delivered_share", "delivered"),
    ("unsent", "unsent"),
    ("missing", "missing"),
    ("lost", "lost"),
    ("unanswered", "unanswered"),
    ("server_resident_bytes_max", "RSS MiB"),
    ("bytes_per_connection", "bytes a connection"),
    ("resident_bytes_per_connection", "resident"),
    ("kernel_bytes_per_socket", "kernel's a socket"),
    ("queued_bytes_per_socket", "queued a socket"),
    ("idle_cpu_share", "idle cores"),
    ("tool_bytes_per_connection", "tool's bytes a connection"),
];

/// One server's runs.
#[derive(Debug)]
struct Server {
    name: String,
    runs: Vec<Value>,
}

/// The table in Markdown, and the page.
///
/// # Errors
/// When a file cannot be read or holds no report.
pub(crate) fn run(reports: &[String]) -> anyhow::Result<(String, String)> {
    let servers = reports.iter().map(|report| Server::read(report));
    let servers = servers.collect::<anyhow::Result<Vec<_>>>()?;
    let rows = rows(&servers);
    let mut page = Page::new("belfry-loadtest: compare");
    page.table(&rows);
    let groups: Vec<_> = servers
        .iter()
        .map(|server| {
            let values = ["per_cpu_s", "sendloop_per_cpu_s"].map(|name| server.median(name));
            (server.name.clone(), values.to_vec())
        })
        .collect();
    let title = "Deliveries a CPU-second, beside a bare send loop in the same runs";
    page.draw(&bars(title, &["server", "bare loop"], &groups));
    let curves: Vec<_> = servers.iter().map(Server::curve).collect();
    let title = "Latency from due to heard, in milliseconds, by percentile (the middle run)";
    page.draw(&lines(title, Across::Quantiles, &curves, &[]));
    let runs = servers.iter().flat_map(|server| &server.runs).collect::<Vec<_>>();
    Ok((markdown(&rows), page.finish(&serde_json::to_string(&runs)?)))
}

impl Server {
    /// `NAME=FILE`; other lines of the file are passed over.
    fn read(report: &str) -> anyhow::Result<Self> {
        let (name, file) = report.split_once('=').context("reports are given as NAME=FILE")?;
        let text = fs::read_to_string(file).with_context(|| format!("read {file}"))?;
        let lines = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let runs: Vec<_> = lines.filter(|run| run["scenario"].is_string()).collect();
        ensure!(!runs.is_empty(), "{file} holds no report");
        Ok(Self { name: name.to_owned(), runs })
    }

    fn median(&self, measure: &str) -> Option<f64> {
        median(self.runs.iter().filter_map(|run| run[measure].as_f64()))
    }

    /// The curve of the run whose p99 is in the middle.
    fn curve(&self) -> Line {
        let p99 = |run: &Value| run["p99_ms"].as_f64().unwrap_or(f64::INFINITY);
        let mut runs: Vec<_> = self.runs.iter().collect();
        runs.sort_by(|a, b| p99(a).total_cmp(&p99(b)));
        let curve = &runs[(runs.len() - 1) / 2]["curve"];
        let points = curve.as_array().into_iter().flatten();
        let points = points.filter_map(|point| Some([point[0].as_f64()?, point[1].as_f64()?]));
        Line { name: self.name.clone(), points: points.collect() }
    }
}

fn rows(servers: &[Server]) -> Vec<Vec<String>> {
    let is_known = |(measure, _): &&(&str, &str)| {
        servers.iter().any(|server| server.median(measure).is_some())
    };
    let columns: Vec<_> = COLUMNS.iter().filter(is_known).collect();
    let heads = columns.iter().map(|(_, head)| (*head).to_owned());
    let mut rows = vec![std::iter::once("server".to_owned()).chain(heads).collect()];
    for server in servers {
        let value = |(measure, head): &&(&str, &str)| match server.median(measure) {
            None => "-".to_owned(),
            Some(bytes) if head.ends_with("MiB") => format!("{:.0}", bytes / f64::from(1 << 20)),
            Some(value) => shown(value),
        };
        let cells = columns.iter().map(value);
        rows.push(std::iter::once(server.name.clone()).chain(cells).collect());
    }
    rows
}

fn markdown(rows: &[Vec<String>]) -> String {
    let line = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
    let rule = format!("|{}\n", "---|".repeat(rows[0].len()));
    let body: String = rows[1..].iter().map(|row| line(row)).collect();
    format!("{}{rule}{body}", line(&rows[0]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians_of_each_server_stand_in_a_row_of_their_own() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| {
            let path = folder.path().join(name);
            fs::write(&path, text).unwrap();
            format!("{name}={}", path.display())
        };
        let line = |p99: f64| format!(r#"{{"scenario":"room","p99_ms":{p99},"per_s":10}}"#);
        let ours =
            write("ours", &format!("a word\n{}\n{}\n{}\n", line(3.0), line(90.0), line(5.0)));
        let theirs = write("theirs", r#"{"scenario":"room","lost":2,"curve":[[0,1.5],[0.9,2]]}"#);
        let (table, page) = run(&[ours, theirs]).unwrap();
        let rows: Vec<_> = table.lines().collect();
        assert_eq!(rows.len(), 4);
        assert!(rows[2].starts_with("| ours |") && rows[2].contains("| 5 |"), "{table}");
        assert!(rows[3].contains("| 2 |") && rows[3].contains("| - |"), "{table}");
        assert!(page.contains("polyline"), "{page}");
        let empty = write("empty", "nothing\n");
        assert!(run(&[empty]).is_err());
    }
}
