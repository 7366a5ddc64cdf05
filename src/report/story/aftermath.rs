//! What a count of failed requests does not say: answers of wrong content, the users behind the
//! requests, and when people noticed by the clock on their wall.

use crate::plan::Plan;
use crate::record::{Counters, EventKind, Outcome, RunRecord};

use crate::report::figure::{percent, whole};
use crate::report::text::visible;

const DAY_S: i64 = 86_400;
/// The first of January 1970 was a Thursday.
const WEEKDAYS: [&str; 7] =
    ["Thursday", "Friday", "Saturday", "Sunday", "Monday", "Tuesday", "Wednesday"];

/// Sentences for the end of a story; none where there is nothing of the kind to tell.
pub fn sentences(plan: &Plan, record: &RunRecord) -> Vec<String> {
    [content(record), people(plan, record)].into_iter().flatten().collect()
}

/// Forced log-ins of requests, stale ones of the reads that were answered, and whom they met.
fn content(record: &RunRecord) -> Option<String> {
    let mut all = Counters::default();
    record.cells.iter().for_each(|cell| all.merge(&cell.counters));
    if all.forced_logins + all.stale_reads == 0 {
        return None;
    }
    let share = |part: u64, of: u64| percent(part as f64 / of.max(1) as f64);
    let mut parts = Vec::new();
    if all.forced_logins > 0 {
        let of = share(all.forced_logins, all.requests);
        parts.push(format!("{} requests ({of}) forced a log-in", whole(all.forced_logins)));
    }
    if all.stale_reads > 0 {
        let of = share(all.stale_reads, all.reads);
        parts.push(format!(
            "{} of {} answered reads ({of}) were stale",
            whole(all.stale_reads),
            whole(all.reads)
        ));
    }
    let mut text = parts.join(", and ");
    if record.users.active > 0 {
        text.push_str(&format!(
            "; of {} users who came while harm lasted {} met some",
            whole(record.users.active),
            whole(record.users.affected)
        ));
    }
    let errors: u64 = [Outcome::AppError, Outcome::Refused, Outcome::Reset, Outcome::Overflow]
        .into_iter()
        .map(|outcome| all.outcomes[outcome as usize])
        .sum();
    if errors == 0 {
        text.push_str("; not one answer was a 5xx");
    } else {
        text.push_str(&format!("; {} were a 5xx", share(errors, all.requests)));
    }
    Some(format!("{text}."))
}

/// Who was called when, and what came of it, on the scenario's clock.
fn people(plan: &Plan, record: &RunRecord) -> Option<String> {
    let mut called = false;
    let mut day = "";
    let mut parts = Vec::new();
    for event in &record.events {
        let what = match &event.kind {
            EventKind::RolloutStarted { .. } => "the rollout starts".to_owned(),
            EventKind::Paged { alert } => {
                called = true;
                format!("somebody is paged ({})", visible(alert))
            }
            EventKind::Acknowledged => "looks at it".to_owned(),
            EventKind::Diagnosed => "knows what it is".to_owned(),
            EventKind::RollbackDecided { .. } if called => "decides to roll back".to_owned(),
            EventKind::RolledBack { .. } if called => "it is done".to_owned(),
            _ => continue,
        };
        let local_s = (plan.clock.start_unix_ns - plan.clock.warmup.0 as i64 + event.at.0 as i64)
            .div_euclid(1_000_000_000)
            + i64::from(plan.clock.utc_offset_s);
        let of_day = local_s.rem_euclid(DAY_S);
        let weekday = WEEKDAYS[local_s.div_euclid(DAY_S).rem_euclid(7) as usize];
        let prefix = if weekday == day { String::new() } else { format!("{weekday} ") };
        day = weekday;
        parts.push(format!("{prefix}{:02}:{:02} {what}", of_day / 3600, of_day % 3600 / 60));
    }
    called.then(|| format!("On the clock: {}.", parts.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{SimDuration, SimTime};
    use crate::plan::VersionId;
    use crate::record::{Event, Users};
    use crate::report::fixture;

    #[test]
    fn wrong_content_has_its_denominators_and_its_users() {
        let mut record = fixture::record();
        assert_eq!(content(&record), None);
        let counters = Counters {
            requests: 1000,
            reads: 400,
            stale_reads: 200,
            forced_logins: 500,
            ..Counters::default()
        };
        record.cells.truncate(1);
        record.cells[0].counters = counters;
        record.users = Users { active: 300, affected: 299, sessions_lost: 0 };
        let told = content(&record).expect("something to tell");
        assert_eq!(
            told,
            "500 requests (50 %) forced a log-in, and 200 of 400 answered reads (50 %) were stale; \
             of 300 users who came while harm lasted 299 met some; not one answer was a 5xx."
        );
    }

    #[test]
    fn people_are_told_of_by_their_own_clock() {
        let mut plan = fixture::plan();
        // Friday, 27 June 2025, 17:00 in New York.
        plan.clock.start_unix_ns = 1_751_058_000_000_000_000;
        plan.clock.utc_offset_s = -4 * 3600;
        plan.clock.warmup = SimDuration::ZERO;
        let at = |minutes: u64, kind: EventKind| Event {
            at: SimTime(minutes * 60 * 1_000_000_000),
            kind,
        };
        let mut record = fixture::record();
        record.events = vec![at(0, EventKind::RolloutStarted { version: VersionId(1) })];
        assert_eq!(people(&plan, &record), None, "nobody was called");
        record.events.push(at(62, EventKind::Paged { alert: "tickets".into() }));
        record.events.push(at(8 * 60, EventKind::Acknowledged));
        assert_eq!(
            people(&plan, &record).as_deref(),
            Some(
                "On the clock: Friday 17:00 the rollout starts, 18:02 somebody is paged (tickets), \
                 Saturday 01:00 looks at it."
            )
        );
    }
}
