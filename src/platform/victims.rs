//! Which pods a shrinking replica set deletes first.
//!
//! The order of `ActivePodsWithRanks` in `pkg/controller/controller_utils.go`, with
//! logarithmic scale-down on (the default): not yet on a node; Pending before Running; not
//! ready before ready; lower deletion cost; more pods of the same Deployment on the node;
//! ready for a shorter time, in powers of two of nanoseconds; more restarts; created later, in
//! powers of two. Where the powers agree the real one compares random uids; `tie` stands for
//! them, so names decide nothing.
//!
//! The real comparison is no order: of pods of one power it takes uids if their seconds differ and
//! goes on to restarts if they agree, so that three pods can be each before the next. Go's sort
//! does not mind. Here the pods of one second stand together, where the least of their ties says;
//! with seconds of their own, as pods mostly have, that is the real rule.

use std::cmp::{Ordering, Reverse};
use std::collections::BTreeMap;

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

/// What is known only of all candidates together.
pub(super) struct Ranking {
    unix_ns: i64,
    /// The least tie of the pods that became ready in a second, and that were created in it.
    ready: BTreeMap<i64, u64>,
    created: BTreeMap<i64, u64>,
}

impl Ranking {
    /// The ranking of these pods at a time of the wall clock.
    pub(super) fn of<'a>(
        candidates: impl Iterator<Item = &'a Candidate> + Clone,
        unix_ns: i64,
    ) -> Self {
        let ready = candidates.clone().filter_map(|pod| Some((pod.ready_s?, pod.tie)));
        let created = candidates.map(|pod| (pod.created_s, pod.tie));
        Self { unix_ns, ready: least(ready), created: least(created) }
    }

    /// Orders two pods of one set: `Less` is deleted first.
    pub(super) fn order(&self, a: &Candidate, b: &Candidate) -> Ordering {
        (a.scheduled.cmp(&b.scheduled))
            .then(a.running.cmp(&b.running))
            .then(a.ready_s.is_some().cmp(&b.ready_s.is_some()))
            .then(a.cost.cmp(&b.cost))
            .then(Reverse(a.neighbours).cmp(&Reverse(b.neighbours)))
            .then_with(|| match (a.ready_s, b.ready_s) {
                (Some(left), Some(right)) => self.by_age(left, right, &self.ready),
                _ => Ordering::Equal,
            })
            .then(Reverse(a.restarts).cmp(&Reverse(b.restarts)))
            .then_with(|| self.by_age(a.created_s, b.created_s, &self.created))
            .then(a.tie.cmp(&b.tie))
    }

    /// Younger first by powers of two; within one power the tie decides. Equal seconds are equal.
    fn by_age(&self, a_s: i64, b_s: i64, ties: &BTreeMap<i64, u64>) -> Ordering {
        let age = power(self.unix_ns, a_s).cmp(&power(self.unix_ns, b_s));
        age.then_with(|| (ties.get(&a_s), a_s).cmp(&(ties.get(&b_s), b_s)))
    }
}

fn least(ties: impl Iterator<Item = (i64, u64)>) -> BTreeMap<i64, u64> {
    let mut least = BTreeMap::new();
    for (second, tie) in ties {
        let known = least.entry(second).or_insert(tie);
        *known = tie.min(*known);
    }
    least
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
        let ranking = Ranking::of(in_order.iter(), NOW);
        for (index, first) in in_order.iter().enumerate() {
            for second in &in_order[index + 1..] {
                assert_eq!(ranking.order(first, second), Ordering::Less, "{first:?} {second:?}");
                assert_eq!(ranking.order(second, first), Ordering::Greater);
            }
        }
    }

    #[test]
    fn ages_of_one_power_of_two_are_left_to_the_tie() {
        let older = Candidate { tie: 1, ..ready(640) };
        let younger = Candidate { tie: 2, ..ready(700) };
        let much_younger = Candidate { tie: 3, ..ready(800) };
        let ranking = Ranking::of([&older, &younger, &much_younger].into_iter(), NOW);
        assert_eq!(ranking.order(&older, &younger), Ordering::Less);
        assert_eq!(ranking.order(&much_younger, &older), Ordering::Less);
    }

    #[test]
    fn pods_of_one_second_never_go_round_in_a_circle() {
        // By the real comparison the first is before the second (more restarts), the second
        // before the third and the third before the first (by their ties).
        let first = Candidate { tie: 3, restarts: 1, ..ready(700) };
        let second = Candidate { tie: 1, ..ready(700) };
        let third = Candidate { tie: 2, ..ready(710) };
        let ranking = Ranking::of([&first, &second, &third].into_iter(), NOW);
        let mut pods = [third, second, first];
        pods.sort_by(|a, b| ranking.order(a, b));
        assert_eq!(pods, [first, second, third]);
    }
}
