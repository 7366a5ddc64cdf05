//! CrashLoopBackOff: the kubelet's pauses before restarts.
//!
//! The first restart is immediate; then 10, 20, 40, 80, 160 s and at most 300 s. The pauses
//! start over once twice the longest has gone by since the last restart (client-go
//! `util/flowcontrol/backoff.go` as `pkg/kubelet/kuberuntime` uses it).

use crate::engine::{SimDuration, SimTime};

const FIRST: SimDuration = SimDuration::from_secs(10);
const LONGEST: SimDuration = SimDuration::from_secs(300);

/// One container's back-off.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct CrashBackoff {
    /// The pause before the next restart.
    pause: SimDuration,
    /// The last restart.
    last: SimTime,
}

impl CrashBackoff {
    /// The pause before the restart of a container that ended now.
    pub(super) fn next(&mut self, now: SimTime) -> SimDuration {
        if now.since(self.last).0 > 2 * LONGEST.0 {
            self.pause = SimDuration::ZERO;
        }
        let pause = self.pause;
        self.last = now + pause;
        self.pause = if pause == SimDuration::ZERO {
            FIRST
        } else {
            SimDuration((pause.0 * 2).min(LONGEST.0))
        };
        pause
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_five_minutes_and_start_over_after_a_long_run() {
        let mut backoff = CrashBackoff::default();
        let mut now = SimTime(1);
        let mut pauses = Vec::new();
        for _ in 0..8 {
            let pause = backoff.next(now);
            pauses.push(pause.0 / 1_000_000_000);
            now = now + pause + SimDuration::from_secs(1);
        }
        assert_eq!(pauses, [0, 10, 20, 40, 80, 160, 300, 300]);
        assert_eq!(backoff.next(now + SimDuration::from_secs(601)), SimDuration::ZERO);
    }
}
