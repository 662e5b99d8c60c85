//! What can go wrong.

use core::time::Duration;

/// A fault on demand. The first group is before the work, the second after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The connection closes; nothing is done.
    ClosesBefore,
    /// No answer ever; nothing is done.
    SilentBefore,
    /// An error of the provider's own (500); nothing is done.
    FailsBefore,
    /// Too many requests at once (429); nothing is done.
    Busy,
    /// The first request with this key is said to be running still (409); nothing is done.
    Conflict,
    /// Done, and the connection closes.
    ClosesAfter,
    /// Done, and no answer ever.
    SilentAfter,
    /// Done, and an error of the provider's own (500).
    FailsAfter,
    /// Done, and the answer takes twelve seconds.
    Slow,
    /// Done, and the answer ends in the middle.
    Truncated,
    /// Done, and the answer is no JSON and no UTF-8.
    Garbage,
    /// Done, and the answer has 64 MiB.
    Huge,
    /// Done, and the answer points elsewhere (307).
    Redirects,
    /// No answer; done a minute later.
    Late,
}

impl Fault {
    /// Every fault.
    pub const ALL: [Self; 14] = [
        Self::ClosesBefore,
        Self::SilentBefore,
        Self::FailsBefore,
        Self::Busy,
        Self::Conflict,
        Self::ClosesAfter,
        Self::SilentAfter,
        Self::FailsAfter,
        Self::Slow,
        Self::Truncated,
        Self::Garbage,
        Self::Huge,
        Self::Redirects,
        Self::Late,
    ];

    /// Whether nothing is done.
    pub(super) const fn is_before_the_work(self) -> bool {
        matches!(
            self,
            Self::ClosesBefore | Self::SilentBefore | Self::FailsBefore | Self::Busy | Self::Conflict
        )
    }

    /// The fault a charge asks for by the last two digits of its amount.
    pub(super) const fn of_amount(yen: u64) -> Option<Self> {
        match yen % 100 {
            51 => Some(Self::ClosesAfter),
            52 => Some(Self::ClosesBefore),
            53 => Some(Self::Busy),
            54 => Some(Self::Slow),
            55 => Some(Self::FailsBefore),
            56 => Some(Self::Garbage),
            57 => Some(Self::Late),
            58 => Some(Self::FailsAfter),
            59 => Some(Self::Truncated),
            63 => Some(Self::SilentAfter),
            64 => Some(Self::Huge),
            _ => None,
        }
    }

    /// The fault the first capture, cancel or update after a charge meets, by the charge's amount.
    pub(super) const fn of_first_change(yen: u64) -> Option<Self> {
        match yen % 100 {
            61 => Some(Self::ClosesAfter),
            62 => Some(Self::ClosesBefore),
            _ => None,
        }
    }
}

/// How long a slow answer takes.
pub(super) const SLOW: Duration = Duration::from_secs(12);

/// How long after the request a late charge is carried out.
pub(super) const LATE: Duration = Duration::from_secs(60);
