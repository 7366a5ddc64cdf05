//! The rules that both strategies share against the tables of the real controller.

use serde_json::{Value, json};

use super::{ABORT_SCALE_DOWN_DELAY, Status, fenceposts, is_progress, is_timed_out};
use crate::engine::SimDuration;
use crate::plan::{IntOrPercent, VersionId};
use crate::strategy::Routing;
use crate::strategy::conformance::{Row, check, number};

/// A count or percentage; `None` where it cannot be read, which a plan cannot hold.
fn int_or_percent(value: &Value) -> Option<IntOrPercent> {
    match value {
        Value::Null => Some(IntOrPercent::Int(0)),
        Value::String(text) => text.strip_suffix('%')?.parse().ok().map(IntOrPercent::Percent),
        count => Some(IntOrPercent::Int(number(count))),
    }
}

#[test]
fn fenceposts_are_argos() {
    check("argo_resolve_fenceposts", 3, |row| {
        let limit = |field: &str| int_or_percent(&row.input[field]);
        let desired = row.count("desired");
        let (surge, unavailable) =
            fenceposts(limit("max_surge")?, limit("max_unavailable")?, desired);
        Some(json!({"surge": surge, "unavailable": unavailable}))
    });
    let canary_limit = |row: &Row, field: &str| {
        (row.input["strategy"] == "canary").then(|| int_or_percent(&row.input[field]))?
    };
    check("argo_max_surge", 1, |row| {
        let surge = canary_limit(row, "max_surge")?;
        Some(json!({"value": fenceposts(surge, IntOrPercent::Int(1), row.count("replicas")).0}))
    });
    check("argo_max_unavailable", 5, |row| {
        let most = canary_limit(row, "max_unavailable")?;
        Some(json!({"value": fenceposts(IntOrPercent::Int(1), most, row.count("replicas")).1}))
    });
}

#[test]
fn progress_is_what_argo_takes_for_it() {
    // One case is of a preview service, which we do not have.
    check("argo_rollout_progressing", 6, |row| {
        let status = |which: &str| {
            let of = &row.input[which];
            let name = |field: &str| of[field].as_str().unwrap_or_default().to_owned();
            Status {
                updated: number(&of["updated"]),
                replicas: number(&of["replicas"]),
                ready: number(&of["ready"]),
                available: number(&of["available"]),
                place: (
                    of["step_index"].as_u64(),
                    ["active_selector", "stable_hash", "step_hash"].map(name),
                ),
            }
        };
        let preview = |which: &str| &row.input[which]["preview_selector"];
        (preview("old_status") == preview("new_status")).then(
            || json!({"progressing": is_progress(&status("old_status"), &status("new_status"))}),
        )
    });
}

#[test]
fn the_deadline_passes_when_argo_says_so() {
    // Without a condition, or with a paused or aborted one, nothing is watched.
    check("argo_rollout_timed_out", 1, |row| {
        let condition = &row.input["progressing_condition"];
        if condition["reason"] != "replica_set_updated" {
            return None;
        }
        let deadline = SimDuration::from_secs(row.count("progress_deadline_seconds").into());
        let age = i64::from(number(&condition["last_update_age_seconds"]));
        Some(json!({"timed_out": is_timed_out(1_000 - age, 1_000_000_000_000, deadline)}))
    });
}

#[test]
fn the_abort_delay_is_argos_default() {
    check("argo_abort_scale_down_delay_default", 2, |row| {
        let unset = row.input["abort_scale_down_delay_seconds"].is_null();
        unset.then(|| json!({"seconds": ABORT_SCALE_DOWN_DELAY.0 / 1_000_000_000}))
    });
}

#[test]
fn sets_that_the_traffic_goes_to_are_referenced() {
    // Of eight cases, those of the active service and of the router's weights.
    check("argo_replica_set_referenced", 4, |row| {
        let hashes = ["", "abc123", "def456"];
        let version = |field: &str| {
            let hash = row.input[field].as_str()?;
            hashes.iter().position(|known| *known == hash).map(|index| VersionId(index as u16))
        };
        let of = version("rs_hash")?;
        let routing = match (
            version("active_selector").or(version("active_service_selector")),
            version("weights_stable_hash"),
        ) {
            (Some(active), _) => Routing::Only(active),
            (None, Some(stable)) => {
                Routing::Split { stable, candidate: VersionId(9), weight_bp: 0 }
            }
            (None, None) if row.input["stable_service_selector"].is_null() => Routing::All,
            (None, None) => return None,
        };
        let elsewhere = [
            "current_hash",
            "preview_selector",
            "canary_service_selector",
            "preview_service_selector",
        ];
        let only_here = elsewhere.iter().all(|field| version(field) != Some(of));
        only_here.then(|| json!({"referenced": routing.names(of)}))
    });
}
