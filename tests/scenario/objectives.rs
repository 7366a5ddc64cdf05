//! Limits on what a study cannot measure are refused before anything runs.

use cutover::experiment::{METRICS, Silent, Simulator, Unit, run_study};
use cutover::scenario::{NoFiles, Overrides, load_text};

use super::{loaded, minimal};

fn told(more: &str) -> String {
    let study = load_text("test", &minimal(more), &NoFiles, &Overrides::default());
    study.map_or_else(|problem| problem.to_string(), |_| String::new())
}

#[test]
fn a_limit_of_a_class_needs_a_metric_that_classes_have() {
    let study = loaded(&minimal("seeds: 1\nclock: {warmup: 5s, window: 1m, deploy_at: 10s}\n"));
    let runner = Simulator::of_figures(&study, 10);
    let result = run_study(&study, &runner, Some(1), &Silent);
    let totals = &result.groups.last().expect("the strategy").class_totals[0];
    for (metric, value) in METRICS.iter().zip(&totals.values) {
        let objective =
            format!("objectives: [{{metric: {}, class: web, at_most: 1}}]\n", metric.name);
        let told = told(&objective);
        assert_eq!(told.is_empty(), value.is_some(), "{objective}{told}");
        if value.is_none() {
            assert!(told.starts_with("error[CUT0027]: "), "{told}");
            assert!(told.contains("ok_p99_ms, "), "which have: {told}");
        }
    }
}

#[test]
fn units_of_limits_are_those_of_the_metrics() {
    let with = "cost: {instance_hour: 0.2}\nresponse: {slo: {target: 99%}}\n";
    for metric in &METRICS {
        let takes = |at_most: &str| {
            let objective =
                format!("{with}objectives: [{{metric: {}, at_most: {at_most}}}]\n", metric.name);
            let told = told(&objective);
            !told.contains("objectives[0].at_most")
        };
        let time = matches!(metric.unit, Unit::Seconds | Unit::Milliseconds);
        assert_eq!(takes("5%"), metric.unit == Unit::Share, "{}", metric.name);
        assert_eq!(takes("1m"), time, "{}", metric.name);
        assert!(takes("1"), "{}", metric.name);
    }
}

#[test]
fn a_limit_on_what_no_run_has_is_refused_with_what_it_needs() {
    for (metric, field, given) in [
        ("cost", "cost.instance_hour", "cost: {instance_hour: 0.2}\n"),
        ("error_budget_burnt", "response.slo", "response: {slo: {target: 99%}}\n"),
        ("users_affected", "", ""),
        ("logouts_per_user", "state.sessions", "state: {sessions: {}}\n"),
        ("streams_cut", "a class with a `stream`", ""),
    ] {
        let objective = format!("objectives: [{{metric: {metric}, at_most: 1}}]\n");
        let without = told(&objective);
        if field.is_empty() {
            assert_eq!(without, "");
            continue;
        }
        assert!(without.starts_with("error[CUT0027]: ") && without.contains(field), "{without}");
        if !given.is_empty() {
            assert_eq!(told(&format!("{objective}{given}")), "");
        }
    }
}
