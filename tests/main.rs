//! All integration tests in one binary, so that the crate is linked once.

mod bad_inputs;
mod cli;
mod coverage;
mod dependencies;
mod kubernetes;
mod readme;
mod samplers;
mod shipped;
mod scenario;
mod theory;
mod tidy;
