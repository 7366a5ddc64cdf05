//! A study in figures: one line for each group and metric, with intervals, and the difference
//! to the baseline paired by seed.

/// All lines, in the order of groups, then of [`super::METRICS`]; lines without any value are
/// left out.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Summary {
    /// The lines.
    pub lines: Vec<SummaryLine>,
    /// Confidence level of every interval, such as 0.95.
    pub level: f64,
    /// Comparisons among which the differences' error rate is shared out.
    pub comparisons: usize,
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
    /// Of these, censored at the window's end.
    pub censored: u64,
    /// Mean over seeds.
    pub mean: f64,
    /// Interval of the mean; `None` with fewer than two seeds.
    pub interval: Option<(f64, f64)>,
    /// 5 %, 50 % and 95 % quantiles over seeds.
    pub quantiles: (f64, f64, f64),
    /// To the baseline of the same release; `None` for the baseline itself and the control.
    pub difference: Option<Difference>,
}

/// A difference to the baseline, paired by seed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Difference {
    /// Mean difference.
    pub mean: f64,
    /// Its interval, at the level of the summary, corrected for the number of comparisons.
    pub interval: (f64, f64),
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
    /// The interval lies wholly within the threshold on both sides.
    NoRelevantDifference,
    /// Neither.
    Inconclusive,
}

impl Summary {
    /// The line of a group and metric.
    #[must_use]
    pub fn line(&self, group: usize, metric: &str) -> Option<&SummaryLine> {
        let metric = super::index_of(metric)?;
        self.lines.iter().find(|line| line.group == group && line.metric == metric)
    }
}
