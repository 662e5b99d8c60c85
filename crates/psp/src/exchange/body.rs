//! A request body that may hold card digits: one buffer of the right size from the start, wiped when dropped.

use alloc::vec;
use alloc::vec::Vec;
use core::fmt;

use zeroize::Zeroizing;

/// A request body. It is written once into a buffer that never grows, so no copy of it is left behind, and
/// wiped when it is dropped. `Debug` shows the length alone.
///
/// ```
/// use paytone_psp::exchange::Body;
///
/// let body = Body::write(|sink| {
///     sink.push(b"amount=");
///     sink.push(b"1200");
/// });
/// assert_eq!(body.as_ref(), b"amount=1200");
/// assert_eq!(format!("{body:?}"), "Body(11 bytes)");
/// ```
pub struct Body(Zeroizing<Vec<u8>>);

impl Body {
    /// Runs `write` twice: once to count the bytes, once to write them. It must write the same both times; what
    /// does not fit the second time is left out.
    #[must_use]
    pub fn write(write: impl Fn(&mut Sink<'_>)) -> Self {
        let mut counter = Sink { buffer: &mut [], written: 0 };
        write(&mut counter);
        let mut buffer = Zeroizing::new(vec![0; counter.written]);
        write(&mut Sink { buffer: &mut buffer, written: 0 });
        Self(buffer)
    }
}

impl AsRef<[u8]> for Body {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Body({} bytes)", self.0.len())
    }
}

/// Where a [`Body`] is written to.
pub struct Sink<'a> {
    buffer: &'a mut [u8],
    written: usize,
}

impl Sink<'_> {
    /// Appends `bytes`.
    pub fn push(&mut self, bytes: &[u8]) {
        let end = self.written.saturating_add(bytes.len());
        if let Some(place) = self.buffer.get_mut(self.written..end) {
            place.copy_from_slice(bytes);
        }
        self.written = end;
    }
}

impl fmt::Debug for Sink<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sink({} bytes)", self.written)
    }
}

#[cfg(test)]
mod tests {
    use core::cell::Cell;

    use super::*;

    #[test]
    fn the_buffer_is_allocated_once_at_its_size() {
        let body = Body::write(|sink| (0..1000).for_each(|_| sink.push(b"0123456789")));
        assert_eq!(body.0.capacity(), 10_000);
        assert!(body.as_ref().iter().zip(b"0123456789".iter().cycle()).all(|(left, right)| left == right));
    }

    #[test]
    fn a_writer_that_changes_its_mind_cannot_make_the_buffer_grow() {
        let pass = Cell::new(0);
        let body = Body::write(|sink| {
            pass.set(pass.get() + 1);
            sink.push(&b"abcdefgh"[..pass.get() * 3]);
        });
        assert_eq!(body.as_ref(), [0, 0, 0]);
    }
}
