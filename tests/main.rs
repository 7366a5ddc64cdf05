//! All integration tests in one binary, so that the crate is linked once.

mod bad_inputs;
mod dependencies;
mod samplers;
mod scenario;
mod theory;
mod tidy;
