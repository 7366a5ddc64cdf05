//! `cutover sweep`: a scenario with one or two fields varied, or several between the ends of
//! their ranges.

use super::args::{Format, SweepArgs};
use super::console::Console;
use super::exit::Exit;
use super::failure::Failure;
use super::growth::{Growth, metric};
use super::keeper::Keeper;
use super::load;
use super::place::Place;
use super::reproduce;
use super::study::{self, Job};
use crate::experiment::precision::headline;
use crate::experiment::sweep::{Design, Input, Point, Sweep, settings};
use crate::experiment::{COMPARE_BUCKETS, Simulator, summarise};
use crate::plan::Study;
use crate::report::sweep as report;
use crate::report::terminal::Screen;
use crate::report::text::visible;
use crate::scenario::code;

/// More points than this are a mistake.
const MOST_POINTS: usize = 400;

/// Runs every point with the same seeds, writes the results folder, prints the answer.
///
/// # Errors
/// Whatever keeps the command from doing so; all points are checked before any is run.
pub fn sweep(args: &SweepArgs, console: &Console) -> Result<Exit, Failure> {
    let (inputs, design) = inputs(&args.over)?;
    let settings = settings(&inputs, design);
    if settings.len() > MOST_POINTS {
        let what = format!("--over: {} points are more than {MOST_POINTS}", settings.len());
        return Err(Failure::bad_input(code::RANGE, &what).help("list fewer values"));
    }
    let studies = studies(args, &inputs, &settings, console)?;
    let metric = match &args.metric {
        Some(name) => metric(name, "--metric")?,
        None => headline(studies[0].control),
    };
    let place = Place::claim(&args.output, &studies[0], "sweep")?;
    study::warn(&studies[0], console);
    let points = points(args, &inputs, settings, &studies, &place, console)?;
    let sweep = Sweep { inputs, design, metric, points };
    let first = sweep.inputs.iter().zip(&sweep.points[0].values);
    let first: Vec<(String, String)> =
        first.filter_map(|(input, value)| Some((input.path.clone(), value.clone()?))).collect();
    let command = reproduce::sweep(&studies[0], &first, args);
    place.put(&report::files(&sweep, args.output.chart_files(), &command), console)?;
    let screen = Screen { columns: console.columns, color: console.color };
    console.answer(&match args.format {
        Format::Table => report::terminal(&sweep, screen),
        Format::Markdown => report::markdown(&sweep),
        Format::Json => report::json(&sweep),
        Format::Csv => report::csv(&sweep),
    })?;
    Ok(Exit::Done)
}

/// Carries out the study of every point, one after another.
fn points(
    args: &SweepArgs,
    inputs: &[Input],
    settings: Vec<Vec<Option<String>>>,
    studies: &[Study],
    place: &Place,
    console: &Console,
) -> Result<Vec<Point>, Failure> {
    let simulators = studies.iter().map(|study| Simulator::of_figures(study, COMPARE_BUCKETS));
    let simulators: Vec<Simulator<'_>> = simulators.collect();
    let keeper = Keeper::beside(place, console);
    let widths = simulators.iter().map(|simulator| simulator.options.timeline_width);
    let with_widths: Vec<_> = studies.iter().zip(widths).collect();
    let collectors = keeper.collectors(&with_widths, console)?;
    // Each point is a study of its own; one line for each is enough.
    let quiet = Console { quiet: true, ..console.clone() };
    for (number, study) in studies.iter().enumerate() {
        let what = told(inputs, &settings[number]);
        console.note(&format!("point {} of {}: {what}", number + 1, studies.len()));
        let growth = Growth::fixed(study.seeds);
        let (runner, scenario, threads) =
            (&simulators[number], &args.scenario, args.output.threads);
        let job = Job { study, growth: &growth, runner, scenario, threads };
        study::finish(&job, &collectors[number], &keeper.progress, &quiet)?;
        collectors[number].keep_rows_alone();
    }
    let collectors = keeper.over(collectors).into_iter();
    Ok(settings
        .into_iter()
        .zip(studies)
        .zip(collectors)
        .map(|((setting, study), collector)| {
            let result = collector.into_result(study);
            let summary = summarise(&result);
            Point { values: setting, result, summary }
        })
        .collect())
}

/// The study of every point.
fn studies(
    args: &SweepArgs,
    inputs: &[Input],
    settings: &[Vec<Option<String>>],
    console: &Console,
) -> Result<Vec<Study>, Failure> {
    // What is to be said of the scenario is said once.
    let load = |(number, setting): (usize, &Vec<Option<String>>)| {
        let mut overrides = args.scenario.overrides(&args.seeds);
        for (input, value) in inputs.iter().zip(setting) {
            overrides.set.extend(value.clone().map(|value| (input.path.clone(), value)));
        }
        load::study(&args.scenario, &overrides, (number == 0).then_some(console))
    };
    settings.iter().enumerate().map(load).collect()
}

fn told(inputs: &[Input], setting: &[Option<String>]) -> String {
    let set = inputs.iter().zip(setting).filter_map(|(input, value)| {
        Some(format!("{}={}", visible(&input.path), visible(value.as_ref()?)))
    });
    let set: Vec<String> = set.collect();
    if set.is_empty() { "the scenario as it is".to_owned() } else { set.join(" ") }
}

fn wrong(what: &str, help: &str) -> Failure {
    Failure::bad_input(code::BAD_OVERRIDE, &format!("--over: {what}")).help(help)
}

/// What is varied, and how.
fn inputs(over: &[(String, String)]) -> Result<(Vec<Input>, Design), Failure> {
    let mut inputs: Vec<Input> = Vec::new();
    let mut designs = Vec::new();
    for (path, text) in over {
        if inputs.iter().any(|input| input.path == *path) {
            return Err(wrong(&format!("{path} is varied twice"), "name each field once"));
        }
        let (values, design) = values(text);
        let fault = match design {
            _ if values.iter().any(String::is_empty) => Some("an empty value"),
            Design::Grid if values.len() < 2 => Some("one value alone"),
            _ if (1..values.len()).any(|i| values[..i].contains(&values[i])) => {
                Some("a value twice")
            }
            _ => None,
        };
        if let Some(fault) = fault {
            let help = "list values, such as service.shutdown.pre_stop=0s,5s,10s, or the ends of \
                        a range, such as service.replicas=4..12";
            return Err(wrong(&format!("{path} has {fault}"), help));
        }
        inputs.push(Input { path: path.clone(), values });
        designs.push(design);
    }
    let design = designs[0];
    if designs.iter().any(|other| *other != design) {
        return Err(wrong(
            "lists and ranges do not mix",
            "lists make a grid; ranges (LOW..HIGH) a tornado, one field at a time",
        ));
    }
    if design == Design::Grid && inputs.len() > 2 {
        return Err(wrong(
            "a grid has one or two fields",
            "give ranges (LOW..HIGH) to vary several fields one at a time",
        ));
    }
    Ok((inputs, design))
}

/// `LOW..HIGH`, or values between commas (those in brackets, braces and quotes are the value's).
fn values(text: &str) -> (Vec<String>, Design) {
    let (mut pieces, mut depth, mut quote) = (vec![String::new()], 0_i32, None);
    for character in text.chars() {
        match character {
            '"' | '\'' if quote == Some(character) => quote = None,
            '"' | '\'' if quote.is_none() => quote = Some(character),
            '{' | '[' | '(' if quote.is_none() => depth += 1,
            '}' | ']' | ')' if quote.is_none() => depth -= 1,
            ',' if depth == 0 && quote.is_none() => {
                pieces.push(String::new());
                continue;
            }
            _ => {}
        }
        pieces.last_mut().expect("there is always a piece").push(character);
    }
    let pieces: Vec<String> = pieces.iter().map(|piece| piece.trim().to_owned()).collect();
    if let [only] = &pieces[..]
        && let Some((low, high)) = only.split_once("..")
        && !only.starts_with(['{', '[', '"', '\''])
    {
        return (vec![low.trim().to_owned(), high.trim().to_owned()], Design::Tornado);
    }
    (pieces, Design::Grid)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn over(pairs: &[(&str, &str)]) -> Result<(Vec<Input>, Design), Failure> {
        let pairs: Vec<(String, String)> =
            pairs.iter().map(|(path, text)| ((*path).into(), (*text).into())).collect();
        inputs(&pairs)
    }

    #[test]
    fn values_stand_between_commas_and_ranges_between_dots() {
        let (values_of, design) = values("0s, 5s,{ lognormal: { p50: 1s, p99: 3s } },[1,2]");
        assert_eq!(design, Design::Grid);
        assert_eq!(values_of, ["0s", "5s", "{ lognormal: { p50: 1s, p99: 3s } }", "[1,2]"]);
        assert_eq!(values("4..12"), (vec!["4".into(), "12".into()], Design::Tornado));
        assert_eq!(values("0.5..1.5").0, ["0.5", "1.5"]);
        assert_eq!(values("'a,b',c").0, ["'a,b'", "c"]);
    }

    #[test]
    fn what_makes_no_sweep_is_refused_with_what_would() {
        for wrong in [
            &[("a", "1")][..],
            &[("a", "1,1")],
            &[("a", "1,,2")],
            &[("a", "..2")],
            &[("a", "3..3")],
            &[("a", "1,2"), ("a", "3,4")],
            &[("a", "1,2"), ("b", "1..2")],
            &[("a", "1,2"), ("b", "1,2"), ("c", "1,2")],
        ] {
            let failure = over(wrong).unwrap_err();
            assert!(failure.message.contains("error[CUT0062]: --over: "), "{}", failure.message);
            assert!(failure.message.contains("= help: "), "{}", failure.message);
        }
        let (inputs, design) = over(&[("a", "1..2"), ("b", "1..2"), ("c", "1..2")]).unwrap();
        assert_eq!((inputs.len(), design), (3, Design::Tornado));
    }
}
