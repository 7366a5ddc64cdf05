//! Rates from files: counts and rates, aligned by the clock or the window.

use cutover::plan::{Arrivals, Study};
use cutover::scenario::{Embedded, Overrides, load, load_text};

fn with_file(content: &'static str, profile: &str, clock: &str) -> Study {
    let text = format!(
        "name: p\nclock: {{{clock}}}\n\
         traffic: [{{name: web, arrivals: {{profile: {{file: p.csv, {profile}}}}}, service_time: 20ms}}]\n\
         strategies: [{{name: r, rolling: {{}}}}]\n"
    );
    let file: (&'static str, &'static [u8]) = ("p.csv", content.as_bytes());
    let files = Embedded(Box::leak(Box::new([file])));
    load_text("p", &text, &files, &Overrides::default())
        .unwrap_or_else(|problem| panic!("{problem}"))
}

fn points(study: &Study) -> Vec<(f64, f64)> {
    let Arrivals::Profile { points, .. } = &study.plan.classes[0].arrivals else {
        panic!("no profile")
    };
    points.iter().map(|point| (point.at.as_secs_f64(), point.rate)).collect()
}

#[test]
fn rates_are_taken_as_they_stand() {
    let study = with_file("time,rate\n0,10\n60,20\n", "scale: 2", "");
    assert_eq!(points(&study), [(0.0, 20.0), (60.0, 40.0)]);
}

#[test]
fn counts_become_the_rate_at_the_middle_of_their_interval() {
    let study = with_file("time,count\n0,600\n60,1200\n180,600\n", "scale: 1", "");
    assert_eq!(points(&study), [(0.0, 10.0), (30.0, 10.0), (120.0, 10.0), (240.0, 5.0)]);
}

#[test]
fn timestamps_follow_the_clock_where_it_lies_among_them() {
    let csv = "timestamp,value\n2014-04-10 00:00:00,300\n2014-04-10 00:05:00,600\n2014-04-10 00:10:00,300\n";
    let inside = with_file(csv, "scale: 1", "start: '2014-04-10T00:07:30[Europe/Berlin]'");
    assert_eq!(points(&inside)[0], (0.0, 2.0));
    let outside = with_file(csv, "scale: 1", "start: '2020-04-10T00:07:30[UTC]'");
    assert_eq!(points(&outside)[0], (0.0, 1.0));
    let forced = with_file(csv, "scale: 1, align: window", "start: '2014-04-10T00:07:30[UTC]'");
    assert_eq!(points(&forced)[0], (0.0, 1.0));
}

#[test]
fn a_weekly_profile_begins_on_monday_local_time() {
    let csv = "time,rate\n0,1\n3600,5\n7200,1\n";
    let study = with_file(csv, "align: week", "start: '2025-06-02T01:00:00[Europe/Berlin]'");
    let Arrivals::Profile { period, .. } = &study.plan.classes[0].arrivals else {
        panic!("no profile")
    };
    assert_eq!(period.map(|period| period.as_secs_f64()), Some(7.0 * 86_400.0));
    assert_eq!(points(&study)[0], (0.0, 5.0));
    assert_eq!(points(&study).last(), Some(&(7.0 * 86_400.0, 5.0)));
}

#[test]
fn the_recorded_weekday_is_read_at_its_hour() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/elb-weekday");
    let study = load(&folder, &Overrides::default()).unwrap_or_else(|problem| panic!("{problem}"));
    // The intervals from 19:24 and 19:29 hold 29 and 127 requests; 19:30 is 7/10 of the way from
    // the middle of one to that of the other.
    let (at, rate) = points(&study)[0];
    let expected = 400.0 * (29.0 + 0.7 * (127.0 - 29.0)) / 300.0;
    assert!(at == 0.0 && (rate - expected).abs() < 1e-9, "{rate}");
}
