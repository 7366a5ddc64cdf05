//! A sweep made of the fixture's study, moved a little from point to point.

use super::*;
use crate::experiment::sweep::{Input, Point, settings};
use crate::experiment::{index_of, summarise};
use crate::report::chart::sweep_charts;
use crate::report::fixture;
use crate::report::folder::ChartFiles;
use crate::report::text::width;

/// `excess_failed` of the first two strategies by point.
fn sweep(design: Design, inputs: &[(&str, &[&str])], means: &[[f64; 2]]) -> Sweep {
    let metric = index_of("excess_failed").unwrap();
    let inputs: Vec<Input> = inputs
        .iter()
        .map(|(path, values)| Input {
            path: (*path).into(),
            values: values.iter().map(|value| (*value).into()).collect(),
        })
        .collect();
    let settings = settings(&inputs, design);
    assert_eq!(settings.len(), means.len());
    let points = settings.into_iter().zip(means).map(|(setting, means)| {
        let mut result = fixture::one_release();
        result.study.arms.truncate(2);
        result
            .groups
            .retain(|group| result.study.arms.iter().any(|arm| arm.name == group.strategy));
        for (group, mean) in result.groups.iter_mut().zip(means) {
            for (place, row) in group.rows.iter_mut().enumerate() {
                row.values[metric] = Some(mean + 0.2 * (place % 5) as f64);
            }
        }
        let summary = summarise(&result);
        Point { values: setting, result, summary }
    });
    Sweep { inputs, design, metric, points: points.collect() }
}

fn curve() -> Sweep {
    let values: &[&str] = &["0s", "2s", "5s", "10s"];
    let means = [[900.0, 300.0], [400.0, 301.0], [100.0, 300.0], [100.2, 302.0]];
    sweep(Design::Grid, &[("service.shutdown.pre_stop", values)], &means)
}

fn tornado() -> Sweep {
    let ranges: &[(&str, &[&str])] =
        &[("service.replicas", &["4", "12"]), ("pause", &["1s", "9s"])];
    let means = [[100.0, 300.0], [150.0, 300.0], [90.0, 300.0], [100.0, 50.0], [100.0, 300.0]];
    sweep(Design::Tornado, ranges, &means)
}

#[test]
fn a_curve_tells_its_knee_and_what_flips_the_winner() {
    for columns in [80, 200] {
        let text = terminal(&curve(), Screen { columns, color: false });
        assert!(text.lines().all(|line| width(line) <= columns), "{text}");
        assert!(text.contains("the knee is at service.shutdown.pre_stop 5s"), "{text}");
        let flat = text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(flat.contains("The winner in excess_failed flips for certain"), "{text}");
    }
}

#[test]
fn a_tornado_names_the_input_that_matters_most() {
    let text = terminal(&tornado(), Screen { columns: 100, color: false });
    let flat = text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(flat.contains("excess_failed depends most on service.replicas"), "{text}");
    assert!(flat.contains("excess_failed depends most on pause"), "{text}");
}

#[test]
fn a_grid_has_a_curve_for_each_value_of_the_second_input() {
    let means = [[900.0, 300.0]; 4];
    let two: &[(&str, &[&str])] = &[("a", &["1", "2"]), ("b", &["3", "4"])];
    let sweep = sweep(Design::Grid, two, &means);
    let names: Vec<String> = sweep_charts(&sweep).into_iter().map(|chart| chart.name).collect();
    assert_eq!(names, ["sweep-3", "sweep-4"]);
    let csv = csv(&sweep);
    assert!(csv.starts_with("a,b,strategy,release,metric,unit,mean,"), "{csv}");
}

#[test]
fn a_folder_holds_the_table_the_charts_and_the_manifest() {
    let files = files(&tornado(), ChartFiles::All, "cutover sweep");
    let names: Vec<&str> = files.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names.len(), 10, "{names:?}");
    assert_eq!((names[8], names[9]), ("sweep.csv", "study.json"));
    let study: serde_json::Value = serde_json::from_slice(&files[9].1).expect("JSON");
    assert_eq!(study["sweep"]["design"], "tornado");
    assert!(
        files == super::files(&tornado(), ChartFiles::All, "cutover sweep"),
        "the same bytes twice"
    );
    let told: serde_json::Value = serde_json::from_str(&json(&curve())).expect("JSON");
    assert_eq!(told["points"][2]["best"][0][1][0], curve().points[0].result.study.arms[0].name);
}

#[test]
fn everything_is_drawn_on_the_sheet() {
    use crate::report::chart::{Theme, svg};
    for chart in sweep_charts(&curve()).iter().chain(&sweep_charts(&tornado())) {
        assert!(svg(&chart.picture, Theme::Light).contains("excess_failed"), "{}", chart.name);
    }
}
