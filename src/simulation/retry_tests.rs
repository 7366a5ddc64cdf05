//! What a balancer's retries come to in whole runs: new draws, pauses, places that are kept.

use crate::engine::Distribution;
use crate::plan::*;
use crate::record::{Outcome, RunRecord};

use super::fixture::{class, control, plan, seconds};

fn outcome(record: &RunRecord, outcome: Outcome) -> u64 {
    record.cells.iter().map(|cell| cell.counters.outcomes[outcome as usize]).sum()
}

fn share(record: &RunRecord, of: Outcome) -> f64 {
    let all: u64 = record.cells.iter().map(|cell| cell.counters.requests).sum();
    outcome(record, of) as f64 / all as f64
}

fn tries_again(plan: &mut Plan, max: u32, on: RetryOn) {
    plan.balancer.retries.max = max;
    plan.balancer.retries.on = vec![on];
}

/// An error is the try's, not the request's: three of 0.3 in a row are 0.027.
#[test]
fn a_retried_error_is_drawn_anew() {
    for redispatch in [true, false] {
        let mut plan = plan();
        plan.versions[0].errors = vec![0.3];
        tries_again(&mut plan, 2, RetryOn::AppError);
        plan.balancer.retries.redispatch = redispatch;
        plan.balancer.retries.pause = seconds(1.0);
        let record = control(&plan, 1);
        let failed = share(&record, Outcome::AppError);
        assert!((failed - 0.027).abs() < 0.003, "redispatch {redispatch}: {failed}");
        // The pause is for connections that failed; an answer is asked for again at once.
        let worst = record.cells[0].ok.max().expect("ok requests");
        assert!(worst < 900_000_000, "redispatch {redispatch}: {worst}");
    }
}

/// Two workers that need a second for each request, clients that wait for half of one. Where these
/// take their requests along, the node sends others to workers that are still busy; where they do
/// not, nobody meets a full instance.
#[test]
fn a_balancer_may_keep_the_place_of_a_client_that_has_left() {
    let timeouts = |abort_on_close: bool| {
        let mut plan = plan();
        plan.service.replicas = 1;
        plan.service.workers = Some(2);
        plan.service.queue = Some(0);
        plan.classes[0] =
            RequestClass { service_time: Distribution::Constant(1e9), ..class("all", 40.0) };
        plan.client.timeout = Some(seconds(0.5));
        plan.balancer.server_maxconn = Some(2);
        plan.balancer.queue_timeout = seconds(5.0);
        plan.balancer.abort_on_close = abort_on_close;
        let record = control(&plan, 1);
        (outcome(&record, Outcome::Timeout), outcome(&record, Outcome::Overflow))
    };
    let (left, full) = timeouts(true);
    assert!(full > 100, "freed places meet busy workers: {full} of {left}");
    let (_, full) = timeouts(false);
    assert_eq!(full, 0, "nobody meets a full instance");
}

/// A request with a cookie waits for its own instance; others may go anywhere.
#[test]
fn a_request_with_a_cookie_waits_for_room_at_its_own_instance() {
    let mut plan = plan();
    plan.service.replicas = 2;
    plan.service.workers = Some(2);
    plan.service.queue = Some(0);
    plan.classes[0] =
        RequestClass { service_time: Distribution::Constant(4e7), ..class("all", 60.0) };
    plan.client.users = Some(Users { count: 20, pick: Pick::Uniform });
    plan.balancer.sticky = Some(Sticky { cookie: true, version: false, ttl: seconds(3600.0) });
    plan.balancer.queue_timeout = seconds(5.0);
    let unbounded = control(&plan, 1);
    assert!(outcome(&unbounded, Outcome::Overflow) > 100, "users crowd on instances");
    plan.balancer.server_maxconn = Some(2);
    let bounded = control(&plan, 1);
    assert_eq!(outcome(&bounded, Outcome::Overflow), 0, "they wait in the balancer");
}
