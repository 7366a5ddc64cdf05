//! The repository reads itself: who imports whom, how long things are, and what may not be
//! written at all.
//!
//! The scanner knows formatted Rust only by its layout (rustfmt runs before the tests), not by
//! its grammar: an item ends at the closing brace of its own indentation.

use std::fs;
use std::path::{Path, PathBuf};

/// A source file of the repository.
struct Source {
    /// Its path from the repository's root, with forward slashes.
    path: String,
    text: String,
    /// Compiled for tests alone, by its parent's `#[cfg(test)] mod name;`.
    for_tests: bool,
}

impl Source {
    /// The room a file of `src/` belongs to: `engine`, `plan` … or `main`, `lib`.
    fn room(&self) -> &str {
        let inside = self.path.strip_prefix("src/").unwrap_or(&self.path);
        inside.split('/').next().unwrap_or(inside).trim_end_matches(".rs")
    }

    /// The lines of the program proper, without comments and unit tests, numbered from 1.
    fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        // Unit tests are the last item of a file.
        let tests = ["\n#[cfg(test)]\nmod ", "\n#[cfg(test)]\npub(crate) mod "];
        let body = tests.iter().filter_map(|start| {
            let at = self.text.find(start)?;
            self.text[at + 1..].lines().nth(1)?.ends_with('{').then_some(at)
        });
        let end = if self.for_tests { 0 } else { body.min().unwrap_or(self.text.len()) };
        let lines = self.text[..end].lines().enumerate().map(|(i, line)| (i + 1, line));
        lines.filter(|(_, line)| !line.trim_start().starts_with("//"))
    }
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn collect(folder: &Path, into: &mut Vec<Source>) {
    let mut entries: Vec<PathBuf> = match fs::read_dir(folder) {
        Ok(entries) => entries.map(|entry| entry.expect("a readable folder").path()).collect(),
        Err(_) => return,
    };
    entries.sort();
    for path in entries {
        if path.is_dir() {
            collect(&path, into);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let relative = path.strip_prefix(root()).expect("inside the repository");
            let relative = relative.to_string_lossy().replace('\\', "/");
            let text = fs::read_to_string(&path).expect("source files are UTF-8");
            into.push(Source { for_tests: is_for_tests(&path), path: relative, text });
        }
    }
}

/// Whether a file, or the folder it lies in, is declared as a module for tests alone.
fn is_for_tests(path: &Path) -> bool {
    let declared = |module: &Path| {
        let Some(name) = module.file_stem() else { return false };
        let Ok(parent) = fs::read_to_string(module.with_file_name("mod.rs")) else { return false };
        let name = name.to_string_lossy();
        ["", "pub(crate) "]
            .iter()
            .any(|visibility| parent.contains(&format!("#[cfg(test)]\n{visibility}mod {name};")))
    };
    declared(path) || path.parent().is_some_and(declared)
}

fn sources(folders: &[&str]) -> Vec<Source> {
    let mut found = Vec::new();
    for folder in folders {
        collect(&root().join(folder), &mut found);
    }
    assert!(!found.is_empty(), "the repository has source files in {folders:?}");
    found
}

fn assert_none(complaints: Vec<String>) {
    assert!(complaints.is_empty(), "\n{}\n", complaints.join("\n"));
}

/// Who may import whom. A room may always import itself.
const ARROWS: &[(&str, &[&str])] = &[
    ("engine", &[]),
    ("plan", &["engine"]),
    ("record", &["plan", "engine"]),
    ("stats", &["engine"]),
    ("model", &["plan", "record", "engine"]),
    ("platform", &["plan", "record", "engine"]),
    ("strategy", &["plan", "record", "engine", "stats"]),
    ("simulation", &["model", "platform", "strategy", "record", "plan", "engine"]),
    ("scenario", &["plan", "engine"]),
    ("import", &["scenario", "plan"]),
    ("experiment", &["simulation", "record", "plan", "stats", "engine"]),
    (
        "verify",
        &[
            "scenario",
            "experiment",
            "simulation",
            "strategy",
            "platform",
            "record",
            "plan",
            "stats",
            "engine",
        ],
    ),
    ("report", &["experiment", "record", "plan", "stats", "engine"]),
];

/// The rooms whose work must come out the same on every machine, to the bit.
const PURE_ROOMS: &[&str] =
    &["engine", "plan", "record", "stats", "model", "platform", "strategy", "simulation"];

/// Names of rooms after `crate::` in a line, groups such as `crate::{plan, engine}` included.
fn imported_rooms(line: &str) -> Vec<String> {
    let word = |text: &str| -> String {
        text.chars().take_while(|c| c.is_ascii_lowercase() || *c == '_').collect()
    };
    let mut rooms = Vec::new();
    for (place, _) in line.match_indices("crate::") {
        let rest = &line[place + "crate::".len()..];
        match rest.strip_prefix('{') {
            None => rooms.push(word(rest)),
            Some(group) => {
                let mut depth = 0;
                let mut expecting = true;
                for (i, c) in group.char_indices() {
                    match c {
                        '{' => depth += 1,
                        '}' => depth -= 1,
                        ',' if depth == 0 => expecting = true,
                        c if expecting && c.is_ascii_lowercase() => {
                            rooms.push(word(&group[i..]));
                            expecting = false;
                        }
                        _ => {}
                    }
                }
            }
        }
    }
    rooms
}

#[test]
fn imports_are_read_from_lines_and_groups() {
    assert_eq!(imported_rooms("use crate::plan::{Plan, self};"), ["plan"]);
    assert_eq!(imported_rooms("use crate::{engine::{a, b}, plan};"), ["engine", "plan"]);
    assert_eq!(imported_rooms("pub(crate) fn x(y: crate::record::Cell)"), ["record"]);
}

#[test]
fn every_arrow_between_rooms_points_the_allowed_way() {
    let mut complaints = Vec::new();
    for source in sources(&["src"]) {
        let room = source.room();
        let Some((_, allowed)) = ARROWS.iter().find(|(name, _)| *name == room) else {
            let known = ["main", "lib", "cli", "serve"].contains(&room);
            if !known {
                complaints.push(format!("{}: tests/tidy.rs does not know this room", source.path));
            }
            continue;
        };
        for (number, line) in source.code() {
            for target in imported_rooms(line) {
                let is_room = ARROWS.iter().any(|(name, _)| *name == target)
                    || ["cli", "serve"].contains(&target.as_str());
                if is_room && target != room && !allowed.contains(&target.as_str()) {
                    complaints
                        .push(format!("{}:{number}: {room} may not import {target}", source.path));
                }
            }
        }
    }
    assert_none(complaints);
}

#[test]
fn the_rooms_that_decide_results_know_no_clock_file_thread_or_platform_maths() {
    const BANNED: &[(&str, &str)] = &[
        ("std::time", "the wall clock"),
        ("std::fs", "files"),
        ("std::env", "the environment"),
        ("std::process", "processes"),
        ("std::thread", "threads"),
        ("std::net", "the network"),
        ("rayon", "threads"),
        ("HashMap", "an order that changes from run to run"),
        ("HashSet", "an order that changes from run to run"),
        ("println!", "printing"),
        ("print!(", "printing"),
        ("eprint", "printing"),
        (".ln()", "platform maths"),
        (".ln_1p()", "platform maths"),
        (".log2()", "platform maths"),
        (".log10()", "platform maths"),
        (".exp()", "platform maths"),
        (".exp_m1()", "platform maths"),
        (".powf(", "platform maths"),
        (".powi(", "platform maths"),
        (".sin()", "platform maths"),
        (".cos()", "platform maths"),
        (".tanh()", "platform maths"),
    ];
    let mut complaints = Vec::new();
    for source in sources(&["src"]) {
        if !PURE_ROOMS.contains(&source.room()) {
            continue;
        }
        for (number, line) in source.code() {
            for (banned, what) in BANNED {
                if line.contains(banned) {
                    complaints.push(format!("{}:{number}: `{banned}`: {what}", source.path));
                }
            }
        }
    }
    assert_none(complaints);
}

#[test]
fn nothing_is_left_unfinished_silenced_or_switched_off() {
    // Put together here so that this file does not find itself.
    let banned = [
        ["to", "do!("].concat(),
        ["unimplemen", "ted!("].concat(),
        ["db", "g!("].concat(),
        ["#[ig", "nore"].concat(),
        ["allow(dead", "_code"].concat(),
        ["allow(unus", "ed"].concat(),
        ["allow(clippy::a", "ll"].concat(),
        ["FIX", "ME"].concat(),
        ["XX", "X"].concat(),
        ["TO", "DO"].concat(),
    ];
    let mut complaints = Vec::new();
    for source in sources(&["src", "tests", "benches", "examples"]) {
        for (i, line) in source.text.lines().enumerate() {
            for word in &banned {
                if line.contains(word.as_str()) {
                    complaints.push(format!("{}:{}: `{word}`", source.path, i + 1));
                }
            }
        }
    }
    assert_none(complaints);
}

#[test]
fn threads_start_in_one_room_only() {
    let mut complaints = Vec::new();
    for source in sources(&["src"]) {
        if ["experiment", "cli", "serve"].contains(&source.room()) {
            continue;
        }
        for (number, line) in source.code() {
            if line.contains("rayon") || line.contains("thread::spawn") {
                complaints.push(format!("{}:{number}: {}", source.path, line.trim()));
            }
        }
    }
    assert_none(complaints);
}

const LONGEST_FILE: usize = 600;
const LONGEST_FUNCTION: usize = 70;

/// Functions of formatted Rust: name, first line, number of lines.
fn functions(text: &str) -> Vec<(String, usize, usize)> {
    let lines: Vec<&str> = text.lines().collect();
    let mut found = Vec::new();
    for (start, line) in lines.iter().enumerate() {
        let body = line.trim_start();
        let indent = line.len() - body.len();
        let words: Vec<&str> = body.split_whitespace().take(5).collect();
        let Some(keyword) = words.iter().position(|word| *word == "fn") else { continue };
        let leads = |word: &&str| {
            word.starts_with("pub") || ["const", "async", "extern", "unsafe"].contains(word)
        };
        if !words[..keyword].iter().all(leads) || body.ends_with(';') {
            continue;
        }
        let name = words.get(keyword + 1).copied().unwrap_or_default();
        let name: String = name.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
        let closing = format!("{}}}", " ".repeat(indent));
        let one_line = body.ends_with('}') && body.contains('{');
        let end = if one_line {
            Some(0)
        } else {
            lines[start..].iter().position(|line| *line == closing)
        };
        if let Some(length) = end {
            found.push((name, start + 1, length + 1));
        }
    }
    found
}

#[test]
fn functions_are_measured_from_their_name_to_their_brace() {
    let text = "pub fn one() {}\nimpl X {\n    fn two(\n        a: u8,\n    ) -> u8 {\n        a\n    }\n}\n";
    assert_eq!(functions(text), [("one".into(), 1, 1), ("two".into(), 3, 5)]);
}

#[test]
fn no_file_and_no_function_is_too_long_to_read() {
    let mut complaints = Vec::new();
    for source in sources(&["src", "tests", "benches", "examples"]) {
        let length = source.text.lines().count();
        if length > LONGEST_FILE {
            complaints.push(format!("{}: {length} lines, at most {LONGEST_FILE}", source.path));
        }
        for (name, line, length) in functions(&source.text) {
            if length > LONGEST_FUNCTION {
                complaints.push(format!(
                    "{}:{line}: fn {name} has {length} lines, at most {LONGEST_FUNCTION}",
                    source.path
                ));
            }
        }
    }
    assert_none(complaints);
}

#[test]
fn every_file_says_in_its_first_line_what_it_is() {
    let silent: Vec<String> = sources(&["src", "tests", "benches", "examples"])
        .into_iter()
        .filter(|source| !source.text.starts_with("//!"))
        .map(|source| format!("{}: opens without a `//!` paragraph", source.path))
        .collect();
    assert_none(silent);
}

#[test]
fn every_test_file_is_part_of_the_one_test_binary() {
    let main = fs::read_to_string(root().join("tests/main.rs")).expect("tests/main.rs");
    let mut complaints = Vec::new();
    for entry in fs::read_dir(root().join("tests")).expect("the tests folder") {
        let path = entry.expect("a readable folder").path();
        let name = path.file_stem().expect("a name").to_string_lossy().to_string();
        let is_module = path.extension().is_some_and(|extension| extension == "rs")
            || path.join("mod.rs").is_file();
        if is_module && name != "main" && !main.contains(&format!("mod {name};")) {
            complaints.push(format!("tests/main.rs does not name `mod {name};`"));
        }
    }
    assert_none(complaints);
}
