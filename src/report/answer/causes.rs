//! Why requests failed: the excess over the control, split by cause, with the setting that has
//! most to do with each.

use crate::experiment::{Group, StudyResult};
use crate::plan::{DefectKind, OnSigterm, Plan, Readiness, VersionId};
use crate::record::{Cause, Outcome};

use super::{control, is_control};
use crate::report::csv::plan_of;
use crate::report::figure::{fixed, percent, rounded};
use crate::report::text::visible;
use crate::report::validity::{Evidence, rests_on};

/// The causes of one strategy and release.
#[derive(Clone, Debug, PartialEq)]
pub struct CauseLine {
    /// The strategy.
    pub strategy: String,
    /// The release; empty where there is only one.
    pub release: String,
    /// Failed requests a run beyond the control's.
    pub failed: f64,
    /// Largest first; shares add up to 1.
    pub shares: Vec<CauseShare>,
}

/// One cause's share of what failed.
#[derive(Clone, Debug, PartialEq)]
pub struct CauseShare {
    /// Why.
    pub cause: Cause,
    /// Of the failed requests, 0 to 1.
    pub share: f64,
    /// The setting behind it, such as `preStop 0s`; may be empty.
    pub hint: String,
}

/// Fewer failed requests a run than this above a control that fails too are nothing to explain.
const NOTHING: f64 = 0.5;

impl CauseLine {
    /// `98 % termination race (preStop 0s), 2 % overload`.
    #[must_use]
    pub fn text(&self) -> String {
        if self.shares.is_empty() {
            return "nothing fails beyond what fails anyway".to_owned();
        }
        let texts = self.shares.iter().map(|part| {
            let hint =
                if part.hint.is_empty() { String::new() } else { format!(" ({})", part.hint) };
            format!("{} {}{hint}", percent(part.share), part.cause.name())
        });
        texts.collect::<Vec<_>>().join(", ")
    }

    /// How many failed, for people.
    #[must_use]
    pub fn count(&self) -> String {
        if self.failed < 10.0 { rounded(self.failed) } else { fixed(self.failed, 0) }
    }
}

/// What the models behind the causes of a study's harm were held against, strongest evidence
/// first; empty where nothing failed.
#[must_use]
pub fn rests(lines: &[CauseLine]) -> String {
    let mut causes: Vec<Cause> = Vec::new();
    for share in lines.iter().flat_map(|line| &line.shares) {
        if !causes.contains(&share.cause) {
            causes.push(share.cause);
        }
    }
    let named = |wanted: &dyn Fn(Cause) -> bool| {
        let names = causes.iter().filter(|cause| wanted(**cause)).map(|cause| cause.name());
        names.collect::<Vec<_>>().join(", ")
    };
    let against = |evidence: Evidence| {
        named(&|cause| rests_on(cause).any(|part| part.held_against == evidence))
    };
    let parts = [
        ("held against recordings", against(Evidence::Recordings)),
        ("held against theory", against(Evidence::Theory)),
        ("taken from documentation only", against(Evidence::Documentation)),
        ("stated by the scenario", named(&|cause| rests_on(cause).next().is_none())),
    ];
    let told = parts.iter().filter(|(_, names)| !names.is_empty());
    let told: Vec<String> = told.map(|(what, names)| format!("{what}: {names}")).collect();
    if told.is_empty() { String::new() } else { format!("Models {}.", told.join("; ")) }
}

/// A line for each release and strategy.
pub fn lines(result: &StudyResult) -> Vec<CauseLine> {
    let mut groups: Vec<&Group> = result.groups.iter().filter(|group| !is_control(group)).collect();
    let place = |group: &Group| {
        result.study.releases.iter().position(|release| release.name == group.release)
    };
    groups.sort_by_key(|group| place(group));
    groups.into_iter().map(|group| line(result, group)).collect()
}

fn line(result: &StudyResult, group: &Group) -> CauseLine {
    let beyond = control(result).map(|index| &result.groups[index]);
    let mut excess: Vec<(Cause, f64)> = Cause::ALL
        .iter()
        .map(|&cause| {
            let anyway = beyond.map_or(0.0, |group| per_run(group, cause));
            (cause, per_run(group, cause) - anyway)
        })
        .filter(|&(_, count)| count > 0.0)
        .collect();
    excess.sort_by(|a, b| b.1.total_cmp(&a.1));
    let failed: f64 = excess.iter().map(|&(_, count)| count).sum();
    let quiet = beyond.is_none_or(|group| group.causes.iter().all(|count| count.count == 0));
    if failed < NOTHING && !quiet {
        excess.clear();
    }
    let plan = plan_of(result, &group.strategy);
    let release = result.study.releases.iter().find(|release| release.name == group.release);
    let shares = excess.into_iter().map(|(cause, count)| CauseShare {
        cause,
        share: count / failed,
        hint: match cause {
            Cause::State => state(group),
            _ => hint(plan, release.map(|release| release.version), cause),
        },
    });
    CauseLine {
        strategy: visible(&group.strategy),
        release: if result.study.releases.len() > 1 {
            visible(&group.release)
        } else {
            String::new()
        },
        failed,
        shares: shares.collect(),
    }
}

/// Failed requests of a cause in a mean run of a group.
#[must_use]
pub fn per_run(group: &Group, cause: Cause) -> f64 {
    let of_cause = group.causes.iter().filter(|count| count.cause == cause);
    of_cause.map(|count| count.count).sum::<u64>() as f64 / group.rows.len().max(1) as f64
}

fn hint(plan: &Plan, version: Option<VersionId>, cause: Cause) -> String {
    let shutdown = &plan.service.shutdown;
    match cause {
        Cause::TerminationRace => format!("preStop {}", shutdown.pre_stop),
        Cause::NotListening if plan.service.probes.readiness == Readiness::None => {
            "no readiness probe".to_owned()
        }
        Cause::CutInFlight => match shutdown.on_sigterm {
            OnSigterm::Drain => format!("grace {}", shutdown.grace),
            OnSigterm::Abrupt => "exits at SIGTERM without draining".to_owned(),
            OnSigterm::Ignore => format!("ignores SIGTERM, killed after {}", shutdown.grace),
        },
        Cause::NoCapacity => "no instance in rotation".to_owned(),
        Cause::Overload => overload(plan),
        Cause::VersionDefect => version.map_or_else(String::new, |id| defect(plan, id)),
        Cause::StaleAddress => "in clients' DNS caches".to_owned(),
        Cause::NotListening | Cause::Crash | Cause::State | Cause::Fault => String::new(),
    }
}

/// Which state: requests that a lost session fails are answered 401, all others 500.
fn state(group: &Group) -> String {
    let counts = group.causes.iter().filter(|count| count.cause == Cause::State);
    let of =
        |outcome| counts.clone().filter(move |count| count.outcome == outcome).any(|c| c.count > 0);
    let mut kinds = Vec::new();
    if of(Outcome::Unauthorized) {
        kinds.push("sessions lost or not readable");
    }
    if of(Outcome::AppError) {
        kinds.push("rows, columns or settings not as needed");
    }
    kinds.join("; ")
}

fn overload(plan: &Plan) -> String {
    let mut limits = Vec::new();
    if let Some(queue) = plan.service.queue {
        limits.push(format!("queue {queue}"));
    }
    if let Some(timeout) = plan.client.timeout {
        limits.push(format!("timeout {timeout}"));
    }
    limits.join(", ")
}

/// What is wrong with a version, in a few words.
#[must_use]
pub fn defect(plan: &Plan, id: VersionId) -> String {
    let Some(version) = plan.versions.get(usize::from(id.0)) else { return String::new() };
    let worst = |values: &[f64], least: f64| values.iter().copied().fold(least, f64::max);
    let mut faults = Vec::new();
    if worst(&version.errors, 0.0) > 0.0 {
        faults.push(format!("{} errors", percent(worst(&version.errors, 0.0))));
    }
    if worst(&version.slowdown, 1.0) > 1.0 {
        faults.push(format!("{}x service time", rounded(worst(&version.slowdown, 1.0))));
    }
    faults.extend(version.defects.iter().map(|defect| {
        let name = match defect.kind {
            DefectKind::CrashLoop => "crash loop",
            DefectKind::NeverReady => "never ready",
            DefectKind::StuckPending => "stuck pending",
            DefectKind::CrashAfterReady { .. } => "crashes after ready",
            DefectKind::ConfigInvalid { keeps_last_good: true, .. } => "file refused",
            DefectKind::ConfigInvalid { .. } => "file crashes it",
            DefectKind::Hang { .. } => "hangs",
            DefectKind::StartsLate { .. } => "defect starts late",
            DefectKind::Leak { .. } => "leaks memory",
            DefectKind::OnlyWhen(_) => "fails for some requests",
            DefectKind::ShallowHealth { .. } => "broken behind a good health check",
            DefectKind::FailingChecks { .. } => "fails its checks though it serves",
        };
        name.to_owned()
    }));
    faults.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::CONTROL_NAME;
    use crate::report::fixture;

    /// The line of the canary, two of whose twenty runs failed a request.
    fn canary(control_fails: bool) -> CauseLine {
        let mut result = fixture::one_release();
        for group in &mut result.groups {
            let is_control = group.strategy == CONTROL_NAME;
            group.causes.truncate(1);
            let count = &mut group.causes[0];
            count.count = match (is_control, group.strategy.as_str()) {
                (true, _) => u64::from(control_fails),
                (false, "canary") => 2 + u64::from(control_fails),
                (false, _) => 0,
            };
            count.cause = Cause::Overload;
        }
        lines(&result).into_iter().find(|line| line.strategy == "canary").unwrap()
    }

    #[test]
    fn little_is_told_where_nothing_fails_without_a_deployment() {
        let line = canary(false);
        assert_eq!(line.count(), "0.100");
        assert!(line.text().starts_with("100 % overload"), "{}", line.text());
        assert_eq!(canary(true).text(), "nothing fails beyond what fails anyway");
    }

    #[test]
    fn counts_are_rounded_as_in_tables() {
        let line = |failed| CauseLine { failed, ..canary(false) };
        for failed in [21_204.5, 21_205.5, 21_204.6, 12.5] {
            let estimate = crate::report::figure::Estimate::new(
                failed,
                Some((failed - 700.0, failed + 700.0)),
                crate::report::figure::Scale::Plain,
            );
            assert_eq!(line(failed).count(), estimate.mean);
        }
    }
}
