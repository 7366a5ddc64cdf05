//! All integration tests in one binary, so that the crate is linked once.

mod bad_inputs;
mod cli;
mod dependencies;
mod kubernetes;
mod page;
mod readme;
mod samplers;
mod scenario;
mod shipped;
mod theory;
mod tidy;
