//! The main table: which metrics it shows, and how.

use crate::experiment::{Group, StudyResult, Summary, SummaryLine};
use crate::record::RolloutOutcome;

use super::grid::{Grid, Heading, Line, Section, words};
use super::{baseline, control, is_control};
use crate::report::figure::{Estimate, PricePerHour, Scale, percent};
use crate::report::text::visible;

/// A column of the table.
pub struct Column {
    /// The metric.
    pub metric: &'static str,
    /// Its heading.
    pub heading: Heading,
    /// How it is shown.
    pub scale: Scale,
}

fn column(metric: &'static str, name: &str, unit: &str, scale: Scale) -> Column {
    Column { metric, heading: Heading::number(name, unit), scale }
}

/// The columns of a study: those of harm, of the rollout, of cost. What never happens (lost
/// sessions, stale reads) has none.
fn columns(result: &StudyResult, summary: &Summary) -> Vec<Column> {
    let plan = &result.study.plan;
    let price = Scale::Price(PricePerHour::new(plan.instance_hour_cost));
    let currency = visible(&plan.currency);
    let mut columns = if control(result).is_some() {
        vec![
            column("excess_failed", "excess failed", "requests", Scale::Plain),
            column("excess_failed_share", "excess", "% of requests", Scale::Percent),
        ]
    } else {
        vec![column("failed_share", "failed", "% of requests", Scale::Percent)]
    };
    columns.extend([
        column("ok_p50_ms", "ok p50", "ms", Scale::Plain),
        column("ok_p99_ms", "ok p99", "ms", Scale::Plain),
        column("worst_minute_ok_p99_ms", "worst minute", "ok p99, ms", Scale::Plain),
        column("users_affected", "users", "affected", Scale::Plain),
        column("sessions_lost", "sessions", "lost", Scale::Plain),
        column("stale_reads", "stale", "reads", Scale::Plain),
        column("forced_logins", "forced", "logins", Scale::Plain),
        column("deploy_s", "rollout", "s", Scale::Plain),
        column("detect_s", "detected", "after, s", Scale::Plain),
        column("mitigate_s", "mitigated", "after, s", Scale::Plain),
        column("min_available", "fewest", "available", Scale::Plain),
        column("extra_instance_s", "extra", "inst. min", Scale::Minutes),
        column("extra_instance_s", "extra cost", &currency, price),
    ]);
    columns.retain(|column| is_shown(result, summary, column));
    columns
}

/// Whether any strategy has something to say in a column.
fn is_shown(result: &StudyResult, summary: &Summary, column: &Column) -> bool {
    let mut lines = result
        .groups
        .iter()
        .enumerate()
        .filter(|(_, group)| !is_control(group))
        .filter_map(|(index, _)| summary.line(index, column.metric));
    match column.metric {
        "users_affected" | "sessions_lost" | "stale_reads" | "forced_logins" | "detect_s" => {
            lines.any(|line| line.mean > 0.0)
        }
        _ if matches!(column.scale, Scale::Price(_)) => result.study.plan.instance_hour_cost > 0.0,
        _ => lines.next().is_some(),
    }
}

/// One line a strategy and release, the control's last.
pub fn table(result: &StudyResult, summary: &Summary) -> Grid {
    let columns = columns(result, summary);
    let mut headings = vec![Heading::words("strategy")];
    headings.extend(columns.iter().map(|column| column.heading.clone()));
    headings.push(Heading::words("rollout ended"));
    let releases = &result.study.releases;
    let mut sections: Vec<Section> = Vec::new();
    let mut control = Vec::new();
    for (index, group) in result.groups.iter().enumerate() {
        let line = line(result, summary, &columns, index);
        if is_control(group) {
            control.push(line);
            continue;
        }
        let title = match releases.iter().find(|release| release.name == group.release) {
            Some(release) if releases.len() > 1 => format!(
                "release {} ({} of deployments)",
                visible(&release.name),
                percent(release.share)
            ),
            _ => String::new(),
        };
        match sections.iter_mut().find(|section| section.title == title) {
            Some(section) => section.lines.push(line),
            None => sections.push(Section { title, lines: vec![line] }),
        }
    }
    if !control.is_empty() {
        let title = if releases.len() > 1 { "for comparison" } else { "" };
        match sections.last_mut() {
            Some(section) if title.is_empty() => section.lines.extend(control),
            _ => sections.push(Section { title: title.to_owned(), lines: control }),
        }
    }
    Grid { headings, sections }
}

fn line(result: &StudyResult, summary: &Summary, columns: &[Column], index: usize) -> Line {
    let group = &result.groups[index];
    let starred = baseline(result) == Some(&group.strategy) && result.study.arms.len() > 1;
    let mut name = visible(&group.strategy);
    if starred && !is_control(group) {
        name.push_str(" *");
    }
    let mut cells = vec![words(name)];
    for column in columns {
        let line = summary.line(index, column.metric);
        cells.push(line.map_or_else(Estimate::default, |line| estimate(line, column)));
    }
    cells.push(words(endings(group)));
    Line { cells, aside: is_control(group) }
}

/// A mean over times that the window's end cut off is a lower bound, and shown as one.
fn estimate(line: &SummaryLine, column: &Column) -> Estimate {
    if line.censored == line.seeds && column.metric == "detect_s" {
        return words("never".to_owned());
    }
    let mut estimate = Estimate::new(line.mean, line.interval, column.scale);
    if line.censored > 0 {
        estimate.mean.insert_str(0, "≥ ");
    }
    estimate
}

/// How rollouts ended: `completed`, or shares where seeds differ.
#[must_use]
pub fn endings(group: &Group) -> String {
    let total = group.rows.len();
    let count = |outcome| group.rows.iter().filter(|row| row.outcome == outcome).count();
    let mut endings: Vec<(usize, &str)> = [
        RolloutOutcome::Completed,
        RolloutOutcome::RolledBack,
        RolloutOutcome::Stalled,
        RolloutOutcome::Unfinished,
    ]
    .map(|outcome| (count(outcome), outcome.name()))
    .into_iter()
    .filter(|&(count, _)| count > 0)
    .collect();
    endings.sort_by_key(|&(count, _)| std::cmp::Reverse(count));
    let text = |&(count, name): &(usize, &str)| {
        let name = name.replace('_', " ");
        if count == total {
            name
        } else {
            format!("{} {name}", percent(count as f64 / total as f64))
        }
    };
    endings.iter().map(text).collect::<Vec<_>>().join(", ")
}
