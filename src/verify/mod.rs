//! Catalogues that say whether the simulator is right: a case is turned into a scenario, run
//! as any user's scenario is, and its answer held against what is known.

pub mod kubernetes;
pub mod tables;
pub mod testbed;
pub mod theory;

use serde::{Deserialize, Serialize};

pub use theory::Extent;

/// The theory catalogue that is built into the program.
pub const THEORY: &str = include_str!("../../tests/data/conformance/theory.json");

/// One case of a catalogue, ready to be run. Cases know nothing of each other, so they may be
/// run in any order and at the same time.
#[derive(Debug)]
pub enum Job {
    /// A case of the theory catalogue.
    Theory(Box<theory::Case>),
    /// A question to a controller and its real answer.
    Row(Box<tables::Row>),
    /// A recorded rollout.
    Rollout(Box<kubernetes::recording::Recording>),
    /// A recorded rollout behind a load balancer.
    Testbed(Box<testbed::recording::Recording>),
}

impl Job {
    /// The cases of a file in one of the documented formats; `None` if it is in none of them.
    #[must_use]
    pub fn read(text: &str, extent: Extent) -> Option<Vec<Self>> {
        if let Some(catalogue) = theory::Catalogue::read(text) {
            let cases = catalogue.cases.into_iter().filter(|case| case.belongs_to(extent));
            return Some(cases.map(|case| Self::Theory(Box::new(case))).collect());
        }
        if let Ok(rows) = tables::read(text) {
            return Some(rows.into_iter().map(|row| Self::Row(Box::new(row))).collect());
        }
        if let Ok(recording) = serde_json::from_str::<testbed::recording::Recording>(text)
            && recording.format == testbed::recording::FORMAT
        {
            return Some(vec![Self::Testbed(Box::new(recording))]);
        }
        let recording: kubernetes::recording::Recording = serde_json::from_str(text).ok()?;
        let known = recording.format == kubernetes::recording::FORMAT;
        known.then(|| vec![Self::Rollout(Box::new(recording))])
    }

    /// Why a text that calls itself a recorded rollout is none; `None` if it does not, or is.
    #[must_use]
    pub fn fault(text: &str) -> Option<String> {
        let value: serde_json::Value = serde_json::from_str(text).ok()?;
        let format = value.get("format")?.as_str()?;
        if format == testbed::recording::FORMAT {
            let read: Result<testbed::recording::Recording, _> = serde_json::from_str(text);
            return read.err().map(|error| error.to_string());
        }
        if format.starts_with("cutover-testbed-") {
            return Some(format!("its format is {format}"));
        }
        let family = kubernetes::recording::FORMAT.split('/').next()?;
        if format.split('/').next() != Some(family) {
            return None;
        }
        if format != kubernetes::recording::FORMAT {
            return Some(format!("its format is {format}"));
        }
        let read: Result<kubernetes::recording::Recording, _> = serde_json::from_str(text);
        read.err().map(|error| error.to_string())
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Theory(case) => &case.id,
            Self::Row(row) => &row.id,
            Self::Rollout(recording) => &recording.name,
            Self::Testbed(recording) => &recording.id,
        }
    }

    /// Runs the case.
    #[must_use]
    pub fn run(&self, extent: Extent) -> Vec<Check> {
        match self {
            Self::Theory(case) => case.check(extent),
            Self::Row(row) => vec![tables::check_row(row)],
            Self::Rollout(recording) => kubernetes::checks::check(recording),
            Self::Testbed(recording) => testbed::checks::check(recording),
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
