//! Users of the window: who sent something, who was affected.

use super::request::NONE;
use crate::record::Users;

#[derive(Clone, Copy, Debug, Default)]
struct User {
    seen: bool,
    affected: bool,
}

/// All users that sent something in the window.
#[derive(Debug, Default)]
pub struct UserTable {
    users: Vec<User>,
}

impl UserTable {
    fn user(&mut self, user: u32) -> &mut User {
        let index = user as usize;
        if index >= self.users.len() {
            self.users.resize((index + 1).next_power_of_two(), User::default());
        }
        &mut self.users[index]
    }

    /// A user sends a request.
    #[inline]
    pub fn sent(&mut self, user: u32) {
        self.user(user).seen = true;
    }

    /// A request ended not ok or wrong ([`NONE`]: of no user in particular).
    pub fn harmed(&mut self, user: u32) {
        if user != NONE {
            self.user(user).affected = true;
        }
    }

    /// The figures at the end of a run.
    #[must_use]
    pub fn figures(&self, sessions_lost: u64) -> Users {
        let count = |of: fn(&&User) -> bool| self.users.iter().filter(of).count() as u64;
        Users {
            active: count(|user| user.seen || user.affected),
            affected: count(|user| user.affected),
            sessions_lost,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_sent_is_active_and_who_was_harmed_is_affected() {
        let mut table = UserTable::default();
        table.sent(7);
        table.sent(9);
        table.sent(9);
        assert_eq!((table.figures(0).active, table.figures(0).affected), (2, 0));
        table.harmed(9);
        table.harmed(NONE);
        assert_eq!((table.figures(0).active, table.figures(0).affected), (2, 1));
    }
}
