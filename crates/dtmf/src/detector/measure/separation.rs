//! What the two tones of a pair leak into each other, and how it is taken out.

use crate::detector::kernel::{COLUMNS, Sixteen, TONE_HZ, leakage};

/// A symmetric 2 x 2 matrix.
#[derive(Clone, Copy)]
pub(in super::super) struct Matrix {
    pub(in super::super) low: f32,
    pub(in super::super) cross: f32,
    pub(in super::super) high: f32,
}

impl Matrix {
    #[inline(always)]
    pub(super) fn apply(&self, low: f32, high: f32) -> (f32, f32) {
        (self.low * low + self.cross * high, self.cross * low + self.high * high)
    }

    #[inline(always)]
    pub(super) fn apply_to_all<V: Sixteen>(&self, tones: V) -> V {
        V::of(self.low, self.high).times(tones).plus(V::of(self.cross, self.cross).times(tones.swapped()))
    }

    /// What undoes the leak between two tones and their mirror images at negative frequencies, for
    /// the real part (`mirror` 1) or the imaginary part (-1).
    const fn undoing(low_hz: f64, high_hz: f64, mirror: f64) -> Self {
        let low = 1.0 + mirror * leakage(2.0 * low_hz);
        let high = 1.0 + mirror * leakage(2.0 * high_hz);
        let cross = leakage(high_hz - low_hz) + mirror * leakage(high_hz + low_hz);
        let determinant = low * high - cross * cross;
        Self {
            low: (high / determinant) as f32,
            cross: (-cross / determinant) as f32,
            high: (low / determinant) as f32,
        }
    }
}

/// By row and column: real part, imaginary part.
pub(in super::super) static SEPARATIONS: [[[Matrix; 2]; 4]; 4] = {
    let zero = Matrix { low: 0.0, cross: 0.0, high: 0.0 };
    let mut table = [[[zero; 2]; 4]; 4];
    let mut row = 0;
    while row < 4 {
        let mut column = 0;
        while column < 4 {
            let low = TONE_HZ[row] as f64;
            let high = TONE_HZ[COLUMNS + column] as f64;
            table[row][column] = [Matrix::undoing(low, high, 1.0), Matrix::undoing(low, high, -1.0)];
            column += 1;
        }
        row += 1;
    }
    table
};
