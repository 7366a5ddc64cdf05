//! Blue-green on the fake platform: every rule, and giving up at every stage.

use proptest::prelude::*;
use proptest::strategy::Strategy;

use super::*;
use crate::plan::{
    Analysis, AnalysisMetric, Bound, MetricName, Rollback, Scope, ScopeVersion, VersionId,
};
use crate::record::RolloutOutcome::{Completed, RolledBack, Stalled};
use crate::strategy::fake::{Act, Fake, NEW, NEWER, OLD, at, plan, secs};

/// Verified for a minute, the old set kept for 30 s. Pods take 10 s to come up.
fn params() -> BlueGreen {
    BlueGreen {
        switch: Switch::Atomic,
        verify: secs(60),
        pre_analysis: None,
        post_analysis: None,
        keep_old: secs(30),
        min_ready: SimDuration::ZERO,
        progress_deadline: Some(secs(600)),
    }
}

/// Fails at its second bad measurement, half a minute apart; content after three.
fn guard() -> Analysis {
    Analysis {
        name: "guard".to_owned(),
        initial_delay: secs(30),
        interval: secs(30),
        count: Some(3),
        failure_limit: 1,
        inconclusive_limit: 0,
        metrics: vec![AnalysisMetric {
            metric: MetricName::ErrorRate,
            scope: Scope { class: None, version: Some(ScopeVersion::Candidate) },
            bound: Bound::Above(0.05),
            min_requests: 1,
        }],
    }
}

fn fake_with(params: &BlueGreen, rollback: Rollback) -> Fake {
    let controller = BlueGreenController::new(params, &plan(rollback, vec![guard()]));
    Fake::new(controller, 10, Routing::Only(OLD))
}

fn fake() -> Fake {
    fake_with(&params(), Rollback::Controller)
}

fn judged_live() -> BlueGreen {
    BlueGreen { post_analysis: Some("guard".to_owned()), ..params() }
}

fn split(weight_bp: u32) -> Routing {
    Routing::Split { stable: OLD, candidate: NEW, weight_bp }
}

#[test]
fn the_new_set_grows_is_watched_gets_the_traffic_and_the_old_one_goes() {
    let mut fake = fake();
    fake.act(at(100), Act::Deploy(NEW)).run_until(at(1000));
    assert_eq!(fake.scalings(NEW), [(100, 10)]);
    assert_eq!(fake.routes(), [(170, Routing::Only(NEW))], "10 s to come up, 60 s watched");
    assert_eq!(fake.finishes(), [(170, Completed)]);
    assert_eq!(fake.scalings(OLD), [(200, 0)], "30 s after the switch");
    assert_eq!(fake.most_wanted, 20);
}

#[test]
fn a_deployment_of_nothing_changes_nothing() {
    let mut fake = fake();
    fake.run_until(at(1000));
    assert_eq!(fake.orders, []);
}

#[test]
fn a_plain_service_is_pinned_to_the_old_version_before_the_new_set_exists() {
    let plan = plan(Rollback::Controller, Vec::new());
    let mut fake = Fake::new(BlueGreenController::new(&params(), &plan), 10, Routing::All);
    fake.act(at(100), Act::Deploy(NEW));
    assert_eq!(fake.routes(), [(0, Routing::Only(OLD))]);
}

#[test]
fn without_verification_the_switch_comes_as_soon_as_all_pods_are_available() {
    let mut fake =
        fake_with(&BlueGreen { verify: SimDuration::ZERO, ..params() }, Rollback::Controller);
    fake.act(at(100), Act::Deploy(NEW)).run_until(at(1000));
    assert_eq!(fake.routes(), [(110, Routing::Only(NEW))]);
}

#[test]
fn a_switch_by_weights_goes_in_equal_steps_the_first_at_once() {
    let switch = Switch::Weights { steps: 4, every: secs(60) };
    let mut fake = fake_with(&BlueGreen { switch, ..params() }, Rollback::Controller);
    fake.act(at(100), Act::Deploy(NEW)).run_until(at(1000));
    let steps =
        [(170, split(2_500)), (230, split(5_000)), (290, split(7_500)), (350, Routing::Only(NEW))];
    assert_eq!(fake.routes(), steps);
    assert_eq!(fake.scalings(OLD), [(380, 0)], "the delay counts from the last step");
}

#[test]
fn pods_lost_while_watched_hold_the_switch_until_they_are_back() {
    let mut fake = fake();
    fake.act(at(100), Act::Deploy(NEW)).act(at(165), Act::Crash(NEW)).run_until(at(1000));
    assert_eq!(fake.routes(), [(175, Routing::Only(NEW))]);
}

#[test]
fn giving_up_before_the_switch_leaves_the_traffic_alone() {
    let mut fake = fake();
    fake.act(at(100), Act::Deploy(NEW)).act(at(150), Act::Abort).run_until(at(1000));
    assert_eq!(fake.routes(), []);
    assert_eq!(fake.finishes(), [(150, RolledBack)]);
    assert_eq!(fake.scalings(NEW), [(100, 10), (180, 0)], "after the abort delay");
    assert_eq!(fake.sizes(), [10, 0, 0]);
}

#[test]
fn giving_up_in_the_middle_of_a_switch_by_weights_takes_all_traffic_back_at_once() {
    let switch = Switch::Weights { steps: 4, every: secs(60) };
    let mut fake = fake_with(&BlueGreen { switch, ..params() }, Rollback::Controller);
    fake.act(at(100), Act::Deploy(NEW)).act(at(250), Act::Abort).run_until(at(1000));
    assert_eq!(fake.routes().last(), Some(&(250, Routing::Only(OLD))));
    assert_eq!(fake.finishes(), [(250, RolledBack)]);
    assert_eq!(fake.sizes(), [10, 0, 0]);
}

#[test]
fn an_undo_while_the_old_set_is_kept_switches_back_at_once() {
    let mut fake = fake();
    fake.act(at(100), Act::Deploy(NEW)).act(at(190), Act::Deploy(OLD)).run_until(at(1000));
    assert_eq!(fake.routes(), [(170, Routing::Only(NEW)), (190, Routing::Only(OLD))]);
    assert_eq!(fake.scalings(OLD), [], "it never shrank");
    assert_eq!(fake.scalings(NEW), [(100, 10), (220, 0)]);
}

#[test]
fn once_the_old_set_is_gone_going_back_is_a_rollout_of_its_own() {
    let mut fake = fake();
    fake.act(at(100), Act::Deploy(NEW)).act(at(300), Act::Deploy(OLD)).run_until(at(1000));
    assert_eq!(fake.scalings(OLD), [(200, 0), (300, 10)]);
    assert_eq!(fake.routes()[1..], [(370, Routing::Only(OLD))]);
}

#[test]
fn traffic_never_returns_to_a_stable_set_that_is_gone_before_it_is_whole_again() {
    let mut fake = fake().stable_stays();
    fake.act(at(100), Act::Deploy(NEW)).act(at(300), Act::Deploy(OLD)).run_until(at(1000));
    assert_eq!(fake.scalings(OLD), [(200, 0), (300, 10)]);
    assert_eq!(fake.routes()[1..], [(310, Routing::Only(OLD))]);
    assert_eq!(fake.scalings(NEW).last(), Some(&(340, 0)), "it served until then");
    assert_eq!(fake.finishes(), [(170, Completed), (310, RolledBack)]);
}

#[test]
fn a_rollback_in_a_hurry_waits_for_the_pods_only() {
    let mut fake = fake();
    fake.act(at(100), Act::Deploy(NEW)).act(at(300), Act::Return(OLD)).run_until(at(1000));
    assert_eq!(fake.routes()[1..], [(310, Routing::Only(OLD))]);
}

#[test]
fn undoing_before_the_switch_lets_the_new_set_go_and_counts_as_rolled_back() {
    let mut fake = fake();
    fake.act(at(100), Act::Deploy(NEW)).act(at(150), Act::Deploy(OLD)).run_until(at(1000));
    assert_eq!(fake.routes(), []);
    assert_eq!(fake.finishes(), [(150, RolledBack)]);
    assert_eq!(fake.scalings(NEW), [(100, 10), (180, 0)]);
}

#[test]
fn a_third_version_overtakes_the_second_which_never_gets_traffic() {
    let mut fake = fake();
    fake.act(at(100), Act::Deploy(NEW)).act(at(150), Act::Deploy(NEWER)).run_until(at(1000));
    assert_eq!(fake.routes(), [(220, Routing::Only(NEWER))]);
    assert_eq!(fake.scalings(NEW), [(100, 10), (180, 0)]);
    assert_eq!(fake.sizes(), [0, 0, 10]);
}

#[test]
fn a_third_version_right_after_a_switch_leaves_the_second_serving_until_its_own_switch() {
    let mut fake = fake();
    fake.act(at(100), Act::Deploy(NEW)).act(at(180), Act::Deploy(NEWER)).run_until(at(1000));
    assert_eq!(fake.routes(), [(170, Routing::Only(NEW)), (250, Routing::Only(NEWER))]);
    assert_eq!(fake.scalings(OLD), [(200, 0)]);
    assert_eq!(fake.scalings(NEW), [(100, 10), (280, 0)]);
}

#[test]
fn a_judge_before_the_switch_must_be_content() {
    let judged = BlueGreen { pre_analysis: Some("guard".to_owned()), ..params() };
    let mut fake = fake_with(&judged, Rollback::Controller);
    fake.act(at(100), Act::Deploy(NEW)).run_until(at(1000));
    assert_eq!(fake.routes(), [(260, Routing::Only(NEW))], "three measurements after the watch");

    let mut fake = fake_with(&judged, Rollback::Controller).metrics(|_| Some(0.5));
    fake.act(at(100), Act::Deploy(NEW)).run_until(at(1000));
    assert_eq!(fake.routes(), []);
    assert_eq!(fake.finishes(), [(230, RolledBack)], "at the second bad measurement");
    assert_eq!(fake.sizes(), [10, 0, 0]);
}

#[test]
fn a_judge_after_the_switch_that_fails_switches_back() {
    let mut fake = fake_with(&judged_live(), Rollback::Controller).metrics(|_| Some(0.5));
    fake.act(at(100), Act::Deploy(NEW)).run_until(at(1000));
    assert_eq!(fake.routes(), [(170, Routing::Only(NEW)), (230, Routing::Only(OLD))]);
    assert_eq!(fake.finishes(), [(230, RolledBack)]);
    let decided = EventKind::RollbackDecided { by: "analysis guard".into() };
    assert!(fake.log().contains(&(230, decided)), "{:?}", fake.log());
}

#[test]
fn the_old_set_stays_while_the_judge_watches_however_short_its_delay() {
    let mut fake = fake_with(
        &BlueGreen { keep_old: SimDuration::ZERO, ..judged_live() },
        Rollback::Controller,
    );
    fake.act(at(100), Act::Deploy(NEW)).run_until(at(1000));
    assert_eq!(fake.finishes(), [(260, Completed)]);
    assert_eq!(fake.scalings(OLD), [(260, 0)]);
}

#[test]
fn if_nobody_goes_back_a_failed_verdict_stops_the_rollout_where_it_is() {
    let mut fake = fake_with(&judged_live(), Rollback::None).metrics(|_| Some(0.5));
    fake.act(at(100), Act::Deploy(NEW)).run_until(at(1000));
    assert_eq!(fake.routes(), [(170, Routing::Only(NEW))]);
    assert_eq!(fake.finishes(), [(230, Stalled)]);
    assert_eq!(fake.sizes(), [10, 10, 0]);
}

#[test]
fn a_person_can_still_give_up_a_rollout_that_a_verdict_stopped() {
    let mut fake = fake_with(&judged_live(), Rollback::OnCall).metrics(|_| Some(0.5));
    fake.act(at(100), Act::Deploy(NEW)).act(at(500), Act::Abort).run_until(at(1000));
    assert_eq!(fake.routes(), [(170, Routing::Only(NEW)), (500, Routing::Only(OLD))]);
    assert_eq!(fake.finishes(), [(230, Stalled), (500, RolledBack)]);
}

#[test]
fn a_verdict_without_enough_data_waits_for_a_person_who_lets_the_judge_sit_again() {
    let mut fake = fake_with(&judged_live(), Rollback::Controller)
        .metrics(|now| (now > at(500)).then_some(0.0));
    fake.act(at(100), Act::Deploy(NEW)).act(at(600), Act::Resume).run_until(at(1000));
    assert_eq!(fake.finishes(), [(200, Stalled), (690, Completed)]);
}

#[test]
fn pods_that_never_come_up_pass_the_deadline_and_leave_the_old_version_serving() {
    let mut fake = fake().broken(NEW);
    fake.act(at(100), Act::Deploy(NEW)).run_until(at(1000));
    assert_eq!(fake.finishes(), [(701, Stalled)]);
    assert!(fake.log().contains(&(701, EventKind::ProgressDeadlineExceeded)));
    assert_eq!((fake.routes(), fake.sizes()), (vec![], [10, 10, 0]));
}

#[test]
fn where_going_back_is_automatic_the_deadline_gives_up() {
    let mut fake = fake_with(&params(), Rollback::Automatic).broken(NEW);
    fake.act(at(100), Act::Deploy(NEW)).run_until(at(1000));
    assert_eq!(fake.finishes(), [(701, RolledBack)]);
    assert_eq!(fake.scalings(NEW), [(100, 10), (731, 0)]);
}

#[test]
fn the_deadline_does_not_run_while_the_new_set_is_watched() {
    let patient = BlueGreen { verify: secs(3_000), ..params() };
    let mut fake = fake_with(&patient, Rollback::Automatic);
    fake.act(at(100), Act::Deploy(NEW)).run_until(at(4_000));
    assert_eq!(fake.finishes(), [(3_110, Completed)]);
}

#[test]
fn pods_that_come_up_after_the_deadline_complete_the_rollout_after_all() {
    let mut fake = fake().delay(NEW, secs(900));
    fake.act(at(100), Act::Deploy(NEW)).run_until(at(2_000));
    assert_eq!(fake.finishes(), [(701, Stalled), (1_060, Completed)]);
}

#[test]
fn a_paused_rollout_only_scales() {
    let mut fake = fake();
    fake.act(at(100), Act::Deploy(NEW)).act(at(105), Act::Pause(true));
    fake.act(at(200), Act::Resize(12)).run_until(at(500));
    assert_eq!((fake.routes(), fake.sizes()), (vec![], [12, 12, 0]));
    fake.act(at(500), Act::Pause(false)).run_until(at(1_000));
    assert_eq!(fake.routes(), [(560, Routing::Only(NEW))]);
}

#[test]
fn a_resize_reaches_both_sets_before_the_switch_and_one_after_it() {
    let mut fake = fake();
    fake.act(at(100), Act::Deploy(NEW)).act(at(120), Act::Resize(6)).run_until(at(150));
    assert_eq!(fake.sizes(), [6, 6, 0]);
    fake.act(at(185), Act::Resize(8));
    assert_eq!(fake.sizes(), [6, 8, 0], "the old set only waits to go");
}

fn acts() -> impl Strategy<Value = Act> {
    let version = (0u16..3).prop_map(VersionId);
    prop_oneof![
        version.clone().prop_map(Act::Deploy),
        version.clone().prop_map(Act::Return),
        (1u32..15).prop_map(Act::Resize),
        any::<bool>().prop_map(Act::Pause),
        Just(Act::Abort),
        Just(Act::Resume),
        Just(Act::Hurry),
        version.prop_map(Act::Crash),
    ]
}

proptest! {
    #[test]
    fn whatever_people_do_a_healthy_platform_ends_with_one_full_set_and_its_traffic(
        acts in prop::collection::vec((acts(), 0u64..200), 0..12),
        steps in 0u32..5,
        delays in prop::array::uniform3(0u64..40),
    ) {
        let switch =
            if steps == 0 { Switch::Atomic } else { Switch::Weights { steps, every: secs(20) } };
        let params = BlueGreen { switch, ..params() };
        let mut fake = fake_with(&params, Rollback::Controller);
        for version in [OLD, NEW, NEWER] {
            fake = fake.delay(version, secs(delays[usize::from(version.0)]));
        }
        let mut now = 0;
        let mut replicas = 10;
        for (act, after) in acts {
            now += after;
            if let Act::Resize(to) = act {
                replicas = to;
            }
            fake.act(at(now), act);
        }
        fake.act(at(now), Act::Pause(false)).run_until(at(now + 1_000));
        let Routing::Only(serving) = fake.routing() else { panic!("{:?}", fake.routing()) };
        let mut expected = [0; 3];
        expected[usize::from(serving.0)] = replicas;
        prop_assert_eq!(fake.sizes(), expected);
        prop_assert_eq!(fake.available(serving), replicas);
    }
}
