//! The README and each scenario's README: every command in a console block runs as written and
//! prints what is shown (`...` and `[..]` stand for what is left out).

#[test]
fn every_command_in_a_readme_does_what_the_readme_shows() {
    trycmd::TestCases::new()
        .default_bin_name("cutover")
        .case("README.md")
        .case("scenarios/*/README.md");
}

/// The changes that a README suggests: inline code that begins with `--set`.
fn suggestions(readme: &str) -> Vec<String> {
    let spans = readme.split('`').skip(1).step_by(2);
    spans.filter_map(|span| span.strip_prefix("--set ")).map(|set| set.replace('"', "")).collect()
}

#[test]
fn every_change_that_a_readme_suggests_gives_a_valid_scenario() {
    let mut tried = 0;
    for entry in std::fs::read_dir("scenarios").expect("the scenarios") {
        let folder = entry.expect("a readable folder").path();
        let readme = std::fs::read_to_string(folder.join("README.md")).expect("a README");
        for set in suggestions(&readme) {
            let output = std::process::Command::new(env!("CARGO_BIN_EXE_cutover"))
                .arg("validate")
                .arg(&folder)
                .args(["--set", &set])
                .output()
                .expect("the program runs");
            let stderr = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "{} --set {set}: {stderr}", folder.display());
            tried += 1;
        }
    }
    assert!(tried >= 10, "the READMEs suggest changes");
}
