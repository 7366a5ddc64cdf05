//! Stand-in until the monitoring system lands.
use crate::plan::Plan;
use crate::record::CoarseHistogram;

/// Attempts.
#[derive(Clone, Debug, Default)]
pub struct AttemptCounters {
    /// By outcome.
    pub outcomes: [u64; 7],
    /// Of ok ones.
    pub latency: CoarseHistogram,
}
/// Metrics.
pub struct Telemetry {
    on: bool,
    /** cells */
    pub cells: Vec<AttemptCounters>,
}
impl Telemetry {
    /// New.
    pub fn new(plan: &Plan, on: bool) -> Self {
        Self {
            on,
            cells: vec![AttemptCounters::default(); plan.classes.len() * (plan.versions.len() + 1)],
        }
    }
    /// On.
    pub fn is_on(&self) -> bool {
        self.on
    }
}
