//! AWS CodeDeploy's predefined configurations, as strategies that are simulated.
//!
//! ECS: a whole replacement task set is started, then the listener's weights move: `Canary` a share
//! at once and the rest after the wait; `Linear` a share at once and again after each interval (ten
//! per cent a minute is at all after nine); `AllAtOnce` everything. EC2, in place: so many instances
//! at a time, floor(n/2) for half. From the user guide, "Working with deployment configurations".

use crate::engine::SimDuration;
use crate::plan::{Canary, CanaryStep, CanaryTraffic, IntOrPercent, Rolling, Strategy};

/// The old task set is kept this long: `terminationWaitTimeInMinutes`, as the console proposes.
const KEEP_OLD: SimDuration = SimDuration::from_secs(300);

/// The strategy of a configuration.
///
/// # Panics
/// If the field table has none of this name.
#[must_use]
pub fn strategy(name: &str) -> Strategy {
    match name.strip_prefix("CodeDeployDefault.").unwrap_or(name) {
        "OneAtATime" => in_place(IntOrPercent::Int(1)),
        "HalfAtATime" => in_place(IntOrPercent::Percent(50)),
        "AllAtOnce" => in_place(IntOrPercent::Percent(100)),
        "ECSAllAtOnce" => shifted(&[], 0),
        "ECSCanary10Percent5Minutes" => shifted(&[10], 5),
        "ECSCanary10Percent15Minutes" => shifted(&[10], 15),
        "ECSLinear10PercentEvery1Minutes" => shifted(&[10, 20, 30, 40, 50, 60, 70, 80, 90], 1),
        "ECSLinear10PercentEvery3Minutes" => shifted(&[10, 20, 30, 40, 50, 60, 70, 80, 90], 3),
        _ => unreachable!("the field table has no CodeDeploy configuration {name}"),
    }
}

/// All of the new tasks first, then the weights, each for so long.
fn shifted(percents: &[u32], minutes: u64) -> Strategy {
    let pause = CanaryStep::Pause(Some(SimDuration::from_secs(60 * minutes)));
    let weight = |&percent: &u32| CanaryStep::Weight(f64::from(percent) / 100.0);
    let moves = percents.iter().flat_map(|percent| [weight(percent), pause.clone()]);
    Strategy::Canary(Canary {
        traffic: CanaryTraffic::Weights,
        steps: std::iter::once(CanaryStep::Scale(Some(1.0))).chain(moves).collect(),
        sticky: false,
        background_analysis: None,
        max_surge: IntOrPercent::Percent(25),
        max_unavailable: IntOrPercent::Percent(25),
        keep_old: KEEP_OLD,
        min_ready: SimDuration::ZERO,
        progress_deadline: None,
    })
}

fn in_place(at_once: IntOrPercent) -> Strategy {
    Strategy::Rolling(Rolling {
        max_surge: IntOrPercent::Int(0),
        max_unavailable: at_once,
        min_ready: SimDuration::ZERO,
        progress_deadline: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::schema::CODEDEPLOY as NAMES;

    #[test]
    fn every_name_is_a_strategy() {
        NAMES.iter().for_each(|name| drop(strategy(name)));
    }

    #[test]
    fn ten_per_cent_a_minute_is_at_all_after_nine_intervals() {
        let Strategy::Canary(canary) = strategy(NAMES[0]) else { panic!("weights move") };
        let pauses = canary.steps.iter().filter(|step| matches!(step, CanaryStep::Pause(_)));
        assert_eq!(pauses.count(), 9);
        assert_eq!(canary.steps[0], CanaryStep::Scale(Some(1.0)));
        assert_eq!(canary.steps[17], CanaryStep::Weight(0.9));
    }
}
