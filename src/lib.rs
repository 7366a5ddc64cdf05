//! cutover
pub mod engine;
pub mod experiment;
pub mod plan;
pub mod platform;
pub mod record;
pub mod scenario;
pub mod simulation;
pub mod strategy;
