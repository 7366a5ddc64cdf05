//! What is new in a version: everything in which it differs from the one that runs before, so
//! that "no defect" is never said of a release whose sessions the old version cannot read.

use crate::engine::Distribution;
use crate::plan::{Defect, DefectKind, Formats, Plan, STABLE, Version, VersionId};

use super::asked::law;
use crate::report::figure::{percent, rounded};
use crate::report::text::visible;

/// In what a version differs from the stable one, in words.
#[must_use]
pub fn news(plan: &Plan, id: VersionId) -> String {
    let find = |id: VersionId| plan.versions.get(usize::from(id.0));
    let (Some(new), Some(old)) = (find(id), find(STABLE)) else { return String::new() };
    let mut parts = Vec::new();
    parts.extend(by_class(plan, (&new.errors, &old.errors), "errors", percent));
    let times = |factor: f64| format!("{}x", rounded(factor));
    parts.extend(by_class(plan, (&new.slowdown, &old.slowdown), "service time", times));
    let laws = [
        ("boot", &new.boot, &old.boot),
        ("init containers", &new.init, &old.init),
        ("serves on after SIGTERM", &new.linger, &old.linger),
    ];
    for (what, new, old) in laws.into_iter().filter(|(_, new, old)| new != old) {
        let told = |time: &Option<Distribution>| {
            time.as_ref().map_or_else(|| "as the service".to_owned(), law)
        };
        parts.push(format!("{what} {} (stable: {})", told(new), told(old)));
    }
    parts.extend(state(plan, new, old));
    let defects = new.defects.iter().filter(|defect| !old.defects.contains(defect));
    parts.extend(defects.map(defect));
    let gone = old.defects.iter().filter(|defect| !new.defects.contains(defect));
    parts.extend(gone.map(|gone| format!("without stable's: {}", defect(gone))));
    if parts.is_empty() { "behaves as stable does".to_owned() } else { parts.join("; ") }
}

/// A figure that each class of requests has, where it differs.
fn by_class(
    plan: &Plan,
    (new, old): (&[f64], &[f64]),
    what: &str,
    told: impl Fn(f64) -> String,
) -> Option<String> {
    let pairs: Vec<(f64, f64)> = new.iter().copied().zip(old.iter().copied()).collect();
    if pairs.iter().all(|(new, old)| new == old) {
        return None;
    }
    let one = |(new, old): (f64, f64)| format!("{} (stable: {})", told(new), told(old));
    if pairs.iter().all(|pair| *pair == pairs[0]) {
        return Some(format!("{what} {}", one(pairs[0])));
    }
    let changed = plan.classes.iter().zip(pairs).filter(|(_, (new, old))| new != old);
    let texts: Vec<String> =
        changed.map(|(class, pair)| format!("{} of {}", one(pair), visible(&class.name))).collect();
    Some(format!("{what} {}", texts.join(", ")))
}

fn state(plan: &Plan, new: &Version, old: &Version) -> Vec<String> {
    let (mine, theirs) = (&new.state, &old.state);
    let mut parts = Vec::new();
    let sessions = plan.state.sessions.as_ref().map(|sessions| &sessions.formats);
    let rows = plan.state.rows.as_ref().map(|rows| &rows.formats);
    for (what, names, new, old) in [
        ("sessions", sessions, &mine.session, &theirs.session),
        ("rows", rows, &mine.rows, &theirs.rows),
    ] {
        if let (Some(names), true) = (names, new != old) {
            let (new, old) = (formats(new, names), formats(old, names));
            parts.push(format!("{what}: {new} (stable: {old})"));
        }
    }
    if mine.key_space != theirs.key_space {
        parts.push("keys of its own in caches: shares no entry with stable".to_owned());
    }
    let names = |mine: &[u16], theirs: &[u16]| -> Vec<String> {
        let only = mine.iter().filter(|need| !theirs.contains(need));
        let needs = only.filter_map(|need| plan.state.needs.get(usize::from(*need)));
        let told = needs.map(|need| {
            let kind = if need.column { "column" } else { "setting" };
            format!("{kind} {}", visible(&need.name))
        });
        told.collect()
    };
    for (what, names) in [
        ("needs", names(&mine.needs, &theirs.needs)),
        ("does without", names(&theirs.needs, &mine.needs)),
        ("breaks on", names(&mine.broken_by, &theirs.broken_by)),
        ("does not break on", names(&theirs.broken_by, &mine.broken_by)),
    ] {
        if !names.is_empty() {
            parts.push(format!("{what} {}", names.join(", ")));
        }
    }
    parts
}

/// `writes v2, reads v1, v2`.
fn formats(formats: &Formats, names: &[String]) -> String {
    let name = |place: u8| names.get(usize::from(place)).map_or(String::new(), |n| visible(n));
    let read = (0..32_u8).filter(|place| formats.can_read(*place)).map(name);
    let read: Vec<String> = read.filter(|name| !name.is_empty()).collect();
    format!("writes {}, reads {}", name(formats.writes), read.join(", "))
}

fn defect(defect: &Defect) -> String {
    let what = match &defect.kind {
        DefectKind::CrashLoop => "crash loop".to_owned(),
        DefectKind::NeverReady => "never ready".to_owned(),
        DefectKind::StuckPending => "stuck pending".to_owned(),
        DefectKind::CrashAfterReady { after, .. } => format!("crashes {after} after ready"),
        DefectKind::Hang { after } => format!("hangs {after} after it listens"),
        DefectKind::ConfigInvalid { keeps_last_good: true, .. } => {
            "a file that processes refuse, which stay with the last good one".to_owned()
        }
        DefectKind::ConfigInvalid { .. } => "a file that crashes processes".to_owned(),
        DefectKind::StartsLate { after } => {
            format!("errors and slowdown begin {after} after it listens")
        }
        DefectKind::ShallowHealth { errors, .. } => {
            format!("{} errors while health checks succeed", percent(*errors))
        }
        DefectKind::Leak { lasts } => format!("leaks memory, killed after {lasts}"),
        DefectKind::OnlyWhen(only) => {
            let mut when = Vec::new();
            when.extend(only.users.map(|share| format!("{} of users", percent(share))));
            when.extend(only.class.map(|_| "one class".to_owned()));
            when.extend(only.in_progress.map(|count| format!("{count} in progress or more")));
            format!("{} errors for {}", percent(only.errors), when.join(" and "))
        }
        DefectKind::FailingChecks { after } => {
            format!("fails its checks from {after} on, though it serves")
        }
    };
    match &defect.ordinals {
        None => what,
        Some(pods) => {
            let pods: Vec<String> = pods.iter().map(u32::to_string).collect();
            format!("{what} (pods {})", pods.join(", "))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::{Overrides, gallery};

    fn news_of(scenario: &str) -> String {
        let study = gallery::find(scenario).unwrap().load(&Overrides::default()).unwrap();
        news(&study.plan, study.releases[0].version)
    }

    #[test]
    fn a_release_says_in_what_it_differs_from_stable() {
        assert!(news_of("session-format-incompatible").contains("sessions: writes "));
        assert_eq!(news_of("one-of-eight-left-behind"), "does not break on setting reused_flag");
        assert_eq!(news_of("quickstart"), "behaves as stable does");
    }
}
