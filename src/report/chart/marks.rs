//! What is marked on a timeline: the events of one run, or the rollout's phases over seeds.

use crate::experiment::{Group, StudyResult};
use crate::plan::Plan;
use crate::record::{EventKind, RolloutOutcome, RunRecord};

use crate::report::csv::plan_of;
use crate::report::figure::percent;
use crate::report::text::visible;

/// An instant to mark.
#[derive(Clone, Debug, PartialEq)]
pub struct Mark {
    /// Seconds from the window's start.
    pub at: f64,
    /// What happened.
    pub text: String,
}

/// At most this many marks stand on a sheet.
const MOST: usize = 14;

/// The marks of a group: from the record if there is one.
pub fn marks(result: &StudyResult, group: &Group, record: Option<&RunRecord>) -> Vec<Mark> {
    let plan = plan_of(result, &group.strategy);
    let mut marks = match record {
        Some(record) => of_run(plan, record),
        None => over_seeds(plan, group),
    };
    let window = plan.clock.window.as_secs_f64();
    marks.retain(|mark| (0.0..=window).contains(&mark.at));
    thinned(marks)
}

/// The marks of a run within its window, all of them.
#[must_use]
pub fn marks_of(plan: &Plan, record: &RunRecord) -> Vec<Mark> {
    let window = plan.clock.window.as_secs_f64();
    let mut marks = of_run(plan, record);
    marks.retain(|mark| (0.0..=window).contains(&mark.at));
    marks
}

fn of_run(plan: &Plan, record: &RunRecord) -> Vec<Mark> {
    let start = plan.clock.warmup.as_secs_f64();
    let marks = record.events.iter().filter_map(|event| {
        Some(Mark { at: event.at.as_secs_f64() - start, text: text(plan, &event.kind)? })
    });
    marks.collect()
}

/// What a mark says of an event; `None` for those too many to mark.
fn text(plan: &Plan, kind: &EventKind) -> Option<String> {
    let version = |id: crate::plan::VersionId| {
        plan.versions.get(usize::from(id.0)).map_or_else(String::new, |v| visible(&v.name))
    };
    Some(match kind {
        EventKind::RolloutStarted { version: id } => format!("rollout of {} starts", version(*id)),
        EventKind::RolloutCompleted { .. } => "completed".to_owned(),
        EventKind::RolloutPaused { .. } => "paused".to_owned(),
        EventKind::RolloutResumed => "resumed".to_owned(),
        EventKind::RolloutAborted { .. } => "aborted".to_owned(),
        EventKind::RolledBack { .. } => "rolled back".to_owned(),
        EventKind::ProgressDeadlineExceeded => "progress deadline exceeded".to_owned(),
        EventKind::WeightSet { candidate } => format!("weight {}", percent(*candidate)),
        EventKind::TrafficSwitched { to } => format!("traffic to {}", version(*to)),
        EventKind::ConfigPushed { version: id, instances, of } => {
            format!("{} on {instances} of {of}", version(*id))
        }
        EventKind::AnalysisFinished { verdict, .. } => format!("analysis: {}", visible(verdict)),
        EventKind::AlertFired { alert, .. } => format!("alert {}", visible(alert)),
        EventKind::Acknowledged => "acknowledged".to_owned(),
        EventKind::Diagnosed => "diagnosed".to_owned(),
        EventKind::RollbackDecided { .. } => "rollback decided".to_owned(),
        EventKind::Operation { what } => visible(what),
        EventKind::FaultStarted { fault } => format!("fault {} starts", visible(fault)),
        EventKind::FaultEnded { fault } => format!("fault {} ends", visible(fault)),
        _ => return None,
    })
}

/// Start, first harm, detection, mitigation and end, at their medians over seeds.
fn over_seeds(plan: &Plan, group: &Group) -> Vec<Mark> {
    let deploy = plan.clock.deploy_at.as_secs_f64();
    if group.rows.iter().all(|row| row.outcome == RolloutOutcome::None) {
        return Vec::new();
    }
    let mut marks = vec![Mark { at: deploy, text: "rollout starts".to_owned() }];
    let impact = median(group, "impact_s").unwrap_or(0.0);
    let detected = median(group, "detect_s").map(|after| (impact + after, "detected"));
    let mitigated = median(group, "mitigate_s").map(|after| (impact + after, "harm over"));
    let ended = median(group, "deploy_s").map(|after| (after, "rollout done"));
    for (after, text) in [detected, ended, mitigated].into_iter().flatten() {
        let several = if group.rows.len() > 1 { " (median)" } else { "" };
        marks.push(Mark { at: deploy + after, text: format!("{text}{several}") });
    }
    marks.sort_by(|a, b| a.at.total_cmp(&b.at));
    marks
}

/// The median over the seeds that have a value, if most have one. What had not happened by the
/// window's end has no place on the chart.
fn median(group: &Group, metric: &str) -> Option<f64> {
    let index = crate::experiment::index_of(metric)?;
    let seen = group.rows.iter().filter(|row| !row.censored.is(metric));
    let mut values: Vec<f64> = seen.filter_map(|row| row.values[index]).collect();
    if values.len() * 2 <= group.rows.len() {
        return None;
    }
    values.sort_by(f64::total_cmp);
    Some(values[values.len() / 2])
}

/// Keeps the first and the last marks where there are too many.
fn thinned(mut marks: Vec<Mark>) -> Vec<Mark> {
    if marks.len() > MOST {
        let left_out = marks.len() - MOST + 1;
        let at = marks[MOST / 2].at;
        let text = format!("{left_out} more events");
        marks.splice(MOST / 2..MOST / 2 + left_out, [Mark { at, text }]);
    }
    marks
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;

    #[test]
    fn a_run_is_marked_with_its_own_events() {
        let result = fixture::result();
        let marks = marks(&result, &result.groups[4], Some(&fixture::record()));
        let texts: Vec<(f64, &str)> = marks.iter().map(|m| (m.at, m.text.as_str())).collect();
        assert_eq!(texts[0], (120.0, "rollout of bad starts"));
        assert_eq!(texts[2], (285.0, "alert errors"));
        assert_eq!(texts.len(), 6);
    }

    #[test]
    fn many_marks_are_thinned_in_the_middle() {
        let many = (0..40).map(|n| Mark { at: f64::from(n), text: n.to_string() }).collect();
        let kept = thinned(many);
        assert_eq!(kept.len(), MOST);
        assert_eq!(kept.last().unwrap().text, "39");
        assert!(kept.iter().any(|mark| mark.text.starts_with("27 more")));
    }
}
