use alloc::boxed::Box;
use core::fmt;

use paytone_card::DigitTail;
use paytone_dtmf::Key;
use zeroize::Zeroize;

/// Keys that arrived before a field was there to take them, oldest first, wiped as they leave.
///
/// Boxed, with the first key, so that moving the dialog leaves no copy of the keys behind.
pub(crate) struct TypeAhead {
    codes: Option<Box<[u8; CAPACITY]>>,
    first: u8,
    len: u8,
}

/// Enough for an order code, a card number, an expiry date and a security code with their `#`, and
/// some mistakes. A key that finds no room is dropped.
pub(crate) const CAPACITY: usize = 64;

impl TypeAhead {
    pub(crate) const fn new() -> Self {
        Self { codes: None, first: 0, len: 0 }
    }

    fn codes(&mut self) -> &mut [u8; CAPACITY] {
        self.codes.get_or_insert_with(|| Box::new([0; CAPACITY]))
    }

    /// The place of the key that is this many behind the first.
    const fn place(&self, behind: u8) -> usize {
        (self.first as usize + behind as usize) % CAPACITY
    }

    const fn has_room(&self) -> bool {
        (self.len as usize) < CAPACITY
    }

    /// Makes room for as many keys before all others.
    const fn step_back(&mut self, keys: u8) {
        self.first = (self.first + CAPACITY as u8 - keys) % CAPACITY as u8;
        self.len += keys;
    }

    pub(crate) fn push(&mut self, key: Key) {
        if self.has_room() {
            let place = self.place(self.len);
            self.codes()[place] = key.event_code();
            self.len += 1;
        }
    }

    /// Puts digits before all keys, in their order.
    pub(crate) fn put_before(&mut self, mut digits: DigitTail) {
        let fits = u8::try_from(digits.len()).unwrap_or(u8::MAX).min(CAPACITY as u8 - self.len);
        self.step_back(fits);
        for behind in 0..fits {
            let key = digits.pop_front().and_then(Key::from_digit);
            let place = self.place(behind);
            self.codes()[place] = key.map_or(0, Key::event_code);
        }
    }

    /// Puts one digit before all keys.
    pub(crate) fn push_front(&mut self, digit: u8) {
        if let Some(key) = Key::from_digit(digit).filter(|_| self.has_room()) {
            self.step_back(1);
            let place = self.place(0);
            self.codes()[place] = key.event_code();
        }
    }

    pub(crate) fn pop(&mut self) -> Option<Key> {
        if self.len == 0 {
            return None;
        }
        let place = self.place(0);
        let key = Key::from_event_code(self.codes()[place]);
        self.codes()[place].zeroize();
        self.first = (self.first + 1) % CAPACITY as u8;
        self.len -= 1;
        key
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Every place but those in use is wiped already.
    pub(crate) fn wipe(&mut self) {
        while self.pop().is_some() {}
    }
}

impl Drop for TypeAhead {
    fn drop(&mut self) {
        self.wipe();
    }
}

/// Prints how many keys wait, not which.
impl fmt::Debug for TypeAhead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TypeAhead").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use paytone_card::{CardEntry, PanPolicy, test_numbers};

    use super::*;

    fn all(keys: &mut TypeAhead) -> Vec<Key> {
        core::iter::from_fn(|| keys.pop()).collect()
    }

    #[test]
    fn keys_leave_in_the_order_they_came_and_leave_nothing_behind() {
        let mut keys = TypeAhead::new();
        keys.push(Key::D2);
        keys.push(Key::Pound);
        keys.push_front(1);
        assert_eq!(all(&mut keys), [Key::D1, Key::D2, Key::Pound]);
        assert_eq!(*keys.codes(), [0; CAPACITY]);
    }

    #[test]
    fn what_ran_over_comes_before_what_waits() {
        let mut entry = CardEntry::new();
        for byte in test_numbers::VISA.bytes().chain(*b"12") {
            entry.push_pan(byte - b'0', &PanPolicy::default());
        }
        let mut keys = TypeAhead::new();
        keys.push(Key::D3);
        keys.put_before(entry.split_pan(16));
        assert_eq!(all(&mut keys), [Key::D1, Key::D2, Key::D3]);
    }

    #[test]
    fn a_key_too_many_is_dropped() {
        let mut keys = TypeAhead::new();
        for _ in 0..CAPACITY {
            keys.push(Key::D7);
        }
        keys.push(Key::D8);
        keys.push_front(9);
        assert_eq!(all(&mut keys), [Key::D7; CAPACITY]);
    }

    #[test]
    fn wiping_overwrites_the_keys() {
        let mut keys = TypeAhead::new();
        keys.push(Key::D7);
        keys.wipe();
        assert_eq!((keys.pop(), *keys.codes()), (None, [0; CAPACITY]));
    }
}
