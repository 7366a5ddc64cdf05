//! How values may be written: shares, spans of time, pauses.

use cutover::engine::SimDuration;
use cutover::plan::{CanaryStep, Strategy};
use cutover::scenario::{NoFiles, Overrides, load_text};

use super::{loaded, minimal};

#[test]
fn an_autoscaler_aims_at_a_share() {
    let target = |written: &str| {
        let more = format!("platform: {{hpa: {{max: 9, target: {written}}}}}\n");
        let study = load_text("test", &minimal(&more), &NoFiles, &Overrides::default());
        study.map(|study| study.plan.platform.hpa.expect("an autoscaler").target)
    };
    assert_eq!((target("50%").ok(), target("0.5").ok()), (Some(0.5), Some(0.5)));
    let left_out = loaded(&minimal("platform: {hpa: {max: 9}}\n")).plan.platform.hpa;
    assert_eq!(left_out.map(|hpa| hpa.target), Some(0.8));
    for wrong in ["0", "0.5%", "101%", "50"] {
        let problem = target(wrong).expect_err(wrong);
        assert!(problem.to_string().contains("platform.hpa.target"), "{problem}");
    }
}

#[test]
fn a_limit_is_written_in_the_unit_of_its_metric_or_as_what_it_is() {
    let limit = |metric: &str, at_most: &str| {
        let more = format!("objectives: [{{metric: {metric}, at_most: {at_most}}}]\n");
        let study = load_text("test", &minimal(&more), &NoFiles, &Overrides::default());
        study.map(|study| study.objectives[0].at_most).map_err(|problem| problem.to_string())
    };
    for (metric, at_most, expected) in [
        ("deploy_s", "1m", 60.0),
        ("deploy_s", "1m30s", 90.0),
        ("deploy_s", "2h", 7200.0),
        ("mitigate_s", "400ms", 0.4),
        ("deploy_s", "60", 60.0),
        ("ok_p99_ms", "400ms", 400.0),
        ("ok_p99_ms", "1m", 60_000.0),
        ("ok_p99_ms", "400", 400.0),
        ("failed_share", "2.5%", 0.025),
        ("max_traffic_exposed", "10%", 0.1),
    ] {
        assert_eq!(limit(metric, at_most), Ok(expected), "{metric} at most {at_most}");
    }
    for (metric, at_most, why) in [
        ("requests", "1m", "not a time"),
        ("failed_share", "1s", "not a time"),
        ("deploy_s", "5%", "not a share"),
        ("deploy_s", "1month", "unit of this duration"),
        ("ok_p99_ms", "400x", "unit of this duration"),
    ] {
        let told = limit(metric, at_most).expect_err(at_most);
        assert!(told.contains(why), "{told}");
    }
}

#[test]
fn pauses_are_taken_as_argo_writes_them() {
    let steps = |written: &str| {
        let text = minimal("").replace(
            "{name: rolling, rolling: {}}",
            &format!("{{name: c, canary: {{steps: [{written}]}}}}"),
        );
        match &loaded(&text).arms[0].strategy {
            Strategy::Canary(canary) => canary.steps.clone(),
            other => panic!("{other:?}"),
        }
    };
    let pause = |seconds| CanaryStep::Pause(Some(SimDuration::from_secs(seconds)));
    assert_eq!(
        steps(
            "{setWeight: 20}, {pause: {}}, {pause: {duration: 30}}, {pause: {duration: 10m}}, \
             {pause: 5s}, {pause: forever}"
        ),
        [
            CanaryStep::Weight(0.2),
            CanaryStep::Pause(None),
            pause(30),
            pause(600),
            pause(5),
            CanaryStep::Pause(None)
        ]
    );
}
