//! Two results folders, held against one another: what changed and matters.
//!
//! Read are `study.json` and `runs.csv` of both. Strategies and releases are matched by name.
//! Where both have the same seeds the difference is paired by seed: a seed means the same
//! arrivals and demands in both as long as their traffic is the same. Else the means are
//! compared (Welch's t). Relevance is as between strategies of one study, and the level is
//! shared out among the pairs of a metric. Left out: pooled quantiles and timelines, which have
//! no rows by seed.

mod paint;
mod read;

pub use paint::{csv, json, markdown, terminal};
pub use read::{Unreadable, read};

use crate::experiment::{Difference, METRICS, Verdict, paired_difference, relevance};
use crate::stats::mean::Moments;
use crate::stats::special::student_two_sided;
use crate::stats::{Interval, LEVEL, correction};

/// One of the two folders.
#[derive(Clone, Debug, PartialEq)]
pub struct Results {
    /// The scenario's name.
    pub scenario: String,
    /// Its digest.
    pub digest: String,
    /// The version of cutover.
    pub version: String,
    /// The file whose bytes are no longer those that were written, if one is.
    pub altered: bool,
    /// Strategies × releases in the folder's order, the control first.
    pub groups: Vec<Runs>,
}

/// The runs of a strategy and release.
#[derive(Clone, Debug, PartialEq)]
pub struct Runs {
    /// Strategy.
    pub strategy: String,
    /// Release; empty for the control.
    pub release: String,
    /// Seeds, rising.
    pub seeds: Vec<u64>,
    /// By metric, then by seed.
    pub values: Vec<Vec<Option<f64>>>,
}

/// What came out.
#[derive(Clone, Debug, PartialEq)]
pub struct Diff {
    /// Notes on what was compared.
    pub notes: Vec<String>,
    /// Every metric of every pair, in their order.
    pub lines: Vec<Line>,
    /// Whether differences are paired by seed.
    pub paired: bool,
    /// Pairs of strategies and releases.
    pub pairs: usize,
}

/// One metric of one pair.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// Strategy.
    pub strategy: String,
    /// Release.
    pub release: String,
    /// Index into [`METRICS`].
    pub metric: usize,
    /// Mean of the first folder; `None` where it has no value.
    pub before: Option<f64>,
    /// Mean of the second.
    pub after: Option<f64>,
    /// The second minus the first; `None` where that cannot be told.
    pub difference: Option<Difference>,
}

impl Diff {
    /// The lines that matter: for certain better, worse or different, and metrics that came or
    /// went.
    pub fn relevant(&self) -> impl Iterator<Item = &Line> {
        self.lines.iter().filter(|line| match &line.difference {
            Some(difference) => {
                matches!(difference.verdict, Verdict::Better | Verdict::Worse | Verdict::Different)
            }
            None => line.before.is_some() != line.after.is_some(),
        })
    }

    /// How many lines have this verdict.
    #[must_use]
    pub fn count(&self, verdict: Verdict) -> usize {
        let has = |line: &&Line| line.difference.is_some_and(|d| d.verdict == verdict);
        self.lines.iter().filter(has).count()
    }
}

/// Compares the first folder with the second.
#[must_use]
pub fn diff(first: &Results, second: &Results) -> Diff {
    let mut notes = notes(first, second);
    let pairs: Vec<(&Runs, &Runs)> =
        first.groups.iter().filter_map(|a| Some((a, find(second, a)?))).collect();
    let missing = |from: &Results, into: &Results| {
        let lacking = from.groups.iter().filter(|runs| find(into, runs).is_none());
        lacking.map(name).collect::<Vec<_>>().join(", ")
    };
    for (which, lacking) in [("first", missing(first, second)), ("second", missing(second, first))]
    {
        if !lacking.is_empty() {
            notes.push(format!("only in the {which}: {lacking}"));
        }
    }
    let paired = !pairs.is_empty() && pairs.iter().all(|(a, b)| a.seeds == b.seeds);
    if !paired && !pairs.is_empty() {
        notes.push("the seeds differ: means are compared, not pairs".to_owned());
    }
    let level = correction::bonferroni(LEVEL, pairs.len());
    let same = first.digest == second.digest;
    let lines = pairs.iter().flat_map(|(before, after)| {
        (0..METRICS.len()).filter_map(move |metric| {
            let mut line = line(before, after, metric, paired, level)?;
            // Of the same scenario: no seed could tell two folders apart that no seed here does.
            if same && paired && before.values[metric] == after.values[metric] {
                line.difference = line.difference.map(unchanged);
            }
            Some(line)
        })
    });
    Diff { notes, lines: lines.collect(), paired, pairs: pairs.len() }
}

fn unchanged(difference: Difference) -> Difference {
    let interval = (0.0, 0.0);
    Difference { mean: 0.0, interval, verdict: Verdict::NoRelevantDifference, ..difference }
}

fn notes(first: &Results, second: &Results) -> Vec<String> {
    let mut notes = Vec::new();
    if first.scenario != second.scenario {
        let (a, b) = (&first.scenario, &second.scenario);
        notes.push(format!("results of two scenarios: {a} and {b}"));
    }
    notes.push(if first.digest == second.digest {
        "the scenarios and their files are the same".to_owned()
    } else {
        "the scenarios differ".to_owned()
    });
    if first.version != second.version {
        notes.push(format!("made by cutover {} and {}", first.version, second.version));
    }
    for (which, results) in [("first", first), ("second", second)] {
        if results.altered {
            notes.push(format!("runs.csv of the {which} was changed after it was written"));
        }
    }
    notes
}

fn name(runs: &Runs) -> String {
    if runs.release.is_empty() {
        runs.strategy.clone()
    } else {
        format!("{} ({})", runs.strategy, runs.release)
    }
}

fn find<'a>(results: &'a Results, like: &Runs) -> Option<&'a Runs> {
    results.groups.iter().find(|r| r.strategy == like.strategy && r.release == like.release)
}

fn line(before: &Runs, after: &Runs, metric: usize, paired: bool, level: f64) -> Option<Line> {
    let present = |runs: &Runs| runs.values[metric].iter().copied().flatten().collect::<Vec<_>>();
    let (old, new) = (present(before), present(after));
    let moments = (Moments::of(&old), Moments::of(&new));
    if moments.0.is_none() && moments.1.is_none() {
        return None;
    }
    let requests = METRICS.iter().position(|metric| metric.name == "requests");
    let requests = requests
        .map_or_else(Vec::new, |place| before.values[place].iter().copied().flatten().collect());
    let requests = Moments::of(&requests).map_or(0.0, |moments| moments.mean);
    let difference = if paired {
        paired_difference(metric, &before.values[metric], &after.values[metric], requests, level)
    } else {
        moments.0.zip(moments.1).and_then(|(a, b)| unpaired(metric, &a, &b, requests, level))
    };
    Some(Line {
        strategy: after.strategy.clone(),
        release: after.release.clone(),
        metric,
        before: moments.0.map(|moments| moments.mean),
        after: moments.1.map(|moments| moments.mean),
        difference,
    })
}

/// Welch's t interval of the difference of two means.
fn unpaired(
    metric: usize,
    before: &Moments,
    after: &Moments,
    requests: f64,
    level: f64,
) -> Option<Difference> {
    let of = |moments: &Moments| Some(moments.variance()? / moments.count as f64);
    let (a, b) = (of(before)?, of(after)?);
    let mean = after.mean - before.mean;
    let interval: Interval = if a + b > 0.0 {
        let part = |square: f64, count: usize| square * square / (count as f64 - 1.0);
        let freedom = (a + b) * (a + b) / (part(a, before.count) + part(b, after.count));
        let half = student_two_sided(1.0 - level, freedom) * (a + b).sqrt();
        (mean - half, mean + half)
    } else {
        (mean, mean)
    };
    let metric = &METRICS[metric];
    let threshold = relevance::threshold(metric, before.mean, requests);
    let verdict = relevance::verdict(interval, threshold, metric.less_is_better);
    Some(Difference { mean, interval, threshold, verdict, variance_removed: None })
}

#[cfg(test)]
mod tests;
