//! `events.jsonl`: the log of one run, a flat JSON object a line.
//!
//! `t` counts seconds from the deployment; versions and classes bear their names. `t` and
//! `type` come first, the other fields in the alphabet's order.

use serde_json::{Map, Value, json};

use crate::plan::Plan;
use crate::record::{Event, RunRecord};

/// The whole log.
///
/// # Panics
/// Never: events are plain data.
#[must_use]
pub fn jsonl(plan: &Plan, record: &RunRecord) -> String {
    let mut lines = String::new();
    for event in &record.events {
        lines.push_str(&line(plan, event));
        lines.push('\n');
    }
    lines
}

fn line(plan: &Plan, event: &Event) -> String {
    let value = serde_json::to_value(&event.kind).expect("events are plain data");
    let Value::Object(mut fields) = value else { unreachable!("a tagged enum is an object") };
    let kind = fields.remove("type").expect("a tagged enum has its tag");
    name_things(plan, kind.as_str().unwrap_or_default(), &mut fields);
    let mut keys: Vec<&String> = fields.keys().collect();
    keys.sort_unstable();
    let mut text = format!("{{\"t\":{},\"type\":{kind}", seconds(plan, event.at.0));
    for key in keys {
        text.push_str(&format!(",{}:{}", json!(key), sorted(&fields[key])));
    }
    text.push('}');
    text
}

/// Puts names in the place of indices, and the run's seconds in the place of its clock.
fn name_things(plan: &Plan, kind: &str, fields: &mut Map<String, Value>) {
    let version = |index: usize| plan.versions.get(index).map(|version| &version.name);
    let class = |index: usize| plan.classes.get(index).map(|class| &class.name);
    for (key, value) in fields.iter_mut() {
        let index = value.as_u64().and_then(|index| usize::try_from(index).ok());
        match (kind, key.as_str()) {
            (_, "version") | ("traffic_switched", "to") => {
                *value = json!(index.and_then(version));
            }
            (_, "class") => *value = json!(index.and_then(class)),
            (_, "sent") => *value = json_seconds(plan, value),
            (_, "hops") => {
                for hop in value.as_array_mut().into_iter().flatten() {
                    hop["at"] = json_seconds(plan, &hop["at"]);
                }
            }
            _ => {}
        }
    }
}

fn json_seconds(plan: &Plan, nanoseconds: &Value) -> Value {
    let text = seconds(plan, nanoseconds.as_u64().unwrap_or_default());
    text.parse::<f64>().map_or(Value::Null, Value::from)
}

/// The value as JSON with the keys of objects in the alphabet's order.
fn sorted(value: &Value) -> String {
    match value {
        Value::Object(fields) => {
            let mut keys: Vec<&String> = fields.keys().collect();
            keys.sort_unstable();
            let pairs = keys.iter().map(|key| format!("{}:{}", json!(key), sorted(&fields[*key])));
            format!("{{{}}}", pairs.collect::<Vec<_>>().join(","))
        }
        Value::Array(items) => {
            format!("[{}]", items.iter().map(sorted).collect::<Vec<_>>().join(","))
        }
        plain => plain.to_string(),
    }
}

/// An instant of the run's clock in seconds from the deployment, exact to the nanosecond.
fn seconds(plan: &Plan, at: u64) -> String {
    let deploy = i128::from(plan.clock.warmup.0) + i128::from(plan.clock.deploy_at.0);
    let nanoseconds = i128::from(at) - deploy;
    let sign = if nanoseconds < 0 { "-" } else { "" };
    let (whole, part) =
        (nanoseconds.unsigned_abs() / 1_000_000_000, nanoseconds.unsigned_abs() % 1_000_000_000);
    let part = format!(".{part:09}");
    format!("{sign}{whole}{}", part.trim_end_matches('0').trim_end_matches('.'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::SimTime;
    use crate::plan::VersionId;
    use crate::record::EventKind;
    use crate::report::fixture;

    #[test]
    fn each_event_is_a_flat_object_with_names() {
        let log = jsonl(&fixture::plan(), &fixture::record());
        let lines: Vec<&str> = log.lines().collect();
        assert_eq!(lines[0], r#"{"t":0,"type":"rollout_started","version":"bad"}"#);
        assert_eq!(
            lines[1],
            r#"{"t":0,"type":"replica_set_scaled","from":0,"to":3,"version":"bad"}"#
        );
        assert_eq!(
            lines[2],
            r#"{"t":0.1,"type":"instance_created","instance":12,"version":"bad"}"#
        );
        let refused = lines.iter().find(|line| line.contains("request_failed")).unwrap();
        assert_eq!(
            *refused,
            "{\"t\":14.3,\"type\":\"request_failed\",\"cause\":\"termination_race\",\
             \"class\":\"browse\",\"hops\":[{\"at\":14.296,\"balancer_node\":1,\"instance\":2,\
             \"result\":\"refused\"}],\"outcome\":\"refused\",\"sent\":14.295,\"user\":4711}"
        );
        for line in lines {
            assert!(serde_json::from_str::<Value>(line).is_ok(), "{line}");
        }
    }

    #[test]
    fn a_switch_names_the_version_and_times_before_the_deployment_are_negative() {
        let kind = EventKind::TrafficSwitched { to: VersionId(1) };
        let event = Event { at: SimTime(60_000_000_001), kind };
        assert_eq!(
            line(&fixture::plan(), &event),
            r#"{"t":-119.999999999,"type":"traffic_switched","to":"good"}"#
        );
    }
}
