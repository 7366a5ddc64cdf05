//! How a node chooses.

use super::{Choice, NO_GROUP, Node, Rules, TryResult};
use crate::engine::rng::Key;
use crate::engine::{SimDuration, SimTime};
use crate::model::request::NONE;
use crate::plan::testing::plan;
use crate::plan::{
    Balancer, CheckStart, EndpointConditions, HealthCheck, OnError, Outlier, Policy, Rotation,
    Routing, ServerState, SlowStart, TieBreak, VersionId,
};

const READY: EndpointConditions =
    EndpointConditions { ready: true, serving: true, terminating: false };
const STOPPING: EndpointConditions =
    EndpointConditions { ready: false, serving: true, terminating: true };

fn rules(policy: Policy) -> Rules {
    rules_of(|balancer| balancer.policy = policy)
}

/// The rules of the small plan's balancer with some changes.
fn rules_of(change: impl FnOnce(&mut Balancer)) -> Rules {
    let mut balancer = plan().balancer;
    change(&mut balancer);
    Rules::new(&balancer, Key::of_seed(3))
}

fn check() -> HealthCheck {
    let second = SimDuration::from_secs(1);
    HealthCheck {
        interval: second,
        fast_interval: second,
        down_interval: second,
        start: CheckStart::Up,
        staggered: false,
        shares_workers: true,
        timeout: second,
        fall: 3,
        rise: 2,
    }
}

fn choice(request: u64) -> Choice {
    Choice {
        routing: Key::of_seed(1),
        draw: request,
        split: Key::of_seed(2),
        request,
        class: 0,
        user: NONE,
        avoid: NONE,
        now: SimTime(0),
    }
}

/// A node that lists instances 0 to `count` - 1 as ready; odd ones run version 1.
fn node(count: u32, rules: &Rules) -> Node {
    let mut node = Node::new(2, 0);
    for instance in 0..count {
        node.add_instance(rules, instance);
        node.add_address(instance, (instance % 2) as u16, NO_GROUP, 1, instance);
        node.update(rules, SimTime(0), 0, instance, Some(READY));
    }
    node
}

fn shares(node: &mut Node, rules: &Rules, count: u32, requests: u64) -> Vec<f64> {
    let mut hits = vec![0.0; count as usize];
    for request in 0..requests {
        let chosen = node.choose(rules, &choice(request)).expect("somebody is ready");
        hits[chosen as usize] += 1.0 / requests as f64;
    }
    hits
}

#[test]
fn round_robin_is_a_strict_cycle() {
    let rules = rules(Policy::RoundRobin(Rotation::Cycle));
    let mut node = node(3, &rules);
    let order: Vec<u32> = (0..7).filter_map(|k| node.choose(&rules, &choice(k))).collect();
    assert_eq!(order, [0, 1, 2, 0, 1, 2, 0]);
}

#[test]
fn random_and_better_of_two_treat_equals_alike() {
    for policy in
        [Policy::Random, Policy::LeastRequest { choices: Some(2), ties: TieBreak::Random }]
    {
        let rules = rules(policy);
        let mut node = node(5, &rules);
        for share in shares(&mut node, &rules, 5, 50_000) {
            assert!((share - 0.2).abs() < 0.01, "{policy:?}: {share}");
        }
    }
}

#[test]
fn least_request_takes_the_emptiest_and_breaks_ties_as_told() {
    let all = |ties| rules(Policy::LeastRequest { choices: None, ties });
    let in_turn = all(TieBreak::InTurn);
    let mut node = node(3, &in_turn);
    node.begin(0);
    let mut order = Vec::new();
    for request in 0..4 {
        let chosen = node.choose(&in_turn, &choice(request)).expect("somebody is ready");
        // In and out again: its count has changed last.
        node.begin(chosen);
        node.end(chosen);
        order.push(chosen);
    }
    assert_eq!(order, [1, 2, 1, 2]);
    let random = all(TieBreak::Random);
    let hits = shares(&mut node, &random, 3, 10_000);
    assert!(hits[0] == 0.0 && (hits[1] - 0.5).abs() < 0.02, "{hits:?}");
}

#[test]
fn consistent_hashing_moves_one_key_in_eleven_and_modulo_ten() {
    // Theory case hash-1: 10 -> 11 instances.
    for (policy, expected) in [(Policy::RingHash, 1.0 / 11.0), (Policy::ModuloHash, 10.0 / 11.0)] {
        let rules = rules(policy);
        let (mut before, mut after) = (node(10, &rules), node(11, &rules));
        let keys = 20_000;
        let moved = (0..keys)
            .filter(|&key| {
                let choice = Choice { user: key, ..choice(0) };
                before.choose(&rules, &choice) != after.choose(&rules, &choice)
            })
            .count();
        let share = moved as f64 / f64::from(keys);
        assert!((share - expected).abs() < 0.02, "{policy:?}: {share}");
    }
}

#[test]
fn a_weight_split_holds_whatever_the_policy_inside_a_version() {
    let rules = rules(Policy::RoundRobin(Rotation::Cycle));
    let mut node = node(4, &rules);
    let split = Routing::Split { stable: VersionId(0), candidate: VersionId(1), weight_bp: 500 };
    assert!(node.route(1, split));
    let hits = shares(&mut node, &rules, 4, 100_000);
    assert!((hits[1] + hits[3] - 0.05).abs() < 0.003, "{hits:?}");
    assert!((hits[1] - hits[3]).abs() < 1e-4, "{hits:?}");
}

#[test]
fn a_request_keeps_its_side_when_the_weight_grows() {
    let rules = rules(Policy::RoundRobin(Rotation::Cycle));
    let mut node = node(2, &rules);
    let split =
        |weight_bp| Routing::Split { stable: VersionId(0), candidate: VersionId(1), weight_bp };
    let mut sides = |change, weight_bp| -> Vec<u32> {
        node.route(change, split(weight_bp));
        (0..1000).filter_map(|k| node.choose(&rules, &choice(k))).collect()
    };
    let (small, large) = (sides(1, 1000), sides(2, 3000));
    assert!(small.iter().zip(&large).all(|(before, after)| before <= after));
}

#[test]
fn late_news_never_undoes_newer_news() {
    let rules = rules(Policy::RoundRobin(Rotation::Cycle));
    let mut node = node(2, &rules);
    assert_eq!(node.update(&rules, SimTime(1), 9, 0, None), Some(false));
    assert_eq!(node.update(&rules, SimTime(2), 8, 0, Some(READY)), None);
    assert!(!node.keeps(0));
    node.route(9, Routing::Only(VersionId(1)));
    assert!(!node.route(8, Routing::All));
}

#[test]
fn with_nobody_ready_those_that_still_serve_while_terminating_are_used() {
    let rules = rules(Policy::RoundRobin(Rotation::Cycle));
    let mut node = node(2, &rules);
    node.update(&rules, SimTime(1), 1, 0, Some(STOPPING));
    assert_eq!(node.choose(&rules, &choice(0)), Some(1));
    node.update(&rules, SimTime(1), 2, 1, Some(STOPPING));
    assert!(node.choose(&rules, &choice(1)).is_some());
    node.update(&rules, SimTime(1), 3, 0, None);
    node.update(&rules, SimTime(1), 4, 1, None);
    assert_eq!(node.choose(&rules, &choice(2)), None);
}

#[test]
fn a_retry_avoids_the_instance_that_failed() {
    let rules = rules(Policy::Random);
    let mut node = node(3, &rules);
    for request in 0..200 {
        let again = Choice { avoid: 1, ..choice(request) };
        assert_ne!(node.choose(&rules, &again), Some(1));
    }
}

#[test]
fn checks_take_an_instance_out_after_fall_and_back_after_rise() {
    let rules = rules_of(|balancer| balancer.health_check = Some(check()));
    let mut node = node(2, &rules);
    let mut results = |successes: &[bool]| -> Vec<Option<bool>> {
        successes.iter().map(|&ok| node.checked(&rules, SimTime(5), 0, ok)).collect()
    };
    assert_eq!(results(&[false, false, true, false, false]), [None; 5]);
    assert_eq!(results(&[false]), [Some(false)]);
    assert_eq!(results(&[true, false, true, true]), [None, None, None, Some(true)]);
}

#[test]
fn slow_start_gives_a_newcomer_its_growing_share() {
    let rules = rules_of(|balancer| {
        balancer.policy = Policy::Random;
        balancer.slow_start =
            Some(SlowStart { window: SimDuration(1000), aggression: 1.0, floor: 0.1 });
    });
    let mut node = Node::new(1, 0);
    for instance in 0..2 {
        node.add_instance(&rules, instance);
        node.add_address(instance, 0, NO_GROUP, 1, instance);
    }
    node.update(&rules, SimTime(0), 0, 0, Some(READY));
    node.update(&rules, SimTime(10_000), 1, 1, Some(READY));
    let half = (0..40_000u64)
        .filter(|&k| node.choose(&rules, &Choice { now: SimTime(10_500), ..choice(k) }) == Some(1))
        .count() as f64
        / 40_000.0;
    // Weights 1 and 1/2.
    assert!((half - 1.0 / 3.0).abs() < 0.01, "{half}");
}

/// A fleet of three of which the last has joined at second 100, `age` seconds ago, with so many
/// requests in the others and in that one: how often of 3,000 that one is chosen.
fn newcomer(policy: Policy, age: f64, inside: [u32; 2]) -> usize {
    let seconds = SimDuration::from_secs_f64;
    let rules = rules_of(|balancer| {
        balancer.policy = policy;
        let window = seconds(20.0);
        balancer.slow_start = Some(SlowStart { window, aggression: 1.0, floor: 0.1 });
    });
    let mut node = Node::new(1, 0);
    for instance in 0..3 {
        node.add_instance(&rules, instance);
        node.add_address(instance, 0, NO_GROUP, 1, instance);
        let inside = inside[usize::from(instance == 2)];
        (0..inside).for_each(|_| node.begin(instance));
    }
    node.update(&rules, SimTime(0), 0, 0, Some(READY));
    node.update(&rules, SimTime(0), 1, 1, Some(READY));
    let joined = SimTime::ZERO + seconds(100.0);
    node.update(&rules, joined, 2, 2, Some(READY));
    let now = joined + seconds(age);
    (0..3_000).filter(|&k| node.choose(&rules, &Choice { now, ..choice(k) }) == Some(2)).count()
}

/// Shares are weights over their sum. HAProxy's grow by a sixteenth: (16 x 10 + 20) / 20 = 9 of 16
/// after ten of twenty seconds, 1 of 16 at first; Envoy's by the line, from a tenth.
#[test]
fn slow_start_is_a_weight_under_every_policy() {
    let positions = Policy::RoundRobin(Rotation::Positions);
    let expect = |weight: f64| 3_000.0 * weight / (2.0 + weight);
    for (age, weight) in [(0.5, 1.0 / 16.0), (10.2, 9.0 / 16.0), (20.0, 1.0)] {
        let got = newcomer(positions, age, [0, 0]) as f64;
        assert!((got - expect(weight)).abs() < 40.0, "{age} s: {got}, not {}", expect(weight));
    }
    let envoy = Policy::LeastRequest { choices: Some(2), ties: TieBreak::Random };
    for (age, weight) in [(0.5, 0.1), (10.0, 0.5), (20.0, 1.0)] {
        for inside in [0, 4] {
            let got = newcomer(envoy, age, [inside; 2]) as f64;
            assert!((got - expect(weight)).abs() < 110.0, "{age} s: {got}, not {}", expect(weight));
        }
    }
    // (3 + 1) / (9/16) is more than (4 + 1) / 1; with all of its weight it is the emptiest.
    let leastconn = Policy::LeastRequest { choices: None, ties: TieBreak::InTurn };
    assert_eq!(newcomer(leastconn, 10.0, [4, 3]), 0);
    assert_eq!(newcomer(leastconn, 20.0, [4, 3]), 3_000);
}

#[test]
fn a_server_that_has_just_been_enabled_falls_at_its_first_failed_check() {
    let check = HealthCheck { start: CheckStart::OneFailure, ..check() };
    let rules = rules_of(|balancer| balancer.health_check = Some(check));
    let mut node = node(2, &rules);
    assert_eq!(node.checked(&rules, SimTime(1), 0, false), Some(false), "one failure from new");
    assert_eq!(node.checked(&rules, SimTime(1), 1, true), None);
    assert_eq!(node.checked(&rules, SimTime(2), 1, false), None, "a success has settled it");
    node.administer(&rules, SimTime(3), 1, ServerState::Maint);
    assert_eq!(node.administer(&rules, SimTime(4), 1, ServerState::Ready), Some(true));
    assert_eq!(node.checked(&rules, SimTime(5), 1, false), Some(false));
}

#[test]
fn a_target_of_a_cloud_balancer_gets_nothing_before_its_checks_pass() {
    let check = HealthCheck { start: CheckStart::Down, ..check() };
    let rules = rules_of(|balancer| balancer.health_check = Some(check));
    let mut node = node(1, &rules);
    assert_eq!(
        node.choose(&rules, &choice(0)),
        Some(0),
        "there before the run: long since healthy"
    );
    node.add_instance(&rules, 1);
    node.add_address(1, 0, NO_GROUP, 1, 1);
    node.update(&rules, SimTime(1), 1, 1, Some(READY));
    assert_eq!(node.routable(), 1);
    assert_eq!(node.checked(&rules, SimTime(1), 1, true), None);
    assert_eq!(node.checked(&rules, SimTime(2), 1, true), Some(true));
    assert_eq!(node.routable(), 2);
}

#[test]
fn draining_keeps_requests_with_a_cookie_and_maintenance_does_not() {
    let rules = rules(Policy::RoundRobin(Rotation::Cycle));
    let mut node = node(2, &rules);
    node.administer(&rules, SimTime(1), 0, ServerState::Drain);
    assert_eq!((node.choose(&rules, &choice(0)), node.keeps(0)), (Some(1), true));
    node.administer(&rules, SimTime(1), 0, ServerState::Maint);
    assert!(!node.keeps(0));
    node.weigh(&rules, SimTime(1), 1, 0);
    assert_eq!((node.choose(&rules, &choice(0)), node.keeps(1)), (None, true));
}

#[test]
fn errors_in_a_row_mark_an_observed_server_down_until_its_checks_rise() {
    let outlier = Outlier::Observe { layer7: false, error_limit: 3, on_error: OnError::MarkDown };
    let rules = rules_of(|balancer| {
        balancer.health_check = Some(check());
        balancer.outlier = Some(outlier);
    });
    let mut node = node(2, &rules);
    let mut tried = |result| node.tried(&rules, SimTime(1), 0, result);
    let refused = TryResult::Refused;
    assert_eq!([tried(refused), tried(refused), tried(TryResult::Connected)], [None; 3]);
    assert_eq!([tried(refused), tried(refused)], [None; 2]);
    let answers = [TryResult::Good, TryResult::Broken, TryResult::ServerError];
    assert_eq!(answers.map(&mut tried), [None; 3], "layer 4 sees only connects");
    assert_eq!(tried(refused), Some(None));
    assert!(!node.take_alarm(0), "no faster interval is set");
    assert_eq!(node.choose(&rules, &choice(0)), Some(1));
    assert_eq!(node.checked(&rules, SimTime(2), 0, true), None);
    assert_eq!(node.checked(&rules, SimTime(3), 0, true), Some(true));
}

#[test]
fn nginx_tries_a_failed_server_with_one_live_request_after_its_timeout() {
    let second = |count: u64| SimTime(count * 1_000_000_000);
    let timeout = SimDuration::from_secs(2);
    let rules = rules_of(|balancer| {
        balancer.policy = Policy::RoundRobin(Rotation::Smooth);
        balancer.outlier = Some(Outlier::MaxFails { max_fails: 1, fail_timeout: timeout });
    });
    let mut node = node(2, &rules);
    node.tried(&rules, second(10), 0, TryResult::Refused);
    let mut chosen = |now| node.choose(&rules, &Choice { now, ..choice(0) });
    assert!((0..10).all(|_| chosen(second(12)) == Some(1)), "out for two whole seconds");
    let later: Vec<Option<u32>> = (0..10).map(|_| chosen(second(13))).collect();
    assert_eq!(later.iter().filter(|&&to| to == Some(0)).count(), 1, "one on trial: {later:?}");
    node.tried(&rules, second(13), 0, TryResult::Good);
    let hits = (0..10)
        .filter(|_| node.choose(&rules, &Choice { now: second(13), ..choice(0) }) == Some(0));
    assert_eq!(hits.count(), 5, "the trial went well");
}

/// `proxy_next_upstream http_500`: an answer that is passed over counts, one that the client gets
/// does not.
#[test]
fn nginx_counts_an_error_that_it_passes_over() {
    let timeout = SimDuration::from_secs(2);
    let rules = rules_of(|balancer| {
        balancer.policy = Policy::RoundRobin(Rotation::Smooth);
        balancer.outlier = Some(Outlier::MaxFails { max_fails: 1, fail_timeout: timeout });
    });
    let to_first = |result| {
        let mut node = node(2, &rules);
        let now = SimTime(10_000_000_000);
        node.tried(&rules, now, 0, result);
        (0..10).filter(|_| node.choose(&rules, &Choice { now, ..choice(0) }) == Some(0)).count()
    };
    assert_eq!(to_first(TryResult::ServerError), 5);
    assert_eq!(to_first(TryResult::PassedOn), 0);
}

#[test]
fn an_alarmed_node_wants_its_next_check_at_the_fast_interval() {
    for on_error in [OnError::Fastinter, OnError::FailCheck, OnError::MarkDown] {
        let fast = SimDuration::from_secs_f64(0.2);
        let rules = rules_of(|balancer| {
            balancer.health_check = Some(HealthCheck { fast_interval: fast, ..check() });
            balancer.outlier = Some(Outlier::Observe { layer7: true, error_limit: 2, on_error });
        });
        let mut node = node(2, &rules);
        node.tried(&rules, SimTime(1), 0, TryResult::ServerError);
        assert!(!node.take_alarm(0));
        node.tried(&rules, SimTime(1), 0, TryResult::ServerError);
        assert_eq!((node.take_alarm(0), node.take_alarm(0)), (true, false), "{on_error:?}, once");
    }
}

#[test]
fn each_version_behind_a_split_panics_for_itself() {
    let rules = rules_of(|balancer| {
        balancer.health_check = Some(check());
        balancer.panic_threshold = Some(0.5);
    });
    let mut node = node(4, &rules);
    node.route(
        1,
        Routing::Split { stable: VersionId(0), candidate: VersionId(1), weight_bp: 5_000 },
    );
    for address in [1, 3] {
        (0..3).for_each(|_| {
            node.checked(&rules, SimTime(1), address, false);
        });
    }
    assert_eq!(node.routable_of(VersionId(0)), 2);
    assert_eq!(node.routable_of(VersionId(1)), 2, "all of the candidate's are down: all are used");
}

#[test]
fn ejections_leave_most_hosts_in_and_grow_longer() {
    let second = SimDuration::from_secs;
    let rules = rules_of(|balancer| {
        balancer.outlier = Some(Outlier::Consecutive {
            errors: 2,
            interval: second(10),
            base_ejection: second(30),
            max_ejection: second(300),
            max_share: 0.3,
        });
    });
    let mut node = node(4, &rules);
    let error = TryResult::ServerError;
    assert_eq!(node.tried(&rules, SimTime(1), 0, error), None);
    let until = SimTime::ZERO + second(40);
    assert_eq!(node.tried(&rules, SimTime(1), 0, error), Some(Some(until)), "the next tick");
    node.tried(&rules, SimTime(1), 1, error);
    assert_eq!(node.tried(&rules, SimTime(1), 1, error), None, "30 % of four is one host");
    assert_eq!(node.readmit(&rules, until, 0), Some(true));
    node.tried(&rules, until, 0, error);
    assert_eq!(node.tried(&rules, until, 0, error), Some(Some(until + second(60))));
}

#[test]
fn in_panic_all_endpoints_are_used_again() {
    let rules = rules_of(|balancer| {
        balancer.health_check = Some(check());
        balancer.panic_threshold = Some(0.5);
    });
    let mut node = node(4, &rules);
    let mut fail = |address| {
        (0..3).for_each(|_| {
            node.checked(&rules, SimTime(1), address, false);
        });
        node.routable()
    };
    assert_eq!([fail(0), fail(1), fail(2)], [3, 2, 4], "one of four up is less than half");
}

#[test]
fn one_group_gets_the_traffic_and_another_one_at_once_when_it_is_activated() {
    let rules = rules(Policy::RoundRobin(Rotation::Cycle));
    let mut node = Node::new(2, 2);
    for instance in 0..4 {
        node.add_instance(&rules, instance);
        node.add_address(instance, 0, (instance / 2) as u16, 1, instance);
        node.update(&rules, SimTime(0), 0, instance, Some(READY));
    }
    assert_eq!((node.choose(&rules, &choice(0)), node.routable()), (Some(0), 2));
    node.activate(1);
    assert_eq!((node.choose(&rules, &choice(1)), node.keeps(0)), (Some(2), false));
}

#[test]
fn a_bound_on_requests_holds_for_every_policy() {
    let policies = [
        Policy::RoundRobin(Rotation::Cycle),
        Policy::RoundRobin(Rotation::Smooth),
        Policy::RoundRobin(Rotation::Positions),
        Policy::Random,
        Policy::LeastRequest { choices: None, ties: TieBreak::InTurn },
        Policy::LeastRequest { choices: Some(2), ties: TieBreak::Random },
        Policy::RingHash,
        Policy::ModuloHash,
    ];
    for policy in policies {
        let rules = rules_of(|balancer| {
            balancer.policy = policy;
            balancer.server_maxconn = Some(2);
        });
        let mut node = node(3, &rules);
        for request in 0..6 {
            let chosen = node.choose(&rules, &choice(request)).expect("there is room");
            assert!(node.has_room(&rules, chosen), "{policy:?}");
            node.begin(chosen);
        }
        assert_eq!(node.choose(&rules, &choice(7)), None, "{policy:?}");
        assert!(node.is_full(&rules, &choice(7)));
    }
}

#[test]
fn choosing_quickly_is_choosing() {
    let p2c = Policy::LeastRequest { choices: Some(2), ties: TieBreak::Random };
    for policy in [Policy::RoundRobin(Rotation::Cycle), p2c, Policy::Random] {
        let rules = rules_of(|balancer| balancer.policy = policy);
        let (mut one, mut other) = (node(5, &rules), node(5, &rules));
        for request in 0..1_000 {
            let choice = Choice { avoid: request as u32 % 7, ..choice(request) };
            let pool = one.whole(&rules).expect("one pool for all");
            let bits = || choice.routing.draw(choice.draw);
            let quickly = one.choose_quickly(&rules, pool, bits, choice.avoid).expect("somebody");
            assert_eq!(other.choose(&rules, &choice), Some(quickly));
            one.begin(quickly);
            other.begin(quickly);
        }
        one.route(
            9,
            Routing::Split { stable: VersionId(0), candidate: VersionId(1), weight_bp: 1 },
        );
        assert_eq!(one.whole(&rules), None);
    }
}
