//! Probability distributions, as they are written anywhere a duration may stand.
//!
//! Parameters are durations for times and plain numbers for counts; shapes and weights are
//! always plain. What the parameters must satisfy together is checked where the law is read.

use super::{Alternative, Choice, List, Object, PERIOD, SPAN, Shape, field, option};

const POSITIVE: Shape = Shape::Number(0.01, 1e6);
/// Spreads beyond these give values that no clock can hold.
const SPREAD: Shape = Shape::Number(1e-6, 1e4);
const SIGMA: Shape = Shape::Number(1e-6, 10.0);
const WEIGHTS: List = List { item: Shape::Share, least: 1, most: 1_000 };

macro_rules! laws {
    ($module:ident, $least:expr, $positive:expr) => {
        pub(super) mod $module {
            use super::*;

            pub const LEAF: Shape = $least;
            const ABOVE: Shape = $positive;
            const BRANCHES: List = List { item: ABOVE, least: 1, most: 1_000 };

            const EXPONENTIAL: Object = Object::of(&[field("mean", ABOVE, "Mean.")]);
            const LOGNORMAL: Object = Object::of(&[
                field("mean", ABOVE, "Mean; with `cv` or `scv`.").optional("not given"),
                field("cv", SPREAD, "Coefficient of variation: standard deviation by mean.")
                    .optional("not given"),
                field("scv", SPREAD, "Squared coefficient of variation.").optional("not given"),
                field("median", ABOVE, "Median; with `sigma`.").optional("not given"),
                field("sigma", SIGMA, "Standard deviation of the logarithm.")
                    .optional("not given"),
                field("p50", ABOVE, "Median; with `p99`.").optional("not given"),
                field("p99", ABOVE, "99th percentile.").optional("not given"),
            ]);
            const GAMMA: Object = Object::of(&[
                field("mean", ABOVE, "Mean."),
                field("cv", SPREAD, "Coefficient of variation: standard deviation by mean."),
            ]);
            const ERLANG: Object = Object::of(&[
                field("mean", ABOVE, "Mean of the sum."),
                field("k", Shape::Count(1, 1_000), "How many exponential stages."),
            ]);
            const UNIFORM: Object = Object::of(&[
                field("min", LEAF, "Lower end."),
                field("max", LEAF, "Upper end, above `min`."),
            ]);
            const WEIBULL: Object = Object::of(&[
                field("scale", ABOVE, "The 63.2 % quantile."),
                field("shape", POSITIVE, "Below 1: heavier tail than exponential."),
            ]);
            const PARETO: Object = Object::of(&[
                field("scale", ABOVE, "Smallest value."),
                field("shape", POSITIVE, "Tail exponent; the mean exists above 1."),
                field("cap", Shape::Or(&["none"], &ABOVE), "No value is larger.")
                    .or("none", "the plain Pareto law"),
            ]);
            const HYPEREXPONENTIAL: Object = Object::of(&[
                field("means", Shape::List(&BRANCHES), "Means of the exponential branches."),
                field("weights", Shape::List(&WEIGHTS), "Chances of the branches; they add up to 1."),
            ]);
            const VALUES: List = List { item: LEAF, least: 1, most: 50_000 };
            const EMPIRICAL: Object = Object::of(&[
                field(
                    "file",
                    Shape::Path,
                    "CSV with one column of observed times; the header names the unit (`ms`, \
                     `latency_ms`, `seconds`, …), or each value has its own.",
                )
                .optional("`values` are given"),
                field("values", Shape::List(&VALUES), "The observed values.")
                    .optional("`file` is given"),
            ]);
            const OPTIONS: &[Alternative] = &[
                option("constant", LEAF, "Always the same value."),
                option("exponential", Shape::Map(&EXPONENTIAL), "Memoryless."),
                option("lognormal", Shape::Map(&LOGNORMAL),
                    "Lognormal: by `mean` and `cv`, `mean` and `scv`, `median` and `sigma`, or `p50` and `p99`."),
                option("gamma", Shape::Map(&GAMMA), "Gamma."),
                option("erlang", Shape::Map(&ERLANG), "Sum of `k` equal exponential stages."),
                option("uniform", Shape::Map(&UNIFORM), "Evenly between two values."),
                option("weibull", Shape::Map(&WEIBULL), "Weibull."),
                option("pareto", Shape::Map(&PARETO), "Power-law tail, with or without a cap."),
                option("hyperexponential", Shape::Map(&HYPEREXPONENTIAL), "Mixture of exponentials."),
                option("empirical", Shape::Map(&EMPIRICAL), "Observed values, each as likely as the others."),
            ];
            pub const CHOICE: Choice = Choice { what: "a distribution", options: OPTIONS };
        }
    };
}

laws!(time, SPAN, PERIOD);
laws!(number, Shape::Number(0.0, 1e9), Shape::Number(1e-9, 1e9));

const IN_TURN: List = List { item: SPAN, least: 1, most: 100_000 };

/// A time, or its distribution.
pub(super) const TIME: Shape =
    Shape::ByKind { scalar: &time::LEAF, list: None, map: &Shape::Choice(&time::CHOICE) };
/// A delay of pods: a time, a distribution, or a list taken in order by pod ordinal.
pub(super) const POD_TIME: Shape = Shape::ByKind {
    scalar: &time::LEAF,
    list: Some(&Shape::List(&IN_TURN)),
    map: &Shape::Choice(&time::CHOICE),
};
/// A number, or its distribution.
pub(super) const NUMBER: Shape =
    Shape::ByKind { scalar: &number::LEAF, list: None, map: &Shape::Choice(&number::CHOICE) };
