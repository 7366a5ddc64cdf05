//! What is refused: with exit code 2, a message with a code, and no trace on the disk.

use super::{Desk, SHOP};

#[test]
fn a_wrong_command_line_runs_and_writes_nothing() {
    let desk = Desk::shop();
    for line in [
        &["compare"][..],
        &["compare", "shop.yaml", "--no-such-option"],
        &["compare", "shop.yaml", "--seeds=0"],
        &["compare", "shop.yaml", "--seeds=many"],
        &["compare", "shop.yaml", "--threads=0"],
        &["compare", "shop.yaml", "--set", "service.replicas"],
        &["compare", "shop.yaml", "--format=xml"],
        &["run", "shop.yaml", "--strategy=rolling", "--seeds=3"],
        &["dance"],
    ] {
        let message = desk.run(line).refused();
        assert!(message.starts_with("error[CUT0069]: "), "{line:?}: {message}");
    }
    assert_eq!(desk.names(), ["shop.yaml"]);
}

#[test]
fn what_a_command_names_must_be_there() {
    let desk = Desk::shop();
    for (line, part) in [
        (&["compare", "no-such.yaml"][..], "error[CUT0060]"),
        (&["compare", "shop.yaml", "--strategy=roling"], "did you mean `rolling`?"),
        (&["compare", "shop.yaml", "--set=service.replica=3"], "error[CUT00"),
        (&["run", "shop.yaml"], "allowed: recreate, rolling, canary"),
        (&["run", "shop.yaml", "--strategy=red"], "allowed: `recreate`, `rolling`, `canary`"),
        (&["run", "shop.yaml", "--strategy=rolling", "--release=x"], "allowed: good, bad"),
        (&["check", "shop.yaml"], "error[CUT0065]"),
        (&["explain", "CUT9999"], "CUT0012"),
        (&["man", "dance"], "compare"),
        (&["scenarios", "no-such"], "quickstart"),
        (&["verify", "no-such.json"], "error[CUT0071]"),
        (&["verify", "shop.yaml"], "holds no catalogue"),
    ] {
        let message = desk.run(line).refused();
        assert!(message.contains(part), "{line:?}: {message}");
    }
    assert_eq!(desk.names(), ["shop.yaml"]);
}

#[test]
fn a_scenario_with_mistakes_tells_all_of_them_and_the_same_to_every_command() {
    let broken = SHOP.replace("replicas: 4", "replicas: -4").replace("rate: 60/s", "rate: .nan");
    let desk = Desk::with(&broken);
    let messages: Vec<String> = ["compare", "validate", "check", "run"]
        .map(|command| desk.run(&[command, "shop.yaml"]).refused())
        .to_vec();
    assert!(messages.iter().all(|message| *message == messages[0]), "{messages:#?}");
    for part in ["shop.yaml:7", "shop.yaml:12", "traffic.browse.arrivals.poisson.rate", "-4"] {
        assert!(messages[0].contains(part), "{part} in {}", messages[0]);
    }
    assert_eq!(desk.names(), ["shop.yaml"]);
}

#[test]
fn nothing_asked_is_answered_with_the_help_and_no_code() {
    let desk = Desk::shop();
    for line in [&[][..], &["import"]] {
        let told = desk.run(line);
        assert_eq!((told.code, told.out.as_str()), (Some(2), ""), "{told:#?}");
        assert!(told.err.contains("Usage: cutover"), "{told:#?}");
        assert!(!told.err.contains("error["), "{told:#?}");
    }
}

#[test]
fn a_folder_without_a_scenario_is_told_from_one_that_is_not_there() {
    let desk = Desk::shop();
    std::fs::create_dir(desk.path("empty")).expect("a folder");
    let message = desk.run(&["validate", "empty"]).refused();
    assert!(message.contains("this folder holds no scenario.yaml: empty"), "{message}");
    assert!(desk.run(&["validate", "nowhere"]).refused().contains("there is no such file"));
}

#[test]
fn a_folder_that_holds_anything_else_is_refused_before_a_run() {
    let desk = Desk::shop();
    std::fs::create_dir(desk.path("thesis")).expect("a folder");
    std::fs::write(desk.path("thesis/chapter.tex"), "years of work").expect("a file");
    for command in [&["compare"][..], &["run", "--strategy=rolling"]] {
        let line = [command, &["shop.yaml", "--out=thesis"]].concat();
        let message = desk.run(&line).refused();
        assert!(
            message.contains("error[CUT0064]") && message.contains("thesis holds files"),
            "{message}"
        );
    }
    let file = desk.run(&["compare", "shop.yaml", "--out=shop.yaml"]).refused();
    assert!(file.contains("is not a folder"), "{file}");
    assert_eq!(desk.read("thesis/chapter.tex"), "years of work");
}

#[test]
fn work_without_end_is_refused_with_the_flag_that_lifts_it() {
    let desk = Desk::with(&SHOP.replace("rate: 60/s", "rate: 1000000000/s"));
    let told = desk.run(&["compare", "shop.yaml"]);
    assert_eq!((told.code, told.out.as_str()), (Some(5), ""), "{told:#?}");
    assert!(told.err.contains("--allow-huge"), "{told:#?}");
}
