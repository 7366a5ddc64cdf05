//! Commands that run nothing: what they print and write.

use super::Desk;

#[test]
fn validate_tells_defaults_and_predicts_without_writing() {
    let desk = Desk::shop();
    let text = desk.run(&["validate", "shop.yaml"]).done();
    for part in ["the scenario is valid", "Predicted: ", "balancer.", "Seeds: 1 to 4"] {
        assert!(text.contains(part), "{part} in\n{text}");
    }
    let plan =
        desk.run(&["validate", "shop.yaml", "--dump=plan", "--set=service.replicas=9"]).done();
    let plan: serde_json::Value = serde_json::from_str(&plan).expect("JSON");
    assert_eq!(plan["plan"]["service"]["replicas"], 9);
    assert_eq!(desk.names(), ["shop.yaml"]);
}

#[test]
fn shipped_scenarios_are_listed_shown_and_written() {
    let desk = Desk::shop();
    let list = desk.run(&["scenarios"]).done();
    assert!(list.contains("quickstart"), "{list}");
    assert!(desk.run(&["scenarios", "quickstart"]).done().contains("strategies:"));
    desk.run(&["scenarios", "quickstart", "--write"]).done();
    desk.run(&["validate", "quickstart/scenario.yaml"]).done();
    let again = desk.run(&["scenarios", "quickstart", "--write"]).refused();
    assert!(again.starts_with("error[CUT0067]"), "{again}");
}

#[test]
fn the_starter_scenario_is_valid_and_never_overwrites() {
    let desk = Desk::shop();
    desk.run(&["init"]).done();
    let valid = desk.run(&["validate", "scenario.yaml"]).done();
    assert!(valid.contains("my-service: the scenario is valid"), "{valid}");
    desk.run(&["init"]).refused();
    assert_eq!(desk.run(&["init", "-"]).done(), desk.read("scenario.yaml"));
}

#[test]
fn codes_schema_completions_and_manuals_are_at_hand() {
    let desk = Desk::shop();
    assert!(desk.run(&["explain", "cut0012"]).done().starts_with("CUT0012: "));
    let schema: serde_json::Value =
        serde_json::from_str(&desk.run(&["schema"]).done()).expect("JSON");
    assert!(schema["properties"]["strategies"].is_object());
    let fields: serde_json::Value =
        serde_json::from_str(&desk.run(&["schema", "--fields=shop.yaml"]).done()).expect("JSON");
    assert!(fields.as_array().is_some_and(|fields| fields.len() > 10));
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        assert!(desk.run(&["completions", shell]).done().contains("compare"), "{shell}");
    }
    assert!(desk.run(&["man"]).done().starts_with(".ie"));
    assert!(desk.run(&["man", "compare"]).done().contains("cutover\\-compare"));
}

#[test]
fn help_lists_the_commands_and_the_exit_codes() {
    let desk = Desk::shop();
    let help = desk.run(&["--help"]).done();
    for part in ["compare", "validate", "128+n", "Exit codes:"] {
        assert!(help.contains(part), "{part} in\n{help}");
    }
    assert!(desk.run(&["--version"]).done().starts_with("cutover 0."));
    assert!(desk.run(&["compare", "--help"]).done().contains("--no-control"));
}

#[test]
fn a_catalogue_is_held_and_its_verdict_is_the_exit_code() {
    let desk = Desk::shop();
    let case = |expected: u32, kind: &str| {
        format!(
            r#"{{"meta": {{"format": "cutover-theory-catalogue", "format_version": 1}}, "cases": [
                {{"id": "bounds", "inputs": {{"replicas": 10, "max_surge": "25%",
                  "max_unavailable": "25%"{kind}}},
                  "checks": [{{"metric": "max_total_pods", "expected": {expected},
                    "tolerance": {{"kind": "exact", "value": 0}}}}]}}]}}"#
        )
    };
    std::fs::create_dir(desk.path("catalogue")).expect("a folder");
    for (text, code, word) in [
        (case(13, ""), 0, "1 ok, 0 off, 0 not modelled"),
        (case(14, ""), 1, "0 ok, 1 off, 0 not modelled"),
        (case(13, ", \"moons\": 2"), 4, "0 ok, 0 off, 1 not modelled"),
    ] {
        std::fs::write(desk.path("catalogue/case.json"), text).expect("the case");
        let told = desk.run(&["verify", "catalogue"]);
        assert_eq!(told.code, Some(code), "{told:#?}");
        assert!(told.out.contains(word), "{told:#?}");
    }
    let json = desk.run(&["verify", "catalogue/case.json", "--format=json"]).out;
    let json: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!((&json[0]["case"], &json[0]["verdict"]), (&"bounds".into(), &"not modelled".into()));
}
