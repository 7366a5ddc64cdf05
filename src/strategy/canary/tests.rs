//! Canaries on the fake platform: every rule, and giving up at every stage.

use super::*;
use crate::plan::{
    Analysis, AnalysisMetric, Bound, IntOrPercent, MetricName, Rollback, Scope, ScopeVersion,
};
use crate::record::EventKind;
use crate::record::RolloutOutcome::{Completed, RolledBack, Stalled};
use crate::strategy::fake::{Act, Fake, NEW, NEWER, OLD, at, plan, secs};

/// 20 %, five minutes, 50 %, five minutes; the old set kept for 30 s.
pub fn routed() -> Canary {
    Canary {
        traffic: CanaryTraffic::Weights,
        steps: vec![
            CanaryStep::Weight(0.2),
            CanaryStep::Pause(Some(secs(300))),
            CanaryStep::Weight(0.5),
            CanaryStep::Pause(Some(secs(300))),
        ],
        sticky: false,
        background_analysis: None,
        max_surge: IntOrPercent::Percent(25),
        max_unavailable: IntOrPercent::Percent(0),
        keep_old: secs(30),
        min_ready: SimDuration::ZERO,
        progress_deadline: Some(secs(600)),
    }
}

/// The same by the share of pods.
pub fn shared() -> Canary {
    Canary { traffic: CanaryTraffic::Replicas, ..routed() }
}

/// Fails at its second bad measurement, a minute apart; content after three.
fn guard(name: &str, count: Option<u32>) -> Analysis {
    Analysis {
        name: name.to_owned(),
        initial_delay: secs(0),
        interval: secs(60),
        count,
        failure_limit: 1,
        inconclusive_limit: 1,
        metrics: vec![AnalysisMetric {
            metric: MetricName::ErrorRate,
            scope: Scope { class: None, version: Some(ScopeVersion::Candidate) },
            bound: Bound::Above(0.05),
            min_requests: 1,
        }],
    }
}

pub fn fake_with(params: &Canary, rollback: Rollback) -> Fake {
    let analyses = vec![guard("guard", Some(3)), guard("watch", None)];
    let routing = match params.traffic {
        CanaryTraffic::Weights => Routing::Only(OLD),
        CanaryTraffic::Replicas => Routing::All,
    };
    Fake::new(CanaryController::new(params, &plan(rollback, analyses)), 10, routing)
}

fn fake(params: &Canary) -> Fake {
    fake_with(params, Rollback::Controller)
}

fn to_new(weight_bp: u32) -> Routing {
    Routing::Split { stable: OLD, candidate: NEW, weight_bp }
}

/// A judge after the first weight instead of the pause.
fn judged() -> Canary {
    let mut params = routed();
    params.steps[1] = CanaryStep::Analysis("guard".to_owned());
    params
}

fn watched() -> Canary {
    Canary { background_analysis: Some("watch".to_owned()), ..routed() }
}

/// Bad from an instant on.
fn bad_from(start: u64) -> impl Fn(SimTime) -> Option<f64> {
    move |now| Some(if now < at(start) { 0.0 } else { 0.5 })
}

#[test]
fn each_weight_waits_for_its_pods_and_the_old_set_goes_after_the_end() {
    let mut fake = fake(&routed());
    fake.act(at(100), Act::Deploy(NEW)).run_until(at(2_000));
    assert_eq!(fake.scalings(NEW), [(100, 2), (410, 5), (720, 10)]);
    let routes = [
        (110, to_new(2_000)),
        (420, to_new(5_000)),
        (730, to_new(10_000)),
        (730, Routing::Only(NEW)),
    ];
    assert_eq!(fake.routes(), routes);
    assert_eq!(fake.finishes(), [(730, Completed)]);
    assert_eq!(fake.scalings(OLD), [(760, 0)]);
    assert_eq!(fake.most_wanted, 20, "surge plays no part with a router");
}

#[test]
fn pods_for_a_weight_round_up() {
    let mut params = routed();
    params.steps[0] = CanaryStep::Weight(0.01);
    let mut fake = fake(&params);
    fake.act(at(100), Act::Deploy(NEW));
    assert_eq!(fake.scalings(NEW), [(100, 1)]);
}

#[test]
fn without_steps_the_new_set_is_full_before_it_gets_any_traffic() {
    let mut fake = fake(&Canary { steps: Vec::new(), ..routed() });
    fake.act(at(100), Act::Deploy(NEW)).run_until(at(1_000));
    assert_eq!(fake.routes().first(), Some(&(110, to_new(10_000))));
    assert_eq!(fake.finishes(), [(110, Completed)]);
}

#[test]
fn giving_up_takes_the_weight_away_at_once_and_the_pods_half_a_minute_later() {
    for when in [105, 200, 415, 500, 725] {
        let mut fake = fake(&routed());
        fake.act(at(100), Act::Deploy(NEW)).act(at(when), Act::Abort).run_until(at(2_000));
        assert_eq!(fake.routing(), Routing::Only(OLD));
        let last = fake.routes().last().map(|&(when, _)| when);
        assert!(last.is_none_or(|last| last == when), "aborted at {when}: {:?}", fake.routes());
        assert_eq!(fake.finishes(), [(when, RolledBack)]);
        assert_eq!(fake.scalings(NEW).last(), Some(&(when + 30, 0)));
        assert_eq!(fake.scalings(OLD), []);
    }
}

#[test]
fn the_canary_stays_until_the_stable_set_is_whole_again() {
    let mut fake = fake(&routed());
    fake.act(at(100), Act::Deploy(NEW)).act(at(195), Act::Crash(OLD)).act(at(200), Act::Abort);
    fake.run_until(at(1_000));
    assert_eq!(fake.routes().last(), Some(&(200, Routing::Only(OLD))), "the weight goes anyway");
    assert_eq!(fake.finishes(), [(205, RolledBack)]);
    assert_eq!(fake.scalings(NEW).last(), Some(&(235, 0)), "30 s from when it was whole");
}

#[test]
fn giving_up_right_after_the_end_goes_back_at_once_while_the_old_set_is_kept() {
    let mut fake = fake(&routed());
    fake.act(at(100), Act::Deploy(NEW)).act(at(740), Act::Return(OLD)).run_until(at(2_000));
    assert_eq!(fake.routes().last(), Some(&(740, Routing::Only(OLD))));
    assert_eq!(fake.scalings(OLD), []);
    assert_eq!(fake.sizes(), [10, 0, 0]);
}

#[test]
fn once_the_old_set_is_gone_going_back_walks_through_the_steps_unless_in_a_hurry() {
    let mut patient = fake(&routed());
    patient.act(at(100), Act::Deploy(NEW)).act(at(1_000), Act::Deploy(OLD)).run_until(at(3_000));
    assert_eq!(patient.scalings(OLD)[1..], [(1_000, 2), (1_310, 5), (1_620, 10)]);

    let mut hasty = fake(&routed());
    hasty.act(at(100), Act::Deploy(NEW)).act(at(1_000), Act::Deploy(OLD));
    hasty.act(at(1_001), Act::Hurry).run_until(at(3_000));
    assert_eq!(hasty.scalings(OLD)[1..], [(1_000, 2), (1_001, 10)]);
    let back = [
        (1_011, Routing::Split { stable: NEW, candidate: OLD, weight_bp: 10_000 }),
        (1_011, Routing::Only(OLD)),
    ];
    let routes = hasty.routes();
    assert_eq!(routes[routes.len() - 2..], back);
}

#[test]
fn an_undo_in_mid_rollout_goes_straight_back() {
    let mut fake = fake(&routed());
    fake.act(at(100), Act::Deploy(NEW)).act(at(500), Act::Deploy(OLD)).run_until(at(2_000));
    assert_eq!(fake.routes().last(), Some(&(500, Routing::Only(OLD))));
    assert_eq!(fake.finishes(), [(500, RolledBack)]);
    assert_eq!(fake.scalings(NEW).last(), Some(&(530, 0)));
}

#[test]
fn a_third_version_starts_over_at_the_first_step_and_the_second_goes() {
    let mut fake = fake(&routed());
    fake.act(at(100), Act::Deploy(NEW)).act(at(500), Act::Deploy(NEWER)).run_until(at(700));
    let newer = |weight_bp| Routing::Split { stable: OLD, candidate: NEWER, weight_bp };
    assert_eq!(fake.routes()[2..], [(500, Routing::Only(OLD)), (510, newer(2_000))]);
    assert_eq!(fake.scalings(NEW).last(), Some(&(500, 0)));
    assert_eq!(fake.sizes(), [10, 0, 2]);
    fake.run_until(at(3_000));
    assert_eq!(fake.sizes(), [0, 0, 10]);
}

#[test]
fn a_version_that_is_overtaken_in_a_pause_keeps_its_pods_while_it_has_traffic() {
    let mut fake = fake(&routed());
    fake.act(at(100), Act::Deploy(NEW)).act(at(200), Act::Pause(true));
    fake.act(at(300), Act::Deploy(NEWER)).run_until(at(1_000));
    assert_eq!((fake.routing(), fake.sizes()), (to_new(2_000), [10, 2, 2]));
    fake.act(at(1_000), Act::Pause(false));
    assert_eq!(fake.sizes(), [10, 0, 2]);
}

#[test]
fn a_canary_that_loses_all_its_pods_loses_the_weight_until_they_are_back() {
    let mut fake = fake(&routed());
    fake.act(at(100), Act::Deploy(NEW)).act(at(200), Act::Crash(NEW)).run_until(at(300));
    let routes = [(110, to_new(2_000)), (200, Routing::Only(OLD)), (210, to_new(2_000))];
    assert_eq!(fake.routes(), routes);
}

#[test]
fn pods_that_never_come_up_leave_the_canary_without_traffic() {
    let mut fake = fake(&routed()).broken(NEW);
    fake.act(at(100), Act::Deploy(NEW)).run_until(at(5_000));
    assert_eq!((fake.routes(), fake.finishes()), (vec![], vec![(701, Stalled)]));
    assert_eq!(fake.sizes(), [10, 2, 0]);

    let mut fake = fake_with(&routed(), Rollback::Automatic).broken(NEW);
    fake.act(at(100), Act::Deploy(NEW)).run_until(at(5_000));
    assert_eq!(fake.finishes(), [(701, RolledBack)]);
    assert_eq!(fake.sizes(), [10, 0, 0]);
}

#[test]
fn a_pause_longer_than_the_deadline_is_no_lack_of_progress() {
    let mut params = routed();
    params.steps[1] = CanaryStep::Pause(Some(secs(7_200)));
    let mut fake = fake_with(&params, Rollback::Automatic);
    fake.act(at(100), Act::Deploy(NEW)).run_until(at(10_000));
    assert_eq!(fake.finishes(), [(7_630, Completed)]);
}

#[test]
fn a_pause_without_a_duration_waits_for_a_person() {
    let mut params = routed();
    params.steps[1] = CanaryStep::Pause(None);
    let mut stuck = fake(&params);
    stuck.act(at(100), Act::Deploy(NEW)).run_until(at(100_000));
    assert_eq!(stuck.finishes(), [(110, Stalled)]);
    assert_eq!(stuck.routing(), to_new(2_000));
    let paused = EventKind::RolloutPaused { reason: "step 2 of 4 waits for a person".into() };
    assert_eq!(stuck.log(), [(110, paused)]);

    let mut promoted = fake(&params);
    promoted.act(at(100), Act::Deploy(NEW)).act(at(1_000), Act::Resume).run_until(at(5_000));
    assert_eq!(promoted.finishes(), [(110, Stalled), (1_320, Completed)]);

    let mut given_up = fake(&params);
    given_up.act(at(100), Act::Deploy(NEW)).act(at(1_000), Act::Abort).run_until(at(5_000));
    assert_eq!(given_up.finishes(), [(110, Stalled), (1_000, RolledBack)]);
}

#[test]
fn going_on_ends_one_wait_and_not_the_next() {
    let mut params = routed();
    (params.steps[1], params.steps[3]) = (CanaryStep::Pause(None), CanaryStep::Pause(None));
    let mut fake = fake(&params);
    fake.act(at(100), Act::Deploy(NEW)).act(at(1_000), Act::Resume).run_until(at(5_000));
    assert_eq!(fake.routing(), to_new(5_000));
    assert_eq!(fake.finishes(), [(110, Stalled), (1_010, Stalled)]);
}

#[test]
fn a_step_judge_that_is_content_lets_the_rollout_go_on() {
    let mut fake = fake(&judged());
    fake.act(at(100), Act::Deploy(NEW)).run_until(at(2_000));
    assert_eq!(fake.scalings(NEW), [(100, 2), (230, 5), (540, 10)], "measured at 110, 170, 230");
    assert_eq!(fake.finishes(), [(550, Completed)]);
}

#[test]
fn a_step_judge_that_fails_gives_up() {
    let mut fake = fake(&judged()).metrics(bad_from(0));
    fake.act(at(100), Act::Deploy(NEW)).run_until(at(2_000));
    assert_eq!(fake.routes(), [(110, to_new(2_000)), (170, Routing::Only(OLD))]);
    assert_eq!(fake.finishes(), [(170, RolledBack)]);
    assert_eq!(fake.scalings(NEW), [(100, 2), (200, 0)]);
    let log: Vec<EventKind> = fake.log().into_iter().map(|(_, event)| event).collect();
    let aborted = EventKind::RolloutAborted { reason: "analysis guard: failed".into() };
    assert_eq!(log.last(), Some(&aborted));
}

#[test]
fn where_nobody_goes_back_a_failed_verdict_leaves_everything_where_it_is() {
    for rollback in [Rollback::None, Rollback::OnCall] {
        let mut fake = fake_with(&judged(), rollback).metrics(bad_from(0));
        fake.act(at(100), Act::Deploy(NEW)).run_until(at(10_000));
        assert_eq!(fake.finishes(), [(170, Stalled)]);
        assert_eq!((fake.routing(), fake.sizes()), (to_new(2_000), [10, 2, 0]));
        fake.act(at(10_000), Act::Abort);
        assert_eq!(fake.finishes()[1..], [(10_000, RolledBack)]);
    }
}

#[test]
fn a_judge_that_sees_no_traffic_at_all_gives_up_after_forty_seconds() {
    let mut controlled = fake(&judged()).silent();
    controlled.act(at(100), Act::Deploy(NEW)).run_until(at(900));
    assert_eq!(controlled.finishes(), [(150, RolledBack)]);
    let mut left_alone = fake_with(&judged(), Rollback::None).silent();
    left_alone.act(at(100), Act::Deploy(NEW)).run_until(at(900));
    assert_eq!(left_alone.finishes(), [(150, Stalled)]);
}

#[test]
fn a_judge_without_enough_data_pauses_and_traffic_stays_where_it_is() {
    let mut fake = fake(&judged()).metrics(|now| (now > at(800)).then_some(0.0));
    fake.act(at(100), Act::Deploy(NEW)).run_until(at(900));
    assert_eq!(fake.finishes(), [(170, Stalled)]);
    assert_eq!(fake.routing(), to_new(2_000));
    fake.act(at(900), Act::Resume).run_until(at(3_000));
    assert_eq!(fake.finishes()[1..], [(1_340, Completed)], "the judge sat again");
}

#[test]
fn a_background_judge_starts_with_the_rollout_and_gives_up_in_the_middle_of_a_pause() {
    let mut fake = fake(&watched()).metrics(bad_from(430));
    fake.act(at(100), Act::Deploy(NEW)).run_until(at(2_000));
    assert_eq!(fake.finishes(), [(520, RolledBack)], "measured bad at 460 and 520");
    assert_eq!(fake.routing(), Routing::Only(OLD));
}

#[test]
fn a_background_judge_goes_on_while_a_pause_waits_for_a_person() {
    let mut params = watched();
    params.steps[1] = CanaryStep::Pause(None);
    let mut fake = fake(&params).metrics(bad_from(1_000));
    fake.act(at(100), Act::Deploy(NEW)).run_until(at(3_000));
    assert_eq!(fake.finishes(), [(110, Stalled), (1_060, RolledBack)]);
}

#[test]
fn a_background_verdict_that_stops_the_rollout_is_told_once() {
    let mut fake = fake_with(&watched(), Rollback::None).metrics(bad_from(430));
    fake.act(at(100), Act::Deploy(NEW)).act(at(600), Act::Crash(NEW)).run_until(at(2_000));
    let paused = |(_, event): &(u64, EventKind)| matches!(event, EventKind::RolloutPaused { reason } if reason.contains("watch"));
    assert_eq!(fake.log().iter().filter(|entry| paused(entry)).count(), 1);
    assert_eq!(fake.finishes(), [(520, Stalled)]);
}

#[test]
fn a_background_judge_is_stopped_as_content_at_the_end() {
    let mut fake = fake(&watched());
    fake.act(at(100), Act::Deploy(NEW)).run_until(at(3_000));
    assert_eq!(fake.finishes(), [(730, Completed)]);
    let verdict = "successful".to_owned();
    let stopped = EventKind::AnalysisFinished { analysis: "watch".into(), verdict };
    assert_eq!(fake.log().last(), Some(&(730, stopped)));
}

#[test]
fn a_paused_rollout_keeps_its_weight_and_its_step() {
    let mut fake = fake(&routed());
    fake.act(at(100), Act::Deploy(NEW)).act(at(200), Act::Pause(true));
    fake.act(at(300), Act::Resize(20)).run_until(at(2_000));
    assert_eq!((fake.routing(), fake.sizes()), (to_new(2_000), [20, 4, 0]));
    fake.act(at(2_000), Act::Pause(false)).run_until(at(4_000));
    assert_eq!(fake.sizes(), [0, 20, 0]);
}

#[test]
fn another_list_of_steps_starts_over_even_where_a_person_was_waited_for() {
    let mut params = routed();
    params.steps[1] = CanaryStep::Pause(None);
    let mut fake = fake(&params);
    fake.act(at(100), Act::Deploy(NEW)).run_until(at(500));
    assert_eq!(fake.finishes(), [(110, Stalled)]);
    params.steps = vec![CanaryStep::Weight(0.4), CanaryStep::Pause(Some(secs(60)))];
    fake.reconfigure(at(500), &Strategy::Canary(params)).run_until(at(2_000));
    assert_eq!(fake.scalings(NEW), [(100, 2), (500, 4), (570, 10)]);
    assert_eq!(fake.finishes().last(), Some(&(580, Completed)));
}

#[test]
fn another_delay_does_not_disturb_the_steps() {
    let mut fake = fake(&routed());
    fake.act(at(100), Act::Deploy(NEW));
    let patient = Canary { keep_old: secs(600), ..routed() };
    fake.reconfigure(at(300), &Strategy::Canary(patient)).run_until(at(3_000));
    assert_eq!(fake.finishes(), [(730, Completed)]);
    assert_eq!(fake.scalings(OLD), [(1_330, 0)]);
}

#[test]
fn a_resize_after_the_end_ends_once_the_pods_are_there() {
    let mut fake = fake(&routed());
    fake.act(at(100), Act::Deploy(NEW)).act(at(1_000), Act::Resize(15)).run_until(at(2_000));
    assert_eq!(fake.finishes(), [(730, Completed), (1_010, Completed)]);
}

#[test]
fn a_resize_before_anything_is_deployed_is_no_rollback() {
    let mut fake = fake(&routed());
    fake.act(at(100), Act::Resize(15)).run_until(at(2_000));
    assert_eq!((fake.finishes(), fake.sizes()), (vec![(110, Completed)], [15, 0, 0]));
}

#[test]
fn without_a_router_the_share_of_pods_moves_within_surge_and_unavailability() {
    let mut fake = fake(&shared());
    fake.act(at(100), Act::Deploy(NEW)).run_until(at(110));
    assert_eq!(fake.sizes(), [8, 2, 0], "two came up beside ten, then two went");
    fake.run_until(at(415));
    assert_eq!(fake.sizes(), [8, 5, 0], "thirteen at most");
    fake.run_until(at(700));
    assert_eq!(fake.sizes(), [5, 5, 0]);
    fake.run_until(at(2_000));
    assert_eq!((fake.sizes(), fake.finishes().len()), ([0, 10, 0], 1));
    assert_eq!((fake.most_wanted, fake.routes()), (13, vec![]));
}

#[test]
fn without_a_router_old_pods_do_not_wait_at_the_end() {
    let mut fake = fake(&shared());
    fake.act(at(100), Act::Deploy(NEW)).run_until(at(2_000));
    let (completed, _) = fake.finishes()[0];
    assert_eq!(fake.scalings(OLD).last(), Some(&(completed, 0)));
}

#[test]
fn without_a_router_giving_up_brings_the_old_pods_back_within_the_limits() {
    let mut fake = fake(&shared());
    fake.act(at(100), Act::Deploy(NEW)).act(at(600), Act::Abort).run_until(at(601));
    assert_eq!(fake.sizes(), [8, 5, 0], "three can come; none can go before they are available");
    fake.run_until(at(611));
    assert_eq!(fake.sizes(), [10, 2, 0]);
    fake.run_until(at(2_000));
    assert_eq!(fake.sizes(), [10, 0, 0]);
    assert_eq!(fake.finishes(), [(620, RolledBack)]);
}

#[test]
fn without_a_router_broken_pods_of_the_new_version_freeze_the_rollout() {
    let mut fake = fake(&shared()).broken(NEW);
    fake.act(at(100), Act::Deploy(NEW)).run_until(at(3_000));
    assert_eq!((fake.sizes(), fake.finishes()), ([10, 2, 0], vec![(701, Stalled)]));
}

#[test]
fn without_a_router_an_overtaken_version_makes_room_before_anything_else_shrinks() {
    let mut fake = fake(&shared());
    fake.act(at(100), Act::Deploy(NEW)).act(at(500), Act::Deploy(NEWER)).run_until(at(3_000));
    assert_eq!(fake.sizes(), [0, 0, 10]);
    assert!(fake.most_wanted <= 13);
}

#[test]
fn without_a_router_available_pods_are_not_given_up_for_broken_ones() {
    // Six pods are wanted where four may be; the three that serve must stay.
    let set = |spec, available| SetSize { spec, available };
    let pods = Pods {
        replicas: 4,
        surge: 0,
        unavailable: 1,
        canary: set(3, 0),
        stable: Some(set(3, 3)),
        older: 0,
    };
    assert_eq!(pods.toward(Split { canary: 2, stable: 2 }), Split { canary: 1, stable: 3 });
}

#[test]
fn without_a_router_a_step_is_not_reached_while_an_overtaken_version_still_serves() {
    let mut fake = fake(&shared()).delay(OLD, secs(500));
    // The old version loses its pods for a while, so that those of the second must stay.
    fake.act(at(100), Act::Deploy(NEW)).act(at(195), Act::Crash(OLD));
    fake.act(at(200), Act::Deploy(NEWER)).run_until(at(690));
    assert_eq!(fake.sizes(), [8, 2, 2]);
    fake.run_until(at(990));
    assert_eq!(fake.sizes(), [8, 0, 2], "the pause began when the second was gone");
    fake.run_until(at(5_000));
    assert_eq!(fake.sizes(), [0, 0, 10]);
}
