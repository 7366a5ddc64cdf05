//! The monitoring system: counters are scraped, kept for a while, and queried over a window,
//! late.
//!
//! The world counts every finished attempt in an [`AttemptTable`]; a scrape copies it, and a
//! query answers from the newest copy that is visible and the one a window before it, as
//! Prometheus' `rate()` over a range does (without its extrapolation to the range's ends: a
//! rate is taken over the time between the two scrapes). Left out: scrapes that fail, series
//! that go stale, and clocks that disagree.

mod alerts;
mod monitoring;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;

pub use alerts::Alerts;
pub use monitoring::Monitoring;

use crate::engine::{SimDuration, SimTime};
use crate::plan::{AnalysisMetric, Bound, MetricName, Metrics, Scope, ScopeVersion, VersionId};
use crate::record::{CoarseHistogram, Outcome};

/// Finished attempts of one class on one version, counted since the start of the run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AttemptCounters {
    /// By `Outcome as usize`.
    pub outcomes: [u64; 7],
    /// Answered after a log-in that was forced on the way.
    pub forced: u64,
    /// Tickets that users opened.
    pub tickets: u64,
    /// Latency in nanoseconds of the ok ones.
    pub latency: CoarseHistogram,
}

impl AttemptCounters {
    /// Counts a finished attempt.
    #[inline]
    pub fn count(&mut self, outcome: Outcome, latency: SimDuration) {
        self.outcomes[outcome as usize] += 1;
        if outcome == Outcome::Ok {
            self.latency.record(latency.0);
        }
    }
}

/// Finished attempts by class and version, and for each class those that reached none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttemptTable {
    versions: usize,
    cells: Vec<AttemptCounters>,
}

impl AttemptTable {
    /// An empty table.
    #[must_use]
    pub fn new(classes: usize, versions: usize) -> Self {
        Self { versions, cells: vec![AttemptCounters::default(); classes * (versions + 1)] }
    }

    /// The counters of a class on a version; `None`: of attempts that reached no instance.
    #[inline]
    pub fn cell(&mut self, class: u16, version: Option<VersionId>) -> &mut AttemptCounters {
        let column = version.map_or(self.versions, |version| usize::from(version.0));
        debug_assert!(column <= self.versions);
        &mut self.cells[usize::from(class) * (self.versions + 1) + column]
    }

    /// The cells of a class (all, if none is named) and a version (all and none, likewise).
    fn matching(
        &self,
        class: Option<u16>,
        version: Option<VersionId>,
    ) -> impl Iterator<Item = &AttemptCounters> {
        let width = self.versions + 1;
        let wanted = move |index: usize| {
            class.is_none_or(|class| usize::from(class) == index / width)
                && version.is_none_or(|version| usize::from(version.0) == index % width)
        };
        self.cells.iter().enumerate().filter(move |&(index, _)| wanted(index)).map(|(_, cell)| cell)
    }
}

/// Which version plays which part, now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Roles {
    /// The one before the rollout.
    pub stable: VersionId,
    /// The one being deployed, if any.
    pub candidate: Option<VersionId>,
}

/// What the monitoring system has stored.
#[derive(Clone, Debug)]
pub struct Telemetry {
    window: SimDuration,
    /// The longest window that is ever asked for.
    longest: SimDuration,
    delay: SimDuration,
    /// Oldest first.
    scrapes: VecDeque<(SimTime, AttemptTable)>,
}

impl Telemetry {
    /// A system without data.
    #[must_use]
    pub fn new(settings: &Metrics, longest: SimDuration) -> Self {
        let longest = longest.max(settings.window);
        Self { window: settings.window, longest, delay: settings.delay, scrapes: VecDeque::new() }
    }

    /// Copies the counters, and forgets copies that no query can need any more.
    pub fn scrape(&mut self, now: SimTime, table: &AttemptTable) {
        self.scrapes.push_back((now, table.clone()));
        let visible = self.visible(now).map(|(index, _)| index);
        let keep = visible.and_then(|newest| self.base(newest, self.longest)).unwrap_or(0);
        self.scrapes.drain(..keep);
    }

    /// The newest scrape that a query sees at an instant.
    fn visible(&self, now: SimTime) -> Option<(usize, &(SimTime, AttemptTable))> {
        self.scrapes.iter().enumerate().rfind(|(_, (at, _))| *at + self.delay <= now)
    }

    /// The scrape a window before another: the newest one that is at least that old; the
    /// oldest of all while data do not reach back so far.
    fn base(&self, newest: usize, window: SimDuration) -> Option<usize> {
        let end = self.scrapes[newest].0;
        let old_enough = |(at, _): &(SimTime, AttemptTable)| *at + window <= end;
        let base = self.scrapes.iter().take(newest).rposition(old_enough);
        base.or((newest > 0).then_some(0))
    }

    /// The metric as the system would answer a query at an instant; `None`: not enough data.
    #[must_use]
    pub fn query(&self, now: SimTime, roles: Roles, metric: &AnalysisMetric) -> Option<f64> {
        let (newest, (end, after)) = self.visible(now)?;
        let window = match metric.bound {
            Bound::BurnRate { long, .. } => long,
            _ => self.window,
        };
        let (start, before) = &self.scrapes[self.base(newest, window)?];
        let Scope { class, version } = metric.scope;
        let version = match version {
            None => None,
            Some(ScopeVersion::Stable) => Some(roles.stable),
            Some(ScopeVersion::Candidate) => Some(roles.candidate?),
        };
        let (mut attempts, mut ok, mut not_5xx, mut forced, mut tickets) = (0, 0, 0, 0, 0);
        for (after, before) in after.matching(class, version).zip(before.matching(class, version)) {
            attempts += after.outcomes.iter().sum::<u64>() - before.outcomes.iter().sum::<u64>();
            let of = |outcome| after.outcomes[outcome as usize] - before.outcomes[outcome as usize];
            ok += of(Outcome::Ok);
            // A client that gives up leaves no status behind.
            not_5xx += of(Outcome::Ok) + of(Outcome::Timeout) + of(Outcome::Unauthorized);
            forced += of(Outcome::Unauthorized) + after.forced - before.forced;
            tickets += after.tickets - before.tickets;
        }
        if attempts < metric.min_requests {
            return None;
        }
        let share = |of: u64| (attempts > 0).then(|| of as f64 / attempts as f64);
        let quantile = |q: f64| {
            let mut latency = CoarseHistogram::default();
            for (after, before) in
                after.matching(class, version).zip(before.matching(class, version))
            {
                latency.merge(&after.latency.since(&before.latency));
            }
            latency.quantile(q).map(|nanoseconds| SimDuration(nanoseconds).as_secs_f64())
        };
        match metric.metric {
            MetricName::Http5xxRate => share(attempts - not_5xx),
            MetricName::LoginSuccessRate => share(attempts - forced),
            MetricName::Tickets => Some(tickets as f64),
            MetricName::ErrorRate => share(attempts - ok),
            MetricName::SuccessRate => share(ok),
            MetricName::LatencyP50 => quantile(0.5),
            MetricName::LatencyP95 => quantile(0.95),
            MetricName::LatencyP99 => quantile(0.99),
            MetricName::RequestRate => Some(attempts as f64 / end.since(*start).as_secs_f64()),
        }
    }
}
