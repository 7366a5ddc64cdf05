//! Interval logs: one compressed histogram a line, with its place in simulated time.

use std::time::{Duration, SystemTime};

use hdrhistogram::Histogram as Hdr;
use hdrhistogram::serialization::V2DeflateSerializer;
use hdrhistogram::serialization::interval_log::{IntervalLogWriterBuilder, Tag};

use crate::engine::Histogram;
use crate::plan::Clock;

/// A line of a log: the whole window of one release.
pub struct Interval {
    /// Told apart by this where a log has several.
    pub tag: Option<String>,
    /// Nanoseconds.
    pub latency: Histogram,
}

/// The log. Its clock is the scenario's: nothing in it depends on when it was made.
///
/// # Panics
/// Never: memory takes every write, and every value fits the histogram made for it.
#[must_use]
pub fn interval_log(clock: &Clock, seeds: u64, intervals: &[Interval]) -> String {
    let never = "a histogram is written to memory";
    let mut log = Vec::new();
    let mut serializer = V2DeflateSerializer::new();
    let start = SystemTime::UNIX_EPOCH
        + Duration::from_nanos(u64::try_from(clock.start_unix_ns).unwrap_or_default());
    let mut writer = IntervalLogWriterBuilder::new()
        .add_comment("[Histogram log format version 1.3]")
        .add_comment(&format!(
            "[Logged by cutover: latency of ok requests in nanoseconds, {seeds} seeds pooled]"
        ))
        .with_start_time(start)
        .with_max_value_divisor(1e6)
        .begin_log_with(&mut log, &mut serializer)
        .expect(never);
    writer
        .write_comment("\"StartTimestamp\",\"Interval_Length\",\"Interval_Max\",\"Interval_Compressed_Histogram\"")
        .expect(never);
    let window = Duration::from_nanos(clock.window.0);
    for interval in intervals {
        let tag = interval.tag.as_deref().and_then(Tag::new);
        let histogram = convert(&interval.latency);
        writer.write_histogram(&histogram, Duration::ZERO, window, tag).expect(never);
    }
    String::from_utf8(log).expect("logs are text").replacen("#\"Start", "\"Start", 1)
}

/// The same counts in the same buckets.
pub(super) fn convert(latency: &Histogram) -> Hdr<u64> {
    let highest = latency.max().unwrap_or(0).max(2);
    let mut histogram = Hdr::new_with_bounds(1, highest, 3).expect("bounds are in order");
    for (lowest, _, count) in latency.buckets() {
        histogram.record_n(lowest, count).expect("the bounds hold the maximum");
    }
    histogram
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;
    use hdrhistogram::serialization::Deserializer;
    use hdrhistogram::serialization::interval_log::{IntervalLogIterator, LogEntry};

    fn log_of(values: impl IntoIterator<Item = u64>) -> (Histogram, String) {
        let mut latency = Histogram::new();
        values.into_iter().for_each(|value| latency.record(value));
        let interval = Interval { tag: Some("good".to_owned()), latency: latency.clone() };
        (latency, interval_log(&fixture::plan().clock, 20, &[interval]))
    }

    #[test]
    fn a_log_gives_back_every_bucket() {
        let (latency, log) = log_of((0..5000u64).map(|index| 900_000 + index * index * 131));
        let text: String = log
            .lines()
            .filter(|line| !line.starts_with('"'))
            .fold(String::new(), |text, line| text + line + "\n");
        let mut histograms = IntervalLogIterator::new(text.as_bytes()).filter_map(|entry| {
            match entry.expect("a readable log") {
                LogEntry::Interval(interval) => Some(interval),
                _ => None,
            }
        });
        let interval = histograms.next().expect("one line");
        assert_eq!(interval.tag().map(|tag| tag.as_str()), Some("good"));
        assert_eq!(interval.duration(), Duration::from_secs(900));
        let bytes = decode(interval.encoded_histogram());
        let read: Hdr<u64> =
            Deserializer::new().deserialize(&mut bytes.as_slice()).expect("a histogram");
        assert_eq!(read.len(), latency.len());
        for (lowest, width, count) in latency.buckets() {
            assert_eq!(read.count_at(lowest + width / 2), count);
        }
    }

    #[test]
    fn the_header_carries_simulated_time_only() {
        let (_, log) = log_of([5]);
        let lines: Vec<&str> = log.lines().collect();
        assert_eq!(lines[0], "#[Histogram log format version 1.3]");
        assert_eq!(lines[2], "#[StartTime: 1751058000.000 (seconds since epoch)]");
        assert!(lines[4].starts_with("\"StartTimestamp\""), "{log}");
        assert!(lines[5].starts_with("Tag=good,0.000,900.000,0.000,HIST"), "{log}");
    }

    #[test]
    fn no_requests_still_make_a_log() {
        assert!(log_of([]).1.lines().count() == 6);
    }

    /// Base 64, as the log spells its histograms.
    fn decode(text: &str) -> Vec<u8> {
        let digit = |byte| match byte {
            b'A'..=b'Z' => u32::from(byte - b'A'),
            b'a'..=b'z' => u32::from(byte - b'a') + 26,
            b'0'..=b'9' => u32::from(byte - b'0') + 52,
            b'+' => 62,
            _ => 63,
        };
        let digits: Vec<u32> = text.bytes().filter(|&byte| byte != b'=').map(digit).collect();
        digits
            .chunks(4)
            .flat_map(|chunk| {
                let bits = (0..4).fold(0, |sum, i| sum << 6 | chunk.get(i).unwrap_or(&0));
                bits.to_be_bytes()[1..chunk.len()].to_vec()
            })
            .collect()
    }
}
