//! Plots as SVG, drawn here: a page with them needs no script and no network.

use std::fmt::Write as _;

const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 260.0;
const LEFT: f64 = 70.0;
const RIGHT: f64 = 16.0;
const TOP: f64 = 12.0;
const BOTTOM: f64 = 40.0;

/// About so many lines across a plot.
const TICKS: f64 = 5.0;

/// A line through points.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    pub(crate) name: String,
    pub(crate) points: Vec<[f64; 2]>,
}

/// What the horizontal axis counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Across {
    Seconds,
    /// Quantiles, spread so that each nine takes as much room as the one before.
    Quantiles,
}

impl Across {
    fn place(self, x: f64) -> f64 {
        match self {
            Self::Seconds => x,
            Self::Quantiles => -(1.0 - x).max(1e-9).log10(),
        }
    }

    /// Where ticks are, in places, and what they say.
    fn ticks(self, most: f64) -> Vec<(f64, String)> {
        match self {
            Self::Seconds => ticks(most).into_iter().map(|at| (at, short(at))).collect(),
            Self::Quantiles => {
                let words = ["0 %", "90 %", "99 %", "99.9 %", "99.99 %", "99.999 %"];
                let all = (0..).map(f64::from).zip(words);
                let known = all.take_while(|(at, _)| *at <= most + 1e-6);
                known.map(|(at, words)| (at, words.to_owned())).collect()
            }
        }
    }
}

/// Lines over an axis; `bands` are shaded stretches with a name.
pub(crate) fn lines(
    title: &str,
    across: Across,
    lines: &[Line],
    bands: &[(f64, f64, &str)],
) -> String {
    let points = || lines.iter().flat_map(|line| &line.points);
    let right = points().map(|[x, _]| across.place(*x)).fold(f64::MIN_POSITIVE, f64::max);
    let top = points().map(|[_, y]| *y).fold(f64::MIN_POSITIVE, f64::max) * 1.05;
    let x = |place: f64| LEFT + place / right * (WIDTH - LEFT - RIGHT);
    let y = |value: f64| HEIGHT - BOTTOM - value / top * (HEIGHT - TOP - BOTTOM);
    let mut svg = open(title, top, y);
    for (from, to, name) in bands {
        let (from, to) = (x(from.min(right)), x(to.min(right)));
        let (width, height) = (to - from, HEIGHT - TOP - BOTTOM);
        let _infallible = write!(
            svg,
            r#"<rect class="band" x="{from:.1}" y="{TOP}" width="{width:.1}" height="{height}"><title>{}</title></rect>"#,
            escaped(name)
        );
    }
    for (at, words) in across.ticks(right) {
        text(&mut svg, [x(at), HEIGHT - BOTTOM + 16.0], "middle", &words);
    }
    for (number, line) in lines.iter().enumerate() {
        let path: String = line
            .points
            .iter()
            .map(|[at, value]| format!("{:.1},{:.1} ", x(across.place(*at)), y(*value)))
            .collect();
        let _infallible = write!(
            svg,
            r#"<polyline class="l{}" points="{}"><title>{}</title></polyline>"#,
            number % 6,
            path.trim_end(),
            escaped(&line.name)
        );
    }
    close(svg, lines.iter().map(|line| line.name.as_str()))
}

/// Groups of bars side by side; each group has a value for every name, or none.
pub(crate) fn bars(title: &str, names: &[&str], groups: &[(String, Vec<Option<f64>>)]) -> String {
    let values = groups.iter().flat_map(|(_, values)| values).flatten();
    let top = values.copied().fold(f64::MIN_POSITIVE, f64::max) * 1.1;
    let y = |value: f64| HEIGHT - BOTTOM - value / top * (HEIGHT - TOP - BOTTOM);
    let mut svg = open(title, top, y);
    let room = (WIDTH - LEFT - RIGHT) / groups.len().max(1) as f64;
    let width = (room * 0.8 / names.len().max(1) as f64).min(48.0);
    for (number, (label, values)) in groups.iter().enumerate() {
        let middle = LEFT + room * (number as f64 + 0.5);
        let left = middle - width * values.len() as f64 / 2.0;
        text(&mut svg, [middle, HEIGHT - BOTTOM + 16.0], "middle", label);
        for (place, value) in values.iter().enumerate() {
            let Some(value) = value else { continue };
            let (at, height) = (left + width * place as f64, HEIGHT - BOTTOM - y(*value));
            let _infallible = write!(
                svg,
                r#"<rect class="b{place}" x="{at:.1}" y="{:.1}" width="{:.1}" height="{height:.1}"><title>{} {label}: {value:.0}</title></rect>"#,
                y(*value),
                width - 2.0,
                names.get(place).unwrap_or(&""),
                label = escaped(label),
            );
            text(&mut svg, [at + width / 2.0, y(*value) - 4.0], "middle", &short(*value));
        }
    }
    close(svg, names.iter().copied())
}

fn open(title: &str, top: f64, y: impl Fn(f64) -> f64) -> String {
    let title = escaped(title);
    let mut svg = format!(
        r#"<figure><figcaption>{title}</figcaption><svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{title}">"#
    );
    for at in ticks(top) {
        let (height, right) = (y(at), WIDTH - RIGHT);
        let _infallible = write!(
            svg,
            r#"<line class="grid" x1="{LEFT}" x2="{right}" y1="{height:.1}" y2="{height:.1}"/>"#
        );
        text(&mut svg, [LEFT - 6.0, height + 4.0], "end", &short(at));
    }
    svg
}

fn close<'a>(mut svg: String, names: impl Iterator<Item = &'a str>) -> String {
    svg.push_str("</svg><p class=\"legend\">");
    for (number, name) in names.enumerate() {
        let _infallible = write!(svg, r#"<span class="k{}">{}</span> "#, number % 6, escaped(name));
    }
    svg.push_str("</p></figure>\n");
    svg
}

fn text(svg: &mut String, [x, y]: [f64; 2], anchor: &str, words: &str) {
    let words = escaped(words);
    let _infallible =
        write!(svg, r#"<text x="{x:.1}" y="{y:.1}" text-anchor="{anchor}">{words}</text>"#);
}

/// Round numbers from 0 to `most`.
fn ticks(most: f64) -> Vec<f64> {
    let rough = most / TICKS;
    let unit = 10_f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0].map(|times| times * unit);
    let step = step.into_iter().find(|step| *step >= rough).unwrap_or(rough);
    (0..).map(|number| f64::from(number) * step).take_while(|at| *at <= most).take(20).collect()
}

/// A number in few characters.
fn short(value: f64) -> String {
    let (value, unit) = match value {
        large if large >= 1e9 => (large / 1e9, " G"),
        large if large >= 1e6 => (large / 1e6, " M"),
        large if large >= 1e3 => (large / 1e3, " k"),
        small => (small, ""),
    };
    let digits = if value >= 100.0 || value.fract() == 0.0 { 0 } else { 2 };
    let number = format!("{value:.digits$}");
    let number =
        if digits > 0 { number.trim_end_matches('0').trim_end_matches('.') } else { &number };
    format!("{number}{unit}")
}

/// Text that stands between tags or in an attribute.
pub(crate) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_numbers_short() {
        assert_eq!(ticks(11.0), [0.0, 5.0, 10.0]);
        assert_eq!(ticks(0.5).len(), 6);
        assert_eq!(
            [0.0, 2.5, 1_500.0, 144_000.0, 2e6].map(short),
            ["0", "2.5", "1.5 k", "144 k", "2 M"]
        );
    }

    #[test]
    fn lines_and_bars_stay_within_the_plot() {
        let line = Line { name: "a<b".to_owned(), points: vec![[0.0, 1.0], [0.999, 40.0]] };
        let svg = lines("latency", Across::Quantiles, &[line], &[(0.0, 0.5, "bare")]);
        assert!(svg.contains("a&lt;b") && svg.contains("99.9 %") && !svg.contains("NaN"), "{svg}");
        assert!(svg.contains(&format!("{:.1},", WIDTH - RIGHT)), "{svg}");
        let groups = [
            ("1".to_owned(), vec![Some(90.0), None]),
            ("2".to_owned(), vec![Some(1e5), Some(2e5)]),
        ];
        let svg = bars("deliveries", &["server", "bare loop"], &groups);
        assert_eq!(svg.matches("<rect").count(), 3);
        let nothing = lines("empty", Across::Seconds, &[], &[]);
        assert!(!nothing.contains("NaN") && !nothing.contains("inf"), "{nothing}");
    }
}
