//! What a node knows of one address: what the platform lists, what its operator has set, and
//! what its own checks and its own traffic say.
//!
//! Sources: HAProxy `src/check.c` (a server that has just been enabled falls at its first failed
//! check; one that has come up needs `fall` of them) and `src/server.c` (drain, maint), nginx
//! `ngx_http_upstream_round_robin.c` (`fails`, `accessed`, `checked` on a clock of whole
//! seconds), Envoy's outlier detection.

use crate::engine::{SimDuration, SimTime};
use crate::plan::{CheckStart, EndpointConditions, HealthCheck, OnError, Outlier, ServerState};

/// An address, as one node knows it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Endpoint {
    pub version: u16,
    /// The group it belongs to; `u16::MAX`: none.
    pub group: u16,
    /// The instance behind the address.
    pub bound: u32,
    pub listed: Option<EndpointConditions>,
    /// Sequence number of the newest change applied: late news never undoes newer ones.
    pub change: u64,
    pub admin: ServerState,
    pub weight: u32,
    /// Both as the balancer's configuration has them.
    pub configured: (ServerState, u32),
    pub down: bool,
    /// Results in a row that disagree with `down`.
    streak: u32,
    /// The next failed check takes it down.
    fragile: bool,
    /// Checks come at the fast interval until one agrees.
    hurried: bool,
    /// Traffic has just asked for a check soon.
    alarmed: bool,
    pub joined: SimTime,
    marks: Marks,
}

/// Passive marks.
#[derive(Clone, Copy, Debug, Default)]
struct Marks {
    /// Errors in a row, or nginx's `fails`.
    errors: u32,
    /// nginx: when the last failure was, and when it was last given a request on trial.
    accessed: SimTime,
    checked: SimTime,
    /// Envoy: set aside, and how often it has been.
    ejected: bool,
    ejections: u32,
}

/// How a try on an instance went, for passive marking.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TryResult {
    /// An answer other than an error.
    Good,
    /// The connection was refused.
    Refused,
    /// The connection broke before the answer.
    Broken,
    /// The instance answered 5xx, and the client gets that.
    ServerError,
    /// The instance answered 5xx, and another one is tried.
    PassedOn,
    /// The connection was accepted; the answer is still to come.
    Connected,
}

/// What a passive mark asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mark {
    /// Nothing changes for the pools.
    Nothing,
    /// Pools must be built anew.
    Changed,
    /// It was set aside until then.
    Ejected(SimTime),
}

impl Endpoint {
    pub(super) fn new(version: u16, group: u16, weight: u32, bound: u32) -> Self {
        Self {
            version,
            group,
            bound,
            listed: None,
            change: 0,
            admin: ServerState::Ready,
            weight,
            configured: (ServerState::Ready, weight),
            down: false,
            streak: 0,
            fragile: false,
            hurried: false,
            alarmed: false,
            joined: SimTime::ZERO,
            marks: Marks::default(),
        }
    }

    /// Whether new requests may go there.
    pub(super) fn usable(&self) -> bool {
        !self.down
            && !self.marks.ejected
            && self.weight > 0
            && self.admin == ServerState::Ready
            && self.listed.is_some_and(|listed| listed.ready)
    }

    /// Whether it would be usable but for what checks and traffic say.
    pub(super) fn wanted(&self) -> bool {
        self.weight > 0
            && self.admin == ServerState::Ready
            && self.listed.is_some_and(|listed| listed.ready)
    }

    /// Whether a request with a cookie may go there: draining does not move it.
    pub(super) fn keeps_its_own(&self) -> bool {
        !self.down
            && self.admin != ServerState::Maint
            && self.listed.is_some_and(|listed| listed.ready)
    }

    /// Begins anew, as a balancer does with an address it has just been told of.
    pub(super) fn forget(&mut self, check: Option<&HealthCheck>) {
        let start = check.map_or(CheckStart::Up, |check| check.start);
        self.down = start == CheckStart::Down;
        self.fragile = start == CheckStart::OneFailure;
        self.hurried = false;
        self.streak = 0;
        self.marks = Marks::default();
    }

    /// Reads the configuration anew.
    pub(super) fn reread(&mut self, check: Option<&HealthCheck>) {
        (self.admin, self.weight) = self.configured;
        self.forget(check);
    }

    /// The operator sets the state. One that leaves maintenance counts as new.
    pub(super) fn administer(&mut self, state: ServerState, check: Option<&HealthCheck>) {
        if self.admin == ServerState::Maint && state != ServerState::Maint {
            self.forget(check);
        }
        self.admin = state;
    }

    /// Notes a check's result; whether that turned the endpoint.
    pub(super) fn checked(&mut self, check: &HealthCheck, now: SimTime, success: bool) -> bool {
        if success != self.down {
            self.streak = 0;
            self.fragile &= !success;
            self.hurried = false;
            return false;
        }
        self.streak += 1;
        let needed = match (self.down, self.fragile) {
            (true, _) => check.rise,
            (false, true) => 1,
            (false, false) => check.fall,
        };
        if self.streak < needed {
            return false;
        }
        self.turn(now);
        true
    }

    fn turn(&mut self, now: SimTime) {
        self.streak = 0;
        self.fragile = false;
        self.hurried = false;
        self.down = !self.down;
        if !self.down {
            self.joined = now;
        }
    }

    /// From this check to the next.
    pub(super) fn next_check(&self, check: &HealthCheck) -> SimDuration {
        if self.streak > 0 || self.hurried {
            check.fast_interval
        } else if self.down {
            check.down_interval
        } else {
            check.interval
        }
    }

    /// Notes how a try went.
    pub(super) fn tried(
        &mut self,
        outlier: &Outlier,
        check: Option<&HealthCheck>,
        (now, beat): (SimTime, u64),
        result: TryResult,
    ) -> Mark {
        match *outlier {
            Outlier::Observe { layer7, error_limit, on_error } => {
                // `analyze_statuses` of HAProxy's check.c: connections count on layer 4, answers on
                // layer 7.
                let error = match (result, layer7) {
                    (TryResult::Refused, _) => true,
                    (TryResult::Connected, false) | (TryResult::Good, true) => false,
                    (TryResult::Connected, true) | (_, false) => return Mark::Nothing,
                    _ => true,
                };
                self.observed(error, error_limit, on_error, check, now)
            }
            Outlier::MaxFails { .. } => {
                self.nginx_tried(whole_second(now, beat), result);
                Mark::Nothing
            }
            Outlier::Consecutive { errors, interval, base_ejection, max_ejection, .. } => {
                if result == TryResult::Connected {
                    return Mark::Nothing;
                }
                if result == TryResult::Good {
                    self.marks.errors = 0;
                    return Mark::Nothing;
                }
                self.marks.errors += 1;
                if self.marks.errors < errors || self.marks.ejected {
                    return Mark::Nothing;
                }
                let length = base_ejection.0.saturating_mul(u64::from(self.marks.ejections) + 1);
                let end = now.0 + length.min(max_ejection.0);
                Mark::Ejected(SimTime(end.div_ceil(interval.0) * interval.0))
            }
        }
    }

    fn observed(
        &mut self,
        error: bool,
        limit: u32,
        on_error: OnError,
        check: Option<&HealthCheck>,
        now: SimTime,
    ) -> Mark {
        if !error {
            self.marks.errors = 0;
            return Mark::Nothing;
        }
        self.marks.errors += 1;
        let Some(check) = check.filter(|_| self.marks.errors >= limit && !self.down) else {
            return Mark::Nothing;
        };
        self.marks.errors = 0;
        // All modes bring the next check forward (`__health_adjust`).
        self.alarmed = check.fast_interval < check.interval;
        match on_error {
            OnError::Fastinter => self.hurried = true,
            OnError::SuddenDeath => self.fragile = true,
            OnError::FailCheck => {
                return if self.checked(check, now, false) { Mark::Changed } else { Mark::Nothing };
            }
            OnError::MarkDown => {
                self.turn(now);
                return Mark::Changed;
            }
        }
        Mark::Nothing
    }

    fn nginx_tried(&mut self, second: SimTime, result: TryResult) {
        let marks = &mut self.marks;
        match result {
            TryResult::Refused | TryResult::Broken | TryResult::PassedOn => {
                marks.errors += 1;
                marks.accessed = second;
                marks.checked = second;
            }
            TryResult::Good | TryResult::ServerError | TryResult::Connected => {
                if marks.accessed < marks.checked {
                    marks.errors = 0;
                }
            }
        }
    }

    /// nginx: whether the server is set aside now.
    pub(super) fn set_aside(&self, outlier: &Outlier, now: SimTime, beat: u64) -> bool {
        let Outlier::MaxFails { max_fails, fail_timeout } = *outlier else { return false };
        max_fails > 0
            && self.marks.errors >= max_fails
            && whole_second(now, beat).since(self.marks.checked) <= fail_timeout
    }

    /// nginx: the server was chosen, perhaps on trial.
    pub(super) fn chosen(&mut self, outlier: &Outlier, now: SimTime, beat: u64) {
        let Outlier::MaxFails { fail_timeout, .. } = *outlier else { return };
        let second = whole_second(now, beat);
        if second.since(self.marks.checked) > fail_timeout {
            self.marks.checked = second;
        }
    }

    /// Whether traffic has asked for a check soon since this was asked last.
    pub(super) fn take_alarm(&mut self) -> bool {
        std::mem::take(&mut self.alarmed)
    }

    /// Envoy: sets it aside.
    pub(super) fn eject(&mut self) {
        self.marks.ejected = true;
        self.marks.ejections += 1;
        self.marks.errors = 0;
    }

    /// Envoy: takes it back.
    pub(super) fn readmit(&mut self, now: SimTime) {
        self.marks.ejected = false;
        self.joined = now;
    }

    pub(super) fn is_ejected(&self) -> bool {
        self.marks.ejected
    }
}

/// nginx's clock has whole seconds; `beat` is when the first one of the run began.
fn whole_second(now: SimTime, beat: u64) -> SimTime {
    const SECOND: u64 = 1_000_000_000;
    SimTime((now.0 + beat) / SECOND * SECOND)
}
