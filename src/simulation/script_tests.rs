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
    let actions = actions
        .iter()
        .map(|(at, kind)| Action { at: seconds(*at), kind: kind.clone() })
        .collect();
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
        let steps = [(5.0, ActionKind::Stop(0)), (7.0, start(shutdown)), (20.0, ActionKind::Stop(0))];
        count(&scripted(&plan, &steps), Outcome::Reset)
    };
    assert_eq!(cut(None), 0, "the service drains");
    let cut = cut(Some(abrupt));
    // A quarter of 100 a second, 0.4 s each.
    assert!((3..20).contains(&cut), "{cut}");
}
