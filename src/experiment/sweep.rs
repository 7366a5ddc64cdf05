//! A scenario with one or two of its fields varied: where a curve has its knee, which values
//! change the winner, and which assumption matters most.
//!
//! Every point is a study of its own with the same seeds, so points too are compared in pairs:
//! a seed means the same arrivals at each point, unless the field that is varied is the traffic
//! itself. Everything said comes from intervals whose level is shared out among all points and
//! strategies, never from means alone.
//!
//! - The *best* at a point are the strategies that no other is shown to beat.
//! - A curve's *knee* is the value from which on, up to the best point, no difference to the best
//!   point is shown that matters.
//! - A *tornado* varies one input at a time between the ends of its range, all others as the
//!   scenario has them.

use super::metric::METRICS;
use super::result::{Group, StudyResult};
use super::summarise::{mean_requests, paired_difference};
use super::summary::{Difference, Summary, Verdict};
use crate::stats::{LEVEL, correction};

/// A field and the values it takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Input {
    /// Its path.
    pub path: String,
    /// As written.
    pub values: Vec<String>,
}

/// How the inputs are varied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Design {
    /// Every value of one input with every value of the other.
    Grid,
    /// One at a time, from low to high.
    Tornado,
}

/// One study of a sweep.
#[derive(Clone, Debug)]
pub struct Point {
    /// What each input is set to; `None`: as the scenario has it.
    pub values: Vec<Option<String>>,
    /// The rows; sums over seeds are left out, and so are rows by class.
    pub result: StudyResult,
    /// Its figures.
    pub summary: Summary,
}

/// A finished sweep.
#[derive(Clone, Debug)]
pub struct Sweep {
    /// What was varied.
    pub inputs: Vec<Input>,
    /// How.
    pub design: Design,
    /// The metric that is told: an index into [`METRICS`].
    pub metric: usize,
    /// See [`settings`].
    pub points: Vec<Point>,
}

/// Points that differ in the first input alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Curve<'a> {
    /// In the order of the first input's values.
    pub points: Vec<usize>,
    /// What the other inputs are set to: paths and values.
    pub others: Vec<(&'a str, &'a str)>,
}

/// The settings of a sweep's points, in order: of a grid, the first input's values outermost;
/// of a tornado, the scenario itself, then each input's low and high end.
#[must_use]
pub fn settings(inputs: &[Input], design: Design) -> Vec<Vec<Option<String>>> {
    match design {
        Design::Grid => inputs.iter().fold(vec![Vec::new()], |settings, input| {
            let longer = |setting: &Vec<Option<String>>| {
                let setting = setting.clone();
                input.values.iter().map(move |value| {
                    let mut longer = setting.clone();
                    longer.push(Some(value.clone()));
                    longer
                })
            };
            settings.iter().flat_map(longer).collect::<Vec<_>>()
        }),
        Design::Tornado => {
            let mut settings = vec![vec![None; inputs.len()]];
            for (place, input) in inputs.iter().enumerate() {
                for value in &input.values {
                    let mut setting = vec![None; inputs.len()];
                    setting[place] = Some(value.clone());
                    settings.push(setting);
                }
            }
            settings
        }
    }
}

/// Where a curve stops to improve.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Knee {
    /// No difference between any point and the best one is shown to matter.
    Flat,
    /// From this point on, up to the best one (the second), nothing more is gained.
    From(usize, usize),
    /// Up to this point, from the best one (the second) on, nothing is lost yet.
    UpTo(usize, usize),
    /// The first or the last point is the best one, and its neighbour is worse: the range ends
    /// before the knee.
    Beyond(usize),
    /// Only in the middle, at this point.
    Peak(usize),
}

/// One bar of a tornado: what an input's ends change.
#[derive(Clone, Debug, PartialEq)]
pub struct Bar {
    /// Index into the inputs.
    pub input: usize,
    /// The metric at the low and the high end minus that of the scenario; `None` without pairs.
    pub ends: [Option<Difference>; 2],
}

impl Bar {
    /// How far the ends lie apart.
    #[must_use]
    pub fn swing(&self) -> f64 {
        let mean = |end: &Option<Difference>| end.map_or(0.0, |difference| difference.mean);
        let (low, high) = (mean(&self.ends[0]), mean(&self.ends[1]));
        low.max(high).max(0.0) - low.min(high).min(0.0)
    }
}

impl Sweep {
    fn arms(&self) -> usize {
        self.points.first().map_or(0, |point| point.result.study.arms.len())
    }

    fn releases(&self) -> usize {
        self.points.first().map_or(0, |point| point.result.study.releases.len())
    }

    /// The group of an arm and release at a point.
    #[must_use]
    pub fn group(&self, point: usize, arm: usize, release: usize) -> Option<usize> {
        let result = &self.points[point].result;
        let (arm, release) = (&result.study.arms[arm].name, &result.study.releases[release].name);
        result.groups.iter().position(|g| g.strategy == *arm && g.release == *release)
    }

    /// Points that differ in the first input alone, one list for each setting of the others.
    #[must_use]
    pub fn curves(&self) -> Vec<Curve<'_>> {
        let first = self.inputs[0].values.len();
        let stride = self.points.len() / first.max(1);
        (0..stride)
            .map(|offset| {
                let points = (0..first).map(|place| place * stride + offset).collect();
                let others = self.inputs.iter().zip(&self.points[offset].values).skip(1);
                let others = others.map(|(input, value)| {
                    (input.path.as_str(), value.as_deref().unwrap_or_default())
                });
                Curve { points, others: others.collect() }
            })
            .collect()
    }

    fn compared(
        &self,
        base: (usize, usize),
        other: (usize, usize),
        level: f64,
    ) -> Option<Difference> {
        let group =
            |(point, group): (usize, usize)| -> &Group { &self.points[point].result.groups[group] };
        let (base, other) = (group(base), group(other));
        let values = |group: &Group| -> Vec<Option<f64>> {
            group.rows.iter().map(|row| row.values[self.metric]).collect()
        };
        let requests = mean_requests(base);
        paired_difference(self.metric, &values(base), &values(other), requests, level)
    }

    /// The strategies at a point that no other is shown to beat in the metric.
    #[must_use]
    pub fn best(&self, point: usize, release: usize) -> Vec<usize> {
        let Some(less) = METRICS[self.metric].less_is_better else { return Vec::new() };
        let summary = &self.points[point].summary;
        let mean = |arm: &usize| {
            let line =
                summary.line(self.group(point, *arm, release)?, METRICS[self.metric].name)?;
            Some(if less { line.mean } else { -line.mean })
        };
        let mut arms: Vec<usize> = (0..self.arms()).filter(|arm| mean(arm).is_some()).collect();
        arms.sort_by(|a, b| mean(a).unwrap_or(0.0).total_cmp(&mean(b).unwrap_or(0.0)));
        let Some(&first) = arms.first() else { return Vec::new() };
        let comparisons = (self.arms().max(2) - 1) * self.points.len() * self.releases();
        let level = correction::bonferroni(LEVEL, comparisons);
        arms.retain(|&arm| {
            let groups = self.group(point, first, release).zip(self.group(point, arm, release));
            let difference = groups.and_then(|(a, b)| self.compared((point, a), (point, b), level));
            arm == first || difference.is_none_or(|d| d.verdict != Verdict::Worse)
        });
        arms.sort_unstable();
        arms
    }

    /// Where the curve through these points has its knee; `None` of a metric that has no better
    /// end, or without values.
    #[must_use]
    pub fn knee(&self, points: &[usize], arm: usize, release: usize) -> Option<Knee> {
        let less = METRICS[self.metric].less_is_better?;
        let mut means = Vec::new();
        for &point in points {
            let group = self.group(point, arm, release)?;
            let line = self.points[point].summary.line(group, METRICS[self.metric].name)?;
            means.push(if less { line.mean } else { -line.mean });
        }
        let best = (0..means.len()).min_by(|&a, &b| means[a].total_cmp(&means[b]))?;
        let comparisons = (points.len().max(2) - 1) * self.arms() * self.releases();
        let level = correction::bonferroni(LEVEL, comparisons);
        let mut as_good = Vec::new();
        for &point in points {
            let groups =
                (self.group(points[best], arm, release)?, self.group(point, arm, release)?);
            let difference = self.compared((points[best], groups.0), (point, groups.1), level)?;
            as_good.push(difference.verdict != Verdict::Worse);
        }
        as_good[best] = true;
        Some(knee_of(&as_good, best))
    }

    /// What each input's ends change for a strategy, the largest swing first.
    #[must_use]
    pub fn bars(&self, arm: usize, release: usize) -> Vec<Bar> {
        let comparisons = (self.points.len().max(2) - 1) * self.arms() * self.releases();
        let level = correction::bonferroni(LEVEL, comparisons);
        let end = |point: usize| {
            let (base, other) = (self.group(0, arm, release)?, self.group(point, arm, release)?);
            self.compared((0, base), (point, other), level)
        };
        let bar = |input: usize| Bar { input, ends: [end(1 + 2 * input), end(2 + 2 * input)] };
        let mut bars: Vec<Bar> = (0..self.inputs.len()).map(bar).collect();
        bars.sort_by(|a, b| b.swing().total_cmp(&a.swing()));
        bars
    }
}

fn knee_of(as_good: &[bool], best: usize) -> Knee {
    let last = as_good.len() - 1;
    let first_good = (0..=best).rev().take_while(|&place| as_good[place]).last().unwrap_or(best);
    let last_good = (best..=last).take_while(|&place| as_good[place]).last().unwrap_or(best);
    match (first_good, last_good) {
        (0, end) if end == last => Knee::Flat,
        (start, end) if end == last && start == last => Knee::Beyond(last),
        (start, end) if end == last => Knee::From(start, best),
        (0, 0) => Knee::Beyond(0),
        (0, end) => Knee::UpTo(end, best),
        _ => Knee::Peak(best),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::fixture::{MadeUp, study};
    use crate::experiment::{Silent, index_of, run_study, summarise};

    fn input(path: &str, values: &[&str]) -> Input {
        Input { path: path.into(), values: values.iter().map(|v| (*v).into()).collect() }
    }

    /// A sweep over one input whose first arm has these means of `ok_p99_ms`, the second 100.
    fn curve(means: &[f64]) -> Sweep {
        let metric = index_of("ok_p99_ms").unwrap();
        let points = means.iter().map(|mean| {
            let mut result = run_study(&study(), &MadeUp, Some(1), &Silent);
            for (group, mean) in [(1, *mean), (2, 100.0)] {
                for (place, row) in result.groups[group].rows.iter_mut().enumerate() {
                    row.values[metric] = Some(mean + 0.1 * place as f64);
                }
            }
            let summary = summarise(&result);
            Point { values: vec![Some(mean.to_string())], result, summary }
        });
        let inputs = vec![Input { path: "x".into(), values: vec![String::new(); means.len()] }];
        Sweep { inputs, design: Design::Grid, metric, points: points.collect() }
    }

    #[test]
    fn a_grid_has_every_pair_and_a_tornado_one_input_at_a_time() {
        let inputs = [input("a", &["1", "2"]), input("b", &["3", "4", "5"])];
        let grid = settings(&inputs, Design::Grid);
        assert_eq!(grid.len(), 6);
        assert_eq!(grid[4], [Some("2".into()), Some("4".into())]);
        let ranges = [input("a", &["1", "2"]), input("b", &["3", "4"])];
        let tornado = settings(&ranges, Design::Tornado);
        assert_eq!(tornado.len(), 5);
        assert_eq!((&tornado[0], &tornado[4]), (&vec![None, None], &vec![None, Some("4".into())]));
    }

    #[test]
    fn a_knee_is_where_nothing_more_is_gained() {
        let knee = |means: &[f64]| {
            let points: Vec<usize> = (0..means.len()).collect();
            curve(means).knee(&points, 0, 0).unwrap()
        };
        assert_eq!(knee(&[200.0, 150.0, 101.0, 100.0, 100.5]), Knee::From(2, 3));
        assert_eq!(knee(&[100.0, 100.5, 150.0, 200.0]), Knee::UpTo(1, 0));
        assert_eq!(knee(&[100.0, 101.0, 100.2]), Knee::Flat);
        assert_eq!(knee(&[300.0, 200.0, 100.0]), Knee::Beyond(2));
        assert_eq!(knee(&[100.0, 200.0, 300.0]), Knee::Beyond(0));
        assert_eq!(knee(&[300.0, 100.0, 300.0]), Knee::Peak(1));
    }

    #[test]
    fn the_best_are_those_that_none_is_shown_to_beat() {
        let sweep = curve(&[50.0, 101.0, 200.0]);
        assert_eq!(sweep.best(0, 0), [0]);
        assert_eq!(sweep.best(1, 0), [0, 1], "no difference that matters");
        assert_eq!(sweep.best(2, 0), [1]);
    }

    #[test]
    fn the_widest_bar_comes_first() {
        let mut sweep = curve(&[100.0, 90.0, 110.0, 50.0, 100.0]);
        sweep.inputs = vec![input("a", &["l", "h"]), input("b", &["l", "h"])];
        sweep.design = Design::Tornado;
        let bars = sweep.bars(0, 0);
        assert_eq!((bars[0].input, bars[1].input), (1, 0));
        assert!((bars[0].swing() - 50.0).abs() < 1e-9 && (bars[1].swing() - 20.0).abs() < 1e-9);
    }
}
