//! The canary's rules on counts and weights against the tables of the real controller.

use serde_json::{Value, json};

use super::counts::{Pods, Split, nearest_split, scale_down_older};
use super::weights::{ALL_BP, last_weight, pods_for, weight_at};
use crate::plan::{CanaryStep, IntOrPercent};
use crate::strategy::argo::{SetSize, fenceposts};
use crate::strategy::conformance::{Row, check, number};

fn size(set: &Value) -> SetSize {
    if set.is_null() {
        return SetSize::default();
    }
    let count = |field: &str| set[field].as_u64().unwrap_or(0) as u32;
    SetSize { spec: count("spec_replicas"), available: count("available_replicas") }
}

fn int_or_percent(value: &Value) -> IntOrPercent {
    match value {
        Value::String(text) => {
            let percent = text.strip_suffix('%').and_then(|text| text.parse().ok());
            IntOrPercent::Percent(percent.unwrap_or_else(|| panic!("{text}")))
        }
        count => IntOrPercent::Int(number(count)),
    }
}

fn limits(row: &Row) -> (u32, u32) {
    let limit = |field: &str| int_or_percent(&row.input[field]);
    fenceposts(limit("max_surge"), limit("max_unavailable"), row.count("replicas"))
}

fn answer(split: Split) -> Option<Value> {
    Some(json!({"canary_replicas": split.canary, "stable_replicas": split.stable}))
}

#[test]
fn the_nearest_split_is_the_one_argo_takes() {
    check("argo_approximate_weighted_counts", 33, |row| {
        let of = |field| row.count(field);
        answer(nearest_split(of("replicas"), of("weight"), of("max_weight"), of("max_surge")))
    });
}

#[test]
fn the_nearest_split_does_not_depend_on_the_unit_of_the_weight() {
    check("argo_approximate_weighted_counts", 33, |row| {
        let weight = row.count("weight") * (ALL_BP / row.count("max_weight"));
        answer(nearest_split(row.count("replicas"), weight, ALL_BP, row.count("max_surge")))
    });
}

#[test]
fn counts_without_a_router_move_as_in_argo() {
    check("argo_basic_canary_counts", 23, |row| {
        let (surge, unavailable) = limits(row);
        let replicas = row.count("replicas");
        let full = row.flag("promote_full");
        let weight = row.count(if full { "max_weight" } else { "set_weight" });
        let is_stable = row.flag("canary_is_stable");
        let older = row.input["older"].as_array()?;
        let pods = Pods {
            replicas,
            surge,
            unavailable,
            canary: size(&row.input["canary"]),
            stable: (!is_stable).then(|| size(&row.input["stable"])),
            older: older.iter().map(|set| size(set).spec).sum(),
        };
        answer(pods.toward(nearest_split(replicas, weight, row.count("max_weight"), surge)))
    });
}

#[test]
fn older_sets_shrink_as_in_argo() {
    check("argo_basic_canary_scale_down_old", 1, |row| {
        let (_, unavailable) = limits(row);
        let older: Vec<SetSize> =
            row.input["older_oldest_first"].as_array()?.iter().map(size).collect();
        let available =
            size(&row.input["new"]).available + older.iter().map(|set| set.available).sum::<u32>();
        let fewest = i64::from(row.count("replicas")) - i64::from(unavailable);
        Some(json!({"older_oldest_first": scale_down_older(&older, available, fewest)}))
    });
}

#[test]
fn a_step_is_reached_when_argo_says_so() {
    check("argo_at_desired_counts_basic", 3, |row| {
        let (surge, _) = limits(row);
        let want = nearest_split(row.count("replicas"), row.count("set_weight"), 100, surge);
        let reached = size(&row.input["canary"]).is_saturated(want.canary)
            && size(&row.input["stable"]).spec == want.stable;
        Some(json!({"at_desired": reached}))
    });
}

#[test]
fn a_set_has_what_is_wanted_when_argo_says_so() {
    check("argo_all_desired_available", 3, |row| {
        let set = size(&row.input["replica_set"]);
        Some(json!({"result": set.is_saturated(row.count("desired"))}))
    });
    // Cases with a threshold for partial promotion are not modelled.
    check("argo_canary_full_promote", 3, |row| {
        let replicas = row.count("replicas");
        let set = SetSize { spec: replicas, available: row.count("canary_available") };
        row.input["threshold"].is_null().then(|| json!({"promote": set.is_saturated(replicas)}))
    });
}

#[test]
fn pods_for_a_weight_round_up_as_in_argo() {
    check("argo_traffic_weight_to_replicas", 5, |row| {
        let pods = pods_for(row.count("replicas"), row.count("weight"), row.count("max_weight"));
        Some(json!({"replicas": pods}))
    });
    // The one case without dynamic stable scale, explicit canary scale and minimum pod counts.
    check("argo_traffic_routed_canary_counts", 1, |row| {
        let step = &row.input["steps"][row.count("current_step_index") as usize];
        let scale = &step["set_canary_scale"];
        let follows_weight = scale.is_null() || scale["match_traffic_weight"] == true;
        let plain = row.input["min_pods_per_replica_set"].is_null()
            && !row.flag("dynamic_stable_scale")
            && !row.flag("abort");
        if !(follows_weight && plain) {
            return None;
        }
        let replicas = row.count("replicas");
        let canary = pods_for(replicas, number(&step["set_weight"]), 100);
        answer(Split { canary, stable: replicas })
    });
}

#[test]
fn the_weight_in_force_is_argos() {
    check("argo_current_set_weight", 2, |row| {
        let steps: Vec<CanaryStep> = row.input["steps"]
            .as_array()?
            .iter()
            .map(|step| CanaryStep::Weight(f64::from(number(&step["set_weight"])) / 100.0))
            .collect();
        let index = row.count("current_step_index") as usize;
        let weight = if row.flag("abort") { 0 } else { weight_at(&steps, index) };
        Some(json!({"weight": weight / (ALL_BP / row.count("max_traffic_weight"))}))
    });
}

#[test]
fn before_the_first_weight_there_is_none() {
    let steps = [CanaryStep::Pause(None), CanaryStep::Weight(0.07), CanaryStep::Pause(None)];
    assert_eq!([0, 1, 2, 3].map(|index| weight_at(&steps, index)), [0, 700, 700, ALL_BP]);
    assert_eq!([0, 1, 2, 3].map(|count| last_weight(&steps, count)), [0, 0, 700, 700]);
}
