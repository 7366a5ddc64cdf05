//! When a rollout did harm: onset and end, told from noise by the control of the same seed.
//!
//! The harm series counts failed and wrong answers in equal steps (1 s in windows of up to an
//! hour). A step is *harmed* if the run has more than the control, by more than chance gives:
//!
//! - The control's level around a step is its mean over the minute around it (30 steps to
//!   either side), but at least its level over the whole window, taken from the share of steps
//!   without harm (p = e^-level), which a few bad seconds do not spoil. Where that is zero, so
//!   where the control is without any harm, a single failure is harm.
//! - Elsewhere the count must be one that a Poisson number of that level reaches less than
//!   once in ten million steps. Where the control's own counts scatter more than Poisson's,
//!   both are first divided by their ratio of variance to mean (quasi-Poisson).
//! - Slow harm, too little in every single step, is looked for in blocks of 60 steps by the
//!   same rule, over the steps that are not harmed by themselves.
//!
//! Onset is the start of the first harmed step after the rollout began, the end that of the
//! last; harm with fewer than ten quiet steps after it counts as still going on. Times are so
//! known to a step, to a block for slow harm. A rule of thumb such as "two standard deviations"
//! would flag one step in fifty, and no run would ever be back to normal.

use crate::engine::SimDuration;
use crate::engine::maths::ln;
use crate::record::Series;
use crate::stats::special::poisson_tail;

const NEAR: usize = 30;
const BLOCK: usize = 60;
const CHANCE: f64 = 1e-7;
const QUIET_STEPS: usize = 10;

/// From the first harm to the last, counted from the window's start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HarmSpan {
    /// Start of the first harmed step, not before the rollout's.
    pub onset: SimDuration,
    /// End of the last harmed step; the window's end if harm is still going on.
    pub end: SimDuration,
    /// Harm had not ended for good when the window did.
    pub ongoing: bool,
}

/// The harm of a run after `from`; `None` if there was none, or the two series cannot be
/// compared step by step.
#[must_use]
pub fn span(
    run: &Series,
    control: &Series,
    from: SimDuration,
    window: SimDuration,
) -> Option<HarmSpan> {
    if run.width != control.width || run.counts.len() != control.counts.len() {
        return None;
    }
    let width = run.width.0;
    let start = (from.0 / width.max(1)) as usize;
    let harmed = harmed_steps(&run.counts, &control.counts);
    let first = (start..harmed.len()).find(|&step| harmed[step])?;
    let last = (first..harmed.len()).rfind(|&step| harmed[step])?;
    let ongoing = last + QUIET_STEPS >= harmed.len();
    let end = if ongoing { window.0 } else { (last as u64 + 1) * width };
    let onset = (first as u64 * width).max(from.0);
    Some(HarmSpan { onset: SimDuration(onset), end: SimDuration(end), ongoing })
}

fn harmed_steps(run: &[u32], control: &[u32]) -> Vec<bool> {
    let levels = Levels::of(control);
    let mut harmed: Vec<bool> = (0..run.len())
        .map(|step| {
            run[step] > control[step]
                && improbable(run[step].into(), levels.around(step), levels.scatter(step))
        })
        .collect();
    for block in (0..run.len()).step_by(BLOCK) {
        let steps = block..(block + BLOCK).min(run.len());
        let quiet: Vec<usize> = steps.clone().filter(|&step| !harmed[step]).collect();
        let count: u64 = quiet.iter().map(|&step| u64::from(run[step])).sum();
        let same: u64 = quiet.iter().map(|&step| u64::from(control[step])).sum();
        let level: f64 = quiet.iter().map(|&step| levels.around(step)).sum();
        let scatter = levels.scatter(block + steps.len() / 2);
        if count > same && improbable(count, level.max(same as f64), scatter) {
            quiet.iter().for_each(|&step| harmed[step] |= run[step] > control[step]);
        }
    }
    harmed
}

/// Whether chance alone hardly gives this count.
fn improbable(count: u64, level: f64, scatter: f64) -> bool {
    if level <= 0.0 {
        return count > 0;
    }
    let scaled = (count as f64 / scatter).floor() as u64;
    count as f64 > level && poisson_tail(scaled, level / scatter) < CHANCE
}

/// Running sums over the control's counts and their squares.
struct Levels {
    sums: Vec<u64>,
    squares: Vec<u64>,
    /// Over the whole window.
    overall: f64,
}

impl Levels {
    fn of(counts: &[u32]) -> Self {
        let (mut sums, mut squares) = (vec![0], vec![0]);
        for &count in counts {
            let count = u64::from(count);
            sums.push(sums[sums.len() - 1] + count);
            squares.push(squares[squares.len() - 1] + count * count);
        }
        let quiet = counts.iter().filter(|&&count| count == 0).count();
        // Where every step has harm, the minute around a step says enough.
        let overall = if quiet == 0 { 0.0 } else { -ln(quiet as f64 / counts.len() as f64) };
        Self { sums, squares, overall }
    }

    fn near(&self, step: usize) -> (usize, usize) {
        (step.saturating_sub(NEAR), (step + NEAR + 1).min(self.sums.len() - 1))
    }

    /// The control's level around a step.
    fn around(&self, step: usize) -> f64 {
        let (from, to) = self.near(step);
        let near = (self.sums[to] - self.sums[from]) as f64 / (to - from) as f64;
        near.max(self.overall)
    }

    /// Variance over mean of the control's counts near a step, at least 1.
    fn scatter(&self, step: usize) -> f64 {
        let (from, to) = self.near(step);
        let count = (to - from) as f64;
        let mean = (self.sums[to] - self.sums[from]) as f64 / count;
        let square = (self.squares[to] - self.squares[from]) as f64 / count;
        if mean > 0.0 { ((square - mean * mean) / mean).max(1.0) } else { 1.0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Key;

    const SECOND: SimDuration = SimDuration::from_secs(1);

    fn series(counts: Vec<u32>) -> Series {
        Series { width: SECOND, counts }
    }

    fn seconds(span: HarmSpan) -> (f64, f64, bool) {
        (span.onset.as_secs_f64(), span.end.as_secs_f64(), span.ongoing)
    }

    fn span_of(run: Vec<u32>, control: Vec<u32>, from: u64) -> Option<(f64, f64, bool)> {
        let window = SimDuration::from_secs(run.len() as u64);
        span(&series(run), &series(control), SimDuration::from_secs(from), window).map(seconds)
    }

    /// Counts of a Poisson process of `rate` a step, from its exponential gaps.
    fn poisson(seed: u64, rate: f64, steps: usize) -> Vec<u32> {
        let mut counts = vec![0; steps];
        let (mut at, mut draw) = (0.0, 0);
        loop {
            at -= ln(1.0 - Key::of_seed(seed).unit(draw)) / rate;
            draw += 1;
            if at >= steps as f64 {
                return counts;
            }
            counts[at as usize] += 1;
        }
    }

    #[test]
    fn without_background_a_single_failure_is_harm() {
        let mut run = vec![0; 100];
        run[40] = 1;
        run[43] = 7;
        assert_eq!(span_of(run, vec![0; 100], 30), Some((40.0, 44.0, false)));
    }

    #[test]
    fn harm_before_the_rollout_is_not_its_own() {
        let mut run = vec![0; 100];
        run[10] = 5;
        assert_eq!(span_of(run.clone(), vec![0; 100], 30), None);
        run[60] = 5;
        assert_eq!(span_of(run, vec![0; 100], 30), Some((60.0, 61.0, false)));
    }

    #[test]
    fn onset_is_never_before_the_rollout_within_its_step() {
        let run = series(vec![0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        let control = series(vec![0; 14]);
        let from = SimDuration::from_millis(1_400);
        let found = span(&run, &control, from, SimDuration::from_secs(14)).unwrap();
        assert_eq!(found.onset, from);
    }

    #[test]
    fn harm_up_to_the_windows_end_is_still_going_on() {
        let run: Vec<u32> = (0..200).map(|step| if step >= 150 { 4 } else { 0 }).collect();
        assert_eq!(span_of(run, vec![0; 200], 100), Some((150.0, 200.0, true)));
    }

    #[test]
    fn the_same_failures_as_without_a_rollout_are_no_harm() {
        let noise = poisson(1, 5.0, 600);
        assert_eq!(span_of(noise.clone(), noise, 0), None);
    }

    #[test]
    fn independent_background_noise_is_hardly_ever_taken_for_harm() {
        for rate in [0.003, 0.05, 1.0, 20.0] {
            let alarms = (0..100)
                .filter(|&seed| {
                    let run = poisson(2 * seed + 1, rate, 1800);
                    span_of(run, poisson(2 * seed + 2, rate, 1800), 0).is_some()
                })
                .count();
            // The level itself is an estimate: that, not the tail, makes the rare alarm.
            assert!(alarms <= 2, "{alarms} of 100 at {rate} a step");
        }
    }

    #[test]
    fn a_burst_over_the_background_is_found_to_the_second() {
        let mut run = poisson(11, 2.0, 900);
        run[400..430].iter_mut().for_each(|count| *count += 40);
        assert_eq!(span_of(run, poisson(12, 2.0, 900), 300), Some((400.0, 430.0, false)));
    }

    #[test]
    fn slow_harm_is_found_in_blocks() {
        // Five a second and four more from 600 to 1199: no single second stands out.
        let run: Vec<u32> = poisson(21, 5.0, 1800)
            .iter()
            .zip(poisson(22, 4.0, 1800))
            .enumerate()
            .map(|(step, (&base, more))| base + if (600..1200).contains(&step) { more } else { 0 })
            .collect();
        let (onset, end, ongoing) = span_of(run, poisson(23, 5.0, 1800), 0).unwrap();
        assert!(
            (600.0..=660.0).contains(&onset) && (1140.0..=1200.0).contains(&end),
            "{onset} {end}"
        );
        assert!(!ongoing);
    }

    #[test]
    fn a_bursty_background_needs_more_to_stand_out() {
        // Bursts of 30 every 20 steps in the control, out of step in the run.
        let control: Vec<u32> = (0..600).map(|step| if step % 20 == 0 { 30 } else { 0 }).collect();
        let run: Vec<u32> = (0..600).map(|step| if step % 20 == 7 { 30 } else { 0 }).collect();
        assert_eq!(span_of(run, control, 0), None);
    }

    #[test]
    fn series_of_different_steps_are_not_compared() {
        let fine = series(vec![1; 20]);
        let coarse = Series { width: SimDuration::from_secs(2), counts: vec![0; 20] };
        assert_eq!(span(&fine, &coarse, SimDuration::ZERO, SimDuration::from_secs(20)), None);
    }
}
