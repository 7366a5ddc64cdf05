//! The HorizontalPodAutoscaler: replicas from the mean CPU utilisation of the pods.
//!
//! Written from a reading of kubernetes/kubernetes `pkg/controller/podautoscaler`
//! (`replica_calculator.go`, `horizontal.go`): the ratio of the ready pods' mean to the target,
//! a tolerance, pods without figures counted against the change, the highest recommendation of
//! a window before going down, and limits on each step. A busy worker counts as the CPU that a
//! pod has requested for it. Left out: other metrics, several of them, policies other than the
//! defaults, and a window before going up other than none.

use std::collections::VecDeque;

use super::Workload;
use super::cluster::Platform;
use super::pod::Phase;
use crate::engine::{SimDuration, SimTime};
use crate::plan::Hpa;

/// Pods that a step up may always add; it may also double.
const UP_PODS: u32 = 4;
/// A pod counts as starting for this long (`--horizontal-pod-autoscaler-cpu-initialization-period`).
const INITIALISATION: SimDuration = SimDuration::from_secs(300);

/// A pod as the metrics pipeline shows it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Seen {
    /// Its utilisation of what it requested counts; 1 is all of it.
    Ready(f64),
    /// Not ready, or its figure is from before it was.
    Unready,
    /// There is no figure of it.
    Missing,
}

/// The replicas that the pods' utilisation asks for, before windows and limits.
#[must_use]
pub fn wanted(current: u32, pods: &[Seen], target: f64, tolerance: f64) -> u32 {
    let sum: f64 =
        pods.iter().map(|pod| if let Seen::Ready(used) = pod { *used } else { 0.0 }).sum();
    let count = |is: fn(&Seen) -> bool| pods.iter().filter(|pod| is(pod)).count() as f64;
    let ready = count(|pod| matches!(pod, Seen::Ready(_)));
    let unready = count(|pod| matches!(pod, Seen::Unready));
    let missing = count(|pod| matches!(pod, Seen::Missing));
    if ready == 0.0 {
        return current;
    }
    // A few units in the last place are the arithmetic's, not the pods'.
    let within = |ratio: f64| (ratio - 1.0).abs() <= tolerance * (1.0 + 1e-12) + 1e-12;
    let up_to = |replicas: f64| (replicas - 1e-9).ceil() as u32;
    let ratio = sum / ready / target;
    let up_with_unready = unready > 0.0 && ratio > 1.0;
    if !up_with_unready && missing == 0.0 {
        return if within(ratio) { current } else { up_to(ratio * ready) };
    }
    // Pods without a figure count as idle on the way up and as full on the way down.
    let of_missing = if ratio < 1.0 { missing * target.max(1.0) } else { 0.0 };
    let all = ready + missing + if up_with_unready { unready } else { 0.0 };
    let careful = (sum + of_missing) / all / target;
    if within(careful) || (ratio < 1.0) != (careful < 1.0) {
        return current;
    }
    let replicas = up_to(careful * all);
    let contrary = (careful < 1.0 && replicas > current) || (careful > 1.0 && replicas < current);
    if contrary { current } else { replicas }
}

/// The controller, with what it remembers.
#[derive(Debug)]
pub struct Autoscaler {
    params: Hpa,
    /// Recommendations of the window before going down.
    recommended: VecDeque<(SimTime, u32)>,
}

impl Autoscaler {
    /// A controller that has not looked yet.
    #[must_use]
    pub fn new(params: &Hpa) -> Self {
        Self { params: params.clone(), recommended: VecDeque::new() }
    }

    /// From one look to the next.
    #[must_use]
    pub fn sync(&self) -> SimDuration {
        self.params.sync
    }

    /// Looks at the pods; the new replicas, if there is a change.
    pub fn look(&mut self, now: SimTime, current: u32, pods: &[Seen]) -> Option<u32> {
        let Hpa { min, max, target, tolerance, scale_down_window, .. } = self.params;
        if current == 0 {
            // Scaled to nothing by hand: the autoscaler is off.
            return None;
        }
        let wanted = wanted(current, pods, target, tolerance);
        self.recommended.push_back((now, wanted));
        while self.recommended.front().is_some_and(|(at, _)| now.since(*at) > scale_down_window) {
            self.recommended.pop_front();
        }
        let highest = self.recommended.iter().map(|(_, replicas)| *replicas).max();
        let stable = if wanted < current {
            highest.unwrap_or(wanted).min(current)
        } else {
            wanted.min(current.saturating_mul(2).max(current + UP_PODS))
        };
        let next = stable.clamp(min, max);
        (next != current).then_some(next)
    }
}

impl Platform {
    /// The pods as the metrics pipeline shows them to an autoscaler.
    #[must_use]
    pub fn seen_by_autoscaler(&self, now: SimTime, workload: &dyn Workload) -> Vec<Seen> {
        let alive = self.pods.iter().zip(0u32..).filter(|(pod, _)| pod.active());
        alive
            .map(|(pod, number)| {
                if pod.phase == Phase::Pending {
                    return Seen::Unready;
                }
                let Some((used, measured)) = workload.usage(super::PodId(number)) else {
                    return Seen::Missing;
                };
                let starting = !pod.seasoned && now.since(pod.container_started) < INITIALISATION;
                // A figure is of the span before it: it must begin after the pod was ready.
                let early = measured.end < pod.ready_since + measured.span;
                match pod.ready {
                    true if starting && early => Seen::Unready,
                    true => Seen::Ready(used),
                    false if starting => Seen::Unready,
                    // It was ready once and is no longer: its figure counts.
                    false => Seen::Ready(used),
                }
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pods(count: usize, used: f64) -> Vec<Seen> {
        vec![Seen::Ready(used); count]
    }

    #[test]
    fn the_ratio_to_the_target_is_rounded_up_unless_it_is_near() {
        for (used, replicas) in [(0.50, 9), (0.66, 10), (0.90, 15), (0.541, 10)] {
            assert_eq!(wanted(10, &pods(10, used), 0.6, 0.1), replicas, "{used}");
        }
    }

    #[test]
    fn surge_pods_that_are_ready_inflate_the_count() {
        // Three busy pods and three surge pods of the same load each: six pods' worth.
        assert_eq!(wanted(3, &pods(6, 1.0), 0.5, 0.1), 12);
    }

    #[test]
    fn starting_pods_damp_the_way_up() {
        let mut seen = pods(5, 0.9);
        assert_eq!(wanted(5, &seen, 0.6, 0.1), 8);
        seen.extend([Seen::Unready; 3]);
        assert_eq!(wanted(8, &seen, 0.6, 0.1), 8);
    }

    #[test]
    fn pods_without_a_figure_damp_the_way_down() {
        let mut seen = pods(5, 0.3);
        seen.extend([Seen::Missing; 5]);
        // (5 · 0.3 + 5 · 1) / 10 = 0.65 is near enough to 0.6.
        assert_eq!(wanted(10, &seen, 0.6, 0.1), 10);
    }

    fn autoscaler() -> Autoscaler {
        Autoscaler::new(&Hpa {
            min: 2,
            max: 40,
            target: 0.5,
            tolerance: 0.1,
            sync: SimDuration::from_secs(15),
            metrics: SimDuration::from_secs(15),
            scale_down_window: SimDuration::from_secs(300),
        })
    }

    #[test]
    fn a_step_up_doubles_or_adds_four() {
        let mut small = autoscaler();
        assert_eq!(small.look(SimTime(0), 2, &pods(2, 10.0)), Some(6));
        assert_eq!(small.look(SimTime(0), 10, &pods(10, 10.0)), Some(20));
        assert_eq!(small.look(SimTime(0), 30, &pods(30, 10.0)), Some(40));
    }

    #[test]
    fn the_way_down_waits_for_the_highest_recommendation_of_the_window() {
        let mut scaler = autoscaler();
        let second = |at: u64| SimTime(SimDuration::from_secs(at).0);
        assert_eq!(scaler.look(second(0), 10, &pods(10, 0.5)), None);
        for at in (15..=300).step_by(15) {
            assert_eq!(scaler.look(second(at), 10, &pods(10, 0.1)), None, "{at}");
        }
        assert_eq!(scaler.look(second(315), 10, &pods(10, 0.1)), Some(2));
    }
}
