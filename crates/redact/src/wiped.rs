use alloc::vec::Vec;

use zeroize::Zeroize;

/// A byte buffer that overwrites whatever leaves it: when it grows, when its front is dropped, when it ends.
#[derive(Default)]
pub(crate) struct Wiped(Vec<u8>);

impl Wiped {
    pub(crate) fn as_slice(&self) -> &[u8] {
        &self.0
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn extend(&mut self, bytes: &[u8]) {
        let needed = self.0.len() + bytes.len();
        if needed > self.0.capacity() {
            // A vector that grows by itself frees its old block as it is.
            let mut larger = Vec::with_capacity(needed.next_power_of_two().max(MIN_CAPACITY));
            larger.extend_from_slice(&self.0);
            self.0.zeroize();
            self.0 = larger;
        }
        self.0.extend_from_slice(bytes);
    }

    /// Drops everything.
    pub(crate) fn clear(&mut self) {
        self.0.as_mut_slice().zeroize();
        self.0.clear();
    }

    /// Drops the first `count` bytes.
    pub(crate) fn drop_front(&mut self, count: usize) {
        self.0.copy_within(count.., 0);
        let kept = self.0.len() - count;
        self.0[kept..].zeroize();
        self.0.truncate(kept);
    }
}

impl Drop for Wiped {
    fn drop(&mut self) {
        // `Vec::zeroize` also covers the spare capacity.
        self.0.zeroize();
    }
}

const MIN_CAPACITY: usize = 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_what_is_not_dropped() {
        let mut buffer = Wiped::default();
        buffer.extend(&[1; 1000]);
        buffer.extend(&[2; 1000]);
        buffer.drop_front(999);
        assert_eq!((buffer.len(), &buffer.as_slice()[..2]), (1001, &[1, 2][..]));
    }
}
