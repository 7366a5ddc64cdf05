//! The progress line on stderr: how much is done, how fast, and how long it will take.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::experiment::Progress;
use crate::record::Work;

use super::console::to_stderr;

/// A line is drawn at most this often on a terminal …
const REDRAW: Duration = Duration::from_millis(100);
/// … and printed this often anywhere else.
const REPRINT: Duration = Duration::from_secs(5);

/// Draws a study's progress.
pub struct ProgressLine {
    /// Whether the line is drawn over the one before.
    overwrites: bool,
    shown: bool,
    state: Mutex<State>,
}

struct State {
    begun: Instant,
    drawn: Option<Instant>,
    restored: u64,
    done: u64,
    total: u64,
    requests: u64,
}

impl ProgressLine {
    /// A line that is drawn if `shown`, over itself if stderr is a terminal.
    #[must_use]
    pub fn new(shown: bool, overwrites: bool) -> Self {
        let begun = Instant::now();
        let state = State { begun, drawn: None, restored: 0, done: 0, total: 0, requests: 0 };
        Self { overwrites, shown, state: Mutex::new(state) }
    }

    /// Takes the line away, so that something else can be printed.
    pub fn clear(&self) {
        if self.shown && self.overwrites {
            to_stderr("\r\u{1b}[K");
        }
    }

    fn draw(&self, state: &mut State) {
        let now = Instant::now();
        let pause = if self.overwrites { REDRAW } else { REPRINT };
        let due = state.drawn.is_none_or(|drawn| now.duration_since(drawn) >= pause);
        if !self.shown || !(due || state.done == state.total) {
            return;
        }
        state.drawn = Some(now);
        let line = line(state, now.duration_since(state.begun));
        if self.overwrites {
            to_stderr(&format!("\r\u{1b}[K{line}"));
        } else {
            to_stderr(&format!("{line}\n"));
        }
    }
}

impl Progress for ProgressLine {
    fn started(&self, finished: u64, total: u64) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        (state.begun, state.restored) = (Instant::now(), finished);
        (state.done, state.total) = (finished, total);
        self.draw(&mut state);
    }

    fn finished(&self, work: &Work) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.done += 1;
        state.requests += work.requests;
        self.draw(&mut state);
    }
}

/// `[####----------------] 120 of 600 runs, 4.1 million requests/s, 0:24 left`
fn line(state: &State, passed: Duration) -> String {
    const CELLS: u64 = 20;
    let filled = (state.done * CELLS).checked_div(state.total).unwrap_or(CELLS) as usize;
    let bar = format!("{}{}", "#".repeat(filled), "-".repeat(CELLS as usize - filled));
    let mut line = format!("[{bar}] {} of {} runs", state.done, state.total);
    let (own, seconds) = (state.done - state.restored, passed.as_secs_f64());
    if own > 0 && seconds > 0.0 {
        let rate = state.requests as f64 / seconds;
        line.push_str(&format!(", {} requests/s", magnitude(rate)));
        if state.done < state.total {
            let left = seconds / own as f64 * (state.total - state.done) as f64;
            line.push_str(&format!(", {} left", clock(left)));
        }
    }
    line
}

/// `0:07`, `12:30`, `3:05:00`.
#[must_use]
pub fn clock(seconds: f64) -> String {
    let seconds = seconds.ceil().clamp(0.0, 1e9) as u64;
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours > 0 {
        format!("{hours}:{minutes:02}:{seconds:02}")
    } else {
        format!("{minutes}:{seconds:02}")
    }
}

/// A large number in words: `4.1 million`.
#[must_use]
pub fn magnitude(number: f64) -> String {
    match number {
        n if n >= 1e9 => format!("{:.1} billion", n / 1e9),
        n if n >= 1e6 => format!("{:.1} million", n / 1e6),
        n if n >= 1e4 => format!("{:.0} thousand", n / 1e3),
        n => format!("{n:.0}"),
    }
}

/// What the work came to, for the end of a study.
#[must_use]
pub fn figures(runs: u64, work: &Work, passed: Duration) -> String {
    let seconds = passed.as_secs_f64().max(1e-9);
    format!(
        "{runs} runs in {:.1} s: {} requests ({}/s), {} events ({}/s)",
        seconds,
        magnitude(work.requests as f64),
        magnitude(work.requests as f64 / seconds),
        magnitude(work.events as f64),
        magnitude(work.events as f64 / seconds),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(restored: u64, done: u64, total: u64, requests: u64) -> State {
        State { begun: Instant::now(), drawn: None, restored, done, total, requests }
    }

    #[test]
    fn the_line_tells_how_much_how_fast_and_how_long() {
        let text = line(&state(0, 120, 600, 24_600_000), Duration::from_secs(6));
        assert_eq!(
            text,
            "[####----------------] 120 of 600 runs, 4.1 million requests/s, 0:24 left"
        );
    }

    #[test]
    fn what_a_checkpoint_brought_does_not_count_as_speed() {
        let text = line(&state(500, 510, 600, 1_000), Duration::from_secs(10));
        assert!(text.ends_with(", 100 requests/s, 1:30 left"), "{text}");
        let done = line(&state(600, 600, 600, 0), Duration::from_secs(1));
        assert_eq!(done, "[####################] 600 of 600 runs");
    }

    #[test]
    fn times_and_numbers_read_as_people_write_them() {
        assert_eq!(
            (clock(7.0), clock(750.0), clock(11_100.0)),
            ("0:07".into(), "12:30".into(), "3:05:00".into())
        );
        assert_eq!((magnitude(950.0), magnitude(12_300.0)), ("950".into(), "12 thousand".into()));
        assert_eq!(
            (magnitude(4.1e6), magnitude(2.0e9)),
            ("4.1 million".into(), "2.0 billion".into())
        );
    }
}
