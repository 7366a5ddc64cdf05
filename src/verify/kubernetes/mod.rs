//! Recorded rollouts of the real Kubernetes controllers, simulated and compared.

pub mod checks;
pub mod mapping;
pub mod recording;
pub mod replay;
