//! The monitoring system at work: when it scrapes, and when it looks at its alerts.
//!
//! It scrapes on a grid of its own, whose phase is drawn once a run: nobody times a deployment
//! to the scrapes. Alerts are looked at whenever a scrape becomes visible.

use super::{Alerts, AttemptTable, Roles, Telemetry};
use crate::engine::rng::Key;
use crate::engine::{SimDuration, SimTime};
use crate::plan::streams::SCRAPE_PHASE;
use crate::plan::{AnalysisMetric, Bound, CanaryStep, OperationKind, Plan, PushStep, Strategy};
use crate::record::EventKind;

/// Scrapes, stored data and alerts of a run.
#[derive(Clone, Debug)]
pub struct Monitoring {
    interval: SimDuration,
    telemetry: Telemetry,
    alerts: Alerts,
    next_scrape: SimTime,
    next_look: SimTime,
}

impl Monitoring {
    /// The monitoring of a run; `None` where neither an alert nor a strategy asks for metrics,
    /// so that nothing has to be counted.
    #[must_use]
    pub fn of(plan: &Plan, strategy: &Strategy, seed: Key) -> Option<Self> {
        let later = plan.operations.iter().filter_map(|operation| match &operation.kind {
            OperationKind::SetStrategy { strategy } => Some(strategy),
            _ => None,
        });
        let is_judged = std::iter::once(strategy).chain(later).any(has_judge);
        if plan.response.alerts.is_empty() && !is_judged {
            return None;
        }
        let settings = &plan.response.metrics;
        let judged = plan.analyses.iter().flat_map(|analysis| &analysis.metrics);
        let bounds = plan.response.alerts.iter().map(|alert| alert.bound);
        let windows = bounds.chain(judged.map(|it| it.bound)).filter_map(|bound| match bound {
            Bound::BurnRate { long, .. } => Some(long),
            _ => None,
        });
        let longest = windows.max().unwrap_or(SimDuration::ZERO);
        let phase = (seed.purpose(SCRAPE_PHASE).unit(0) * settings.scrape.0 as f64) as u64;
        let next_scrape = SimTime(phase);
        Some(Self {
            interval: settings.scrape,
            telemetry: Telemetry::new(settings, longest),
            alerts: Alerts::new(&plan.response.alerts),
            next_scrape,
            next_look: next_scrape + settings.delay,
        })
    }

    /// When [`Monitoring::wake`] is due next.
    #[must_use]
    pub fn next_wake(&self) -> SimTime {
        if self.alerts.is_empty() { self.next_scrape } else { self.next_scrape.min(self.next_look) }
    }

    /// Does what is due: a scrape, a look at the alerts, or both. Returns the alerts that fire.
    pub fn wake(&mut self, now: SimTime, table: &AttemptTable, roles: Roles) -> Vec<EventKind> {
        if self.next_scrape <= now {
            self.telemetry.scrape(now, table);
            self.next_scrape += self.interval;
        }
        if self.next_look > now {
            return Vec::new();
        }
        self.next_look += self.interval;
        let telemetry = &self.telemetry;
        self.alerts.evaluate(now, |metric| telemetry.query(now, roles, metric))
    }

    /// The metric as a query would be answered now.
    #[must_use]
    pub fn query(&self, now: SimTime, roles: Roles, metric: &AnalysisMetric) -> Option<f64> {
        self.telemetry.query(now, roles, metric)
    }
}

fn has_judge(strategy: &Strategy) -> bool {
    match strategy {
        Strategy::Recreate(_) | Strategy::Rolling(_) | Strategy::Scripted(_) => false,
        Strategy::BlueGreen(blue_green) => {
            blue_green.pre_analysis.is_some() || blue_green.post_analysis.is_some()
        }
        Strategy::ConfigPush(push) => {
            push.background_analysis.is_some()
                || push.steps.iter().any(|step| matches!(step, PushStep::Analysis(_)))
        }
        Strategy::Canary(canary) => {
            canary.background_analysis.is_some()
                || canary.steps.iter().any(|step| matches!(step, CanaryStep::Analysis(_)))
        }
    }
}
