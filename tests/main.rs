//! All integration tests in one binary, so that the crate is linked once.

mod bad_inputs;
mod cli;
mod coverage;
mod dependencies;
mod determinism;
mod kubernetes;
mod page;
mod readme;
mod results;
mod samplers;
mod scenario;
mod shipped;
mod shipped_pushes;
mod shipped_state;
mod shipped_traffic;
mod testbed;
mod theory;
mod tidy;
