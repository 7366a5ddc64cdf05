//! The served world: what the monitoring system sees of it.

pub mod telemetry;
