//! Distributions: from their parameters to the engine's form.

use crate::engine::Distribution;
use crate::engine::maths::{exp, ln};
use crate::scenario::checked::{Checked, Held};
use crate::scenario::code;
use crate::scenario::resolve::Context;
use crate::scenario::resolve::data;

/// The 99 % quantile of the standard normal law.
const Z99: f64 = 2.326_347_874_040_841;

/// Reads a law. Times are in nanoseconds. After an error it is 0.
pub fn law(context: &mut Context<'_>, at: &Checked) -> Distribution {
    match &at.held {
        Held::List(items) => Distribution::InTurn { values: items.iter().map(leaf).collect() },
        Held::Choice(kind, inner) => chosen(context, kind, inner),
        _ => Distribution::Constant(leaf(at)),
    }
}

/// A time in nanoseconds, or a plain number.
fn leaf(at: &Checked) -> f64 {
    match at.held {
        Held::Duration(span) => span.0 as f64,
        _ => at.number(),
    }
}

fn chosen(context: &mut Context<'_>, kind: &str, at: &Checked) -> Distribution {
    match kind {
        "constant" => Distribution::Constant(leaf(at)),
        "exponential" => Distribution::Exponential { mean: leaf(at.at("mean")) },
        "lognormal" => lognormal(context, at),
        "gamma" => {
            let (mean, cv) = (leaf(at.at("mean")), at.at("cv").number());
            Distribution::Gamma { shape: 1.0 / (cv * cv), scale: mean * cv * cv }
        }
        "erlang" => {
            let stages = at.at("k").count() as f64;
            Distribution::Gamma { shape: stages, scale: leaf(at.at("mean")) / stages }
        }
        "uniform" => {
            let (min, max) = (leaf(at.at("min")), leaf(at.at("max")));
            if min >= max {
                contradiction(context, at, "`min` must be below `max`");
            }
            Distribution::Uniform { min, max }
        }
        "weibull" => {
            Distribution::Weibull { scale: leaf(at.at("scale")), shape: at.at("shape").number() }
        }
        "pareto" => pareto(context, at),
        "hyperexponential" => hyperexponential(context, at),
        "empirical" => {
            let values = empirical(context, at).unwrap_or_else(|| vec![0.0]);
            Distribution::Empirical { values: values.into() }
        }
        _ => unreachable!("the field table has no law {kind}"),
    }
}

fn contradiction(context: &mut Context<'_>, at: &Checked, message: &str) {
    context.error(code::LAW, at, message);
}

fn lognormal(context: &mut Context<'_>, at: &Checked) -> Distribution {
    let get = |name: &str| at.at(name).given().map(leaf);
    let names = ["mean", "cv", "scv", "median", "sigma", "p50", "p99"];
    let given: Vec<&str> = names.into_iter().filter(|name| get(name).is_some()).collect();
    let value = |name: &str| get(name).expect("given");
    let by_mean = |scv: f64| {
        let variance = ln(1.0 + scv);
        Distribution::Lognormal {
            median: value("mean") * exp(-variance / 2.0),
            sigma: variance.sqrt(),
        }
    };
    match given.as_slice() {
        ["mean", "cv"] => by_mean(value("cv") * value("cv")),
        ["mean", "scv"] => by_mean(value("scv")),
        ["median", "sigma"] => {
            Distribution::Lognormal { median: value("median"), sigma: value("sigma") }
        }
        ["p50", "p99"] => {
            let (median, high) = (value("p50"), value("p99"));
            if median >= high {
                contradiction(context, at, "`p50` must be below `p99`");
                return Distribution::Constant(0.0);
            }
            let sigma = ln(high / median) / Z99;
            if sigma > 10.0 {
                contradiction(context, at, "`p99` is too far above `p50` for a lognormal law");
                return Distribution::Constant(0.0);
            }
            Distribution::Lognormal { median, sigma }
        }
        _ => {
            let error = context.error(code::LAW, at, "a lognormal law has exactly two parameters");
            error.allowed = Some(
                "`mean` and `cv`, `mean` and `scv`, `median` and `sigma`, or `p50` and `p99`"
                    .to_owned(),
            );
            Distribution::Constant(0.0)
        }
    }
}

/// Observed values, from a file or written down; rising.
fn empirical(context: &mut Context<'_>, at: &Checked) -> Option<Vec<f64>> {
    match (at.at("file").given(), at.at("values").given()) {
        (Some(file), None) => data::empirical(context, file),
        (None, Some(values)) => {
            let mut values: Vec<f64> = values.items().iter().map(leaf).collect();
            values.sort_unstable_by(f64::total_cmp);
            Some(values)
        }
        _ => {
            contradiction(context, at, "exactly one of `file` and `values` must be given");
            None
        }
    }
}

fn pareto(context: &mut Context<'_>, at: &Checked) -> Distribution {
    let (scale, shape) = (leaf(at.at("scale")), at.at("shape").number());
    let cap = at.at("cap").unless("none").map(leaf);
    match cap {
        None if shape <= 1.0 => {
            let error = context.error(
                code::LAW,
                at,
                "a Pareto law with `shape` up to 1 and no `cap` has no mean",
            );
            error.allowed = Some("`shape` above 1, or a `cap`".to_owned());
        }
        Some(cap) if cap <= scale => contradiction(context, at, "`cap` must be above `scale`"),
        _ => {}
    }
    Distribution::Pareto { scale, shape, cap }
}

fn hyperexponential(context: &mut Context<'_>, at: &Checked) -> Distribution {
    let means: Vec<f64> = at.at("means").items().iter().map(leaf).collect();
    let weights: Vec<f64> = at.at("weights").items().iter().map(Checked::number).collect();
    if means.len() != weights.len() {
        contradiction(context, at, "`means` and `weights` must be equally many");
    }
    let sum: f64 = weights.iter().sum();
    if (sum - 1.0).abs() > 1e-6 {
        contradiction(context, at, "`weights` must add up to 1");
    }
    Distribution::Hyperexponential { means, weights }
}
