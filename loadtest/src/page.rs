//! Reports as one page: numbers, plots and the JSON itself, complete in one file.

use std::fmt::Write as _;

use crate::{
    plot::{Across, Line, bars, escaped, lines},
    report::{Report, Round, shown},
    sampler::{Sample, Series},
};

const STYLE: &str = include_str!("page.css");

/// A page under way.
#[derive(Debug)]
pub(crate) struct Page {
    title: String,
    body: String,
}

impl Page {
    pub(crate) fn new(title: &str) -> Self {
        Self { title: title.to_owned(), body: String::new() }
    }

    /// A paragraph.
    pub(crate) fn say(&mut self, words: &str) {
        let _infallible = writeln!(self.body, "<p>{}</p>", escaped(words));
    }

    /// A table; the first row is its head.
    pub(crate) fn table(&mut self, rows: &[Vec<String>]) {
        self.body.push_str("<table>\n");
        for (number, row) in rows.iter().enumerate() {
            let cell = if number == 0 { "th" } else { "td" };
            let cells = row.iter().map(|words| format!("<{cell}>{}</{cell}>", escaped(words)));
            let _infallible = writeln!(self.body, "<tr>{}</tr>", cells.collect::<String>());
        }
        self.body.push_str("</table>\n");
    }

    /// A plot.
    pub(crate) fn draw(&mut self, svg: &str) {
        self.body.push_str(svg);
    }

    /// The whole document; `json` is kept in it, for programs.
    pub(crate) fn finish(self, json: &str) -> String {
        let title = escaped(&self.title);
        // The one sequence that would end the element early.
        let json = json.replace("</", "<\\/");
        format!(
            "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
             <meta name=\"viewport\" content=\"width=device-width\">\n<title>{title}</title>\n\
             <style>\n{STYLE}</style></head>\n<body><h1>{title}</h1>\n{}\
             <script type=\"application/json\" id=\"report\">{json}</script>\n</body></html>\n",
            self.body
        )
    }
}

/// The page of one run, which the command line `command` began.
pub(crate) fn of_run(report: &Report, command: &str, json: &str) -> String {
    let mut page = Page::new(&format!("belfry-loadtest: {}", report.scenario()));
    page.say(command);
    report.notes.iter().for_each(|note| page.say(note));
    if !report.curve.is_empty() {
        let line = Line { name: report.scenario().to_owned(), points: report.curve.clone() };
        let title = "Latency from due to heard, in milliseconds, by percentile";
        page.draw(&lines(title, Across::Quantiles, &[line], &[]));
    }
    if !report.rounds.is_empty() {
        page.draw(&of_rounds(&report.rounds));
    }
    draw_series(&mut page, report.scenario(), &report.series);
    let head = vec!["measure".to_owned(), "value".to_owned()];
    let measures = report.measures().iter();
    let rows = measures.map(|(name, value)| vec![(*name).to_owned(), shown(*value)]);
    page.table(&std::iter::once(head).chain(rows).collect::<Vec<_>>());
    page.finish(json)
}

fn of_rounds(rounds: &[Round]) -> String {
    let groups: Vec<_> = (1..)
        .zip(rounds)
        .map(|(number, round): (u32, _)| {
            (format!("round {number}"), vec![round.per_cpu_s, round.sendloop_per_cpu_s])
        })
        .collect();
    let title = "Deliveries a CPU-second, beside a bare send loop";
    bars(title, &["server", "bare loop"], &groups)
}

fn draw_series(page: &mut Page, scenario: &str, series: &Series) {
    if series.samples.is_empty() {
        return;
    }
    let bands: Vec<_> =
        series.phases.iter().map(|it| (it.from_seconds, it.to_seconds, it.name)).collect();
    let line = |name: &str, of: &dyn Fn(&Sample) -> Option<f64>| {
        let points = series.samples.iter().filter_map(|it| Some([it.seconds, of(it)?]));
        Line { name: name.to_owned(), points: points.collect() }
    };
    let counted = match scenario {
        "consult" => "Messages acknowledged a second",
        "idle" | "connect-storm" => "Newcomers a second",
        _ => "Deliveries a second",
    };
    let throughput = line("throughput", &|it| Some(it.per_s));
    page.draw(&lines(counted, Across::Seconds, &[throughput], &bands));
    let server = line("server", &|it| it.server_cores.map(|cores| cores * 100.0));
    let tool = line("this tool", &|it| Some(it.tool_cores * 100.0));
    page.draw(&lines("CPU, in % of a core", Across::Seconds, &[server, tool], &bands));
    let mib = |bytes: u64| bytes as f64 / f64::from(1 << 20);
    let resident = line("server, resident", &|it| it.server_resident_bytes.map(mib));
    let queued = line("queued in TCP sockets", &|it| it.queued_bytes.map(mib));
    page.draw(&lines("Memory, in MiB", Across::Seconds, &[resident, queued], &bands));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sampler::Phase;

    #[test]
    fn a_page_holds_numbers_plots_and_json_and_asks_for_nothing() {
        let mut report = Report::new("room");
        report.set("per_s", 1_234.0);
        report.notes.push("1 lost: <gone>".to_owned());
        report.curve = vec![[0.0, 1.0], [0.9, 2.0]];
        report.rounds = vec![Round { per_cpu_s: Some(9e4), sendloop_per_cpu_s: Some(1e5) }];
        let sample = Sample { seconds: 1.0, server_cores: Some(0.5), ..Sample::default() };
        let phase = Phase { name: "bare loop", from_seconds: 0.0, to_seconds: 1.0 };
        report.series = Series { samples: vec![sample; 2], phases: vec![phase] };
        let page = of_run(&report, "room --rate 1", r#"{"note":"</script>"}"#);
        assert_eq!(page.matches("<svg").count(), 5, "{page}");
        assert!(page.contains("1 lost: &lt;gone&gt;") && page.contains("1234"), "{page}");
        assert!(page.contains(r#"{"note":"<\/script>"}"#), "{page}");
        assert!(!page.contains("http"), "a page that asks for nothing names no address");
    }
}
