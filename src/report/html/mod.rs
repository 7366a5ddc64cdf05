//! `report.html`: the whole answer on one page, in one file that asks the network for nothing.
//!
//! The template escapes every value; charts are inlined as drawn, and a style sheet made from
//! the palette turns their inks dark where the reader's system is. Single runs can be zoomed
//! into with uPlot; without a script, or on paper, drawn charts and logs say the same.

mod policy;
mod runs;

use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, context};
use serde::Serialize;

use crate::experiment::{Role, StudyResult, Summary, Verdict};
use crate::plan::ManifestVerdict;

use super::answer::{Answer, CauseLine, Fact, Grid, Heading, Sentence, facts, is_cut_off, mixed};
use super::chart::{Chart, Theme, pairs, svg};
use super::csv::plan_of;
use super::exemplar::Shown;
use super::figure::{Estimate, PricePerHour, Scale, span};
use super::story::ending;
use super::text::visible;
use super::validity::{NOT_MODELLED, PARTS, rests_on};
use policy::{SCRIPT, UPLOT, UPLOT_STYLE, policy};
use runs::RunView;

const TEMPLATE: &str = include_str!("../assets/report.html.j2");

#[derive(Serialize)]
struct Page<'a> {
    scenario: String,
    version: &'static str,
    digest: &'a str,
    scope: &'a str,
    ranking: Option<String>,
    sentences: Vec<SentenceView>,
    choices: Vec<String>,
    certainty: &'a str,
    caveat: &'a str,
    table: TableView,
    legend: &'a str,
    hundred: Option<TableView>,
    latency: Option<TableView>,
    spread: Option<TableView>,
    differences: Option<TableView>,
    causes: Vec<CauseView>,
    facts: Vec<Fact>,
    defaults: Vec<[String; 3]>,
    manifest: Vec<[String; 4]>,
    warnings: &'a [String],
    validity: Vec<[String; 3]>,
    costs: Vec<String>,
    rests: Vec<[String; 3]>,
    runs: Vec<RunView>,
    data: String,
    policy: String,
    uplot: &'static str,
    uplot_style: &'static str,
    script: &'static str,
    not_modelled: &'static str,
    seeds: u64,
    confidence: String,
    control: bool,
    command: String,
    charts: Vec<ChartView>,
    dark: String,
}

#[derive(Serialize)]
struct SentenceView {
    release: String,
    text: String,
    verdict: &'static str,
}

#[derive(Serialize)]
struct CauseView {
    release: String,
    strategy: String,
    count: String,
    text: String,
}

#[derive(Serialize)]
struct ChartView {
    name: String,
    title: String,
    svg: String,
}

#[derive(Serialize)]
struct TableView {
    headings: Vec<HeadingView>,
    sections: Vec<SectionView>,
}

#[derive(Serialize)]
struct HeadingView {
    name: String,
    unit: String,
    words: bool,
}

#[derive(Serialize)]
struct SectionView {
    title: String,
    rows: Vec<RowView>,
}

#[derive(Serialize)]
struct RowView {
    aside: bool,
    cells: Vec<[String; 2]>,
}

/// The page. `command` is what reproduces the study; `charts` are those of the folder.
///
/// # Panics
/// Never: the template is part of the program and tested.
#[must_use]
pub fn page(
    result: &StudyResult,
    summary: &Summary,
    command: &str,
    charts: &[Chart],
    shown: &[Shown],
) -> String {
    let study = &result.study;
    let answer = Answer::new(result, summary);
    let page = Page {
        scenario: answer.scenario.clone(),
        version: env!("CARGO_PKG_VERSION"),
        digest: &study.digest,
        scope: &answer.scope,
        ranking: answer
            .ranking
            .clone()
            .or_else(|| only(result, shown))
            .as_deref()
            .map(held_together),
        sentences: answer.sentences.iter().map(sentence).collect(),
        choices: answer.choices.iter().map(|text| held_together(text)).collect(),
        certainty: &answer.certainty,
        caveat: &answer.caveat,
        table: table(&answer.table),
        legend: &answer.legend,
        hundred: answer.hundred.as_ref().map(table),
        latency: answer.latency.as_ref().map(table),
        spread: answer.spread.as_ref().map(table),
        differences: answer.differences.as_ref().map(table),
        causes: answer.causes.iter().map(cause).collect(),
        facts: facts(study),
        defaults: defaults(result),
        manifest: manifest(result),
        warnings: &answer.warnings,
        validity: PARTS
            .iter()
            .map(|part| [part.part, part.held_against.name(), part.note].map(str::to_owned))
            .collect(),
        costs: costs(result, summary),
        rests: rests(&answer.causes),
        runs: runs::views(result, shown),
        data: runs::data(result, shown),
        policy: policy(!shown.is_empty()),
        uplot: UPLOT,
        uplot_style: UPLOT_STYLE,
        script: SCRIPT,
        not_modelled: NOT_MODELLED,
        seeds: study.seeds,
        confidence: super::figure::percent(summary.level),
        control: super::answer::control(result).is_some(),
        command: visible(command),
        charts: charts.iter().map(chart).collect(),
        dark: dark(),
    };
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    environment.add_template("report.html", TEMPLATE).expect("the template is sound");
    let template = environment.get_template("report.html").expect("it was just added");
    template.render(context! { page => Serde(page) }).expect("the template asks for what there is")
}

/// What came of a single run, which has nothing to be ranked with.
fn only(result: &StudyResult, shown: &[Shown]) -> Option<String> {
    let [Shown { group, roles, record, .. }] = shown else { return None };
    let plan = plan_of(result, &result.groups[*group].strategy);
    let told = roles.contains(&Role::Only).then(|| ending(plan, record, usize::MAX));
    told.map(|text| text.trim_end().to_owned())
}

/// Numbers are not parted from their intervals at a line's end.
fn held_together(text: &str) -> String {
    text.replace(" ± ", "\u{a0}±\u{a0}").replace(" %", "\u{a0}%")
}

fn sentence(sentence: &Sentence) -> SentenceView {
    SentenceView {
        release: sentence.release.clone(),
        text: held_together(&sentence.text),
        verdict: match sentence.verdict {
            Some(Verdict::Better) => "better",
            Some(Verdict::Worse) => "worse",
            Some(Verdict::Inconclusive) => "open",
            Some(Verdict::NoRelevantDifference | Verdict::Different) | None => "even",
        },
    }
}

fn cause(line: &CauseLine) -> CauseView {
    CauseView {
        release: line.release.clone(),
        strategy: line.strategy.clone(),
        count: line.count(),
        text: line.text(),
    }
}

fn chart(chart: &Chart) -> ChartView {
    let svg = svg(&chart.picture, Theme::Light);
    ChartView { name: chart.name.clone(), title: chart.title.clone(), svg }
}

/// What each strategy costs a deployment: capacity, money, time.
fn costs(result: &StudyResult, summary: &Summary) -> Vec<String> {
    let study = &result.study;
    let price = Scale::Price(PricePerHour::new(study.plan.instance_hour_cost));
    let of = |strategy: &str, metric: &str, scale: Scale| {
        let (mean, interval) = mixed(result, summary, strategy, metric)?;
        Some(Estimate::new(mean, interval, scale).joined())
    };
    let line = |strategy: &str| {
        let mut parts = Vec::new();
        if let Some(minutes) = of(strategy, "extra_instance_s", Scale::Minutes) {
            parts.push(format!("{minutes} extra instance minutes"));
        }
        if study.plan.instance_hour_cost > 0.0 {
            let money = of(strategy, "extra_instance_s", price);
            parts.extend(money.map(|money| format!("{money} {}", visible(&study.plan.currency))));
        }
        if let Some((mean, interval)) = mixed(result, summary, strategy, "deploy_s") {
            let cut = is_cut_off(result, summary, strategy, "deploy_s");
            let least = if cut { "at least " } else { "" };
            parts.push(format!("rollout {least}{}", span(mean, interval)));
        }
        (!parts.is_empty())
            .then(|| held_together(&format!("{}: {}", visible(strategy), parts.join(", "))))
    };
    study.arms.iter().filter_map(|arm| line(&arm.name)).collect()
}

/// The causes of this study's harm, and what has been held against what in their models.
fn rests(causes: &[CauseLine]) -> Vec<[String; 3]> {
    let mut rows: Vec<[String; 3]> = Vec::new();
    for share in causes.iter().flat_map(|line| &line.shares) {
        let name = share.cause.name().to_owned();
        if rows.iter().any(|row| row[0] == name) {
            continue;
        }
        let before = rows.len();
        for part in rests_on(share.cause) {
            let against = part.held_against.name().to_owned();
            rows.push([name.clone(), part.part.to_owned(), against]);
        }
        if rows.len() == before {
            let stated = "what the scenario states".to_owned();
            rows.push([name, stated, "nothing: an input".to_owned()]);
        }
    }
    rows
}

fn table(grid: &Grid) -> TableView {
    let heading = |heading: &Heading| HeadingView {
        name: heading.name.clone(),
        unit: heading.unit.clone(),
        words: heading.words,
    };
    let sections = grid.sections.iter().map(|section| SectionView {
        title: section.title.clone(),
        rows: section
            .lines
            .iter()
            .map(|line| RowView {
                aside: line.aside,
                cells: line
                    .cells
                    .iter()
                    .map(|cell| [cell.mean.clone(), cell.interval.clone()])
                    .collect(),
            })
            .collect(),
    });
    TableView {
        headings: grid.headings.iter().map(heading).collect(),
        sections: sections.collect(),
    }
}

fn defaults(result: &StudyResult) -> Vec<[String; 3]> {
    let used = result.study.defaults.iter();
    used.map(|used| [visible(&used.path), visible(&used.value), visible(&used.source)]).collect()
}

fn manifest(result: &StudyResult) -> Vec<[String; 4]> {
    let notes = result.study.manifest_notes.iter();
    notes
        .map(|note| {
            let verdict = match note.verdict {
                ManifestVerdict::Used => "used",
                ManifestVerdict::Approximated => "approximated",
                ManifestVerdict::Ignored => "ignored",
            };
            [visible(&note.file), visible(&note.field), verdict.to_owned(), visible(&note.note)]
        })
        .collect()
}

/// Rules that repaint the charts' inks on dark paper.
fn dark() -> String {
    pairs()
        .map(|pair| {
            let (light, dark) = (format!("#{:06x}", pair.light), format!("#{:06x}", pair.dark));
            format!(
                "figure svg[fill=\"{light}\"],figure svg [fill=\"{light}\"]{{fill:{dark}}}\
                 figure svg [stroke=\"{light}\"]{{stroke:{dark}}}"
            )
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::chart::charts;
    use crate::report::fixture;

    fn drawn(result: &StudyResult) -> String {
        let summary = fixture::summary(result);
        let charts = charts(result, &summary, &fixture::shown());
        page(
            result,
            &summary,
            "cutover compare checkout.yaml --seeds 20",
            &charts,
            &fixture::shown(),
        )
    }

    #[test]
    fn the_page_answers_without_anything_beside_it() {
        let text = drawn(&fixture::result());
        for part in [
            "Excess failed requests per 100 deployments",
            "Release good: recreate fails",
            "service.workers",
            "cutover compare checkout.yaml --seeds 20",
            "termination race (preStop 0s)",
            "20 seeds",
            "spec.template.spec.affinity",
            "shorter than three boots",
            "somebody looks at it",
            "14.296 s: balancer node 1 to instance 2: refused",
            "cutover run checkout.yaml --strategy rolling --seed 3",
            "extra instance minutes",
        ] {
            assert!(text.contains(part), "{part}");
        }
        assert_eq!(text.matches("<figure").count(), 19);
    }

    #[test]
    fn the_page_asks_the_network_for_nothing() {
        let text = drawn(&fixture::result()).replace("http://www.w3.org/2000/svg", "");
        // uPlot says in a comment where it comes from.
        let text = text.replace(UPLOT, "");
        for reference in ["http:", "https:", "src=", "@import", "url(", "<link"] {
            assert!(!text.contains(reference), "{reference}");
        }
        assert!(text.contains("default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'"));
    }

    #[test]
    fn hostile_names_are_text() {
        let text = drawn(&fixture::hostile());
        assert!(!text.contains("<img") && !text.contains("<b>"));
        assert_eq!(text.matches("<script").count(), 3);
        assert!(text.contains("&lt;img src=x onerror=alert(1)&gt;"));
        assert!(text.contains("{{ 7*7 }}") && !text.contains('\u{202e}'));
    }

    #[test]
    fn the_page_of_a_single_run_says_what_came_of_it() {
        let (result, mut shown) = (fixture::result(), fixture::shown());
        shown.truncate(1);
        shown[0].roles = vec![Role::Only];
        assert!(only(&result, &fixture::shown()).is_none());
        let text = only(&result, &shown).unwrap();
        assert!(text.starts_with("The rollout ended") && text.contains(" requests failed ("));
        assert!(!text.contains('\n'), "{text}");
    }

    #[test]
    fn the_page_gives_the_same_bytes_twice() {
        assert_eq!(drawn(&fixture::result()), drawn(&fixture::result()));
    }
}
