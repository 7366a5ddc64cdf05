//! The answer in words: one sentence for each strategy against the baseline, which says what
//! the difference is and how sure.

use crate::experiment::{Difference, Group, StudyResult, Summary, Verdict};
use crate::record::RolloutOutcome;

use super::{baseline, group_of};
use crate::report::figure::{Estimate, Scale, percent, rounded, span};
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

const ROLLOUT_TIME: &str = "deploy_s";

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
    aspect(ROLLOUT_TIME, Scale::Plain, "rollout {} longer", "rollout {} shorter"),
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
            let (text, verdict) = sentence(result, summary, (group, base_group));
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
    result: &StudyResult,
    summary: &Summary,
    (group, base_group): (usize, Option<usize>),
) -> (String, Option<Verdict>) {
    let name = visible(&result.groups[group].strategy);
    let base = baseline(result).map_or_else(String::new, visible);
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
    let level = at_level(summary);
    let aside: Vec<String> = ratio(at_base, &difference).into_iter().chain(level.clone()).collect();
    let aside = if aside.is_empty() { String::new() } else { format!(" ({})", aside.join("; ")) };
    let level = level.map_or_else(String::new, |level| format!(", {level}"));
    let mut text = match difference.verdict {
        Verdict::Worse => format!("{name} fails {size} more {what} than {base}{aside}: worse"),
        Verdict::Better => format!("{name} fails {size} fewer {what} than {base}{aside}: better"),
        Verdict::NoRelevantDifference => format!(
            "{name} against {base}: no difference shown that matters ({signed} {what}{level}; up to {} \
             does not matter)",
            rounded(scale.apply(difference.threshold))
        ),
        Verdict::Inconclusive | Verdict::Different => format!(
            "{name} against {base} is inconclusive at this number of seeds ({signed} {what}{level})"
        ),
    };
    let others = others(result, summary, (group, base_group));
    if others.is_empty() {
        text.push('.');
    } else {
        text.push_str(&format!("; {others}."));
    }
    (text, Some(difference.verdict))
}

/// That the interval of a difference is wider than one by itself, where it is.
fn at_level(summary: &Summary) -> Option<String> {
    let many = summary.comparisons;
    (many > 1).then(|| format!("at the level of all {many} comparisons"))
}

/// The other aspects in which the two clearly differ.
fn others(
    result: &StudyResult,
    summary: &Summary,
    (group, base_group): (usize, Option<usize>),
) -> String {
    let texts = ASPECTS.iter().filter_map(|aspect| {
        let difference = summary.line(group, aspect.metric)?.difference?;
        if aspect.metric == ROLLOUT_TIME {
            return rollout_time(result, summary, (group, base_group?), &difference);
        }
        if !matches!(difference.verdict, Verdict::Better | Verdict::Worse) {
            return None;
        }
        let size = magnitude(&difference, aspect.scale);
        let template = if difference.mean > 0.0 { aspect.more } else { aspect.less };
        Some(template.replace("{}", &size))
    });
    texts.collect::<Vec<_>>().join(", ")
}

/// By how much the rollout takes longer or shorter. Where rollouts end differently that is no
/// merit, and the reason is said; where the window cut one off, the difference is a bound.
fn rollout_time(
    result: &StudyResult,
    summary: &Summary,
    (group, base_group): (usize, usize),
    difference: &Difference,
) -> Option<String> {
    let clear = matches!(difference.verdict, Verdict::Better | Verdict::Worse | Verdict::Different);
    if !clear {
        return None;
    }
    let longer = difference.mean > 0.0;
    let cut = |group: usize| summary.line(group, ROLLOUT_TIME).is_some_and(|l| l.censored > 0);
    let (lasting, ended) = if longer { (group, base_group) } else { (base_group, group) };
    if cut(ended) {
        return None;
    }
    let least = if cut(lasting) { "at least " } else { "" };
    let (low, high) = difference.interval;
    let (mean, ends) =
        if longer { (difference.mean, (low, high)) } else { (-difference.mean, (-high, -low)) };
    let size = span(mean, Some(ends));
    let way = if longer { "longer" } else { "shorter" };
    if difference.verdict != Verdict::Different {
        return Some(format!("rollout {least}{size} {way}"));
    }
    let sooner = &result.groups[ended];
    let given_up = not_completed(sooner);
    Some(match (longer, given_up) {
        (false, Some(why)) => {
            format!("rollout over {least}{size} sooner because it was given up ({why})")
        }
        (true, Some(why)) => format!(
            "rollout {least}{size} longer than that of {}, which was given up ({why})",
            visible(&sooner.strategy)
        ),
        (_, None) => {
            let why = not_completed(&result.groups[lasting]).unwrap_or_default();
            format!("rollout {least}{size} {way} ({why})")
        }
    })
}

/// In how many seeds a rollout did not complete: `rolled back in 12 of 12`.
fn not_completed(group: &Group) -> Option<String> {
    let count = |wanted| group.rows.iter().filter(|row| row.outcome == wanted).count();
    let texts = [RolloutOutcome::RolledBack, RolloutOutcome::Stalled, RolloutOutcome::Unfinished]
        .map(|outcome| (outcome.name().replace('_', " "), count(outcome)));
    let total = group.rows.len();
    let told = texts.into_iter().filter(|(_, count)| *count > 0);
    let told: Vec<String> =
        told.map(|(name, count)| format!("{name} in {count} of {total}")).collect();
    (!told.is_empty()).then(|| told.join(", "))
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

/// `5.8 times as many` where the baseline's harm is well above zero.
fn ratio(at_base: f64, difference: &Difference) -> Option<String> {
    let there = at_base + difference.mean;
    if at_base < 1.0 || there <= 0.0 {
        return None;
    }
    let ratio = there / at_base;
    if ratio >= 1.1 {
        let ratio = if ratio >= 10.0 { ratio.round() } else { ratio };
        Some(format!("{} times as many", rounded(ratio)))
    } else if ratio <= 0.9 {
        Some(format!("{} as many", percent(ratio)))
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::{index_of, summarise};
    use crate::report::fixture;

    /// What is said of the canary, whose rollouts take so long and end so; those of the baseline
    /// complete after 400 s.
    fn canary(seconds: f64, outcome: RolloutOutcome) -> String {
        let mut result = fixture::one_release();
        let time = index_of(ROLLOUT_TIME).unwrap();
        for group in result.groups.iter_mut().filter(|group| !group.release.is_empty()) {
            let canary = group.strategy == "canary";
            for row in &mut group.rows {
                row.values[time] = Some(if canary { seconds } else { 400.0 });
                row.outcome = if canary { outcome } else { RolloutOutcome::Completed };
            }
            let cut = canary && outcome == RolloutOutcome::Unfinished;
            group.rows.iter_mut().for_each(|row| row.censored.deploy = cut);
        }
        let summary = summarise(&result);
        let sentences = sentences(&result, &summary);
        sentences.into_iter().find(|sentence| sentence.strategy == "canary").unwrap().text
    }

    #[test]
    fn a_rollout_that_is_given_up_is_not_praised_for_its_time() {
        let text = canary(90.0, RolloutOutcome::Completed);
        assert!(text.contains("rollout 5.17 min shorter"), "{text}");
        let text = canary(90.0, RolloutOutcome::RolledBack);
        let why = "over 5.17 min sooner because it was given up (rolled back in 20 of 20)";
        assert!(text.contains(why), "{text}");
    }

    #[test]
    fn a_time_that_the_window_cut_off_is_a_bound() {
        let text = canary(259_300.0, RolloutOutcome::Unfinished);
        assert!(
            text.contains("rollout at least 3 d 0 h longer (unfinished in 20 of 20)"),
            "{text}"
        );
        assert!(canary(400.0, RolloutOutcome::Unfinished).find("rollout ").is_none());
    }

    #[test]
    fn an_interval_at_the_level_of_several_comparisons_says_so() {
        let text = canary(90.0, RolloutOutcome::Completed);
        assert!(text.contains("at the level of all 3 comparisons): "), "{text}");
    }
}
