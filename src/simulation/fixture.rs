//! A small plan that tests start from: five instances, one class, nothing that fails.

use crate::engine::{Distribution, SimDuration};
use crate::plan::*;
use crate::record::{RunKey, RunRecord};

use super::{RunOptions, run};

/// Nothing, for delays that a test is not about.
const NOW: Distribution = Distribution::Constant(0.0);

pub(crate) fn seconds(count: f64) -> SimDuration {
    SimDuration::from_secs_f64(count)
}

/// 100 requests a second of 10 ms (exponential) on five instances of four workers, for ten
/// minutes; a deployment after one minute.
pub(crate) fn plan() -> Plan {
    let zero = SimDuration::ZERO;
    Plan {
        clock: Clock {
            start_unix_ns: 1_751_274_000 * 1_000_000_000,
            utc_offset_s: 0,
            warmup: seconds(10.0),
            window: seconds(600.0),
            deploy_at: seconds(60.0),
        },
        phases: Vec::new(),
        classes: vec![class("browse", 100.0)],
        client: Client {
            users: None,
            connection: Connection {
                keepalive: true,
                shared_pool: true,
                lifetime: None,
                max_age: None,
            },
            timeout: None,
            deadline: None,
            retries: ClientRetries {
                max: 0,
                on: Vec::new(),
                backoff: Backoff { base: zero, cap: zero, jitter: Jitter::None },
                budget: None,
            },
        },
        balancer: balancer(),
        service: service(),
        platform: platform(),
        versions: vec![version("stable"), version("candidate")],
        state: State::default(),
        stores: Vec::new(),
        faults: Vec::new(),
        operations: vec![Operation { at: zero, kind: OperationKind::Deploy { version: None } }],
        response: Response {
            metrics: Metrics { scrape: seconds(15.0), window: seconds(60.0), delay: zero },
            alerts: Vec::new(),
            on_call: OnCall {
                acknowledge: NOW,
                diagnose: NOW,
                decide: NOW,
                off_hours_factor: 1.0,
                weekend_factor: None,
            },
            rollback: Rollback::Controller,
            tickets: None,
            slo: None,
        },
        instances: Vec::new(),
        analyses: Vec::new(),
        instance_hour_cost: 0.0,
        currency: "USD".into(),
    }
}

pub(crate) fn class(name: &str, rate: f64) -> RequestClass {
    RequestClass {
        name: name.into(),
        arrivals: Arrivals::Poisson { rate },
        service_time: Distribution::Exponential { mean: 1e7 },
        idempotent: true,
        patience: None,
        stream: None,
        state: ClassState::default(),
    }
}

fn balancer() -> Balancer {
    Balancer {
        preset: "ideal".into(),
        mode: Mode::Http,
        nodes: 1,
        policy: Policy::RoundRobin(Rotation::Cycle),
        sticky: None,
        propagation: NOW,
        health_check: None,
        retries: BalancerRetries {
            max: 0,
            on: Vec::new(),
            redispatch: true,
            pause: SimDuration::ZERO,
            cookie_waits: false,
        },
        outlier: None,
        panic_threshold: None,
        server_maxconn: None,
        queue_timeout: SimDuration::from_secs(5),
        drain_timeout: None,
        connect_timeout: seconds(1.0),
        overhead: SimDuration::ZERO,
        server_timeout: None,
        abort_on_close: true,
        cut_when_down: false,
        slow_start: None,
    }
}

fn service() -> Service {
    Service {
        replicas: 5,
        workers: Some(4),
        queue: Some(64),
        discipline: Discipline::Fcfs,
        startup: Startup {
            schedule: NOW,
            pull: NOW,
            init: NOW,
            boot: Distribution::Constant(2e9),
            until_listening: UntilListening::Refuse,
            warm: None,
        },
        probes: Probes { startup: None, readiness: Readiness::Listening, liveness: None },
        shutdown: Shutdown {
            pre_stop: SimDuration::ZERO,
            on_sigterm: OnSigterm::Drain,
            linger: NOW,
            grace: seconds(30.0),
            lame_duck: false,
            close_streams: CloseStreams::Wait,
        },
        crash_mtbf: None,
        waves: Vec::new(),
    }
}

fn platform() -> Platform {
    let ms = SimDuration::from_millis;
    Platform {
        nodes: NodePlan { count: 3, zones: 1 },
        surge_quota: None,
        pdb_min_available: None,
        lags: Lags {
            deployment: ms(4),
            replica_set: ms(6),
            call: ms(1),
            kubelet: ms(6),
            removal: ms(18),
            endpoints: ms(8),
            api: ApiLimit { qps: 20.0, burst: 30 },
        },
        hpa: None,
        deletion_costs: Vec::new(),
    }
}

pub(crate) fn version(name: &str) -> Version {
    Version {
        name: name.into(),
        slowdown: vec![1.0],
        errors: vec![0.0],
        boot: None,
        init: None,
        linger: None,
        state: VersionState::default(),
        defects: Vec::new(),
    }
}

/// One by one, `surge` beside and `unavailable` missing, 5 s apart at least.
pub(crate) fn rolling(surge: u32, unavailable: u32) -> Strategy {
    Strategy::Rolling(Rolling {
        max_surge: IntOrPercent::Int(surge),
        max_unavailable: IntOrPercent::Int(unavailable),
        min_ready: seconds(5.0),
        progress_deadline: Some(seconds(600.0)),
    })
}

pub(crate) fn options() -> RunOptions {
    RunOptions {
        timeline_width: seconds(5.0),
        log: false,
        failure_samples: 0,
        detail_small_up_to: None,
    }
}

/// A run of the candidate's deployment.
pub(crate) fn deploy(plan: &Plan, strategy: &Strategy, seed: u64) -> RunRecord {
    let key = RunKey { arm: Some(0), release: Some(0), seed };
    run(plan, Some(strategy), Some(VersionId(1)), key, &options())
}

/// A run in which nothing is deployed.
pub(crate) fn control(plan: &Plan, seed: u64) -> RunRecord {
    run(plan, None, None, RunKey { arm: None, release: None, seed }, &options())
}
