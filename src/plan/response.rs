//! Who notices harm, and what they do.

use serde::{Deserialize, Serialize};

use crate::engine::{Distribution, SimDuration};

/// Metrics, alerts, people, rollback.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Response {
    /// How metrics reach judges and alerts.
    pub metrics: Metrics,
    /// What fires.
    pub alerts: Vec<Alert>,
    /// Who answers.
    pub on_call: OnCall,
    /// What is done about a bad rollout.
    pub rollback: Rollback,
    /// Users who were harmed complain.
    #[serde(default)]
    pub tickets: Option<Tickets>,
    /// The objective whose error budget is burnt.
    #[serde(default)]
    pub slo: Option<Slo>,
}

/// Complaints of users.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Tickets {
    /// Chance that a request that failed or was answered wrongly leads to one.
    pub share: f64,
    /// From the answer to the ticket, in nanoseconds.
    pub after: Distribution,
}

/// A service level objective.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Slo {
    /// Share of requests that must not fail.
    pub target: f64,
    /// Over this long.
    pub over: SimDuration,
}

/// How metrics reach judges and alerts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Metrics {
    /// From scrape to scrape.
    pub scrape: SimDuration,
    /// Rates are taken over this long.
    pub window: SimDuration,
    /// From a scrape to its being visible to queries.
    pub delay: SimDuration,
}

/// A threshold on a metric that must hold for a while.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Alert {
    /// Its name.
    pub name: String,
    /// What is looked at.
    pub metric: MetricName,
    /// Of what.
    pub scope: Scope,
    /// The limit.
    pub bound: Bound,
    /// It must be broken for this long.
    pub hold: SimDuration,
}

/// A reported metric. Counted by attempts, on the server side.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MetricName {
    /// Share of attempts that failed (any outcome but ok).
    ErrorRate,
    /// Share of attempts that were ok.
    SuccessRate,
    /// Median latency in seconds of ok attempts.
    LatencyP50,
    /// 95th percentile.
    LatencyP95,
    /// 99th percentile.
    LatencyP99,
    /// Attempts per second.
    RequestRate,
    /// Share of attempts that a server answered 5xx, or a balancer for it: what a dashboard of
    /// HTTP errors shows.
    Http5xxRate,
    /// Share of attempts that neither were answered `unauthorized` nor forced a log-in.
    LoginSuccessRate,
    /// Tickets that users opened within the window.
    Tickets,
}

impl MetricName {
    /// Its name in scenarios and in the log.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::ErrorRate => "error_rate",
            Self::SuccessRate => "success_rate",
            Self::LatencyP50 => "latency_p50",
            Self::LatencyP95 => "latency_p95",
            Self::LatencyP99 => "latency_p99",
            Self::RequestRate => "request_rate",
            Self::Http5xxRate => "http_5xx_rate",
            Self::LoginSuccessRate => "login_success_rate",
            Self::Tickets => "tickets",
        }
    }
}

/// Whose metric.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scope {
    /// Only attempts of this class (index into the plan's classes).
    pub class: Option<u16>,
    /// Only attempts on the version being deployed, or on the one before it.
    pub version: Option<ScopeVersion>,
}

/// A version by its part in the rollout.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ScopeVersion {
    /// The one being deployed.
    Candidate,
    /// The one before it.
    Stable,
}

/// A limit.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Bound {
    /// Broken above this.
    Above(f64),
    /// Broken below this.
    Below(f64),
    /// Broken above this multiple of the same metric of the stable version.
    AboveStableTimes(f64),
    /// Broken while the error budget of an objective burns faster than this over a long window
    /// and over a short one.
    BurnRate {
        /// This many times as fast as the budget allows.
        factor: f64,
        /// The objective: share of good requests.
        target: f64,
        /// The long window.
        long: SimDuration,
        /// The short one, which ends the alert soon after the harm.
        short: SimDuration,
    },
}

impl Bound {
    /// Whether `value` breaks the limit; `stable` answers for the same metric of the stable
    /// version, and is asked only where the limit depends on it. `None`: it has no answer.
    #[must_use]
    pub fn is_broken(self, value: f64, stable: impl FnOnce() -> Option<f64>) -> Option<bool> {
        match self {
            Self::Above(limit) => Some(value > limit),
            Self::Below(limit) => Some(value < limit),
            Self::AboveStableTimes(factor) => stable().map(|stable| value > factor * stable),
            Self::BurnRate { factor, target, .. } => Some(value > factor * (1.0 - target)),
        }
    }
}

/// On-call people. Times in nanoseconds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OnCall {
    /// From the page to somebody looking at it.
    pub acknowledge: Distribution,
    /// From then to knowing what it is.
    #[serde(default = "at_once", skip_serializing_if = "is_at_once")]
    pub diagnose: Distribution,
    /// From then to the decision to roll back.
    pub decide: Distribution,
    /// All are multiplied by this outside Monday to Friday, 09:00 to 18:00 local time.
    pub off_hours_factor: f64,
    /// The multiplier on Saturday and Sunday where that differs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weekend_factor: Option<f64>,
}

fn at_once() -> Distribution {
    Distribution::Constant(0.0)
}

fn is_at_once(law: &Distribution) -> bool {
    *law == at_once()
}

/// What is done about a bad rollout.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rollback {
    /// What the strategy's real controller does: a canary or blue-green aborts when its judge
    /// says so, a plain Deployment does nothing.
    Controller,
    /// The first alert pages somebody, who acknowledges, decides and undoes.
    OnCall,
    /// The first alert, a failed verdict or the progress deadline undoes at once.
    Automatic,
    /// Nobody does anything; a failed verdict stops the rollout where it is.
    None,
}

/// A judge.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Analysis {
    /// Its name.
    pub name: String,
    /// From the start to the first measurement.
    pub initial_delay: SimDuration,
    /// From the end of a measurement to the next.
    pub interval: SimDuration,
    /// Measurements until it is content; `None`: until it is stopped (background only).
    pub count: Option<u32>,
    /// Failed measurements it tolerates: it fails at one more (Argo's rule).
    pub failure_limit: u32,
    /// Measurements without enough data it tolerates before it gives no verdict. (No data at
    /// all are an error, of which four in a row are tolerated: Argo's rule.)
    pub inconclusive_limit: u32,
    /// What is measured; each must keep its bound.
    pub metrics: Vec<AnalysisMetric>,
}

/// One metric of a judge.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AnalysisMetric {
    /// What is looked at.
    pub metric: MetricName,
    /// Of what.
    pub scope: Scope,
    /// The limit.
    pub bound: Bound,
    /// Fewer attempts than this in the window are not enough data.
    pub min_requests: u64,
}

impl AnalysisMetric {
    /// The same metric of the stable version.
    #[must_use]
    pub fn of_stable(&self) -> Self {
        let mut stable = self.clone();
        stable.scope.version = Some(ScopeVersion::Stable);
        stable
    }
}
