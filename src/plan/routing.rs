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
    /// A split with routes of its own for some requests.
    Routes {
        /// Gets the rest.
        stable: VersionId,
        /// Gets `weight_bp` of 10,000, and what the header says.
        candidate: VersionId,
        /// The candidate's share of requests without the header.
        weight_bp: u32,
        /// Requests that go to the candidate whatever the weight.
        header: Option<Header>,
        /// Of 10,000 requests, so many are also sent to the candidate as shadows.
        mirror_bp: u32,
    },
}

/// Which requests bear a header that a route asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// Those of this class alone, by its place in the plan.
    pub class: Option<u8>,
    /// Of 10,000 users, so many send it.
    pub share_bp: u32,
}

impl Routing {
    /// Whether it names a version as one to send traffic to.
    #[must_use]
    pub fn names(self, version: VersionId) -> bool {
        match self {
            Self::All => false,
            Self::Only(only) => only == version,
            Self::Split { stable, candidate, .. } | Self::Routes { stable, candidate, .. } => {
                [stable, candidate].contains(&version)
            }
        }
    }

    /// Whether it may send a request to a version.
    #[must_use]
    pub fn sends_to(self, version: VersionId) -> bool {
        match self {
            Self::All => true,
            Self::Only(only) => only == version,
            Self::Split { stable, candidate, weight_bp } => {
                (version == stable && weight_bp < 10_000) || (version == candidate && weight_bp > 0)
            }
            Self::Routes { stable, candidate, weight_bp, header, .. } => {
                let asked_for = header.is_some_and(|header| header.share_bp > 0);
                (version == stable && weight_bp < 10_000)
                    || (version == candidate && (weight_bp > 0 || asked_for))
            }
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
