use cutover::engine::*;
use cutover::plan::*;
use cutover::record::RunKey;
use cutover::simulation::*;
use std::time::Instant;
fn plan(model: &str, k: u32, n: u64) -> Plan {
    let (rate, svc, workers, queue, policy, timeout, retries) = match model {
        "m1" => {
            (0.9, Distribution::Exponential { mean: 1e9 }, 1, None, Policy::RoundRobin, None, 0)
        }
        "m2" => (
            0.7 * f64::from(k) * 8.0 / 0.1,
            Distribution::Exponential { mean: 1e8 },
            8,
            Some(100),
            Policy::LeastRequest { choices: Some(2), ties: TieBreak::InTurn },
            None,
            0,
        ),
        _ => {
            let s2 = (1.0f64 + 1.5 * 1.5).ln();
            (
                0.7 * f64::from(k) * 8.0 / 0.1,
                Distribution::Lognormal {
                    median: (1e8f64.ln() - s2 / 2.0).exp(),
                    sigma: s2.sqrt(),
                },
                8,
                Some(100),
                Policy::RoundRobin,
                Some(SimDuration::from_secs(1)),
                1,
            )
        }
    };
    let zero = SimDuration::ZERO;
    Plan {
        clock: Clock {
            start_unix_ns: 0,
            utc_offset_s: 0,
            warmup: zero,
            window: SimDuration::from_secs_f64(n as f64 / rate),
            deploy_at: zero,
        },
        phases: vec![],
        classes: vec![RequestClass {
            name: "a".into(),
            arrivals: Arrivals::Poisson { rate },
            service_time: svc,
            idempotent: true,
            patience: None,
        }],
        client: Client {
            users: None,
            timeout,
            deadline: None,
            retries: ClientRetries {
                max: retries,
                on: vec![RetryOn::Timeout, RetryOn::Unavailable],
                backoff: Backoff { base: zero, cap: zero, jitter: Jitter::None },
                budget: None,
            },
        },
        balancer: Balancer {
            preset: "ideal".into(),
            nodes: 1,
            policy,
            sticky: None,
            propagation: Distribution::Constant(0.0),
            health_check: None,
            retries: BalancerRetries { max: 0, on: vec![], redispatch: true, pause: zero },
            connect_timeout: zero,
            overhead: zero,
            slow_start: None,
        },
        service: Service {
            replicas: if model == "m1" { 1 } else { k },
            workers: Some(workers),
            queue,
            discipline: Discipline::Fcfs,
            startup: Startup {
                schedule: Distribution::Constant(0.0),
                pull: Distribution::Constant(0.0),
                init: Distribution::Constant(0.0),
                boot: Distribution::Constant(0.0),
                warm: None,
            },
            probes: Probes { startup: None, readiness: Readiness::Listening, liveness: None },
            shutdown: Shutdown {
                pre_stop: zero,
                on_sigterm: OnSigterm::Drain,
                linger: Distribution::Constant(0.0),
                grace: zero,
            },
            crash_mtbf: None,
        },
        platform: Platform {
            nodes: NodePlan { count: 3, zones: 1 },
            surge_quota: None,
            pdb_min_available: None,
            lags: Lags {
                deployment: zero,
                replica_set: zero,
                kubelet: zero,
                removal: zero,
                endpoints: zero,
                api: ApiLimit { qps: 20.0, burst: 30 },
            },
            deletion_costs: vec![],
        },
        versions: vec![Version {
            name: "stable".into(),
            slowdown: vec![1.0],
            errors: vec![0.0],
            boot: None,
            defects: vec![],
        }],
        operations: vec![],
        response: Response {
            metrics: Metrics { scrape: zero, window: zero, delay: zero },
            alerts: vec![],
            on_call: OnCall {
                acknowledge: Distribution::Constant(0.0),
                decide: Distribution::Constant(0.0),
                off_hours_factor: 1.0,
            },
            rollback: Rollback::Controller,
        },
        analyses: vec![],
        instance_hour_cost: 0.0,
        currency: "USD".into(),
    }
}
fn main() {
    let a: Vec<String> = std::env::args().collect();
    let m = &a[1];
    let n: u64 = a[2].parse().unwrap();
    let k: u32 = a.get(3).map_or(20, |k| k.parse().unwrap());
    let p = plan(m, k, n);
    for _ in 0..3 {
        let t = Instant::now();
        let w = SimDuration(p.clock.window.0 / 600 + 1);
        let r = run(
            &p,
            None,
            None,
            RunKey { arm: None, release: None, seed: 1 },
            &RunOptions {
                timeline_width: w,
                log: false,
                failure_samples: 0,
                detail_small_up_to: None,
            },
        );
        let e = t.elapsed().as_secs_f64();
        let c = &r.cells[0];
        println!(
            "{m} ns/req={:.1} ev={} n={} mean={:.4} p99={:.4} fail={} util={:.3}",
            e * 1e9 / r.work.requests as f64,
            r.work.events,
            c.ok.len(),
            c.ok.mean().unwrap() / 1e9,
            c.ok.quantile(0.99).unwrap() as f64 / 1e9,
            c.counters.failed(),
            r.busy_ns as f64 / r.ready_worker_ns as f64
        );
    }
}
