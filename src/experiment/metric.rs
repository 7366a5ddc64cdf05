//! The metrics of a run: the columns of `runs.csv`, in order.

/// A numeric column of `runs.csv`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Metric {
    /// Its column.
    pub name: &'static str,
    /// Its unit.
    pub unit: Unit,
    /// Whether users or the bill are better off with less of it; `None`: neither.
    pub less_is_better: Option<bool>,
}

/// Units of metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// A whole number of requests, users, sessions, pods.
    Count,
    /// A share, 0 to 1.
    Share,
    /// Milliseconds.
    Milliseconds,
    /// Seconds.
    Seconds,
    /// The scenario's currency.
    Money,
}

const fn metric(name: &'static str, unit: Unit, less_is_better: Option<bool>) -> Metric {
    Metric { name, unit, less_is_better }
}

const LESS: Option<bool> = Some(true);
const MORE: Option<bool> = Some(false);

/// All of them. `strategy`, `release`, `seed` and `outcome` are columns too, but not numbers.
pub const METRICS: [Metric; 49] = [
    metric("requests", Unit::Count, None),
    metric("attempts", Unit::Count, LESS),
    metric("ok", Unit::Count, MORE),
    metric("app_error", Unit::Count, LESS),
    metric("refused", Unit::Count, LESS),
    metric("reset", Unit::Count, LESS),
    metric("overflow", Unit::Count, LESS),
    metric("timeout", Unit::Count, LESS),
    metric("unauthorized", Unit::Count, LESS),
    metric("in_flight", Unit::Count, None),
    metric("failed_share", Unit::Share, LESS),
    metric("excess_failed", Unit::Count, LESS),
    metric("excess_failed_share", Unit::Share, LESS),
    metric("reads", Unit::Count, None),
    metric("stale_reads", Unit::Count, LESS),
    metric("forced_logins", Unit::Count, LESS),
    metric("ok_mean_ms", Unit::Milliseconds, LESS),
    metric("ok_p50_ms", Unit::Milliseconds, LESS),
    metric("ok_p90_ms", Unit::Milliseconds, LESS),
    metric("ok_p95_ms", Unit::Milliseconds, LESS),
    metric("ok_p99_ms", Unit::Milliseconds, LESS),
    metric("ok_p999_ms", Unit::Milliseconds, LESS),
    metric("all_mean_ms", Unit::Milliseconds, LESS),
    metric("all_p99_ms", Unit::Milliseconds, LESS),
    metric("max_ms", Unit::Milliseconds, LESS),
    metric("worst_minute_ok_p99_ms", Unit::Milliseconds, LESS),
    metric("mean_wait_ms", Unit::Milliseconds, LESS),
    metric("utilisation", Unit::Share, None),
    metric("users_active", Unit::Count, None),
    metric("users_affected", Unit::Count, LESS),
    metric("sessions_lost", Unit::Count, LESS),
    metric("deploy_s", Unit::Seconds, LESS),
    metric("impact_s", Unit::Seconds, None),
    metric("detect_s", Unit::Seconds, LESS),
    metric("mitigate_s", Unit::Seconds, LESS),
    metric("exposed_s", Unit::Seconds, LESS),
    metric("candidate_requests", Unit::Count, None),
    metric("min_available", Unit::Count, MORE),
    metric("min_routable", Unit::Count, MORE),
    metric("max_pods", Unit::Count, LESS),
    metric("instance_s", Unit::Seconds, LESS),
    metric("extra_instance_s", Unit::Seconds, LESS),
    metric("cost", Unit::Money, LESS),
    metric("logouts_per_user", Unit::Count, LESS),
    metric("error_budget_burnt", Unit::Share, LESS),
    metric("streams_closed", Unit::Count, LESS),
    metric("streams_cut", Unit::Count, LESS),
    metric("max_instances_exposed", Unit::Share, LESS),
    metric("max_traffic_exposed", Unit::Share, LESS),
];

/// Metrics that say what changed against the control of the same seed.
const AGAINST_CONTROL: [&str; 6] = [
    "excess_failed",
    "excess_failed_share",
    "impact_s",
    "detect_s",
    "mitigate_s",
    "extra_instance_s",
];

/// Whether a metric has no value in a study without a control.
#[must_use]
pub fn needs_control(name: &str) -> bool {
    AGAINST_CONTROL.contains(&name)
}

/// The place of a metric in [`METRICS`].
#[must_use]
pub fn index_of(name: &str) -> Option<usize> {
    METRICS.iter().position(|metric| metric.name == name)
}
