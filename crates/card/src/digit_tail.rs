use alloc::boxed::Box;
use core::fmt;

use crate::digits::Digits;
use crate::pan::MAX_DIGITS;

/// Digits that were keyed past the end of the card number and belong to the fields after it, first key first.
///
/// They are the expiry date and the security code, so they are guarded like those: one heap block, wiped when
/// dropped, `Debug` prints the type name only.
pub struct DigitTail {
    digits: Box<Digits<MAX_DIGITS>>,
    next: usize,
}

impl DigitTail {
    /// An empty tail, filled by the entry it is split from.
    pub(crate) fn new() -> Self {
        Self { digits: Box::new(Digits::new()), next: 0 }
    }

    /// Copies ASCII digits in.
    pub(crate) fn fill(&mut self, ascii: &[u8]) {
        self.digits.fill(ascii);
    }

    /// Takes the next digit, 0 to 9.
    pub fn pop_front(&mut self) -> Option<u8> {
        let digit = self.digits.as_slice().get(self.next)? - b'0';
        self.next += 1;
        Some(digit)
    }

    /// How many digits are left.
    #[must_use]
    pub fn len(&self) -> usize {
        self.digits.len() - self.next
    }

    /// Whether none is left.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl fmt::Debug for DigitTail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DigitTail(..)")
    }
}
