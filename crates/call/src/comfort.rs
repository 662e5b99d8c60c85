//! Something to hear while nothing is said: a line that is dead silent sounds cut off.

/// Quiet noise, the same for every call.
pub(crate) struct Comfort {
    /// State of a linear congruential generator.
    noise: u32,
}

impl Comfort {
    pub(crate) const fn new() -> Self {
        Self { noise: 1 }
    }

    /// Fills `frame`; about -60 dBm0, far below what any detector takes for a key.
    pub(crate) fn fill(&mut self, frame: &mut [i16]) {
        for sample in frame {
            self.noise = self.noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            *sample = (self.noise >> 27) as i16 - 16;
        }
    }
}
