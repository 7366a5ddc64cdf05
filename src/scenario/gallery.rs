//! The shipped scenarios, built into the program.
//!
//! To add one: put `scenarios/NAME/scenario.yaml`, `README.md` and its data files into the
//! repository, and name them in the table below.

use super::diagnostic::Problem;
use super::files::Embedded;
use super::load::{Overrides, load_text};
use crate::plan::Study;

/// A shipped scenario: its name and files, `scenario.yaml` and `README.md` among them.
pub struct Shipped {
    /// Its name.
    pub name: &'static str,
    /// Path and content of each file.
    pub files: &'static [(&'static str, &'static [u8])],
}

macro_rules! gallery {
    ($($name:literal: [$($file:literal),* $(,)?];)*) => {
        /// All shipped scenarios, by name.
        pub const GALLERY: &[Shipped] = &[$(Shipped {
            name: $name,
            files: &[$((
                $file,
                include_bytes!(concat!("../../scenarios/", $name, "/", $file)),
            )),*],
        }),*];
    };
}

gallery! {
    "bad-release": ["scenario.yaml", "README.md"];
    "cache-node-rollout-metastable": ["scenario.yaml", "README.md"];
    "capacity-hole-at-peak": ["scenario.yaml", "README.md"];
    "cold-cache-stampede": ["scenario.yaml", "README.md"];
    "cold-jit-warmup": ["scenario.yaml", "README.md"];
    "config-code-order": ["scenario.yaml", "README.md"];
    "config-flapping": ["scenario.yaml", "README.md"];
    "config-push-crash": ["scenario.yaml", "README.md"];
    "dns-ttl-stragglers": ["scenario.yaml", "README.md"];
    "drain-deadline-cuts": ["scenario.yaml", "README.md"];
    "drain-never-ends": ["scenario.yaml", "README.md"];
    "elb-weekday": [
        "scenario.yaml",
        "README.md",
        "LICENSE-NAB.txt",
        "deployment.yaml",
        "nab_elb_request_count_5min.csv",
    ];
    "friday-deploy": [
        "scenario.yaml",
        "README.md",
        "LICENSE-NAB.txt",
        "elb_hour_of_week.csv",
        "strategies.svg",
        "timeline-left-at-half.svg",
    ];
    "global-config-push": ["scenario.yaml", "README.md"];
    "half-stale": ["scenario.yaml", "README.md"];
    "hard-kill-in-flight": ["scenario.yaml", "README.md"];
    "health-check-death-spiral": ["scenario.yaml", "README.md"];
    "health-check-lies": ["scenario.yaml", "README.md"];
    "migration-lock-queue": ["scenario.yaml", "README.md"];
    "one-of-eight-left-behind": ["scenario.yaml", "README.md"];
    "quickstart": ["scenario.yaml", "README.md"];
    "readiness-missing": ["scenario.yaml", "README.md"];
    "reconnect-herd": ["scenario.yaml", "README.md"];
    "retry-storm-metastable": ["scenario.yaml", "README.md"];
    "schema-contract-too-early": ["scenario.yaml", "README.md"];
    "session-format-incompatible": ["scenario.yaml", "README.md"];
    "shallow-health-check": ["scenario.yaml", "README.md"];
    "sticky-skew": ["scenario.yaml", "README.md"];
    "switch-stall": ["scenario.yaml", "README.md"];
    "termination-race-502": ["scenario.yaml", "README.md"];
    "tuesday-deploy": ["scenario.yaml", "README.md", "LICENSE-NAB.txt", "elb_hour_of_week.csv"];
    "unequal-wave": ["scenario.yaml", "README.md"];
}

impl Shipped {
    /// The text of one of its files.
    ///
    /// # Panics
    /// If it has no such file, or the file is not text.
    #[must_use]
    pub fn text(&self, file: &str) -> &'static str {
        let (_, bytes) =
            self.files.iter().find(|(name, _)| *name == file).expect("the file is shipped");
        std::str::from_utf8(bytes).expect("shipped scenarios are text")
    }

    /// Loads it.
    ///
    /// # Errors
    /// What the overrides break.
    pub fn load(&self, overrides: &Overrides) -> Result<Study, Problem> {
        let name = format!("{}/scenario.yaml", self.name);
        load_text(&name, self.text("scenario.yaml"), &Embedded(self.files), overrides)
    }

    /// The question it answers: the first paragraph of its README.
    #[must_use]
    pub fn question(&self) -> String {
        let lines =
            self.text("README.md").lines().skip(1).skip_while(|line| line.trim().is_empty());
        lines.take_while(|line| !line.trim().is_empty()).collect::<Vec<_>>().join(" ")
    }
}

/// The shipped scenario of a name.
#[must_use]
pub fn find(name: &str) -> Option<&'static Shipped> {
    GALLERY.iter().find(|shipped| shipped.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shipped_scenario_loads_without_a_warning_about_itself() {
        for shipped in GALLERY {
            let study =
                shipped.load(&Overrides::default()).unwrap_or_else(|problem| panic!("{problem}"));
            assert_eq!(study.name, shipped.name);
            assert!(!shipped.question().is_empty());
        }
    }
}
