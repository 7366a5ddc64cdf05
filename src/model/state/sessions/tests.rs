//! What requests find, store by store.

use super::*;

const OLD: Formats = Formats { reads: 0b01, writes: 0 };
const NEW: Formats = Formats { reads: 0b10, writes: 1 };
const BOTH: Formats = Formats { reads: 0b11, writes: 0 };
const A: Process = Process { instance: 0, start: 1 };
const B: Process = Process { instance: 1, start: 1 };

fn table(store: SessionStore, ttl: Option<SimDuration>) -> SessionTable {
    table_with(store, ttl, None)
}

fn table_with(store: SessionStore, ttl: Option<SimDuration>, login: Option<Login>) -> SessionTable {
    SessionTable::new(&Sessions {
        store,
        ttl,
        rewrite: 1.0,
        unreadable: crate::plan::Unreadable::Unauthorized,
        login,
        formats: vec!["v1".into(), "v2".into()],
    })
}

#[test]
fn a_shared_session_is_lost_to_a_version_that_cannot_read_it() {
    let mut table = table(SessionStore::Shared, None);
    assert_eq!(table.find(7, A, &OLD, SimTime(1), SimTime(1)), Found::Begins);
    table.begin(7, A, &OLD, SimTime(1));
    assert_eq!(table.find(7, B, &OLD, SimTime(2), SimTime(2)), Found::Readable);
    assert_eq!(table.find(7, B, &NEW, SimTime(3), SimTime(3)), Found::Lost);
    assert_eq!(table.find(7, B, &BOTH, SimTime(3), SimTime(3)), Found::Readable);
}

#[test]
fn what_a_version_writes_back_the_other_may_not_read() {
    let mut table = table(SessionStore::Shared, None);
    table.begin(0, A, &OLD, SimTime(1));
    let reads_both = Formats { writes: 1, ..BOTH };
    table.used(0, B, &reads_both, SimTime(2), false);
    assert_eq!(
        table.find(0, A, &OLD, SimTime(3), SimTime(3)),
        Found::Readable,
        "it was not written back"
    );
    table.used(0, B, &reads_both, SimTime(4), true);
    assert_eq!(table.find(0, A, &OLD, SimTime(5), SimTime(5)), Found::Lost);
}

#[test]
fn a_session_in_memory_is_where_it_was_made_until_that_process_ends() {
    let mut table = table(SessionStore::Memory, None);
    table.begin(0, A, &OLD, SimTime(1));
    table.begin(1, B, &OLD, SimTime(1));
    assert_eq!(table.find(0, A, &OLD, SimTime(2), SimTime(2)), Found::Readable);
    assert_eq!(table.find(0, B, &OLD, SimTime(2), SimTime(2)), Found::Lost);
    assert_eq!(table.process_ended(A, true, SimTime(3)), 1);
    assert_eq!(table.find(0, A, &OLD, SimTime(4), SimTime(4)), Found::Gone);
    let again = Process { start: 2, ..B };
    assert_eq!(
        table.find(1, again, &OLD, SimTime(4), SimTime(4)),
        Found::Lost,
        "a restart forgets"
    );
    assert_eq!(table.by_instance(2), [0, 1]);
}

#[test]
fn a_replicated_write_is_seen_elsewhere_after_the_lag_and_dies_with_its_instance() {
    let lag = SimDuration(10);
    let mut table = table(SessionStore::Replicated { lag }, None);
    table.begin(0, A, &BOTH, SimTime(0));
    assert_eq!(table.find(0, B, &BOTH, SimTime(5), SimTime(5)), Found::Lost, "not there yet");
    assert_eq!(table.find(0, B, &BOTH, SimTime(10), SimTime(10)), Found::Readable);
    table.used(0, A, &BOTH, SimTime(20), true);
    assert_eq!(table.find(0, B, &BOTH, SimTime(25), SimTime(25)), Found::Stale);
    assert_eq!(table.process_ended(A, true, SimTime(25)), 0, "an older copy is left");
    assert_eq!(table.find(0, B, &BOTH, SimTime(40), SimTime(40)), Found::Readable);
    table.begin(1, A, &BOTH, SimTime(50));
    assert_eq!(table.process_ended(A, true, SimTime(55)), 1, "no copy had been made");
    assert_eq!(table.process_ended(B, false, SimTime(90)), 1, "the last copy goes");
}

#[test]
fn an_unused_session_is_over_which_is_no_loss() {
    let mut table = table(SessionStore::Memory, Some(SimDuration(100)));
    table.begin(0, A, &OLD, SimTime(0));
    table.used(0, A, &OLD, SimTime(50), true);
    assert_eq!(table.find(0, A, &OLD, SimTime(149), SimTime(149)), Found::Readable);
    assert_eq!(table.process_ended(A, true, SimTime(150)), 0);
    assert_eq!(table.find(0, B, &OLD, SimTime(150), SimTime(150)), Found::Begins);
}

#[test]
fn one_log_in_is_under_way_at_a_time() {
    let mut table = table(SessionStore::Shared, None);
    table.begin(0, A, &OLD, SimTime(0));
    table.log_out(0, SimTime(0));
    assert_eq!(table.find(0, A, &OLD, SimTime(1), SimTime(1)), Found::LoggedOut);
    assert_eq!(table.start_login(0), Some(1));
    assert_eq!(table.start_login(0), None);
    table.login_failed(0);
    assert_eq!(table.start_login(0), Some(2));
    table.begin(0, B, &NEW, SimTime(2));
    table.login_failed(0);
    assert_eq!(table.find(0, B, &NEW, SimTime(3), SimTime(3)), Found::Readable);
}

#[test]
fn a_request_carries_the_session_its_user_had_when_it_was_sent() {
    let mut table = table(SessionStore::Memory, None);
    table.begin(0, A, &OLD, SimTime(5));
    assert_eq!(table.find(0, B, &OLD, SimTime(6), SimTime(4)), Found::Begins, "it carries none");
    table.begin(0, B, &OLD, SimTime(9));
    assert_eq!(table.find(0, B, &OLD, SimTime(10), SimTime(8)), Found::Lost, "an earlier one");
    assert_eq!(table.find(0, B, &OLD, SimTime(10), SimTime(9)), Found::Readable);
}

#[test]
fn who_was_told_to_log_in_does_so_with_whatever_is_sent_next_and_wherever_that_is_served() {
    let mut table = table_with(SessionStore::Memory, None, Some(Login::NextRequest));
    table.begin(0, A, &OLD, SimTime(1));
    assert_eq!(table.find(0, B, &OLD, SimTime(5), SimTime(4)), Found::Lost);
    table.log_out(0, SimTime(5));
    assert_eq!(table.find(0, B, &OLD, SimTime(6), SimTime(4)), Found::LoggedOut, "sent before");
    assert_eq!(table.find(0, A, &OLD, SimTime(8), SimTime(5)), Found::Begins, "the log-in");
    table.begin(0, A, &OLD, SimTime(8));
    assert_eq!(table.find(0, B, &OLD, SimTime(9), SimTime(7)), Found::Begins, "another log-in");
    table.begin(0, B, &OLD, SimTime(9));
    assert_eq!(table.find(0, B, &OLD, SimTime(12), SimTime(10)), Found::Readable);
    assert_eq!(table.find(0, A, &OLD, SimTime(12), SimTime(10)), Found::Lost);
}
