//! Simulated time: whole nanoseconds, never a float.

use std::fmt;
use std::ops::{Add, AddAssign, Sub};

use serde::{Deserialize, Serialize};

/// Nanoseconds in a second.
pub const SECOND: u64 = 1_000_000_000;

/// Whole nanoseconds nearest to a length of time; what lies outside [0, 2^63) becomes the nearer
/// end. By way of `i64`, which machines convert to in one step.
#[inline]
#[must_use]
pub fn rounded(nanoseconds: f64) -> u64 {
    ((nanoseconds + 0.5) as i64).max(0) as u64
}

/// An instant: nanoseconds since the start of the run (the start of its warm-up).
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct SimTime(pub u64);

/// A span of time in nanoseconds.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct SimDuration(pub u64);

impl SimTime {
    /// The start of a run.
    pub const ZERO: Self = Self(0);
    /// Later than every event: "not scheduled".
    pub const NEVER: Self = Self(u64::MAX);

    /// The span from `earlier` to `self`; zero if `earlier` is in fact later.
    #[must_use]
    pub fn since(self, earlier: Self) -> SimDuration {
        SimDuration(self.0.saturating_sub(earlier.0))
    }

    /// Seconds since the start of the run, for output only.
    #[must_use]
    pub fn as_secs_f64(self) -> f64 {
        SimDuration(self.0).as_secs_f64()
    }
}

impl SimDuration {
    /// No time at all.
    pub const ZERO: Self = Self(0);
    /// The longest span a scenario may name or a law may draw: about 18 years, so that thirty
    /// of them add up without overflow.
    pub const LONGEST: Self = Self(u64::MAX / 32);

    /// A span of whole seconds.
    #[must_use]
    pub const fn from_secs(seconds: u64) -> Self {
        Self(seconds * SECOND)
    }

    /// A span of whole milliseconds.
    #[must_use]
    pub const fn from_millis(milliseconds: u64) -> Self {
        Self(milliseconds * 1_000_000)
    }

    /// The nearest whole nanosecond to a number of seconds.
    ///
    /// # Panics
    /// If `seconds` is negative, not finite, or longer than [`SimDuration::LONGEST`].
    #[must_use]
    pub fn from_secs_f64(seconds: f64) -> Self {
        let nanoseconds = seconds * SECOND as f64;
        assert!(
            nanoseconds >= 0.0 && nanoseconds <= Self::LONGEST.0 as f64,
            "a span of {seconds} s cannot be simulated"
        );
        Self((nanoseconds + 0.5) as u64)
    }

    /// Seconds, for output only. Exact to a nanosecond up to 104 days.
    #[must_use]
    pub fn as_secs_f64(self) -> f64 {
        (self.0 / SECOND) as f64 + (self.0 % SECOND) as f64 / SECOND as f64
    }

    /// Milliseconds, for output only.
    #[must_use]
    pub fn as_millis_f64(self) -> f64 {
        self.0 as f64 / 1e6
    }
}

impl Add<SimDuration> for SimTime {
    type Output = Self;
    #[inline]
    fn add(self, span: SimDuration) -> Self {
        Self(self.0.checked_add(span.0).expect("simulated time overflows"))
    }
}

impl AddAssign<SimDuration> for SimTime {
    #[inline]
    fn add_assign(&mut self, span: SimDuration) {
        *self = *self + span;
    }
}

impl Sub for SimTime {
    type Output = SimDuration;
    #[inline]
    fn sub(self, earlier: Self) -> SimDuration {
        SimDuration(self.0.checked_sub(earlier.0).expect("a span of negative length"))
    }
}

impl Add for SimDuration {
    type Output = Self;
    #[inline]
    fn add(self, other: Self) -> Self {
        Self(self.0.checked_add(other.0).expect("simulated time overflows"))
    }
}

impl fmt::Display for SimDuration {
    /// Kubernetes' spelling, shortest exact form: `250ms`, `1m30s`, `2h`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut left = self.0;
        if left == 0 {
            return f.write_str("0s");
        }
        for (unit, size) in [("h", 3600 * SECOND), ("m", 60 * SECOND), ("s", SECOND)] {
            if left >= size {
                write!(f, "{}{unit}", left / size)?;
                left %= size;
            }
        }
        for (unit, size) in [("ms", 1_000_000), ("us", 1_000), ("ns", 1)] {
            if left >= size {
                write!(f, "{}{unit}", left / size)?;
                left %= size;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_rounded_to_the_nearest_nanosecond_and_stay_in_range() {
        let cases = [(0.49, 0), (0.5, 1), (1e9 - 0.6, 999_999_999), (-3.0, 0), (f64::NAN, 0)];
        for (length, expected) in cases {
            assert_eq!(rounded(length), expected, "{length}");
        }
        assert_eq!(rounded(f64::INFINITY), i64::MAX as u64);
    }

    #[test]
    fn durations_print_as_kubernetes_spells_them() {
        for (nanoseconds, text) in [
            (0, "0s"),
            (250_000_000, "250ms"),
            (90 * SECOND, "1m30s"),
            (2 * 3600 * SECOND, "2h"),
            (1_500_000_001, "1s500ms1ns"),
        ] {
            assert_eq!(SimDuration(nanoseconds).to_string(), text);
        }
    }

    #[test]
    #[should_panic(expected = "negative length")]
    fn a_span_cannot_be_negative() {
        let _ = SimTime(1) - SimTime(2);
    }

    #[test]
    fn seconds_round_to_the_nearest_nanosecond() {
        assert_eq!(SimDuration::from_secs_f64(0.000_000_001_6), SimDuration(2));
        assert_eq!(SimDuration(1_500_000_000).as_secs_f64(), 1.5);
    }
}
