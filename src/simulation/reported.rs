//! What a controller's queries are answered with: the monitoring system at one instant.

use crate::engine::SimTime;
use crate::model::telemetry::{Monitoring, Roles};
use crate::plan::AnalysisMetric;
use crate::strategy::ReportedMetrics;

/// The monitoring system, asked at an instant.
#[derive(Clone, Copy, Debug)]
pub struct Reported<'a> {
    /// `None` where nothing is monitored: no query has an answer.
    pub monitoring: Option<&'a Monitoring>,
    /// The instant.
    pub now: SimTime,
    /// Which version plays which part then.
    pub roles: Roles,
}

impl ReportedMetrics for Reported<'_> {
    fn query(&self, metric: &AnalysisMetric) -> Option<f64> {
        self.monitoring?.query(self.now, self.roles, metric)
    }
}
