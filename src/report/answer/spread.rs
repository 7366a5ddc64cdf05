//! What means hide: how a strategy's seeds spread, and latency over all requests together.

use crate::experiment::precision::headline;
use crate::experiment::{Group, METRICS, StudyResult, Summary};
use crate::report::figure::{Estimate, Scale, rounded};
use crate::report::text::visible;

use super::grid::{Grid, Heading, Line, Section, words};
use super::is_control;

/// Cells of a histogram of seeds.
const CELLS: usize = 24;
/// Fewer seeds than this are no distribution.
const FEWEST: u64 = 5;
/// Heights of a cell.
const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// Latency quantiles over the requests of all seeds, which weigh busy seeds more than the
/// table's means over seeds do; `None` without any.
pub fn latency(result: &StudyResult, summary: &Summary) -> Option<Grid> {
    let shown =
        [("ok_p50_ms", "p50"), ("ok_p95_ms", "p95"), ("ok_p99_ms", "p99"), ("ok_p999_ms", "p99.9")];
    let mut headings = vec![Heading::words("strategy")];
    headings.extend(shown.iter().map(|(_, name)| Heading::number(name, "ms")));
    let line = |index: usize, group: &Group| {
        let cells = shown.iter().map(|(metric, _)| {
            summary.pooled(index, metric).map_or_else(Estimate::default, |line| {
                Estimate::new(line.value, line.interval, Scale::Plain)
            })
        });
        let mut all = vec![words(visible(&group.strategy))];
        all.extend(cells);
        Line { cells: all, aside: is_control(group) }
    };
    let sections = sections(result, line)?;
    let told = |section: &Section| {
        section.lines.iter().any(|line| line.cells[1..].iter().any(|cell| !cell.mean.is_empty()))
    };
    sections.iter().any(told).then_some(Grid { headings, sections })
}

/// The headline metric by seed: its quantiles and a histogram; `None` of few seeds.
pub fn spread(result: &StudyResult, summary: &Summary) -> Option<Grid> {
    if result.study.seeds < FEWEST {
        return None;
    }
    let metric = headline(super::control(result).is_some());
    let percent = METRICS[metric].name == "failed_share";
    let scale = if percent { Scale::Percent } else { Scale::Plain };
    let unit = if percent { "% of requests" } else { "requests" };
    let mut headings = vec![Heading::words("strategy")];
    headings.extend(["least", "5 %", "median", "95 %", "most"].map(|n| Heading::number(n, unit)));
    headings.push(Heading::words("seeds, from least to most"));
    let line = |index: usize, group: &Group| {
        let values: Vec<f64> = group.rows.iter().filter_map(|row| row.values[metric]).collect();
        let mut cells = vec![words(visible(&group.strategy))];
        let Some(line) = summary.line(index, METRICS[metric].name) else {
            cells.resize(7, Estimate::default());
            return Line { cells, aside: true };
        };
        let least = values.iter().copied().fold(f64::INFINITY, f64::min);
        let most = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let (low, middle, high) = line.quantiles;
        cells.extend([least, low, middle, high, most].map(|v| words(rounded(scale.apply(v)))));
        cells.push(words(histogram(&values, least, most)));
        Line { cells, aside: is_control(group) }
    };
    let mut sections = sections(result, line)?;
    for section in &mut sections {
        section.lines.retain(|line| !line.aside);
    }
    sections.retain(|section| !section.lines.is_empty());
    (!sections.is_empty()).then_some(Grid { headings, sections })
}

/// A line a group, under its release where there are several.
fn sections(result: &StudyResult, line: impl Fn(usize, &Group) -> Line) -> Option<Vec<Section>> {
    let releases = &result.study.releases;
    let mut sections: Vec<Section> = Vec::new();
    for release in releases {
        let several = releases.len() > 1;
        let title =
            if several { format!("release {}", visible(&release.name)) } else { String::new() };
        let groups = result.groups.iter().enumerate().filter(|(_, g)| g.release == release.name);
        let lines: Vec<Line> = groups.map(|(index, group)| line(index, group)).collect();
        if !lines.is_empty() {
            sections.push(Section { title, lines });
        }
    }
    (!sections.is_empty()).then_some(sections)
}

/// How many values fall into each of equal cells between two ends, as bars.
fn histogram(values: &[f64], least: f64, most: f64) -> String {
    if least >= most {
        return "all equal".to_owned();
    }
    let mut counts = [0_usize; CELLS];
    for value in values {
        let place = (value - least) / (most - least) * CELLS as f64;
        counts[(place as usize).min(CELLS - 1)] += 1;
    }
    let tallest = counts.iter().copied().max().unwrap_or(1).max(1);
    let bar = |count: &usize| match count {
        0 => ' ',
        count => BARS[(count * BARS.len()).div_ceil(tallest) - 1],
    };
    counts.iter().map(bar).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::summarise;
    use crate::report::fixture;

    #[test]
    fn a_histogram_has_its_tallest_bar_where_most_seeds_are() {
        let text = histogram(&[0.0, 0.0, 0.0, 0.0, 1.0, 24.0], 0.0, 24.0);
        assert_eq!(text.chars().count(), CELLS);
        assert!(text.starts_with('█') && text.ends_with('▂'), "{text}");
        assert_eq!(histogram(&[3.0, 3.0], 3.0, 3.0), "all equal");
    }

    #[test]
    fn seeds_and_pooled_requests_have_a_table() {
        let result = fixture::result();
        let summary = summarise(&result);
        let spread = spread(&result, &summary).unwrap();
        assert_eq!(spread.sections.len(), 2);
        assert!(spread.sections[0].lines.iter().all(|line| line.cells.len() == 7));
        let latency = latency(&result, &summary).unwrap();
        assert!(latency.sections[0].lines[0].cells[3].mean.parse::<f64>().is_ok(), "{latency:?}");
    }
}
