//! The answer for other programs: the whole summary and the answer's sentences as one JSON
//! object. Numbers are in the metrics' own units, names as the scenario spells them.

use serde::Serialize;

use crate::experiment::precision::assess;
use crate::experiment::{
    BestLine, Difference, METRICS, PerHundred, PooledLine, Standing, StudyResult, Summary,
    SummaryLine,
};
use crate::plan::{DefaultUsed, ManifestNote, Release, Study};
use crate::record::CauseCount;

use super::answer::{Answer, is_control};

#[derive(Serialize)]
struct Root<'a> {
    scenario: &'a str,
    digest: &'a str,
    cutover: &'static str,
    first_seed: u64,
    seeds: u64,
    confidence: f64,
    comparisons: usize,
    looks: usize,
    baseline: Option<&'a str>,
    releases: &'a [Release],
    groups: Vec<GroupView<'a>>,
    answer: Vec<String>,
    best: Vec<BestView<'a>>,
    pareto: Vec<StandingView<'a>>,
    per_hundred: Vec<HundredView<'a>>,
    precision: Option<PrecisionView<'a>>,
    defaults: &'a [DefaultUsed],
    manifest: &'a [ManifestNote],
    warnings: &'a [String],
    caveat: String,
}

#[derive(Serialize)]
struct GroupView<'a> {
    strategy: &'a str,
    release: &'a str,
    control: bool,
    outcomes: Vec<OutcomeView>,
    causes: &'a [CauseCount],
    metrics: Vec<MetricView>,
    /// Quantiles over the requests of all seeds together.
    pooled: Vec<PooledView>,
}

#[derive(Serialize)]
struct PooledView {
    metric: &'static str,
    value: f64,
    interval: Option<(f64, f64)>,
}

#[derive(Serialize)]
struct BestView<'a> {
    release: &'a str,
    metric: &'static str,
    chances: Vec<(&'a str, f64)>,
}

#[derive(Serialize)]
struct StandingView<'a> {
    release: &'a str,
    strategy: &'a str,
    dominated_by: Vec<&'a str>,
    on_front: bool,
}

#[derive(Serialize)]
struct HundredView<'a> {
    strategy: &'a str,
    harm: &'static str,
    mean: f64,
    interval: Option<(f64, f64)>,
    difference: Option<DifferenceView>,
}

#[derive(Serialize)]
struct PrecisionView<'a> {
    metric: &'static str,
    wanted_share: f64,
    reached: bool,
    strategy: &'a str,
    release: &'a str,
    half_width: f64,
    wanted: f64,
    seeds_needed: Option<u64>,
}

#[derive(Serialize)]
struct OutcomeView {
    outcome: &'static str,
    runs: usize,
}

#[derive(Serialize)]
struct MetricView {
    metric: &'static str,
    mean: f64,
    interval: Option<(f64, f64)>,
    p05: f64,
    p50: f64,
    p95: f64,
    seeds: u64,
    censored: u64,
    /// Of harm that is counted: in how many seeds there was any, and the exact interval of
    /// their share.
    seeds_hit: Option<(u64, (f64, f64))>,
    difference: Option<DifferenceView>,
}

#[derive(Serialize)]
struct DifferenceView {
    mean: f64,
    interval: (f64, f64),
    threshold: f64,
    verdict: &'static str,
    variance_removed: Option<f64>,
}

/// What `cutover compare --format json` prints.
///
/// # Panics
/// Never: the answer is plain data.
#[must_use]
pub fn compare(result: &StudyResult, summary: &Summary) -> String {
    let study = &result.study;
    let answer = Answer::new(result, summary);
    let sentences = answer.sentences.iter().map(|sentence| {
        if sentence.release.is_empty() {
            sentence.text.clone()
        } else {
            format!("Release {}: {}", sentence.release, sentence.text)
        }
    });
    let root = Root {
        scenario: &study.name,
        digest: &study.digest,
        cutover: env!("CARGO_PKG_VERSION"),
        first_seed: study.first_seed,
        seeds: study.seeds,
        confidence: summary.level,
        comparisons: summary.comparisons,
        looks: summary.looks.max(1),
        baseline: study.arms.get(study.baseline).map(|arm| arm.name.as_str()),
        releases: &study.releases,
        groups: (0..result.groups.len()).map(|index| group(result, summary, index)).collect(),
        answer: answer.ranking.iter().cloned().chain(sentences).chain(answer.choices).collect(),
        best: best(result, summary),
        pareto: standings(result, summary),
        per_hundred: hundreds(result, summary),
        precision: precision(result, summary),
        defaults: &study.defaults,
        manifest: &study.manifest_notes,
        warnings: &study.warnings,
        caveat: answer.caveat,
    };
    serde_json::to_string_pretty(&root).expect("an answer is plain data") + "\n"
}

fn group<'a>(result: &'a StudyResult, summary: &Summary, index: usize) -> GroupView<'a> {
    let group = &result.groups[index];
    let mut outcomes: Vec<OutcomeView> = Vec::new();
    for row in &group.rows {
        let name = row.outcome.name();
        match outcomes.iter_mut().find(|view| view.outcome == name) {
            Some(view) => view.runs += 1,
            None => outcomes.push(OutcomeView { outcome: name, runs: 1 }),
        }
    }
    let lines = summary.lines.iter().filter(|line| line.group == index);
    GroupView {
        strategy: &group.strategy,
        release: &group.release,
        control: is_control(group),
        outcomes,
        causes: &group.causes,
        metrics: lines.map(metric).collect(),
        pooled: summary.pooled.iter().filter(|line| line.group == index).map(pooled).collect(),
    }
}

fn metric(line: &SummaryLine) -> MetricView {
    MetricView {
        metric: METRICS[line.metric].name,
        mean: line.mean,
        interval: line.interval,
        p05: line.quantiles.0,
        p50: line.quantiles.1,
        p95: line.quantiles.2,
        seeds: line.seeds,
        censored: line.censored,
        seeds_hit: line.seeds_hit.map(|hit| (hit.hits, hit.share)),
        difference: line.difference.map(difference),
    }
}

fn difference(difference: Difference) -> DifferenceView {
    DifferenceView {
        mean: difference.mean,
        interval: difference.interval,
        threshold: difference.threshold,
        verdict: difference.verdict.name(),
        variance_removed: difference.variance_removed,
    }
}

fn pooled(line: &PooledLine) -> PooledView {
    let (metric, value, interval) = (METRICS[line.metric].name, line.value, line.interval);
    PooledView { metric, value, interval }
}

fn best<'a>(result: &'a StudyResult, summary: &Summary) -> Vec<BestView<'a>> {
    let Study { arms, releases, .. } = &result.study;
    let view = |line: &BestLine| BestView {
        release: &releases[line.release].name,
        metric: METRICS[line.metric].name,
        chances: arms.iter().map(|arm| arm.name.as_str()).zip(line.chances.clone()).collect(),
    };
    summary.best.iter().map(view).collect()
}

fn standings<'a>(result: &'a StudyResult, summary: &Summary) -> Vec<StandingView<'a>> {
    let Study { arms, releases, .. } = &result.study;
    let view = |standing: &Standing| StandingView {
        release: &releases[standing.release].name,
        strategy: &arms[standing.arm].name,
        dominated_by: standing.dominated_by.iter().map(|arm| arms[*arm].name.as_str()).collect(),
        on_front: standing.on_front,
    };
    summary.pareto.iter().map(view).collect()
}

fn hundreds<'a>(result: &'a StudyResult, summary: &Summary) -> Vec<HundredView<'a>> {
    let view = |line: &PerHundred| HundredView {
        strategy: &result.study.arms[line.arm].name,
        harm: line.harm.name(),
        mean: line.mean,
        interval: line.interval,
        difference: line.difference.map(difference),
    };
    summary.per_hundred.iter().map(view).collect()
}

fn precision<'a>(result: &'a StudyResult, summary: &Summary) -> Option<PrecisionView<'a>> {
    let target = summary.target?;
    let precision = assess(result, summary, target)?;
    let group = &result.groups[precision.group];
    Some(PrecisionView {
        metric: METRICS[target.metric].name,
        wanted_share: target.share,
        reached: precision.is_enough(),
        strategy: &group.strategy,
        release: &group.release,
        half_width: precision.half,
        wanted: precision.wanted,
        seeds_needed: precision.seeds_needed(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;
    use serde_json::Value;

    #[test]
    fn programs_find_every_group_metric_and_verdict() {
        let result = fixture::result();
        let summary = fixture::summary(&result);
        let root: Value = serde_json::from_str(&compare(&result, &summary)).unwrap();
        let groups = root["groups"].as_array().unwrap();
        assert_eq!(groups.len(), result.groups.len());
        assert_eq!(groups[0]["control"], true);
        let excess = |group: &Value| {
            let metrics = group["metrics"].as_array().unwrap();
            metrics.iter().find(|metric| metric["metric"] == "excess_failed").cloned().unwrap()
        };
        let canary = excess(&groups[8]);
        assert_eq!(canary["difference"]["verdict"], "better");
        assert_eq!(canary["mean"], summary.line(8, "excess_failed").unwrap().mean);
        assert_eq!(root["answer"].as_array().unwrap().len(), 7);
    }
}
