//! The content of an answer: can the session be read, is there what the version needs?

use crate::engine::SimTime;
use crate::engine::rng::Key;
use crate::model::request::Request;
use crate::model::state::{Found, Process};
use crate::record::Outcome;

use super::{Behind, LogIn, Verdict, somebody};
use crate::simulation::cold::Cold;
use crate::simulation::world::World;

/// Log-ins of a user before their numbers meet those of the next.
const LOGINS: u64 = 1 << 24;

/// What a request looks at.
struct Look {
    class: usize,
    number: u64,
    user: u32,
    version: usize,
    process: Process,
    sent: SimTime,
    writes: bool,
}

impl World {
    /// Looks at a request that a worker has served on its own account. Only
    /// [`Verdict::Answered`] goes on to make calls.
    pub(super) fn look_at_content(&mut self, slot: u32, number: u32) -> Verdict {
        let now = self.now;
        let request = self.requests[slot];
        let user = self.user_of(&request);
        let Some(behind) = self.behind.as_deref_mut() else { return Verdict::Answered };
        let class = usize::from(request.class);
        let writes = behind.keys.writes.entity(class as u64).unit(request.number)
            < behind.classes[class].writes;
        let look = Look {
            class,
            number: request.number,
            user,
            version: usize::from(self.instances[number as usize].version),
            process: Process { instance: number, start: self.traits[number as usize].starts },
            sent: request.sent,
            writes,
        };
        self.requests[slot].forget_reads();
        if behind.classes[class].session && somebody(user) {
            let verdict = self.look_at_session(slot, &look, now);
            if verdict != Verdict::Answered {
                return verdict;
            }
        }
        let Some(behind) = self.behind.as_deref_mut() else { return Verdict::Answered };
        if behind.lacks(&look) || behind.cannot_read_row(&look) {
            return Verdict::Broken;
        }
        Verdict::Answered
    }

    fn look_at_session(&mut self, slot: u32, look: &Look, now: SimTime) -> Verdict {
        let measured = self.ledger.measures(now);
        let behind = self.behind.as_deref_mut().expect("a world with state");
        let formats = &behind.versions[look.version].session;
        let side = behind.sessions.as_mut().expect("classes with sessions have a table");
        let found = side.table.find(look.user, look.process, formats, now, look.sent);
        if self.requests[slot].is_orphan() && !matches!(found, Found::Readable | Found::Stale) {
            // Nobody hears the answer, so nobody does anything about it.
            return Verdict::Unauthorized;
        }
        match found {
            Found::Readable | Found::Stale => {
                let key = behind.keys.session_write.entity(look.class as u64);
                let write = key.unit(look.number) < side.rewrite;
                side.table.used(look.user, look.process, formats, now, write);
                if found == Found::Stale {
                    self.requests[slot].mark(Request::READ | Request::STALE);
                }
                return Verdict::Answered;
            }
            Found::Begins => {
                side.table.begin(look.user, look.process, formats, now);
                return Verdict::Answered;
            }
            Found::Lost | Found::Gone => {
                side.lost += u64::from(found == Found::Lost && measured);
                self.requests[slot].mark(Request::FORCED);
            }
            Found::LoggedOut => {}
        }
        let in_place = side.in_place;
        if in_place || matches!(side.login, LogIn::AtOnce) {
            // The user logs in again with this very request, or right behind it.
            side.table.begin(look.user, look.process, formats, now);
        } else if found != Found::LoggedOut {
            side.table.log_out(look.user, now);
        }
        self.ask_for_login(look.user, now);
        if in_place { Verdict::Answered } else { Verdict::Unauthorized }
    }

    /// A user who was logged out will send a log-in, where log-ins are requests of their own.
    fn ask_for_login(&mut self, user: u32, now: SimTime) {
        let behind = self.behind.as_deref_mut().expect("a world with state");
        let side = behind.sessions.as_mut().expect("a table of sessions");
        let LogIn::Request(_, after) = &side.login else { return };
        let number = if side.in_place {
            Some(side.table.count_login(user))
        } else {
            side.table.start_login(user)
        };
        let Some(number) = number else { return };
        let key = login_key(behind.keys.login, user, number);
        let pause = after.draw_span(&mut key.entity(0).counter(), u64::from(number));
        self.later(now + pause, Cold::Login { user, number });
    }

    /// A user logs in.
    pub fn send_login(&mut self, user: u32, number: u32) {
        let behind = self.behind.as_deref_mut().expect("a world with state");
        let key = login_key(behind.keys.login, user, number);
        let side = behind.sessions.as_ref().expect("a table of sessions");
        let LogIn::Request(class, _) = side.login else { unreachable!("log-ins have a class") };
        let sent = &mut self.classes[usize::from(class)];
        sent.sent += 1;
        let demand = sent.demand.draw_span(&mut key.entity(1).counter(), u64::from(number)).0;
        let request = u64::from(user) * LOGINS + u64::from(number);
        self.send_by_user(class, request, demand, user);
    }

    /// A request has ended: was it a log-in?
    #[cold]
    pub fn state_after(&mut self, request: &Request, outcome: Outcome) {
        if outcome == Outcome::Ok && request.bears(Request::FORCED | Request::STALE) {
            self.complain(request);
        }
        let now = self.now;
        let user = self.user_of(request);
        let Some(behind) = self.behind.as_deref_mut() else { return };
        let Some(side) = &mut behind.sessions else { return };
        let is_login = matches!(side.login, LogIn::Request(class, _) if class == request.class);
        if !is_login || side.in_place || !somebody(user) {
            return;
        }
        if outcome == Outcome::Ok {
            let instance = request.instance;
            let version = usize::from(self.instances[instance as usize].version);
            let process = Process { instance, start: self.traits[instance as usize].starts };
            side.table.begin(user, process, &behind.versions[version].session, now);
        } else {
            side.table.login_failed(user);
        }
    }

    /// A process has ended, and with it what it kept in memory.
    pub(super) fn lose_sessions(&mut self, number: u32) {
        use crate::model::instance::Condition;
        let measured = self.ledger.measures(self.now);
        let serves = |(other, instance): (usize, &crate::model::instance::Instance)| {
            other != number as usize
                && matches!(instance.condition, Condition::Serving | Condition::Hung)
        };
        let others = self.instances.iter().enumerate().any(serves);
        let process = Process { instance: number, start: self.traits[number as usize].starts };
        let Some(behind) = self.behind.as_deref_mut() else { return };
        let Some(side) = &mut behind.sessions else { return };
        let lost = side.table.process_ended(process, others, self.now);
        side.lost += if measured { lost } else { 0 };
    }
}

fn login_key(login: Key, user: u32, number: u32) -> Key {
    login.entity(u64::from(user)).entity(u64::from(number))
}

impl Behind {
    /// Whether a column or setting is not as the version needs it.
    fn lacks(&self, look: &Look) -> bool {
        let version = &self.versions[look.version];
        if version.needs.is_empty() && version.broken_by.is_empty() {
            return false;
        }
        let class = self.keys.needs.entity(look.class as u64);
        self.needs.fails(version, look.class as u8, |need| {
            class.entity(u64::from(need)).unit(look.number)
        })
    }

    /// Reads or writes the request's row: whether its format is one the version cannot read.
    fn cannot_read_row(&mut self, look: &Look) -> bool {
        let Some(rows) = &mut self.rows else { return false };
        // Rows come after all needs in the numbering of what requests use.
        let class = self.keys.needs.entity(look.class as u64).entity(1 << 20);
        if class.unit(look.number) >= rows.used_by[look.class] {
            return false;
        }
        let row = rows.law.draw(class.entity(look.number));
        let formats = &self.versions[look.version].rows;
        if look.writes {
            rows.table.write(row, formats);
            return false;
        }
        !rows.table.is_readable(row, formats)
    }
}
