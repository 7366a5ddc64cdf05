//! Every metric's difference to the baseline, with its interval and what it says: what the
//! sentences are taken from.

use crate::experiment::{METRICS, StudyResult, Summary, SummaryLine, Unit};
use crate::report::figure::{Estimate, Scale, percent, rounded};
use crate::report::text::visible;

use super::grid::{Grid, Heading, Line, Section, words};
use super::{baseline, group_of};

/// A line for each metric and strategy, in sections by release and strategy; `None` without
/// differences. What is zero in every seed of both is left out.
pub fn table(result: &StudyResult, summary: &Summary) -> Option<Grid> {
    let base = visible(baseline(result)?);
    let several = result.study.releases.len() > 1;
    let headings = vec![
        Heading::words("metric"),
        Heading::words("unit"),
        Heading::number("difference", &format!("to {base}")),
        Heading::words("verdict"),
        Heading::number("does not matter", "up to"),
        Heading::number("pairing removed", "of the variance"),
    ];
    let sections = result.groups.iter().enumerate().map(|(index, group)| {
        let release =
            if several { format!(", release {}", visible(&group.release)) } else { String::new() };
        let at_base = baseline(result).and_then(|base| group_of(result, base, &group.release));
        let lines = summary.lines.iter().filter(|line| line.group == index);
        let currency = &result.study.plan.currency;
        Section {
            title: format!("{} against {base}{release}", visible(&group.strategy)),
            lines: lines
                .filter_map(|found| {
                    let base =
                        at_base.and_then(|base| summary.line(base, METRICS[found.metric].name));
                    line(found, base, currency)
                })
                .collect(),
        }
    });
    let sections: Vec<Section> = sections.filter(|section| !section.lines.is_empty()).collect();
    (!sections.is_empty()).then_some(Grid { headings, sections })
}

fn line(line: &SummaryLine, base: Option<&SummaryLine>, currency: &str) -> Option<Line> {
    let difference = line.difference?;
    let nothing = line.mean == 0.0 && line.quantiles == (0.0, 0.0, 0.0);
    if difference.mean == 0.0 && (nothing || difference.interval == (0.0, 0.0)) {
        return None;
    }
    let metric = &METRICS[line.metric];
    let scale = Scale::of(metric.unit);
    let unit = match metric.unit {
        Unit::Count => String::new(),
        Unit::Share => "%".to_owned(),
        Unit::Milliseconds => "ms".to_owned(),
        Unit::Seconds => "s".to_owned(),
        Unit::Money => visible(currency),
    };
    let removed = difference.variance_removed.map_or_else(String::new, percent);
    let cells = vec![
        words(metric.name),
        words(unit),
        bounded(
            Estimate::new(difference.mean, Some(difference.interval), scale),
            (line.censored > 0, base.is_some_and(|base| base.censored > 0)),
        ),
        words(difference.verdict.name()),
        words(rounded(scale.apply(difference.threshold))),
        words(removed),
    ];
    Some(Line { cells, aside: false })
}

/// A difference to which the window's end cut off the times of this strategy, or of the baseline.
fn bounded(mut difference: Estimate, (cut, base_cut): (bool, bool)) -> Estimate {
    match (cut, base_cut) {
        (true, false) => difference.mean.insert_str(0, "≥ "),
        (false, true) => difference.mean.insert_str(0, "≤ "),
        (true, true) | (false, false) => {}
    }
    difference
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::summarise;
    use crate::report::fixture;

    #[test]
    fn a_difference_of_times_that_were_cut_off_is_a_bound() {
        let told = |cut| bounded(Estimate::new(12.0, None, Scale::Plain), cut).mean;
        assert_eq!(told((true, false)), "≥ 12");
        assert_eq!(told((false, true)), "≤ 12");
        assert_eq!(told((true, true)), "12");
    }

    #[test]
    fn every_strategy_but_the_baseline_has_a_section_with_its_verdicts() {
        let result = fixture::result();
        let grid = table(&result, &summarise(&result)).expect("differences");
        assert_eq!(grid.sections.len(), 6);
        assert!(grid.sections[0].title.ends_with("release good"), "{}", grid.sections[0].title);
        for section in &grid.sections {
            for line in &section.lines {
                assert_ne!(line.cells[0].mean, "streams_cut", "nothing in both");
                assert_eq!(line.cells.len(), grid.headings.len());
                assert!(!line.cells[2].mean.is_empty() && !line.cells[3].mean.is_empty());
            }
        }
    }
}
