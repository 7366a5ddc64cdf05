//! All integration tests in one binary, so that the crate is linked once.

mod bad_inputs;
mod dependencies;
mod kubernetes;
mod samplers;
mod theory;
mod tidy;
