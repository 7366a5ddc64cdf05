//! What all nodes of a balancer share, and what choosing needs to know of a request.

use super::positions::SCALE;
use crate::engine::maths::pow;
use crate::engine::rng::Key;
use crate::engine::{SimDuration, SimTime};
use crate::model::request::NONE;
use crate::plan::{
    Balancer, Header, HealthCheck, Mode, Outlier, Policy, Rotation, SlowStart, TieBreak, streams,
};

/// Parameters that all nodes share.
#[derive(Clone, Debug)]
pub struct Rules {
    /// How an instance is chosen.
    pub policy: Policy,
    /// Most requests of a node in one instance; `u32::MAX`: no bound.
    pub most: u32,
    /// Active checks.
    pub check: Option<HealthCheck>,
    /// Passive marking.
    pub outlier: Option<Outlier>,
    /// Fewer usable endpoints than this share: all are used.
    pub panic: Option<f64>,
    /// The slow-start ramp.
    pub slow_start: Option<SlowStart>,
    /// Acceptance draws of slow start.
    pub slow_start_key: Key,
    /// Places of the instances on the hash ring: their addresses differ from run to run.
    pub ring_key: Key,
    /// A weight split places users, not requests, on a side.
    pub split_by_user: bool,
    /// The stream of users' places in a split.
    split_key: Key,
    /// The stream that says which users send a header.
    header_key: Key,
    /// Connections are counted and balanced, not requests.
    pub by_connection: bool,
    /// Passive marking asks whether connections are accepted.
    pub observes_connections: bool,
    /// nginx counts whole seconds on a clock whose beat has nothing to do with the rollout's.
    pub(super) beat: u64,
    /// HAProxy's ramp: weights grow by sixteenths.
    pub(super) sixteenths: bool,
    /// Choosing needs nothing but the policy and the requests in the instances.
    plain: bool,
    /// Nor does it need more of a request than random bits.
    pub quick: bool,
}

impl Rules {
    /// The rules of a plan's balancer.
    #[must_use]
    pub fn new(balancer: &Balancer, root: Key) -> Self {
        let most = balancer.server_maxconn.unwrap_or(u32::MAX);
        let by_connection = balancer.mode != Mode::Http;
        let marks = matches!(balancer.outlier, Some(Outlier::MaxFails { .. }));
        let plain = balancer.slow_start.is_none()
            && balancer.server_maxconn.is_none()
            && !marks
            && !by_connection;
        let observes_connections =
            matches!(balancer.outlier, Some(Outlier::Observe { layer7: false, .. }));
        let bits_alone = matches!(
            balancer.policy,
            Policy::RoundRobin(Rotation::Cycle)
                | Policy::LeastRequest { choices: Some(2), .. }
                | Policy::Random
        );
        Self {
            policy: balancer.policy,
            most,
            check: balancer.health_check.clone(),
            outlier: balancer.outlier.clone(),
            panic: balancer.panic_threshold,
            slow_start: balancer.slow_start.clone(),
            slow_start_key: root.purpose(streams::SLOW_START),
            ring_key: root.purpose(streams::RING),
            split_by_user: balancer.sticky.as_ref().is_some_and(|sticky| sticky.version),
            split_key: root.purpose(streams::SPLIT),
            header_key: root.purpose(streams::HEADER),
            by_connection,
            observes_connections,
            beat: (root.purpose(streams::NGINX_CLOCK).unit(0) * 1e9) as u64,
            sixteenths: matches!(
                balancer.policy,
                Policy::RoundRobin(Rotation::Positions)
                    | Policy::LeastRequest { choices: None, ties: TieBreak::InTurn }
            ),
            plain,
            quick: plain && bits_alone && !observes_connections,
        }
    }

    /// What slow start leaves at a time of the weight of a server that joined then, in
    /// sixteenths: HAProxy's `server_recalc_eweight`, once a second. Servers that were there from
    /// the start have all of it.
    pub(super) fn sixteenths(&self, now: SimTime, joined: SimTime) -> u32 {
        let Some(ramp) = &self.slow_start else { return SCALE };
        let age = now.since(joined);
        if !self.sixteenths || joined == SimTime::ZERO || age >= ramp.window {
            return SCALE;
        }
        let second = SimDuration::from_secs(1);
        let window = ramp.window.0.div_ceil(second.0);
        ((u64::from(SCALE) * (age.0 / second.0) + window) / window) as u32
    }

    /// What slow start leaves at a time of the share of an instance that joined then: Envoy's
    /// ramp.
    pub(super) fn share(&self, ramp: &SlowStart, now: SimTime, joined: SimTime) -> f64 {
        if joined == SimTime::ZERO {
            return 1.0;
        }
        let part = (now.since(joined).0 as f64 / ramp.window.0 as f64).min(1.0);
        pow(part, 1.0 / ramp.aggression).max(ramp.floor)
    }

    /// Whether choosing needs nothing but the policy.
    #[inline]
    pub(super) fn is_plain(&self) -> bool {
        self.plain
    }

    /// Whether the order in which counts change decides between equals.
    pub(super) fn asks_for_changes(&self) -> bool {
        matches!(self.policy, Policy::LeastRequest { choices: None, ties: TieBreak::InTurn })
    }

    /// Whether nodes must be told how tries went.
    #[inline]
    #[must_use]
    pub fn watches(&self) -> bool {
        self.outlier.is_some()
    }
}

/// What choosing needs to know of a request. Random bits are drawn only where a rule asks for
/// them; they depend on the request and the try, never on what was chosen before.
#[derive(Clone, Copy, Debug)]
pub struct Choice {
    /// Stream of the random bits of tries.
    pub routing: Key,
    /// This try's place in it.
    pub draw: u64,
    /// Stream that places requests on a side of a weight split.
    pub split: Key,
    /// The request's number.
    pub request: u64,
    /// The request's class.
    pub class: u8,
    /// Its user, or [`NONE`].
    pub user: u32,
    /// An instance that a retry avoids, or [`NONE`].
    pub avoid: u32,
    /// Now.
    pub now: SimTime,
}

impl Choice {
    #[inline]
    pub(super) fn bits(&self) -> u64 {
        self.routing.draw(self.draw)
    }

    /// Hash of the user, of the request where it has none. Users hash alike in all classes.
    pub(super) fn hash(&self) -> u64 {
        if self.user == NONE {
            self.split.draw(!self.request)
        } else {
            Key::of_seed(u64::from(self.user)).draw(0)
        }
    }

    /// Whether the request bears a header; a user's requests all do, or none.
    pub(super) fn bears(&self, rules: &Rules, header: Header) -> bool {
        let place = if self.user == NONE {
            rules.header_key.entity(1 + u64::from(self.class)).unit(self.request)
        } else {
            rules.header_key.entity(0).unit(u64::from(self.user))
        };
        header.class.is_none_or(|class| class == self.class)
            && place * 10_000.0 < f64::from(header.share_bp)
    }

    pub(super) fn falls_to_candidate(&self, rules: &Rules, weight_bp: u32) -> bool {
        let place = if rules.split_by_user && self.user != NONE {
            rules.split_key.unit(u64::from(self.user))
        } else {
            self.split.unit(self.request)
        };
        place * 10_000.0 < f64::from(weight_bp)
    }
}
