//! The results folder's tables: `runs.csv`, `classes.csv`, `summary.csv`, `timeline.csv`.
//!
//! Numbers are plain decimals (at most nine digits, no exponent), counts whole; a column that
//! does not apply to a row is empty. Text cells are safe to open in a spreadsheet.

use crate::experiment::{METRICS, StudyResult, Summary, Unit};
use crate::plan::Plan;
use crate::record::{Bucket, Outcome};

use super::figure::machine;
use super::text::csv_cell;

/// Columns of `runs.csv` that hold numbers, in the file's order; the text column `outcome`
/// stands after [`OUTCOME_AFTER`]. Metrics that this list does not name follow at the end.
const RUN_COLUMNS: [&str; 42] = [
    "requests",
    "attempts",
    "ok",
    "app_error",
    "refused",
    "reset",
    "overflow",
    "timeout",
    "unauthorized",
    "in_flight",
    "failed_share",
    "excess_failed",
    "excess_failed_share",
    "reads",
    "stale_reads",
    "forced_logins",
    "ok_mean_ms",
    "ok_p50_ms",
    "ok_p90_ms",
    "ok_p95_ms",
    "ok_p99_ms",
    "ok_p999_ms",
    "all_mean_ms",
    "all_p99_ms",
    "max_ms",
    "worst_minute_ok_p99_ms",
    "mean_wait_ms",
    "utilisation",
    "users_active",
    "users_affected",
    "sessions_lost",
    "deploy_s",
    "impact_s",
    "detect_s",
    "mitigate_s",
    "candidate_requests",
    "min_available",
    "min_routable",
    "max_pods",
    "instance_s",
    "extra_instance_s",
    "cost",
];
const OUTCOME_AFTER: &str = "sessions_lost";
/// The last column of `runs.csv` that a request class has too.
const LAST_CLASS_COLUMN: &str = "worst_minute_ok_p99_ms";

/// Places in [`METRICS`] in the order of the file.
fn columns() -> Vec<usize> {
    let place = |name: &&str| METRICS.iter().position(|metric| metric.name == *name);
    let listed = RUN_COLUMNS.iter().filter_map(place);
    let more = (0..METRICS.len()).filter(|&place| !RUN_COLUMNS.contains(&METRICS[place].name));
    listed.chain(more).collect()
}

/// Rows under a header, as a file.
pub(super) fn table(header: Vec<&str>, rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let mut writer = ::csv::Writer::from_writer(Vec::new());
    let never = "writing to memory does not fail";
    writer.write_record(header).expect(never);
    for row in rows {
        writer.write_record(row).expect(never);
    }
    String::from_utf8(writer.into_inner().expect(never)).expect("cells are text")
}

/// A metric's value as a cell: whole where it counts something.
fn cell(value: Option<f64>) -> String {
    value.map_or_else(String::new, machine)
}

/// One row for each strategy, release and seed. The last column names the times that were still
/// running at the window's end: their values are the time so far.
#[must_use]
pub fn runs(result: &StudyResult) -> String {
    let columns = columns();
    let mut header = vec!["strategy", "release", "seed"];
    for &column in &columns {
        header.push(METRICS[column].name);
        if METRICS[column].name == OUTCOME_AFTER {
            header.push("outcome");
        }
    }
    header.push("censored");
    let rows = result.groups.iter().flat_map(|group| {
        let columns = &columns;
        group.rows.iter().map(move |row| {
            let mut cells =
                vec![csv_cell(&group.strategy), csv_cell(&group.release), row.seed.to_string()];
            for &column in columns {
                cells.push(cell(row.values[column]));
                if METRICS[column].name == OUTCOME_AFTER {
                    cells.push(row.outcome.name().to_owned());
                }
            }
            cells.push(row.censored.columns().collect::<Vec<_>>().join(" "));
            cells
        })
    });
    table(header, rows)
}

/// The same by request class and version; the version is empty for requests that reached no
/// instance.
#[must_use]
pub fn classes(result: &StudyResult) -> String {
    let mut columns = columns();
    let last = columns.iter().position(|&column| METRICS[column].name == LAST_CLASS_COLUMN);
    columns.truncate(last.map_or(columns.len(), |last| last + 1));
    let mut header = vec!["strategy", "release", "seed", "class", "version"];
    header.extend(columns.iter().map(|&column| METRICS[column].name));
    let rows = result.groups.iter().flat_map(|group| {
        let columns = &columns;
        let plan = plan_of(result, &group.strategy);
        group.class_rows.iter().map(move |row| {
            let version = row.version.and_then(|id| plan.versions.get(usize::from(id.0)));
            let class = plan.classes.get(usize::from(row.class));
            let mut cells = vec![
                csv_cell(&group.strategy),
                csv_cell(&group.release),
                row.seed.to_string(),
                csv_cell(class.map_or("", |class| &class.name)),
                csv_cell(version.map_or("", |version| &version.name)),
            ];
            cells.extend(columns.iter().map(|&column| cell(row.values[column])));
            cells
        })
    });
    table(header, rows)
}

/// The world of a strategy: its own where `with:` changed it.
#[must_use]
pub fn plan_of<'a>(result: &'a StudyResult, strategy: &str) -> &'a Plan {
    let arm = result.study.arms.iter().find(|arm| arm.name == strategy);
    arm.and_then(|arm| arm.plan.as_deref()).unwrap_or(&result.study.plan)
}

/// One row for each strategy, release and metric.
#[must_use]
pub fn summary(result: &StudyResult, summary: &Summary) -> String {
    table(summary_columns(), summary_cells(result, summary))
}

/// The columns of `summary.csv`.
pub(super) fn summary_columns() -> Vec<&'static str> {
    let columns = "strategy,release,metric,unit,mean,ci_low,ci_high,p05,p50,p95,diff,diff_ci_low,\
                   diff_ci_high";
    columns.split(',').collect()
}

/// The rows of `summary.csv`.
pub(super) fn summary_cells<'a>(
    result: &'a StudyResult,
    summary: &'a Summary,
) -> impl Iterator<Item = Vec<String>> + 'a {
    summary.lines.iter().map(|line| {
        let group = &result.groups[line.group];
        let metric = &METRICS[line.metric];
        let interval = line.interval;
        let difference = line.difference.as_ref();
        let mut cells = vec![
            csv_cell(&group.strategy),
            csv_cell(&group.release),
            metric.name.to_owned(),
            csv_cell(unit(metric.unit, &result.study.plan.currency)),
        ];
        cells.extend(
            [
                Some(line.mean),
                interval.map(|ends| ends.0),
                interval.map(|ends| ends.1),
                Some(line.quantiles.0),
                Some(line.quantiles.1),
                Some(line.quantiles.2),
                difference.map(|difference| difference.mean),
                difference.map(|difference| difference.interval.0),
                difference.map(|difference| difference.interval.1),
            ]
            .map(cell),
        );
        cells
    })
}

/// What each difference to the baseline says, and what to know about it: how large it must be
/// to matter, how much of its variance pairing removed, how many seeds are behind it and in how
/// many there was any harm.
#[must_use]
pub fn verdicts(result: &StudyResult, summary: &Summary) -> String {
    let header = "strategy,release,metric,verdict,diff,diff_ci_low,diff_ci_high,matters_above,\
                  variance_removed,seeds,censored,seeds_hit,seeds_hit_ci_low,seeds_hit_ci_high";
    let rows = summary.lines.iter().map(|line| {
        let group = &result.groups[line.group];
        let difference = line.difference.as_ref();
        let mut cells = vec![csv_cell(&group.strategy), csv_cell(&group.release)];
        cells.push(METRICS[line.metric].name.to_owned());
        cells.push(difference.map_or("", |difference| difference.verdict.name()).to_owned());
        let hit = line.seeds_hit;
        cells.extend(
            [
                difference.map(|difference| difference.mean),
                difference.map(|difference| difference.interval.0),
                difference.map(|difference| difference.interval.1),
                difference.map(|difference| difference.threshold),
                difference.and_then(|difference| difference.variance_removed),
                Some(line.seeds as f64),
                Some(line.censored as f64),
                hit.map(|hit| hit.hits as f64),
                hit.map(|hit| hit.share.0),
                hit.map(|hit| hit.share.1),
            ]
            .map(cell),
        );
        cells
    });
    table(header.split(',').collect(), rows)
}

/// Latency quantiles: over the requests of all seeds together, and as means over seeds.
#[must_use]
pub fn quantiles(result: &StudyResult, summary: &Summary) -> String {
    let header = "strategy,release,metric,unit,pooled,pooled_ci_low,pooled_ci_high,seed_mean,\
                  seed_ci_low,seed_ci_high";
    let rows = summary.pooled.iter().map(|line| {
        let group = &result.groups[line.group];
        let name = METRICS[line.metric].name;
        let seeds = summary.line(line.group, name);
        let of_seeds = seeds.and_then(|line| line.interval);
        let mut cells = vec![csv_cell(&group.strategy), csv_cell(&group.release)];
        cells.extend([name.to_owned(), "ms".to_owned()]);
        cells.extend(
            [
                Some(line.value),
                line.interval.map(|ends| ends.0),
                line.interval.map(|ends| ends.1),
                seeds.map(|line| line.mean),
                of_seeds.map(|ends| ends.0),
                of_seeds.map(|ends| ends.1),
            ]
            .map(cell),
        );
        cells
    });
    table(header.split(',').collect(), rows)
}

fn unit(unit: Unit, currency: &str) -> &str {
    match unit {
        Unit::Count => "1",
        Unit::Share => "share",
        Unit::Milliseconds => "ms",
        Unit::Seconds => "s",
        Unit::Money => currency,
    }
}

/// What happened when: means over the seeds of each bucket; latencies over all its requests.
#[must_use]
pub fn timeline(result: &StudyResult) -> String {
    let mut header = vec!["strategy", "release", "t_s", "sent"];
    header.extend(Outcome::ALL.map(Outcome::name));
    header.extend([
        "stale_reads",
        "forced_logins",
        "ok_p50_ms",
        "ok_p99_ms",
        "instances_routable",
        "instances_total",
        "weight_candidate",
        "in_system",
        "cache_lookups",
        "cache_hits",
        "store_calls",
        "cold",
        "hottest",
        "streams",
        "streams_candidate",
    ]);
    let rows = result.groups.iter().flat_map(|group| {
        let timeline = &group.timeline;
        timeline.buckets.iter().enumerate().map(move |(index, bucket)| {
            let start = timeline.start_of(index).as_secs_f64();
            let mut cells =
                vec![csv_cell(&group.strategy), csv_cell(&group.release), machine(start)];
            cells.extend(moment(bucket, timeline.runs));
            cells
        })
    });
    table(header, rows)
}

/// Whole microseconds: a bucket of the histogram is some per cent wide.
fn micros(nanoseconds: u64) -> f64 {
    (nanoseconds as f64 / 1e3).round()
}

fn moment(bucket: &Bucket, runs: u64) -> Vec<String> {
    let rounded = |count: u64, parts: f64| {
        machine((count as f64 * parts / runs.max(1) as f64).round() / parts)
    };
    // A thousandth of a request is enough to add buckets up, a hundredth for the rest.
    let mean = |count| rounded(count, 1e3);
    let rough = |count| rounded(count, 1e2);
    let quantile = |q| cell(bucket.ok.quantile(q).map(|latency| micros(latency) / 1e3));
    let mut cells = vec![mean(bucket.sent)];
    cells.extend(bucket.outcomes.map(mean));
    cells.extend([mean(bucket.stale_reads), mean(bucket.forced_logins)]);
    cells.extend([quantile(0.5), quantile(0.99)]);
    cells.extend([mean(bucket.routable), mean(bucket.instances)]);
    cells.push(machine(bucket.weight_candidate_bp as f64 / (runs.max(1) * 10_000) as f64));
    cells.push(rough(bucket.in_system));
    cells.extend([bucket.cache_lookups, bucket.cache_hits, bucket.store_calls].map(rough));
    cells.push(mean(bucket.cold));
    cells.push(machine((bucket.hottest_permille as f64 / runs.max(1) as f64).round() / 1e3));
    cells.extend([bucket.streams, bucket.streams_candidate].map(mean));
    cells
}

/// The scenario's phases, by intended send time: means over the seeds of each count; latencies
/// over all ok requests, and over all that ended, of all seeds.
#[must_use]
pub fn phases(result: &StudyResult) -> String {
    let mut header = vec!["strategy", "release", "phase", "requests"];
    header.extend(Outcome::ALL.map(Outcome::name));
    header.extend(["ok_mean_ms", "ok_p50_ms", "ok_p90_ms", "ok_p99_ms", "ok_p999_ms"]);
    header.extend(["all_mean_ms", "all_p50_ms", "all_p95_ms", "all_p99_ms"]);
    header.extend(["reads", "stale_reads", "forced_logins"]);
    let phases = &result.study.plan.phases;
    let rows = result.groups.iter().flat_map(|group| {
        phases.iter().zip(&group.phases).map(move |(phase, tally)| {
            let runs = group.rows.len().max(1) as f64;
            let mean = |count: u64| machine(count as f64 / runs);
            let strategy = csv_cell(&group.strategy);
            let mut cells = vec![strategy, csv_cell(&group.release), csv_cell(&phase.name)];
            cells.push(mean(tally.requests));
            cells.extend(tally.outcomes.map(mean));
            cells.push(cell(tally.ok.mean().map(|mean| mean / 1e6)));
            for q in [0.5, 0.9, 0.99, 0.999] {
                cells.push(cell(tally.ok.quantile(q).map(|latency| latency as f64 / 1e6)));
            }
            let mut all = tally.ok.clone();
            all.merge(&tally.failed);
            cells.push(cell(all.mean().map(|mean| mean / 1e6)));
            for q in [0.5, 0.95, 0.99] {
                cells.push(cell(all.quantile(q).map(|latency| latency as f64 / 1e6)));
            }
            cells.extend([tally.reads, tally.stale_reads, tally.forced_logins].map(mean));
            cells
        })
    });
    table(header, rows)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;

    const INTERFACE: &str = "strategy, release, seed, requests, attempts, ok, app_error, refused, \
        reset, overflow, timeout, unauthorized, in_flight, failed_share, excess_failed, \
        excess_failed_share, reads, stale_reads, forced_logins, ok_mean_ms, ok_p50_ms, ok_p90_ms, \
        ok_p95_ms, ok_p99_ms, ok_p999_ms, all_mean_ms, all_p99_ms, max_ms, \
        worst_minute_ok_p99_ms, mean_wait_ms, utilisation, users_active, users_affected, \
        sessions_lost, outcome, deploy_s, impact_s, detect_s, mitigate_s, candidate_requests, \
        min_available, min_routable, max_pods, instance_s, extra_instance_s, cost";

    fn header(table: &str) -> &str {
        table.lines().next().unwrap()
    }

    #[test]
    fn runs_begin_with_the_promised_columns_in_their_order() {
        let table = runs(&fixture::result());
        let promised = INTERFACE.replace(", ", ",");
        let more = "exposed_s,logouts_per_user,error_budget_burnt,streams_closed,streams_cut,\
                    max_instances_exposed,max_traffic_exposed,censored";
        assert_eq!(header(&table), format!("{promised},{more}"));
        assert_eq!(table.lines().count(), 1 + 9 * 20);
    }

    #[test]
    fn every_metric_has_exactly_one_column() {
        let mut places = columns();
        places.sort_unstable();
        assert_eq!(places, (0..METRICS.len()).collect::<Vec<_>>());
    }

    #[test]
    fn summary_and_timeline_have_the_promised_headers() {
        let result = fixture::result();
        assert_eq!(
            header(&summary(&result, &fixture::summary(&result))),
            "strategy,release,metric,unit,mean,ci_low,ci_high,p05,p50,p95,diff,diff_ci_low,\
             diff_ci_high"
        );
        assert_eq!(
            header(&timeline(&result)),
            "strategy,release,t_s,sent,ok,app_error,refused,reset,overflow,timeout,unauthorized,\
             stale_reads,forced_logins,ok_p50_ms,ok_p99_ms,instances_routable,instances_total,\
             weight_candidate,in_system,cache_lookups,cache_hits,store_calls,cold,hottest,streams,\
             streams_candidate"
        );
    }

    #[test]
    fn a_phase_has_its_reads_and_forced_logins_as_means() {
        use crate::plan::Phase;
        use crate::record::PhaseTally;
        let mut result = fixture::one_release();
        let (from, to) = (result.study.plan.clock.deploy_at, result.study.plan.clock.window);
        result.study.plan.phases = vec![Phase { name: "after".to_owned(), from, to }];
        for group in &mut result.groups {
            let (reads, stale_reads, forced_logins) = (400, 100, 30);
            let tally = PhaseTally { reads, stale_reads, forced_logins, ..PhaseTally::default() };
            group.phases = vec![tally];
        }
        let table = phases(&result);
        assert!(header(&table).ends_with(",all_p99_ms,reads,stale_reads,forced_logins"));
        assert!(table.lines().nth(1).unwrap().ends_with(",20,5,1.5"), "{table}");
    }

    #[test]
    fn timeline_counts_are_means_over_the_seeds() {
        let result = fixture::result();
        let table = timeline(&result);
        let row: Vec<&str> = table.lines().nth(1).unwrap().split(',').collect();
        let bucket = &result.groups[0].timeline.buckets[0];
        assert_eq!(row[2], "0");
        assert_eq!(row[3].parse::<f64>().unwrap(), bucket.sent as f64 / 20.0);
        assert_eq!(row[15], "12");
    }

    #[test]
    fn hostile_names_are_text_and_numbers_stay_numbers() {
        let result = fixture::hostile();
        let table = runs(&result);
        let mut reader = ::csv::Reader::from_reader(table.as_bytes());
        for record in reader.records() {
            let record = record.unwrap();
            assert!(!record[0].starts_with('=') && !record[1].starts_with('@'));
            assert!(!record.iter().any(|cell| cell.contains('\u{1b}')));
            assert!(record[3].parse::<u64>().is_ok());
        }
        assert!(table.contains("'=HYPERLINK"));
    }

    #[test]
    fn a_class_row_names_its_class_and_version() {
        let table = classes(&fixture::one_release());
        assert!(header(&table).starts_with("strategy,release,seed,class,version,requests,"));
        let second = table.lines().nth(2).unwrap();
        assert!(second.starts_with("(no deploy),,1,browse,bad,"), "{second}");
    }
}
