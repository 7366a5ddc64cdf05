//! Users of the window: who was active while harm lasted, who was affected.
//!
//! A user counts as active if it sent a request between the first harm and the last. That is
//! decided at the end from one number a user: its first send after harm began.

use super::request::NONE;
use crate::engine::SimTime;
use crate::record::Users;

#[derive(Clone, Copy, Debug)]
struct User {
    /// First send at or after the first harm.
    first_since_harm: SimTime,
    seen: bool,
    affected: bool,
}

/// All users that sent something in the window.
#[derive(Debug)]
pub struct UserTable {
    users: Vec<User>,
    first_harm: SimTime,
    last_harm: SimTime,
}

impl Default for UserTable {
    fn default() -> Self {
        Self { users: Vec::new(), first_harm: SimTime::NEVER, last_harm: SimTime::ZERO }
    }
}

impl UserTable {
    fn user(&mut self, user: u32) -> &mut User {
        let index = user as usize;
        if index >= self.users.len() {
            let unseen = User { first_since_harm: SimTime::NEVER, seen: false, affected: false };
            self.users.resize((index + 1).next_power_of_two(), unseen);
        }
        &mut self.users[index]
    }

    /// A user sends a request.
    #[inline]
    pub fn sent(&mut self, user: u32, now: SimTime) {
        let harm = now >= self.first_harm;
        let user = self.user(user);
        user.seen = true;
        if harm && user.first_since_harm == SimTime::NEVER {
            user.first_since_harm = now;
        }
    }

    /// A request ended not ok or wrong ([`NONE`]: of no user in particular).
    pub fn harmed(&mut self, user: u32, now: SimTime) {
        self.first_harm = self.first_harm.min(now);
        self.last_harm = now;
        if user != NONE {
            let user = self.user(user);
            user.affected = true;
            user.first_since_harm = user.first_since_harm.min(now);
        }
    }

    /// The figures at the end of a run.
    #[must_use]
    pub fn figures(&self, sessions_lost: u64) -> Users {
        let harm = self.first_harm < SimTime::NEVER;
        let active = |user: &&User| {
            if harm { user.first_since_harm <= self.last_harm } else { user.seen }
        };
        Users {
            active: self.users.iter().filter(active).count() as u64,
            affected: self.users.iter().filter(|user| user.affected).count() as u64,
            sessions_lost,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_who_came_before_or_after_the_harm_do_not_count_as_active() {
        let mut table = UserTable::default();
        table.sent(0, SimTime(1));
        table.harmed(1, SimTime(10));
        table.sent(2, SimTime(11));
        table.harmed(NONE, SimTime(20));
        table.sent(3, SimTime(30));
        let figures = table.figures(0);
        assert_eq!((figures.active, figures.affected), (2, 1));
    }

    #[test]
    fn without_harm_everybody_who_sent_is_active() {
        let mut table = UserTable::default();
        table.sent(7, SimTime(1));
        table.sent(9, SimTime(2));
        assert_eq!(table.figures(0).active, 2);
    }
}
