//! Configuration pushes on the fake platform.

use super::*;
use crate::engine::{Distribution, SimDuration};
use crate::plan::{
    Analysis, AnalysisMetric, Bound, Generated, MetricName, Rollback, Scope, ScopeVersion,
};
use crate::record::RolloutOutcome::{Completed, RolledBack, Stalled};
use crate::strategy::Command;
use crate::strategy::Routing;
use crate::strategy::fake::{Act, Fake, NEW, OLD, at, plan, secs};

fn push(steps: Vec<PushStep>) -> ConfigPush {
    ConfigPush {
        propagation: Distribution::constant(SimDuration::ZERO),
        steps,
        generated: None,
        background_analysis: None,
    }
}

/// Fails at its first measurement, a minute after it began, if a twentieth fails.
fn guard() -> Analysis {
    Analysis {
        name: "guard".to_owned(),
        initial_delay: secs(60),
        interval: secs(60),
        count: Some(1),
        failure_limit: 0,
        inconclusive_limit: 0,
        metrics: vec![AnalysisMetric {
            metric: MetricName::ErrorRate,
            scope: Scope { class: None, version: Some(ScopeVersion::Candidate) },
            bound: Bound::Above(0.05),
            min_requests: 1,
        }],
    }
}

fn fake(params: &ConfigPush) -> Fake {
    let plan = plan(Rollback::Controller, vec![guard()]);
    Fake::new(PushController::new(params, &plan), 20, Routing::All)
}

/// Who was sent what, and when.
fn pushes(fake: &Fake) -> Vec<(u64, VersionId, PushTo)> {
    let of = |(when, command): &(SimTime, Command)| match *command {
        Command::Push { version, to } => Some((when.0 / 1_000_000_000, version, to)),
        _ => None,
    };
    fake.orders.iter().filter_map(of).collect()
}

fn staged() -> Vec<PushStep> {
    vec![
        PushStep::Share(0.05),
        PushStep::Pause(Some(secs(300))),
        PushStep::Share(0.5),
        PushStep::Analysis("guard".to_owned()),
    ]
}

#[test]
fn without_steps_everybody_is_sent_the_file_at_once() {
    let mut fake = fake(&push(Vec::new()));
    fake.act(at(10), Act::Deploy(NEW)).run_until(at(100));
    assert_eq!(pushes(&fake), [(10, NEW, PushTo::All)]);
    assert_eq!(fake.finishes(), [(10, Completed)]);
}

#[test]
fn a_push_is_complete_when_nothing_is_on_its_way_any_more() {
    let mut fake = fake(&push(Vec::new()));
    fake.pushing = 3;
    fake.act(at(10), Act::Deploy(NEW)).run_until(at(100));
    assert_eq!(fake.finishes(), []);
    fake.pushing = 0;
    fake.act(at(101), Act::Pause(false));
    assert_eq!(fake.finishes(), [(101, Completed)]);
}

#[test]
fn stages_grow_and_a_content_judge_lets_the_rest_follow() {
    let mut fake = fake(&push(staged()));
    fake.act(at(0), Act::Deploy(NEW)).run_until(at(1000));
    let expected =
        [(0, NEW, PushTo::First(1)), (300, NEW, PushTo::First(10)), (360, NEW, PushTo::All)];
    assert_eq!(pushes(&fake), expected);
    assert_eq!(fake.finishes(), [(360, Completed)]);
}

#[test]
fn a_bad_verdict_sends_everybody_the_file_from_before() {
    let mut fake = fake(&push(staged())).metrics(|_| Some(0.5));
    fake.act(at(0), Act::Deploy(NEW)).run_until(at(1000));
    assert_eq!(pushes(&fake).last(), Some(&(360, OLD, PushTo::All)));
    assert_eq!(fake.finishes(), [(360, RolledBack)]);
}

#[test]
fn a_person_may_give_up_at_any_stage_and_after_the_end() {
    let mut given_up = fake(&push(staged()));
    given_up.act(at(0), Act::Deploy(NEW)).act(at(100), Act::Abort).run_until(at(1000));
    assert_eq!(pushes(&given_up)[1..], [(100, OLD, PushTo::All)]);
    assert_eq!(given_up.finishes(), [(100, RolledBack)]);

    let mut late = fake(&push(staged()));
    late.act(at(0), Act::Deploy(NEW)).act(at(500), Act::Return(OLD)).run_until(at(1000));
    assert_eq!(pushes(&late).last(), Some(&(500, OLD, PushTo::All)), "without any step");
}

#[test]
fn left_at_a_stage_it_waits_until_somebody_says_go_on() {
    let steps = vec![PushStep::Share(0.5), PushStep::Pause(None)];
    let mut fake = fake(&push(steps));
    fake.act(at(0), Act::Deploy(NEW)).run_until(at(1000));
    assert_eq!(fake.finishes(), [(0, Stalled)]);
    fake.act(at(2000), Act::Resume).run_until(at(3000));
    assert_eq!(pushes(&fake).last(), Some(&(2000, NEW, PushTo::All)));
}

#[test]
fn a_paused_push_sends_nothing() {
    let mut fake = fake(&push(staged()));
    fake.act(at(0), Act::Deploy(NEW)).act(at(100), Act::Pause(true)).run_until(at(1000));
    assert_eq!(pushes(&fake).len(), 1);
    fake.act(at(1000), Act::Pause(false)).run_until(at(1001));
    assert_eq!(pushes(&fake)[1], (1000, NEW, PushTo::First(10)));
}

#[test]
fn a_generator_makes_a_file_every_so_often_until_it_is_upgraded_or_somebody_stops_it() {
    let generated = Generated { every: secs(300), bad: 0.5, rises_to: 1.0, over: secs(1200) };
    let params = ConfigPush { generated: Some(generated), ..push(Vec::new()) };
    let chances = |fake: &Fake| {
        let of = |(_, command): &(SimTime, Command)| match *command {
            Command::Generate { chance, .. } => Some(chance),
            _ => None,
        };
        fake.orders.iter().filter_map(of).collect::<Vec<_>>()
    };
    let mut upgraded = fake(&params);
    upgraded.act(at(0), Act::Deploy(NEW)).run_until(at(5000));
    assert_eq!(chances(&upgraded), [0.5, 0.625, 0.75, 0.875, 1.0]);
    assert_eq!(upgraded.finishes(), [(1200, Completed)]);

    let mut pinned = fake(&params);
    pinned.act(at(0), Act::Deploy(NEW)).act(at(400), Act::Abort).run_until(at(5000));
    assert_eq!(chances(&pinned).len(), 2);
    assert_eq!(pushes(&pinned), [(400, OLD, PushTo::All)]);
}
