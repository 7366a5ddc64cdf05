//! What a whole run of a script must show: processes of their own, and what an operator does to
//! a balancer.

use crate::engine::{Distribution, SimDuration};
use crate::plan::*;
use crate::record::{Outcome, RunRecord};

use super::fixture::{deploy, plan, seconds};

/// Four named instances behind a balancer with HAProxy's weights, 100 requests a second.
fn named() -> Plan {
    let mut plan = plan();
    plan.clock.window = seconds(60.0);
    plan.clock.deploy_at = SimDuration::ZERO;
    plan.balancer.policy = Policy::RoundRobin(Rotation::Positions);
    plan.instances = (1..=4)
        .map(|number| PlannedInstance {
            name: format!("b{number}"),
            version: STABLE,
            weight: 1,
            running: true,
            disabled: false,
            group: None,
            own: Own::default(),
        })
        .collect();
    plan
}

fn scripted(plan: &Plan, actions: &[(f64, ActionKind)]) -> RunRecord {
    let actions =
        actions.iter().map(|(at, kind)| Action { at: seconds(*at), kind: kind.clone() }).collect();
    deploy(plan, &Strategy::Scripted(Script { actions }), 1)
}

fn count(record: &RunRecord, outcome: Outcome) -> u64 {
    record.cells.iter().map(|cell| cell.counters.outcomes[outcome as usize]).sum()
}

#[test]
fn a_started_process_stops_as_its_own_start_says() {
    let mut plan = named();
    plan.service.workers = None;
    plan.classes[0].service_time = Distribution::Constant(4e8);
    let abrupt = Shutdown { on_sigterm: OnSigterm::Abrupt, ..plan.service.shutdown.clone() };
    let start = |shutdown| ActionKind::Start {
        instance: 0,
        version: None,
        own: Box::new(Own { shutdown, ..Own::default() }),
    };
    let cut = |shutdown| {
        let steps =
            [(5.0, ActionKind::Stop(0)), (7.0, start(shutdown)), (20.0, ActionKind::Stop(0))];
        count(&scripted(&plan, &steps), Outcome::Reset)
    };
    assert_eq!(cut(None), 0, "the service drains");
    let cut = cut(Some(abrupt));
    // A quarter of 100 a second, 0.4 s each.
    assert!((3..20).contains(&cut), "{cut}");
}

fn reload(members: Option<Vec<u32>>, active: Option<u16>) -> ActionKind {
    ActionKind::Reload(Reload { members, active })
}

#[test]
fn a_balancers_new_process_knows_nothing_of_what_the_old_one_was_told() {
    let maint = ActionKind::ServerState { instance: 0, state: ServerState::Maint };
    let light = ActionKind::Weight { instance: 0, weight: 0 };
    for told in [maint, light] {
        let refused = |then: &[(f64, ActionKind)]| {
            let mut steps = vec![(5.0, told.clone()), (10.0, ActionKind::Kill(0))];
            steps.extend_from_slice(then);
            count(&scripted(&named(), &steps), Outcome::Refused)
        };
        assert_eq!(refused(&[]), 0);
        // A quarter of 100 a second for 40 s.
        let after_reload = refused(&[(20.0, reload(None, None))]);
        assert!((850..1150).contains(&after_reload), "{after_reload}");
        let restart = [(20.0, ActionKind::BalancerStop), (20.0, ActionKind::BalancerStart)];
        assert_eq!(refused(&restart), after_reload);
    }
}

#[test]
fn a_reload_with_another_configuration_is_what_later_ones_go_by() {
    let mut plan = named();
    for (number, planned) in plan.instances.iter_mut().enumerate() {
        planned.group = Some((number / 2) as u16);
    }
    let refused = |first: ActionKind| {
        let green = (5.0, ActionKind::Activate(1));
        let killed = [(10.0, ActionKind::Kill(0)), (10.0, ActionKind::Kill(1))];
        let reloads = [(20.0, first), (40.0, reload(None, None))];
        let steps = [&[green][..], &killed, &reloads].concat();
        count(&scripted(&plan, &steps), Outcome::Refused)
    };
    let all = refused(reload(None, None));
    assert!((3700..4300).contains(&all), "100 a second for 40 s: {all}");
    assert_eq!(refused(reload(None, Some(1))), 0);

    let without = [
        (5.0, reload(Some(vec![1, 2, 3]), None)),
        (10.0, ActionKind::Kill(0)),
        (20.0, reload(None, None)),
    ];
    assert_eq!(count(&scripted(&named(), &without), Outcome::Refused), 0);
}

#[test]
fn maintenance_cuts_what_is_in_an_instance_where_a_mark_does() {
    let mut plan = named();
    plan.service.workers = None;
    plan.classes[0].service_time = Distribution::Constant(4e8);
    let cut = |plan: &Plan, state| {
        let steps = [(5.0, ActionKind::ServerState { instance: 0, state })];
        count(&scripted(plan, &steps), Outcome::Reset)
    };
    assert_eq!(cut(&plan, ServerState::Maint), 0);
    plan.balancer.cut_when_down = true;
    assert_eq!(cut(&plan, ServerState::Drain), 0);
    // A quarter of 100 a second, 0.4 s each.
    assert!((3..20).contains(&cut(&plan, ServerState::Maint)));
}

#[test]
fn an_answer_from_where_the_cookie_led_leaves_the_cookie_that_came_in_between() {
    let mut plan = named();
    plan.clock.warmup = SimDuration::ZERO;
    plan.instances.truncate(2);
    plan.instances[1].disabled = true;
    plan.client.users = Some(Users { count: 1, pick: Pick::Uniform });
    plan.balancer.sticky = Some(Sticky { cookie: true, version: false, ttl: seconds(1e6) });
    plan.classes[0].service_time = Distribution::Constant(2e9);
    // The second is sent to the first instance, by its cookie, and answered after the third,
    // which the other one serves: its cookie leads the fourth away from the first instance.
    let times = [1.0, 4.0, 5.0, 12.0].map(|at| seconds(at).0);
    plan.classes[0].arrivals = Arrivals::Trace { times: times.into() };
    plan.instances[0].own.service_time = Some(Distribution::Constant(2.5e9));
    plan.instances[1].own.service_time = Some(Distribution::Constant(1e7));
    let to = |instance, state| ActionKind::ServerState { instance, state };
    let steps = [
        (3.8, to(1, ServerState::Ready)),
        (4.5, to(0, ServerState::Maint)),
        (5.5, to(0, ServerState::Ready)),
        (10.0, ActionKind::Kill(0)),
    ];
    let record = scripted(&plan, &steps);
    assert_eq!((count(&record, Outcome::Ok), count(&record, Outcome::Refused)), (4, 0));
}
