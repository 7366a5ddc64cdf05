//! Open-loop arrival processes: when the next request of a class is sent.
//!
//! Rates are exact in time: a profile is inverted (one exponential draw an arrival, spent
//! along the cumulated rate), not thinned, so the number of draws never depends on the shape.

use std::sync::Arc;

use crate::engine::rng::Key;
use crate::engine::time::{SECOND, rounded};
use crate::engine::ziggurat::Ziggurat;
use crate::engine::{SimDuration, SimTime, Xoshiro};
use crate::plan::{Arrivals, ProfilePoint};

/// The source of a class's arrivals.
pub struct Source {
    process: Process,
    rng: Xoshiro,
    tables: &'static Ziggurat,
}

enum Process {
    Poisson { gap: f64 },
    Constant { gap: f64, sent: u64 },
    Bursty(Bursty),
    Profile(Profile),
    Trace { times: Arc<[u64]>, next: usize, offset: u64 },
}

impl Source {
    /// The source of an open-loop process; `None` for closed-loop users (their requests come
    /// of their answers). Sessions are a Poisson source of sessions.
    #[must_use]
    pub fn new(arrivals: &Arrivals, warmup: SimDuration, key: Key) -> Option<Self> {
        let mut rng = key.stream();
        let tables = Ziggurat::tables();
        let process = match arrivals {
            Arrivals::Poisson { rate } | Arrivals::Sessions { rate, .. } => {
                Process::Poisson { gap: SECOND as f64 / rate }
            }
            Arrivals::Constant { rate } => Process::Constant { gap: SECOND as f64 / rate, sent: 0 },
            Arrivals::Bursty { rate, burst, on, off } => {
                Process::Bursty(Bursty::new(*rate, *burst, *on, *off, &mut rng, tables))
            }
            Arrivals::Profile { points, period } => {
                Process::Profile(Profile::new(points.clone(), *period, warmup))
            }
            Arrivals::Trace { times } => {
                Process::Trace { times: times.clone(), next: 0, offset: warmup.0 }
            }
            Arrivals::Users { .. } | Arrivals::OnDemand => return None,
        };
        Some(Self { process, rng, tables })
    }

    /// The first arrival at or after the start.
    pub fn first(&mut self) -> SimTime {
        self.after(SimTime::ZERO)
    }

    /// The arrival after the one at `now`; [`SimTime::NEVER`] if there is none.
    #[inline]
    pub fn after(&mut self, now: SimTime) -> SimTime {
        match &mut self.process {
            Process::Poisson { gap } => {
                SimTime(now.0 + rounded(self.tables.exponential(&mut self.rng) * *gap))
            }
            Process::Constant { gap, sent } => {
                *sent += 1;
                SimTime(rounded(*sent as f64 * *gap))
            }
            _ => self.after_rarer(now),
        }
    }

    #[inline(never)]
    fn after_rarer(&mut self, now: SimTime) -> SimTime {
        match &mut self.process {
            Process::Bursty(bursty) => bursty.after(now, &mut self.rng, self.tables),
            Process::Profile(profile) => profile.after(now, self.tables.exponential(&mut self.rng)),
            Process::Trace { times, next, offset } => {
                let at = times.get(*next).map_or(SimTime::NEVER, |time| SimTime(time + *offset));
                *next += 1;
                at
            }
            Process::Poisson { .. } | Process::Constant { .. } => unreachable!("served above"),
        }
    }
}

/// A two-state Markov-modulated Poisson process.
struct Bursty {
    /// Mean gaps outside and inside a burst; infinite where nothing arrives.
    gaps: [f64; 2],
    /// Mean sojourns outside and inside a burst, in nanoseconds.
    sojourns: [f64; 2],
    in_burst: usize,
    until: f64,
}

impl Bursty {
    fn new(
        rate: f64,
        burst: f64,
        on: SimDuration,
        off: SimDuration,
        rng: &mut Xoshiro,
        tables: &Ziggurat,
    ) -> Self {
        let gap = |rate: f64| if rate > 0.0 { SECOND as f64 / rate } else { f64::INFINITY };
        let sojourns = [off.0 as f64, on.0 as f64];
        let in_burst = usize::from(rng.next_unit() < sojourns[1] / (sojourns[0] + sojourns[1]));
        let until = tables.exponential(rng) * sojourns[in_burst];
        Self { gaps: [gap(rate), gap(burst)], sojourns, in_burst, until }
    }

    fn after(&mut self, now: SimTime, rng: &mut Xoshiro, tables: &Ziggurat) -> SimTime {
        let mut from = now.0 as f64;
        loop {
            // Both gaps and sojourns are exponential, so a gap cut by a change of state starts
            // afresh in the next state.
            let at = from + tables.exponential(rng) * self.gaps[self.in_burst];
            if at < self.until {
                return SimTime((at + 0.5) as u64);
            }
            from = self.until;
            self.in_burst = 1 - self.in_burst;
            self.until += tables.exponential(rng) * self.sojourns[self.in_burst];
        }
    }
}

/// A rate that is linear between corner points.
struct Profile {
    points: Arc<[ProfilePoint]>,
    period: Option<u64>,
    /// The run's clock at the profile's time zero.
    zero: i128,
}

/// A piece of the profile: from `start` to `end` on the run's clock, rate linear between.
struct Piece {
    end: f64,
    rate_now: f64,
    rate_end: f64,
}

impl Profile {
    fn new(points: Arc<[ProfilePoint]>, period: Option<SimDuration>, warmup: SimDuration) -> Self {
        Self { points, period: period.map(|period| period.0), zero: i128::from(warmup.0) }
    }

    /// Spends `work` (a standard exponential) along the cumulated rate from `now` on.
    fn after(&self, now: SimTime, mut work: f64) -> SimTime {
        let mut at = now.0 as f64;
        loop {
            let piece = self.piece(at);
            let seconds = (piece.end - at) / SECOND as f64;
            let area = if seconds.is_infinite() {
                if piece.rate_now > 0.0 { f64::INFINITY } else { 0.0 }
            } else {
                f64::midpoint(piece.rate_now, piece.rate_end) * seconds
            };
            if area >= work {
                let slope = if seconds.is_infinite() {
                    0.0
                } else {
                    (piece.rate_end - piece.rate_now) / seconds
                };
                // Solve rate·x + slope·x²/2 = work without cancellation.
                let root = (piece.rate_now * piece.rate_now + 2.0 * slope * work).max(0.0).sqrt();
                let spent = 2.0 * work / (piece.rate_now + root);
                return SimTime((at + spent * SECOND as f64 + 0.5) as u64);
            }
            if piece.end.is_infinite() {
                return SimTime::NEVER;
            }
            work -= area;
            at = piece.end;
        }
    }

    fn piece(&self, at: f64) -> Piece {
        let zero = self.zero as f64;
        let (local, base) = match self.period {
            None => (at - zero, zero),
            Some(period) => {
                let period = period as f64;
                let turns = ((at - zero) / period).floor();
                let local = ((at - zero) - turns * period).clamp(0.0, period);
                (local, zero + turns * period)
            }
        };
        let next = self.points.partition_point(|point| point.at.0 as f64 <= local);
        let corner = |index: usize| (self.points[index].at.0 as f64, self.points[index].rate);
        let last = self.points.len() - 1;
        // The stretches before the first and after the last corner: level, or, where the
        // profile repeats, linear between the last corner and the first of the next turn.
        let ((x0, y0), (x1, y1)) = if next == 0 {
            match self.period {
                None => ((f64::NEG_INFINITY, corner(0).1), corner(0)),
                Some(period) => {
                    let (x, y) = corner(last);
                    ((x - period as f64, y), corner(0))
                }
            }
        } else if next > last {
            match self.period {
                None => (corner(last), (f64::INFINITY, corner(last).1)),
                Some(period) => {
                    let (x, y) = corner(0);
                    (corner(last), (x + period as f64, y))
                }
            }
        } else {
            (corner(next - 1), corner(next))
        };
        let rate_now = if x0.is_infinite() || x1.is_infinite() {
            y0
        } else {
            y0 + (y1 - y0) * ((local - x0) / (x1 - x0)).clamp(0.0, 1.0)
        };
        // At least one nanosecond, so that rounding can never hold the clock still.
        Piece { end: (base + x1).max(at + 1.0), rate_now, rate_end: y1 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arrivals(process: &Arrivals, until_s: u64) -> Vec<f64> {
        let warmup = SimDuration::from_secs(0);
        let mut source = Source::new(process, warmup, Key::of_seed(5)).unwrap();
        let mut at = source.first();
        let mut times = Vec::new();
        while at.0 < until_s * SECOND {
            times.push(at.as_secs_f64());
            at = source.after(at);
        }
        times
    }

    #[test]
    fn a_constant_source_sends_exactly_its_rate() {
        let times = arrivals(&Arrivals::Constant { rate: 3.0 }, 1000);
        assert_eq!(times.len(), 2999);
        assert!((times[2] - 1.0).abs() < 2e-9);
    }

    #[test]
    fn a_poisson_source_has_its_mean_and_variance() {
        let times = arrivals(&Arrivals::Poisson { rate: 50.0 }, 20_000);
        let n = times.len() as f64;
        assert!((n - 1_000_000.0).abs() < 5.0 * 1000.0, "{n}");
        let per_second = counts(&times, 1.0);
        let variance = variance(&per_second);
        assert!((variance / 50.0 - 1.0).abs() < 0.05, "{variance}");
    }

    #[test]
    fn a_bursty_source_has_its_mean_rate_and_more_variance_than_poisson() {
        let process = Arrivals::Bursty {
            rate: 20.0,
            burst: 200.0,
            on: SimDuration::from_secs(2),
            off: SimDuration::from_secs(8),
        };
        let times = arrivals(&process, 100_000);
        let mean = times.len() as f64 / 100_000.0;
        assert!((mean / 56.0 - 1.0).abs() < 0.02, "{mean}");
        assert!(variance(&counts(&times, 1.0)) > 10.0 * mean);
    }

    #[test]
    fn a_profile_follows_its_ramp() {
        let point = |at, rate| ProfilePoint { at: SimDuration::from_secs(at), rate };
        let process = Arrivals::Profile {
            points: vec![point(0, 0.0), point(1000, 1000.0)].into(),
            period: None,
        };
        let times = arrivals(&process, 1000);
        let n = times.len() as f64;
        assert!((n - 500_000.0).abs() < 5.0 * 707.0, "{n}");
        // Half of the arrivals come before t = 1000/sqrt(2).
        let early = times.iter().filter(|&&t| t < 1000.0 / 2f64.sqrt()).count() as f64;
        assert!((early / n - 0.5).abs() < 0.005);
    }

    #[test]
    fn a_repeating_profile_starts_over() {
        let point = |at, rate| ProfilePoint { at: SimDuration::from_secs(at), rate };
        let process = Arrivals::Profile {
            points: vec![point(0, 100.0), point(50, 0.0), point(99, 0.0)].into(),
            period: Some(SimDuration::from_secs(100)),
        };
        let times = arrivals(&process, 10_000);
        let per_turn = counts(&times, 100.0);
        let mean = per_turn.iter().sum::<f64>() / per_turn.len() as f64;
        assert!((mean / 2550.0 - 1.0).abs() < 0.02, "{mean}");
    }

    #[test]
    fn a_trace_is_replayed_as_it_is() {
        let times: Arc<[u64]> = vec![SECOND, 3 * SECOND].into();
        assert_eq!(arrivals(&Arrivals::Trace { times }, 10), [1.0, 3.0]);
    }

    fn counts(times: &[f64], width: f64) -> Vec<f64> {
        let buckets = (times.last().unwrap() / width) as usize;
        let mut counts = vec![0.0; buckets];
        for time in times {
            if let Some(count) = counts.get_mut((time / width) as usize) {
                *count += 1.0;
            }
        }
        counts
    }

    fn variance(values: &[f64]) -> f64 {
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        values.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>() / values.len() as f64
    }
}
