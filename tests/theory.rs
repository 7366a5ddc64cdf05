//! The theory catalogue: what it asks of the simulator, and the cheap part of whether it gets it.
//! The whole takes a minute of a release build: `scripts/verify`.

use cutover::verify::{Extent, Job, THEORY, Verdict};

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
