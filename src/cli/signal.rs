//! Ctrl-C and a request to end: a handler in a thread of its own.

use std::io;

/// Calls `handler` with the number of each SIGINT or SIGTERM from now on (where the system has
/// no such numbers, 2 for Ctrl-C).
///
/// # Errors
/// If the system does not let us handle signals.
#[cfg(unix)]
pub fn watch(handler: impl Fn(u8) + Send + 'static) -> io::Result<()> {
    use signal_hook::consts::{SIGINT, SIGTERM};
    let mut signals = signal_hook::iterator::Signals::new([SIGINT, SIGTERM])?;
    std::thread::Builder::new().name("signals".to_owned()).spawn(move || {
        for signal in signals.forever() {
            handler(u8::try_from(signal).unwrap_or(u8::MAX));
        }
    })?;
    Ok(())
}

/// Calls `handler` with 2 for each Ctrl-C from now on.
///
/// # Errors
/// If the system does not let us handle it.
#[cfg(not(unix))]
pub fn watch(handler: impl Fn(u8) + Send + 'static) -> io::Result<()> {
    ctrlc::set_handler(move || handler(2)).map_err(io::Error::other)
}
