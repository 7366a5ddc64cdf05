//! Ctrl-C, a request to end, a terminal that goes away: a handler in a thread of its own.

use std::io;

use super::console::to_stderr;
use super::exit::Exit;

/// Calls `handler` with the number of each SIGINT, SIGTERM or SIGHUP from now on (where the system
/// has no such numbers, 2 for Ctrl-C).
///
/// # Errors
/// If the system does not let us handle signals.
#[cfg(unix)]
pub fn watch(mut handler: impl FnMut(u8) + Send + 'static) -> io::Result<()> {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
    let mut signals = signal_hook::iterator::Signals::new([SIGINT, SIGTERM])?;
    if !hangups_are_ignored() {
        signals.handle().add_signal(SIGHUP)?;
    }
    std::thread::Builder::new().name("signals".to_owned()).spawn(move || {
        for signal in signals.forever() {
            handler(u8::try_from(signal).unwrap_or(u8::MAX));
        }
    })?;
    Ok(())
}

/// Whether this process was started to outlive its terminal (`nohup`): that must stay so. Where
/// the system does not say, it was not.
#[cfg(unix)]
fn hangups_are_ignored() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    // The lowest bit stands for signal 1, SIGHUP.
    ignored
        .and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok())
        .is_some_and(|mask| mask & 1 == 1)
}

/// From now on a signal ends the process with a line that says why.
pub fn end_with(what: &'static str) {
    let watched = watch(move |number| {
        to_stderr(what);
        std::process::exit(i32::from(Exit::Signal(number).code()));
    });
    // Without a handler a signal ends the process as it always does.
    drop(watched);
}

/// Calls `handler` with 2 for each Ctrl-C from now on.
///
/// # Errors
/// If the system does not let us handle it.
#[cfg(not(unix))]
pub fn watch(mut handler: impl FnMut(u8) + Send + 'static) -> io::Result<()> {
    ctrlc::set_handler(move || handler(2)).map_err(io::Error::other)
}
