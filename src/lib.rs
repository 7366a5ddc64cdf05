//! cutover
pub mod cli;
pub mod engine;
pub mod experiment;
pub mod model;
pub mod plan;
pub mod platform;
pub mod record;
pub mod report;
pub mod scenario;
pub mod simulation;
pub mod stats;
pub mod strategy;
pub mod verify;
