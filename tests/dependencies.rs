//! What the crate stands on: where it comes from, under which licences, and why.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

fn read(path: &str) -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The strings of the list `name = [ … ]` in a TOML text.
fn list<'a>(toml: &'a str, name: &str) -> Vec<&'a str> {
    let start = toml.find(&format!("\n{name} = [")).expect("the list is there");
    let body = &toml[start..];
    let body = &body[..body.find("\n]").expect("the list ends")];
    body.lines().skip(1).filter_map(|line| line.split('"').nth(1)).collect()
}

/// Whether a licence expression can be met with the allowed licences. Every part joined by
/// AND must offer an allowed alternative.
fn allowed(expression: &str, licences: &[&str]) -> bool {
    let parts = expression.replace('/', " OR ").replace(['(', ')'], " ");
    parts
        .split(" AND ")
        .all(|part| part.split(" OR ").any(|choice| licences.contains(&choice.trim())))
}

#[test]
fn licence_expressions_are_understood() {
    let ours = ["MIT", "Apache-2.0", "Unicode-3.0"];
    assert!(allowed("MIT OR GPL-3.0", &ours));
    assert!(allowed("MIT/Apache-2.0", &ours));
    assert!(allowed("(MIT OR Apache-2.0) AND Unicode-3.0", &ours));
    assert!(!allowed("MIT AND GPL-3.0", &ours));
    assert!(!allowed("", &ours));
}

#[test]
fn every_crate_in_the_tree_has_an_allowed_licence() {
    let deny = read("deny.toml");
    let licences = list(&deny, "allow");
    let output = Command::new(env!("CARGO"))
        .args(["tree", "--locked", "--offline", "--edges", "normal,build,dev"])
        .args(["--prefix", "none", "--format", "{p}|{l}"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let tree = String::from_utf8(output.stdout).expect("UTF-8");
    let mut crates: Vec<(&str, &str)> =
        tree.lines().filter_map(|line| line.split_once('|')).collect();
    crates.sort_unstable();
    crates.dedup();
    assert!(crates.len() > 50, "the tree was read");
    let refused: Vec<_> = crates
        .iter()
        .filter(|(_, licence)| !allowed(licence.trim_end_matches(" (*)"), &licences))
        .collect();
    assert!(refused.is_empty(), "not allowed by deny.toml: {refused:#?}");
}

#[test]
fn every_crate_comes_from_the_public_registry() {
    let lock = read("Cargo.lock");
    let foreign: Vec<&str> = lock
        .lines()
        .filter(|line| line.starts_with("source = ") && !line.contains("\"registry+https://"))
        .collect();
    assert!(foreign.is_empty(), "{foreign:?}");
}

#[test]
fn every_direct_dependency_has_its_reason_written_down() {
    let manifest = read("Cargo.toml");
    let reasons = read("docs/dependencies.md");
    let mut inside = false;
    let mut missing = Vec::new();
    for line in manifest.lines() {
        if line.starts_with('[') {
            inside = line.ends_with("dependencies]");
        } else if inside
            && let Some((name, _)) = line.split_once(" = ")
            && !reasons.contains(&format!("| `{name}` |"))
        {
            missing.push(name);
        }
    }
    assert!(missing.is_empty(), "docs/dependencies.md has no line for {missing:?}");
}
