//! What a whole run with long-lived connections must show.

use crate::engine::{Distribution, SimDuration};
use crate::plan::*;
use crate::record::{Bucket, Outcome, RolloutOutcome, RunRecord};

use super::fixture::{control, deploy, plan, rolling, seconds};

/// Clients come at 5 a second and stay for 100 s in the mean: 500 streams.
fn streaming(lifetime: Distribution) -> Plan {
    let mut plan = plan();
    plan.classes[0].arrivals = Arrivals::Poisson { rate: 5.0 };
    plan.classes[0].service_time = Distribution::Constant(1e6);
    plan.classes[0].stream = Some(Stream {
        lifetime,
        reconnect: Distribution::Uniform { min: 0.0, max: 1e9 },
        max_age: None,
    });
    plan.service.shutdown.pre_stop = seconds(0.1);
    plan
}

fn exponential() -> Distribution {
    Distribution::Exponential { mean: 100e9 }
}

fn open(record: &RunRecord) -> Vec<f64> {
    let of = |bucket: &Bucket| bucket.streams as f64;
    record.timeline.buckets.iter().map(of).collect()
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

fn outcomes(record: &RunRecord, outcome: Outcome) -> u64 {
    record.cells.iter().map(|cell| cell.counters.outcomes[outcome as usize]).sum()
}

#[test]
fn streams_are_in_equilibrium_from_the_start_even_with_a_heavy_tail() {
    for lifetime in
        [exponential(), Distribution::Pareto { scale: 100e9 / 3.0, shape: 1.5, cap: None }]
    {
        let record = control(&streaming(lifetime), 1);
        let open = open(&record);
        // A Poisson number of mean 500 at any time, some six independent looks at it.
        assert!((mean(&open[..20]) - 500.0).abs() < 70.0, "{}", mean(&open[..20]));
        assert!((mean(&open) - 500.0).abs() < 45.0, "{}", mean(&open));
        assert_eq!(record.streams, crate::record::StreamCounts::default());
    }
}

#[test]
fn a_rollout_that_closes_streams_moves_every_client_and_loses_none() {
    let mut plan = streaming(exponential());
    plan.classes[0].arrivals = Arrivals::Users { count: 400, think: Distribution::Constant(0.0) };
    for (close, at_least) in [(CloseStreams::AtOnce, 400), (CloseStreams::Over(seconds(10.0)), 300)]
    {
        plan.service.shutdown.close_streams = close;
        let record = deploy(&plan, &rolling(1, 0), 1);
        assert_eq!(record.streams.cut, 0, "{close:?}");
        assert!(record.streams.closed >= at_least, "{close:?}: {:?}", record.streams);
        assert_eq!(record.rollout.outcome, RolloutOutcome::Completed);
        let last = record.timeline.buckets.last().unwrap();
        assert_eq!((last.streams, last.streams_candidate), (400, 400), "{close:?}");
    }
}

#[test]
fn a_drain_that_waits_ends_with_the_last_stream_or_in_a_cut() {
    let mut plan = streaming(Distribution::Constant(20e9));
    let waits = deploy(&plan, &rolling(1, 0), 1);
    assert_eq!(waits.streams.cut, 0, "all end within the grace period");
    plan.service.shutdown.grace = seconds(5.0);
    let cut = deploy(&plan, &rolling(1, 0), 1);
    // Three quarters of the hundred that are open outlast it; some are cut again elsewhere.
    assert!((60..=160).contains(&cut.streams.cut), "{:?}", cut.streams);
    assert!(cut.harm.counts.iter().sum::<u32>() >= cut.streams.cut as u32, "that is harm");
    assert!(waits.capacity.instance_ns > cut.capacity.instance_ns, "waiting has a price");
}

#[test]
fn a_deregistration_delay_cuts_streams_as_it_cuts_requests() {
    let mut plan = streaming(exponential());
    plan.service.shutdown.grace = seconds(300.0);
    plan.balancer.drain_timeout = Some(seconds(10.0));
    let record = deploy(&plan, &rolling(1, 0), 1);
    assert!(record.streams.cut > 300, "{:?}", record.streams);
}

#[test]
fn a_greatest_age_spreads_streams_again_after_a_rollout() {
    let mut plan = streaming(Distribution::Exponential { mean: 10_000e9 });
    plan.classes[0].arrivals = Arrivals::Users { count: 500, think: Distribution::Constant(0.0) };
    plan.service.shutdown.close_streams = CloseStreams::AtOnce;
    plan.balancer.policy = Policy::Random;
    let hottest = |record: &RunRecord| record.timeline.buckets.last().unwrap().hottest_permille;
    let skewed = hottest(&deploy(&plan, &rolling(0, 1), 1));
    plan.classes[0].stream.as_mut().unwrap().max_age = Some(SimDuration::from_secs(60));
    let even = hottest(&deploy(&plan, &rolling(0, 1), 1));
    assert!(skewed > 1400, "{skewed}");
    assert!(even < 1300, "{even}");
}

#[test]
fn who_cannot_open_a_stream_again_goes_on_trying() {
    let mut plan = streaming(Distribution::Exponential { mean: 10_000e9 });
    plan.classes[0].arrivals = Arrivals::Users { count: 100, think: Distribution::Constant(0.0) };
    // The only instance goes, and for 30 s there is no other.
    plan.service.replicas = 1;
    plan.service.startup.boot = Distribution::Constant(30e9);
    plan.service.shutdown.close_streams = CloseStreams::AtOnce;
    let recreate = Recreate { min_ready: seconds(0.0), progress_deadline: None };
    let record = deploy(&plan, &Strategy::Recreate(recreate), 1);
    let refused = outcomes(&record, Outcome::Overflow) + outcomes(&record, Outcome::Refused);
    // A hundred clients, about two tries a second each, for half a minute.
    assert!((4_500..=7_500).contains(&refused), "{refused}");
    assert_eq!(record.timeline.buckets.last().unwrap().streams, 100, "all are back");
}

#[test]
fn streams_count_where_connections_are_balanced() {
    let mut plan = streaming(exponential());
    plan.balancer.mode = Mode::Tcp;
    plan.balancer.policy = Policy::LeastRequest { choices: None, ties: TieBreak::InTurn };
    let record = deploy(&plan, &rolling(1, 0), 1);
    let last = record.timeline.buckets.last().unwrap();
    assert!(last.hottest_permille < 1100, "{}", last.hottest_permille);
    assert!(last.streams > 350, "{}", last.streams);
}

#[test]
fn who_waits_for_longer_than_he_wants_a_stream_goes_without() {
    let mut plan = streaming(Distribution::Constant(3e9));
    // Fifty handshakes a second at most, and two hundred clients who want one every three.
    plan.classes[0].arrivals = Arrivals::Users { count: 200, think: Distribution::Constant(0.0) };
    plan.classes[0].service_time = Distribution::Constant(1e8);
    plan.service.workers = Some(1);
    plan.service.queue = None;
    plan.service.shutdown.close_streams = CloseStreams::AtOnce;
    let record = deploy(&plan, &rolling(1, 0), 1);
    let last = record.timeline.buckets.last().unwrap();
    assert!(last.streams + last.in_system <= 200, "{last:?}");
    assert!(record.streams.closed > 0);
}
