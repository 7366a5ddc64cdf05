//! Catalogues that say whether the simulator is right: a case is turned into a scenario, run
//! as any user's scenario is, and its answer held against what is known.

pub mod kubernetes;
pub mod tables;
pub mod theory;

use serde::{Deserialize, Serialize};

pub use theory::Extent;

/// The theory catalogue that is built into the program.
pub const THEORY: &str = include_str!("../../tests/data/conformance/theory.json");

/// One case of a catalogue, ready to be run. Cases know nothing of each other, so they may be
/// run in any order and at the same time.
#[derive(Clone, Debug)]
pub enum Job {
    /// A case of the theory catalogue.
    Theory(Box<theory::Case>),
}

impl Job {
    /// The cases of a file in one of the documented formats; `None` if it is in none of them.
    #[must_use]
    pub fn read(text: &str, extent: Extent) -> Option<Vec<Self>> {
        let catalogue = theory::Catalogue::read(text)?;
        let cases = catalogue.cases.into_iter().filter(|case| case.belongs_to(extent));
        Some(cases.map(|case| Self::Theory(Box::new(case))).collect())
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Theory(case) => &case.id,
        }
    }

    /// Runs the case.
    #[must_use]
    pub fn run(&self, extent: Extent) -> Vec<Check> {
        match self {
            Self::Theory(case) => case.check(extent),
        }
    }
}

/// One line of a verification: what was expected of a case and what came out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// The case's name in its catalogue.
    pub case: String,
    /// What was looked at.
    pub metric: String,
    /// The known answer.
    pub expected: String,
    /// The simulator's answer; empty where there is none.
    pub got: String,
    /// How far they may lie apart.
    pub tolerance: String,
    /// Whether they do.
    pub verdict: Verdict,
}

/// What a check says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Verdict {
    /// Within the tolerance.
    #[serde(rename = "ok")]
    Ok,
    /// Outside the tolerance.
    #[serde(rename = "off")]
    Off,
    /// There is no model of it (yet): never counted as passed.
    #[serde(rename = "not modelled")]
    NotModelled,
}

impl Verdict {
    /// Its name for people and for JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Off => "off",
            Self::NotModelled => "not modelled",
        }
    }
}
