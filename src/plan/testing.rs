//! A plain plan for unit tests, to be changed where a test cares.

use super::*;
use crate::engine::Distribution;

const NONE: Distribution = Distribution::Constant(0.0);

/// Ten instances of an ideal service, one class of requests, nothing but defaults of zero.
pub fn plan() -> Plan {
    let secs = SimDuration::from_secs;
    Plan {
        clock: Clock {
            start_unix_ns: 0,
            utc_offset_s: 0,
            warmup: SimDuration::ZERO,
            window: secs(3600),
            deploy_at: SimDuration::ZERO,
        },
        phases: Vec::new(),
        classes: vec![RequestClass {
            name: "web".to_owned(),
            arrivals: Arrivals::Constant { rate: 1.0 },
            service_time: NONE,
            idempotent: true,
            patience: None,
            stream: None,
            state: ClassState::default(),
        }],
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
                backoff: Backoff {
                    base: SimDuration::ZERO,
                    cap: SimDuration::ZERO,
                    jitter: Jitter::None,
                },
                budget: None,
            },
        },
        balancer: balancer(),
        service: service(),
        platform: platform(),
        versions: Vec::new(),
        state: State::default(),
        stores: Vec::new(),
        faults: Vec::new(),
        operations: Vec::new(),
        response: Response {
            metrics: Metrics { scrape: secs(15), window: secs(60), delay: secs(5) },
            alerts: Vec::new(),
            on_call: OnCall {
                acknowledge: NONE,
                diagnose: NONE,
                decide: NONE,
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
        currency: "USD".to_owned(),
    }
}

fn balancer() -> Balancer {
    Balancer {
        preset: "ideal".to_owned(),
        mode: Mode::Http,
        nodes: 1,
        policy: Policy::RoundRobin(Rotation::Cycle),
        sticky: None,
        propagation: NONE,
        health_check: None,
        retries: BalancerRetries {
            max: 0,
            on: Vec::new(),
            redispatch: false,
            pause: SimDuration::ZERO,
            cookie_waits: false,
        },
        outlier: None,
        panic_threshold: None,
        server_maxconn: None,
        queue_timeout: SimDuration::from_secs(5),
        drain_timeout: None,
        connect_timeout: SimDuration::from_secs(1),
        overhead: SimDuration::ZERO,
        server_timeout: None,
        abort_on_close: true,
        cut_when_down: false,
        slow_start: None,
    }
}

fn service() -> Service {
    Service {
        replicas: 10,
        workers: None,
        queue: None,
        discipline: Discipline::Fcfs,
        startup: Startup {
            schedule: NONE,
            pull: NONE,
            init: NONE,
            boot: NONE,
            until_listening: UntilListening::Refuse,
            warm: None,
        },
        probes: Probes { startup: None, readiness: Readiness::Listening, liveness: None },
        shutdown: Shutdown {
            pre_stop: SimDuration::ZERO,
            on_sigterm: OnSigterm::Drain,
            linger: NONE,
            grace: SimDuration::from_secs(30),
            lame_duck: false,
            close_streams: CloseStreams::Wait,
        },
        crash_mtbf: None,
        waves: Vec::new(),
    }
}

fn platform() -> Platform {
    Platform {
        nodes: NodePlan { count: 1, zones: 1 },
        surge_quota: None,
        pdb_min_available: None,
        lags: Lags {
            call: SimDuration::from_millis(1),
            deployment: SimDuration::ZERO,
            replica_set: SimDuration::ZERO,
            kubelet: SimDuration::ZERO,
            removal: SimDuration::ZERO,
            endpoints: SimDuration::ZERO,
            api: ApiLimit { qps: 1000.0, burst: 1000 },
        },
        hpa: None,
        deletion_costs: Vec::new(),
    }
}
