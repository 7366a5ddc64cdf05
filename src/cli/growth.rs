//! `--until-precision`: a study that grows until a metric is known well enough.

use super::args::PrecisionArgs;
use super::failure::Failure;
use crate::experiment::precision::{self, Precision, Target};
use crate::experiment::{METRICS, StudyResult, index_of, summarise_look};
use crate::plan::Study;
use crate::report::figure::rounded;
use crate::scenario::{Overrides, code, names, units};
use crate::stats::sequential;

/// The ceiling if none is given: so many times the first look's seeds.
const CEILING: u64 = 16;

/// How many seeds a study gets, and what decides it.
#[derive(Clone, Debug, PartialEq)]
pub struct Growth {
    /// Numbers of seeds after which the answer is looked at; the last is the ceiling. One for a
    /// study of a fixed size.
    pub looks: Vec<u64>,
    /// What must be known, and how well; `None`: the number of seeds is fixed.
    pub target: Option<Target>,
}

impl Growth {
    /// A study of a fixed number of seeds.
    #[must_use]
    pub fn fixed(seeds: u64) -> Self {
        Self { looks: vec![seeds], target: None }
    }

    /// What the options ask for, of a scenario whose own number of seeds is that of `study`.
    ///
    /// # Errors
    /// If they make no sense.
    pub fn of(args: &PrecisionArgs, study: &Study) -> Result<Self, Failure> {
        let Some(wanted) = &args.until_precision else { return Ok(Self::fixed(study.seeds)) };
        let target = target(wanted, study.control)?;
        let ceiling = args.max_seeds.unwrap_or(study.seeds.saturating_mul(CEILING));
        if ceiling < study.seeds {
            let what = format!(
                "--max-seeds {ceiling} lies below the {} seeds of the first look",
                study.seeds
            );
            return Err(Failure::bad_input(code::RANGE, &what)
                .help("--seeds N sets the number of seeds of the first look"));
        }
        Ok(Self { looks: sequential::looks(study.seeds, ceiling), target: Some(target) })
    }

    /// The options of the scenario at the ceiling, so that its limits are checked before
    /// anything runs.
    #[must_use]
    pub fn at_ceiling(&self, overrides: Overrides) -> Overrides {
        Overrides { seeds: self.looks.last().copied(), ..overrides }
    }

    /// How well the target is known in a result of one of the looks.
    #[must_use]
    pub fn assess(&self, result: &StudyResult) -> Option<Precision> {
        let summary = summarise_look(result, self.looks.len());
        precision::assess(result, &summary, self.target?)
    }

    /// Whether a study may stop here.
    #[must_use]
    pub fn is_enough(&self, result: &StudyResult) -> bool {
        self.target.is_none() || self.assess(result).is_some_and(|precision| precision.is_enough())
    }

    /// The options that repeat this growth: their names and values.
    #[must_use]
    pub fn options(&self) -> Vec<(&'static str, String)> {
        let Some(target) = self.target else { return Vec::new() };
        let metric = METRICS[target.metric].name;
        let until = format!("{metric}={}%", rounded(100.0 * target.share));
        let ceiling = self.looks.last().map_or(0, |looks| *looks);
        vec![("--until-precision", until), ("--max-seeds", ceiling.to_string())]
    }
}

/// `5%` of the headline metric, or `METRIC=5%`.
fn target(text: &str, control: bool) -> Result<Target, Failure> {
    let (name, share) = match text.split_once('=') {
        Some((name, share)) => (Some(name.trim()), share.trim()),
        None => (None, text.trim()),
    };
    let metric = match name {
        None => precision::headline(control),
        Some(name) => metric(name, "--until-precision")?,
    };
    match units::share(share) {
        Ok(share) if share > 0.0 && share < 1.0 => Ok(Target { metric, share }),
        _ => {
            let what = format!("--until-precision: cannot read the share {share}");
            Err(Failure::bad_input(code::BAD_OVERRIDE, &what)
                .help("a share such as 5% or 0.05, or one of a metric: ok_p99_ms=5%"))
        }
    }
}

/// The metric of this name, given by an option.
///
/// # Errors
/// If there is none; the message names the nearest.
pub fn metric(name: &str, option: &str) -> Result<usize, Failure> {
    index_of(name).ok_or_else(|| {
        let failure =
            Failure::bad_input(code::BAD_OVERRIDE, &format!("{option}: no metric is named {name}"));
        match names::nearest(name, METRICS.iter().map(|metric| metric.name)) {
            Some(nearest) => failure.help(&format!("did you mean {nearest}?")),
            None => failure.help("metrics are the columns of runs.csv, such as ok_p99_ms"),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_names_a_metric_or_means_the_headline() {
        let share = |text: &str, control| {
            target(text, control).map(|target| (METRICS[target.metric].name, target.share))
        };
        assert_eq!(share("5%", true), Ok(("excess_failed", 0.05)));
        assert_eq!(share("0.1", false), Ok(("failed_share", 0.1)));
        assert_eq!(share("ok_p99_ms=2.5%", true), Ok(("ok_p99_ms", 0.025)));
        for wrong in ["", "ok_p99_ms", "ok_p99_ms=", "0%", "100%", "-1%", "ok_p98_ms=5%", "5s"] {
            assert!(share(wrong, true).is_err(), "{wrong}");
        }
        assert!(target("ok_p9_ms=5%", true).unwrap_err().message.contains("ok_p9"));
    }

    #[test]
    fn the_growth_is_repeated_by_its_options() {
        let growth = Growth {
            looks: sequential::looks(20, 320),
            target: Some(Target { metric: index_of("ok_p99_ms").unwrap(), share: 0.05 }),
        };
        assert_eq!(
            growth.options(),
            [("--until-precision", "ok_p99_ms=5%".to_owned()), ("--max-seeds", "320".to_owned())]
        );
        assert!(Growth::fixed(7).options().is_empty());
    }
}
