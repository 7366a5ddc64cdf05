//! Axes: from a value to a pixel, and where the ticks stand.
//!
//! Logarithms go through `engine::maths`, so a tick never moves by a pixel from one machine to
//! the next.

use crate::engine::maths::{log10, pow};

use crate::report::figure::fixed;

/// How values are spread over an axis.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Spread {
    /// Evenly.
    Linear,
    /// Each tenfold takes the same room. Both ends are above zero.
    Log,
    /// Log on both sides of zero, even between -1 and 1.
    SignedLog,
}

/// An axis: a range of values on a range of pixels (which may run upwards).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Axis {
    /// How.
    pub spread: Spread,
    /// Values at the ends.
    pub values: (f64, f64),
    /// Pixels at the ends.
    pub pixels: (i32, i32),
}

impl Axis {
    /// The pixel of a value; values beyond the ends stand at them.
    #[must_use]
    pub fn place(&self, value: f64) -> i32 {
        let (from, to) = (self.bend(self.values.0), self.bend(self.values.1));
        let share = if to > from { (self.bend(value) - from) / (to - from) } else { 0.5 };
        let (start, end) = (f64::from(self.pixels.0), f64::from(self.pixels.1));
        (start + (end - start) * share.clamp(0.0, 1.0)).round() as i32
    }

    /// The title of the axis, which says where it is not even.
    #[must_use]
    pub fn told(&self, title: &str) -> String {
        let note = if self.spread == Spread::Linear { "" } else { " (log scale)" };
        format!("{title}{note}")
    }

    fn bend(&self, value: f64) -> f64 {
        match self.spread {
            Spread::Linear => value,
            Spread::Log => log10(value.max(f64::MIN_POSITIVE)),
            Spread::SignedLog if value.abs() <= 1.0 => value,
            Spread::SignedLog => value.signum() * (1.0 + log10(value.abs())),
        }
    }

    /// Round values to mark, at most about `most` of them.
    #[must_use]
    pub fn ticks(&self, most: usize) -> Vec<f64> {
        let (low, high) = self.values;
        match self.spread {
            Spread::Linear => linear_ticks(low, high, most),
            Spread::Log => log_ticks(low, high, most),
            Spread::SignedLog => {
                let mut ticks = vec![0.0];
                for tick in log_ticks(1.0, high.abs().max(low.abs()).max(1.0), most) {
                    if tick <= high {
                        ticks.push(tick);
                    }
                    if -tick >= low {
                        ticks.insert(0, -tick);
                    }
                }
                ticks
            }
        }
    }
}

/// An axis from zero to a round value at or above `highest`.
#[must_use]
pub fn from_zero(highest: f64, pixels: (i32, i32), most: usize) -> Axis {
    let step = round_step(highest.max(1e-9), most);
    let top = (highest.max(1e-9) / step).ceil() * step;
    Axis { spread: Spread::Linear, values: (0.0, top), pixels }
}

/// A logarithmic axis over values from `low` to `high`: cut at a power of ten where all are
/// above 1, around zero where not.
#[must_use]
pub fn logarithmic(low: f64, high: f64, pixels: (i32, i32)) -> Axis {
    if low > 1.0 {
        let bottom = pow(10.0, log10(low * 0.7).floor());
        Axis { spread: Spread::Log, values: (bottom, high * 1.6), pixels }
    } else {
        Axis { spread: Spread::SignedLog, values: (low.min(0.0), high * 1.6), pixels }
    }
}

/// Means further apart than this get a logarithmic axis.
const WIDE: f64 = 60.0;

/// An axis that shows all values: from zero and even where they are near each other,
/// logarithmic where they are far apart and `may_bend`.
#[must_use]
pub fn fitting(values: impl Iterator<Item = f64>, may_bend: bool, pixels: (i32, i32)) -> Axis {
    let (mut low, mut high, mut least) = (f64::INFINITY, 0.0f64, f64::INFINITY);
    for value in values {
        (low, high) = (low.min(value), high.max(value));
        if value > 0.0 {
            least = least.min(value);
        }
    }
    let low = if low.is_finite() { low } else { 0.0 };
    if may_bend && high > WIDE * least.max(1.0) {
        return logarithmic(low, high, pixels);
    }
    let room = (high - low.min(0.0)).max(1e-6) * 0.04;
    let low = if low < 0.0 { low - room } else { 0.0 };
    Axis { spread: Spread::Linear, values: (low, high + room), pixels }
}

/// A step of 1, 2 or 5 times a power of ten that cuts `range` in at most `most` pieces.
fn round_step(range: f64, most: usize) -> f64 {
    let least = range / most.max(1) as f64;
    let mut power = 1.0;
    while power > least {
        power /= 10.0;
    }
    while power * 10.0 <= least {
        power *= 10.0;
    }
    let factor = [1.0, 2.0, 5.0].into_iter().find(|factor| factor * power >= least * (1.0 - 1e-9));
    factor.unwrap_or(10.0) * power
}

fn linear_ticks(low: f64, high: f64, most: usize) -> Vec<f64> {
    if high <= low {
        return vec![low];
    }
    let step = round_step(high - low, most);
    let (first, last) = ((low / step - 1e-9).ceil() as i64, (high / step + 1e-9).floor() as i64);
    (first..=last).map(|count| count as f64 * step).collect()
}

fn log_ticks(low: f64, high: f64, most: usize) -> Vec<f64> {
    let first = log10(low).floor() as i32;
    let last = log10(high).ceil() as i32;
    let decades = (last - first).max(1) as usize;
    let factors: &[f64] = if decades * 3 <= most { &[1.0, 2.0, 5.0] } else { &[1.0] };
    let stride = decades.div_ceil(most.max(1)).max(1);
    (first..=last)
        .step_by(stride)
        .flat_map(|power| factors.iter().map(move |factor| factor * pow(10.0, f64::from(power))))
        .filter(|tick| (low * 0.999..=high * 1.001).contains(tick))
        .collect()
}

/// The text of a tick: no more decimals than it has.
#[must_use]
pub fn tick_text(value: f64) -> String {
    let decimals = (0..6).find(|&decimals| {
        let mut scaled = value.abs();
        for _ in 0..decimals {
            scaled *= 10.0;
        }
        (scaled - scaled.round()).abs() < 1e-6 * scaled.max(1.0)
    });
    fixed(value, decimals.unwrap_or(6))
}

/// Steps of a clock in seconds that people count in.
const CLOCK_STEPS: [u64; 18] =
    [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 21_600, 43_200, 86_400];

/// Ticks of a time axis in seconds, at round times counted from zero.
#[must_use]
pub fn clock_ticks(low: f64, high: f64, most: usize) -> Vec<f64> {
    let least = (high - low) / most.max(1) as f64;
    let found = CLOCK_STEPS.into_iter().map(|step| step as f64).find(|&step| step >= least);
    let step = found.unwrap_or_else(|| (least / 86_400.0).ceil() * 86_400.0);
    let (first, last) = ((low / step).ceil() as i64, (high / step).floor() as i64);
    (first..=last).map(|count| count as f64 * step).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_not_too_many() {
        assert_eq!(linear_ticks(0.0, 97.0, 5), [0.0, 20.0, 40.0, 60.0, 80.0]);
        assert_eq!(linear_ticks(-3.0, 3.0, 6), [-3.0, -2.0, -1.0, 0.0, 1.0, 2.0, 3.0]);
        assert_eq!(
            log_ticks(10.0, 2000.0, 10),
            [10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1000.0, 2000.0]
        );
        assert_eq!(log_ticks(1.0, 1e6, 8), [1.0, 10.0, 100.0, 1e3, 1e4, 1e5, 1e6]);
        assert_eq!(
            clock_ticks(-120.0, 780.0, 10),
            [-120.0, 0.0, 120.0, 240.0, 360.0, 480.0, 600.0, 720.0]
        );
    }

    #[test]
    fn a_signed_log_axis_reads_the_same_on_both_sides() {
        let axis = Axis { spread: Spread::SignedLog, values: (-100.0, 100.0), pixels: (0, 600) };
        assert_eq!(axis.place(0.0), 300);
        assert_eq!(axis.place(10.0) - 300, 300 - axis.place(-10.0));
        assert_eq!(axis.ticks(4), [-100.0, -10.0, -1.0, 0.0, 1.0, 10.0, 100.0]);
    }

    #[test]
    fn a_logarithmic_axis_shows_zero_only_where_values_are_near_it() {
        let far = logarithmic(55.0, 20_000.0, (0, 100));
        assert_eq!((far.spread, far.values.0), (Spread::Log, 10.0));
        assert_eq!(logarithmic(-0.4, 20_000.0, (0, 100)).values.0, -0.4);
        assert_eq!(logarithmic(0.4, 20_000.0, (0, 100)).values.0, 0.0);
    }

    #[test]
    fn an_axis_bends_only_for_values_far_apart() {
        let axis = |values: &[f64]| fitting(values.iter().copied(), true, (0, 100)).spread;
        assert_eq!(axis(&[3.0, 40.0]), Spread::Linear);
        assert_eq!(axis(&[0.0, 0.0]), Spread::Linear);
        assert_eq!(axis(&[0.0, 3.0, 4000.0]), Spread::SignedLog);
        assert_eq!(axis(&[30.0, 40_000.0]), Spread::Log);
    }

    #[test]
    fn an_axis_from_zero_ends_at_a_round_value() {
        assert_eq!(from_zero(97.0, (0, 100), 5).values, (0.0, 100.0));
        assert_eq!(from_zero(0.0, (0, 100), 5).place(0.0), 0);
    }

    #[test]
    fn ticks_have_the_decimals_they_need() {
        for (value, text) in [(0.5, "0.5"), (20.0, "20"), (0.3, "0.3"), (1000.0, "1,000")] {
            assert_eq!(tick_text(value), text);
        }
    }
}
