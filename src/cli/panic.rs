//! Internal errors: one message, and the command that reproduces them.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, PoisonError};

use super::exit::Exit;
use super::failure::Failure;
use crate::experiment::{BrokenRun, message_of};

/// Where the first panic of the process happened.
static FIRST: Mutex<Option<String>> = Mutex::new(None);

/// Keeps panics quiet until their cause can be told with what reproduces it; with
/// `RUST_BACKTRACE` set, the usual message and trace come as well.
pub fn install_hook() {
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        let place = info.location().map(ToString::to_string).unwrap_or_default();
        FIRST.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(place);
        if std::env::var_os("RUST_BACKTRACE").is_some_and(|value| value != "0") {
            usual(info);
        }
    }));
}

/// Carries out `work`; a panic in it becomes a failure that tells how to reproduce it: with
/// the command that `reproduce` gives for the run that broke, else with this process' own.
pub fn guarded<T>(
    work: impl FnOnce() -> Result<T, Failure>,
    reproduce: impl FnOnce(&BrokenRun) -> String,
) -> Result<T, Failure> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|payload| {
        let place = FIRST.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let (message, command) = match payload.downcast_ref::<BrokenRun>() {
            Some(broken) => (broken.message.clone(), reproduce(broken)),
            None => (message_of(payload.as_ref()), own_command()),
        };
        let place = place.map_or_else(String::new, |place| format!(" ({place})"));
        Err(Failure::new(
            Exit::Internal,
            format!("internal error: {message}{place}\nreproduce: {command}"),
        ))
    })
}

/// The command line of this process.
fn own_command() -> String {
    let arguments = std::env::args().skip(1).map(|argument| quoted(&argument));
    std::iter::once("cutover".to_owned()).chain(arguments).collect::<Vec<_>>().join(" ")
}

/// A word as a shell reads it back.
#[must_use]
pub fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:,%@+".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_quoted_where_a_shell_would_change_them() {
        assert_eq!(quoted("service.replicas=12"), "service.replicas=12");
        assert_eq!(quoted("a b"), "'a b'");
        assert_eq!(quoted("it's"), r"'it'\''s'");
        assert_eq!(quoted(""), "''");
    }

    #[test]
    fn a_broken_run_is_told_with_the_command_that_repeats_it() {
        let failure = guarded(
            || -> Result<(), Failure> {
                std::panic::resume_unwind(Box::new(BrokenRun {
                    strategy: "canary".to_owned(),
                    release: "bad".to_owned(),
                    seed: 17,
                    message: "a request was lost".to_owned(),
                }))
            },
            |broken| format!("cutover run x --strategy {} --seed {}", broken.strategy, broken.seed),
        );
        let failure = failure.unwrap_err();
        assert_eq!(failure.exit, Exit::Internal);
        assert!(failure.message.starts_with("internal error: a request was lost"));
        assert!(
            failure.message.ends_with("\nreproduce: cutover run x --strategy canary --seed 17\n")
        );
    }
}
