//! How a request ends, and why it did not end well.

use serde::{Deserialize, Serialize};

/// The end of a request: that of its last attempt. Exactly one each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum Outcome {
    /// Answered.
    Ok,
    /// The version answered 5xx.
    AppError,
    /// A listener was not there.
    Refused,
    /// The instance went away under it.
    Reset,
    /// Queue full, or no instance in rotation: 503.
    Overflow,
    /// The client's attempt or deadline ran out, or the balancer's patience with an instance.
    Timeout,
    /// The session was lost or unreadable: logged out.
    Unauthorized,
}

impl Outcome {
    /// All outcomes, in the order of the columns of `runs.csv`.
    pub const ALL: [Self; 7] = [
        Self::Ok,
        Self::AppError,
        Self::Refused,
        Self::Reset,
        Self::Overflow,
        Self::Timeout,
        Self::Unauthorized,
    ];

    /// Its column in `runs.csv`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::AppError => "app_error",
            Self::Refused => "refused",
            Self::Reset => "reset",
            Self::Overflow => "overflow",
            Self::Timeout => "timeout",
            Self::Unauthorized => "unauthorized",
        }
    }
}

/// Why a request failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum Cause {
    /// Sent to an instance that had closed its listener to stop, but was still listed.
    TerminationRace,
    /// Sent to an instance that did not listen yet.
    NotListening,
    /// Sent to an instance whose process had crashed, or cut by the crash.
    Crash,
    /// Inside an instance when it was stopped.
    CutInFlight,
    /// No instance in rotation.
    NoCapacity,
    /// Queues full, or waiting longer than the client's patience.
    Overload,
    /// The version answered with an error, or never answered.
    VersionDefect,
    /// Lost or unreadable state.
    State,
    /// An injected fault.
    Fault,
    /// Sent to an address that a name no longer points to, and where nobody is left.
    StaleAddress,
}

impl Cause {
    /// All causes, in a fixed order.
    pub const ALL: [Self; 10] = [
        Self::TerminationRace,
        Self::NotListening,
        Self::Crash,
        Self::CutInFlight,
        Self::NoCapacity,
        Self::Overload,
        Self::VersionDefect,
        Self::State,
        Self::Fault,
        Self::StaleAddress,
    ];

    /// Its name for people.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::TerminationRace => "termination race",
            Self::NotListening => "not listening yet",
            Self::Crash => "crash",
            Self::CutInFlight => "cut in flight",
            Self::NoCapacity => "no capacity",
            Self::Overload => "overload",
            Self::VersionDefect => "version defect",
            Self::State => "state",
            Self::Fault => "fault",
            Self::StaleAddress => "stale address",
        }
    }
}
