//! cutover
pub mod engine;
pub mod experiment;
pub mod model;
pub mod plan;
pub mod platform;
pub mod record;
pub mod simulation;
pub mod strategy;
pub mod verify;
