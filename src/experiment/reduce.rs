//! From the record of one run to its rows: every column of `runs.csv` and `classes.csv`.
//!
//! | columns | rule |
//! | --- | --- |
//! | `ok_*`, `all_*`, `max_ms` | from the merged histograms of ok, of ok and failed requests; a quantile is the value of rank ⌈q·n⌉ |
//! | `failed_share` | failed / requests |
//! | `excess_failed`, `excess_failed_share` | failed minus the control's of the same seed; that over requests |
//! | `mean_wait_ms` | time in queues of accepted attempts / accepted attempts |
//! | `logouts_per_user` | forced log-ins / active users; empty without sessions |
//! | `error_budget_burnt` | failed requests / those that the objective allows in its period at the window's rate; empty without an objective |
//! | `utilisation` | busy / ready worker-time |
//! | `streams_closed`, `streams_cut` | by instances that drain or for their age; by processes that go; empty where no class has streams |
//! | `users_*`, `sessions_lost` | empty where requests have no users |
//! | `deploy_s` | start of the rollout → completed or rolled back; the time so far if neither |
//! | `impact_s` | start → first harm; empty where no harm came |
//! | `detect_s` | first harm → first alert, failed verdict or deadline (0 if that came first); the time so far if nothing noticed |
//! | `mitigate_s` | first harm → end of the last; the time so far if it goes on |
//! | `exposed_s` | time up to the rollout's end in which users could meet the candidate |
//! | `max_*_exposed` | greatest share of usable instances, and of the traffic by weights, that had what was deployed |
//! | `extra_instance_s` | instance time minus the control's |
//! | `cost` | instance hours at the scenario's price; empty where it names none |
//!
//! Harm is told from noise by [`super::harm`]. Without a control, `excess_*`,
//! `extra_instance_s`, `impact_s`, `detect_s` and `mitigate_s` are empty.

use serde::{Deserialize, Serialize};

use crate::engine::{Histogram, SimDuration, SimTime};
use crate::plan::{Arrivals, Plan};
use crate::record::{Cell, Counters, Outcome, RunRecord, Series};

use super::harm;
use super::metric::{METRICS, index_of};
use super::result::{Censored, ClassRow, Row};

/// What later runs of the same seed need of the control.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Control {
    failed: u64,
    class_failed: Vec<u64>,
    instance_ns: u128,
    harm: Series,
}

/// All rows of one run.
#[derive(Clone, Debug, PartialEq)]
pub struct Reduced {
    /// Its row in `runs.csv`.
    pub row: Row,
    /// By class and version.
    pub class_rows: Vec<ClassRow>,
    /// By class.
    pub class_totals: Vec<ClassRow>,
}

impl Control {
    /// Takes from a control's record what the other runs of its seed need.
    #[must_use]
    pub fn of(record: &RunRecord) -> Self {
        let classes = record.cells.iter().map(|cell| usize::from(cell.class) + 1).max();
        let mut class_failed = vec![0; classes.unwrap_or(0)];
        for cell in &record.cells {
            class_failed[usize::from(cell.class)] += cell.counters.failed();
        }
        Self {
            failed: class_failed.iter().sum(),
            class_failed,
            instance_ns: record.capacity.instance_ns,
            harm: record.harm.clone(),
        }
    }
}

/// Values by column name.
struct Values([Option<f64>; METRICS.len()]);

impl Values {
    fn new() -> Self {
        Self([None; METRICS.len()])
    }

    fn set(&mut self, name: &str, value: impl Into<Option<f64>>) {
        let place = index_of(name).unwrap_or_else(|| panic!("there is no column {name}"));
        self.0[place] = value.into();
    }

    /// The columns that a run and a class share.
    fn set_requests(&mut self, cells: &Merged, control_failed: Option<u64>) {
        let counters = &cells.counters;
        self.set("requests", counters.requests as f64);
        self.set("attempts", counters.attempts as f64);
        for outcome in Outcome::ALL {
            self.set(outcome.name(), counters.outcomes[outcome as usize] as f64);
        }
        self.set("in_flight", counters.in_flight as f64);
        let failed = counters.failed();
        self.set("failed_share", share(failed as f64, counters.requests));
        let excess = control_failed.map(|control| failed as f64 - control as f64);
        self.set("excess_failed", excess);
        let excess_share = excess.and_then(|excess| share(excess, counters.requests));
        self.set("excess_failed_share", excess_share);
        self.set("reads", counters.reads as f64);
        self.set("stale_reads", counters.stale_reads as f64);
        self.set("forced_logins", counters.forced_logins as f64);
        let ok = &cells.ok;
        self.set("ok_mean_ms", ok.mean().map(milliseconds));
        for (name, q) in [
            ("ok_p50_ms", 0.5),
            ("ok_p90_ms", 0.9),
            ("ok_p95_ms", 0.95),
            ("ok_p99_ms", 0.99),
            ("ok_p999_ms", 0.999),
        ] {
            self.set(name, quantile(ok, q));
        }
        self.set("all_mean_ms", cells.all.mean().map(milliseconds));
        self.set("all_p99_ms", quantile(&cells.all, 0.99));
        self.set("max_ms", cells.all.max().map(|max| milliseconds(max as f64)));
    }
}

fn milliseconds(nanoseconds: f64) -> f64 {
    nanoseconds / 1e6
}

fn quantile(histogram: &Histogram, q: f64) -> Option<f64> {
    histogram.quantile(q).map(|value| milliseconds(value as f64))
}

fn share(part: f64, of: u64) -> Option<f64> {
    (of > 0).then(|| part / of as f64)
}

fn seconds(nanoseconds: u128) -> f64 {
    nanoseconds as f64 / 1e9
}

/// Some cells in one.
#[derive(Default)]
struct Merged {
    counters: Counters,
    ok: Histogram,
    all: Histogram,
}

impl Merged {
    fn of<'a>(cells: impl Iterator<Item = &'a Cell>) -> Self {
        let mut merged = Self::default();
        for cell in cells {
            merged.counters.merge(&cell.counters);
            merged.ok.merge(&cell.ok);
            merged.all.merge(&cell.failed);
        }
        merged.all.merge(&merged.ok);
        merged
    }
}

/// Reduces a run's record to its rows. `control` is that of the same seed; the control itself
/// is reduced against none, and has no excess.
///
/// # Panics
/// If a request was lost or counted twice.
#[must_use]
pub fn reduce(plan: &Plan, record: &RunRecord, control: Option<&Control>) -> Reduced {
    assert_balance(record);
    let mut values = Values::new();
    values.set_requests(&Merged::of(record.cells.iter()), control.map(|control| control.failed));
    set_service(&mut values, plan, record);
    set_users(&mut values, plan, record);
    let censored = set_times(&mut values, plan, record, control);
    set_capacity(&mut values, plan, record, control);
    let row =
        Row { seed: record.key.seed, outcome: record.rollout.outcome, censored, values: values.0 };
    Reduced {
        row,
        class_rows: class_rows(record),
        class_totals: class_totals(plan, record, control),
    }
}

fn assert_balance(record: &RunRecord) {
    for cell in &record.cells {
        let counters = &cell.counters;
        assert!(
            counters.balance(),
            "requests were lost or counted twice: class {} on version {:?} has {} requests, of \
             which {} ended and {} are in flight",
            cell.class,
            cell.version.map(|version| version.0),
            counters.requests,
            counters.outcomes.iter().sum::<u64>(),
            counters.in_flight
        );
    }
}

fn set_service(values: &mut Values, plan: &Plan, record: &RunRecord) {
    if let Some(slo) = plan.response.slo {
        let mut all = Counters::default();
        record.cells.iter().for_each(|cell| all.merge(&cell.counters));
        let windows = slo.over.as_secs_f64() / plan.clock.window.as_secs_f64();
        let budget = (1.0 - slo.target) * all.requests as f64 * windows;
        let burnt = (budget > 0.0).then(|| all.failed() as f64 / budget);
        values.set("error_budget_burnt", burnt);
    }
    let worst = record.worst_minute_ok_p99_ns.map(|p99| milliseconds(p99 as f64));
    values.set("worst_minute_ok_p99_ms", worst);
    let wait = share(record.wait_ns as f64, record.accepted).map(milliseconds);
    values.set("mean_wait_ms", wait);
    let ready = record.ready_worker_ns;
    values.set("utilisation", (ready > 0).then(|| record.busy_ns as f64 / ready as f64));
}

fn set_users(values: &mut Values, plan: &Plan, record: &RunRecord) {
    if plan.classes.iter().any(|class| class.stream.is_some()) {
        values.set("streams_closed", record.streams.closed as f64);
        values.set("streams_cut", record.streams.cut as f64);
    }
    let brings_users = |class: &crate::plan::RequestClass| {
        matches!(class.arrivals, Arrivals::Users { .. } | Arrivals::Sessions { .. })
    };
    if plan.client.users.is_some() || plan.classes.iter().any(brings_users) {
        values.set("users_active", record.users.active as f64);
        values.set("users_affected", record.users.affected as f64);
        values.set("sessions_lost", record.users.sessions_lost as f64);
        let forced: u64 = record.cells.iter().map(|cell| cell.counters.forced_logins).sum();
        if plan.state.sessions.is_some() {
            values.set("logouts_per_user", share(forced as f64, record.users.active));
        }
    }
}

fn set_times(
    values: &mut Values,
    plan: &Plan,
    record: &RunRecord,
    control: Option<&Control>,
) -> Censored {
    let mut censored = Censored::default();
    let rollout = &record.rollout;
    let window_start = SimTime(plan.clock.warmup.0);
    let window_end = window_start + plan.clock.window;
    if let Some(started) = rollout.started {
        let end = rollout.finished.unwrap_or(window_end);
        values.set("deploy_s", end.since(started).as_secs_f64());
        censored.deploy = rollout.finished.is_none();
        values.set("exposed_s", rollout.exposed.as_secs_f64());
        values.set("candidate_requests", rollout.candidate_requests as f64);
        let (instances, traffic) = record.capacity.max_exposed_bp;
        values.set("max_instances_exposed", instances as f64 / 1e4);
        values.set("max_traffic_exposed", traffic as f64 / 1e4);
    }
    let (Some(started), Some(control)) = (rollout.started, control) else { return censored };
    let from = started.since(window_start);
    let Some(span) = harm::span(&record.harm, &control.harm, from, plan.clock.window) else {
        return censored;
    };
    let length = |from: SimDuration, to: SimDuration| (to.0 - from.0.min(to.0)) as f64 / 1e9;
    values.set("impact_s", length(from, span.onset));
    values.set("mitigate_s", length(span.onset, span.end));
    censored.mitigate = span.ongoing;
    let noticed = rollout.detected.map(|detected| detected.since(window_start));
    values.set("detect_s", length(span.onset, noticed.unwrap_or(plan.clock.window)));
    censored.detect = noticed.is_none();
    censored
}

fn set_capacity(values: &mut Values, plan: &Plan, record: &RunRecord, control: Option<&Control>) {
    let capacity = &record.capacity;
    values.set("min_available", f64::from(capacity.min_available));
    values.set("min_routable", f64::from(capacity.min_routable));
    values.set("max_pods", f64::from(capacity.max_pods));
    let used = seconds(capacity.instance_ns);
    values.set("instance_s", used);
    values.set("extra_instance_s", control.map(|control| used - seconds(control.instance_ns)));
    if plan.instance_hour_cost > 0.0 {
        values.set("cost", used / 3600.0 * plan.instance_hour_cost);
    }
}

fn class_rows(record: &RunRecord) -> Vec<ClassRow> {
    let used = record.cells.iter().filter(|cell| cell.counters.requests > 0);
    used.map(|cell| {
        let mut values = Values::new();
        values.set_requests(&Merged::of(std::iter::once(cell)), None);
        let Cell { class, version, .. } = *cell;
        ClassRow { seed: record.key.seed, class, version, values: values.0 }
    })
    .collect()
}

fn class_totals(plan: &Plan, record: &RunRecord, control: Option<&Control>) -> Vec<ClassRow> {
    (0..plan.classes.len() as u16)
        .map(|class| {
            let cells = record.cells.iter().filter(|cell| cell.class == class);
            let failed = control.and_then(|c| c.class_failed.get(usize::from(class)).copied());
            let mut values = Values::new();
            values.set_requests(&Merged::of(cells), failed);
            ClassRow { seed: record.key.seed, class, version: None, values: values.0 }
        })
        .collect()
}

#[cfg(test)]
mod tests;
