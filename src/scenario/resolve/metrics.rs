//! The metrics that an objective may hold a limit on: the numeric columns of `runs.csv`, which
//! of them are counted by class, and how their limits are written. Tests hold the lists against
//! the experiment's own.

/// The names, in the order of the columns.
pub const NAMES: [&str; 49] = [
    "requests",
    "attempts",
    "ok",
    "app_error",
    "refused",
    "reset",
    "overflow",
    "timeout",
    "unauthorized",
    "in_flight",
    "failed_share",
    "excess_failed",
    "excess_failed_share",
    "reads",
    "stale_reads",
    "forced_logins",
    "ok_mean_ms",
    "ok_p50_ms",
    "ok_p90_ms",
    "ok_p95_ms",
    "ok_p99_ms",
    "ok_p999_ms",
    "all_mean_ms",
    "all_p99_ms",
    "max_ms",
    "worst_minute_ok_p99_ms",
    "mean_wait_ms",
    "utilisation",
    "users_active",
    "users_affected",
    "sessions_lost",
    "deploy_s",
    "impact_s",
    "detect_s",
    "mitigate_s",
    "exposed_s",
    "candidate_requests",
    "min_available",
    "min_routable",
    "max_pods",
    "instance_s",
    "extra_instance_s",
    "cost",
    "logouts_per_user",
    "error_budget_burnt",
    "streams_closed",
    "streams_cut",
    "max_instances_exposed",
    "max_traffic_exposed",
];

/// Those that are counted for each request class as well: what is said of requests, their
/// outcomes and their latency, the first of all up to `max_ms`. All others are about the rollout,
/// the pods or the users.
#[must_use]
pub fn by_class() -> &'static [&'static str] {
    &NAMES[..25]
}

/// Whether a metric is a share, whose limit may have a percent sign.
#[must_use]
pub fn is_share(name: &str) -> bool {
    name.ends_with("_share")
        || name.ends_with("_exposed")
        || matches!(name, "utilisation" | "error_budget_burnt")
}

/// How many of a metric's unit make a second, if it is a time, whose limit may be a duration.
#[must_use]
pub fn units_a_second(name: &str) -> Option<f64> {
    match name {
        _ if name.ends_with("_ms") => Some(1e3),
        _ if name.ends_with("_s") => Some(1.0),
        _ => None,
    }
}
