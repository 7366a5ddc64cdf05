//! The runs that the page shows one by one: their series as compact JSON for the charts, and
//! what a reader needs without a script: the log, and failed requests hop by hop.

use serde::Serialize;
use serde_json::{Value, json};

use crate::experiment::StudyResult;
use crate::plan::Plan;
use crate::record::{Bucket, Outcome, RunRecord};

use crate::report::chart::{marks_of, version_names};
use crate::report::csv::plan_of;
use crate::report::exemplar::{LAYERS, Shown, State, states};
use crate::report::story::{Entry, Traced, log, traced};
use crate::report::text::visible;

/// A run for people.
#[derive(Serialize)]
pub struct RunView {
    /// Its place among the runs.
    id: usize,
    title: String,
    command: String,
    log: Vec<Entry>,
    failed: Vec<Traced>,
}

/// The runs as the template shows them.
pub fn views(result: &StudyResult, shown: &[Shown]) -> Vec<RunView> {
    let view = |(id, shown): (usize, &Shown)| {
        let group = &result.groups[shown.group];
        let plan = plan_of(result, &group.strategy);
        RunView {
            id,
            title: title(result, shown),
            command: visible(&shown.command),
            log: log(plan, &shown.record),
            failed: traced(plan, &shown.record),
        }
    };
    shown.iter().enumerate().map(view).collect()
}

/// `rolling, release bad: median run, seed 3`.
fn title(result: &StudyResult, shown: &Shown) -> String {
    let role = shown.role();
    format!("{}: {role} run, seed {}", series(result, shown), shown.record.key.seed)
}

/// The strategy, and the release where there are several.
fn series(result: &StudyResult, shown: &Shown) -> String {
    let group = &result.groups[shown.group];
    let strategy = visible(&group.strategy);
    if result.study.releases.len() > 1 {
        format!("{strategy}, release {}", visible(&group.release))
    } else {
        strategy
    }
}

/// The runs as JSON that may stand in a script element: nothing in it ends the element.
pub fn data(result: &StudyResult, shown: &[Shown]) -> String {
    let runs: Vec<Value> = shown.iter().map(|shown| run(result, shown)).collect();
    let text = json!({ "scenario": visible(&result.study.name), "runs": runs }).to_string();
    text.replace('<', "\\u003c")
        .replace('>', "\\u003e")
        .replace('&', "\\u0026")
        .replace('\u{2028}', "\\u2028")
        .replace('\u{2029}', "\\u2029")
}

fn run(result: &StudyResult, shown: &Shown) -> Value {
    let plan = plan_of(result, &result.groups[shown.group].strategy);
    let record = &shown.record;
    let buckets = &record.timeline.buckets;
    let series_of = |value: &dyn Fn(&Bucket) -> Option<u64>| packed(buckets.iter().map(value));
    let outcomes: Vec<Value> = Outcome::ALL[1..]
        .iter()
        .filter(|&&outcome| buckets.iter().any(|bucket| bucket.outcomes[outcome as usize] > 0))
        .map(|&outcome| {
            let counts = series_of(&|bucket| Some(bucket.outcomes[outcome as usize]));
            json!({ "name": outcome.name().replace('_', " "), "kind": outcome as usize,
                    "counts": counts })
        })
        .collect();
    // Tenths of milliseconds.
    let quantile = |q: f64| {
        series_of(&move |bucket| bucket.ok.quantile(q).map(|value| (value + 50_000) / 100_000))
    };
    json!({
        "series": series(result, shown),
        "role": shown.role(),
        "seed": record.key.seed.to_string(),
        "outcome": record.rollout.outcome.name().replace('_', " "),
        "width": record.timeline.width.as_secs_f64(),
        "lacks": record.timeline.lacks.as_secs_f64(),
        "window": plan.clock.window.as_secs_f64(),
        "deploy": plan.clock.deploy_at.as_secs_f64(),
        "sent": series_of(&|bucket| Some(bucket.sent)),
        // Those that are neither ok nor failed; nearly always none.
        "open": series_of(&|bucket| Some(bucket.sent - bucket.outcomes.iter().sum::<u64>())),
        "failed": outcomes,
        "p50": quantile(0.5),
        "p99": quantile(0.99),
        "weight": series_of(&|bucket| Some(bucket.weight_candidate_bp)),
        "pods": pods(plan, record),
        "marks": marks_of(plan, record).into_iter()
            .map(|mark| json!([milli(mark.at), mark.text])).collect::<Vec<_>>(),
    })
}

fn pods(plan: &Plan, record: &RunRecord) -> Value {
    let changes = states(plan, record);
    let (old, new) = version_names(plan, record);
    let layers: Vec<Value> = LAYERS
        .iter()
        .enumerate()
        .filter(|(index, _)| changes.iter().any(|change| change.pods[*index] > 0))
        .map(|(index, layer)| {
            let counts = packed(changes.iter().map(|change| Some(u64::from(change.pods[index]))));
            let ready = layer.state == State::Ready;
            json!({ "name": layer.name(&old, &new), "new": layer.new, "ready": ready,
                    "counts": counts })
        })
        .collect();
    let at: Vec<f64> = changes.iter().map(|change| milli(change.at)).collect();
    json!({ "at": at, "layers": layers })
}

/// Rounded to a thousandth.
fn milli(value: f64) -> f64 {
    (value * 1e3).round() / 1e3
}

/// A series as JSON, short: where a value comes again, `-n` says how often.
fn packed(values: impl Iterator<Item = Option<u64>>) -> Value {
    let mut packed: Vec<Value> = Vec::new();
    let (mut last, mut again) = (None, 0u64);
    for value in values {
        if last == Some(value) {
            again += 1;
            continue;
        }
        if again > 0 {
            packed.push(json!(-(again as i64)));
        }
        (last, again) = (Some(value), 0);
        packed.push(json!(value));
    }
    if again > 0 {
        packed.push(json!(-(again as i64)));
    }
    Value::Array(packed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;

    #[test]
    fn a_series_says_how_often_a_value_comes_again() {
        let values = [Some(5), Some(5), Some(5), None, None, Some(0), Some(7)];
        assert_eq!(packed(values.into_iter()).to_string(), "[5,-2,null,-1,0,7]");
    }

    #[test]
    fn the_data_cannot_end_the_script() {
        let result = fixture::hostile();
        let mut shown = fixture::shown();
        shown[0].group = 3;
        let text = data(&result, &shown);
        assert!(!text.contains('<') && !text.contains('>'), "{text}");
        let value: Value = serde_json::from_str(&text).unwrap();
        let series = value["runs"][0]["series"].as_str().unwrap();
        assert!(series.starts_with("</script><script>"), "{series}");
    }
}
