//! What people already have, as scenarios: each source has a file, which writes text that the
//! person reads, corrects and keeps.

pub mod kubernetes;
mod tree;
