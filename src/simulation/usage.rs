//! What pods use of the CPU they requested, as a metrics server reports it: the mean over the
//! last whole span, here of the workers that are busy.
//!
//! The busy workers are counted [`SAMPLES`] times a span. A pod that was not there for the
//! whole span has no figure yet.

use crate::engine::{SimDuration, SimTime};
use crate::platform::Measured;

/// How often the busy workers are counted in a span.
pub const SAMPLES: u32 = 100;

/// The figures of all pods.
#[derive(Debug)]
pub struct Usages {
    span: SimDuration,
    taken: u32,
    /// By pod: busy workers counted so far, how often, and the last figure.
    pods: Vec<(u64, u32, Option<f64>)>,
    published: SimTime,
}

impl Usages {
    /// No figures yet; a new one every `span`.
    #[must_use]
    pub fn new(span: SimDuration) -> Self {
        Self { span, taken: 0, pods: Vec::new(), published: SimTime::ZERO }
    }

    /// From one count to the next.
    #[must_use]
    pub fn step(&self) -> SimDuration {
        SimDuration((self.span.0 / u64::from(SAMPLES)).max(1))
    }

    /// Counts: busy workers of all of them, by pod; `None` where no process runs.
    pub fn count(&mut self, now: SimTime, busy: impl Iterator<Item = Option<(u32, u32)>>) {
        self.taken += 1;
        let ends = self.taken == SAMPLES;
        for (pod, busy) in busy.enumerate() {
            if self.pods.len() <= pod {
                self.pods.push((0, 0, None));
            }
            let (sum, times, figure) = &mut self.pods[pod];
            let workers = busy.map_or(1, |(_, workers)| workers);
            if let Some((busy, _)) = busy {
                *sum += u64::from(busy);
                *times += 1;
            }
            if ends {
                let whole = *times == SAMPLES;
                let mean = *sum as f64 / (f64::from(SAMPLES) * f64::from(workers.max(1)));
                *figure = whole.then_some(mean);
                (*sum, *times) = (0, 0);
            }
        }
        if ends {
            self.taken = 0;
            self.published = now;
        }
    }

    /// A pod's last figure.
    #[must_use]
    pub fn of(&self, pod: u32) -> Option<(f64, Measured)> {
        let (_, _, figure) = self.pods.get(pod as usize)?;
        Some(((*figure)?, Measured { end: self.published, span: self.span }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_is_the_mean_of_a_whole_span() {
        let mut usages = Usages::new(SimDuration::from_secs(15));
        for count in 0..SAMPLES {
            assert_eq!(usages.of(0), None);
            let late = (count > 0).then_some((4, 4));
            usages.count(SimTime(u64::from(count)), [Some((count % 2, 4)), late].into_iter());
        }
        assert_eq!(usages.of(0).map(|(used, _)| used), Some(0.125));
        assert_eq!(usages.of(1), None, "it was not there from the start");
    }
}
