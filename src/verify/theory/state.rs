//! Sessions across versions, users of a canary, caches, retries and herds.
//!
//! A visit is a closed-loop user who sends at a fixed pace, so that every one of them makes
//! exactly as many requests as the case says within the window.

use serde_json::{Value, json};

use super::inputs::{Inputs, NotModelled, span};
use super::queue::rate_text;
use super::rollout::Figure;
use super::run::{Effort, Scale, load, simulate, simulate_one};
use crate::engine::SimDuration;
use crate::record::{Bucket, Counters, RunRecord};
use crate::simulation::RunOptions;

/// Users where a case suggests no number.
const USERS: f64 = 20_000.0;
/// Before a canary's first weight is there, at the start of a window.
const LEAD_S: f64 = 0.5;

/// A scenario of one class on unlimited instances; control loops take no time.
fn scenario(scale: &Scale, class: &Value, strategy: &Value, more: &Value) -> Value {
    let mut text = json!({
        "apiVersion": "cutover/v1",
        "name": "theory-state",
        "seeds": scale.replications,
        "clock": {
            "warmup": span(scale.warmup_s),
            "window": span(scale.window_s),
            "deploy_at": "0s",
        },
        "traffic": [class],
        "client": { "timeout": "none" },
        "balancer": { "preset": "ideal", "nodes": 1, "policy": "random" },
        "service": {
            "replicas": 1,
            "workers": "unlimited",
            "startup": { "schedule": "0s", "pull": "0s", "init": "0s", "boot": "0s" },
            "probes": { "startup": "none", "readiness": "listening", "liveness": "none" },
        },
        "platform": {
            "lags": {
                "deployment": "0s", "replica_set": "0s", "kubelet": "0s", "removal": "0s",
                "endpoints": "0s", "api": { "qps": 1_000_000, "burst": 1_000_000 },
            },
        },
        "strategies": [strategy],
    });
    let fields = text.as_object_mut().expect("a mapping");
    for (key, value) in more.as_object().into_iter().flatten() {
        fields.insert(key.clone(), value.clone());
    }
    text
}

/// Two versions of which each writes its own format: who can read the other's.
fn versions(compat: Option<&str>) -> Result<Value, NotModelled> {
    let (old, new) = match compat.unwrap_or("none") {
        "none" => (json!(["v1"]), json!(["v2"])),
        "one_way" | "new_reads_old" | "backward" => (json!(["v1"]), json!(["v1", "v2"])),
        "old_reads_new" | "forward" => (json!(["v1", "v2"]), json!(["v2"])),
        "both" | "full" | "both_ways" => (json!(["v1", "v2"]), json!(["v1", "v2"])),
        other => return Err(format!("compat = {other} has no model")),
    };
    Ok(json!({
        "stable": { "session": { "reads": old, "writes": "v1" } },
        "candidate": { "session": { "reads": new, "writes": "v2" } },
    }))
}

fn totals(records: &[RunRecord]) -> Counters {
    let mut all = Counters::default();
    let cells = records.iter().flat_map(|record| &record.cells);
    cells.for_each(|cell| all.merge(&cell.counters));
    all
}

/// Whether a case is about sessions during a ramp.
#[must_use]
pub fn is_ramp(inputs: &Inputs) -> bool {
    inputs.has("compat") && inputs.has("ramp_s")
}

/// Forced log-ins while a router moves the traffic from one version to another.
pub fn ramp(mut inputs: Inputs, effort: &Effort) -> Result<Vec<Figure>, NotModelled> {
    inputs.assume("routing", &["random_per_request"])?;
    let versions = versions(inputs.word("compat")?.as_deref())?;
    inputs.assume("on_mismatch", &["relogin_rewrites_in_serving_version"])?;
    inputs.assume("ramp", &["linear"])?;
    let ramp_s = inputs.needed("ramp_s")?;
    let rate = inputs.needed("rate_per_user_per_s")?;
    inputs.finish()?;
    let most = effort.most_requests / (ramp_s * rate);
    let users = effort.suggestion("users").unwrap_or(USERS).min(most).max(1.0).floor();
    let steps: Vec<Value> = (1..200)
        .flat_map(|step| {
            let weight = f64::from(step) / 200.0;
            [json!({ "weight": weight }), json!({ "pause": span(ramp_s / 200.0) })]
        })
        .collect();
    let warmup_s = 10.0 / rate;
    let scale = Scale { replications: 1, warmup_s, window_s: ramp_s };
    let class = json!({
        "name": "all",
        "arrivals": { "poisson": { "rate": rate_text(users * rate) } },
        "service_time": "1ms",
    });
    let text = scenario(
        &scale,
        &class,
        &json!({ "name": "ramp", "canary": { "steps": steps } }),
        &json!({
            "client": { "timeout": "none", "users": { "count": users as u64 } },
            "state": { "sessions": { "store": "shared" } },
            "versions": versions,
        }),
    );
    let records = simulate(&text, &scale, None)?;
    let buckets = &records[0].timeline.buckets;
    let (mut at_half, mut all) = (Share::default(), Share::default());
    let mut fit = Parabola::default();
    for (number, bucket) in buckets.iter().enumerate() {
        // The weight in the middle of the bucket of a linear ramp.
        let weight = (number as f64 + 0.5) / buckets.len() as f64;
        all.add(bucket);
        if (weight - 0.5).abs() < 0.03 {
            at_half.add(bucket);
        }
        let mut one = Share::default();
        one.add(bucket);
        fit.add(weight, one.value());
    }
    Ok(vec![
        ("mismatch_share_at_50pct".into(), at_half.value()),
        ("mismatch_share_mean_over_ramp".into(), all.value()),
        ("peak_location_weight".into(), fit.peak()),
    ])
}

/// Forced log-ins as a share of requests.
#[derive(Default)]
struct Share {
    forced: u64,
    sent: u64,
}

impl Share {
    fn add(&mut self, bucket: &Bucket) {
        self.forced += bucket.forced_logins;
        self.sent += bucket.sent;
    }

    fn value(&self) -> f64 {
        self.forced as f64 / self.sent.max(1) as f64
    }
}

/// A least-squares parabola through points that lie evenly between 0 and 1.
#[derive(Default)]
struct Parabola {
    points: Vec<(f64, f64)>,
}

impl Parabola {
    fn add(&mut self, x: f64, y: f64) {
        self.points.push((x - 0.5, y));
    }

    /// Where it is highest. With x symmetric around 0, y = a + b x + c x² has
    /// b = Σxy / Σx² and c from the deviations of x².
    fn peak(&self) -> f64 {
        let n = self.points.len() as f64;
        let sum = |f: &dyn Fn(f64, f64) -> f64| -> f64 {
            self.points.iter().map(|&(x, y)| f(x, y)).sum()
        };
        let squares = sum(&|x, _| x * x);
        let slope = sum(&|x, y| x * y) / squares;
        let mean = squares / n;
        let bend = sum(&|x, y| (x * x - mean) * y) / sum(&|x, _| (x * x - mean) * (x * x - mean));
        0.5 - slope / (2.0 * bend)
    }
}

/// Whether a case is about visits to a half-finished rollout, or users of a canary.
#[must_use]
pub fn is_visits(inputs: &Inputs) -> bool {
    inputs.has("weight") && (inputs.has("requests_per_visit") || inputs.has("requests_per_user"))
}

/// Visits of so many requests to a canary that stays where it is.
pub fn visits(mut inputs: Inputs, effort: &Effort) -> Result<Vec<Figure>, NotModelled> {
    let weight = inputs.needed("weight")?;
    inputs.assume("routing", &["random_per_request"])?;
    let versions = versions(inputs.word("compat")?.as_deref())?;
    if let Some(requests) = inputs.number("requests_per_visit")? {
        inputs.finish()?;
        let more = json!({
            "state": { "sessions": { "store": "shared" } },
            "versions": versions,
        });
        let (records, visits) = visit(weight, requests, false, &more, effort)?;
        let logouts = totals(&records).forced_logins as f64;
        let touched: u64 = records.iter().map(|record| record.users.affected).sum();
        return Ok(vec![
            ("fraction_of_users_with_a_logout".into(), touched as f64 / visits),
            ("mean_logouts_per_visit".into(), logouts / visits),
        ]);
    }
    let requests = inputs.needed("requests_per_user")?;
    inputs.finish()?;
    // A candidate that always fails shows who has met it.
    let more = json!({ "versions": { "stable": {}, "candidate": { "errors": "100%" } } });
    let mut figures = Vec::new();
    for (name, sticky) in [("random", false), ("sticky", true)] {
        let (records, users) = visit(weight, requests, sticky, &more, effort)?;
        let touched: u64 = records.iter().map(|record| record.users.affected).sum();
        figures.push((format!("fraction_of_users_touched_{name}"), touched as f64 / users));
    }
    Ok(figures)
}

fn visit(
    weight: f64,
    requests: f64,
    sticky: bool,
    more: &Value,
    effort: &Effort,
) -> Result<(Vec<RunRecord>, f64), NotModelled> {
    let users = effort.suggestion("users").unwrap_or(USERS).min(effort.most_requests / requests);
    let users = users.max(1.0).floor();
    let window_s = requests + LEAD_S;
    let scale = Scale { replications: 1, warmup_s: 0.0, window_s };
    let class = json!({
        "name": "all",
        "arrivals": { "users": { "count": users as u64, "think": "999ms" } },
        "service_time": "1ms",
    });
    let steps = json!([{ "weight": weight }, { "pause": "forever" }]);
    let strategy = json!({ "name": "canary", "canary": { "sticky": sticky, "steps": steps } });
    let records = simulate(&scenario(&scale, &class, &strategy, more), &scale, None)?;
    Ok((records, users))
}

/// Whether a case is about sessions that stick to instances.
#[must_use]
pub fn is_sticky(inputs: &Inputs) -> bool {
    inputs.has("reassignment") && inputs.has("instances")
}

/// Sessions that go to another instance whenever theirs is restarted.
pub fn sticky(mut inputs: Inputs, effort: &Effort) -> Result<Vec<Figure>, NotModelled> {
    let instances = inputs.count("instances")?.ok_or("instances are missing")?;
    inputs.assume("order", &["sequential"])?;
    inputs.assume("reassignment", &["uniform_over_others"])?;
    if inputs.number("new_sessions_during_roll")?.unwrap_or(0.0) != 0.0 {
        return Err("no model of new_sessions_during_roll".into());
    }
    inputs.finish()?;
    // Every user comes back once before the restarted instance does.
    let (pace_s, boot_s) = (5.0, 7.0);
    let window_s = 2.0 * pace_s + f64::from(instances) * (boot_s + 1.0) + 20.0;
    let most = effort.most_requests / (window_s / pace_s);
    let users = effort.suggestion("sessions").unwrap_or(USERS).min(most).floor();
    let scale = Scale { replications: 1, warmup_s: 2.0 * pace_s, window_s };
    let class = json!({
        "name": "all",
        "arrivals": { "users": { "count": users as u64, "think": span(pace_s) } },
        "service_time": { "uniform": { "min": "1ms", "max": "500ms" } },
    });
    let rolling = json!({
        "max_surge": 0, "max_unavailable": 1, "min_ready": "0s", "progress_deadline": "none",
    });
    let text = scenario(
        &scale,
        &class,
        &json!({ "name": "restart", "rolling": rolling }),
        &json!({
            "state": { "sessions": { "store": "sticky" } },
            "service": {
                "replicas": instances,
                "workers": "unlimited",
                "startup": { "schedule": "0s", "pull": "0s", "init": "0s", "boot": span(boot_s) },
                "probes": { "startup": "none", "readiness": "listening", "liveness": "none" },
            },
        }),
    );
    let records = simulate(&text, &scale, Some(0.0))?;
    let detail = records[0].detail.as_ref().ok_or("no details of sessions")?;
    // Who replaced whom: new instances come in the order of the restarts.
    let last: Vec<f64> =
        detail.sessions[instances as usize..].iter().map(|count| *count as f64 / users).collect();
    if last.len() != instances as usize {
        return Err("the restart did not finish".into());
    }
    let most = last.iter().copied().fold(0.0, f64::max);
    Ok(vec![
        ("mean_moves_per_session".into(), records[0].users.sessions_lost as f64 / users),
        ("final_share_first_restarted".into(), last[0]),
        ("final_share_last_restarted".into(), last[last.len() - 1]),
        ("max_over_mean_final".into(), most * f64::from(instances)),
    ])
}

/// Whether a case is about the steady state of a cache.
#[must_use]
pub fn is_steady_cache(inputs: &Inputs) -> bool {
    inputs.has("keys") && inputs.has("slots") && inputs.has("policy")
}

fn cached(keys: u32, zipf: f64, slots: &Value, coalescing: bool) -> Value {
    json!({
        "caches": [{
            "name": "cache", "store": "db", "keys": keys, "zipf": zipf, "capacity": slots,
            "initially": "empty", "coalescing": coalescing,
        }],
    })
}

fn reader(rate: f64) -> Value {
    json!({
        "name": "all",
        "arrivals": { "poisson": { "rate": rate_text(rate) } },
        "service_time": "0s",
        "calls": { "cache": 1 },
    })
}

fn store(service: &Value) -> Value {
    json!([{ "name": "db", "workers": "unlimited", "service_time": service, "timeout": "none" }])
}

fn nothing() -> Value {
    json!({ "name": "nothing", "rolling": {} })
}

/// The hit ratio of a cache that evicts.
pub fn steady_cache(mut inputs: Inputs, effort: &Effort) -> Result<Vec<Figure>, NotModelled> {
    inputs.assume("policy", &["lru"])?;
    inputs.assume("arrivals", &["independent_reference"])?;
    let keys = inputs.count("keys")?.ok_or("keys are missing")?;
    let zipf = inputs.number("zipf_exponent")?.unwrap_or(0.0);
    let slots = inputs.count("slots")?.ok_or("slots are missing")?;
    inputs.finish()?;
    let rate = 1000.0;
    let scale = Scale { replications: 1, ..Scale::requests(effort, rate) };
    let text = scenario(
        &scale,
        &reader(rate),
        &nothing(),
        &json!({
            "operations": [],
            "state": cached(keys, zipf, &json!(slots), false),
            "stores": store(&json!("0s")),
        }),
    );
    let records = simulate(&text, &scale, Some(0.0))?;
    let (looked, hits) = looked_up(&records[0].timeline.buckets);
    let detail = records[0].detail.as_ref().ok_or("no details of caches")?;
    let (evicted, age) = detail.evictions;
    Ok(vec![
        ("hit_ratio".into(), hits / looked),
        ("characteristic_requests".into(), age as f64 / evicted.max(1) as f64),
    ])
}

fn looked_up(buckets: &[Bucket]) -> (f64, f64) {
    let sum = |count: fn(&Bucket) -> u64| buckets.iter().map(count).sum::<u64>() as f64;
    (sum(|bucket| bucket.cache_lookups), sum(|bucket| bucket.cache_hits))
}

/// Whether a case is about a cache that begins empty.
#[must_use]
pub fn is_cold_cache(inputs: &Inputs) -> bool {
    inputs.has("keys") && inputs.has("t_s") && inputs.has("rate_per_s")
}

/// Looked at this often, in look-ups at each instant of a case.
const COLD_LOOKUPS: f64 = 60_000.0;

/// The hit ratio of an empty cache as it fills.
pub fn cold_cache(mut inputs: Inputs, effort: &Effort) -> Result<Vec<Figure>, NotModelled> {
    inputs.assume("slots", &["unlimited"])?;
    let keys = inputs.count("keys")?.ok_or("keys are missing")?;
    let zipf = inputs.number("zipf_exponent")?.unwrap_or(0.0);
    let rate = inputs.needed("rate_per_s")?;
    let instants = inputs.numbers("t_s")?;
    inputs.finish()?;
    let mut figures = Vec::new();
    for at_s in instants {
        // The last tenth of the window lies around the instant.
        let window_s = 1.05 * at_s;
        let wanted = (COLD_LOOKUPS / (0.1 * at_s * rate)).ceil();
        let most = (effort.most_requests / (window_s * rate)).max(1.0);
        let replications = wanted.min(most).max(2.0) as u64;
        let scale = Scale { replications, warmup_s: 0.0, window_s };
        let text = scenario(
            &scale,
            &reader(rate),
            &nothing(),
            &json!({
                "operations": [],
                "state": cached(keys, zipf, &json!("unlimited"), false),
                "stores": store(&json!("0s")),
            }),
        );
        let study = load(&text)?;
        let width = 0.05 * at_s;
        let options = RunOptions {
            timeline_width: SimDuration::from_secs_f64(width),
            log: false,
            failure_samples: 0,
            detail_small_up_to: None,
        };
        let (mut looked, mut hits, mut misses) = (0.0, 0.0, 0.0);
        for seed in 1..=replications {
            let record = simulate_one(&study, seed, &options);
            let buckets = &record.timeline.buckets;
            let around = looked_up(&buckets[19..21]);
            looked += around.0;
            hits += around.1;
            misses += buckets[..20].iter().map(|b| b.store_calls).sum::<u64>() as f64;
        }
        let runs = replications as f64;
        figures.push((format!("hit_ratio_at_{at_s}s"), hits / looked));
        figures.push((format!("db_load_per_s_at_{at_s}s"), rate * (1.0 - hits / looked)));
        figures.push((format!("misses_in_first_{at_s}s"), misses / runs));
    }
    Ok(figures)
}

/// Whether a case is about the loads of one hot key.
#[must_use]
pub fn is_stampede(inputs: &Inputs) -> bool {
    inputs.has("key_rate_per_s") && inputs.has("load_s")
}

/// Loads of a key that is not there, with and without coalescing.
pub fn stampede(mut inputs: Inputs, effort: &Effort) -> Result<Vec<Figure>, NotModelled> {
    let rate = inputs.needed("key_rate_per_s")?;
    let load_s = inputs.needed("load_s")?;
    let coalescing = inputs.take("coalescing").unwrap_or(json!([false]));
    inputs.finish()?;
    let window_s = 2.0 * load_s + 20.0 / rate;
    let scale = Scale::replications(effort, 0.0, window_s, rate);
    let mut figures = Vec::new();
    for value in coalescing.as_array().cloned().unwrap_or_else(|| vec![coalescing.clone()]) {
        let coalescing = value.as_bool().ok_or("coalescing is not true or false")?;
        let text = scenario(
            &scale,
            &reader(rate),
            &nothing(),
            &json!({
                "operations": [],
                "state": cached(1, 0.0, &json!("unlimited"), coalescing),
                "stores": store(&json!(span(load_s))),
            }),
        );
        let records = simulate(&text, &scale, None)?;
        let calls = |record: &RunRecord| -> u64 {
            record.timeline.buckets.iter().map(|bucket| bucket.store_calls).sum()
        };
        let loads = records.iter().map(calls).sum::<u64>() as f64 / records.len() as f64;
        let name =
            if coalescing { "loads_with_coalescing" } else { "mean_loads_without_coalescing" };
        figures.push((name.into(), loads));
    }
    Ok(figures)
}
