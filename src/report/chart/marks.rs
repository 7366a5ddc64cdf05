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
    /// How much a reader wants to see it.
    pub rank: Rank,
}

/// How much a reader wants to see an event: the lower goes first where there is no room.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rank {
    /// Comes with every step of a rollout.
    Step,
    /// A step of a rollout: a weight, a push. An alert that was seen before.
    Progress,
    /// A judge's word, or what changes the world.
    Turn,
    /// What a reader looks for: start and end, alerts, people, aborts.
    Key,
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
    let mut marks: Vec<Mark> = Vec::new();
    for event in &record.events {
        let Some((mut rank, text)) = told(plan, &event.kind) else { continue };
        // An alert that fires again is no news, and may do so for days.
        if rank == Rank::Key && marks.iter().any(|mark| mark.text == text) {
            rank = Rank::Progress;
        }
        marks.push(Mark { at: event.at.as_secs_f64() - start, text, rank });
    }
    marks
}

/// What a mark says of an event; `None` for those too many to mark.
fn told(plan: &Plan, kind: &EventKind) -> Option<(Rank, String)> {
    use Rank::{Key, Progress, Step, Turn};
    let version = |id: crate::plan::VersionId| {
        plan.versions.get(usize::from(id.0)).map_or_else(String::new, |v| visible(&v.name))
    };
    Some(match kind {
        EventKind::RolloutStarted { version: id } => {
            (Key, format!("rollout of {} starts", version(*id)))
        }
        EventKind::RolloutCompleted { .. } => (Key, "completed".to_owned()),
        EventKind::RolloutPaused { .. } => (Step, "paused".to_owned()),
        EventKind::RolloutResumed => (Step, "resumed".to_owned()),
        EventKind::RolloutAborted { .. } => (Key, "aborted".to_owned()),
        EventKind::RolledBack { .. } => (Key, "rolled back".to_owned()),
        EventKind::ProgressDeadlineExceeded => (Key, "progress deadline exceeded".to_owned()),
        EventKind::WeightSet { candidate } => (Progress, format!("weight {}", percent(*candidate))),
        EventKind::TrafficSwitched { to } => (Key, format!("traffic to {}", version(*to))),
        EventKind::ConfigPushed { version: id, instances, of } => {
            (Progress, format!("{} on {instances} of {of}", version(*id)))
        }
        EventKind::AnalysisFinished { verdict, .. } => {
            (Turn, format!("analysis: {}", visible(verdict)))
        }
        EventKind::AlertFired { alert, .. } => (Key, format!("alert {}", visible(alert))),
        EventKind::Paged { .. } => (Key, "paged".to_owned()),
        EventKind::Acknowledged => (Key, "acknowledged".to_owned()),
        EventKind::Diagnosed => (Key, "diagnosed".to_owned()),
        EventKind::RollbackDecided { .. } => (Key, "rollback decided".to_owned()),
        EventKind::Operation { what } => (Turn, visible(what)),
        EventKind::FaultStarted { fault } => (Turn, format!("fault {} starts", visible(fault))),
        EventKind::FaultEnded { fault } => (Turn, format!("fault {} ends", visible(fault))),
        _ => return None,
    })
}

/// Start, first harm, detection, mitigation and end, at their medians over seeds.
fn over_seeds(plan: &Plan, group: &Group) -> Vec<Mark> {
    let deploy = plan.clock.deploy_at.as_secs_f64();
    if group.rows.iter().all(|row| row.outcome == RolloutOutcome::None) {
        return Vec::new();
    }
    let mut marks = vec![Mark { at: deploy, text: "rollout starts".to_owned(), rank: Rank::Key }];
    let impact = median(group, "impact_s").unwrap_or(0.0);
    let detected = median(group, "detect_s").map(|after| (impact + after, "detected"));
    let mitigated = median(group, "mitigate_s").map(|after| (impact + after, "harm over"));
    let ended = median(group, "deploy_s").map(|after| (after, "rollout done"));
    for (after, text) in [detected, ended, mitigated].into_iter().flatten() {
        let several = if group.rows.len() > 1 { " (median)" } else { "" };
        let text = format!("{text}{several}");
        marks.push(Mark { at: deploy + after, text, rank: Rank::Key });
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

/// Joins marks where there are too many: those that a reader misses least, and of them those
/// nearest in time.
fn thinned(marks: Vec<Mark>) -> Vec<Mark> {
    let mut bunches: Vec<Vec<Mark>> = marks.into_iter().map(|mark| vec![mark]).collect();
    while bunches.len() > MOST {
        // First two of steps, then steps with something notable, then two of that.
        let pairs = bunches.windows(2).map(|pair| {
            let [before, after] = [&pair[0], &pair[1]].map(|bunch| match best(bunch) {
                rank if rank > Rank::Progress => rank,
                _ => Rank::Step,
            });
            let span = pair[1].last().map_or(0.0, |mark| mark.at) - pair[0][0].at;
            (before.min(after), before.max(after), span)
        });
        let least = pairs
            .enumerate()
            .min_by(|(_, a), (_, b)| (a.0, a.1).cmp(&(b.0, b.1)).then(a.2.total_cmp(&b.2)));
        let Some((place, _)) = least else { break };
        let after = bunches.remove(place + 1);
        bunches[place].extend(after);
    }
    bunches.into_iter().map(|bunch| joined(&bunch)).collect()
}

fn best(bunch: &[Mark]) -> Rank {
    bunch.iter().map(|mark| mark.rank).max().unwrap_or(Rank::Step)
}

/// A bunch of marks as one: it stands where the first of the most notable stands, and says how
/// many there are.
fn joined(bunch: &[Mark]) -> Mark {
    let rank = best(bunch);
    let mut notable = bunch.iter().filter(|mark| mark.rank == rank);
    let (first, last) = (notable.next().expect("a bunch is not empty"), notable.next_back());
    let count = bunch.len();
    let text = match last {
        None if count == 1 => first.text.clone(),
        None => format!("{count} events: {}", first.text),
        Some(_) if bunch.iter().all(|mark| mark.text == first.text) => {
            format!("{}, {count} times", first.text)
        }
        Some(last) if count == 2 => format!("{}, {}", first.text, last.text),
        Some(last) if first.text == last.text => format!("{count} events: {}", first.text),
        Some(last) => format!("{count} events: {} … {}", first.text, last.text),
    };
    Mark { at: first.at, text, rank }
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
        assert_eq!(texts[3], (285.0, "paged"));
        assert_eq!(texts.len(), 7);
    }

    fn mark(at: f64, text: &str, rank: Rank) -> Mark {
        Mark { at, text: text.to_owned(), rank }
    }

    #[test]
    fn what_a_reader_looks_for_is_kept_and_steps_near_each_other_are_joined() {
        let mut many = vec![mark(0.0, "rollout of bad starts", Rank::Key)];
        for step in 0..12 {
            let at = f64::from(step) * 60.0;
            many.push(mark(at + 1.0, &format!("bad on {step} of 12"), Rank::Progress));
            many.push(mark(at + 2.0, "paused", Rank::Step));
            many.push(mark(at + 59.0, "resumed", Rank::Step));
            if step == 5 {
                many.push(mark(at + 59.5, "alert errors", Rank::Key));
                many.push(mark(at + 59.6, "paged", Rank::Key));
            }
        }
        many.push(mark(800.0, "completed", Rank::Key));
        let kept = thinned(many);
        assert!(kept.len() <= MOST, "{kept:?}");
        let texts: Vec<&str> = kept.iter().map(|mark| mark.text.as_str()).collect();
        for key in ["rollout of bad starts", "alert errors", "paged", "completed"] {
            assert!(texts.contains(&key), "{texts:?}");
        }
        // No lump takes most of the others.
        let steps = kept.iter().filter(|mark| mark.rank == Rank::Progress).count();
        assert!(steps > 5, "{texts:?}");
    }

    #[test]
    fn a_joined_mark_says_what_it_stands_for() {
        let [a, b] = [mark(1.0, "bad on 1 of 9", Rank::Progress), mark(2.0, "paused", Rank::Step)];
        let [c, d] = [mark(3.0, "bad on 3 of 9", Rank::Progress), mark(4.0, "bad", Rank::Progress)];
        let text = |bunch: &[&Mark]| {
            joined(&bunch.iter().map(|&mark| mark.clone()).collect::<Vec<_>>()).text
        };
        assert_eq!(text(&[&a]), "bad on 1 of 9");
        assert_eq!(text(&[&b, &a]), "2 events: bad on 1 of 9");
        assert_eq!(text(&[&a, &c]), "bad on 1 of 9, bad on 3 of 9");
        assert_eq!(text(&[&a, &b, &c, &d]), "4 events: bad on 1 of 9 … bad");
        assert_eq!(text(&[&c, &c, &c]), "bad on 3 of 9, 3 times");
    }
}
