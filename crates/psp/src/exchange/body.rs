//! A request's body: one buffer, sized before it is written, wiped when it is dropped.

use alloc::vec::Vec;
use core::fmt;

use zeroize::Zeroizing;

/// The bytes of a request. They may be card digits: `Debug` shows the length alone, there is no `Clone`, and
/// the buffer is wiped when it is dropped.
#[derive(Default)]
pub struct Body(Zeroizing<Vec<u8>>);

impl Body {
    /// A body written by `fill`, which is run twice: once to count, once to write into a buffer of exactly
    /// that size, so that no copy is left behind by a buffer that grew.
    ///
    /// ```
    /// use paytone_psp::exchange::Body;
    ///
    /// let body = Body::write(|writer| {
    ///     writer.push(b"amount=");
    ///     writer.push_number(1200);
    /// });
    /// assert_eq!(body.as_bytes(), b"amount=1200");
    /// ```
    ///
    /// # Panics
    ///
    /// `fill` writes more the second time than the first.
    pub fn write(fill: impl Fn(&mut BodyWriter<'_>)) -> Self {
        let mut counter = BodyWriter { length: 0, target: None };
        fill(&mut counter);
        let mut bytes = Zeroizing::new(Vec::with_capacity(counter.length));
        fill(&mut BodyWriter { length: counter.length, target: Some(&mut bytes) });
        Self(bytes)
    }

    /// The bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl AsRef<[u8]> for Body {
    fn as_ref(&self) -> &[u8] {
        self.as_bytes()
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Body({} bytes)", self.0.len())
    }
}

/// Counts bytes, or writes them where they have room.
#[derive(Debug)]
pub struct BodyWriter<'a> {
    length: usize,
    target: Option<&'a mut Vec<u8>>,
}

impl BodyWriter<'_> {
    /// Adds bytes as they are.
    ///
    /// # Panics
    ///
    /// More bytes than were counted.
    pub fn push(&mut self, bytes: &[u8]) {
        match &mut self.target {
            None => self.length += bytes.len(),
            Some(target) => {
                assert!(target.len() + bytes.len() <= self.length, "a body grew while it was written");
                target.extend_from_slice(bytes);
            }
        }
    }

    /// Adds a number in decimal digits.
    pub fn push_number(&mut self, number: u64) {
        let mut digits = [0; 20];
        let mut place = digits.len();
        let mut rest = number;
        loop {
            place -= 1;
            digits[place] = b'0' + u8::try_from(rest % 10).unwrap_or(0);
            rest /= 10;
            if rest == 0 {
                break;
            }
        }
        self.push(&digits[place..]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::cell::Cell;

    static_assertions::assert_not_impl_any!(Body: Clone, PartialEq);

    #[test]
    fn a_body_has_the_size_it_was_given_and_does_not_print() {
        let body = Body::write(|writer| {
            for number in [0, 7, 10, u64::MAX] {
                writer.push_number(number);
                writer.push(b",");
            }
        });
        assert_eq!(body.as_bytes(), b"0,7,10,18446744073709551615,");
        assert_eq!(body.0.capacity(), body.0.len());
        assert_eq!(format!("{body:?}"), "Body(28 bytes)");
    }

    #[test]
    #[should_panic(expected = "a body grew")]
    fn a_body_never_grows() {
        let runs = Cell::new(0);
        let _ = Body::write(|writer| {
            runs.set(runs.get() + 1);
            writer.push(&[0; 3][..runs.get()]);
        });
    }
}
