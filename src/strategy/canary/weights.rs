//! What a canary with a router wants: the weight of a step, the pods for a weight, and when
//! the router may get it.
//!
//! Written from a reading of argoproj/argo-rollouts 9f8d111d and held against its tables
//! (`argo_current_set_weight`, `argo_traffic_weight_to_replicas`). Surge and unavailability play
//! no part here: the stable set keeps its size, and the canary comes on top.

use crate::plan::{CanaryStep, Header, Routing, VersionId};

/// All of the traffic, in basis points.
pub const ALL_BP: u32 = 10_000;

/// A share of the traffic in basis points.
#[must_use]
pub fn basis_points(share: f64) -> u32 {
    (share * f64::from(ALL_BP) + 0.5) as u32
}

/// The weight of the last `Weight` step among the first `count` ones; 0 if there is none.
#[must_use]
pub fn last_weight(steps: &[CanaryStep], count: usize) -> u32 {
    let weight = |step: &CanaryStep| match step {
        CanaryStep::Weight(share) => Some(basis_points(*share)),
        _ => None,
    };
    steps[..count.min(steps.len())].iter().rev().find_map(weight).unwrap_or(0)
}

/// The weight in force at a step: set there or before; all of it past the end.
#[must_use]
pub fn weight_at(steps: &[CanaryStep], index: usize) -> u32 {
    if index >= steps.len() { ALL_BP } else { last_weight(steps, index + 1) }
}

/// Pods for a weight: rounded up.
#[must_use]
pub fn pods_for(replicas: u32, weight: u32, max_weight: u32) -> u32 {
    (u64::from(replicas) * u64::from(weight)).div_ceil(u64::from(max_weight)) as u32
}

/// The weight that the router may have at a step: the step's once the canary has its pods,
/// before that the one of the step before, and none without an available pod.
#[must_use]
pub fn allowed_weight(
    steps: &[CanaryStep],
    index: usize,
    canary_has_its_pods: bool,
    canary_available: u32,
) -> u32 {
    match canary_available {
        0 => 0,
        _ if canary_has_its_pods => weight_at(steps, index),
        _ => last_weight(steps, index),
    }
}

/// What steps up to the one under way have set beside the weight.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Managed {
    /// Requests that go to the canary whatever the weight.
    pub header: Option<Header>,
    /// So many of 10,000 requests are copied to the canary.
    pub mirror_bp: u32,
    /// The canary's pods as a share of the replicas, whatever the weight.
    pub scale: Option<f64>,
}

impl Managed {
    /// What holds at a step. Past the end nothing does: the controller removes its routes.
    #[must_use]
    pub fn at(steps: &[CanaryStep], index: usize) -> Self {
        let mut managed = Self::default();
        if index >= steps.len() {
            return managed;
        }
        for step in &steps[..=index] {
            match step {
                CanaryStep::Header(header) => managed.header = *header,
                CanaryStep::Mirror(share) => managed.mirror_bp = basis_points(*share),
                CanaryStep::Scale(scale) => managed.scale = *scale,
                CanaryStep::Weight(_) | CanaryStep::Pause(_) | CanaryStep::Analysis(_) => {}
            }
        }
        managed
    }

    /// Pods that a canary of this weight needs: as a step scaled it; else enough for the
    /// largest of its shares, and one for a header's class, whose share nobody knows.
    #[must_use]
    pub fn pods(&self, replicas: u32, weight: u32) -> u32 {
        if let Some(scale) = self.scale {
            return pods_for(replicas, basis_points(scale), ALL_BP);
        }
        let of_header = self.header.map_or(0, |header| match header.class {
            None => pods_for(replicas, header.share_bp, ALL_BP),
            Some(_) => u32::from(header.share_bp > 0).min(replicas),
        });
        pods_for(replicas, weight.max(self.mirror_bp), ALL_BP).max(of_header)
    }

    /// The routing of a weight with these routes.
    #[must_use]
    pub fn routing(&self, stable: VersionId, candidate: VersionId, weight_bp: u32) -> Routing {
        let Self { header, mirror_bp, .. } = *self;
        if header.is_some() || mirror_bp > 0 {
            return Routing::Routes { stable, candidate, weight_bp, header, mirror_bp };
        }
        match weight_bp {
            0 => Routing::Only(stable),
            weight_bp => Routing::Split { stable, candidate, weight_bp },
        }
    }
}
