//! Sessions of users: where they are kept, who can read them, when they are lost.
//!
//! One record a user. A session has the format of the version that wrote it last. In memory it
//! lives with the process that made it; replicated, a write reaches the copies of the other
//! instances after the lag, and a write that has not is lost with its instance; shared, it
//! outlives all of them. A session that nobody used for its time to live is over, which is no
//! loss. Left out: sessions of several devices, sizes, writes of two requests at once.

use crate::engine::{SimDuration, SimTime};
use crate::plan::{Formats, Login, SessionStore, Sessions};

/// A process: the instance's number, and which of its starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Process {
    /// The instance.
    pub instance: u32,
    /// Counts the starts of its process.
    pub start: u32,
}

const NOWHERE: Process = Process { instance: u32::MAX, start: 0 };

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
enum Status {
    /// Has never had one, or it is over.
    None,
    /// Logged in.
    Live,
    /// Was lost, and its user does not know yet.
    Gone,
    /// Was logged out and has not logged in again.
    LoggedOut,
    /// The same, and a log-in is on its way.
    LoggingIn,
}

#[derive(Clone, Copy, Debug)]
struct Session {
    status: Status,
    format: u8,
    /// What other instances still see while a write is on its way to them.
    earlier: Option<u8>,
    /// Who wrote it last.
    home: Process,
    used: SimTime,
    written: SimTime,
    /// When it began, and when the user's first one did.
    begun: SimTime,
    first: SimTime,
    /// When the user was last told to log in.
    told: SimTime,
    /// Log-ins that were sent, for draws of their own.
    logins: u32,
}

/// What a request finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// A session that can be read.
    Readable,
    /// A session that another instance has written since: an old one.
    Stale,
    /// None, and none was expected: it begins with this request.
    Begins,
    /// The session cannot be read, or is not where the request came: it is lost with this
    /// request, which logs its user out.
    Lost,
    /// The session was lost before, with what kept it; this request logs its user out.
    Gone,
    /// The user is logged out already.
    LoggedOut,
}

/// All sessions.
#[derive(Clone, Debug)]
pub struct SessionTable {
    store: SessionStore,
    ttl: Option<SimDuration>,
    /// Whoever was told to log in does so with the next request.
    next_logs_in: bool,
    users: Vec<Session>,
}

impl SessionTable {
    /// Nobody has a session yet.
    #[must_use]
    pub fn new(plan: &Sessions) -> Self {
        Self {
            store: plan.store.clone(),
            ttl: plan.ttl,
            next_logs_in: plan.login == Some(Login::NextRequest),
            users: Vec::new(),
        }
    }

    fn user(&mut self, user: u32) -> &mut Session {
        let index = user as usize;
        if index >= self.users.len() {
            let none = Session {
                status: Status::None,
                format: 0,
                earlier: None,
                home: NOWHERE,
                used: SimTime::ZERO,
                written: SimTime::ZERO,
                begun: SimTime::ZERO,
                first: SimTime::NEVER,
                told: SimTime::NEVER,
                logins: 0,
            };
            self.users.resize((index + 1).next_power_of_two(), none);
        }
        &mut self.users[index]
    }

    /// A request of a user looks for its session. In memory it is the one that the user had
    /// when the request was `sent`: one sent without any logs in, one that carries an earlier
    /// session than the present one has lost it. Where users log in with their next request,
    /// those sent between being told to and the answer of the first log-in all do.
    pub fn find(
        &mut self,
        user: u32,
        at: Process,
        formats: &Formats,
        now: SimTime,
        sent: SimTime,
    ) -> Found {
        let (in_memory, lag) = match self.store {
            SessionStore::Memory => (true, None),
            SessionStore::Shared => (false, None),
            SessionStore::Replicated { lag } => (false, Some(lag)),
        };
        let (ttl, next_logs_in) = (self.ttl, self.next_logs_in);
        let session = self.user(user);
        let logs_in = next_logs_in && sent >= session.told;
        match session.status {
            Status::None => return Found::Begins,
            Status::Gone => return Found::Gone,
            Status::LoggedOut if logs_in => return Found::Begins,
            Status::LoggedOut | Status::LoggingIn => return Found::LoggedOut,
            Status::Live => {}
        }
        if ttl.is_some_and(|ttl| now.since(session.used) >= ttl) {
            session.status = Status::None;
            return Found::Begins;
        }
        if in_memory && (sent < session.first || (logs_in && sent < session.begun)) {
            return Found::Begins;
        }
        if in_memory && (session.home != at || sent < session.begun) {
            return Found::Lost;
        }
        let behind = lag.is_some_and(|lag| now < session.written + lag) && session.home != at;
        match session.earlier {
            _ if !behind => {
                if formats.can_read(session.format) {
                    Found::Readable
                } else {
                    Found::Lost
                }
            }
            // A copy from before the last write, or none at all.
            Some(format) if formats.can_read(format) => Found::Stale,
            _ => Found::Lost,
        }
    }

    /// A request uses its session, and writes it back or not.
    pub fn used(&mut self, user: u32, at: Process, formats: &Formats, now: SimTime, write: bool) {
        let lag = if let SessionStore::Replicated { lag } = self.store { Some(lag) } else { None };
        let session = self.user(user);
        session.used = now;
        if write {
            let arrived = lag.is_none_or(|lag| now >= session.written + lag);
            if arrived {
                session.earlier = Some(session.format);
            }
            (session.format, session.home, session.written) = (formats.writes, at, now);
        }
    }

    /// A session begins, or a user has logged in again.
    pub fn begin(&mut self, user: u32, at: Process, formats: &Formats, now: SimTime) {
        let session = self.user(user);
        session.status = Status::Live;
        session.earlier = None;
        (session.format, session.home) = (formats.writes, at);
        (session.used, session.written, session.begun) = (now, now, now);
        session.first = session.first.min(now);
    }

    /// The user is logged out, and told to log in.
    pub fn log_out(&mut self, user: u32, now: SimTime) {
        let session = self.user(user);
        session.status = Status::LoggedOut;
        session.told = now;
    }

    /// A logged-out user begins to log in; `None` if that is under way, else the log-in's
    /// number.
    pub fn start_login(&mut self, user: u32) -> Option<u32> {
        let session = self.user(user);
        if session.status == Status::LoggingIn {
            return None;
        }
        session.status = Status::LoggingIn;
        session.logins += 1;
        Some(session.logins)
    }

    /// Counts a log-in that happens on the way; its number.
    pub fn count_login(&mut self, user: u32) -> u32 {
        let session = self.user(user);
        session.logins += 1;
        session.logins
    }

    /// The log-in failed.
    pub fn login_failed(&mut self, user: u32) {
        let session = self.user(user);
        if session.status == Status::LoggingIn {
            session.status = Status::LoggedOut;
        }
    }

    /// A process has ended; `others`: whether another one serves. How many sessions went with
    /// it. (Users find out when they come back.)
    pub fn process_ended(&mut self, process: Process, others: bool, now: SimTime) -> u64 {
        let (store, ttl) = (self.store.clone(), self.ttl);
        let mut lost = 0;
        for session in &mut self.users {
            let over = ttl.is_some_and(|ttl| now.since(session.used) >= ttl);
            if session.status != Status::Live || over {
                continue;
            }
            let gone = match store {
                SessionStore::Memory => session.home == process,
                SessionStore::Shared => false,
                SessionStore::Replicated { lag } => {
                    let unsent = session.home == process && now < session.written + lag;
                    if unsent && let Some(earlier) = session.earlier.take() {
                        session.format = earlier;
                        session.home = NOWHERE;
                        false
                    } else {
                        unsent || !others
                    }
                }
            };
            if gone {
                lost += 1;
                session.home = NOWHERE;
                session.status = Status::Gone;
            }
        }
        lost
    }

    /// Sessions by the instance that keeps them in memory.
    #[must_use]
    pub fn by_instance(&self, instances: usize) -> Vec<u64> {
        let mut counts = vec![0; instances];
        for session in self.users.iter().filter(|session| session.status == Status::Live) {
            if let Some(count) = counts.get_mut(session.home.instance as usize) {
                *count += 1;
            }
        }
        counts
    }
}

#[cfg(test)]
mod tests;
