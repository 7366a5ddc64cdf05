//! The answer for other programs: the whole summary and the answer's sentences as one JSON
//! object. Numbers are in the metrics' own units, names as the scenario spells them.

use serde::Serialize;

use crate::experiment::{METRICS, StudyResult, Summary, SummaryLine, Verdict};
use crate::plan::{DefaultUsed, ManifestNote, Release};
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
    baseline: Option<&'a str>,
    releases: &'a [Release],
    groups: Vec<GroupView<'a>>,
    answer: Vec<String>,
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
    difference: Option<DifferenceView>,
}

#[derive(Serialize)]
struct DifferenceView {
    mean: f64,
    interval: (f64, f64),
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
        baseline: study.arms.get(study.baseline).map(|arm| arm.name.as_str()),
        releases: &study.releases,
        groups: (0..result.groups.len()).map(|index| group(result, summary, index)).collect(),
        answer: answer.ranking.iter().cloned().chain(sentences).collect(),
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
        difference: line.difference.map(|difference| DifferenceView {
            mean: difference.mean,
            interval: difference.interval,
            verdict: match difference.verdict {
                Verdict::Better => "better",
                Verdict::Worse => "worse",
                Verdict::Different => "different",
                Verdict::NoRelevantDifference => "no relevant difference",
                Verdict::Inconclusive => "inconclusive",
            },
            variance_removed: difference.variance_removed,
        }),
    }
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
