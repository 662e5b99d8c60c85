use zeroize::{Zeroize, ZeroizeOnDrop};

/// Up to `N` ASCII digits, filled in place and wiped when dropped.
///
/// Bytes past the length are always zero, so that comparing whole arrays compares the digits.
#[derive(Zeroize, ZeroizeOnDrop)]
pub(crate) struct Digits<const N: usize> {
    ascii: [u8; N],
    len: u8,
}

impl<const N: usize> Digits<N> {
    pub(crate) const fn new() -> Self {
        Self { ascii: [0; N], len: 0 }
    }

    pub(crate) fn as_slice(&self) -> &[u8] {
        self.ascii.get(..self.len()).unwrap_or_default()
    }

    pub(crate) const fn as_array(&self) -> &[u8; N] {
        &self.ascii
    }

    pub(crate) fn len(&self) -> usize {
        usize::from(self.len)
    }

    /// Adds a digit given by value; false when it is not one or there is no room.
    pub(crate) fn push(&mut self, digit: u8) -> bool {
        let len = self.len();
        match self.ascii.get_mut(len) {
            Some(slot) if digit <= 9 => {
                *slot = b'0' + digit;
                self.len += 1;
                true
            }
            _ => false,
        }
    }

    /// Copies `ascii` into an empty one, which must be digits that fit; the caller has checked both.
    pub(crate) fn fill(&mut self, ascii: &[u8]) {
        if let Some(room) = self.ascii.get_mut(..ascii.len()) {
            room.copy_from_slice(ascii);
            self.len = ascii.len() as u8;
        }
    }

    /// Wipes everything from digit `len` on.
    #[cfg(feature = "alloc")]
    pub(crate) fn truncate(&mut self, len: usize) {
        if len < self.len() {
            self.ascii[len..].zeroize();
            self.len = len as u8;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_what_fits_and_refuses_the_rest() {
        let mut digits = Digits::<3>::new();
        assert!(digits.push(0) && digits.push(9) && !digits.push(10) && digits.push(1) && !digits.push(2));
        assert_eq!(digits.as_slice(), b"091");
    }

    #[cfg(feature = "alloc")]
    #[test]
    fn truncating_wipes_the_tail() {
        let mut digits = Digits::<4>::new();
        digits.fill(b"1234");
        digits.truncate(9);
        assert_eq!(digits.as_slice(), b"1234");
        digits.truncate(1);
        assert_eq!(digits.as_array(), b"1\0\0\0");
        digits.zeroize();
        assert_eq!((digits.len(), digits.as_array()), (0, &[0; 4]));
    }
}
