//! Time: a thread's processor time, and the wall's.

use std::time::Instant;

/// Nanoseconds this thread has spent on a processor, where the system tells.
fn on_processor() -> Option<f64> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    text.split_whitespace().next()?.parse().ok()
}

/// Nanoseconds that `work` takes on this thread, and what it gives.
pub fn of_thread<T>(work: impl FnOnce() -> T) -> (f64, T) {
    let (begun, before) = (Instant::now(), on_processor());
    let result = work();
    let passed = begun.elapsed().as_nanos() as f64;
    let spent = before.zip(on_processor()).map(|(before, after)| after - before);
    (spent.unwrap_or(passed), result)
}

/// Nanoseconds that pass while `work` is done.
pub fn of_wall<T>(work: impl FnOnce() -> T) -> f64 {
    let begun = Instant::now();
    std::hint::black_box(work());
    begun.elapsed().as_nanos() as f64
}
