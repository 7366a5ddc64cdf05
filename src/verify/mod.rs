//! Catalogues that say whether the simulator is right: a case is turned into a scenario, run
//! as any user's scenario is, and its answer held against what is known.

pub mod kubernetes;
pub mod tables;
pub mod theory;

use serde::{Deserialize, Serialize};

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
