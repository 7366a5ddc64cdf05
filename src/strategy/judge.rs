//! A judge: an analysis that measures reported metrics again and again until it is content, or
//! is not.
//!
//! The rules are Argo Rollouts' ([`rules`]); a measurement takes no time. One for which the
//! monitoring system knows of no attempt at all cannot be taken: it is tried again after 10 s,
//! and the fifth such try in a row ends the analysis. One with some attempts but too few is
//! inconclusive. A judge sees only what the monitoring system reports, with its scrapes,
//! window and delay.

pub mod rules;
#[cfg(test)]
mod tables;
#[cfg(test)]
mod tests;

use self::rules::{Condition, Limits, Phase, Tally, Timing};
use super::ReportedMetrics;
use crate::engine::{SimDuration, SimTime};
use crate::plan::{Analysis, AnalysisMetric, MetricName, Plan, Scope, ScopeVersion};
use crate::record::EventKind;

/// Argo's `consecutiveErrorLimit`.
const CONSECUTIVE_ERROR_LIMIT: u32 = 4;

/// One run of an analysis.
#[derive(Clone, Debug)]
pub struct Judge {
    name: String,
    metrics: Vec<Metric>,
    limits: Limits,
    timing: Timing,
    started: SimTime,
    phase: Phase,
}

#[derive(Clone, Debug)]
struct Metric {
    query: AnalysisMetric,
    label: String,
    tally: Tally,
    phase: Phase,
}

/// The judges that a plan names.
#[derive(Clone, Debug)]
pub struct Bench {
    analyses: Vec<Analysis>,
    classes: Vec<String>,
}

impl Bench {
    /// All of a plan's.
    #[must_use]
    pub fn of(plan: &Plan) -> Self {
        Self {
            analyses: plan.analyses.clone(),
            classes: plan.classes.iter().map(|class| class.name.clone()).collect(),
        }
    }

    /// Starts the analysis of that name.
    ///
    /// # Panics
    /// If there is none; a plan is checked for that.
    #[must_use]
    pub fn sit(&self, name: &str, started: SimTime) -> Judge {
        let analysis = self.analyses.iter().find(|analysis| analysis.name == name);
        Judge::new(analysis.expect("analyses are looked up in the plan"), &self.classes, started)
    }
}

impl Judge {
    /// Starts an analysis. The classes' names are for the log.
    #[must_use]
    pub fn new(analysis: &Analysis, classes: &[String], started: SimTime) -> Self {
        let interval = Some(analysis.interval).filter(|&interval| interval > SimDuration::ZERO);
        let timing =
            Timing { initial_delay: analysis.initial_delay, interval, count: analysis.count };
        let metrics = analysis.metrics.iter().map(|metric| Metric {
            query: metric.clone(),
            label: label(metric, classes),
            tally: Tally::default(),
            phase: Phase::Pending,
        });
        Self {
            name: analysis.name.clone(),
            metrics: metrics.collect(),
            limits: Limits {
                failure: Some(analysis.failure_limit),
                inconclusive: analysis.inconclusive_limit,
                consecutive_error: CONSECUTIVE_ERROR_LIMIT,
                consecutive_success: None,
                count: timing.effective_count(),
            },
            timing,
            started,
            phase: Phase::Running,
        }
    }

    /// The analysis' name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Running until it is one of Successful, Failed, Inconclusive and Error.
    #[must_use]
    pub fn phase(&self) -> Phase {
        self.phase
    }

    /// When it wants to measure next; `None` once it has finished.
    #[must_use]
    pub fn next_due(&self) -> Option<SimTime> {
        self.open()
            .filter_map(|metric| rules::due_at(&self.timing, &metric.tally, self.started))
            .min()
    }

    /// Takes the measurements that are due, and says what there is to log.
    pub fn measure(&mut self, now: SimTime, reported: &dyn ReportedMetrics) -> Vec<EventKind> {
        let mut log = Vec::new();
        if self.phase.is_complete() {
            return log;
        }
        for metric in self.metrics.iter_mut().filter(|metric| !metric.phase.is_complete()) {
            let due = rules::due_at(&self.timing, &metric.tally, self.started);
            if due.is_some_and(|due| due <= now) {
                log.push(metric.measure(now, reported));
            }
        }
        self.assess(false, &mut log);
        log
    }

    /// Stops it: what has not ended badly by now ends as successful.
    pub fn stop(&mut self) -> Vec<EventKind> {
        let mut log = Vec::new();
        if !self.phase.is_complete() {
            self.assess(true, &mut log);
        }
        log
    }

    fn open(&self) -> impl Iterator<Item = &Metric> {
        self.metrics
            .iter()
            .filter(|metric| !self.phase.is_complete() && !metric.phase.is_complete())
    }

    fn assess(&mut self, stop: bool, log: &mut Vec<EventKind>) {
        let phases = |judge: &Self, terminating| -> Vec<Phase> {
            let of = |m: &Metric| rules::metric_phase(&judge.limits, &m.tally, terminating);
            judge.metrics.iter().map(of).collect()
        };
        // One bad metric stops its siblings, which are forgiven what they have not measured.
        let terminating = rules::is_terminating(stop, &phases(self, stop));
        let settled = phases(self, terminating);
        self.phase = rules::run_phase(&settled);
        for (metric, phase) in self.metrics.iter_mut().zip(settled) {
            metric.phase = phase;
        }
        if self.phase.is_complete() {
            let (analysis, verdict) = (self.name.clone(), self.phase.name().to_owned());
            log.push(EventKind::AnalysisFinished { analysis, verdict });
        }
    }
}

impl Metric {
    fn measure(&mut self, now: SimTime, reported: &dyn ReportedMetrics) -> EventKind {
        let value = reported.query(&self.query);
        let stable = || reported.query(&self.query.of_stable());
        let broken = value.and_then(|value| self.query.bound.is_broken(value, stable));
        let phase = if value.is_none() && self.nothing_happened(reported) {
            rules::measurement_phase(Condition::Unknown, Condition::Unknown)
        } else {
            // With too little data neither condition holds.
            rules::measurement_phase(
                Condition::Is(broken == Some(false)),
                Condition::Is(broken == Some(true)),
            )
        };
        self.tally.add(phase, now);
        let verdict = phase.name().to_owned();
        EventKind::AnalysisMeasured { metric: self.label.clone(), value, verdict }
    }
}

impl Metric {
    /// Whether the monitoring system knows of no attempt in the window.
    fn nothing_happened(&self, reported: &dyn ReportedMetrics) -> bool {
        let attempts = AnalysisMetric {
            metric: MetricName::RequestRate,
            min_requests: 0,
            ..self.query.clone()
        };
        reported.query(&attempts).is_none_or(|rate| rate == 0.0)
    }
}

/// The metric as monitoring systems write it: `error_rate{class="browse",version="candidate"}`.
fn label(metric: &AnalysisMetric, classes: &[String]) -> String {
    let Scope { class, version } = metric.scope;
    let class = class.map(|class| format!("class={:?}", classes[usize::from(class)]));
    let version = version.map(|version| match version {
        ScopeVersion::Candidate => "version=\"candidate\"".to_owned(),
        ScopeVersion::Stable => "version=\"stable\"".to_owned(),
    });
    let selectors: Vec<String> = class.into_iter().chain(version).collect();
    match selectors.as_slice() {
        [] => metric.metric.name().to_owned(),
        some => format!("{}{{{}}}", metric.metric.name(), some.join(",")),
    }
}
