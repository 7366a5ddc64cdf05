//! A plain plan for unit tests, to be changed where a test cares.

use super::*;
use crate::engine::Distribution;

/// Ten instances of an ideal service, one class of requests, nothing but defaults of zero.
pub fn plan() -> Plan {
    let secs = SimDuration::from_secs;
    let none = || Distribution::Constant(0.0);
    let nothing = SimDuration::ZERO;
    Plan {
        clock: Clock {
            start_unix_ns: 0,
            utc_offset_s: 0,
            warmup: nothing,
            window: secs(3600),
            deploy_at: nothing,
        },
        phases: Vec::new(),
        classes: vec![RequestClass {
            name: "web".to_owned(),
            arrivals: Arrivals::Constant { rate: 1.0 },
            service_time: none(),
            idempotent: true,
            patience: None,
        }],
        client: Client {
            users: None,
            timeout: None,
            deadline: None,
            retries: ClientRetries {
                max: 0,
                on: Vec::new(),
                backoff: Backoff { base: nothing, cap: nothing, jitter: Jitter::None },
                budget: None,
            },
        },
        balancer: Balancer {
            preset: "ideal".to_owned(),
            nodes: 1,
            policy: Policy::RoundRobin,
            sticky: None,
            propagation: none(),
            health_check: None,
            retries: BalancerRetries { max: 0, on: Vec::new(), redispatch: false, pause: nothing },
            connect_timeout: secs(1),
            overhead: nothing,
            slow_start: None,
        },
        service: Service {
            replicas: 10,
            workers: None,
            queue: None,
            discipline: Discipline::Fcfs,
            startup: Startup {
                schedule: none(),
                pull: none(),
                init: none(),
                boot: none(),
                warm: None,
            },
            probes: Probes { startup: None, readiness: Readiness::Listening, liveness: None },
            shutdown: Shutdown {
                pre_stop: nothing,
                on_sigterm: OnSigterm::Drain,
                linger: none(),
                grace: secs(30),
            },
            crash_mtbf: None,
        },
        platform: Platform {
            nodes: NodePlan { count: 1, zones: 1 },
            surge_quota: None,
            pdb_min_available: None,
            lags: Lags {
                call: SimDuration::from_millis(1),
                deployment: nothing,
                replica_set: nothing,
                kubelet: nothing,
                removal: nothing,
                endpoints: nothing,
                api: ApiLimit { qps: 1000.0, burst: 1000 },
            },
            deletion_costs: Vec::new(),
        },
        versions: Vec::new(),
        operations: Vec::new(),
        response: Response {
            metrics: Metrics { scrape: secs(15), window: secs(60), delay: secs(5) },
            alerts: Vec::new(),
            on_call: OnCall { acknowledge: none(), decide: none(), off_hours_factor: 1.0 },
            rollback: Rollback::Controller,
        },
        analyses: Vec::new(),
        instance_hour_cost: 0.0,
        currency: "USD".to_owned(),
    }
}
