//! Interrupted studies: what is finished is kept, and the same command ends as if nothing had
//! happened.

use std::process::Stdio;
use std::time::{Duration, Instant};

use super::{Desk, Told, assert_same_files};

const LINE: [&str; 6] =
    ["compare", "shop.yaml", "--seeds=400", "--no-charts", "--out=out", "--color=never"];

#[cfg(unix)]
#[test]
fn a_signal_keeps_what_is_finished_and_the_same_command_resumes() {
    let desk = Desk::shop();
    let through = Desk::shop();
    through.run(&LINE).done();
    for (signal, code) in [("TERM", 143), ("INT", 130)] {
        let mut command = desk.command(&LINE);
        command.args(["--progress=always", "--threads=2"]).stderr(Stdio::piped());
        let child = command.stdout(Stdio::null()).spawn().expect("the program starts");
        // Long enough to finish some runs, not all: a debug build takes seconds for them.
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_millis(700) {
            std::thread::sleep(Duration::from_millis(50));
        }
        let kill = std::process::Command::new("kill")
            .args(["-s", signal, &child.id().to_string()])
            .status();
        assert!(kill.expect("kill").success());
        let told = Told::of(&child.wait_with_output().expect("it ends"));
        assert_eq!(told.code, Some(code), "{told:#?}");
        assert!(told.err.contains("are kept in"), "{told:#?}");
        assert!(!desk.path("out").exists(), "no half a folder");
        assert!(desk.path(".out.checkpoint").is_file());
    }
    let told = desk.run(&LINE);
    assert!(told.err.contains("resuming: "), "{told:#?}");
    told.done();
    assert!(!desk.path(".out.checkpoint").exists());
    assert_same_files(&desk.path("out"), &through.path("out"));
}

#[test]
fn a_checkpoint_that_does_not_fit_is_passed_over_with_a_note() {
    let desk = Desk::shop();
    std::fs::write(desk.path(".out.checkpoint"), "half a file").expect("the checkpoint");
    let told = desk.run(&["compare", "shop.yaml", "--seeds=2", "--no-charts", "--out=out"]);
    assert!(told.err.contains("is not used: it is damaged"), "{told:#?}");
    told.done();
    assert_eq!(desk.names(), ["out", "shop.yaml"]);
}
