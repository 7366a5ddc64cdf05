//! Defects that most requests never meet, in whole runs: conditions, and memory that grows.

use crate::plan::*;
use crate::record::{Cause, EventKind, RunKey, RunRecord};

use super::fixture::{deploy, options, plan, seconds};
use super::{RunOptions, run};

fn rolling() -> Strategy {
    Strategy::Rolling(Rolling {
        max_surge: IntOrPercent::Percent(25),
        max_unavailable: IntOrPercent::Percent(25),
        min_ready: seconds(0.0),
        progress_deadline: None,
    })
}

fn with(kind: DefectKind) -> Plan {
    let mut plan = plan();
    plan.client.users = Some(Users { count: 1_000, pick: Pick::Uniform });
    plan.versions[1].defects = vec![Defect { kind, ordinals: None }];
    plan
}

fn only_when(when: OnlyWhen) -> Plan {
    with(DefectKind::OnlyWhen(when))
}

const ALWAYS: OnlyWhen = OnlyWhen { class: None, users: None, in_progress: None, errors: 1.0 };

fn defective(record: &RunRecord) -> u64 {
    let rows = record.causes.iter().filter(|row| row.cause == Cause::VersionDefect);
    rows.map(|row| row.count).sum()
}

/// Requests that candidates answered.
fn on_candidate(record: &RunRecord) -> u64 {
    let cells = record.cells.iter().filter(|cell| cell.version == Some(VersionId(1)));
    cells.map(|cell| cell.counters.requests).sum()
}

#[test]
fn a_defect_of_some_users_hits_the_same_ones_all_the_time() {
    let record = deploy(&only_when(OnlyWhen { users: Some(0.1), ..ALWAYS }), &rolling(), 1);
    let share = defective(&record) as f64 / on_candidate(&record) as f64;
    assert!((0.07..0.13).contains(&share), "{share} of requests");
    // Each of a thousand users sends some fifty requests: drawn anew, all would be hit.
    assert!((70..=130).contains(&record.users.affected), "{}", record.users.affected);
}

#[test]
fn a_condition_nobody_meets_fails_nothing_and_one_all_meet_everything() {
    let busy = OnlyWhen { in_progress: Some(64), ..ALWAYS };
    assert_eq!(defective(&deploy(&only_when(busy), &rolling(), 1)), 0);
    let any = deploy(&only_when(OnlyWhen { in_progress: Some(1), ..ALWAYS }), &rolling(), 1);
    assert!(defective(&any) > 0);
    // But what met a listener that had gone, or is in flight at the end.
    assert!(on_candidate(&any) - defective(&any) < 20);
    let half = deploy(&only_when(OnlyWhen { errors: 0.5, ..ALWAYS }), &rolling(), 1);
    let share = defective(&half) as f64 / on_candidate(&half) as f64;
    assert!((0.48..0.52).contains(&share), "{share}");
}

#[test]
fn under_load_requests_meet_a_condition_on_load() {
    let when = only_when(OnlyWhen { in_progress: Some(3), ..ALWAYS });
    let quiet = defective(&deploy(&when, &rolling(), 1));
    let mut loaded = when;
    loaded.classes[0].arrivals = Arrivals::Poisson { rate: 1_000.0 };
    let busy = deploy(&loaded, &rolling(), 1);
    let share = defective(&busy) as f64 / on_candidate(&busy) as f64;
    assert!(quiet < 300, "{quiet} at a twentieth of the capacity");
    assert!(share > 0.2, "{share} at half of it");
}

#[test]
fn pods_that_leak_die_when_their_memory_is_full_and_again() {
    let lasts = seconds(150.0);
    let key = RunKey { arm: Some(0), release: Some(0), seed: 1 };
    let logged = RunOptions { log: true, ..options() };
    let plan = with(DefectKind::Leak { lasts });
    let record = run(&plan, Some(&rolling()), Some(VersionId(1)), key, &logged);
    let crashed: Vec<f64> = record
        .events
        .iter()
        .filter(|event| matches!(event.kind, EventKind::InstanceCrashed { .. }))
        .map(|event| event.at.as_secs_f64() - 70.0)
        .collect();
    // Five pods, from a minute on for nine: after 2 s of boot, 150 s, and so on.
    assert!((12..=20).contains(&crashed.len()), "{crashed:?}");
    assert!((152.0..170.0).contains(&crashed[0]), "{crashed:?}");
}

/// A pod that waits for a place has no machine that anybody pays for.
#[test]
fn pods_without_a_place_cost_nothing() {
    let plan = with(DefectKind::StuckPending);
    let stuck = deploy(&plan, &rolling(), 1);
    let without = super::fixture::control(&plan, 1);
    assert!(stuck.capacity.max_pods > without.capacity.max_pods, "surge pods exist");
    let more = stuck.capacity.instance_ns.saturating_sub(without.capacity.instance_ns);
    assert_eq!(more, 0);
}
