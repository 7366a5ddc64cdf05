//! Commands that repeat what this one did: for the report, and for a run that broke.

use super::args::{RunArgs, ScenarioArgs, SeedsArgs, SweepArgs};
use super::compare::Asked;
use super::panic::quoted;
use crate::experiment::{BrokenRun, CONTROL_NAME};
use crate::plan::Study;
use crate::record::RunKey;
use crate::scenario::{Overrides, gallery};

/// A command in the making.
struct Words(Vec<String>);

impl Words {
    fn new(command: &str, scenario: &str) -> Self {
        Self(vec!["cutover".to_owned(), command.to_owned(), quoted(scenario)])
    }

    fn option(&mut self, name: &str, value: &str) {
        self.0.extend([name.to_owned(), quoted(value)]);
    }

    fn flag(&mut self, name: &str, given: bool) {
        self.0.extend(given.then(|| name.to_owned()));
    }

    fn changes(mut self, scenario: &ScenarioArgs) -> String {
        for (path, value) in &scenario.set {
            self.option("--set", &format!("{path}={value}"));
        }
        self.flag("--allow-outside", scenario.allow_outside);
        self.flag("--allow-huge", scenario.allow_huge);
        self.0.join(" ")
    }
}

/// What the scenario is called on any machine: by its name if it is a shipped one, else by its
/// file's. A copy of a shipped one that was edited keeps the name, but is another scenario.
fn portable(study: &Study, scenario: &ScenarioArgs) -> String {
    portable_point(study, scenario, &[])
}

/// The same of a study with the values of a sweep's point.
fn portable_point(study: &Study, scenario: &ScenarioArgs, point: &[(String, String)]) -> String {
    if is_shipped(study, scenario, point) {
        return study.name.clone();
    }
    let path = &scenario.scenario;
    let file = if path.is_dir() { None } else { path.file_name() };
    file.map_or_else(|| "scenario.yaml".to_owned(), |name| name.to_string_lossy().into_owned())
}

/// Whether the shipped scenario of the study's name, with the same changes, gives this study.
fn is_shipped(study: &Study, scenario: &ScenarioArgs, point: &[(String, String)]) -> bool {
    let Some(shipped) = gallery::find(&study.name) else { return false };
    let named: Vec<String> = study.arms.iter().map(|arm| arm.name.clone()).collect();
    // The digest is that of the strategies that were kept as it was loaded: all, or these.
    [Vec::new(), named].into_iter().any(|strategies| {
        let overrides = Overrides {
            set: scenario.set.iter().chain(point).cloned().collect(),
            strategies,
            allow_outside: scenario.allow_outside,
            allow_huge: scenario.allow_huge,
            ..Overrides::default()
        };
        shipped.load(&overrides).is_ok_and(|loaded| loaded.digest == study.digest)
    })
}

/// The command that repeats a study of many seeds, the same on every machine.
#[must_use]
pub fn study(command: &str, asked: &Asked, scenario: &ScenarioArgs, seeds: &SeedsArgs) -> String {
    let study = &asked.study;
    let mut words = Words::new(command, &portable(study, scenario));
    let first_look = asked.growth.looks.first().map_or(0, |seeds| *seeds);
    words.option("--seeds", &first_look.to_string());
    for (name, value) in asked.growth.options() {
        words.option(name, &value);
    }
    if study.first_seed != 1 {
        words.option("--seed", &study.first_seed.to_string());
    }
    if !seeds.strategy.is_empty() {
        study.arms.iter().for_each(|arm| words.option("--strategy", &arm.name));
    }
    words.flag("--no-control", seeds.no_control);
    words.changes(scenario)
}

/// The command that repeats a sweep, the same on every machine. `study` is that of one point,
/// which has these values.
#[must_use]
pub fn sweep(study: &Study, point: &[(String, String)], args: &SweepArgs) -> String {
    let mut words = Words::new("sweep", &portable_point(study, &args.scenario, point));
    for (path, values) in &args.over {
        words.option("--over", &format!("{path}={values}"));
    }
    if let Some(metric) = &args.metric {
        words.option("--metric", metric);
    }
    words.option("--seeds", &study.seeds.to_string());
    if study.first_seed != 1 {
        words.option("--seed", &study.first_seed.to_string());
    }
    if !args.seeds.strategy.is_empty() {
        study.arms.iter().for_each(|arm| words.option("--strategy", &arm.name));
    }
    words.flag("--no-control", args.seeds.no_control);
    words.changes(&args.scenario)
}

/// The command that repeats a single run, the same on every machine.
#[must_use]
pub fn run(study: &Study, args: &RunArgs) -> String {
    let mut words = Words::new("run", &portable(study, &args.scenario));
    study.arms.iter().for_each(|arm| words.option("--strategy", &arm.name));
    if let Some(release) = &args.release {
        words.option("--release", release);
    }
    words.option("--seed", &study.first_seed.to_string());
    words.flag("--no-control", args.no_control);
    words.changes(&args.scenario)
}

/// The command that tells the story of one run of a study, the same on every machine.
#[must_use]
pub fn one(study: &Study, scenario: &ScenarioArgs, key: RunKey) -> String {
    let mut words = Words::new("run", &portable(study, scenario));
    if let Some(arm) = key.arm {
        words.option("--strategy", &study.arms[usize::from(arm)].name);
    }
    if let Some(release) = key.release.filter(|_| study.releases.len() > 1) {
        words.option("--release", &study.releases[usize::from(release)].name);
    }
    words.option("--seed", &key.seed.to_string());
    words.changes(scenario)
}

/// The command that repeats one run of a study, here.
#[must_use]
pub fn broken(study: &Study, scenario: &ScenarioArgs, broken: &BrokenRun) -> String {
    let mut words = Words::new("run", &scenario.scenario.to_string_lossy());
    // The control runs beside any strategy.
    let is_control = broken.strategy == CONTROL_NAME;
    let any = study.arms.first().map_or("", |arm| &arm.name);
    words.option("--strategy", if is_control { any } else { &broken.strategy });
    if study.releases.len() > 1 && !is_control {
        words.option("--release", &broken.release);
    }
    words.option("--seed", &broken.seed.to_string());
    words.changes(scenario)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::args::{Cli, Command, CompareArgs};
    use crate::cli::growth::Growth;
    use crate::scenario::{NoFiles, load_text};
    use clap::Parser;

    fn compare(line: &[&str]) -> CompareArgs {
        let line = ["cutover", "compare"].iter().chain(line);
        match Cli::try_parse_from(line).unwrap().command {
            Command::Compare(args) => args,
            other => panic!("{other:?}"),
        }
    }

    fn quickstart(args: &CompareArgs) -> Study {
        let overrides: Overrides = args.scenario.overrides(&args.seeds);
        gallery::find("quickstart").unwrap().load(&overrides).unwrap()
    }

    #[test]
    fn the_reports_command_names_no_folder_and_every_change() {
        let args = compare(&[
            "/somewhere/quickstart/scenario.yaml",
            "--seeds=7",
            "--strategy=rolling",
            "--threads=3",
            "--out=/elsewhere",
            "--set=service.replicas=9",
        ]);
        let study_of = |study: Study| Asked { growth: Growth::fixed(study.seeds), study };
        assert_eq!(
            study("compare", &study_of(quickstart(&args)), &args.scenario, &args.seeds),
            "cutover compare quickstart --seeds 7 --strategy rolling --set service.replicas=9"
        );
        let mut own = quickstart(&args);
        own.name = "my-own".to_owned();
        assert!(
            study("compare", &study_of(own), &args.scenario, &args.seeds)
                .starts_with("cutover compare scenario.yaml --seeds 7")
        );
    }

    #[test]
    fn an_edited_copy_of_a_shipped_scenario_is_called_by_its_file() {
        let args = compare(&["/my/copy.yaml", "--seeds=7"]);
        let shipped = gallery::find("quickstart").unwrap().text("scenario.yaml");
        let load = |text: &str| {
            let overrides = args.scenario.overrides(&args.seeds);
            load_text("copy.yaml", text, &NoFiles, &overrides).unwrap()
        };
        let command = |text: &str| {
            let study = load(text);
            let key = RunKey { arm: Some(0), release: Some(0), seed: 1 };
            one(&study, &args.scenario, key)
        };
        let edited = shipped.replace("replicas: 6", "replicas: 7");
        assert_ne!(edited, shipped);
        assert!(command(shipped).starts_with("cutover run quickstart "));
        let same = format!("# My copy.\n{shipped}");
        assert!(command(&same).starts_with("cutover run quickstart "));
        assert!(command(&edited).starts_with("cutover run copy.yaml "));
    }

    #[test]
    fn a_sweep_of_a_shipped_scenario_is_repeated_by_its_name() {
        let line =
            ["cutover", "sweep", "quickstart", "--over", "service.replicas=4,5", "--seeds=2"];
        let Command::Sweep(args) = Cli::try_parse_from(line).unwrap().command else {
            panic!("a sweep")
        };
        let point = [("service.replicas".to_owned(), "4".to_owned())];
        let overrides = Overrides { set: point.to_vec(), seeds: Some(2), ..Overrides::default() };
        let study = gallery::find("quickstart").unwrap().load(&overrides).unwrap();
        let command = sweep(&study, &point, &args);
        assert!(command.starts_with("cutover sweep quickstart --over "), "{command}");
    }

    #[test]
    fn one_run_of_a_study_is_told_by_its_seed() {
        let args = compare(&["quickstart", "--seeds=7", "--set=service.replicas=9"]);
        let key = RunKey { arm: Some(1), release: Some(0), seed: 4 };
        assert_eq!(
            one(&quickstart(&args), &args.scenario, key),
            "cutover run quickstart --strategy rolling --seed 4 --set service.replicas=9"
        );
    }

    #[test]
    fn a_study_that_grew_is_repeated_as_it_was_asked_for() {
        let args = compare(&["quickstart", "--seeds=20", "--until-precision=5%"]);
        let asked = Asked::load(&args.scenario, &args.seeds, &args.precision, None).unwrap();
        assert_eq!(asked.study.seeds, 320);
        assert_eq!(
            study("compare", &asked, &args.scenario, &args.seeds),
            "cutover compare quickstart --seeds 20 --until-precision excess_failed=5% --max-seeds 320"
        );
    }

    #[test]
    fn a_broken_control_is_repeated_beside_a_strategy() {
        let args = compare(&["my folder/x.yaml", "--set", "service.replicas=9"]);
        let run = BrokenRun {
            strategy: CONTROL_NAME.to_owned(),
            release: String::new(),
            seed: 12,
            message: String::new(),
        };
        assert_eq!(
            broken(&quickstart(&args), &args.scenario, &run),
            "cutover run 'my folder/x.yaml' --strategy recreate --seed 12 --set service.replicas=9"
        );
    }
}
