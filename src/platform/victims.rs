//! Which pods a shrinking replica set deletes first.
//!
//! The order of `ActivePodsWithRanks` in `pkg/controller/controller_utils.go`, with
//! logarithmic scale-down on (the default): not yet on a node; Pending before Running; not
//! ready before ready; lower deletion cost; more pods of the same Deployment on the node;
//! ready for a shorter time, in powers of two of nanoseconds; more restarts; created later, in
//! powers of two. Where the powers agree the real one compares random uids; `tie` stands for
//! them, so names decide nothing.

use std::cmp::{Ordering, Reverse};

/// What the ranking looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Candidate {
    pub(super) scheduled: bool,
    pub(super) running: bool,
    /// The whole second of the wall clock in which it became ready; `None`: it is not.
    pub(super) ready_s: Option<i64>,
    pub(super) cost: i32,
    /// Active pods of the Deployment on its node.
    pub(super) neighbours: u32,
    pub(super) restarts: u32,
    /// The whole second of its creation.
    pub(super) created_s: i64,
    pub(super) tie: u64,
}

/// Orders two pods of one set: `Less` is deleted first.
pub(super) fn order(a: &Candidate, b: &Candidate, unix_ns: i64) -> Ordering {
    (a.scheduled.cmp(&b.scheduled))
        .then(a.running.cmp(&b.running))
        .then(a.ready_s.is_some().cmp(&b.ready_s.is_some()))
        .then(a.cost.cmp(&b.cost))
        .then(Reverse(a.neighbours).cmp(&Reverse(b.neighbours)))
        .then_with(|| match (a.ready_s, b.ready_s) {
            (Some(left), Some(right)) => by_age(left, right, a.tie, b.tie, unix_ns),
            _ => Ordering::Equal,
        })
        .then(Reverse(a.restarts).cmp(&Reverse(b.restarts)))
        .then_with(|| by_age(a.created_s, b.created_s, a.tie, b.tie, unix_ns))
        .then(a.tie.cmp(&b.tie))
}

/// Younger first by powers of two; within one power the tie decides. Equal seconds are equal.
fn by_age(a_s: i64, b_s: i64, a_tie: u64, b_tie: u64, unix_ns: i64) -> Ordering {
    if a_s == b_s {
        return Ordering::Equal;
    }
    power(unix_ns, a_s).cmp(&power(unix_ns, b_s)).then(a_tie.cmp(&b_tie))
}

fn power(unix_ns: i64, second: i64) -> i32 {
    let age = unix_ns - second * 1_000_000_000;
    if age > 0 { age.ilog2() as i32 } else { -1 }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_000_000_000_000;

    fn ready(second: i64) -> Candidate {
        Candidate {
            scheduled: true,
            running: true,
            ready_s: Some(second),
            cost: 0,
            neighbours: 1,
            restarts: 0,
            created_s: second - 1,
            tie: 5,
        }
    }

    #[test]
    fn each_class_goes_before_the_next() {
        let healthy = ready(500);
        let in_order = [
            Candidate { scheduled: false, running: false, ready_s: None, ..healthy },
            Candidate { running: false, ready_s: None, ..healthy },
            Candidate { ready_s: None, cost: 9, ..healthy },
            Candidate { cost: -3, ..healthy },
            Candidate { neighbours: 4, ..healthy },
            Candidate { ready_s: Some(990), ..healthy },
            Candidate { restarts: 2, ..healthy },
            healthy,
        ];
        for (index, first) in in_order.iter().enumerate() {
            for second in &in_order[index + 1..] {
                assert_eq!(order(first, second, NOW), Ordering::Less, "{first:?} {second:?}");
                assert_eq!(order(second, first, NOW), Ordering::Greater);
            }
        }
    }

    #[test]
    fn ages_of_one_power_of_two_are_left_to_the_tie() {
        let older = Candidate { tie: 1, ..ready(640) };
        let younger = Candidate { tie: 2, ..ready(700) };
        assert_eq!(order(&older, &younger, NOW), Ordering::Less);
        let much_younger = Candidate { tie: 3, ..ready(800) };
        assert_eq!(order(&much_younger, &older, NOW), Ordering::Less);
    }
}
