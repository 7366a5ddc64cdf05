//! All integration tests in one binary, so that the crate is linked once.

mod bad_inputs;
mod cli;
mod coverage;
mod dependencies;
mod samplers;
mod theory;
mod tidy;
