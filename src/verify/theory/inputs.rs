//! The inputs of a catalogue case: read by name, and nothing overlooked.
//!
//! A model takes the inputs it understands. What is left over when it is done is something it
//! would silently ignore, so such a case counts as not modelled instead.

use serde_json::{Map, Value, json};

use crate::engine::Distribution;
use crate::engine::maths::{exp, ln};

/// Why a case cannot be run.
pub type NotModelled = String;

/// The inputs that have not been taken yet.
#[derive(Clone, Debug)]
pub struct Inputs {
    left: Map<String, Value>,
}

/// Remarks for people among the inputs.
const REMARKS: [&str; 2] = ["note", "comment"];

impl Inputs {
    /// All inputs of a case.
    #[must_use]
    pub fn new(inputs: &Map<String, Value>) -> Self {
        let mut left = inputs.clone();
        left.retain(|name, _| !REMARKS.contains(&name.as_str()));
        Self { left }
    }

    /// Whether an input is there and has not been taken.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.left.get(name).is_some_and(|value| !value.is_null())
    }

    /// Takes an input; `None` if it is missing or null.
    pub fn take(&mut self, name: &str) -> Option<Value> {
        self.left.remove(name).filter(|value| !value.is_null())
    }

    /// The names of inputs that begin with something, in order.
    #[must_use]
    pub fn names(&self, prefix: &str) -> Vec<String> {
        self.left.keys().filter(|name| name.starts_with(prefix)).cloned().collect()
    }

    /// Takes a number.
    pub fn number(&mut self, name: &str) -> Result<Option<f64>, NotModelled> {
        match self.take(name) {
            None => Ok(None),
            Some(value) => match value.as_f64() {
                Some(number) if number.is_finite() => Ok(Some(number)),
                _ => Err(format!("{name} = {value} is not a number")),
            },
        }
    }

    /// Takes a number that must be there.
    pub fn needed(&mut self, name: &str) -> Result<f64, NotModelled> {
        self.number(name)?.ok_or_else(|| format!("{name} is missing"))
    }

    /// Takes a whole number, at least 0.
    pub fn count(&mut self, name: &str) -> Result<Option<u32>, NotModelled> {
        match self.number(name)? {
            None => Ok(None),
            Some(number) if number >= 0.0 && number == number.trunc() && number < 4e9 => {
                Ok(Some(number as u32))
            }
            Some(number) => Err(format!("{name} = {number} is not a count")),
        }
    }

    /// Takes a word.
    pub fn word(&mut self, name: &str) -> Result<Option<String>, NotModelled> {
        match self.take(name) {
            None => Ok(None),
            Some(Value::String(word)) => Ok(Some(word)),
            Some(value) => Err(format!("{name} = {value} is not a word")),
        }
    }

    /// Takes an input that must have one of these values if it is there at all.
    pub fn assume(&mut self, name: &str, allowed: &[&str]) -> Result<(), NotModelled> {
        match self.word(name)? {
            Some(word) if !allowed.contains(&word.as_str()) => {
                Err(format!("{name} = {word} has no model"))
            }
            _ => Ok(()),
        }
    }

    /// Takes a number, or each of a list of numbers.
    pub fn numbers(&mut self, name: &str) -> Result<Vec<f64>, NotModelled> {
        let values = match self.take(name) {
            None => return Err(format!("{name} is missing")),
            Some(Value::Array(values)) => values,
            Some(value) => vec![value],
        };
        let number = |value: &Value| value.as_f64().filter(|number| number.is_finite());
        values.iter().map(|v| number(v).ok_or_else(|| format!("{name}: {v}"))).collect()
    }

    /// Takes a law, or each of a list of laws.
    pub fn laws(&mut self, name: &str) -> Result<Vec<Law>, NotModelled> {
        match self.take(name) {
            None => Err(format!("{name} is missing")),
            Some(Value::Array(values)) => values.iter().map(|v| Law::read(name, v)).collect(),
            Some(value) => Ok(vec![Law::read(name, &value)?]),
        }
    }

    /// Ends the reading: nothing may be left.
    pub fn finish(self) -> Result<(), NotModelled> {
        let left: Vec<&str> = self
            .left
            .iter()
            .filter(|(_, value)| !value.is_null())
            .map(|(name, _)| name.as_str())
            .collect();
        if left.is_empty() { Ok(()) } else { Err(format!("no model of {}", left.join(", "))) }
    }
}

/// A law of the catalogue, in seconds.
#[derive(Clone, Debug, PartialEq)]
pub struct Law {
    /// The catalogue's name of it.
    pub kind: String,
    /// The law in nanoseconds.
    pub law: Distribution,
}

/// Nanoseconds in a second.
const NANOSECONDS: f64 = 1e9;

impl Law {
    /// Reads `{kind, …}`.
    pub fn read(name: &str, value: &Value) -> Result<Self, NotModelled> {
        let fields = value.as_object().ok_or_else(|| format!("{name} is not a law"))?;
        let mut inputs = Inputs::new(fields);
        let kind = inputs.word("kind")?.ok_or_else(|| format!("{name} has no kind"))?;
        let law = read_law(&kind, &mut inputs)?;
        inputs.finish().map_err(|why| format!("{name}: {why}"))?;
        Ok(Self { kind, law })
    }

    /// The mean in seconds.
    #[must_use]
    pub fn mean_s(&self) -> f64 {
        self.law.mean() / NANOSECONDS
    }

    /// The law as a scenario spells it.
    #[must_use]
    pub fn scenario(&self) -> Value {
        match &self.law {
            Distribution::Constant(value) => json!(nanoseconds(*value)),
            Distribution::Exponential { mean } => {
                json!({ "exponential": { "mean": nanoseconds(*mean) } })
            }
            Distribution::Lognormal { median, sigma } => {
                json!({ "lognormal": { "median": nanoseconds(*median), "sigma": sigma } })
            }
            Distribution::Gamma { shape, scale } => {
                let cv = 1.0 / shape.sqrt();
                json!({ "gamma": { "mean": nanoseconds(shape * scale), "cv": cv } })
            }
            Distribution::Uniform { min, max } => {
                json!({ "uniform": { "min": nanoseconds(*min), "max": nanoseconds(*max) } })
            }
            Distribution::Weibull { scale, shape } => {
                json!({ "weibull": { "scale": nanoseconds(*scale), "shape": shape } })
            }
            Distribution::Pareto { scale, shape, .. } => {
                json!({ "pareto": { "scale": nanoseconds(*scale), "shape": shape } })
            }
            Distribution::Hyperexponential { means, weights } => {
                let means: Vec<String> = means.iter().map(|mean| nanoseconds(*mean)).collect();
                json!({ "hyperexponential": { "means": means, "weights": weights } })
            }
            Distribution::Empirical { .. } | Distribution::InTurn { .. } => {
                unreachable!("the catalogue has no such law")
            }
        }
    }
}

fn read_law(kind: &str, inputs: &mut Inputs) -> Result<Distribution, NotModelled> {
    let seconds = |value: f64| value * NANOSECONDS;
    // A square coefficient of variation or a mean that follows from the other parameters.
    let implied = |inputs: &mut Inputs| {
        inputs.take("scv");
        inputs.take("mean_s");
    };
    Ok(match kind {
        "deterministic" | "constant" => Distribution::Constant(seconds(inputs.needed("mean_s")?)),
        "exponential" => {
            let mean = seconds(inputs.needed("mean_s")?);
            implied(inputs);
            Distribution::Exponential { mean }
        }
        "lognormal" if inputs.has("median_s") => {
            let median = seconds(inputs.needed("median_s")?);
            let sigma = inputs.needed("sigma")?;
            implied(inputs);
            Distribution::Lognormal { median, sigma }
        }
        "lognormal" => {
            let mean = seconds(inputs.needed("mean_s")?);
            let variance = ln(1.0 + inputs.needed("scv")?);
            let median = mean * exp(-variance / 2.0);
            Distribution::Lognormal { median, sigma: variance.sqrt() }
        }
        "erlang" => {
            let shape = inputs.needed("k")?;
            let mean = seconds(inputs.needed("mean_s")?);
            implied(inputs);
            Distribution::Gamma { shape, scale: mean / shape }
        }
        "gamma" => {
            let shape = 1.0 / inputs.needed("scv")?;
            let mean = seconds(inputs.needed("mean_s")?);
            Distribution::Gamma { shape, scale: mean / shape }
        }
        "uniform" => {
            let (min, max) = (inputs.needed("min_s")?, inputs.needed("max_s")?);
            implied(inputs);
            Distribution::Uniform { min: seconds(min), max: seconds(max) }
        }
        "hyperexponential2" => {
            // Balanced means: both branches carry half of the work.
            let mean = seconds(inputs.needed("mean_s")?);
            let scv = inputs.needed("scv")?;
            let p = (1.0 + ((scv - 1.0) / (scv + 1.0)).sqrt()) / 2.0;
            Distribution::Hyperexponential {
                means: vec![mean / (2.0 * p), mean / (2.0 * (1.0 - p))],
                weights: vec![p, 1.0 - p],
            }
        }
        "pareto" => {
            let shape = inputs.needed("alpha")?;
            let mean = inputs.number("mean_s")?;
            let scale = match (inputs.number("x_min_s")?, mean) {
                (Some(scale), _) => scale,
                (None, Some(mean)) => mean * (shape - 1.0) / shape,
                (None, None) => return Err("pareto without x_min_s or mean_s".into()),
            };
            implied(inputs);
            Distribution::Pareto { scale: seconds(scale), shape, cap: None }
        }
        _ => return Err(format!("no law of kind {kind}")),
    })
}

/// A span as a scenario spells it: whole nanoseconds.
#[must_use]
pub fn nanoseconds(value: f64) -> String {
    format!("{}ns", value.round().max(0.0))
}

/// A span of seconds as a scenario spells it.
#[must_use]
pub fn span(seconds: f64) -> String {
    nanoseconds(seconds * NANOSECONDS)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn law(value: &Value) -> Law {
        Law::read("service", value).unwrap()
    }

    #[test]
    fn laws_keep_the_mean_and_variation_that_the_catalogue_gives() {
        let h2 = law(&json!({ "kind": "hyperexponential2", "mean_s": 0.1, "scv": 4.0 }));
        assert!((h2.mean_s() - 0.1).abs() < 1e-12);
        let Distribution::Hyperexponential { means, weights } = &h2.law else { panic!() };
        let second: f64 = means.iter().zip(weights).map(|(m, w)| 2.0 * w * m * m).sum();
        assert!((second / (h2.law.mean() * h2.law.mean()) - 5.0).abs() < 1e-9);
        for value in [
            json!({ "kind": "lognormal", "mean_s": 0.1, "scv": 4.0 }),
            json!({ "kind": "erlang", "k": 2, "mean_s": 0.1, "scv": 0.5 }),
            json!({ "kind": "pareto", "alpha": 2.5, "mean_s": 0.1, "scv": 0.8 }),
            json!({ "kind": "uniform", "min_s": 0.05, "max_s": 0.15, "mean_s": 0.1 }),
        ] {
            assert!((law(&value).mean_s() - 0.1).abs() < 1e-12, "{value}");
        }
    }

    #[test]
    fn an_input_that_no_model_takes_is_not_ignored() {
        let inputs = json!({ "servers": 3, "breakdowns": 2, "note": "for people", "gap": null });
        let mut inputs = Inputs::new(inputs.as_object().unwrap());
        assert_eq!(inputs.count("servers"), Ok(Some(3)));
        assert_eq!(inputs.finish(), Err("no model of breakdowns".into()));
        let value = json!({ "kind": "exponential", "mean_s": 1.0, "shift_s": 0.5 });
        assert!(Law::read("service", &value).is_err());
    }

    #[test]
    fn words_and_counts_of_the_wrong_kind_are_refused() {
        let inputs = json!({ "servers": 2.5, "discipline": "lifo" });
        let mut inputs = Inputs::new(inputs.as_object().unwrap());
        assert!(inputs.count("servers").is_err());
        assert!(inputs.assume("discipline", &["fcfs"]).is_err());
    }
}
