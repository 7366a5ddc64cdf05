//! What holds of any canary, whatever its steps, limits and delays, and whatever people do.

use proptest::prelude::*;
use proptest::strategy::Strategy;

use super::tests::{fake_with, routed, shared};
use super::*;
use crate::plan::{IntOrPercent, Rollback};
use crate::record::RolloutOutcome;
use crate::strategy::fake::{Act, Fake, NEW, NEWER, OLD, at, secs};

fn steps() -> impl Strategy<Value = Vec<CanaryStep>> {
    let step = prop_oneof![
        (0.0f64..=1.0).prop_map(CanaryStep::Weight),
        (0u64..100).prop_map(|s| CanaryStep::Pause(Some(secs(s)))),
        Just(CanaryStep::Analysis("guard".to_owned())),
    ];
    prop::collection::vec(step, 0..6)
}

fn limit() -> impl Strategy<Value = IntOrPercent> {
    prop_oneof![(0u32..6).prop_map(IntOrPercent::Int), (0u32..=100).prop_map(IntOrPercent::Percent)]
}

fn acts() -> impl Strategy<Value = Vec<(Act, u64)>> {
    let version = (0u16..3).prop_map(VersionId);
    let act = prop_oneof![
        version.clone().prop_map(Act::Deploy),
        version.clone().prop_map(Act::Return),
        (1u32..15).prop_map(Act::Resize),
        any::<bool>().prop_map(Act::Pause),
        Just(Act::Abort),
        Just(Act::Resume),
        Just(Act::Hurry),
        version.prop_map(Act::Crash),
    ];
    prop::collection::vec((act, 0u64..200), 0..10)
}

/// Plays what people do; the fake platform itself refuses weights above 100 % and weights for
/// sets without an available pod. Returns the last instant and `spec.replicas` then.
fn play(fake: &mut Fake, acts: Vec<(Act, u64)>) -> (u64, u32) {
    let (mut now, mut replicas) = (0, 10);
    for (act, after) in acts {
        now += after;
        if let Act::Resize(to) = act {
            replicas = to;
        }
        fake.act(at(now), act);
    }
    (now, replicas)
}

fn set_size() -> impl Strategy<Value = SetSize> {
    (0u32..30, 0u32..30).prop_map(|(spec, available)| SetSize { spec, available })
}

proptest! {
    #[test]
    fn no_pass_without_a_router_wants_too_many_pods_or_spares_too_many(
        replicas in 1u32..20, weight in 0u32..=100, surge in 0u32..6, missing in 0u32..6,
        canary in set_size(), stable in set_size()
    ) {
        let unavailable = if surge == 0 { missing.max(1) } else { missing }.min(replicas);
        let pods = Pods { replicas, surge, unavailable, canary, stable: Some(stable), older: 0 };
        let sizes = pods.toward(nearest_split(replicas, weight, 100, surge));
        let (before, after) = (canary.spec + stable.spec, sizes.canary + sizes.stable);
        prop_assert!(after <= before.max(replicas + surge), "{:?} to {:?}", pods, sizes);
        // Healthy sets keep the fewest that must be available, if they had them.
        let healthy = canary.spec == canary.available && stable.spec == stable.available;
        if healthy {
            let left = sizes.canary.min(canary.available) + sizes.stable.min(stable.available);
            prop_assert!(left >= before.min(replicas - unavailable), "{:?} to {:?}", pods, sizes);
            prop_assert!(after <= replicas + surge || before <= replicas - unavailable);
        }
    }

    #[test]
    fn a_healthy_rollout_always_completes_within_the_surge(
        steps in steps(), max_surge in limit(), max_unavailable in limit(), by_router: bool,
        delay in 0u64..50
    ) {
        let base = if by_router { routed() } else { shared() };
        let params = Canary { steps, max_surge, max_unavailable, ..base };
        let mut fake = fake_with(&params, Rollback::Controller).delay(NEW, secs(delay));
        fake.act(at(100), Act::Deploy(NEW)).run_until(at(10_000));
        prop_assert_eq!(fake.sizes(), [0, 10, 0]);
        let ends: Vec<_> = fake.finishes().into_iter().map(|(_, outcome)| outcome).collect();
        prop_assert_eq!(ends, [RolloutOutcome::Completed]);
        let most = if by_router { 20 } else { 10 + fenceposts(max_surge, max_unavailable, 10).0 };
        prop_assert!(fake.most_wanted <= most, "{} of {}", fake.most_wanted, most);
    }

    #[test]
    fn giving_up_at_any_time_always_returns_to_the_old_version(
        steps in steps(), max_surge in limit(), max_unavailable in limit(), by_router: bool,
        when in 0u64..600, broken: bool
    ) {
        let base = if by_router { routed() } else { shared() };
        let params = Canary { steps, max_surge, max_unavailable, ..base };
        let mut fake = fake_with(&params, Rollback::Controller);
        if broken {
            fake = fake.broken(NEW);
        }
        fake.act(at(100), Act::Deploy(NEW)).run_until(at(100 + when));
        if !fake.finishes().is_empty() {
            return Ok(());
        }
        fake.act(at(100 + when), Act::Abort).run_until(at(10_000));
        prop_assert_eq!(fake.sizes(), [10, 0, 0]);
        prop_assert_eq!(fake.finishes().last().map(|&(_, end)| end), Some(RolloutOutcome::RolledBack));
    }

    #[test]
    fn whatever_people_do_one_full_set_with_all_the_traffic_remains(
        steps in steps(), acts in acts(), by_router: bool,
        delays in prop::array::uniform3(0u64..40)
    ) {
        let base = if by_router { routed() } else { shared() };
        let params = Canary { steps, ..base };
        let mut fake = fake_with(&params, Rollback::Controller);
        for version in [OLD, NEW, NEWER] {
            fake = fake.delay(version, secs(delays[usize::from(version.0)]));
        }
        let resized = acts.iter().any(|(act, _)| matches!(act, Act::Resize(_)));
        let (end, replicas) = play(&mut fake, acts);
        fake.act(at(end), Act::Pause(false)).run_until(at(end + 10_000));
        let sizes = fake.sizes();
        let serving = sizes.iter().position(|&size| size > 0).unwrap_or_default();
        let mut expected = [0; 3];
        expected[serving] = replicas;
        prop_assert_eq!(sizes, expected);
        let serving = VersionId(serving as u16);
        prop_assert_eq!(fake.available(serving), replicas);
        let routing = if by_router { Routing::Only(serving) } else { Routing::All };
        prop_assert_eq!(fake.routing(), routing);
        prop_assert!(by_router || resized || fake.most_wanted <= 13);
        prop_assert!(!fake.served_by_nobody);
    }
}
