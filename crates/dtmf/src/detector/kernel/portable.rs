//! The sums in plain code, which the other kernels must reproduce.

use super::super::block::Spectrum;
use super::{BLOCK, COSINES, Correlation, FOLDED, Kernel, References, SINES};

#[derive(Clone, Copy)]
pub(in super::super) struct Portable;

impl Kernel for Portable {
    type Sixteen = super::sixteen::Plain;

    fn look(self, block: &[i16; BLOCK], spectrum: &mut Spectrum) {
        let half = block.map(|sample| sample >> 1);
        let sums: [i16; FOLDED] = core::array::from_fn(|n| half[n] + half[BLOCK - 1 - n]);
        let differences: [i16; FOLDED] = core::array::from_fn(|n| half[n] - half[BLOCK - 1 - n]);
        let mut found = Correlation::default();
        add(&sums, &COSINES, &mut found.cos, &mut found.gap[0]);
        add(&differences, &SINES, &mut found.sin, &mut found.gap[1]);
        *spectrum = Spectrum::of(&found);
    }

    fn energy(self, block: &[i16; BLOCK]) -> i32 {
        let mut eighths = [0u32; 8];
        for (n, sample) in block.iter().enumerate() {
            let half = u32::from((sample >> 1).unsigned_abs());
            eighths[n / 2 % 8] += half * half;
        }
        eighths.iter().map(|eighth| (eighth >> 4) as i32).sum()
    }
}

fn add(folded: &[i16; FOLDED], references: &References, tones: &mut [i32], gap: &mut i32) {
    for (n, sample) in folded.iter().map(|&sample| i32::from(sample)).enumerate() {
        for (sum, reference) in tones.iter_mut().zip(&references.tones[n / 2]) {
            *sum += sample * i32::from(reference[n % 2]);
        }
        *gap += sample * i32::from(references.gap[n]);
    }
}
