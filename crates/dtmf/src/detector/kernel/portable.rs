//! The sums in plain code, which the other kernels must reproduce.

use super::super::block::Spectrum;
use super::{BLOCK, COSINES, Correlation, FOLDED, Kernel, References, SINES};

#[derive(Clone, Copy)]
pub(in super::super) struct Portable;

impl Kernel for Portable {
    type Sixteen = super::sixteen::Plain;

    fn look(self, block: &[i16; BLOCK], spectrum: &mut Spectrum) {
        let mirrored = |n: usize| (i32::from(block[n]), i32::from(block[BLOCK - 1 - n]));
        let sums: [i32; FOLDED] = core::array::from_fn(|n| (mirrored(n).0 + mirrored(n).1 + 1) >> 1);
        let differences: [i32; FOLDED] = core::array::from_fn(|n| (mirrored(n).0 - mirrored(n).1) >> 1);
        let mut found = Correlation::default();
        add(&sums, &COSINES, &mut found.cos, &mut found.gap[0]);
        add(&differences, &SINES, &mut found.sin, &mut found.gap[1]);
        *spectrum = Spectrum::of(&found);
    }

    fn energy(self, block: &[i16; BLOCK]) -> i32 {
        let square = |sample: i16| (i32::from(sample) * i32::from(sample)).unsigned_abs();
        block.as_chunks().0.iter().map(|&[a, b]| ((square(a) + square(b)) >> 6) as i32).sum()
    }
}

fn add(folded: &[i32; FOLDED], references: &References, tones: &mut [i32], gap: &mut i32) {
    for (n, &sample) in folded.iter().enumerate() {
        for (sum, reference) in tones.iter_mut().zip(&references.tones[n / 2]) {
            *sum += sample * i32::from(reference[n % 2]);
        }
        *gap += sample * i32::from(references.gap[n]);
    }
}
