//! A study in figures: one line for each group and metric, with intervals, and the difference
//! to the baseline paired by seed.

use super::precision::Target;
use crate::stats::Interval;

/// All lines, in the order of groups, then of [`super::METRICS`]; lines without any value are
/// left out.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Summary {
    /// The lines.
    pub lines: Vec<SummaryLine>,
    /// Confidence level of every interval, such as 0.95.
    pub level: f64,
    /// Comparisons among which the differences' error rate is shared out: within one metric,
    /// every strategy but the baseline, times the releases (Bonferroni).
    pub comparisons: usize,
    /// Looks at a growing study among which the error rate of every interval is shared out; 1
    /// (or 0) where the number of seeds was fixed before.
    pub looks: usize,
    /// What the study grew for, if it did.
    pub target: Option<Target>,
    /// Latency quantiles over the requests of all seeds together.
    pub pooled: Vec<PooledLine>,
    /// The chance of each strategy to be the best.
    pub best: Vec<BestLine>,
    /// Harm over a mix of releases.
    pub per_hundred: Vec<PerHundred>,
    /// Which strategies another one beats in everything, by release and arm.
    pub pareto: Vec<Standing>,
}

/// Where a strategy stands among the others of a release, in harm, rollout time and extra
/// capacity together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Index into the study's releases.
    pub release: usize,
    /// Index into the study's arms.
    pub arm: usize,
    /// Arms that are no worse in anything that matters and better in something, for certain.
    pub dominated_by: Vec<usize>,
    /// Whether for certain no other arm dominates it. Neither this nor dominated: the study
    /// cannot tell.
    pub on_front: bool,
}

/// One metric of one group.
#[derive(Clone, Debug, PartialEq)]
pub struct SummaryLine {
    /// Index into `StudyResult::groups`.
    pub group: usize,
    /// Index into [`super::METRICS`].
    pub metric: usize,
    /// Seeds that have a value.
    pub seeds: u64,
    /// Of these, censored at the window's end: the mean is then a lower bound.
    pub censored: u64,
    /// Mean over seeds.
    pub mean: f64,
    /// Interval of the mean; `None` with fewer than two seeds.
    pub interval: Option<Interval>,
    /// 5 %, 50 % and 95 % quantiles over seeds.
    pub quantiles: (f64, f64, f64),
    /// Of a harm that is counted: in how many seeds there was any.
    pub seeds_hit: Option<SeedsHit>,
    /// To the baseline of the same release; `None` for the baseline itself and the control,
    /// and with fewer than two seeds that have both values.
    pub difference: Option<Difference>,
}

/// In how many seeds something happened at all.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SeedsHit {
    /// So many of the line's seeds.
    pub hits: u64,
    /// Exact interval of the share of seeds (Clopper-Pearson), also where no seed or every
    /// seed was hit.
    pub share: Interval,
}

/// A difference to the baseline, paired by seed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Difference {
    /// Mean difference.
    pub mean: f64,
    /// Its interval, at the level of the summary, corrected for the number of comparisons.
    pub interval: Interval,
    /// Differences up to this size do not matter (see [`super::relevance`]).
    pub threshold: f64,
    /// What it says.
    pub verdict: Verdict,
    /// Share of the unpaired variance that pairing removed; `None` where it cannot be told.
    pub variance_removed: Option<f64>,
}

/// What a difference says, given a threshold of relevance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The interval lies wholly on the good side of the threshold.
    Better,
    /// The interval lies wholly on the bad side of the threshold.
    Worse,
    /// The interval lies wholly beyond the threshold, of a metric that is neither good nor bad.
    Different,
    /// The interval lies wholly within the threshold on both sides.
    NoRelevantDifference,
    /// None of these.
    Inconclusive,
}

impl Verdict {
    /// Its words.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Better => "better",
            Self::Worse => "worse",
            Self::Different => "different",
            Self::NoRelevantDifference => "no difference shown",
            Self::Inconclusive => "inconclusive",
        }
    }
}

/// A latency quantile over the requests of all seeds together.
#[derive(Clone, Debug, PartialEq)]
pub struct PooledLine {
    /// Index into `StudyResult::groups`.
    pub group: usize,
    /// Index into [`super::METRICS`].
    pub metric: usize,
    /// The quantile, in the metric's unit.
    pub value: f64,
    /// Its interval, with seeds as the independent units (sectioning); `None` with fewer than
    /// two seeds.
    pub interval: Option<Interval>,
}

/// How surely each strategy is the best in one metric: the chance that its mean over seeds is
/// the best one, were the study repeated with other seeds.
#[derive(Clone, Debug, PartialEq)]
pub struct BestLine {
    /// Index into the study's releases.
    pub release: usize,
    /// Index into [`super::METRICS`].
    pub metric: usize,
    /// By the study's arms; they add up to 1.
    pub chances: Vec<f64>,
}

/// What [`PerHundred`] counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Harm {
    /// Requests that failed.
    FailedRequests,
    /// Stale reads and forced logins.
    WrongAnswers,
    /// Users with at least one request that ended not ok or wrong.
    UsersAffected,
    /// Sessions lost or unreadable.
    SessionsLost,
}

/// Harm of a hundred deployments, of which each release has its share. In excess of the
/// control where there is one.
#[derive(Clone, Debug, PartialEq)]
pub struct PerHundred {
    /// Index into the study's arms.
    pub arm: usize,
    /// What is counted.
    pub harm: Harm,
    /// Mean over seeds.
    pub mean: f64,
    /// Interval of the mean; `None` with fewer than two seeds.
    pub interval: Option<Interval>,
    /// To the baseline; `None` for the baseline itself.
    pub difference: Option<Difference>,
}

impl Difference {
    /// The same where less is not better: a rollout that was given up is over sooner.
    pub(super) fn without_merit(mut self) -> Self {
        if matches!(self.verdict, Verdict::Better | Verdict::Worse) {
            self.verdict = Verdict::Different;
        }
        self
    }
}

impl Summary {
    /// The line of a group and metric.
    #[must_use]
    pub fn line(&self, group: usize, metric: &str) -> Option<&SummaryLine> {
        let metric = super::index_of(metric)?;
        self.lines.iter().find(|line| line.group == group && line.metric == metric)
    }

    /// The pooled quantile of a group and metric.
    #[must_use]
    pub fn pooled(&self, group: usize, metric: &str) -> Option<&PooledLine> {
        let metric = super::index_of(metric)?;
        self.pooled.iter().find(|line| line.group == group && line.metric == metric)
    }
}

impl Harm {
    /// All kinds.
    pub const ALL: [Self; 4] =
        [Self::FailedRequests, Self::WrongAnswers, Self::UsersAffected, Self::SessionsLost];

    /// Its name for people.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::FailedRequests => "failed requests",
            Self::WrongAnswers => "wrong answers",
            Self::UsersAffected => "users affected",
            Self::SessionsLost => "sessions lost",
        }
    }

    /// The columns of `runs.csv` that it adds up.
    #[must_use]
    pub fn columns(self) -> &'static [&'static str] {
        match self {
            Self::FailedRequests => {
                &["app_error", "refused", "reset", "overflow", "timeout", "unauthorized"]
            }
            Self::WrongAnswers => &["stale_reads", "forced_logins"],
            Self::UsersAffected => &["users_affected"],
            Self::SessionsLost => &["sessions_lost"],
        }
    }
}
