//! Rare events: one kind in the calendar, the details in a slab beside it.

use crate::plan::{EndpointConditions, Routing};
use crate::strategy::people::OnCallEvent;

use super::behind::{FaultEvent, SchemaEvent};
use super::layer::LayerEvent;

/// Something rare that is due.
#[derive(Clone, Copy, Debug)]
pub(super) enum Cold {
    /// The platform's, the controller's, the operator's or a script's business.
    Layer(LayerEvent),
    /// News of an endpoint reaches a balancer node.
    View { node: u32, address: u32, change: u64, conditions: Option<EndpointConditions> },
    /// News of the routing reaches a balancer node.
    Route { node: u32, change: u64, routing: Routing },
    /// A node checks an address's health, if its checks are still those of this life.
    Check { node: u32, address: u32, life: u32 },
    /// An address that was set aside is taken back.
    Readmit { node: u32, address: u32 },
    /// A request has waited in a node's queue for as long as it may.
    QueueTimeout { slot: u32, number: u64, attempts: u8 },
    /// A node's patience with an instance's answer may be over.
    ServerTimeout,
    /// A node's patience with requests in an instance that it no longer uses is over.
    DrainEnd { node: u32, address: u32 },
    /// An instance stops answering, if its process is still that one.
    Hang { instance: u32, start: u32 },
    /// The window begins.
    WindowStart,
    /// A timeline bucket ends.
    BucketEnd { bucket: u32 },
    /// Busy workers are counted.
    Usage,
    /// Metrics are scraped, or alerts looked at.
    Monitor,
    /// A fault begins or ends.
    Fault(FaultEvent),
    /// A schema change or a backfill goes on.
    Schema(SchemaEvent),
    /// The next nodes of a cache are replaced.
    ReplaceNodes { cache: u16, done: u32 },
    /// A logged-out user logs in.
    Login { user: u32, number: u32 },
    /// A user's ticket arrives.
    Ticket { class: u8 },
    /// The on-call person's next step.
    People(OnCallEvent),
}

/// Pending rare events.
#[derive(Debug, Default)]
pub(super) struct ColdQueue {
    events: Vec<Option<Cold>>,
    free: Vec<u32>,
}

impl ColdQueue {
    /// Stores an event; its number goes into the calendar.
    pub fn insert(&mut self, event: Cold) -> u32 {
        if let Some(number) = self.free.pop() {
            self.events[number as usize] = Some(event);
            number
        } else {
            self.events.push(Some(event));
            self.events.len() as u32 - 1
        }
    }

    /// Takes an event out.
    ///
    /// # Panics
    /// If there is none of that number.
    pub fn take(&mut self, number: u32) -> Cold {
        self.free.push(number);
        self.events[number as usize].take().expect("a pending rare event")
    }
}
