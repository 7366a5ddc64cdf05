//! Percentile tables in the layout of HdrHistogram's Java tools, in milliseconds: five rows for
//! each halving of the distance to 100 %, as in `outputPercentileDistribution`.
//!
//! The rows' levels are dyadic fractions and are computed as such: a logarithm that is off in
//! its last bit would move a row.

use std::fmt::Write;

use crate::engine::Histogram;

const ROWS_PER_HALVING: u32 = 5;
const NANOSECONDS_PER_UNIT: f64 = 1e6;

/// The table.
#[must_use]
pub fn percentile_table(latency: &Histogram) -> String {
    let mut table = format!(
        "{:>12} {:>14} {:>10} {:>14}\n\n",
        "Value", "Percentile", "TotalCount", "1/(1-Percentile)"
    );
    let total = latency.len();
    let mut level = Level::default();
    let mut seen = 0;
    let mut highest = 0;
    for (lowest, width, count) in latency.buckets() {
        seen += count;
        highest = lowest + width - 1;
        while seen < total && level.is_reached(seen, total) {
            row(&mut table, highest, level.share(), seen, Some(level.inverse()));
            level.advance();
        }
        if seen == total {
            row(&mut table, highest, level.share(), seen, Some(level.inverse()));
        }
    }
    if total > 0 {
        row(&mut table, highest, 1.0, total, None);
    }
    footer(&mut table, latency, highest);
    table
}

fn row(table: &mut String, value: u64, share: f64, count: u64, inverse: Option<f64>) {
    let value = value as f64 / NANOSECONDS_PER_UNIT;
    let written = match inverse {
        Some(inverse) => writeln!(table, "{value:>12.3} {share:.12} {count:>10} {inverse:>14.2}"),
        None => writeln!(table, "{value:>12.3} {share:.12} {count:>10}"),
    };
    written.expect("memory takes every write");
}

/// A share of requests: 1 - (1 - step/10) / 2^halvings, step in 0 .. 5.
#[derive(Default)]
struct Level {
    halvings: u32,
    step: u32,
}

impl Level {
    fn rest(&self) -> f64 {
        let steps = f64::from(2 * ROWS_PER_HALVING);
        (steps - f64::from(self.step)) / steps / (1u128 << self.halvings) as f64
    }

    fn share(&self) -> f64 {
        1.0 - self.rest()
    }

    fn inverse(&self) -> f64 {
        1.0 / self.rest()
    }

    /// Whether `seen` of `total` values are at least this share, in whole numbers.
    fn is_reached(&self, seen: u64, total: u64) -> bool {
        let steps = u128::from(2 * ROWS_PER_HALVING);
        let missing = u128::from(total - seen) * steps * (1u128 << self.halvings);
        missing <= u128::from(total) * (steps - u128::from(self.step))
    }

    /// The next row. Past 2^60 requests there is nothing to tell apart.
    fn advance(&mut self) {
        self.step += 1;
        if self.step == ROWS_PER_HALVING {
            self.step = 0;
            self.halvings += 1;
        }
        assert!(self.halvings <= 64, "a count of u64 values cannot be halved more often");
    }
}

/// Mean and deviation of the buckets' middles, as the Java tools compute them.
fn footer(table: &mut String, latency: &Histogram, highest: u64) {
    let total = latency.len().max(1) as f64;
    let middles = || latency.buckets().map(|(low, width, count)| (low + width / 2, count as f64));
    let mean = middles().map(|(value, count)| value as f64 * count).sum::<f64>() / total;
    let squares = middles().map(|(value, count)| {
        let distance = value as f64 - mean;
        distance * distance * count
    });
    let deviation = (squares.sum::<f64>() / total).sqrt();
    writeln!(
        table,
        "#[Mean    = {:>12.3}, StdDeviation   = {:>12.3}]\n\
         #[Max     = {:>12.3}, Total count    = {:>12}]\n\
         #[Buckets = {:>12}, SubBuckets     = {:>12}]",
        mean / NANOSECONDS_PER_UNIT,
        deviation / NANOSECONDS_PER_UNIT,
        highest as f64 / NANOSECONDS_PER_UNIT,
        latency.len(),
        buckets(highest),
        2048
    )
    .expect("memory takes every write");
}

/// HdrHistogram's bucket count at three digits for values up to `highest`.
fn buckets(highest: u64) -> u32 {
    let bits = 64 - highest.leading_zeros();
    1 + bits.saturating_sub(11)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table_of(values: impl IntoIterator<Item = u64>) -> (Histogram, String) {
        let mut latency = Histogram::new();
        values.into_iter().for_each(|value| latency.record(value));
        let table = percentile_table(&latency);
        (latency, table)
    }

    fn rows(table: &str) -> Vec<Vec<f64>> {
        let body = table.lines().skip(2).filter(|line| !line.starts_with('#'));
        body.map(|line| line.split_whitespace().map(|cell| cell.parse().unwrap()).collect())
            .collect()
    }

    #[test]
    fn a_table_reads_as_the_java_tools_write_it() {
        let (_, table) = table_of((1..=8).map(|index| index * 1_000_000));
        let expected = [
            "       Value     Percentile TotalCount 1/(1-Percentile)",
            "",
            "       1.000 0.000000000000          1           1.00",
            "       1.000 0.100000000000          1           1.11",
            "       2.001 0.200000000000          2           1.25",
            "       3.000 0.300000000000          3           1.43",
            "       4.002 0.400000000000          4           1.67",
            "       4.002 0.500000000000          4           2.00",
            "       5.001 0.550000000000          5           2.22",
            "       5.001 0.600000000000          5           2.50",
            "       6.001 0.650000000000          6           2.86",
            "       6.001 0.700000000000          6           3.33",
            "       6.001 0.750000000000          6           4.00",
            "       7.000 0.775000000000          7           4.44",
            "       7.000 0.800000000000          7           5.00",
            "       7.000 0.825000000000          7           5.71",
            "       7.000 0.850000000000          7           6.67",
            "       7.000 0.875000000000          7           8.00",
            "       8.004 0.887500000000          8           8.89",
            "       8.004 1.000000000000          8",
            "#[Mean    =        4.500, StdDeviation   =        2.291]",
            "#[Max     =        8.004, Total count    =            8]",
            "#[Buckets =           13, SubBuckets     =         2048]",
        ];
        assert_eq!(table.lines().collect::<Vec<_>>(), expected);
    }

    #[test]
    fn rows_rise_to_the_maximum_and_hold_the_quantiles() {
        let (latency, table) = table_of((0..20_000u64).map(|index| index * index * 97 + 2_000_000));
        let rows = rows(&table);
        assert!(rows.len() > 40);
        for pair in rows.windows(2) {
            assert!(pair[0][0] <= pair[1][0] && pair[0][1] < pair[1][1], "{pair:?}");
        }
        for row in &rows[..rows.len() - 1] {
            let exact = latency.quantile(row[1]).unwrap() as f64 / 1e6;
            assert!((row[0] - exact).abs() <= exact / 900.0 + 0.001, "{row:?}, not {exact}");
            assert!((row[3] * (1.0 - row[1]) - 1.0).abs() < 0.01, "{row:?}");
        }
        assert_eq!(rows.last().unwrap()[1..], [1.0, 20_000.0]);
    }

    #[test]
    fn rows_are_those_of_the_hdrhistogram_library() {
        // A prime number of values: no row falls on a boundary, where the library's floating
        // levels (0.30000000000000004) go one value further.
        let (latency, table) = table_of((0..19_997u64).map(|index| index * index * 97 + 2_000_000));
        let library = super::super::hlog::convert(&latency);
        let theirs: Vec<[f64; 3]> = library
            .iter_quantiles(ROWS_PER_HALVING)
            .scan(0, |seen, row| {
                *seen += row.count_since_last_iteration();
                let value = row.value_iterated_to() as f64 / 1e6;
                Some([value, row.quantile_iterated_to(), *seen as f64])
            })
            .collect();
        let ours = rows(&table);
        assert_eq!(ours.len(), theirs.len());
        for (ours, theirs) in ours.iter().zip(&theirs) {
            for (a, b) in ours.iter().zip(theirs) {
                assert!((a - b).abs() < 6e-4, "{ours:?}, not {theirs:?}");
            }
        }
    }

    #[test]
    fn an_empty_histogram_makes_a_table_without_rows() {
        let (_, table) = table_of([]);
        assert_eq!(rows(&table), Vec::<Vec<f64>>::new());
        assert!(table.contains("Total count    =            0]"), "{table}");
    }
}
