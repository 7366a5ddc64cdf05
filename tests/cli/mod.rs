//! The program as a person or a pipeline meets it: arguments in; files, streams, exit code out.

mod answers;
mod check;
mod import;
mod interrupted;
mod precision;
mod refusals;
mod streams;
mod study;
mod sweep;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

/// A service that loses requests when it is deployed, small enough for a debug build.
const SHOP: &str = "
name: shop
seeds: 4
clock: { warmup: 5s, window: 1m, deploy_at: 10s }
traffic:
  - name: browse
    arrivals: { poisson: { rate: 60/s } }
    service_time: { exponential: { mean: 20ms } }
  - name: pay
    arrivals: { poisson: { rate: 20/s } }
    service_time: { exponential: { mean: 40ms } }
service: { replicas: 4, workers: 4, startup: { boot: 3s } }
versions:
  stable: {}
  good: {}
  bad: { errors: 10% }
releases:
  - { version: good, share: 90% }
  - { version: bad, share: 10% }
strategies:
  - { name: recreate, recreate: {} }
  - { name: rolling, rolling: {} }
  - { name: canary, canary: { steps: [ { weight: 25% }, { pause: 5s } ] } }
";

/// A folder of its own, with a scenario in it, in which the program is run.
struct Desk {
    folder: TempDir,
}

impl Desk {
    fn with(scenario: &str) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        fs::write(folder.path().join("shop.yaml"), scenario).expect("the scenario");
        Self { folder }
    }

    fn shop() -> Self {
        Self::with(SHOP)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cutover"));
        command.current_dir(self.folder.path()).args(arguments);
        command.env_remove("NO_COLOR").env_remove("RUST_BACKTRACE");
        command
    }

    fn run(&self, arguments: &[&str]) -> Told {
        Told::of(&self.command(arguments).output().expect("the program starts"))
    }

    fn read(&self, name: &str) -> String {
        let path = self.path(name);
        fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    /// Names in the folder.
    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.folder.path()).expect("the folder");
        let mut names: Vec<String> = entries
            .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }
}

/// What the program said, and how it ended.
#[derive(Debug)]
struct Told {
    code: Option<i32>,
    out: String,
    err: String,
}

impl Told {
    fn of(output: &Output) -> Self {
        Self {
            code: output.status.code(),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// The answer of a command that must succeed.
    #[track_caller]
    fn done(self) -> String {
        assert_eq!(self.code, Some(0), "{self:#?}");
        self.out
    }

    /// The message of a command that must refuse its input.
    #[track_caller]
    fn refused(self) -> String {
        assert_eq!((self.code, self.out.as_str()), (Some(2), ""), "{self:#?}");
        assert!(self.err.starts_with("error[CUT"), "{self:#?}");
        assert!(!self.err.contains("panicked"), "{self:#?}");
        self.err
    }
}

/// Every file below a folder with its bytes.
fn contents(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = BTreeMap::new();
    let mut open = vec![folder.to_owned()];
    while let Some(next) = open.pop() {
        for entry in fs::read_dir(&next).unwrap_or_else(|e| panic!("{}: {e}", next.display())) {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                open.push(path);
            } else {
                let name = path.strip_prefix(folder).expect("below").to_owned();
                files.insert(name, fs::read(&path).expect("a file"));
            }
        }
    }
    files
}

#[track_caller]
fn assert_same_files(one: &Path, other: &Path) {
    let (one, other) = (contents(one), contents(other));
    assert_eq!(one.keys().collect::<Vec<_>>(), other.keys().collect::<Vec<_>>());
    for (name, bytes) in &one {
        assert!(bytes == &other[name], "{} differs", name.display());
    }
}

/// Rows of a table of comma-separated values by column.
fn rows(text: &str) -> Vec<BTreeMap<String, String>> {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    reader.deserialize().map(|row| row.expect("a row")).collect()
}
