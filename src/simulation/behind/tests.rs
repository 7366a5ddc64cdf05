//! State in whole runs: who is logged out, what waits for what, what is stale.

use crate::engine::{Distribution, SimDuration};
use crate::plan::*;
use crate::record::{Cause, Counters, Outcome, RunRecord};
use crate::simulation::fixture::{control, deploy, plan, rolling, seconds};

fn totals(record: &RunRecord) -> Counters {
    let mut all = Counters::default();
    record.cells.iter().for_each(|cell| all.merge(&cell.counters));
    all
}

fn of_cause(record: &RunRecord, outcome: Outcome, cause: Cause) -> u64 {
    let rows = record.causes.iter().filter(|row| (row.outcome, row.cause) == (outcome, cause));
    rows.map(|row| row.count).sum()
}

fn close(got: f64, expected: f64, share: f64) {
    assert!((got / expected - 1.0).abs() < share, "{got} is not about {expected}");
}

/// Two hundred users with sessions in a store, of two formats.
fn with_sessions(store: SessionStore) -> Plan {
    let mut plan = plan();
    plan.client.users = Some(Users { count: 200, pick: Pick::Uniform });
    plan.balancer.policy = Policy::Random;
    plan.classes[0].state.session = true;
    plan.state.sessions = Some(Sessions {
        store,
        ttl: None,
        rewrite: 1.0,
        unreadable: Unreadable::Unauthorized,
        login: None,
        formats: vec!["v1".into(), "v2".into()],
    });
    for (format, version) in plan.versions.iter_mut().enumerate() {
        version.state.session = Formats { reads: 1 << format, writes: format as u8 };
    }
    plan
}

/// A canary that stays at half of the traffic.
fn half(sticky: bool) -> Strategy {
    Strategy::Canary(Canary {
        traffic: CanaryTraffic::Weights,
        steps: vec![CanaryStep::Weight(0.5), CanaryStep::Pause(None)],
        sticky,
        background_analysis: None,
        max_surge: IntOrPercent::Int(0),
        max_unavailable: IntOrPercent::Int(0),
        keep_old: SimDuration::ZERO,
        min_ready: SimDuration::ZERO,
        progress_deadline: None,
    })
}

/// A store of unlimited workers, or of some.
fn database(workers: Option<u32>, service_ms: f64) -> Store {
    let law = Distribution::Constant(service_ms * 1e6);
    Store {
        name: "db".into(),
        workers,
        queue: None,
        connections: None,
        read: law.clone(),
        write: law,
        timeout: None,
        retries: 0,
    }
}

fn cache(place: CachePlace) -> Cache {
    Cache {
        name: "items".into(),
        store: 0,
        place,
        keys: 100,
        zipf: 0.0,
        capacity: None,
        ttl: None,
        on_write: OnWrite::Update,
        everywhere: false,
        coalescing: false,
        warm: true,
        replace: Replace { batch: 0.5, every: seconds(10.0), until: 1.0, keep: false },
    }
}

/// A hundred requests a second that look something up in a cache in front of a database.
fn with_cache(writes: f64) -> Plan {
    let mut plan = plan();
    plan.stores = vec![database(None, 20.0)];
    plan.state.caches = vec![cache(CachePlace::Nodes(2))];
    plan.classes[0].state = ClassState {
        session: false,
        writes,
        calls: vec![Call { target: CallTarget::Cache(0), count: 1 }],
    };
    plan
}

#[test]
fn half_of_two_incompatible_versions_logs_out_every_second_request() {
    let record = deploy(&with_sessions(SessionStore::Shared), &half(false), 1);
    let all = totals(&record);
    // At half from about 63 s to 600 s of the window.
    close(all.forced_logins as f64, 0.5 * 537.0 * 100.0, 0.03);
    assert_eq!(all.forced_logins, all.outcomes[Outcome::Unauthorized as usize]);
    assert_eq!(record.users.sessions_lost, all.forced_logins);
    assert_eq!(record.users.affected, 200);
    let quiet = control(&with_sessions(SessionStore::Shared), 1);
    assert_eq!(totals(&quiet).forced_logins, 0);
}

#[test]
fn users_who_stay_on_one_side_of_a_split_are_logged_out_once() {
    let record = deploy(&with_sessions(SessionStore::Shared), &half(true), 1);
    let all = totals(&record);
    assert!((60..140).contains(&all.forced_logins), "{}", all.forced_logins);
    assert_eq!(record.users.affected, all.forced_logins);
}

#[test]
fn a_log_in_on_the_way_is_counted_and_fails_nothing() {
    let mut plan = with_sessions(SessionStore::Shared);
    plan.state.sessions.as_mut().unwrap().unreadable = Unreadable::LoginInPlace;
    let record = deploy(&plan, &half(false), 1);
    let all = totals(&record);
    close(all.forced_logins as f64, 0.5 * 537.0 * 100.0, 0.03);
    assert_eq!(all.failed(), 0);
    assert_eq!(record.users.affected, 200);
}

#[test]
fn logged_out_users_send_one_log_in_each_and_wait_for_it() {
    let mut plan = with_sessions(SessionStore::Shared);
    let mut login = crate::simulation::fixture::class("log-in", 1.0);
    login.arrivals = Arrivals::OnDemand;
    plan.classes.push(login);
    for version in &mut plan.versions {
        (version.slowdown, version.errors) = (vec![1.0; 2], vec![0.0; 2]);
    }
    let after = Distribution::Constant(1e9);
    plan.state.sessions.as_mut().unwrap().login = Some(Login::Request { class: 1, after });
    let record = deploy(&plan, &half(false), 1);
    let requests = |class| {
        let cells = record.cells.iter().filter(|cell| cell.class == class);
        cells.map(|cell| cell.counters.requests).sum::<u64>()
    };
    let all = totals(&record);
    assert!(all.forced_logins > 10_000);
    let unsent = all.forced_logins - requests(1);
    assert!(unsent <= 200, "{unsent} log-ins are on their way at the end");
    // For a second after being logged out a user's requests fail too.
    let failed = all.outcomes[Outcome::Unauthorized as usize];
    assert!(failed > all.forced_logins + all.forced_logins / 4, "{failed}");
}

/// With q the chance to meet another instance than the session's: every request is lost with
/// chance q where a log-in costs none; where the next request is the log-in, it is in every
/// second place after a loss, and q / (1 + q) are lost.
#[test]
fn a_log_in_that_takes_the_next_request_halves_what_wandering_users_lose() {
    let lost = |login| {
        let mut plan = with_sessions(SessionStore::Memory);
        plan.state.sessions.as_mut().unwrap().login = login;
        let all = totals(&control(&plan, 1));
        assert_eq!(all.failed(), all.outcomes[Outcome::Unauthorized as usize]);
        all.failed() as f64 / all.requests as f64
    };
    let q = 0.8;
    close(lost(None), q, 0.01);
    close(lost(Some(Login::NextRequest)), q / (1.0 + q), 0.01);
}

#[test]
fn sessions_in_memory_go_with_their_instances_and_users_find_out_once() {
    let mut plan = with_sessions(SessionStore::Memory);
    plan.versions[1].state = plan.versions[0].state.clone();
    plan.balancer.sticky = Some(Sticky { cookie: true, version: false, ttl: seconds(1e6) });
    let record = deploy(
        &plan,
        &Strategy::Recreate(Recreate { min_ready: SimDuration::ZERO, progress_deadline: None }),
        1,
    );
    // One or two more meet an instance that is about to stop and log in twice.
    assert!((200..205).contains(&record.users.sessions_lost));
    assert_eq!(totals(&record).forced_logins, record.users.sessions_lost);
    assert_eq!(totals(&control(&plan, 1)).forced_logins, 0, "the cookie leads back");
}

#[test]
fn a_request_holds_its_worker_while_it_waits_for_its_calls() {
    let mut plan = plan();
    plan.stores = vec![database(None, 200.0)];
    plan.classes[0].service_time = Distribution::Constant(0.0);
    plan.classes[0].state.calls = vec![Call { target: CallTarget::Store(0), count: 1 }];
    plan.service.queue = None;
    // Twenty workers at 200 ms a call serve a hundred requests a second, and not one more.
    let Arrivals::Poisson { rate } = &mut plan.classes[0].arrivals else { panic!() };
    *rate = 200.0;
    let record = control(&plan, 1);
    let all = totals(&record);
    close(all.outcomes[0] as f64, 0.5 * all.requests as f64, 0.05);
    close(record.busy_ns as f64, record.ready_worker_ns as f64, 0.01);
}

#[test]
fn a_store_that_all_share_is_their_common_limit() {
    let mut plan = plan();
    plan.stores = vec![Store { timeout: Some(seconds(0.5)), ..database(Some(1), 20.0) }];
    (plan.service.workers, plan.service.queue) = (None, None);
    plan.classes[0].state.calls = vec![Call { target: CallTarget::Store(0), count: 1 }];
    // A hundred a second where fifty fit: the queue grows until calls are given up on, and
    // what was given up on is served all the same, so that next to nothing is answered.
    let record = control(&plan, 1);
    let all = totals(&record);
    assert!(all.outcomes[0] * 10 < all.requests, "{} answered", all.outcomes[0]);
    let overloaded = of_cause(&record, Outcome::AppError, Cause::Overload);
    assert!(overloaded > all.requests / 2);
    let calls: u64 = record.timeline.buckets.iter().map(|bucket| bucket.store_calls).sum();
    close(calls as f64, 50.0 * 600.0, 0.01);
}

#[test]
fn a_load_that_was_given_up_on_fills_nothing() {
    let mut plan = with_cache(0.0);
    plan.stores[0].timeout = Some(SimDuration::from_millis(10));
    plan.state.caches[0].warm = false;
    let record = control(&plan, 1);
    assert_eq!(totals(&record).outcomes[0], 0);
    let hits: u64 = record.timeline.buckets.iter().map(|bucket| bucket.cache_hits).sum();
    assert_eq!(hits, 0);
}

#[test]
fn misses_of_one_key_share_a_load_where_they_are_coalesced() {
    let calls = |coalescing| {
        let mut plan = with_cache(0.0);
        (plan.clock.warmup, plan.clock.window) = (SimDuration::ZERO, seconds(30.0));
        plan.operations.clear();
        plan.service.replicas = 1;
        plan.service.workers = None;
        plan.stores[0] = database(None, 1000.0);
        plan.state.caches[0] =
            Cache { keys: 1, warm: false, coalescing, ..cache(CachePlace::Instance) };
        let record = control(&plan, 1);
        assert_eq!(totals(&record).failed(), 0);
        record.timeline.buckets.iter().map(|bucket| bucket.store_calls).sum::<u64>()
    };
    assert_eq!(calls(true), 1);
    // The first, and a hundred more in the second that its load takes.
    assert!((70..=132).contains(&calls(false)));
}

#[test]
fn versions_that_name_their_keys_differently_read_each_others_past() {
    let mut plan = with_cache(0.2);
    let whole = Phase { name: "whole".to_owned(), from: SimDuration::ZERO, to: plan.clock.window };
    plan.phases = vec![whole];
    plan.versions[1].state.key_space = 1;
    let stale_share = |plan: &Plan| {
        let record = deploy(plan, &half(false), 1);
        let late = record.timeline.buckets.iter().skip(60);
        let (stale, sent) = late
            .fold((0, 0), |(stale, sent), bucket| (stale + bucket.stale_reads, sent + bucket.sent));
        let all = totals(&record);
        assert_eq!(all.failed(), 0, "no dashboard of errors shows it");
        let phase = &record.phases[0];
        assert_eq!((phase.reads, phase.stale_reads), (all.reads, all.stale_reads));
        stale as f64 / (0.8 * sent as f64)
    };
    close(stale_share(&plan), 0.5, 0.05);
    plan.state.caches[0].everywhere = true;
    assert_eq!(stale_share(&plan), 0.0);
    assert_eq!(totals(&control(&plan, 1)).stale_reads, 0);
}

#[test]
fn a_column_that_is_dropped_fails_the_version_that_needs_it() {
    let mut plan = plan();
    plan.state.needs =
        vec![Need { name: "price".into(), column: true, used_by: vec![0.3], exists: true }];
    plan.versions[0].state.needs = vec![0];
    let drop = StateOperation::Change { need: 0, exists: false, lock: None };
    plan.operations.push(Operation { at: seconds(140.0), kind: OperationKind::State(drop) });
    let record = deploy(&plan, &half(false), 1);
    // For 400 s half of the requests meet the old version.
    close(of_cause(&record, Outcome::AppError, Cause::State) as f64, 0.15 * 40_000.0, 0.06);
    assert_eq!(totals(&control(&plan, 1)).failed(), 0, "operations are part of the rollout");
}

#[test]
fn rows_of_the_new_format_are_unreadable_after_the_way_back() {
    let mut plan = plan();
    plan.classes[0].state.writes = 0.5;
    let formats = vec!["r1".into(), "r2".into()];
    plan.state.rows = Some(Rows { keys: 1000, zipf: 0.0, used_by: vec![1.0], formats });
    plan.versions[0].state.rows = Formats { reads: 0b01, writes: 0 };
    plan.versions[1].state.rows = Formats { reads: 0b11, writes: 1 };
    let all_new = rolling(5, 0);
    let on_the_way = totals(&deploy(&plan, &all_new, 1)).outcomes[1];
    assert!(on_the_way < 30, "only while both serve: {on_the_way}");
    plan.operations.push(Operation { at: seconds(60.0), kind: OperationKind::Undo });
    let failed = of_cause(&deploy(&plan, &all_new, 1), Outcome::AppError, Cause::State);
    assert!(failed > 500, "{failed}");
}

#[test]
fn a_lock_holds_up_every_call_behind_it() {
    let mut plan = plan();
    plan.stores = vec![database(None, 1.0)];
    (plan.service.workers, plan.service.queue) = (None, None);
    plan.classes[0].state.calls = vec![Call { target: CallTarget::Store(0), count: 1 }];
    plan.state.needs =
        vec![Need { name: "key".into(), column: true, used_by: vec![1.0], exists: false }];
    let lock = Lock {
        store: 0,
        behind: seconds(15.0),
        takes: SimDuration::ZERO,
        timeout: None,
        retry: seconds(5.0),
    };
    let worst = |lock| {
        let mut plan = plan.clone();
        let change = StateOperation::Change { need: 0, exists: true, lock: Some(lock) };
        plan.operations =
            vec![Operation { at: SimDuration::ZERO, kind: OperationKind::State(change) }];
        let record = deploy(&plan, &rolling(1, 0), 1);
        let merged = record.cells.iter().filter_map(|cell| cell.ok.max()).max().unwrap();
        (merged as f64 / 1e9, totals(&record).failed())
    };
    let (longest, failed) = worst(lock);
    assert!((14.9..15.2).contains(&longest) && failed == 0, "{longest}");
    let (longest, _) = worst(Lock { timeout: Some(seconds(1.0)), ..lock });
    assert!((0.9..1.3).contains(&longest), "{longest}");
}

#[test]
fn a_stalled_store_goes_on_with_what_it_had_begun() {
    let mut plan = plan();
    plan.stores = vec![database(None, 100.0)];
    (plan.service.workers, plan.service.queue) = (None, None);
    plan.classes[0].state.calls = vec![Call { target: CallTarget::Store(0), count: 1 }];
    let fault = |kind| Fault {
        kind,
        target: FaultTarget::Store(0),
        at: seconds(100.0),
        lasts: Some(seconds(10.0)),
    };
    plan.faults = vec![fault(FaultKind::Stall)];
    let record = control(&plan, 1);
    assert_eq!(totals(&record).failed(), 0);
    let longest = record.cells.iter().filter_map(|cell| cell.ok.max()).max().unwrap();
    assert!((9.9..10.4).contains(&(longest as f64 / 1e9)), "{longest}");
    plan.stores[0].timeout = Some(seconds(1.0));
    for kind in [FaultKind::Stall, FaultKind::Partition, FaultKind::Refuse] {
        plan.faults = vec![fault(kind)];
        let record = control(&plan, 1);
        let failed = of_cause(&record, Outcome::AppError, Cause::Fault);
        close(failed as f64, 1000.0, 0.2);
        assert_eq!(failed, totals(&record).failed());
    }
}

#[test]
fn slow_stalled_and_killed_instances_recover() {
    let fault = |kind| Fault {
        kind,
        target: FaultTarget::Instances(None, 1.0),
        at: seconds(100.0),
        lasts: Some(seconds(10.0)),
    };
    let run = |kind| {
        let mut plan = plan();
        plan.faults = vec![fault(kind)];
        control(&plan, 1)
    };
    let slow = run(FaultKind::Slow(10.0));
    // Ten seconds of requests of 100 ms instead of 10.
    let quiet = control(&plan(), 1);
    close((slow.busy_ns - quiet.busy_ns) as f64, 1000.0 * 90e6, 0.15);
    let stalled = run(FaultKind::Stall);
    assert!(totals(&stalled).outcomes[0] > totals(&quiet).outcomes[0] - 800);
    let killed = run(FaultKind::Kill);
    assert!(totals(&killed).failed() > 100);
    let last = killed.timeline.buckets.last().unwrap();
    assert!(last.outcomes[0] + 5 > last.sent);
}

#[test]
fn cut_instances_lose_no_request_that_waits_for_a_call() {
    let mut plan = with_cache(0.1);
    plan.state.caches[0].coalescing = true;
    plan.state.caches[0].capacity = Some(10);
    plan.service.shutdown.on_sigterm = OnSigterm::Abrupt;
    plan.client.timeout = Some(SimDuration::from_millis(25));
    // The ledger asserts that each request ends once.
    let records = (1..5).map(|seed| deploy(&plan, &rolling(1, 1), seed));
    let cut: u64 = records.map(|r| of_cause(&r, Outcome::Reset, Cause::CutInFlight)).sum();
    assert!(cut > 0);
    plan.service.discipline = Discipline::Ps;
    deploy(&plan, &rolling(1, 1), 9);
}
