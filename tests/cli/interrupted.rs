//! Interrupted studies: what is finished is kept, and the same command ends as if nothing had
//! happened.

use std::process::Stdio;
use std::time::{Duration, Instant};

use super::{Desk, Told, assert_same_files};

const LINE: [&str; 6] =
    ["compare", "shop.yaml", "--seeds=400", "--no-charts", "--out=out", "--color=never"];

/// Starts the program, ends it with a signal after a while, and gives what it said.
#[cfg(unix)]
fn interrupted(mut command: std::process::Command, signal: &str, after: Duration) -> Told {
    let child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn();
    let child = child.expect("the program starts");
    let begun = Instant::now();
    while begun.elapsed() < after {
        std::thread::sleep(Duration::from_millis(50));
    }
    let kill =
        std::process::Command::new("kill").args(["-s", signal, &child.id().to_string()]).status();
    assert!(kill.expect("kill").success());
    Told::of(&child.wait_with_output().expect("it ends"))
}

#[cfg(unix)]
#[test]
fn a_signal_keeps_what_is_finished_and_the_same_command_resumes() {
    let desk = Desk::shop();
    let through = Desk::shop();
    through.run(&LINE).done();
    for (signal, code) in [("TERM", 143), ("INT", 130), ("HUP", 129)] {
        let mut command = desk.command(&LINE);
        command.args(["--progress=always", "--threads=2"]);
        // Long enough to finish some runs, not all: a debug build takes seconds for them.
        let told = interrupted(command, signal, Duration::from_millis(700));
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

/// Starts the program, ends it with SIGTERM once it has said something, and gives all it said.
#[cfg(unix)]
fn interrupted_at(mut command: std::process::Command, said: &str) -> Told {
    use std::io::{BufRead, BufReader};
    let child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn();
    let mut child = child.expect("the program starts");
    let mut err = String::new();
    for line in BufReader::new(child.stderr.take().expect("a pipe")).lines() {
        let line = line.expect("text");
        if line.contains(said) {
            let kill = std::process::Command::new("kill").arg(child.id().to_string()).status();
            assert!(kill.expect("kill").success());
        }
        err += &(line + "\n");
    }
    let code = child.wait().expect("it ends").code();
    Told { code, out: String::new(), err }
}

#[cfg(unix)]
#[test]
fn a_sweep_keeps_the_runs_of_every_point_and_resumes() {
    const SWEEP: [&str; 5] =
        ["sweep", "shop.yaml", "--over=service.replicas=4,5,6", "--seeds=40", "--out=out"];
    let (desk, through) = (Desk::shop(), Desk::shop());
    through.run(&SWEEP).done();
    for (point, least) in [("point 2 of 3", 280), ("point 3 of 3", 560)] {
        let told = interrupted_at(desk.command(&SWEEP), point);
        assert_eq!(told.code, Some(143), "{told:#?}");
        let kept = told.err.split("interrupted: ").nth(1).expect("a message");
        let kept: u64 = kept.split(' ').next().and_then(|n| n.parse().ok()).expect("runs");
        assert!((least..840).contains(&kept), "{told:#?}");
        assert!(told.err.contains(" of 840 runs are kept in"), "{told:#?}");
        assert!(!desk.path("out").exists(), "no half a folder");
    }
    let told = desk.run(&SWEEP);
    assert!(told.err.contains(" of 840 runs were finished before"), "{told:#?}");
    told.done();
    assert!(!desk.path(".out.checkpoint").exists());
    assert_same_files(&desk.path("out"), &through.path("out"));
    // What is no sweep's is not taken for one.
    std::fs::write(desk.path(".out.checkpoint"), "half\n\na file").expect("the checkpoint");
    let other = ["sweep", "shop.yaml", "--over=service.replicas=4,6", "--seeds=1", "--out=out"];
    let told = desk.run(&other);
    assert!(told.err.contains("is not used: it is damaged"), "{told:#?}");
    told.done();
}

#[cfg(unix)]
#[test]
fn what_keeps_nothing_says_so() {
    let desk = Desk::shop();
    let long = ["run", "shop.yaml", "--strategy=rolling", "--set=clock.window=90h"];
    for (line, signal, code) in [(&long[..], "INT", 130), (&["verify"], "TERM", 143)] {
        let told = interrupted(desk.command(line), signal, Duration::from_millis(1_500));
        assert_eq!(told.code, Some(code), "{told:#?}");
        assert!(told.err.contains("interrupted: nothing is kept of a "), "{told:#?}");
        assert!(told.err.ends_with("starts anew\n"), "{told:#?}");
    }
    assert_eq!(desk.names(), ["shop.yaml"]);
}

#[cfg(target_os = "linux")]
#[test]
fn a_study_that_shall_outlive_its_terminal_does() {
    let desk = Desk::shop();
    let program = env!("CARGO_BIN_EXE_cutover");
    let mut command = std::process::Command::new("sh");
    let line = format!("trap '' HUP; exec '{program}' compare shop.yaml --seeds=30 --no-charts");
    command.current_dir(desk.folder.path()).args(["-c", &line]);
    let told = interrupted(command, "HUP", Duration::from_millis(300));
    assert_eq!(told.code, Some(0), "{told:#?}");
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
