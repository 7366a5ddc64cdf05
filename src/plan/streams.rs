//! The numbers of the random streams, each in one place.
//!
//! A purpose is given to [`Key::purpose`](crate::engine::Key::purpose). Numbers 1 to 99 belong
//! to the served world, 100 to 149 to the platform, 150 to 199 to strategies and judges. A
//! number is never used again for something else: that would change every result.

/// Arrival instants of a class.
pub const ARRIVALS: u32 = 1;
/// Service demands of a class's open-loop requests.
pub const DEMAND: u32 = 2;
/// Which user sends an open-loop request of a class.
pub const USER: u32 = 3;
/// Which balancer node a request meets.
pub const NODE: u32 = 4;
/// A node's choice of an instance for an attempt.
pub const ROUTING: u32 = 5;
/// On which side of a weight split a request falls.
pub const SPLIT: u32 = 6;
/// Whether a version's defect hits a request.
pub const DEFECT: u32 = 7;
/// Jitter of a retry's pause.
pub const BACKOFF: u32 = 8;
/// How long a request waits in a queue before it leaves.
pub const PATIENCE: u32 = 9;
/// A closed-loop user's thinking times and demands.
pub const CLOSED_LOOP: u32 = 10;
/// Sessions: when they come, their lengths, thinking times and demands.
pub const SESSIONS: u32 = 11;
/// From an endpoint's change to a balancer node's view of it.
pub const PROPAGATION: u32 = 12;
/// Phase of a node's health checks of an instance.
pub const HEALTH_CHECK: u32 = 13;
/// Acceptance of an instance in slow start.
pub const SLOW_START: u32 = 14;
/// Service demands of later attempts.
pub const DEMAND_AGAIN: u32 = 15;
/// Places of the instances on a hash ring.
pub const RING: u32 = 16;
/// Lifetimes of client connections.
pub const CONNECTION: u32 = 25;
/// Boot and linger times of processes that a script starts and stops.
pub const SCRIPT_BOOT: u32 = 26;
/// When a client resolves a name again; entity: client.
pub const RESOLVER: u32 = 27;
/// Whether a request bears a header; entity: user, else class and request.
pub const HEADER: u32 = 28;
/// Whether a request is mirrored; entity: class.
pub const MIRROR: u32 = 29;
/// What becomes of a client's stream: its lifetime, its pauses; entity: the client, the draw.
pub const STREAM: u32 = 30;
/// Clients who come at a rate to open streams.
pub const STREAM_CLIENT: u32 = 31;
/// Which users a defect of some users hits.
pub const DEFECT_USER: u32 = 32;
/// When nginx's clock of whole seconds beats.
pub const NGINX_CLOCK: u32 = 33;

/// Which key or row a request touches; entity: class, request, look-up.
pub const DATA_KEY: u32 = 17;
/// Whether a request writes; entity: class.
pub const WRITES: u32 = 18;
/// Whether a request uses a column, a setting or a row; entity: class, need.
pub const NEEDS: u32 = 19;
/// Service times of calls to stores; entity: class, request, attempt, call.
pub const CALL: u32 = 20;
/// Whether a request writes its session back; entity: class.
pub const SESSION_WRITE: u32 = 21;
/// A logged-out user's pause and the demand of the log-in; entity: user, log-in.
pub const LOGIN: u32 = 22;
/// When an entry of a cache that is warm at the start expires; entity: cache.
pub const CACHE_AGE: u32 = 23;
/// Whether and when a harmed user opens a ticket; entity: class, request.
pub const TICKET: u32 = 24;

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
/// From the start of a run to the autoscaler's first look.
pub const AUTOSCALER_PHASE: u32 = 108;

/// From a page to its acknowledgement; entity: the page, counted from 0.
pub const ON_CALL_ACKNOWLEDGE: u32 = 150;
/// From the acknowledgement of a page to the decision; entity: the page.
pub const ON_CALL_DECIDE: u32 = 151;
/// From the start of a run to its first scrape.
pub const SCRAPE_PHASE: u32 = 152;
/// From a push of a configuration to an instance's use of it; entity: the push, the pod.
pub const CONFIG_PROPAGATION: u32 = 153;
/// Whether a generated configuration is the bad one; by the number of the file.
pub const CONFIG_FILE: u32 = 154;
/// Putting an instance right that a configuration has broken; entity: the pod.
pub const CONFIG_REPAIR: u32 = 155;
/// From the acknowledgement of a page to the diagnosis; entity: the page.
pub const ON_CALL_DIAGNOSE: u32 = 156;

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    #[test]
    fn no_number_is_used_twice() {
        let mut names = BTreeMap::new();
        for line in include_str!("streams.rs").lines() {
            let Some(rest) = line.strip_prefix("pub const ") else { continue };
            let (name, number) = rest.split_once(": u32 = ").expect("a number");
            let earlier = names.insert(number, name);
            assert_eq!(earlier, None, "{name} has the number of another stream");
        }
        assert!(names.len() > 30, "{names:?}");
    }
}
