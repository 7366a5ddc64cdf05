//! Alerts: a limit that is broken at every look for a while.
//!
//! As Prometheus' alerting rules do it: a rule is looked at again and again; it fires at the
//! first look that finds the limit broken for `hold` since the first look that found it broken.
//! A look that finds it kept, or finds no data, starts over. Left out: grouping, inhibition
//! and repeats by the alert manager.

use crate::engine::SimTime;
use crate::plan::{Alert, AnalysisMetric, Bound};
use crate::record::EventKind;

/// The alerts of a plan and what they have seen.
#[derive(Clone, Debug)]
pub struct Alerts(Vec<Rule>);

#[derive(Clone, Debug)]
struct Rule {
    alert: Alert,
    query: AnalysisMetric,
    broken_since: Option<SimTime>,
    fired: bool,
}

impl Alerts {
    /// Alerts that have seen nothing yet.
    #[must_use]
    pub fn new(alerts: &[Alert]) -> Self {
        let rule = |alert: &Alert| Rule {
            alert: alert.clone(),
            query: AnalysisMetric {
                metric: alert.metric,
                scope: alert.scope.clone(),
                bound: alert.bound,
                min_requests: 0,
            },
            broken_since: None,
            fired: false,
        };
        Self(alerts.iter().map(rule).collect())
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// One look at every rule: what fires now. A rule that has fired does so again only after
    /// a look that found its limit kept.
    pub fn evaluate(
        &mut self,
        now: SimTime,
        query: impl Fn(&AnalysisMetric) -> Option<f64>,
    ) -> Vec<EventKind> {
        self.0.iter_mut().filter_map(|rule| rule.look(now, &query)).collect()
    }
}

impl Rule {
    fn look(
        &mut self,
        now: SimTime,
        query: impl Fn(&AnalysisMetric) -> Option<f64>,
    ) -> Option<EventKind> {
        let value = query(&self.query);
        let stable = || query(&self.query.of_stable());
        let also_lately = match self.query.bound {
            Bound::BurnRate { factor, target, short, .. } => {
                let bound = Bound::BurnRate { factor, target, long: short, short };
                let lately = query(&AnalysisMetric { bound, ..self.query.clone() });
                lately.is_some_and(|value| bound.is_broken(value, || None) == Some(true))
            }
            _ => true,
        };
        let broken = value.filter(|&value| {
            also_lately && self.query.bound.is_broken(value, stable) == Some(true)
        });
        let Some(value) = broken else {
            (self.broken_since, self.fired) = (None, false);
            return None;
        };
        let since = *self.broken_since.get_or_insert(now);
        if self.fired || now.since(since) < self.alert.hold {
            return None;
        }
        self.fired = true;
        Some(EventKind::AlertFired { alert: self.alert.name.clone(), value })
    }
}
