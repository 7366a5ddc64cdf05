//! The command line: commands, their options, and what each is for.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use super::exit;
use crate::report::folder::ChartFiles;
use crate::scenario::Overrides;

/// Simulates deployment strategies and compares what they do to users.
#[derive(Debug, Parser)]
#[command(
    name = "cutover",
    version,
    about = "Compares deployment strategies by simulation: who gets hurt, for how long, and why",
    after_help = exit::help(),
    max_term_width = 100,
    subcommand_required = true,
    arg_required_else_help = true
)]
pub struct Cli {
    /// What goes where.
    #[command(flatten)]
    pub screen: ScreenArgs,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// Commands, one file each.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run every strategy over many seeds, beside no deployment at all, and say what differs
    Compare(CompareArgs),
    /// Run one strategy with one seed and tell its story
    Run(RunArgs),
    /// Compare, and hold the answer against the scenario's objectives
    Check(CheckArgs),
    /// Vary one or two fields: where is the knee, which value flips the winner
    Sweep(SweepArgs),
    /// Compare two results folders: relevant changes only
    Diff(DiffArgs),
    /// Check a scenario without running it: defaults used, warnings, predicted run time
    Validate(ValidateArgs),
    /// Hold the simulator against catalogues of known answers
    Verify(VerifyArgs),
    /// Turn what you already have into a scenario: objects of a cluster, a recorded rollout
    Import(ImportArgs),
    /// List the shipped scenarios, show one, or write one to disk
    Scenarios(ScenariosArgs),
    /// Write a commented starter scenario
    Init(InitArgs),
    /// Print the JSON Schema of the scenario file
    Schema(SchemaArgs),
    /// Say more about an error code such as CUT0012
    Explain(ExplainArgs),
    /// Print a completion script for a shell
    Completions(CompletionsArgs),
    /// Print the manual page of cutover or of one command
    Man(ManArgs),
}

/// Always, never, or where it makes sense.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum When {
    /// On a terminal.
    Auto,
    /// Everywhere.
    Always,
    /// Nowhere.
    Never,
}

/// What is shown on the screen.
#[derive(Args, Clone, Debug)]
pub struct ScreenArgs {
    /// Print nothing but the answer and errors
    #[arg(long, short, global = true)]
    pub quiet: bool,
    /// Draw a progress line on stderr (auto: if it is a terminal)
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub progress: When,
    /// Colour the answer (auto: on a terminal, unless NO_COLOR is set)
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub color: When,
}

/// Which scenario, and what is changed about it.
#[derive(Args, Clone, Debug)]
pub struct ScenarioArgs {
    /// The scenario: its file, the folder it lies in, the name of a shipped one, or a Deployment
    /// manifest; `-` for stdin (files that it names lie in the current folder)
    #[arg(value_name = "SCENARIO")]
    pub scenario: PathBuf,
    /// Override a field, such as service.shutdown.pre_stop=5s (repeatable; list items by name)
    #[arg(long = "set", value_name = "PATH=VALUE", value_parser = path_and_value)]
    pub set: Vec<(String, String)>,
    /// Let the scenario read files outside of its folder
    #[arg(long)]
    pub allow_outside: bool,
    /// Lift the limits on the amount of work
    #[arg(long)]
    pub allow_huge: bool,
}

/// Which runs of the scenario.
#[derive(Args, Clone, Debug)]
pub struct SeedsArgs {
    /// How many seeds [default: the scenario's, else 100]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub seeds: Option<u64>,
    /// The first seed [default: 1]
    #[arg(long, value_name = "S")]
    pub seed: Option<u64>,
    /// Keep only this strategy (repeatable)
    #[arg(long, value_name = "NAME")]
    pub strategy: Vec<String>,
    /// Do without the runs in which nothing is deployed
    #[arg(long)]
    pub no_control: bool,
}

/// When a study has seen enough.
#[derive(Args, Clone, Debug, Default)]
pub struct PrecisionArgs {
    /// Add seeds until the interval of a metric is this tight in every strategy: a share of its
    /// mean, such as 5% (of the headline metric) or ok_p99_ms=5%. --seeds is the first look
    #[arg(long, value_name = "[METRIC=]SHARE")]
    pub until_precision: Option<String>,
    /// The most seeds that --until-precision may use [default: 16 times the first look's]
    #[arg(long, value_name = "N", requires = "until_precision",
          value_parser = clap::value_parser!(u64).range(1..))]
    pub max_seeds: Option<u64>,
}

/// How a study is carried out and where its results go.
#[derive(Args, Clone, Debug)]
pub struct OutputArgs {
    /// Threads [default: one a core]
    #[arg(long, value_name = "N", value_parser = threads)]
    pub threads: Option<usize>,
    /// The results folder [default: results/SCENARIO/COMMAND]
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Write no charts
    #[arg(long)]
    pub no_charts: bool,
    /// Which files of each chart are written (the report has all charts in any case)
    #[arg(long, value_name = "FILES", default_value = "all", conflicts_with = "no_charts")]
    pub charts: ChartChoice,
}

impl OutputArgs {
    /// What is asked for.
    #[must_use]
    pub fn chart_files(&self) -> ChartFiles {
        match self.charts {
            _ if self.no_charts => ChartFiles::None,
            ChartChoice::All => ChartFiles::All,
            ChartChoice::Svg => ChartFiles::Svg,
        }
    }
}

/// Files of each chart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ChartChoice {
    /// SVG and PNG, for white paper and for dark slides
    All,
    /// SVG for white paper: a fifth of the size
    Svg,
}

/// `cutover compare`.
#[derive(Args, Clone, Debug)]
pub struct CompareArgs {
    #[command(flatten)]
    #[allow(missing_docs, reason = "described where they are defined")]
    pub scenario: ScenarioArgs,
    #[command(flatten)]
    #[allow(missing_docs, reason = "described where they are defined")]
    pub seeds: SeedsArgs,
    #[command(flatten)]
    #[allow(missing_docs, reason = "described where they are defined")]
    pub precision: PrecisionArgs,
    #[command(flatten)]
    #[allow(missing_docs, reason = "described where they are defined")]
    pub output: OutputArgs,
    /// How the answer is printed
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    pub format: Format,
}

/// `cutover run`.
#[derive(Args, Clone, Debug)]
pub struct RunArgs {
    #[command(flatten)]
    #[allow(missing_docs, reason = "described where they are defined")]
    pub scenario: ScenarioArgs,
    /// Which strategy (may be left out where the scenario has one)
    #[arg(long, value_name = "NAME")]
    pub strategy: Option<String>,
    /// Which release [default: the scenario's first]
    #[arg(long, value_name = "NAME")]
    pub release: Option<String>,
    /// The seed
    #[arg(long, value_name = "N", default_value = "1")]
    pub seed: u64,
    /// Do without the run in which nothing is deployed
    #[arg(long)]
    pub no_control: bool,
    #[command(flatten)]
    #[allow(missing_docs, reason = "described where they are defined")]
    pub output: OutputArgs,
    /// How the answer is printed
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    pub format: Format,
}

/// `cutover check`.
#[derive(Args, Clone, Debug)]
pub struct CheckArgs {
    #[command(flatten)]
    #[allow(missing_docs, reason = "described where they are defined")]
    pub scenario: ScenarioArgs,
    #[command(flatten)]
    #[allow(missing_docs, reason = "described where they are defined")]
    pub seeds: SeedsArgs,
    #[command(flatten)]
    #[allow(missing_docs, reason = "described where they are defined")]
    pub precision: PrecisionArgs,
    #[command(flatten)]
    #[allow(missing_docs, reason = "described where they are defined")]
    pub output: OutputArgs,
    /// How the answer is printed
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    pub format: CheckFormat,
}

/// `cutover sweep`.
#[derive(Args, Clone, Debug)]
pub struct SweepArgs {
    #[command(flatten)]
    #[allow(missing_docs, reason = "described where they are defined")]
    pub scenario: ScenarioArgs,
    /// A field and the values it takes, PATH=V1,V2,… (repeat for a grid of two fields), or the
    /// ends of its plausible range, PATH=LOW..HIGH (repeat for a tornado over several fields)
    #[arg(long, value_name = "PATH=VALUES", required = true, value_parser = path_and_value)]
    pub over: Vec<(String, String)>,
    /// The metric that is told, a column of runs.csv [default: excess_failed]
    #[arg(long, value_name = "METRIC")]
    pub metric: Option<String>,
    #[command(flatten)]
    #[allow(missing_docs, reason = "described where they are defined")]
    pub seeds: SeedsArgs,
    #[command(flatten)]
    #[allow(missing_docs, reason = "described where they are defined")]
    pub output: OutputArgs,
    /// How the answer is printed
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    pub format: Format,
}

/// `cutover diff`.
#[derive(Args, Clone, Debug)]
pub struct DiffArgs {
    /// The results folder before
    #[arg(value_name = "A")]
    pub first: PathBuf,
    /// The results folder after
    #[arg(value_name = "B")]
    pub second: PathBuf,
    /// End with exit code 6 if there is a relevant change
    #[arg(long)]
    pub exit_code: bool,
    /// How the answer is printed
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    pub format: Format,
}

/// `cutover validate`.
#[derive(Args, Clone, Debug)]
pub struct ValidateArgs {
    #[command(flatten)]
    #[allow(missing_docs, reason = "described where they are defined")]
    pub scenario: ScenarioArgs,
    #[command(flatten)]
    #[allow(missing_docs, reason = "described where they are defined")]
    pub seeds: SeedsArgs,
    /// Print the resolved plan as JSON instead
    #[arg(long, value_name = "WHAT")]
    pub dump: Option<Dump>,
}

/// `cutover verify`.
#[derive(Args, Clone, Debug)]
pub struct VerifyArgs {
    /// Catalogues: files or folders [default: those shipped in the program]
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// Only cases that take little time
    #[arg(long)]
    pub quick: bool,
    /// Threads [default: one a core]
    #[arg(long, value_name = "N", value_parser = threads)]
    pub threads: Option<usize>,
    /// How the answer is printed
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    pub format: TableOrJson,
}

/// `cutover import`.
#[derive(Args, Clone, Debug)]
pub struct ImportArgs {
    /// From what
    #[command(subcommand)]
    pub source: ImportSource,
}

/// What can be turned into a scenario.
#[derive(Clone, Debug, Subcommand)]
pub enum ImportSource {
    /// A Deployment and what stands beside it: `kubectl get deploy,hpa,pdb,svc -o yaml`
    Kubernetes(KubernetesArgs),
    /// A rollout recorded on real controllers, as `cutover verify` reads it
    Recording(RecordingArgs),
}

/// `cutover import kubernetes`.
#[derive(Args, Clone, Debug)]
pub struct KubernetesArgs {
    /// Manifests: YAML documents, a List, or JSON; `-` for stdin
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Which Deployment, where there are several: NAME or NAMESPACE/NAME
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,
}

/// `cutover import recording`.
#[derive(Args, Clone, Debug)]
pub struct RecordingArgs {
    /// The recording; `-` for stdin
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
}

/// `cutover scenarios`.
#[derive(Args, Clone, Debug)]
pub struct ScenariosArgs {
    /// Show this one
    #[arg(value_name = "NAME")]
    pub name: Option<String>,
    /// Write it to disk
    #[arg(long, requires = "name")]
    pub write: bool,
    /// The folder to write it to [default: ./NAME]
    #[arg(long, value_name = "DIR", requires = "write")]
    pub out: Option<PathBuf>,
}

/// `cutover init`.
#[derive(Args, Clone, Debug)]
pub struct InitArgs {
    /// The file to write; `-` for stdout
    #[arg(value_name = "FILE", default_value = "scenario.yaml")]
    pub file: PathBuf,
}

/// `cutover schema`.
#[derive(Args, Clone, Debug)]
pub struct SchemaArgs {
    /// List the scalar fields of this scenario file with their kinds, as JSON, instead
    #[arg(long, value_name = "SCENARIO")]
    pub fields: Option<PathBuf>,
}

/// `cutover explain`.
#[derive(Args, Clone, Debug)]
pub struct ExplainArgs {
    /// The code, such as CUT0012
    #[arg(value_name = "CODE")]
    pub code: String,
}

/// `cutover completions`.
#[derive(Args, Clone, Debug)]
pub struct CompletionsArgs {
    /// The shell
    pub shell: clap_complete::Shell,
}

/// `cutover man`.
#[derive(Args, Clone, Debug)]
pub struct ManArgs {
    /// The command; none: cutover itself
    #[arg(value_name = "COMMAND")]
    pub command: Option<String>,
}

/// How an answer is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    Table,
    /// For programs.
    Json,
    /// For spreadsheets.
    Csv,
    /// For pull requests.
    Markdown,
}

/// How the answer of `check` is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum CheckFormat {
    /// For people.
    Table,
    /// For pull requests.
    Markdown,
    /// For continuous integration.
    Junit,
    /// For programs.
    Json,
}

/// How the answer of `verify` is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum TableOrJson {
    /// For people.
    Table,
    /// For programs.
    Json,
}

/// What `validate --dump` prints.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Dump {
    /// The study with its plan.
    Plan,
}

fn path_and_value(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((path, value)) if !path.trim().is_empty() => {
            Ok((path.trim().to_owned(), value.to_owned()))
        }
        _ => Err("a field path and its value, such as service.replicas=12".to_owned()),
    }
}

fn threads(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(count @ 1..=4096) => Ok(count),
        _ => Err("a number of threads, 1 to 4096".to_owned()),
    }
}

impl ScenarioArgs {
    /// What the command line changes about the scenario.
    #[must_use]
    pub fn overrides(&self, seeds: &SeedsArgs) -> Overrides {
        Overrides {
            set: self.set.clone(),
            seeds: seeds.seeds,
            first_seed: seeds.seed,
            strategies: seeds.strategy.clone(),
            no_control: seeds.no_control,
            allow_outside: self.allow_outside,
            allow_huge: self.allow_huge,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_definition_of_the_command_line_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn an_override_is_cut_at_its_first_equals_sign() {
        let path_value = path_and_value("a.b=c=d").unwrap();
        assert_eq!(path_value, ("a.b".to_owned(), "c=d".to_owned()));
        assert!(path_and_value("a.b").is_err() && path_and_value("=x").is_err());
    }

    #[test]
    fn screen_options_may_stand_on_either_side_of_the_command() {
        for line in [["cutover", "--quiet", "schema"], ["cutover", "schema", "--quiet"]] {
            assert!(Cli::try_parse_from(line).unwrap().screen.quiet);
        }
    }
}
