//! The Deployment controller's functions, asked as its own test suites ask them.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::Answer;
use crate::engine::SimDuration;
use crate::plan::IntOrPercent;
use crate::strategy::deployment::history::{OldSet, sets_to_delete};
use crate::strategy::deployment::progress::{self, Condition, Reason, Status};
use crate::strategy::deployment::resize::{Resizable, Resize, fraction, sizes};
use crate::strategy::deployment::rules::{self, Kind, Size};

/// The default of `revisionHistoryLimit`.
const HISTORY_LIMIT: u32 = 10;
/// `progressDeadlineSeconds` that means none.
const NO_DEADLINE: u64 = 2_147_483_647;

/// Our answer; `None`: not a function of this controller.
pub(super) fn answer(function: &str, input: &Value) -> Option<Result<Answer, String>> {
    let answered = match function {
        "k8s_resolve_fenceposts" => ask(input, resolve_fenceposts),
        "k8s_max_unavailable" => ask(
            input,
            |limits: Limits| json!({ "value": limits.kind().max_unavailable(limits.replicas()) }),
        ),
        "k8s_min_available" => ask(
            input,
            |limits: Limits| json!({ "value": limits.kind().min_available(limits.replicas()) }),
        ),
        "k8s_new_rs_new_replicas" => ask(input, new_set_size),
        "k8s_reconcile_new_replica_set" => ask(input, reconcile_new),
        "k8s_reconcile_old_replica_sets" => ask(input, reconcile_old),
        "k8s_cleanup_unhealthy" => ask(input, clean_up_unhealthy),
        "k8s_scale_down_old" => ask(input, scale_down_old),
        "k8s_deployment_complete" => ask(input, complete),
        "k8s_deployment_progressing" => ask(
            input,
            |(old, new): (Counts, Counts)| json!({ "progressing": progress::progressing(old.status(), new.status()) }),
        ),
        "k8s_deployment_timed_out" => ask(input, timed_out),
        "k8s_replica_set_fraction" => ask(input, set_fraction),
        "k8s_scale_proportional" => ask(input, scale_proportional),
        "k8s_revision_cleanup_count" => {
            ask(input, |history: History| json!({ "deleted_count": history.deleted().len() }))
        }
        "k8s_revision_cleanup_order" => {
            ask(input, |history: History| json!({ "deleted": history.deleted() }))
        }
        _ => return None,
    };
    Some(answered)
}

/// Reads a question, answers it.
fn ask<Q: DeserializeOwned>(input: &Value, answer: impl Fn(Q) -> Value) -> Result<Answer, String> {
    let question = match input.get("old_status").zip(input.get("new_status")) {
        Some((old, new)) => json!([old, new]),
        None => input.clone(),
    };
    let question = serde_json::from_value(question).map_err(|error| error.to_string())?;
    match answer(question) {
        Value::Object(fields) => Ok(fields),
        other => Err(format!("{other} is no answer")),
    }
}

/// An int-or-string of the API: `None` where it is absent, `Err` where it cannot be read.
fn quantity(value: Option<&Value>) -> Result<IntOrPercent, ()> {
    match value {
        None | Some(Value::Null) => Ok(IntOrPercent::Int(0)),
        Some(Value::Number(number)) => {
            number.as_u64().map(|count| IntOrPercent::Int(count as u32)).ok_or(())
        }
        Some(Value::String(text)) => {
            let percent = text.strip_suffix('%').and_then(|number| number.parse().ok());
            percent.map(IntOrPercent::Percent).ok_or(())
        }
        Some(_) => Err(()),
    }
}

/// The limits that most questions have.
#[derive(Deserialize)]
struct Limits {
    strategy: Option<String>,
    replicas: Option<u32>,
    max_surge: Option<Value>,
    max_unavailable: Option<Value>,
}

impl Limits {
    fn replicas(&self) -> u32 {
        self.replicas.unwrap_or(0)
    }

    fn kind(&self) -> Kind {
        if self.strategy.as_deref() == Some("Recreate") {
            return Kind::Recreate;
        }
        let read = |value: &Option<Value>| quantity(value.as_ref()).unwrap_or(IntOrPercent::Int(0));
        Kind::Rolling {
            max_surge: read(&self.max_surge),
            max_unavailable: read(&self.max_unavailable),
        }
    }
}

fn resolve_fenceposts(input: Value) -> Value {
    let surge = quantity(input.get("max_surge"));
    let unavailable = quantity(input.get("max_unavailable"));
    let desired = input.get("desired").and_then(Value::as_u64).unwrap_or(0) as u32;
    match (surge, unavailable) {
        (Ok(surge), Ok(unavailable)) => {
            let (surge, unavailable) = rules::fenceposts(surge, unavailable, desired);
            json!({ "surge": surge, "unavailable": unavailable })
        }
        _ => json!({ "error": true }),
    }
}

#[derive(Deserialize)]
struct NewSize {
    #[serde(flatten)]
    limits: Limits,
    new_spec_replicas: u32,
    all_spec_replicas_total: u32,
}

fn new_set_size(input: NewSize) -> Value {
    let replicas = input.limits.replicas();
    let total = input.all_spec_replicas_total;
    let size = input.limits.kind().new_set_size(replicas, input.new_spec_replicas, total);
    json!({ "replicas": size })
}

#[derive(Deserialize)]
struct ReconcileNew {
    #[serde(flatten)]
    limits: Limits,
    old_spec_replicas: u32,
    new_spec_replicas: u32,
}

fn reconcile_new(input: ReconcileNew) -> Value {
    let new = input.new_spec_replicas;
    let total = input.old_spec_replicas + new;
    let size = rules::reconcile_new(input.limits.kind(), input.limits.replicas(), new, total);
    json!({ "scaled": size.is_some(), "new_spec_replicas": size.unwrap_or(new) })
}

/// A replica set of a question.
#[derive(Clone, Copy, Deserialize)]
struct Set {
    spec_replicas: u32,
    #[serde(default)]
    available_replicas: u32,
    desired_replicas_annotation: Option<u32>,
    max_replicas_annotation: Option<u32>,
}

impl Set {
    fn size(self) -> Size {
        Size { spec: self.spec_replicas, available: self.available_replicas }
    }

    fn resizable(self) -> Resizable {
        Resizable {
            spec: self.spec_replicas,
            available: self.available_replicas,
            desired_annotation: self.desired_replicas_annotation,
            max_annotation: self.max_replicas_annotation,
        }
    }
}

/// One set is asked for by its size alone, several by a list.
fn specs(sets: &[Size]) -> Value {
    match sets {
        [only] => json!(only.spec),
        _ => json!(sets.iter().map(|set| set.spec).collect::<Vec<u32>>()),
    }
}

#[derive(Deserialize)]
struct ReconcileOld {
    #[serde(flatten)]
    limits: Limits,
    old: Set,
    new: Set,
}

fn reconcile_old(input: ReconcileOld) -> Value {
    let mut old = [input.old.size()];
    let replicas = input.limits.replicas();
    let scaled = rules::reconcile_old(input.limits.kind(), replicas, &mut old, input.new.size());
    match scaled {
        Ok(scaled) => json!({ "scaled": scaled, "old_spec_replicas": specs(&old) }),
        Err(rules::Stale) => json!({ "error": true }),
    }
}

#[derive(Deserialize)]
struct CleanUp {
    old: Vec<Set>,
    max_cleanup_count: u32,
}

fn clean_up_unhealthy(input: CleanUp) -> Value {
    let mut old: Vec<Size> = input.old.into_iter().map(Set::size).collect();
    match rules::clean_up_unhealthy(&mut old, input.max_cleanup_count) {
        Ok(cleaned) => json!({ "cleaned_up": cleaned, "old_spec_replicas": specs(&old) }),
        Err(rules::Stale) => json!({ "error": true }),
    }
}

#[derive(Deserialize)]
struct ScaleDown {
    #[serde(flatten)]
    limits: Limits,
    old: Vec<Set>,
    available_total: u32,
}

fn scale_down_old(input: ScaleDown) -> Value {
    let mut old: Vec<Size> = input.old.into_iter().map(Set::size).collect();
    let min_available = input.limits.kind().min_available(input.limits.replicas());
    let taken = rules::scale_down_old(&mut old, input.available_total, min_available);
    json!({ "scaled": taken > 0, "old_spec_replicas": specs(&old) })
}

/// Counts of a Deployment's status.
#[derive(Clone, Copy, Default, Deserialize)]
#[serde(default)]
struct Counts {
    desired: u32,
    #[serde(alias = "current")]
    replicas: u32,
    updated: u32,
    ready: u32,
    available: u32,
}

impl Counts {
    fn status(self) -> Status {
        Status {
            replicas: self.replicas,
            updated: self.updated,
            ready: self.ready,
            available: self.available,
            ..Status::default()
        }
    }
}

fn complete(counts: Counts) -> Value {
    json!({ "complete": progress::complete(counts.desired, counts.status()) })
}

#[derive(Deserialize)]
struct TimedOut {
    progress_deadline_seconds: Option<u64>,
    seconds_since_last_progress_update: Option<i64>,
    #[serde(default)]
    progressing_reason: String,
}

fn timed_out(input: TimedOut) -> Value {
    let reason = match input.progressing_reason.as_str() {
        "NewReplicaSetAvailable" => Reason::NewSetAvailable,
        "ProgressDeadlineExceeded" => Reason::TimedOut,
        _ => Reason::SetUpdated,
    };
    let deadline = input.progress_deadline_seconds.filter(|&seconds| seconds != NO_DEADLINE);
    let timed_out = match (deadline, input.seconds_since_last_progress_update) {
        (Some(deadline), Some(since)) => progress::timed_out(
            Condition { reason, since_s: 0 },
            SimDuration::from_secs(deadline),
            since * 1_000_000_000,
        ),
        _ => false,
    };
    json!({ "timed_out": timed_out })
}

#[derive(Deserialize)]
struct Fraction {
    #[serde(flatten)]
    limits: Limits,
    #[serde(default)]
    status_replicas: u32,
    rs_spec_replicas: u32,
    max_replicas_annotation: Option<u32>,
}

fn set_fraction(input: Fraction) -> Value {
    let replicas = input.limits.replicas();
    let surge = input.limits.kind().surge(replicas);
    let spec = input.rs_spec_replicas;
    let annotation = input.max_replicas_annotation;
    json!({ "fraction": fraction(replicas, surge, input.status_replicas, spec, annotation) })
}

#[derive(Deserialize)]
struct Proportional {
    #[serde(flatten)]
    limits: Limits,
    #[serde(default)]
    status_replicas: u32,
    new: Option<Set>,
    old_newest_first: Vec<Set>,
}

fn scale_proportional(input: Proportional) -> Value {
    let replicas = input.limits.replicas();
    let oldest_first = input.old_newest_first.iter().rev().copied();
    let mut sets: Vec<Resizable> = oldest_first.map(Set::resizable).collect();
    let new = input.new.map(|new| {
        sets.push(new.resizable());
        sets.len() - 1
    });
    let resize = Resize {
        replicas,
        surge: Some(input.limits.kind().surge(replicas)),
        status_replicas: input.status_replicas,
        sets,
        new,
    };
    let mut after: Vec<u32> = sizes(&resize)
        .into_iter()
        .zip(&resize.sets)
        .map(|(size, set)| size.unwrap_or(set.spec))
        .collect();
    let new = new.and_then(|_| after.pop());
    after.reverse();
    json!({ "new": new, "old_newest_first": after })
}

#[derive(Deserialize)]
struct History {
    revision_history_limit: Option<u32>,
    old_replica_sets: Vec<HistorySet>,
}

#[derive(Deserialize)]
struct HistorySet {
    name: String,
    #[serde(default, alias = "replicas")]
    spec_replicas: u32,
    status_replicas: Option<u32>,
    #[serde(default)]
    deleting: bool,
    revision: Option<u32>,
}

impl History {
    fn deleted(&self) -> Vec<String> {
        let sets: Vec<OldSet> = self
            .old_replica_sets
            .iter()
            .map(|set| OldSet {
                spec: set.spec_replicas,
                replicas: set.status_replicas.unwrap_or(set.spec_replicas),
                observed: true,
                revision: set.revision,
                deleting: set.deleting,
            })
            .collect();
        let limit = self.revision_history_limit.unwrap_or(HISTORY_LIMIT);
        let places = sets_to_delete(&sets, limit);
        places.into_iter().map(|place| self.old_replica_sets[place].name.clone()).collect()
    }
}
