//! Recordings of real rollouts through real load balancers: each is written as a scenario with
//! named instances and a script, run as any scenario is, and held against what was measured.

pub mod checks;
mod fields;
pub mod mapping;
pub mod recording;
mod steps;
#[cfg(test)]
mod tests;
