//! The answer in words: one sentence for each strategy against the baseline, which says what
//! the difference is and how sure.

use crate::experiment::{Difference, StudyResult, Summary, Verdict};

use super::{baseline, group_of};
use crate::report::figure::{Estimate, Scale, percent, rounded};
use crate::report::text::visible;

/// A sentence about a pair.
#[derive(Clone, Debug, PartialEq)]
pub struct Sentence {
    /// The strategy.
    pub strategy: String,
    /// The release; empty where there is only one.
    pub release: String,
    /// What is said.
    pub text: String,
    /// The verdict on failed requests, if there is one.
    pub verdict: Option<Verdict>,
}

/// What a sentence says of a metric besides failed requests; `{}` stands for how much.
struct Aspect {
    metric: &'static str,
    scale: Scale,
    more: &'static str,
    less: &'static str,
}

const fn aspect(
    metric: &'static str,
    scale: Scale,
    more: &'static str,
    less: &'static str,
) -> Aspect {
    Aspect { metric, scale, more, less }
}

const ASPECTS: [Aspect; 7] = [
    aspect("users_affected", Scale::Plain, "{} more users affected", "{} fewer users affected"),
    aspect("sessions_lost", Scale::Plain, "{} more sessions lost", "{} fewer sessions lost"),
    aspect("stale_reads", Scale::Plain, "{} more stale reads", "{} fewer stale reads"),
    aspect("forced_logins", Scale::Plain, "{} more forced logins", "{} fewer forced logins"),
    aspect(
        "worst_minute_ok_p99_ms",
        Scale::Plain,
        "p99 of the worst minute {} ms higher",
        "p99 of the worst minute {} ms lower",
    ),
    aspect("deploy_s", Scale::Plain, "rollout {} s longer", "rollout {} s shorter"),
    aspect(
        "extra_instance_s",
        Scale::Minutes,
        "{} more instance minutes",
        "{} fewer instance minutes",
    ),
];

/// A sentence for each release and strategy but the baseline.
pub fn sentences(result: &StudyResult, summary: &Summary) -> Vec<Sentence> {
    let Some(base) = baseline(result) else { return Vec::new() };
    let mut sentences = Vec::new();
    for release in &result.study.releases {
        for arm in result.study.arms.iter().filter(|arm| arm.name != base) {
            let Some(group) = group_of(result, &arm.name, &release.name) else { continue };
            let base_group = group_of(result, base, &release.name);
            let several = result.study.releases.len() > 1;
            let (text, verdict) = sentence(summary, group, base_group, &arm.name, base);
            sentences.push(Sentence {
                strategy: visible(&arm.name),
                release: if several { visible(&release.name) } else { String::new() },
                text,
                verdict,
            });
        }
    }
    sentences
}

fn sentence(
    summary: &Summary,
    group: usize,
    base_group: Option<usize>,
    name: &str,
    base: &str,
) -> (String, Option<Verdict>) {
    let (name, base) = (visible(name), visible(base));
    let metrics = [("excess_failed", Scale::Plain), ("failed_share", Scale::Percent)];
    let found = metrics.into_iter().find_map(|(metric, scale)| {
        let difference = summary.line(group, metric)?.difference?;
        let at_base = summary.line(base_group?, metric)?.mean;
        Some((difference, at_base, scale))
    });
    let Some((difference, at_base, scale)) = found else {
        return (format!("{name} cannot be compared with {base}: there are no pairs."), None);
    };
    let what = if scale == Scale::Percent { "% of requests" } else { "requests a deployment" };
    let size = magnitude(&difference, scale);
    let signed = Estimate::new(difference.mean, Some(difference.interval), scale).joined();
    let ratio = ratio(at_base, &difference);
    let mut text = match difference.verdict {
        Verdict::Worse => format!("{name} fails {size} more {what} than {base}{ratio}: worse"),
        Verdict::Better => format!("{name} fails {size} fewer {what} than {base}{ratio}: better"),
        Verdict::NoRelevantDifference => format!(
            "{name} against {base}: no difference shown that matters ({signed} {what}; up to {} \
             does not matter)",
            rounded(scale.apply(difference.threshold))
        ),
        Verdict::Inconclusive | Verdict::Different => format!(
            "{name} against {base} is inconclusive at this number of seeds ({signed} {what})"
        ),
    };
    let others = others(summary, group);
    if others.is_empty() {
        text.push('.');
    } else {
        text.push_str(&format!("; {others}."));
    }
    (text, Some(difference.verdict))
}

/// The other aspects in which the two clearly differ.
fn others(summary: &Summary, group: usize) -> String {
    let texts = ASPECTS.iter().filter_map(|aspect| {
        let difference = summary.line(group, aspect.metric)?.difference?;
        if !matches!(difference.verdict, Verdict::Better | Verdict::Worse) {
            return None;
        }
        let size = magnitude(&difference, aspect.scale);
        let template = if difference.mean > 0.0 { aspect.more } else { aspect.less };
        Some(template.replace("{}", &size))
    });
    texts.collect::<Vec<_>>().join(", ")
}

/// The difference without its sign.
fn magnitude(difference: &Difference, scale: Scale) -> String {
    let (low, high) = difference.interval;
    if difference.mean < 0.0 {
        Estimate::new(-difference.mean, Some((-high, -low)), scale).joined()
    } else {
        Estimate::new(difference.mean, Some((low, high)), scale).joined()
    }
}

/// ` (5.8 times as many)` where the baseline's harm is well above zero.
fn ratio(at_base: f64, difference: &Difference) -> String {
    let there = at_base + difference.mean;
    if at_base < 1.0 || there <= 0.0 {
        return String::new();
    }
    let ratio = there / at_base;
    if ratio >= 1.1 {
        format!(" ({} times as many)", rounded(if ratio >= 10.0 { ratio.round() } else { ratio }))
    } else if ratio <= 0.9 {
        format!(" ({} as many)", percent(ratio))
    } else {
        String::new()
    }
}
