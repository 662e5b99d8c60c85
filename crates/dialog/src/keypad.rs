use alloc::boxed::Box;
use core::time::Duration;

use zeroize::Zeroize;

use crate::timers::nanoseconds;
use crate::type_ahead::TypeAhead;
use crate::{KeyedDigits, OrderCode};

/// The caller's fingers: what waits, what is to be swallowed, when the last key came.
#[derive(Debug)]
pub(crate) struct Keypad {
    pub(crate) type_ahead: TypeAhead,
    /// The last entry ended without its terminator: one that follows belongs to it.
    pub(crate) swallow: bool,
    /// In nanoseconds since the Unix epoch.
    last_key: u64,
    /// From the key before the last one to the last one, in nanoseconds.
    last_gap: u64,
}

impl Keypad {
    pub(crate) const fn new() -> Self {
        Self { type_ahead: TypeAhead::new(), swallow: false, last_key: 0, last_gap: 0 }
    }

    /// Notes that a key was pressed.
    pub(crate) const fn pressed(&mut self, now: Duration) {
        let now = nanoseconds(now);
        self.last_gap = now.saturating_sub(self.last_key);
        self.last_key = now;
    }

    /// From the key before the last one to the last one.
    pub(crate) const fn last_gap(&self) -> Duration {
        Duration::from_nanos(self.last_gap)
    }

    /// Whether no key waits, and none is to be swallowed.
    pub(crate) const fn is_clear(&self) -> bool {
        self.type_ahead.is_empty() && !self.swallow
    }

    pub(crate) fn wipe(&mut self) {
        self.type_ahead.wipe();
        self.swallow = false;
    }
}

/// The digits of anything but a card on their way in. Boxed and wiped like card digits, since a caller may
/// key a card number here.
pub(crate) struct CodeEntry {
    /// Made with the first digit: many calls key nothing but a card.
    ascii: Option<Box<[u8; KeyedDigits::MAX]>>,
    len: usize,
}

impl CodeEntry {
    pub(crate) const fn new() -> Self {
        Self { ascii: None, len: 0 }
    }

    /// Adds a digit (value 0 to 9) if there is room; tells how many there are now.
    pub(crate) fn push(&mut self, digit: u8) -> usize {
        let ascii = self.ascii.get_or_insert_with(|| Box::new([0; KeyedDigits::MAX]));
        if let Some(place) = ascii.get_mut(self.len) {
            *place = b'0' + digit;
            self.len += 1;
        }
        self.len
    }

    /// Takes the code out if it is one; the entry is empty afterwards either way.
    pub(crate) fn take(&mut self) -> Option<OrderCode> {
        let ascii = self.digits().try_into().ok();
        let code = ascii.and_then(|ascii| OrderCode::from_ascii(ascii).ok());
        self.wipe();
        code
    }

    /// What has been keyed, ASCII.
    pub(crate) fn digits(&self) -> &[u8] {
        self.ascii.as_ref().map_or(&[], |ascii| &ascii[..self.len])
    }

    /// What has been keyed, as a number.
    pub(crate) fn value(&self) -> u64 {
        self.digits().iter().fold(0, |value, digit| value * 10 + u64::from(digit - b'0'))
    }

    /// Every place but those in use is wiped already.
    pub(crate) fn wipe(&mut self) {
        if let Some(ascii) = &mut self.ascii {
            ascii[..self.len].zeroize();
        }
        self.len = 0;
    }
}

impl Drop for CodeEntry {
    fn drop(&mut self) {
        self.wipe();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_nine_digits_with_their_check_digit() {
        let code = OrderCode::generate([1, 2, 3, 4, 5, 6, 7, 8]).unwrap();
        let mut entry = CodeEntry::new();
        for (count, byte) in (1..).zip(code.as_str().bytes()) {
            assert_eq!(entry.push(byte - b'0'), count);
        }
        assert_eq!(entry.take(), Some(code));
        assert_eq!((entry.take(), entry.ascii.as_deref()), (None, Some(&[0; KeyedDigits::MAX])));
    }
}
