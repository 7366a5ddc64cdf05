//! What queries and alerts see of counters, and when.

use proptest::prelude::*;

use super::*;
use crate::engine::rng::Key;
use crate::plan::{Alert, Bound};
use crate::record::EventKind;

const OLD: VersionId = VersionId(0);
const NEW: VersionId = VersionId(1);
const ROLES: Roles = Roles { stable: OLD, candidate: Some(NEW) };

fn at(seconds: u64) -> SimTime {
    SimTime::ZERO + SimDuration::from_secs(seconds)
}

fn millis(milliseconds: u64) -> SimDuration {
    SimDuration::from_millis(milliseconds)
}

fn settings() -> Metrics {
    let secs = SimDuration::from_secs;
    Metrics { scrape: secs(15), window: secs(60), delay: secs(5) }
}

fn metric(name: MetricName, version: Option<ScopeVersion>) -> AnalysisMetric {
    let scope = Scope { class: None, version };
    AnalysisMetric { metric: name, scope, bound: Bound::Above(0.0), min_requests: 0 }
}

fn errors() -> AnalysisMetric {
    metric(MetricName::ErrorRate, None)
}

/// Scrapes every 15 s up to an instant, while `load` counts what happens in each second.
fn watch(until: u64, mut load: impl FnMut(u64, &mut AttemptTable)) -> Telemetry {
    let mut table = AttemptTable::new(2, 2);
    let mut telemetry = Telemetry::new(&settings(), SimDuration::ZERO);
    for second in 0..=until {
        if second % 15 == 0 {
            telemetry.scrape(at(second), &table);
        }
        load(second, &mut table);
    }
    telemetry
}

/// Ten attempts a second on the old version, of which one fails from an instant on.
fn failing_from(start: u64) -> impl FnMut(u64, &mut AttemptTable) {
    move |second, table| {
        for n in 0..10 {
            let failed = n == 0 && second >= start;
            let outcome = if failed { Outcome::AppError } else { Outcome::Ok };
            table.cell(0, Some(OLD)).count(outcome, millis(20));
        }
    }
}

#[test]
fn nothing_is_known_before_two_scrapes_are_visible() {
    let early = watch(15, failing_from(0));
    assert_eq!(early.query(at(19), ROLES, &errors()), None, "the second scrape is not out yet");
    assert_eq!(early.query(at(20), ROLES, &errors()), Some(0.1));
}

#[test]
fn an_error_shows_only_after_the_next_scrape_and_the_delay() {
    let telemetry = watch(300, failing_from(200));
    let seen = |second| telemetry_at(second, 200).query(at(second), ROLES, &errors());
    // Scraped at 210: ten seconds of a minute with one error in ten.
    assert_eq!(seen(214), Some(0.0));
    assert_eq!(seen(215), Some(10.0 / 600.0));
    assert_eq!(telemetry.query(at(300), ROLES, &errors()), Some(0.1));
}

fn telemetry_at(second: u64, failing: u64) -> Telemetry {
    watch(second, failing_from(failing))
}

#[test]
fn the_window_forgets_what_is_older() {
    let burst = |second: u64, table: &mut AttemptTable| {
        let outcome = if second == 100 { Outcome::Timeout } else { Outcome::Ok };
        table.cell(1, Some(OLD)).count(outcome, millis(5));
    };
    let seen = |second| watch(second, burst).query(at(second), ROLES, &errors());
    assert_eq!(seen(110), Some(1.0 / 60.0), "scraped at 105");
    assert_eq!(seen(169), Some(1.0 / 60.0), "scraped at 150, from 90 on");
    assert_eq!(seen(170), Some(0.0), "scraped at 165, from 105 on");
}

#[test]
fn versions_classes_and_attempts_that_reached_no_instance_are_told_apart() {
    let telemetry = watch(60, |_, table| {
        table.cell(0, Some(OLD)).count(Outcome::Ok, millis(10));
        table.cell(1, Some(NEW)).count(Outcome::AppError, millis(10));
        table.cell(0, None).count(Outcome::Overflow, millis(0));
        table.cell(0, None).count(Outcome::Overflow, millis(0));
    });
    let ask = |class, version| {
        let mut errors = errors();
        errors.scope = Scope { class, version };
        telemetry.query(at(65), ROLES, &errors)
    };
    assert_eq!(ask(None, None), Some(0.75));
    assert_eq!(ask(None, Some(ScopeVersion::Candidate)), Some(1.0));
    assert_eq!(ask(None, Some(ScopeVersion::Stable)), Some(0.0));
    assert_eq!(ask(Some(0), None), Some(2.0 / 3.0));
    assert_eq!(ask(Some(0), Some(ScopeVersion::Candidate)), None, "not a single attempt");
    let nothing_deployed = Roles { stable: OLD, candidate: None };
    let candidate = metric(MetricName::ErrorRate, Some(ScopeVersion::Candidate));
    assert_eq!(telemetry.query(at(65), nothing_deployed, &candidate), None);
}

#[test]
fn too_few_attempts_are_not_enough_data() {
    let telemetry = watch(60, failing_from(0));
    let at_least = |min_requests| AnalysisMetric { min_requests, ..errors() };
    assert_eq!(telemetry.query(at(65), ROLES, &at_least(600)), Some(0.1));
    assert_eq!(telemetry.query(at(65), ROLES, &at_least(601)), None);
}

#[test]
fn rates_are_per_second_also_while_the_window_is_not_full() {
    let rate = metric(MetricName::RequestRate, None);
    for second in [20, 50, 65, 300] {
        assert_eq!(telemetry_at(second, 0).query(at(second), ROLES, &rate), Some(10.0));
    }
    let idle = watch(100, |_, _| {});
    assert_eq!(idle.query(at(100), ROLES, &rate), Some(0.0), "silence is an answer");
    assert_eq!(idle.query(at(100), ROLES, &errors()), None, "but no share of nothing");
}

#[test]
fn latency_is_that_of_ok_attempts_in_the_window_in_seconds() {
    let telemetry = watch(300, |second, table| {
        let latency = if second < 200 { millis(1_000) } else { millis(second) };
        table.cell(0, Some(OLD)).count(Outcome::Ok, latency);
        table.cell(0, Some(OLD)).count(Outcome::Timeout, millis(30_000));
    });
    // Scraped at 285: the attempts of seconds 225 to 284.
    let seen = |name| telemetry.query(at(300), ROLES, &metric(name, None)).expect("there is data");
    assert!((seen(MetricName::LatencyP50) - 0.254).abs() < 0.005);
    assert!((seen(MetricName::LatencyP99) - 0.284).abs() < 0.005);
}

#[test]
fn old_scrapes_are_forgotten() {
    let telemetry = watch(10_000, failing_from(0));
    assert!(telemetry.scrapes.len() <= 7, "{} scrapes kept", telemetry.scrapes.len());
}

fn alert(hold: u64) -> Alert {
    Alert {
        name: "errors".to_owned(),
        metric: MetricName::ErrorRate,
        scope: Scope::default(),
        bound: Bound::Above(0.05),
        hold: SimDuration::from_secs(hold),
    }
}

#[test]
fn an_alert_fires_once_its_limit_has_been_broken_at_every_look_for_long_enough() {
    let mut alerts = Alerts::new(&[alert(120)]);
    let mut fired = Vec::new();
    for look in (0..1_000).step_by(15) {
        // One good look in between starts the wait over.
        let value = if look < 60 || look == 120 { 0.0 } else { 0.1 };
        for event in alerts.evaluate(at(look), |_| Some(value)) {
            fired.push((look, event));
        }
    }
    let event = EventKind::AlertFired { alert: "errors".into(), value: 0.1 };
    assert_eq!(fired, [(255, event)], "broken from 135 on; said once");
}

#[test]
fn missing_data_start_the_wait_over() {
    let mut alerts = Alerts::new(&[alert(30)]);
    let fired: Vec<u64> = (0..120)
        .step_by(15)
        .filter(|&look| !alerts.evaluate(at(look), |_| (look != 30).then_some(0.1)).is_empty())
        .collect();
    assert_eq!(fired, [75]);
}

#[test]
fn an_alert_without_a_wait_fires_at_the_first_look_and_again_after_a_good_one() {
    let mut alerts = Alerts::new(&[alert(0)]);
    let values = [0.0, 0.1, 0.1, 0.0, 0.1];
    let fired: Vec<bool> = (0u64..)
        .zip(values)
        .map(|(look, value)| !alerts.evaluate(at(look * 15), |_| Some(value)).is_empty())
        .collect();
    assert_eq!(fired, [false, true, false, false, true]);
}

#[test]
fn a_burn_rate_alert_needs_its_long_and_its_short_window() {
    let bound = Bound::BurnRate {
        factor: 10.0,
        target: 0.999,
        long: SimDuration::from_secs(600),
        short: SimDuration::from_secs(60),
    };
    let fires = |value: fn(u64) -> f64| {
        let mut alerts = Alerts::new(&[Alert { bound, ..alert(0) }]);
        let seen = alerts.evaluate(at(700), |metric| {
            let Bound::BurnRate { long, .. } = metric.bound else { panic!("another bound") };
            Some(value(long.0 / 1_000_000_000))
        });
        !seen.is_empty()
    };
    assert!(fires(|_| 0.02));
    assert!(!fires(|window| if window == 60 { 0.0 } else { 0.02 }), "it is over");
    assert!(!fires(|window| if window == 60 { 0.02 } else { 0.001 }), "a blip");
}

#[test]
fn a_long_window_is_kept_as_long_as_it_is_asked_for() {
    let mut telemetry = Telemetry::new(&settings(), SimDuration::from_secs(3600));
    let mut table = AttemptTable::new(1, 1);
    let mut load = failing_from(0);
    for second in 0..7_200 {
        if second % 15 == 0 {
            telemetry.scrape(at(second), &table);
        }
        if second < 3_700 {
            load(second, &mut table);
        }
    }
    let long = SimDuration::from_secs(3600);
    let bound = Bound::BurnRate { factor: 1.0, target: 0.9, long, short: long };
    let seen = telemetry.query(at(7_199), ROLES, &AnalysisMetric { bound, ..errors() });
    assert_eq!(seen, Some(0.1));
    assert_eq!(telemetry.query(at(7_199), ROLES, &errors()), None, "nothing in the last minute");
}

#[test]
fn dashboards_of_5xx_do_not_see_who_is_logged_out() {
    let telemetry = watch(60, |second, table| {
        let cell = table.cell(0, Some(OLD));
        let outcome = if second % 2 == 0 { Outcome::Unauthorized } else { Outcome::Ok };
        cell.count(outcome, millis(10));
        cell.tickets += u64::from(second == 40);
    });
    let seen = |name| telemetry.query(at(65), ROLES, &metric(name, None));
    assert_eq!(seen(MetricName::Http5xxRate), Some(0.0));
    assert_eq!(seen(MetricName::LoginSuccessRate), Some(0.5));
    assert_eq!(seen(MetricName::Tickets), Some(1.0));
}

mod at_work {
    use super::*;
    use crate::plan::Strategy as Rollout;
    use crate::plan::{Plan, Recreate};

    fn plan(alerts: Vec<Alert>) -> Plan {
        let mut plan = crate::plan::testing::plan();
        plan.response.metrics = settings();
        plan.response.alerts = alerts;
        plan
    }

    fn recreate() -> Rollout {
        Rollout::Recreate(Recreate { min_ready: SimDuration::ZERO, progress_deadline: None })
    }

    #[test]
    fn nothing_is_watched_that_nobody_asks_for() {
        assert!(Monitoring::of(&plan(Vec::new()), &recreate(), Key::of_seed(1)).is_none());
    }

    #[test]
    fn an_alert_sees_an_outage_after_scrape_delay_and_hold() {
        let key = Key::of_seed(1);
        let mut monitoring = Monitoring::of(&plan(vec![alert(60)]), &recreate(), key).unwrap();
        let mut table = AttemptTable::new(1, 2);
        let mut load = failing_from(300);
        let (mut second, mut fired) = (0, Vec::new());
        while monitoring.next_wake() < at(1_000) {
            let now = monitoring.next_wake();
            while at(second) < now {
                load(second, &mut table);
                second += 1;
            }
            for event in monitoring.wake(now, &table, ROLES) {
                fired.push((now, event));
            }
        }
        let [(when, EventKind::AlertFired { .. })] = fired.as_slice() else { panic!("{fired:?}") };
        // More than 5 % of a minute's attempts have failed half a minute after the start; then
        // come a scrape within 15 s, the delay of 5 s, and the hold of 60 s.
        assert!(at(300 + 30 + 5 + 60) <= *when && *when <= at(300 + 45 + 5 + 75), "{when:?}");
    }

    proptest! {
        #[test]
        fn the_phase_of_the_scrapes_lies_in_their_interval(seed: u64) {
            let monitoring =
                Monitoring::of(&plan(vec![alert(60)]), &recreate(), Key::of_seed(seed)).unwrap();
            prop_assert!(monitoring.next_wake() < at(15));
        }
    }
}
