//! Ways of moving traffic besides weights, in whole runs: names, headers, mirrors; and what a
//! balancer does to requests that an instance keeps for too long.

use crate::engine::Distribution;
use crate::plan::*;
use crate::record::{Cause, Outcome, RunRecord};

use super::fixture::{class, control, deploy, plan, seconds};

fn failed(record: &RunRecord, cause: Cause) -> u64 {
    record.causes.iter().filter(|row| row.cause == cause).map(|row| row.count).sum()
}

fn of_version(record: &RunRecord, class: u16, version: u16) -> u64 {
    let cell = record
        .cells
        .iter()
        .find(|cell| cell.class == class && cell.version == Some(VersionId(version)));
    cell.map_or(0, |cell| cell.counters.requests)
}

fn by_name(ttl: f64, keep_old: f64, stragglers: Vec<Straggler>) -> Strategy {
    Strategy::BlueGreen(BlueGreen {
        switch: Switch::Dns(Dns { ttl: seconds(ttl), stragglers }),
        verify: seconds(0.0),
        pre_analysis: None,
        post_analysis: None,
        keep_old: seconds(keep_old),
        min_ready: seconds(0.0),
        progress_deadline: Some(seconds(600.0)),
    })
}

fn canary(steps: Vec<CanaryStep>) -> Strategy {
    Strategy::Canary(Canary {
        traffic: CanaryTraffic::Weights,
        steps,
        sticky: false,
        background_analysis: None,
        max_surge: IntOrPercent::Percent(25),
        max_unavailable: IntOrPercent::Percent(25),
        keep_old: seconds(30.0),
        min_ready: seconds(0.0),
        progress_deadline: Some(seconds(600.0)),
    })
}

/// The area under the straight line from all to nothing is half the time to live, and what is
/// left of it when the old set goes is refused.
#[test]
fn clients_follow_a_name_over_its_time_to_live() {
    let mut plan = plan();
    plan.client.users = Some(Users { count: 5_000, pick: Pick::Uniform });
    let (mut after_switch, mut refused) = (0.0, 0.0);
    for seed in 1..=10 {
        let all_served = deploy(&plan, &by_name(200.0, 400.0, Vec::new()), seed);
        assert_eq!(failed(&all_served, Cause::StaleAddress), 0);
        let switched = 62.0 + 100.0;
        after_switch += of_version(&all_served, 0, 0) as f64 - 100.0 * switched;
        let cut = deploy(&plan, &by_name(200.0, 100.0, Vec::new()), seed);
        refused += failed(&cut, Cause::StaleAddress) as f64;
    }
    // 100/s over half of 200 s; the set starts in 2 s. A quarter of the triangle is left after
    // half of it.
    assert!((after_switch / 10.0).abs() < 300.0, "{}", after_switch / 10.0);
    assert!((refused / 10.0 / 2_500.0 - 1.0).abs() < 0.05, "{}", refused / 10.0);
}

#[test]
fn stragglers_fail_until_they_ask_again() {
    let mut plan = plan();
    plan.client.users = Some(Users { count: 5_000, pick: Pick::Uniform });
    let forever = Straggler { share: 0.03, hold: None };
    let record = deploy(&plan, &by_name(20.0, 30.0, vec![forever]), 1);
    let refused = failed(&record, Cause::StaleAddress) as f64;
    // 3 % of 100/s from some 30 s after the switch at 62 s to the window's end.
    assert!((refused / (3.0 * 508.0) - 1.0).abs() < 0.1, "{refused}");
}

#[test]
fn a_header_leads_its_users_to_the_candidate_whatever_the_weight() {
    let mut plan = plan();
    plan.classes = vec![class("browse", 50.0), class("staff", 50.0)];
    plan.versions.iter_mut().for_each(|version| {
        version.slowdown = vec![1.0; 2];
        version.errors = vec![0.0; 2];
    });
    plan.client.users = Some(Users { count: 2_000, pick: Pick::Uniform });
    let staff = Header { class: Some(1), share_bp: 10_000 };
    let hold = CanaryStep::Pause(None);
    let record = deploy(&plan, &canary(vec![CanaryStep::Header(Some(staff)), hold.clone()]), 1);
    assert_eq!(of_version(&record, 0, 1), 0);
    let share = of_version(&record, 1, 1) as f64 / (50.0 * (540.0 - 2.0));
    assert!((share - 1.0).abs() < 0.05, "{share}");

    let tenth = Header { class: None, share_bp: 1_000 };
    let record = deploy(&plan, &canary(vec![CanaryStep::Header(Some(tenth)), hold.clone()]), 1);
    let share = record.rollout.candidate_requests as f64 / (100.0 * (540.0 - 2.0));
    assert!((share - 0.1).abs() < 0.02, "{share}");

    let ended = vec![CanaryStep::Header(Some(tenth)), CanaryStep::Header(None), hold];
    let record = deploy(&plan, &canary(ended), 1);
    assert!(record.rollout.candidate_requests < 100, "{}", record.rollout.candidate_requests);
}

#[test]
fn mirrored_requests_load_the_candidate_and_nobody_sees_their_answers() {
    let mut plan = plan();
    plan.versions[1].errors = vec![1.0];
    plan.versions[1].slowdown = vec![3.0];
    let steps = vec![CanaryStep::Mirror(0.5), CanaryStep::Pause(None)];
    let (with, without) = (deploy(&plan, &canary(steps), 1), control(&plan, 1));
    assert_eq!(with.rollout.candidate_requests, 0);
    assert!(with.causes.is_empty(), "{:?}", with.causes);
    let outcomes = |record: &RunRecord| -> u64 {
        record.cells.iter().map(|cell| cell.counters.outcomes[Outcome::Ok as usize]).sum()
    };
    assert_eq!(outcomes(&with), outcomes(&without));
    // 50/s of 30 ms each on the candidate, for some 538 s.
    let extra = (with.busy_ns as f64 - without.busy_ns as f64) / 1e9;
    assert!((extra / (50.0 * 0.03 * 538.0) - 1.0).abs() < 0.05, "{extra}");
}

#[test]
fn the_balancer_answers_504_for_an_instance_that_takes_too_long() {
    let mut plan = plan();
    plan.service.workers = None;
    plan.balancer.server_timeout = Some(seconds(0.02));
    let record = control(&plan, 1);
    let total: u64 = record.cells.iter().map(|cell| cell.counters.requests).sum();
    let late = record.causes.iter().find(|row| row.outcome == Outcome::Timeout);
    // Exponential with a mean of 10 ms: e^-2 take longer.
    let share = late.map_or(0.0, |row| row.count as f64) / total as f64;
    assert!((share - 0.1353).abs() < 0.005, "{share}");
    let worst = record.cells[0].ok.max().expect("ok requests");
    assert!(worst <= 20_200_000, "{worst}");

    plan.balancer.retries.max = 1;
    plan.balancer.retries.on = vec![RetryOn::GatewayTimeout];
    let tried_twice = control(&plan, 1);
    let late: u64 = tried_twice.causes.iter().map(|row| row.count).sum();
    // A second try is new work: both take longer in e^-4 of the cases.
    let share = late as f64 / total as f64;
    assert!((share - 0.0183).abs() < 0.002, "{share}");
}

#[test]
fn a_server_marked_down_loses_its_requests_only_where_the_balancer_is_told_so() {
    let mut plan = plan();
    plan.classes[0].service_time = Distribution::Constant(2e9);
    plan.service.workers = None;
    plan.versions[0].defects =
        vec![Defect { kind: DefectKind::Hang { after: seconds(100.0) }, ordinals: Some(vec![0]) }];
    plan.balancer.health_check = Some(HealthCheck {
        interval: seconds(2.0),
        fast_interval: seconds(2.0),
        down_interval: seconds(2.0),
        start: CheckStart::Up,
        staggered: false,
        shares_workers: false,
        timeout: seconds(1.0),
        fall: 3,
        rise: 2,
    });
    let waiting = control(&plan, 1);
    assert_eq!(failed(&waiting, Cause::CutInFlight), 0);
    let still: u64 = waiting.cells.iter().map(|cell| cell.counters.in_flight).sum();
    plan.balancer.cut_when_down = true;
    let cut = failed(&control(&plan, 1), Cause::CutInFlight);
    // 20/s for up to 2 s before the hang and some 5 to 7 s after it; without the option they
    // wait for ever.
    assert!((100..=190).contains(&cut), "{cut}");
    assert!(still >= cut, "{still}");
}
