//! The `cutover` command: everything is in the library, see [`cutover::cli`].

use std::process::ExitCode;

fn main() -> ExitCode {
    cutover::cli::main()
}
