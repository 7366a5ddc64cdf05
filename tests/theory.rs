//! The theory catalogue: what it asks of the simulator, and the cheap part of whether it gets it.
//! The whole takes a minute of a release build: `scripts/verify`.

use cutover::verify::{Extent, Job, THEORY, Verdict};
use rayon::iter::{IndexedParallelIterator, IntoParallelRefIterator, ParallelIterator};

fn jobs(wanted: impl Fn(&str) -> bool) -> Vec<Job> {
    let jobs = Job::read(THEORY, Extent::Whole).expect("a catalogue");
    jobs.into_iter().filter(|job| wanted(job.name())).collect()
}

/// Runs cases; all of their checks must hold.
fn hold(wanted: &[&str]) {
    let jobs = jobs(|name| wanted.contains(&name));
    assert_eq!(jobs.len(), wanted.len(), "the catalogue has these cases");
    for job in jobs {
        let checks = job.run(Extent::Quick);
        assert!(!checks.is_empty());
        for check in checks {
            assert_eq!(check.verdict, Verdict::Ok, "{check:?}");
        }
    }
}

#[test]
fn the_bounds_of_a_rolling_update_are_those_of_kubernetes() {
    hold(&["k8s-bounds-1", "k8s-bounds-2"]);
}

#[test]
fn a_health_check_sees_a_failure_when_it_must() {
    hold(&["health-1"]);
}

#[test]
fn a_closed_loop_a_short_queue_and_a_loss_system_meet_their_formulas() {
    hold(&["closed-1", "mmck-1", "erlang-b-1"]);
}

#[test]
fn sessions_caches_and_retries_meet_their_formulas() {
    hold(&["session-3", "exposure-1", "stampede-1", "cache-lru-1", "metastable-1", "herd-1"]);
}

#[test]
fn an_empty_system_fills_up_as_it_must() {
    hold(&["inf-fill-1"]);
}

#[test]
fn stalls_and_outages_leave_the_backlogs_and_latencies_of_their_formulas() {
    hold(&["fluid-1", "stall-1"]);
}

#[test]
fn measured_upgrades_follow_from_what_was_measured_of_their_cause() {
    hold(&["measured-ngf-1", "measured-ngf-2", "measured-ngf-5"]);
}

#[test]
fn a_short_sample_of_cut_requests_is_held_to_its_own_standard_error() {
    let checks: Vec<_> = jobs(|name| name == "inflight-1")
        .iter()
        .flat_map(|job| job.run(Extent::Quick))
        .map(|check| check.tolerance)
        .collect();
    assert!(checks[0].starts_with("±5 %, ±"), "told: {checks:?}");
    // Far off is off, however short the sample.
    let wrong = THEORY.replace(
        "\"metric\": \"lost_in_flight_total\",\n     \"expected\": 100.0",
        "\"metric\": \"lost_in_flight_total\",\n     \"expected\": 140.0",
    );
    assert_ne!(wrong, THEORY);
    let jobs = Job::read(&wrong, Extent::Whole).expect("a catalogue");
    let job = jobs.iter().find(|job| job.name() == "inflight-1").expect("the case");
    assert_eq!(job.run(Extent::Quick)[0].verdict, Verdict::Off);
}

#[test]
fn the_quick_catalogue_has_nothing_off() {
    let jobs = Job::read(THEORY, Extent::Quick).expect("a catalogue");
    assert!(jobs.len() > 40, "{}", jobs.len());
    let checks: Vec<_> =
        jobs.par_iter().with_max_len(1).flat_map_iter(|job| job.run(Extent::Quick)).collect();
    let off: Vec<_> = checks.iter().filter(|check| check.verdict != Verdict::Ok).collect();
    assert!(off.is_empty() && checks.len() > 100, "{off:?}");
}

#[test]
fn streams_outlive_drains_as_renewal_theory_says() {
    hold(&["websocket-1"]);
}

/// Runs one case of inputs and expectations that are in no catalogue.
fn hold_case(inputs: &str, checks: &[(&str, f64, f64)]) {
    let checks: Vec<String> = checks
        .iter()
        .map(|(metric, expected, tolerance)| {
            format!(
                "{{\"metric\": \"{metric}\", \"expected\": {expected}, \
                 \"tolerance\": {{\"kind\": \"relative\", \"value\": {tolerance}}}}}"
            )
        })
        .collect();
    let text = format!(
        "{{\"meta\": {{\"format\": \"cutover-theory-catalogue\", \"format_version\": 1}}, \
         \"cases\": [{{\"id\": \"own\", \"inputs\": {inputs}, \"checks\": [{}]}}]}}",
        checks.join(", ")
    );
    let jobs = Job::read(&text, Extent::Whole).expect("a catalogue");
    for check in jobs.iter().flat_map(|job| job.run(Extent::Quick)) {
        assert_eq!(check.verdict, Verdict::Ok, "{check:?}");
    }
}

#[test]
fn outages_and_drains_of_other_numbers_hold_as_well() {
    let poisson = r#"{"kind": "poisson", "rate_per_s": 90.0}"#;
    hold_case(
        &format!(r#"{{"arrivals": {poisson}, "capacity_per_s": 150.0, "outage_s": 40}}"#),
        &[("peak_backlog", 3600.0, 0.06), ("drain_after_restart_s", 60.0, 0.1)],
    );
    hold_case(
        r#"{"arrivals": {"kind": "deterministic", "rate_per_s": 50}, "run_s": 40, "stall_s": 5,
            "refused_requests": 20, "base_latency_s": 0.002, "client_timeout_s": 30}"#,
        &[
            ("failed_requests", 20.0, 0.1),
            ("mean_latency_s", 25.0 / 80.0, 0.02),
            ("p95_latency_s", 3.0, 0.02),
            ("max_latency_s", 5.0, 0.02),
        ],
    );
    hold_case(
        r#"{"arrivals": {"kind": "deterministic", "rate_per_s": 200}, "run_s": 50,
            "client_timeout_s": 10, "outage_s": 20}"#,
        &[("failed_requests", 4000.0, 0.01), ("mean_latency_s", 4.0, 0.02)],
    );
    hold_case(
        r#"{"lifetime_short": {"kind": "uniform", "min_s": 10, "max_s": 30}, "drain_s": [15]}"#,
        // (1/20)·∫ from 15 to 30 of (30 - x)/20 dx
        &[("open_after_15_short", 0.28125, 0.02)],
    );
}

#[test]
fn a_wrong_expectation_is_seen() {
    let wrong = THEORY.replace("\"expected\": 13,", "\"expected\": 14,");
    assert_ne!(wrong, THEORY);
    let jobs = Job::read(&wrong, Extent::Whole).expect("a catalogue");
    let job = jobs.iter().find(|job| job.name() == "k8s-bounds-1").expect("the case");
    let off: Vec<_> =
        job.run(Extent::Quick).into_iter().filter(|c| c.verdict != Verdict::Ok).collect();
    assert_eq!(off.len(), 1, "{off:?}");
    assert_eq!((off[0].verdict, off[0].metric.as_str()), (Verdict::Off, "max_total_pods"));
}

#[test]
fn an_input_or_a_metric_without_a_model_is_never_passed() {
    let odd = |from: &str, to: &str| {
        let changed = THEORY.replacen(from, to, 1);
        assert_ne!(changed, THEORY, "{from} is in the catalogue");
        let jobs = Job::read(&changed, Extent::Whole).expect("a catalogue");
        let job = jobs.into_iter().find(|job| job.name() == "k8s-bounds-1").expect("the case");
        job.run(Extent::Quick).iter().map(|check| check.verdict).collect::<Vec<_>>()
    };
    let verdicts = odd("\"replicas\": 10,", "\"replicas\": 10, \"paused\": true,");
    assert!(verdicts.iter().all(|verdict| *verdict == Verdict::NotModelled), "{verdicts:?}");
    let verdicts = odd("\"max_total_pods\"", "\"max_total_cats\"");
    assert_eq!(verdicts.iter().filter(|verdict| **verdict == Verdict::NotModelled).count(), 1);
}

#[test]
fn something_else_than_a_catalogue_is_not_read_as_one() {
    assert!(Job::read("{}", Extent::Whole).is_none());
    assert!(Job::read("a,b\n1,2\n", Extent::Whole).is_none());
    let other_version = THEORY.replace("\"format_version\": 1", "\"format_version\": 2");
    assert_ne!(other_version, THEORY);
    assert!(Job::read(&other_version, Extent::Whole).is_none());
}
