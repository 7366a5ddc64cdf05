//! Failed requests, hop by hop: a sample for the story and the report.

use crate::model::request::Request;
use crate::record::{Cause, EventKind, FailedRequest, Hop, Outcome};

use super::world::{World, some};

/// Collects the hops of requests in the system, and keeps a sample of those that failed: the
/// first few of each outcome and cause.
#[derive(Debug)]
pub(super) struct Tracer {
    hops: Vec<Vec<Hop>>,
    kept: [[u32; Cause::ALL.len()]; Outcome::ALL.len()],
    most: u32,
}

impl Tracer {
    /// Keeps at most `most` requests of each outcome and cause.
    pub fn new(most: u32) -> Self {
        Self { hops: Vec::new(), kept: [[0; Cause::ALL.len()]; Outcome::ALL.len()], most }
    }

    fn of(&mut self, slot: u32) -> &mut Vec<Hop> {
        let slot = slot as usize;
        if slot >= self.hops.len() {
            self.hops.resize_with((slot + 1).next_power_of_two(), Vec::new);
        }
        &mut self.hops[slot]
    }
}

impl World {
    /// Notes what came of an attempt or try.
    pub fn trace(&mut self, slot: u32, what: &str) {
        let Some(tracer) = &mut self.tracer else { return };
        let request = &self.requests[slot];
        tracer.of(slot).push(Hop {
            at: self.now,
            balancer_node: u32::from(request.node),
            instance: some(request.instance),
            result: what.to_owned(),
        });
    }

    /// The request goes on in another record.
    pub fn move_trace(&mut self, from: u32, to: u32) {
        let Some(tracer) = &mut self.tracer else { return };
        let hops = std::mem::take(tracer.of(from));
        *tracer.of(to) = hops;
    }

    /// The request has ended.
    #[cold]
    pub fn close_trace(
        &mut self,
        slot: u32,
        request: &Request,
        outcome: Outcome,
        cause: Option<Cause>,
    ) {
        let counted = self.ledger.measures(request.sent);
        let user = some(self.user_of(request));
        let Some(tracer) = &mut self.tracer else { return };
        let hops = std::mem::take(tracer.of(slot));
        let Some(cause) = cause.filter(|_| counted) else { return };
        let kept = &mut tracer.kept[outcome as usize][cause as usize];
        if *kept < tracer.most {
            *kept += 1;
            self.note(EventKind::RequestFailed(FailedRequest {
                class: u16::from(request.class),
                user,
                sent: request.sent,
                outcome,
                cause,
                hops,
            }));
        }
    }
}
