//! Tables of the arithmetic on many channels with vector registers.

use super::{LANES, Lanes};
use crate::detector::kernel::{FOLDED, GAP_HZ, PAIRS, TONE_HZ, TONES, reference};
use crate::detector::measure::SEPARATIONS;

/// By pair of samples, then by tone and last the gap: the pair of the cosine, then that of the sine turned over.
pub(in super::super) static REFERENCES: [[[i32; 2]; TONES + 1]; PAIRS] = {
    let mut table = [[[0; 2]; TONES + 1]; PAIRS];
    let mut n = 0;
    while n < FOLDED {
        let mut k = 0;
        while k <= TONES {
            let hz = if k < TONES { TONE_HZ[k] } else { GAP_HZ };
            let shift = 16 * (n % 2);
            table[n / 2][k][0] |= (reference(hz, n, 0.25) as u16 as i32) << shift;
            table[n / 2][k][1] |= (-reference(hz, n, 0.0) as u16 as i32) << shift;
            k += 1;
        }
        n += 1;
    }
    table
};

/// [`SEPARATIONS`] by real and imaginary part, then by place in the matrix; four times the row and the column.
pub(in super::super) static SEPARATIONS_BY_PLACE: [[Lanes<f32>; 3]; 2] = {
    let mut table = [[Lanes([0.0; LANES]); 3]; 2];
    let mut place = 0;
    while place < LANES {
        let mut part = 0;
        while part < 2 {
            let matrix = SEPARATIONS[place / 4][place % 4][part];
            table[part][0].0[place] = matrix.low;
            table[part][1].0[place] = matrix.cross;
            table[part][2].0[place] = matrix.high;
            part += 1;
        }
        place += 1;
    }
    table
};
