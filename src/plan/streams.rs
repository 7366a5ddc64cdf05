//! The numbers of the random streams, each in one place.
//!
//! A purpose is given to [`Key::purpose`](crate::engine::Key::purpose). Numbers 1 to 99 belong
//! to the served world, 100 to 149 to the platform, 150 to 199 to strategies and judges. A
//! number is never used again for something else: that would change every result.

/// A pod's time from creation to a node.
pub const POD_SCHEDULE: u32 = 100;
/// A pod's image pull.
pub const POD_PULL: u32 = 101;
/// A pod's init containers.
pub const POD_INIT: u32 = 102;
/// A pod's boot, from container start to listening.
pub const POD_BOOT: u32 = 103;
/// How long a pod's process serves on after SIGTERM.
pub const POD_LINGER: u32 = 104;
/// When a pod's process crashes.
pub const POD_CRASH: u32 = 105;
/// The phase of the probes of the pods that run from the start.
pub const POD_PROBE_PHASE: u32 = 106;
/// The order of pods that the replica-set controller holds for equal (a real one compares
/// their random uids).
pub const POD_TIE: u32 = 107;
