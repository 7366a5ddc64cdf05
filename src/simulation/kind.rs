//! The calendar's events: what is due, and the number of whose it is, packed in 32 bits.

/// Bits of an event's payload that hold a number; the rest hold its kind.
const NUMBER_BITS: u32 = 25;

/// More requests than this cannot be in the system at once.
pub(super) const MOST_REQUESTS: u32 = 1 << NUMBER_BITS;

/// Kinds of events in the calendar; the number beside is a request's, an instance's, a user's
/// or a cold event's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub(super) enum Kind {
    /// A request's service ends.
    Departure = 0,
    /// A client's next attempt is due.
    Attempt = 1,
    /// A balancer's retry on the same instance is due.
    SameInstance = 2,
    /// A request's patience in the queue ends.
    Patience = 3,
    /// A client's patience that is not of the constant kind ends.
    Timeout = 4,
    /// A request leaves shared processors.
    SharedDeparture = 5,
    /// A closed-loop user sends its next request.
    User = 6,
    /// Something rare.
    Cold = 7,
    /// A store has served a call.
    StoreDone = 8,
    /// An instance's patience with a call to a store ends.
    CallTimeout = 9,
    /// A client's stream ends, is closed, or is to be opened again.
    Stream = 10,
    /// A balancer's retry on any instance is due.
    Elsewhere = 11,
}

/// The payload of an event.
#[inline]
pub(super) fn payload(kind: Kind, number: u32) -> u32 {
    debug_assert!(number < 1 << NUMBER_BITS);
    ((kind as u32) << NUMBER_BITS) | number
}

/// The kind and number of a payload.
#[inline]
pub(super) fn unpack(payload: u32) -> (Kind, u32) {
    let kind = match payload >> NUMBER_BITS {
        0 => Kind::Departure,
        1 => Kind::Attempt,
        2 => Kind::SameInstance,
        3 => Kind::Patience,
        4 => Kind::Timeout,
        5 => Kind::SharedDeparture,
        6 => Kind::User,
        7 => Kind::Cold,
        8 => Kind::StoreDone,
        9 => Kind::CallTimeout,
        10 => Kind::Stream,
        _ => Kind::Elsewhere,
    };
    (kind, payload & ((1 << NUMBER_BITS) - 1))
}
