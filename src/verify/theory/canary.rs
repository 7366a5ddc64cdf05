//! What a canary's analysis can see: sample sizes by their formulas, and decisions counted over
//! seeds. Each decision is drawn request by request from streams of its own, as the formulas
//! assume: independent requests. Retries go through the simulator, which has them.

use serde_json::json;

use super::inputs::{Inputs, Law, NotModelled, span};
use super::queue::rate_text;
use super::rollout::Figure;
use super::run::{Effort, Scale, simulate};
use crate::engine::Key;
use crate::engine::distribution::Sampler;
use crate::engine::maths::ln;
use crate::record::Outcome;
use crate::stats::power::{Sequential, Test, requests_per_arm, samples_of_rank_test};
use crate::stats::rank::mann_whitney;

/// The figures of a case of this family; `None` if it is of another.
pub fn figures(
    inputs: &Inputs,
    metrics: &[&str],
    effort: &Effort,
) -> Option<Result<Vec<Figure>, NotModelled>> {
    let has = |names: &[&str]| names.iter().all(|name| inputs.has(name));
    let inputs = inputs.clone();
    Some(if has(&["p_baseline", "p_canary", "power"]) {
        sample_size(inputs, metrics)
    } else if has(&["requests", "p_true", "threshold_rate"]) {
        threshold(inputs, effort)
    } else if has(&["p_error", "requests"]) {
        blind(inputs, effort)
    } else if has(&["looks", "p_false_per_look"]) {
        looks(inputs, effort)
    } else if has(&["p_fail_per_check", "consecutive"]) {
        consecutive(inputs, effort)
    } else if has(&["baseline", "canary", "power"]) {
        rank_test(inputs)
    } else if has(&["p0", "p1", "beta"]) {
        sequential(inputs, effort)
    } else if has(&["p_attempt_fail", "max_retries"]) {
        retries(inputs, effort)
    } else if has(&["hosts", "affected", "canary_hosts"]) {
        hosts(inputs, effort)
    } else if has(&["weight", "p_error", "slo"]) {
        budget(inputs)
    } else if has(&["weight", "requests_per_user"]) {
        exposure(inputs, effort)
    } else {
        return None;
    })
}

/// How many decisions are counted: the catalogue's suggestion, or enough for a few thousandths.
fn decisions(effort: &Effort, name: &str) -> u64 {
    effort.suggested.get(name).and_then(serde_json::Value::as_u64).unwrap_or(100_000)
}

/// The share of repetitions in which something happens.
fn share(repetitions: u64, happens: impl Fn(Key) -> bool) -> f64 {
    let count = (0..repetitions).filter(|&seed| happens(Key::of_seed(seed))).count();
    count as f64 / repetitions as f64
}

/// Hits among `trials` of chance `p`.
fn hits(key: Key, trials: u64, p: f64) -> u64 {
    (0..trials).filter(|&trial| key.unit(trial) < p).count() as u64
}

/// A probability.
fn chance(inputs: &mut Inputs, name: &str) -> Result<f64, NotModelled> {
    let value = inputs.needed(name)?;
    let inside = (0.0..=1.0).contains(&value);
    if inside { Ok(value) } else { Err(format!("{name} = {value} is no probability")) }
}

fn test(inputs: &mut Inputs) -> Result<Test, NotModelled> {
    let (alpha, power) = (chance(inputs, "alpha")?, chance(inputs, "power")?);
    let sides = inputs.count("sides")?.unwrap_or(2);
    let inside = |p: f64| p > 0.0 && p < 1.0;
    if inside(alpha) && inside(power) && (1..=2).contains(&sides) {
        Ok(Test { alpha, power, sides })
    } else {
        Err(format!("no test of {sides} sides at {alpha} and {power}"))
    }
}

fn sample_size(mut inputs: Inputs, metrics: &[&str]) -> Result<Vec<Figure>, NotModelled> {
    let (p0, p1) = (chance(&mut inputs, "p_baseline")?, chance(&mut inputs, "p_canary")?);
    let test = test(&mut inputs)?;
    let ratio = inputs.number("allocation_ratio")?.unwrap_or(1.0);
    inputs.finish()?;
    let requests = requests_per_arm(p0, p1, ratio, test);
    let mut figures = vec![("requests_per_arm".to_owned(), requests)];
    // The rate and the weight are part of the metric's name.
    for metric in metrics {
        let parts = metric.strip_prefix("canary_seconds_at_").and_then(|rest| {
            let (rate, weight) = rest.split_once("rps_weight_")?;
            let weight: f64 = weight.strip_suffix("pct")?.parse().ok()?;
            Some(rate.parse::<f64>().ok()? * weight / 100.0)
        });
        figures.extend(parts.map(|rate| ((*metric).to_owned(), requests / rate)));
    }
    Ok(figures)
}

fn threshold(mut inputs: Inputs, effort: &Effort) -> Result<Vec<Figure>, NotModelled> {
    let requests = inputs.count("requests")?.ok_or("requests are missing")?;
    let (p, limit) = (chance(&mut inputs, "p_true")?, chance(&mut inputs, "threshold_rate")?);
    let rule = inputs.word("rule")?.unwrap_or_else(|| "strictly_greater".to_owned());
    inputs.finish()?;
    let fails: fn(f64, f64) -> bool = match rule.as_str() {
        "strictly_greater" => |rate, limit| rate > limit,
        "greater_or_equal" => |rate, limit| rate >= limit,
        _ => return Err(format!("no model of the rule {rule}")),
    };
    let requests = u64::from(requests);
    let alarms = share(decisions(effort, "windows"), |key| {
        fails(hits(key, requests, p) as f64 / requests as f64, limit)
    });
    Ok(vec![("p_false_alarm".into(), alarms)])
}

fn blind(mut inputs: Inputs, effort: &Effort) -> Result<Vec<Figure>, NotModelled> {
    let p = chance(&mut inputs, "p_error")?;
    let sizes = inputs.numbers("requests")?;
    inputs.finish()?;
    let mut figures = Vec::new();
    for size in sizes {
        // The first error ends a window, so that long ones cost no more than 1/p draws.
        let windows = decisions(effort, "windows").min(20_000);
        let none = share(windows, |key| (0..size as u64).all(|i| key.unit(i) >= p));
        figures.push((format!("p_no_error_{size}"), none));
    }
    let requests = (ln(0.05) / ln(1.0 - p)).ceil();
    figures.push(("requests_for_95pct_chance_of_one_error".into(), requests));
    Ok(figures)
}

fn looks(mut inputs: Inputs, effort: &Effort) -> Result<Vec<Figure>, NotModelled> {
    let looks = u64::from(inputs.count("looks")?.ok_or("looks are missing")?);
    let p = chance(&mut inputs, "p_false_per_look")?;
    let limits = inputs.numbers("failure_limit")?;
    inputs.finish()?;
    let rollouts = decisions(effort, "rollouts");
    let figure = |limit: f64| {
        let aborts = share(rollouts, |key| hits(key, looks, p) as f64 > limit);
        (format!("p_abort_limit_{limit}"), aborts)
    };
    Ok(limits.into_iter().map(figure).collect())
}

fn consecutive(mut inputs: Inputs, effort: &Effort) -> Result<Vec<Figure>, NotModelled> {
    let p = chance(&mut inputs, "p_fail_per_check")?;
    let run = inputs.count("consecutive")?.ok_or("consecutive is missing")?;
    inputs.finish()?;
    let power = (0..run).fold(1.0, |product, _| product * p);
    let expected = (1.0 - power) / (power * (1.0 - p));
    // Counted where that is affordable, else by the formula.
    let rollouts = decisions(effort, "rollouts");
    let most = 4e8;
    let rollouts = rollouts.min((most / expected.max(1.0)) as u64);
    if rollouts < 1_000 {
        return Err(format!("{expected:.0} checks to an abort are too many to count"));
    }
    let checks: u64 = (0..rollouts)
        .map(|seed| {
            let key = Key::of_seed(seed);
            let (mut failed, mut checks) = (0, 0);
            while failed < run {
                failed = if key.unit(checks) < p { failed + 1 } else { 0 };
                checks += 1;
            }
            checks
        })
        .sum();
    Ok(vec![("expected_checks_to_abort".into(), checks as f64 / rollouts as f64)])
}

/// Latencies an arm and repetitions from which the chance of a slower one is counted.
const RANKED: (u64, u64) = (2_000, 200);

fn rank_test(mut inputs: Inputs) -> Result<Vec<Figure>, NotModelled> {
    let mut law = |name: &str| -> Result<Sampler, NotModelled> {
        let value = inputs.take(name).ok_or_else(|| format!("{name} is missing"))?;
        Ok(Sampler::new(&Law::read(name, &value)?.law))
    };
    let (baseline, canary) = (law("baseline")?, law("canary")?);
    let test = test(&mut inputs)?;
    inputs.finish()?;
    let (values, repetitions) = RANKED;
    let mut sum = 0.0;
    for repetition in 0..repetitions {
        let sample = |purpose, law: &Sampler| -> Vec<f64> {
            let mut stream = Key::of_seed(repetition).purpose(purpose).stream();
            (0..values).map(|i| law.draw(&mut stream, i)).collect()
        };
        let ranked = mann_whitney(&sample(1, &canary), &sample(2, &baseline));
        sum += ranked.ok_or("no latencies")?.chance_first_larger;
    }
    let theta = sum / repetitions as f64;
    Ok(vec![
        ("p_canary_slower_than_baseline".into(), theta),
        ("samples_per_arm".into(), samples_of_rank_test(theta, test)),
    ])
}

fn sequential(mut inputs: Inputs, effort: &Effort) -> Result<Vec<Figure>, NotModelled> {
    let mut get = |name| chance(&mut inputs, name);
    let (p0, p1, alpha, beta) = (get("p0")?, get("p1")?, get("alpha")?, get("beta")?);
    inputs.finish()?;
    let test = Sequential::new(p0, p1, alpha, beta);
    let repetitions = decisions(effort, "replications");
    let decided = |p: f64| -> Result<(f64, f64), NotModelled> {
        let (mut bad, mut requests) = (0, 0);
        for seed in 0..repetitions {
            let key = Key::of_seed(seed);
            let decision = test.decide((0..10_000_000).map(|i| key.unit(i) < p));
            let (is_bad, after) = decision.ok_or("the test does not decide")?;
            bad += u64::from(is_bad);
            requests += after;
        }
        let repetitions = repetitions as f64;
        Ok((requests as f64 / repetitions, bad as f64 / repetitions))
    };
    let (good, bad) = (decided(p0)?, decided(p1)?);
    Ok(vec![
        ("mean_requests_to_decision_if_bad".into(), bad.0),
        ("mean_requests_to_decision_if_good".into(), good.0),
        ("p_false_abort_at_most".into(), good.1),
        ("p_missed_at_most".into(), 1.0 - bad.1),
    ])
}

/// Requests a second of the simulated service whose attempts fail.
const RETRIED_RATE: f64 = 1_000.0;

fn retries(mut inputs: Inputs, effort: &Effort) -> Result<Vec<Figure>, NotModelled> {
    let p = chance(&mut inputs, "p_attempt_fail")?;
    let retries = inputs.count("max_retries")?.ok_or("max_retries are missing")?;
    inputs.finish()?;
    let asked = decisions(effort, "requests") as f64;
    let window_s = asked.min(effort.most_requests) / RETRIED_RATE;
    let scale = Scale { replications: 1, warmup_s: 1.0, window_s };
    let text = json!({
        "apiVersion": "cutover/v1",
        "name": "theory-retries",
        "clock": { "warmup": "1s", "window": span(window_s), "deploy_at": "0s" },
        "traffic": [{
            "name": "all",
            "arrivals": { "poisson": { "rate": rate_text(RETRIED_RATE) } },
            "service_time": "1ms",
        }],
        "client": { "timeout": "none", "retries": {
            "max": retries,
            "on": [500],
            "backoff": { "base": "1ms", "cap": "1ms", "jitter": "none" },
            "budget": "none",
        } },
        "balancer": { "preset": "ideal" },
        "service": { "replicas": 1, "workers": "unlimited" },
        "versions": { "stable": { "errors": p } },
        "operations": [],
        "strategies": [{ "name": "steady", "rolling": {} }],
    });
    let records = simulate(&text, &scale, None)?;
    let (mut requests, mut attempts, mut failed) = (0.0, 0.0, 0.0);
    for cell in records.iter().flat_map(|record| &record.cells) {
        requests += (cell.counters.requests - cell.counters.in_flight) as f64;
        attempts += cell.counters.attempts as f64;
        failed += cell.counters.outcomes[Outcome::AppError as usize] as f64;
    }
    // Every attempt that failed was tried again or ended its request.
    let failed_attempts = attempts - requests + failed;
    Ok(vec![
        ("client_visible_error_rate".into(), failed / requests),
        ("attempts_per_request".into(), attempts / requests),
        ("server_side_error_share_of_attempts".into(), failed_attempts / attempts),
    ])
}

fn hosts(mut inputs: Inputs, effort: &Effort) -> Result<Vec<Figure>, NotModelled> {
    let mut count = |name: &str| inputs.count(name)?.ok_or_else(|| format!("{name} is missing"));
    let (hosts, affected) = (count("hosts")?, count("affected")?);
    let sizes = inputs.numbers("canary_hosts")?;
    inputs.finish()?;
    let mut figures = Vec::new();
    for size in sizes {
        if affected > hosts || size > f64::from(hosts) {
            return Err(format!("{size} or {affected} of {hosts} hosts"));
        }
        // Hosts are drawn one by one without putting them back; the first `affected` trigger.
        let seen = share(decisions(effort, "rollouts"), |key| {
            let (mut left, mut bad) = (hosts, affected);
            (0..size as u64).any(|draw| {
                let hit = key.unit(draw) * f64::from(left) < f64::from(bad);
                left -= 1;
                bad -= u32::from(hit);
                hit
            })
        });
        figures.push((format!("p_seen_with_{size}"), seen));
    }
    Ok(figures)
}

fn budget(mut inputs: Inputs) -> Result<Vec<Figure>, NotModelled> {
    let mut get = |name| chance(&mut inputs, name);
    let (weight, p, slo) = (get("weight")?, get("p_error")?, get("slo")?);
    let hours = 24.0 * inputs.needed("period_days")?;
    inputs.finish()?;
    let (overall, budget) = (weight * p, (1.0 - slo) * hours);
    Ok(vec![
        ("overall_error_rate".into(), overall),
        ("budget_minutes_full_outage".into(), 60.0 * budget),
        ("hours_to_exhaust_budget_at_canary".into(), budget / overall),
        ("hours_to_exhaust_budget_at_full".into(), budget / p),
    ])
}

fn exposure(mut inputs: Inputs, effort: &Effort) -> Result<Vec<Figure>, NotModelled> {
    let weight = chance(&mut inputs, "weight")?;
    let requests = inputs.count("requests_per_user")?.ok_or("requests_per_user is missing")?;
    inputs.finish()?;
    let users = decisions(effort, "users");
    let random = share(users, |key| hits(key, u64::from(requests), weight) > 0);
    let sticky = share(users, |key| key.unit(0) < weight);
    Ok(vec![
        ("fraction_of_users_touched_random".into(), random),
        ("fraction_of_users_touched_sticky".into(), sticky),
    ])
}
