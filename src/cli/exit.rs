//! How the process ends: one table of exit codes, for the program, its help and its manual.

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Done.
    Done,
    /// An objective or a verification did not hold.
    DoesNotHold,
    /// The input or the command line is wrong.
    BadInput,
    /// Reading or writing failed.
    ReadWrite,
    /// No full answer.
    NoFullAnswer,
    /// More than the limits allow.
    BeyondLimits,
    /// Two results that must be equal differ.
    Differs,
    /// A defect of the program.
    Internal,
    /// Ended by a signal.
    Signal(u8),
}

/// What each code means, for people.
pub const TABLE: [(&str, &str); 9] = [
    ("0", "done"),
    ("1", "an objective or a verification did not hold"),
    ("2", "the input or the command line is wrong: nothing was run, nothing was written"),
    ("3", "reading or writing failed"),
    ("4", "no full answer: an objective is inconclusive, a case is not modelled"),
    ("5", "the scenario asks for more than the limits allow"),
    ("6", "two results that must be equal differ"),
    ("70", "an internal error: the message gives the command that reproduces it"),
    ("128+n", "ended by signal n: what was finished is kept, the same command resumes it"),
];

impl Exit {
    /// The number that the process ends with.
    #[must_use]
    pub fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::DoesNotHold => 1,
            Self::BadInput => 2,
            Self::ReadWrite => 3,
            Self::NoFullAnswer => 4,
            Self::BeyondLimits => 5,
            Self::Differs => 6,
            Self::Internal => 70,
            Self::Signal(number) => 128_u8.saturating_add(number),
        }
    }

    /// The end that a code of another room stands for.
    #[must_use]
    pub fn of_code(code: u8) -> Self {
        match code {
            0 => Self::Done,
            1 => Self::DoesNotHold,
            2 => Self::BadInput,
            3 => Self::ReadWrite,
            4 => Self::NoFullAnswer,
            5 => Self::BeyondLimits,
            6 => Self::Differs,
            129.. => Self::Signal(code - 128),
            _ => Self::Internal,
        }
    }
}

/// The table as a text below the help.
#[must_use]
pub fn help() -> String {
    let lines = TABLE.map(|(code, meaning)| format!("  {code:<6} {meaning}"));
    format!("Exit codes:\n{}", lines.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_end_has_the_code_of_the_table_and_comes_back_from_it() {
        let ends = [
            Exit::Done,
            Exit::DoesNotHold,
            Exit::BadInput,
            Exit::ReadWrite,
            Exit::NoFullAnswer,
            Exit::BeyondLimits,
            Exit::Differs,
            Exit::Internal,
        ];
        for (end, (code, _)) in ends.into_iter().zip(TABLE) {
            assert_eq!(end.code().to_string(), code);
            assert_eq!(Exit::of_code(end.code()), end);
        }
        assert_eq!(Exit::Signal(15).code(), 143);
        assert_eq!(Exit::of_code(130), Exit::Signal(2));
    }
}
