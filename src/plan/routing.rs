//! Words that controllers, platform and balancer share about where traffic may go.

use serde::{Deserialize, Serialize};

use super::VersionId;

/// Where the traffic goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Routing {
    /// To every ready endpoint, whatever its version: a plain Service.
    All,
    /// To the endpoints of one version: a Service selector.
    Only(VersionId),
    /// Shared between two versions by weight, in basis points: a router.
    Split {
        /// Gets the rest.
        stable: VersionId,
        /// Gets `weight_bp` of 10,000.
        candidate: VersionId,
        /// The candidate's share.
        weight_bp: u32,
    },
}

impl Routing {
    /// Whether it names a version as one to send traffic to.
    #[must_use]
    pub fn names(self, version: VersionId) -> bool {
        match self {
            Self::All => false,
            Self::Only(only) => only == version,
            Self::Split { stable, candidate, .. } => [stable, candidate].contains(&version),
        }
    }
}

/// Conditions of an endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndpointConditions {
    /// Serving and not terminating.
    pub ready: bool,
    /// The pod's Ready condition.
    pub serving: bool,
    /// The pod is being deleted.
    pub terminating: bool,
}
