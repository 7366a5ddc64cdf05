//! Queues in the steady state: one or many instances, open or closed arrivals, any service
//! law, with or without a bound on the queue, patience, processor sharing, a balancing policy.
//!
//! Arrivals are measured after a warm-up. Response is wait plus service; quantiles are of
//! completed requests; `p_wait` counts the accepted arrivals that found every server busy, and
//! all arrivals where requests give up in the queue.

use serde_json::{Value, json};

use super::inputs::{Inputs, Law, NotModelled, span};
use super::run::{Effort, Scale, simulate};
use super::tally::Tally;
use crate::engine::{Key, Sampler};

/// A model of a queue.
#[derive(Clone, Debug)]
pub struct Queue {
    arrivals: Arrivals,
    service: Law,
    instances: u32,
    /// Servers of an instance; `None`: any number.
    servers: Option<u32>,
    /// Places behind the servers of an instance; `None`: any number.
    places: Option<u32>,
    sharing: bool,
    patience: Option<Law>,
    policy: Value,
}

#[derive(Clone, Debug)]
enum Arrivals {
    Open { process: &'static str, rate: f64 },
    Closed { users: u32, think: Law },
}

/// Whether a case speaks of a queue.
#[must_use]
pub fn applies(inputs: &Inputs) -> bool {
    inputs.has("service")
        && (inputs.has("arrivals") || inputs.has("clients"))
        && (inputs.has("servers") || inputs.has("servers_per_instance"))
}

impl Queue {
    /// Reads the model; one for each service law that the case lists.
    pub fn read(mut inputs: Inputs) -> Result<Vec<Self>, NotModelled> {
        let arrivals = read_arrivals(&mut inputs)?;
        let laws = inputs.laws("service")?;
        let instances = inputs.count("instances")?.unwrap_or(1);
        let servers = read_servers(&mut inputs)?;
        inputs.assume("on_full", &["reject"])?;
        let places = match (inputs.count("queue_capacity")?, inputs.count("system_capacity")?) {
            (Some(places), _) => Some(places),
            (None, Some(system)) => {
                let servers = servers.filter(|servers| *servers <= system);
                Some(system - servers.ok_or("system_capacity below the number of servers")?)
            }
            (None, None) => None,
        };
        let discipline = inputs.word("discipline")?.unwrap_or_else(|| "fcfs".into());
        let sharing = match discipline.as_str() {
            "fcfs" | "fifo" => false,
            "processor_sharing" | "ps" => true,
            _ => return Err(format!("discipline = {discipline} has no model")),
        };
        let patience = match inputs.take("patience_in_queue") {
            Some(value) => Some(Law::read("patience_in_queue", &value)?),
            None => None,
        };
        inputs.assume("queue_information", &["exact_instant"])?;
        let balancer = inputs.word("balancer")?;
        inputs.finish()?;
        let queue = Self {
            arrivals,
            service: laws.first().cloned().ok_or("service is an empty list")?,
            instances,
            servers,
            places,
            sharing,
            patience,
            policy: json!("round_robin"),
        };
        let queue = queue.balanced(balancer.as_deref())?;
        Ok(laws.into_iter().map(|service| Self { service, ..queue.clone() }).collect())
    }

    fn balanced(self, balancer: Option<&str>) -> Result<Self, NotModelled> {
        let Some(balancer) = balancer else {
            let one = self.instances == 1;
            return if one { Ok(self) } else { Err("instances without a balancer".into()) };
        };
        if let Some(policy) = policy(balancer) {
            return Ok(Self { policy, ..self });
        }
        match (balancer, self.servers) {
            // One queue in front of everybody is one instance with everybody's servers.
            ("central_queue" | "shared_queue", Some(servers)) => {
                Ok(Self { servers: Some(servers * self.instances), instances: 1, ..self })
            }
            _ => Err(format!("balancer = {balancer} has no model")),
        }
    }

    /// The name of the service law, for cases that list several.
    #[must_use]
    pub fn law(&self) -> &str {
        &self.service.kind
    }

    /// Requests per second, at most.
    fn rate(&self) -> f64 {
        match &self.arrivals {
            Arrivals::Open { rate, .. } => *rate,
            Arrivals::Closed { users, think } => {
                let alone = f64::from(*users) / (think.mean_s() + self.service.mean_s());
                self.servers.map_or(alone, |servers| {
                    alone.min(f64::from(servers * self.instances) / self.service.mean_s())
                })
            }
        }
    }

    /// Runs the model.
    pub fn run(&self, effort: &Effort) -> Result<QueueAnswer, NotModelled> {
        let scale = Scale::requests(effort, self.rate());
        let records = simulate(&self.scenario(&scale), &scale, Some(self.median_s()))?;
        Ok(QueueAnswer { tally: Tally::new(&records, &scale), gives_up: self.patience.is_some() })
    }

    /// The median service time in seconds, by a sample: it only says which requests are small.
    fn median_s(&self) -> f64 {
        let sampler = Sampler::new(&self.service.law);
        let mut rng = Key::of_seed(1).stream();
        let mut draws: Vec<f64> = (0..MEDIAN_DRAWS).map(|at| sampler.draw(&mut rng, at)).collect();
        draws.sort_unstable_by(f64::total_cmp);
        draws[draws.len() / 2] / 1e9
    }

    fn traffic(&self) -> Value {
        let arrivals = match &self.arrivals {
            Arrivals::Open { process, rate } => json!({ *process: { "rate": rate_text(*rate) } }),
            Arrivals::Closed { users, think } => {
                json!({ "users": { "count": users, "think": think.scenario() } })
            }
        };
        let mut class = json!({
            "name": "all",
            "arrivals": arrivals,
            "service_time": self.service.scenario(),
        });
        if let Some(patience) = &self.patience {
            class["patience"] = patience.scenario();
        }
        json!([class])
    }

    fn scenario(&self, scale: &Scale) -> Value {
        let unlimited = |count: Option<u32>| count.map_or(json!("unlimited"), |count| json!(count));
        json!({
            "apiVersion": "cutover/v1",
            "name": "theory-queue",
            "seeds": scale.replications,
            "clock": { "warmup": span(scale.warmup_s), "window": span(scale.window_s) },
            "traffic": self.traffic(),
            "client": { "timeout": "none" },
            "balancer": { "preset": "ideal", "nodes": 1, "policy": self.policy },
            "service": {
                "replicas": self.instances,
                "workers": unlimited(self.servers),
                "queue": unlimited(self.places),
                "discipline": if self.sharing { "ps" } else { "fcfs" },
            },
            "operations": [],
            "strategies": [{ "name": "steady", "rolling": {} }],
        })
    }
}

/// Draws for the median of a service law.
const MEDIAN_DRAWS: u64 = 100_001;
const SLOWDOWN: &str = "mean_slowdown_of_requests_with_size_";

/// A rate per second as a scenario spells it.
#[must_use]
pub fn rate_text(rate: f64) -> String {
    format!("{rate}/s")
}

fn read_arrivals(inputs: &mut Inputs) -> Result<Arrivals, NotModelled> {
    if let Some(users) = inputs.count("clients")? {
        let think = inputs.laws("think")?;
        let [think] = think.as_slice() else { return Err("several thinking times".into()) };
        return Ok(Arrivals::Closed { users, think: think.clone() });
    }
    let (process, rate) = read_process(inputs)?;
    Ok(Arrivals::Open { process, rate })
}

/// Takes `arrivals: {kind, rate_per_s}`: the scenario's name of the process, and its rate.
pub fn read_process(inputs: &mut Inputs) -> Result<(&'static str, f64), NotModelled> {
    let value = inputs.take("arrivals").ok_or("arrivals are missing")?;
    let fields = value.as_object().ok_or("arrivals are not a process")?;
    let mut fields = Inputs::new(fields);
    let process = match fields.word("kind")?.as_deref() {
        Some("poisson") => "poisson",
        Some("deterministic" | "constant") => "constant",
        other => return Err(format!("no arrival process {}", other.unwrap_or("without a kind"))),
    };
    let rate = fields.needed("rate_per_s")?;
    fields.finish()?;
    Ok((process, rate))
}

/// Takes the number of servers of an instance; `None`: any number.
pub fn read_servers(inputs: &mut Inputs) -> Result<Option<u32>, NotModelled> {
    let name = if inputs.has("servers_per_instance") { "servers_per_instance" } else { "servers" };
    match inputs.take(name) {
        Some(Value::String(word)) if word == "infinite" => Ok(None),
        Some(value) => match value.as_u64() {
            Some(count) if (1..1 << 20).contains(&count) => Ok(Some(count as u32)),
            _ => Err(format!("{name} = {value}")),
        },
        None => Err(format!("{name} is missing")),
    }
}

/// The scenario's policy for the catalogue's word.
#[must_use]
pub fn policy(word: &str) -> Option<Value> {
    if let Some(choices) = word.strip_prefix("power_of_").and_then(|w| w.strip_suffix("_choices")) {
        let choices: u32 = choices.parse().ok()?;
        return Some(json!({ "least_request": { "choices": choices } }));
    }
    match word {
        "random" => Some(json!("random")),
        "round_robin" => Some(json!("round_robin")),
        "join_shortest_queue" | "least_connections" | "least_request" => {
            Some(json!({ "least_request": { "choices": "all", "ties": "random" } }))
        }
        _ => None,
    }
}

/// What came out of a queue.
#[derive(Clone, Debug)]
pub struct QueueAnswer {
    tally: Tally,
    gives_up: bool,
}

impl QueueAnswer {
    /// A metric by the catalogue's name; `None` if there is no model of it.
    #[must_use]
    pub fn metric(&self, name: &str) -> Option<f64> {
        let tally = &self.tally;
        match name {
            "rho" | "utilisation" => tally.utilisation(),
            "p_wait" => tally.p_wait(self.gives_up),
            "mean_wait_s" => tally.mean_wait_s(),
            "mean_response_s" => tally.mean_response_s(),
            "mean_in_system" => Some(tally.mean_in_system()),
            "throughput_per_s" | "goodput_per_s" => Some(tally.throughput_per_s()),
            "p_reject" => tally.share(tally.rejected),
            "p_abandon" if self.gives_up => tally.share(tally.gave_up),
            _ => self.structured(name),
        }
    }

    /// Metrics whose name carries a parameter.
    fn structured(&self, name: &str) -> Option<f64> {
        if let Some(half) = name.strip_prefix(SLOWDOWN) {
            return match half {
                "below_median" => self.tally.slowdown_of_small(),
                "above_median" => self.tally.slowdown_of_large(),
                _ => None,
            };
        }
        if let Some(level) = name.strip_prefix("fraction_of_instances_with_at_least_") {
            return self.tally.share_of_instances_with(level.parse().ok()?);
        }
        let (quantile, of) = name.strip_prefix('p')?.split_once('_')?;
        let q = parse_percentile(quantile)?;
        match of {
            "response_s" => self.tally.response_quantile_s(q),
            "wait_s" => self.tally.wait_quantile_s(q),
            _ => None,
        }
    }
}

/// `50` is the median, `99` and `999` are 0.99 and 0.999, `99.9` is 0.999 too.
#[must_use]
pub fn parse_percentile(digits: &str) -> Option<f64> {
    if digits.contains('.') {
        return digits.parse::<f64>().ok().map(|percent| (percent * 10.0).round() / 1000.0);
    }
    let number: f64 = digits.parse().ok()?;
    let scale = digits.chars().fold(1.0, |scale, _| scale * 10.0);
    (digits.len() >= 2 && digits.bytes().all(|b| b.is_ascii_digit())).then_some(number / scale)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(inputs: &Value) -> Result<Vec<Queue>, NotModelled> {
        Queue::read(Inputs::new(inputs.as_object().unwrap()))
    }

    #[test]
    fn percentiles_are_read_by_their_digits() {
        assert_eq!(parse_percentile("50"), Some(0.5));
        assert_eq!(parse_percentile("999"), Some(0.999));
        assert_eq!(parse_percentile("99.9"), Some(0.999));
        assert_eq!(parse_percentile("x"), None);
    }

    #[test]
    fn places_in_the_queue_follow_from_the_capacity_of_the_system() {
        let queue = read(&json!({
            "arrivals": { "kind": "poisson", "rate_per_s": 9 },
            "service": { "kind": "exponential", "mean_s": 0.1 },
            "servers": 3, "system_capacity": 10, "on_full": "reject"
        }));
        assert_eq!(queue.unwrap()[0].places, Some(7));
    }

    #[test]
    fn a_case_with_several_laws_gives_a_model_for_each() {
        let queues = read(&json!({
            "arrivals": { "kind": "poisson", "rate_per_s": 9 },
            "service": [
                { "kind": "exponential", "mean_s": 0.1 }, { "kind": "deterministic", "mean_s": 0.1 }
            ],
            "servers": 1
        }))
        .unwrap();
        assert_eq!(
            queues.iter().map(Queue::law).collect::<Vec<_>>(),
            ["exponential", "deterministic"]
        );
    }

    #[test]
    fn what_has_no_model_is_named() {
        let case = |extra: (&str, Value)| {
            let mut inputs = json!({
                "arrivals": { "kind": "poisson", "rate_per_s": 9 },
                "service": { "kind": "exponential", "mean_s": 0.1 },
                "servers": 1
            });
            inputs[extra.0] = extra.1;
            read(&inputs).unwrap_err()
        };
        assert!(case(("discipline", json!("lifo"))).contains("lifo"));
        assert!(case(("vacations", json!(true))).contains("vacations"));
        assert!(case(("queue_information", json!("stale_1s"))).contains("stale_1s"));
        assert!(case(("instances", json!(4))).contains("balancer"));
    }
}
