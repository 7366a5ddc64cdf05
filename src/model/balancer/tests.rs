//! How a node chooses.

use super::{Choice, Node, Rules};
use crate::engine::rng::Key;
use crate::engine::{SimDuration, SimTime};
use crate::model::request::NONE;
use crate::plan::{EndpointConditions, HealthCheck, Policy, Routing, TieBreak, VersionId};

const READY: EndpointConditions =
    EndpointConditions { ready: true, serving: true, terminating: false };
const STOPPING: EndpointConditions =
    EndpointConditions { ready: false, serving: true, terminating: true };

fn rules(policy: Policy) -> Rules {
    Rules {
        policy,
        slow_start: SimDuration::ZERO,
        slow_start_key: Key::of_seed(3),
        ring_key: Key::of_seed(4),
    }
}

fn choice(request: u64) -> Choice {
    Choice {
        routing: Key::of_seed(1),
        draw: request,
        split: Key::of_seed(2),
        request,
        user: NONE,
        avoid: NONE,
        now: SimTime(0),
    }
}

/// A node that lists instances 0 to `count` - 1 as ready; odd ones run version 1.
fn node(count: u32, rules: &Rules) -> Node {
    let mut node = Node::new(2);
    for instance in 0..count {
        node.add_instance(instance, (instance % 2) as u16);
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
    let rules = rules(Policy::RoundRobin);
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
    let order: Vec<u32> = (0..4).filter_map(|k| node.choose(&in_turn, &choice(k))).collect();
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
    let rules = rules(Policy::RoundRobin);
    let mut node = node(4, &rules);
    let split = Routing::Split { stable: VersionId(0), candidate: VersionId(1), weight_bp: 500 };
    assert!(node.route(1, split));
    let hits = shares(&mut node, &rules, 4, 100_000);
    assert!((hits[1] + hits[3] - 0.05).abs() < 0.003, "{hits:?}");
    assert!((hits[1] - hits[3]).abs() < 1e-4, "{hits:?}");
}

#[test]
fn a_request_keeps_its_side_when_the_weight_grows() {
    let rules = rules(Policy::RoundRobin);
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
    let rules = rules(Policy::RoundRobin);
    let mut node = node(2, &rules);
    assert_eq!(node.update(&rules, SimTime(1), 9, 0, None), Some(false));
    assert_eq!(node.update(&rules, SimTime(2), 8, 0, Some(READY)), None);
    assert!(!node.may_use(0));
    node.route(9, Routing::Only(VersionId(1)));
    assert!(!node.route(8, Routing::All));
}

#[test]
fn with_nobody_ready_those_that_still_serve_while_terminating_are_used() {
    let rules = rules(Policy::RoundRobin);
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
    let rules = rules(Policy::RoundRobin);
    let check = HealthCheck {
        interval: SimDuration::from_secs(1),
        timeout: SimDuration::from_secs(1),
        fall: 3,
        rise: 2,
    };
    let mut node = node(2, &rules);
    let mut results = |successes: &[bool]| -> Vec<Option<bool>> {
        successes.iter().map(|&ok| node.checked(&rules, &check, SimTime(5), 0, ok)).collect()
    };
    assert_eq!(results(&[false, false, true, false, false]), [None; 5]);
    assert_eq!(results(&[false]), [Some(false)]);
    assert_eq!(results(&[true, false, true, true]), [None, None, None, Some(true)]);
}

#[test]
fn slow_start_gives_a_newcomer_its_growing_share() {
    let mut rules = rules(Policy::Random);
    rules.slow_start = SimDuration(1000);
    let mut node = Node::new(1);
    for instance in 0..2 {
        node.add_instance(instance, 0);
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
