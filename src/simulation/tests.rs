//! What a whole run must show: conservation, pairing, and the signatures of known failures.

use crate::engine::{Distribution, SimDuration};
use crate::plan::*;
use crate::record::{Cause, Counters, Outcome, RolloutOutcome, RunKey, RunRecord};

use super::fixture::{class, control, deploy, options, plan, rolling, seconds};
use super::{RunOptions, run};

fn total(record: &RunRecord) -> Counters {
    let mut total = Counters::default();
    record.cells.iter().for_each(|cell| total.merge(&cell.counters));
    total
}

fn failed(record: &RunRecord, cause: Cause) -> u64 {
    record.causes.iter().filter(|row| row.cause == cause).map(|row| row.count).sum()
}

/// Mean over seeds of something counted in a run.
fn mean(seeds: u64, count: impl Fn(u64) -> u64) -> f64 {
    (1..=seeds).map(count).sum::<u64>() as f64 / seeds as f64
}

#[test]
fn a_rolling_update_without_races_loses_nothing() {
    let mut plan = plan();
    // SIGTERM and the endpoint's removal race even inside the cluster.
    plan.service.shutdown.pre_stop = seconds(0.1);
    let record = deploy(&plan, &rolling(1, 0), 1);
    let total = total(&record);
    assert_eq!(record.rollout.outcome, RolloutOutcome::Completed);
    assert_eq!(total.failed(), 0, "{:?}", record.causes);
    assert!((total.requests as f64 - 60_000.0).abs() < 5.0 * 245.0);
    assert_eq!(record.capacity.min_available, 5);
    assert_eq!(record.capacity.max_active_pods, 6);
}

#[test]
fn the_same_seed_sends_the_same_requests_whatever_is_deployed() {
    let plan = plan();
    let with = deploy(&plan, &rolling(1, 0), 3);
    let without = control(&plan, 3);
    assert_eq!(total(&with).requests, total(&without).requests);
    let sent = |record: &RunRecord| -> Vec<u64> {
        record.timeline.buckets.iter().map(|bucket| bucket.sent).collect()
    };
    assert_eq!(sent(&with), sent(&without));
    // Before the deployment the two runs are one.
    let before = 60 / 5;
    assert_eq!(with.timeline.buckets[..before], without.timeline.buckets[..before]);
}

#[test]
fn buckets_meet_at_the_deployment_and_the_worst_minute_does_not_depend_on_them() {
    let mut plan = plan();
    plan.clock.deploy_at = seconds(67.0);
    plan.balancer.propagation = Distribution::Constant(1.5e9);
    let run_with = |width: f64| {
        let options = RunOptions { timeline_width: seconds(width), ..options() };
        let key = RunKey { arm: Some(0), release: Some(0), seed: 5 };
        run(&plan, Some(&rolling(1, 0)), Some(VersionId(1)), key, &options)
    };
    let (fine, coarse) = (run_with(5.0), run_with(30.0));
    assert_eq!((fine.timeline.lacks, coarse.timeline.lacks), (seconds(3.0), seconds(23.0)));
    assert_eq!(fine.timeline.start_of(14), plan.clock.deploy_at);
    assert_eq!(coarse.timeline.start_of(3), plan.clock.deploy_at);
    let failed = |record: &RunRecord, buckets| -> u64 {
        record.timeline.buckets[..buckets].iter().map(crate::record::Bucket::failed).sum()
    };
    assert!(fine.timeline.buckets.iter().any(|bucket| bucket.failed() > 0), "harm is done");
    assert_eq!((failed(&fine, 14), failed(&coarse, 3)), (0, 0), "none before the deployment");
    assert_eq!(fine.worst_minute_ok_p99_ns, coarse.worst_minute_ok_p99_ns);
    assert_eq!(total(&fine), total(&coarse));
}

#[test]
fn a_run_is_a_pure_function_of_its_arguments() {
    let plan = plan();
    assert_eq!(deploy(&plan, &rolling(1, 0), 7), deploy(&plan, &rolling(1, 0), 7));
    assert_ne!(total(&deploy(&plan, &rolling(1, 0), 7)), total(&deploy(&plan, &rolling(1, 0), 8)));
}

/// Pattern 1 of the failure catalogue: lost = rate · delay over a roll in place,
/// · N/(N+1) with one surge pod, nothing with a preStop as long as the delay.
#[test]
fn the_termination_race_loses_what_the_formula_says() {
    let mut plan = plan();
    plan.classes = vec![class("browse", 200.0)];
    plan.balancer.propagation = Distribution::Constant(1.5e9);
    let lost = |plan: &Plan, strategy: &Strategy| {
        mean(8, |seed| failed(&deploy(plan, strategy, seed), Cause::TerminationRace))
    };
    let in_place = lost(&plan, &rolling(0, 1));
    let surge = lost(&plan, &rolling(1, 0));
    // 300 and 250 expected; the standard error of eight Poisson counts is 6.
    assert!((in_place - 300.0).abs() < 24.0, "{in_place}");
    assert!((surge - 250.0).abs() < 24.0, "{surge}");
    plan.service.shutdown.pre_stop = seconds(1.6);
    assert_eq!(lost(&plan, &rolling(0, 1)), 0.0);
}

/// Little's law: an abrupt stop loses what is inside, rate · mean service over a whole roll.
#[test]
fn an_abrupt_stop_cuts_what_is_in_flight() {
    let mut plan = plan();
    plan.classes[0].service_time = Distribution::Lognormal { median: 1.5e8, sigma: 0.7 };
    plan.service.workers = None;
    plan.service.shutdown.on_sigterm = OnSigterm::Abrupt;
    let expected = 100.0 * plan.classes[0].service_time.mean() / 1e9;
    let cut = mean(30, |seed| failed(&deploy(&plan, &rolling(1, 0), seed), Cause::CutInFlight));
    assert!((cut / expected - 1.0).abs() < 0.15, "{cut} for {expected}");
}

#[test]
fn errors_of_a_version_hit_the_same_requests_whatever_the_strategy() {
    let mut plan = plan();
    plan.versions[1].errors = vec![0.05];
    let record = deploy(&plan, &rolling(1, 0), 2);
    let candidate = record.cells[1].counters;
    assert_eq!(record.cells[1].version, Some(VersionId(1)));
    let share = candidate.outcomes[Outcome::AppError as usize] as f64 / candidate.requests as f64;
    assert!((share - 0.05).abs() < 0.005, "{share}");
    assert_eq!(failed(&record, Cause::VersionDefect), total(&record).failed());
}

#[test]
fn retries_hide_errors_because_each_attempt_fails_by_itself() {
    let mut plan = plan();
    plan.versions[0].errors = vec![0.2];
    plan.client.retries.max = 2;
    plan.client.retries.on = vec![RetryOn::AppError];
    let (mut requests, mut attempts, mut failed) = (0, 0, 0);
    for seed in 1..=20 {
        let total = total(&control(&plan, seed));
        requests += total.requests;
        attempts += total.attempts;
        failed += total.failed();
    }
    // 1 + 0.2 + 0.04 attempts a request, and 0.2³ of them fail for good.
    let (attempts, failed) = (attempts as f64 / requests as f64, failed as f64 / requests as f64);
    assert!((attempts - 1.24).abs() < 0.01, "{attempts}");
    assert!((failed - 0.008).abs() < 0.002, "{failed}");
}

#[test]
fn a_timed_out_request_is_retried_and_the_instance_works_on() {
    let mut plan = plan();
    plan.classes[0].service_time = Distribution::Constant(3e8);
    plan.client.timeout = Some(seconds(0.2));
    plan.client.retries.max = 1;
    plan.client.retries.on = vec![RetryOn::Timeout];
    plan.service.workers = None;
    let record = control(&plan, 1);
    let total = total(&record);
    let ended = total.requests - total.in_flight;
    assert_eq!(total.outcomes[Outcome::Timeout as usize], ended);
    assert!(total.attempts >= 2 * ended);
    // Two attempts of 0.3 s a request were worked on, though nobody waited for them.
    let busy = record.busy_ns as f64 / 1e9;
    let expected = total.requests as f64 * 0.6;
    assert!((busy / expected - 1.0).abs() < 0.01, "{busy} for {expected}");
}

#[test]
fn a_retry_elsewhere_hides_a_dead_instance() {
    let mut plan = plan();
    plan.balancer.propagation = Distribution::Constant(1.5e9);
    plan.balancer.retries.max = 1;
    plan.balancer.retries.on = vec![RetryOn::Refused];
    let record = deploy(&plan, &rolling(0, 1), 1);
    assert_eq!(total(&record).failed(), 0);
    assert!(total(&record).tries > total(&record).attempts);
}

#[test]
fn a_health_check_takes_a_hung_instance_out_after_fall_intervals() {
    let mut plan = plan();
    plan.versions[0].defects =
        vec![Defect { kind: DefectKind::Hang { after: seconds(100.0) }, ordinals: Some(vec![0]) }];
    plan.client.timeout = Some(seconds(1.0));
    let silent = total(&control(&plan, 1)).failed();
    plan.balancer.health_check = Some(HealthCheck {
        interval: seconds(2.0),
        fast_interval: seconds(2.0),
        down_interval: seconds(2.0),
        start: CheckStart::Up,
        staggered: false,
        shares_workers: true,
        timeout: seconds(1.0),
        fall: 3,
        rise: 2,
    });
    let checked = total(&control(&plan, 1)).failed();
    // A fifth of 100/s for the rest of the window against a fifth for some 6 s. A full queue
    // answers at once, a hung process does not, but both fail.
    assert!(silent > 9_000, "{silent}");
    assert!((80..=180).contains(&checked), "{checked}");
}

#[test]
fn cookie_affinity_keeps_users_on_their_instance() {
    let mut plan = plan();
    plan.client.users = Some(Users { count: 50, pick: Pick::Uniform });
    plan.balancer.sticky =
        Some(Sticky { cookie: true, version: false, ttl: SimDuration::from_secs(3600) });
    plan.balancer.policy = Policy::Random;
    let record = control(&plan, 4);
    assert_eq!(record.users.active, 50);
    assert_eq!(total(&record).failed(), 0);
}

#[test]
fn closed_loop_users_never_have_more_requests_inside_than_there_are_users() {
    let mut plan = plan();
    plan.classes[0].arrivals =
        Arrivals::Users { count: 20, think: Distribution::Exponential { mean: 5e9 } };
    plan.classes[0].service_time = Distribution::Exponential { mean: 1e9 };
    plan.service.replicas = 1;
    let record = control(&plan, 1);
    // Interactive response-time law with Erlang's finite-source chain: 3.16 a second.
    let throughput = total(&record).outcomes[0] as f64 / 600.0;
    assert!((throughput / 3.1646 - 1.0).abs() < 0.05, "{throughput}");
    assert!(total(&record).in_flight <= 20);
}

#[test]
fn sessions_make_their_requests_and_leave() {
    let mut plan = plan();
    plan.classes[0].arrivals = Arrivals::Sessions {
        rate: 2.0,
        requests: Distribution::Constant(10.0),
        think: Distribution::Constant(1e9),
    };
    let record = control(&plan, 1);
    let total = total(&record);
    assert!((total.requests as f64 / 12_000.0 - 1.0).abs() < 0.1, "{}", total.requests);
    assert!((record.users.active as f64 / 1_200.0 - 1.0).abs() < 0.15);
}

#[test]
fn impatient_requests_leave_the_queue_and_make_no_work() {
    let mut plan = plan();
    plan.classes = vec![class("browse", 110.0)];
    plan.classes[0].service_time = Distribution::Exponential { mean: 1e8 };
    plan.classes[0].patience = Some(Distribution::Exponential { mean: 2e8 });
    plan.service.replicas = 1;
    plan.service.workers = Some(10);
    plan.service.queue = None;
    let record = control(&plan, 1);
    let total = total(&record);
    // Erlang-A (theory case erlang-a-1): 14.77 % leave.
    let left = total.failed() as f64 / total.requests as f64;
    assert!((left - 0.1477).abs() < 0.012, "{left}");
}

/// One instance is replaced by one that runs and does not listen for twenty seconds. It counts as
/// available after five, in which both get requests: 1,750 of 100 a second go there in vain.
fn not_listening_for_20_s(until: UntilListening) -> Plan {
    let mut plan = plan();
    plan.service.replicas = 1;
    plan.service.startup.boot = Distribution::Constant(20e9);
    plan.service.startup.until_listening = until;
    plan.service.probes.readiness = Readiness::None;
    plan.service.queue = None;
    plan.classes[0].service_time = Distribution::Constant(1e6);
    plan.classes[0].arrivals = Arrivals::Constant { rate: 100.0 };
    plan.client.timeout = Some(seconds(30.0));
    plan
}

#[test]
fn a_backlog_that_is_bound_early_is_served_when_the_process_is_up() {
    let record = deploy(&not_listening_for_20_s(UntilListening::Hold), &rolling(1, 0), 1);
    assert_eq!(failed(&record, Cause::NotListening), 0);
    let longest = record.cells.iter().filter_map(|cell| cell.ok.max()).max().unwrap();
    assert!((19.0..=20.0).contains(&(longest as f64 / 1e9)), "{longest}");
}

#[test]
fn a_backlog_has_the_room_that_the_instance_has() {
    let mut plan = not_listening_for_20_s(UntilListening::Hold);
    plan.service.queue = Some(64);
    let record = deploy(&plan, &rolling(1, 0), 1);
    // The workers and the queue take some.
    let lost = failed(&record, Cause::NotListening) as f64;
    let room = f64::from(64 + plan.service.workers.unwrap());
    assert!((lost - (1750.0 - room)).abs() < 20.0, "{lost}");
}

#[test]
fn who_is_never_answered_waits_for_the_balancers_patience_or_his_own() {
    let mut plan = not_listening_for_20_s(UntilListening::Lose);
    plan.balancer.connect_timeout = seconds(5.0);
    let longest = |record: &RunRecord| {
        let failed = record.cells.iter().filter_map(|cell| cell.failed.max()).max();
        failed.unwrap() as f64 / 1e9
    };
    let through_a_proxy = deploy(&plan, &rolling(1, 0), 1);
    let lost = failed(&through_a_proxy, Cause::NotListening) as f64;
    assert!((lost - 1750.0).abs() < 20.0, "{lost}");
    assert!((longest(&through_a_proxy) - 5.0).abs() < 0.01);
    plan.balancer.mode = Mode::Tcp;
    let direct = deploy(&plan, &rolling(1, 0), 1);
    assert!((longest(&direct) - 30.0).abs() < 0.01);
    let timeouts = total(&direct).outcomes[Outcome::Timeout as usize] as f64;
    // Kept connections go to the old instance until it closes them, after five seconds.
    assert!((timeouts - 1500.0).abs() < 20.0, "{timeouts}");
    plan.client.retries.max = 1;
    plan.client.retries.on = vec![RetryOn::Timeout];
    assert_eq!(
        total(&deploy(&plan, &rolling(1, 0), 1)).failed(),
        0,
        "the next attempt is late enough"
    );
}

#[test]
fn a_check_that_needs_a_worker_is_as_late_as_the_queue_is_long() {
    let mut plan = plan();
    plan.service.replicas = 1;
    plan.service.workers = Some(1);
    plan.service.queue = None;
    // Twice what one worker can do: after ten seconds the wait is ten seconds.
    plan.classes[0].service_time = Distribution::Constant(2e7);
    plan.client.timeout = Some(seconds(2.0));
    plan.balancer.health_check = Some(HealthCheck {
        interval: seconds(2.0),
        fast_interval: seconds(2.0),
        down_interval: seconds(2.0),
        start: CheckStart::Up,
        staggered: false,
        shares_workers: true,
        timeout: seconds(1.0),
        fall: 3,
        rise: 2,
    });
    assert!(failed(&control(&plan, 1), Cause::NoCapacity) > 0, "it is taken out");
    plan.balancer.health_check.as_mut().unwrap().shares_workers = false;
    assert_eq!(failed(&control(&plan, 1), Cause::NoCapacity), 0);
}
