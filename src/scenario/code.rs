//! The codes of diagnostics, and what `cutover explain` says about each.

/// A kind of diagnostic. Numbers are never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Code {
    /// The number in `CUT0012`.
    pub number: u16,
    /// What it is about.
    pub title: &'static str,
    /// Why it is an error, and what to do about it.
    pub explanation: &'static str,
}

macro_rules! codes {
    ($($name:ident = $number:literal, $title:literal, $explanation:literal;)*) => {
        $(#[doc = $title]
        pub const $name: Code =
            Code { number: $number, title: $title, explanation: $explanation };)*

        /// All codes of scenarios, by number.
        pub const CODES: &[Code] = &[$($name),*];
    };
}

codes! {
    EMPTY = 1, "There is no scenario in the file.",
        "The file is empty or holds comments alone. `cutover init` writes a starter scenario; \
         `cutover scenarios` lists complete ones.";
    ENCODING = 2, "The file is not UTF-8.",
        "Scenarios and manifests are UTF-8, with or without a byte order mark. The message names \
         the first byte that is not; an editor or `iconv -t UTF-8` can convert the file.";
    CONTROL = 3, "A control character.",
        "NUL and other control characters do not belong into a scenario, neither as such nor as \
         an escape in a quoted string: they would end up in terminals, file names and reports.";
    SYNTAX = 4, "The text is not YAML.",
        "The text breaks the syntax of YAML 1.2 at the place shown. Typical reasons are \
         indentation that does not fit, a tab as indentation, or a `: ` inside a value that is \
         not quoted.";
    TOO_LARGE = 5, "The file is larger or deeper than a scenario can be.",
        "A scenario has at most 1 MiB, 64 levels of nesting and 100,000 values, aliases expanded. \
         Long traces and profiles belong into a file beside it (`profile: {file: …}`).";
    ALIAS = 6, "An alias that cannot be followed.",
        "`*name` must refer to an `&name` further up, and must not stand inside what it refers to.";
    TAG = 7, "Tags and merge keys are not used.",
        "A scenario says what it means without YAML tags (`!!str`, `!custom`) and without merge \
         keys (`<<`), which YAML 1.2 no longer has. The same holds for manifests.";
    DOCUMENTS = 8, "Several documents in one file.",
        "A scenario is one YAML document. An empty document at the end does no harm. Manifests \
         may hold several.";
    DUPLICATE_KEY = 9, "A field is given twice.",
        "YAML parsers disagree about which of two equal keys wins, so both are shown and neither \
         is taken. Two spellings of one field (`min_ready` and `minReadySeconds`) count as the same.";
    UNKNOWN_FIELD = 10, "There is no such field here.",
        "The field is misspelt, or stands at another level. `cutover schema` lists every field \
         with its description; most editors complete from it.";
    MISSING_FIELD = 11, "A field is missing.",
        "This field has no default. Only `name`, `traffic` and `strategies` must be given in \
         every scenario; some parts have fields of their own that they cannot do without.";
    WRONG_TYPE = 12, "A value of the wrong type.",
        "A single value, a list (`- item` or `[…]`) and a mapping (`key: value` or `{…}`) are \
         told apart; the message says which is wanted here. A value left empty is none of them.";
    BAD_SCALAR = 13, "A value that cannot be read.",
        "Values have one grammar and one reading. Durations need a unit (250ms, 5s, 10m, 1h30m). \
         Rates are 400/s or 24k/min. Shares are 2.5% or 0.025. Counts are plain digits: no 010, \
         0x1F, 1_000 or 1e3. Booleans are true and false alone.";
    RANGE = 14, "A value out of range.",
        "The value is well formed, but makes no sense here or cannot be simulated. The message \
         says what is allowed. Nothing is clamped or rounded silently.";
    NOT_A_CHOICE = 15, "Not one of the choices.",
        "Only the words listed by the message are known here. They are written in lower case.";
    BAD_NAME = 16, "A name that cannot be used.",
        "Names appear in file names, tables and reports: 1 to 63 letters, digits, `-`, `_` and \
         `.`, beginning with a letter or digit. What looks like a number needs quotes.";
    LAW = 17, "The parameters of a distribution contradict one another.",
        "Each parameter is allowed by itself, but together they describe no distribution: a p50 \
         above the p99, a minimum above the maximum, weights that do not add up.";
    LIST = 18, "A list of the wrong length or order.",
        "The list must not be empty here, or its items must rise.";
    DANGLING = 20, "Refers to something that is not there.",
        "The name must be that of a version, class, strategy or analysis of this scenario.";
    DUPLICATE_NAME = 21, "Two things of one name.",
        "Names of classes, strategies, versions, phases, alerts and analyses must differ by more \
         than upper and lower case: they are file names and keys of the results.";
    CONTRADICTION = 22, "A strategy that contradicts itself.",
        "As written it could never move, or would go back and forth: no surge and nothing \
         unavailable, canary weights that do not rise, a step after all traffic has moved.";
    OUTSIDE_TIME = 23, "Something outside of the simulated time.",
        "It would begin after the window's end and never be seen. Make the window longer, or \
         leave it at `auto`.";
    OVERLAP = 24, "Two deployments at once.",
        "Two deployments cannot begin at the same instant. A later one overtakes the earlier one \
         (a rollover), as it does in Kubernetes.";
    BAD_PATH = 25, "A field path that leads nowhere.",
        "`--set` and `with:` take paths like `service.shutdown.pre_stop` or \
         `strategies.canary.canary.keep_old`: list items by their name, or by number from 0.";
    FIXED_FIELD = 26, "A field that an arm cannot change.",
        "All arms of a study see the same arrivals, clock and releases, so that differences \
         between them come from the strategy alone. `with:` changes what a strategy or platform \
         team can change; another clock or load is another scenario.";
    NOT_MEASURED = 27, "A limit on something that is not measured.",
        "No run of this study could ever have a value of the metric, so the objective would stay \
         open whatever the number of seeds: a rollout's time of one class, a cost without a \
         price, harm beyond the control's without a control.";
    OUTSIDE_FOLDER = 30, "A path that leaves the scenario's folder.",
        "Files are looked for beside the scenario, and neither `..`, an absolute path nor a link \
         may lead out of its folder. `--allow-outside` lifts that.";
    NOT_A_FILE = 31, "Not a regular file.",
        "Folders, devices, pipes and sockets cannot be read as a scenario or as its data.";
    MISSING_FILE = 32, "A file that is not there or cannot be read.",
        "The path is taken from the scenario's folder. Check its spelling and permissions.";
    BAD_ROWS = 33, "Rows of a data file that cannot be used.",
        "The first line names the columns. The message gives the numbers of the first bad rows \
         (the first row after the header is row 1) and how many there are. Bad rows are never skipped.";
    DATA_LIMIT = 34, "A data file larger than the limits.",
        "Profiles have at most 200,000 rows, traces and empirical distributions 10 million, lines 4 KiB.";
    MANIFEST_KIND = 35, "A manifest of another kind.",
        "A strategy's manifest is a Deployment (apps/v1); `base:` also takes a \
         PodDisruptionBudget, Service or HorizontalPodAutoscaler beside it.";
    MANIFEST_FIELD = 36, "A manifest field that cannot be used.",
        "The API server would refuse the value as well.";
    IO = 37, "Reading failed.",
        "The operating system reported an error while the file was being read.";
    TOO_MUCH_WORK = 40, "More work than the limits allow.",
        "The predicted number of requests, or the rate, is beyond what a machine can simulate in \
         a day. Lower the rate, the window or the number of seeds; or lift the limit with \
         --allow-huge.";
    NOT_MODELLED = 50, "Not modelled yet.",
        "The field is part of the scenario's grammar, but this version of cutover does not \
         simulate it. It is refused, since ignoring it would give wrong answers.";
    NO_SCENARIO = 60, "No such scenario.",
        "The argument is neither a file, a folder with a scenario.yaml, nor the name of a shipped \
         scenario (`cutover scenarios`).";
    NO_STRATEGY = 61, "No such strategy.",
        "`--strategy` takes a name from the scenario's `strategies`.";
    BAD_OVERRIDE = 62, "An option that cannot be read.",
        "`--set` is written `--set path.to.field=VALUE`; the value is YAML.";
    NO_RELEASE = 63, "No such release.",
        "`--release` takes the name of a version from the scenario's `releases`.";
    OUT_FOLDER = 64, "The output folder cannot be used.",
        "Results replace a folder that holds the results of the same scenario, or fill an empty \
         or missing one. Anything else is left alone: choose another place with --out.";
    NO_OBJECTIVES = 65, "There is nothing to check.",
        "`cutover check` holds a scenario against its `objectives`. Add some, such as \
         `objectives: [ { metric: excess_failed_share, at_most: 0.1% } ]`.";
    WHICH_STRATEGY = 66, "Several strategies, none named.",
        "`cutover run` runs one strategy. Where the scenario has several, name one with --strategy.";
    IN_THE_WAY = 67, "Something is there already.",
        "Nothing is overwritten but results. Choose another name, or move what is there.";
    NO_TOPIC = 68, "No such code or command.",
        "`cutover explain` takes a code such as CUT0012, `cutover man` the name of a command.";
    USAGE = 69, "The command line cannot be read.",
        "`cutover --help` and `cutover COMMAND --help` list what is known.";
    WRITE = 70, "Writing failed.",
        "The operating system did not let us write: no space, no permission, a read-only place. \
         Results are built beside their place and renamed, so nothing is left half-written.";
    NO_CATALOGUE = 71, "Not a catalogue.",
        "`cutover verify` takes files and folders in the documented formats: theory catalogues, \
         controller tables, recorded rollouts.";
    NOT_RESULTS = 72, "Not a results folder.",
        "`cutover diff` reads two folders that `compare`, `check` or `run` wrote: study.json and \
         runs.csv of each. They may be of other strategies, seeds or scenarios, but need one \
         strategy and release in common.";
}

/// The code with a number.
#[must_use]
pub fn by_number(number: u16) -> Option<&'static Code> {
    CODES.iter().find(|code| code.number == number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_rise_and_every_code_is_explained() {
        assert!(CODES.windows(2).all(|pair| pair[0].number < pair[1].number));
        for code in CODES {
            assert!(code.title.ends_with('.') && code.explanation.ends_with('.'), "{code:?}");
        }
    }
}
