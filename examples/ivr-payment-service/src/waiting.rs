//! Operators who have called in and wait for a caller: who they are, and how a call asks for one.

use core::fmt;
use core::time::Duration;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{mpsc, oneshot};

use crate::store::MerchantUlid;
use crate::telephony::OperatorLeg;

/// Everybody who waits, the longest first. Cheap to clone; all clones are one.
#[derive(Clone, Default)]
pub struct WaitingRoom(Arc<Mutex<Room>>);

#[derive(Default)]
struct Room {
    last: u64,
    waiting: Vec<(Seat, WaitingOperator, mpsc::Sender<Ask>)>,
}

/// An operator who waits for a caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaitingOperator {
    /// Whose line it is.
    pub merchant: MerchantUlid,
    /// The name of the line that was dialled.
    pub line: String,
    /// The user part of the operator's SIP URI.
    pub operator: String,
    /// The code of the one order whose caller is waited for; any caller's where there is none.
    pub code: Option<String>,
    /// Since when, since the Unix epoch.
    pub since: Duration,
}

/// Which of them, in this process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Seat(u64);

/// Where the leg of an operator goes who is wanted.
pub(crate) type Ask = oneshot::Sender<OperatorLeg>;

impl WaitingRoom {
    /// Everybody of this merchant's who waits, the longest first.
    #[must_use]
    pub fn of(&self, merchant: MerchantUlid) -> Vec<WaitingOperator> {
        let room = self.room();
        let theirs = room.waiting.iter().filter(|(_, operator, _)| operator.merchant == merchant);
        theirs.map(|(_, operator, _)| operator.clone()).collect()
    }

    /// How many wait.
    pub(crate) fn len(&self) -> usize {
        self.room().waiting.len()
    }

    /// One more waits, and is asked for like this.
    pub(crate) fn enter(&self, operator: WaitingOperator, asked: mpsc::Sender<Ask>) -> Seat {
        let mut room = self.room();
        room.last += 1;
        let seat = Seat(room.last);
        room.waiting.push((seat, operator, asked));
        seat
    }

    /// One waits no longer.
    pub(crate) fn leave(&self, seat: Seat) {
        self.room().waiting.retain(|(of, ..)| *of != seat);
    }

    /// Who waits on this line for the caller of this order, or else the longest for any caller; waits no longer then.
    pub(crate) fn take(
        &self,
        merchant: MerchantUlid,
        line: &str,
        code: Option<&str>,
    ) -> Option<mpsc::Sender<Ask>> {
        let mut room = self.room();
        let place = |wanted: Option<&str>| {
            room.waiting.iter().position(|(_, operator, _)| {
                operator.merchant == merchant && operator.line == line && operator.code.as_deref() == wanted
            })
        };
        let place = code.and_then(|code| place(Some(code))).or_else(|| place(None))?;
        Some(room.waiting.remove(place).2)
    }

    /// What a panic left behind is as good as what it found: every change is one step.
    fn room(&self) -> MutexGuard<'_, Room> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for WaitingRoom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("WaitingRoom").field(&self.len()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_operator_of_an_order_comes_before_the_one_who_waits_longest() {
        let room = WaitingRoom::default();
        let merchant = MerchantUlid::parse("01JD0000000000000000000000").unwrap();
        let another = MerchantUlid::parse("01JD0000000000000000000001").unwrap();
        let enter = |name: &str, code: Option<&str>| {
            let (asked, asking) = mpsc::channel(1);
            let operator = WaitingOperator {
                merchant,
                line: "desk-in".to_owned(),
                operator: name.to_owned(),
                code: code.map(str::to_owned),
                since: Duration::ZERO,
            };
            (room.enter(operator, asked), asking)
        };
        let names = || room.of(merchant).into_iter().map(|operator| operator.operator).collect::<Vec<_>>();
        let _kept = [enter("ann", None), enter("bob", Some("123456784")), enter("eve", None)];
        let (left, _asking) = enter("sam", None);
        room.leave(left);
        assert_eq!(names(), ["ann", "bob", "eve"]);
        assert!(room.of(another).is_empty() && room.take(another, "desk-in", None).is_none());
        assert!(room.take(merchant, "another", None).is_none());
        assert!(room.take(merchant, "desk-in", Some("123456784")).is_some());
        assert_eq!(names(), ["ann", "eve"]);
        assert!(room.take(merchant, "desk-in", Some("123456784")).is_some());
        assert_eq!(names(), ["eve"]);
        assert!(room.take(merchant, "desk-in", None).is_some());
        assert!(room.take(merchant, "desk-in", None).is_none());
    }
}
