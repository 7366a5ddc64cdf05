//! The served world: arrivals, clients, balancers, instances, and what is counted about them.
//!
//! The parts here are mechanisms without an event loop of their own; `simulation` ties them
//! together. Nothing here knows pods or controllers.

pub mod arrivals;
pub mod balancer;
pub mod client;
pub mod connections;
pub mod dns;
pub mod instance;
pub mod ledger;
pub mod request;
pub mod sharing;
pub mod state;
pub mod store;
pub mod telemetry;
pub mod users;
