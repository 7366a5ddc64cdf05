//! The theory catalogue: worked cases of queueing, balancing, rollouts and control planes with
//! known answers.
//!
//! A case names a model in plain terms; here it becomes the text of a scenario, which goes the
//! way of every scenario (parse, resolve, plan, simulation), and its checks are held against
//! the record of the run. A case with an input or a metric that has no model is reported as
//! not modelled.

mod canary;
mod control;
mod human;
mod inputs;
mod naming;
mod outage;
mod overload;
mod queue;
mod rollout;
mod run;
mod state;
mod streams;
mod tally;

use serde::Deserialize;
use serde_json::{Map, Value};

use super::{Check, Verdict};
use crate::engine::maths::log10;
use inputs::{Inputs, NotModelled};
use queue::Queue;
use rollout::Figure;
use run::Effort;

/// A catalogue file.
#[derive(Clone, Debug, Deserialize)]
pub struct Catalogue {
    /// Its format.
    pub meta: Meta,
    /// The cases.
    pub cases: Vec<Case>,
}

/// What kind of catalogue it is.
#[derive(Clone, Debug, Deserialize)]
pub struct Meta {
    /// [`FORMAT`].
    pub format: String,
    /// [`FORMAT_VERSION`].
    pub format_version: u32,
}

/// The catalogue's name for its format.
pub const FORMAT: &str = "cutover-theory-catalogue";
/// The version of the format that is read here.
pub const FORMAT_VERSION: u32 = 1;

/// One worked case.
#[derive(Clone, Debug, Deserialize)]
pub struct Case {
    /// Its name; cases of one family share the stem.
    pub id: String,
    /// The model, in seconds and rates per second.
    pub inputs: Map<String, Value>,
    /// What must come out.
    pub checks: Vec<Expectation>,
    /// Suggested run length or replications.
    #[serde(default)]
    pub sim: Map<String, Value>,
}

/// One number that must come out.
#[derive(Clone, Debug, Deserialize)]
pub struct Expectation {
    /// What is looked at.
    pub metric: String,
    /// The known answer.
    pub expected: Value,
    /// How far off it may be.
    pub tolerance: Tolerance,
}

/// How far a number may be off.
#[derive(Clone, Debug, Deserialize)]
pub struct Tolerance {
    /// How the value is meant.
    pub kind: ToleranceKind,
    /// In the metric's unit, or a share of the expected value.
    pub value: f64,
}

/// How a tolerance is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ToleranceKind {
    /// A share of the expected value.
    Relative,
    /// In the metric's unit.
    Absolute,
    /// None at all.
    Exact,
    /// The observed value may exceed the expected one by at most this.
    UpperBound,
}

impl Tolerance {
    /// Whether `got` is near enough to `expected`; `allowance` is what a sample shorter than the
    /// tolerance was set for adds.
    #[must_use]
    pub fn holds(&self, expected: f64, got: f64, allowance: f64) -> bool {
        // What rounding in the catalogue's own arithmetic may do.
        let rounding = 1e-9 * expected.abs();
        let off = (got - expected).abs();
        match self.kind {
            ToleranceKind::Relative => off <= self.value * expected.abs() + allowance,
            ToleranceKind::Absolute => off <= self.value + allowance,
            ToleranceKind::Exact => off <= rounding + allowance,
            ToleranceKind::UpperBound => got <= expected + self.value + allowance,
        }
    }

    fn describe(&self, allowance: f64) -> String {
        let own = match self.kind {
            ToleranceKind::Relative => format!("±{} %", figure(100.0 * self.value)),
            ToleranceKind::Absolute => format!("±{}", figure(self.value)),
            ToleranceKind::Exact => "exact".into(),
            ToleranceKind::UpperBound => format!("at most +{}", figure(self.value)),
        };
        if allowance > 0.0 {
            format!("{own}, ±{} for the short sample", figure(allowance))
        } else {
            own
        }
    }
}

/// Requests that the whole catalogue may spend on one model, and the quick check on one case.
const WHOLE: f64 = 20e6;
const QUICK: f64 = 2.1e6;

/// How much of a catalogue is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// Every case at its suggested length.
    Whole,
    /// Only cases whose suggested length is short: for every day.
    Quick,
}

impl Catalogue {
    /// Reads a catalogue; `None` if the text is something else.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let catalogue: Self = serde_json::from_str(text).ok()?;
        let ours =
            catalogue.meta.format == FORMAT && catalogue.meta.format_version == FORMAT_VERSION;
        ours.then_some(catalogue)
    }
}

impl Case {
    /// Whether this extent runs the case.
    #[must_use]
    pub fn belongs_to(&self, extent: Extent) -> bool {
        let number = |name: &str| self.sim.get(name).and_then(Value::as_f64).unwrap_or(0.0);
        extent == Extent::Whole || number("requests").max(number("completions")) <= QUICK
    }

    /// Runs the case and holds its checks against what came out.
    #[must_use]
    pub fn check(&self, extent: Extent) -> Vec<Check> {
        let most_requests = match extent {
            Extent::Whole => WHOLE,
            Extent::Quick => QUICK,
        };
        let effort = Effort { suggested: self.sim.clone(), most_requests };
        match self.answers(&effort) {
            Err(why) => {
                self.checks.iter().map(|check| check.not_modelled(&self.id, &why)).collect()
            }
            Ok(answers) => self
                .checks
                .iter()
                .flat_map(|check| answers.iter().map(|answer| check.hold(&self.id, answer)))
                .collect(),
        }
    }

    /// What a case says of a metric: where that has to stand for an input which nobody knows.
    fn expected(&self, metric: &str) -> Option<f64> {
        self.checks.iter().find(|check| check.metric == metric)?.expected.as_f64()
    }

    fn answers(&self, effort: &Effort) -> Result<Vec<Answer>, NotModelled> {
        let inputs = Inputs::new(&self.inputs);
        let metrics: Vec<&str> = self.checks.iter().map(|check| check.metric.as_str()).collect();
        let canary = canary::figures(&inputs, &metrics, effort);
        let given =
            (outage::is_silence(&inputs) && !inputs.has("outage_s")).then_some("failed_requests");
        let mut allowances = Vec::new();
        let mut sampled = |(figures, more): rollout::Sampled| {
            allowances = more;
            figures
        };
        let figures = if let Some(figures) = canary {
            figures?
        } else if rollout::is_bounds(&inputs) {
            rollout::bounds(inputs)?
        } else if rollout::is_race(&inputs) {
            sampled(rollout::race(inputs, effort)?)
        } else if rollout::is_cut(&inputs) {
            sampled(rollout::cut(inputs, effort)?)
        } else if outage::is_backlog(&inputs) {
            outage::backlog(inputs)?
        } else if outage::is_stall(&inputs) {
            outage::stall(inputs)?
        } else if outage::is_silence(&inputs) {
            outage::silence(inputs, self.expected("failed_requests"))?
        } else if streams::is_drain(&inputs) {
            streams::drain(inputs, effort)?
        } else if overload::is_amplification(&inputs) {
            overload::amplification(inputs)?
        } else if overload::is_herd(&inputs) {
            overload::herd(inputs)?
        } else if overload::is_storm(&inputs) {
            overload::storm(inputs)?
        } else if state::is_ramp(&inputs) {
            state::ramp(inputs, effort)?
        } else if state::is_visits(&inputs) {
            state::visits(inputs, effort)?
        } else if state::is_sticky(&inputs) {
            state::sticky(inputs, effort)?
        } else if state::is_steady_cache(&inputs) {
            state::steady_cache(inputs, effort)?
        } else if state::is_cold_cache(&inputs) {
            state::cold_cache(inputs, effort)?
        } else if state::is_stampede(&inputs) {
            state::stampede(inputs, effort)?
        } else if naming::is_switch(&inputs) {
            naming::switch(inputs, effort)?
        } else if control::is_autoscaler(&inputs) {
            control::autoscaler(inputs)?
        } else if control::is_fill(&inputs) {
            control::fill(inputs, effort)?
        } else if control::is_detection(&inputs) {
            control::detection(inputs)?
        } else if human::is_chain(&inputs) {
            human::chain(inputs, effort)?
        } else if control::is_hash(&inputs) {
            control::hash(inputs)?
        } else if queue::applies(&inputs) {
            return queue_answers(Queue::read(inputs)?, effort);
        } else {
            return Err("no model takes these inputs".into());
        };
        Ok(vec![Answer { of: String::new(), values: Values::Figures(figures), allowances, given }])
    }
}

/// One answer a service law, named where there are several.
fn queue_answers(queues: Vec<Queue>, effort: &Effort) -> Result<Vec<Answer>, NotModelled> {
    let several = queues.len() > 1;
    let answer = |queue: &Queue| {
        let of = if several { format!(" ({} service)", queue.law()) } else { String::new() };
        let values = Values::Queue(Box::new(queue.run(effort)?));
        Ok(Answer { of, values, allowances: Vec::new(), given: None })
    };
    queues.iter().map(answer).collect()
}

/// What came out of one model.
struct Answer {
    /// Which of a case's models, for the metric's name.
    of: String,
    values: Values,
    /// What a sample cut short adds to the tolerance of a metric.
    allowances: Vec<Figure>,
    /// The metric that an input was taken from, which says nothing then.
    given: Option<&'static str>,
}

enum Values {
    Figures(Vec<Figure>),
    Queue(Box<queue::QueueAnswer>),
}

impl Answer {
    fn metric(&self, name: &str) -> Option<f64> {
        match &self.values {
            Values::Queue(queue) => queue.metric(name),
            Values::Figures(figures) => {
                figures.iter().find(|(figure, _)| figure == name).map(|(_, value)| *value)
            }
        }
    }
}

impl Expectation {
    fn hold(&self, case: &str, answer: &Answer) -> Check {
        let expected = self.expected.as_f64();
        let expected =
            expected.or_else(|| self.expected.as_bool().map(|yes| f64::from(u8::from(yes))));
        let (Some(expected), Some(got)) = (expected, answer.metric(&self.metric)) else {
            return self.not_modelled(case, "no model gives this metric");
        };
        let allowance = answer.allowances.iter().find(|(name, _)| *name == self.metric);
        let allowance = allowance.map_or(0.0, |(_, allowance)| *allowance);
        let holds = got.is_finite() && self.tolerance.holds(expected, got, allowance);
        let given = if answer.given == Some(&self.metric) { ", given: an input here" } else { "" };
        Check {
            case: case.into(),
            metric: format!("{}{}", self.metric, answer.of),
            expected: figure(expected),
            got: figure(got),
            tolerance: format!("{}{given}", self.tolerance.describe(allowance)),
            verdict: if holds { Verdict::Ok } else { Verdict::Off },
        }
    }

    fn not_modelled(&self, case: &str, why: &str) -> Check {
        Check {
            case: case.into(),
            metric: self.metric.clone(),
            expected: self.expected.as_f64().map_or(self.expected.to_string(), figure),
            got: why.into(),
            tolerance: self.tolerance.describe(0.0),
            verdict: Verdict::NotModelled,
        }
    }
}

/// A number with six significant digits, for people.
fn figure(value: f64) -> String {
    if value == 0.0 || !value.is_finite() {
        return format!("{value}");
    }
    let digits = 5 - log10(value.abs()).floor() as i32;
    let text = format!("{value:.*}", digits.clamp(0, 12) as usize);
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.').to_string()
    } else {
        text
    }
}
