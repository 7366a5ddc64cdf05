//! Recordings of real rollouts through real load balancers: each is written as a scenario with
//! named instances and a script, run as any scenario is, and held against what was measured.

pub mod checks;
pub mod mapping;
pub mod recording;
#[cfg(test)]
mod tests;
