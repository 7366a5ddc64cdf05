//! Request classes and their arrival processes.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::ClassState;
use crate::engine::{Distribution, SimDuration};

/// One kind of request: how it arrives and how much work it is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RequestClass {
    /// Its name in reports.
    pub name: String,
    /// When requests are sent.
    pub arrivals: Arrivals,
    /// Service time on a warm instance of a version with slowdown 1, in nanoseconds.
    pub service_time: Distribution,
    /// Whether a request may be sent again after its first bytes reached an instance.
    pub idempotent: bool,
    /// How long a request waits in an instance's queue before it leaves, in nanoseconds.
    pub patience: Option<Distribution>,
    /// Its requests open streams; `None`: they are answered and that is all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stream: Option<Stream>,
    /// Session, reads and writes, calls.
    #[serde(default, skip_serializing_if = "ClassState::is_empty")]
    pub state: ClassState,
}

/// Long-lived connections that the requests of a class open (WebSockets, gRPC streams).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stream {
    /// How long a client wants its stream, in nanoseconds, whatever happens to it. The mean is
    /// finite.
    pub lifetime: Distribution,
    /// From the loss of a stream, or a failed try to open it again, to the client's next try, in
    /// nanoseconds.
    pub reconnect: Distribution,
    /// The server closes a stream of this age (a tenth more or less).
    pub max_age: Option<SimDuration>,
}

impl Stream {
    /// How many streams are open in equilibrium where clients come at a rate (per second),
    /// rounded.
    #[must_use]
    pub fn in_equilibrium(&self, rate: f64) -> u64 {
        (rate * self.lifetime.mean() / 1e9 + 0.5) as u64
    }
}

/// An arrival process. Rates are per second.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Arrivals {
    /// Independent arrivals.
    Poisson {
        /// Mean rate.
        rate: f64,
    },
    /// Evenly spaced, the first one gap after the start: an open-loop load generator.
    Constant {
        /// Rate.
        rate: f64,
    },
    /// A two-state Markov-modulated Poisson process. It starts outside a burst with the
    /// stationary chance, and time in each state is exponential.
    Bursty {
        /// Rate outside bursts.
        rate: f64,
        /// Rate inside a burst.
        burst: f64,
        /// Mean length of a burst.
        on: SimDuration,
        /// Mean time between bursts.
        off: SimDuration,
    },
    /// A non-homogeneous Poisson process whose rate is piecewise linear.
    Profile {
        /// Corner points, rising in time, counted from the window's start (the warm-up runs
        /// at times before it). Before the first and after the last the rate stays level,
        /// unless the profile repeats.
        points: Arc<[ProfilePoint]>,
        /// The profile starts over after this long (a week, a day).
        period: Option<SimDuration>,
    },
    /// Replayed instants, counted from the window's start.
    Trace {
        /// Send times, rising, in nanoseconds.
        times: Arc<[u64]>,
    },
    /// Sent by others alone: log-ins of users who were logged out.
    OnDemand,
    /// Closed loop: each user waits for the answer, thinks, and sends the next request.
    Users {
        /// How many users.
        count: u32,
        /// Thinking time, in nanoseconds.
        think: Distribution,
    },
    /// Users who come at a Poisson rate, make some requests one after the other, and leave.
    Sessions {
        /// New sessions per second.
        rate: f64,
        /// Requests of a session (rounded to a whole number, at least 1).
        requests: Distribution,
        /// Time from an answer to the next request, in nanoseconds.
        think: Distribution,
    },
}

impl Arrivals {
    /// The mean rate at the start, where requests come at a rate of their own.
    #[must_use]
    pub fn rate_at_start(&self) -> Option<f64> {
        match self {
            Self::Poisson { rate } | Self::Constant { rate } => Some(*rate),
            Self::Bursty { rate, burst, on, off } => {
                let (on, off) = (on.as_secs_f64(), off.as_secs_f64());
                Some((rate * off + burst * on) / (on + off))
            }
            Self::Profile { points, .. } => points.first().map(|point| point.rate),
            Self::Trace { .. } | Self::OnDemand | Self::Users { .. } | Self::Sessions { .. } => {
                None
            }
        }
    }
}

/// A corner of a rate profile.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ProfilePoint {
    /// Counted from the window's start.
    pub at: SimDuration,
    /// Requests per second.
    pub rate: f64,
}
