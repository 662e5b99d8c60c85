//! The arithmetic on samples: correlation of one 5 ms block with the tones, in integers.
//!
//! Nothing here decides anything. References are centred on the block and restart with it, so a
//! block's result does not depend on where it lies in the signal. Integers give the same sums in
//! whatever order they are added: every processor finds the same keys.

mod abreast;
#[cfg(target_arch = "x86_64")]
mod abreast256;
#[cfg(target_arch = "x86_64")]
mod abreast512;
mod ahead;
#[cfg(target_arch = "x86_64")]
mod ahead256;
#[cfg(target_arch = "x86_64")]
mod ahead512;
#[cfg(target_arch = "x86_64")]
mod avx512;
mod path;
mod portable;
mod sixteen;
#[cfg(target_arch = "x86_64")]
mod sixteen256;
#[cfg(target_arch = "x86_64")]
mod sixteen512;
#[cfg(target_arch = "x86_64")]
mod x86;

pub(super) use abreast::{Gates, LANES, Lanes, Moment, Pairs, Spectra, Verdicts};
pub(super) use ahead::{AHEAD, Ahead};
pub(super) use path::Path;
pub(super) use portable::Portable;
#[cfg(test)]
pub(super) use sixteen::Plain;
pub(super) use sixteen::Sixteen;

use super::block::{Gate, Pair, Spectrum};
use super::measure::WINDOW;
use crate::key::{HIGH_HZ, LOW_HZ};
use crate::math::{cos_turns, sin_turns};

/// Samples of a block: 5 ms at 8 kHz.
pub(super) const BLOCK: usize = 40;
/// Rows and columns.
pub(super) const TONES: usize = 8;
/// Index of the first column among the tones.
pub(super) const COLUMNS: usize = 4;
/// Frequencies in Hz: rows, columns.
pub(super) const TONE_HZ: [u16; TONES] =
    [LOW_HZ[0], LOW_HZ[1], LOW_HZ[2], LOW_HZ[3], HIGH_HZ[0], HIGH_HZ[1], HIGH_HZ[2], HIGH_HZ[3]];
/// A reference between the groups, so that the band has no hole there.
pub(super) const GAP_HZ: u16 = 1075;

/// A number for each tone.
#[derive(Clone, Copy)]
#[repr(C, align(32))]
pub(super) struct Tones(pub(super) [f32; TONES]);

/// What a block has in common with the cosine and the sine of every reference.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Correlation {
    pub(super) cos: [i32; TONES],
    pub(super) sin: [i32; TONES],
    pub(super) gap: [i32; 2],
}

/// What a tone of amplitude 1 on a reference has in common with it.
pub(super) const UNIT: f32 = AMPLITUDE as f32 * BLOCK as f32 / 4.0;

/// How the sums are made.
pub(super) trait Kernel: Copy {
    /// What pairs are measured with.
    type Sixteen: Sixteen;

    /// Does something in a function of its own that the compiler may use the kernel's instructions for.
    #[inline(never)]
    fn with<T: WithKernel>(self, task: T) -> T::Output {
        task.run(self)
    }

    /// Looks at a block through the references.
    fn look(self, block: &[i16; BLOCK], spectrum: &mut Spectrum);

    /// Energy of a block: the sum of its squared samples, which are halved and rounded down first, in units of 16.
    /// What every eighth pair of samples has of it is rounded down as well.
    fn energy(self, block: &[i16; BLOCK]) -> i32;

    /// Looks at the next blocks, the first [`AHEAD`] of `blocks`.
    #[inline(always)]
    fn look_ahead(self, blocks: &[[i16; BLOCK]], gate: &Gate) -> Ahead {
        ahead::look_ahead(self, blocks, gate)
    }

    /// The strongest row and column over three blocks, newest first, and their power.
    #[inline(always)]
    fn strongest(self, newest: &Spectrum, one: &Spectrum, two: &Spectrum) -> (Pair, f32) {
        Pair::strongest(newest, one, two)
    }

    /// Whether many channels at once take less than one after the other.
    const IS_FASTER_ABREAST: bool = false;

    /// [`look`](Self::look) and [`energy`](Self::energy) on a block of many channels, if only the `active` ones, which
    /// are kept.
    #[inline(always)]
    fn look_abreast(self, blocks: &[&[i16; BLOCK]; LANES], active: u16, moment: &mut Moment) {
        abreast::look(self, blocks, active, moment);
    }

    /// What every channel's block comes to.
    #[inline(always)]
    fn verdicts(self, spectra: &Spectra, gates: &Gates) -> Verdicts {
        abreast::verdicts(spectra, gates)
    }

    /// [`strongest`](Self::strongest) of many channels over three blocks, newest first; the oldest is silence
    /// where it was not `heard`. Whose blocks are not in phase.
    #[inline(always)]
    fn strongest_abreast(self, blocks: [&Spectra; 3], heard: u16, pairs: &mut Pairs) -> u16 {
        abreast::strongest(self, blocks, heard, pairs)
    }

    /// Who of those `asked` [looks like](super::tracker::looks_like) a key.
    #[inline(always)]
    fn alike_abreast(self, spectra: &Spectra, pairs: &Pairs, floors: &Lanes<f32>, asked: u16) -> u16 {
        abreast::alike(spectra, pairs, floors, asked)
    }

    /// Whose strongest pair, of those `asked`, has been the same for a whole window and is worth measuring; newest
    /// first. Of those that are `wide` the [pace](Pair::keeps_pace) does not matter.
    #[inline(always)]
    fn promising_abreast(self, recent: [&Moment; WINDOW], wide: u16, asked: u16) -> u16 {
        abreast::promising(recent, wide, asked)
    }

    /// All bits that the magnitude of any sample has.
    #[inline(always)]
    fn magnitude_bits(self, samples: &[i16; 4 * BLOCK]) -> u16 {
        samples.iter().fold(0, |bits, sample| bits | sample.unsigned_abs())
    }

    /// How many whole blocks at the beginning of `samples` have less energy than `limit`.
    ///
    /// Whole frames are looked at first: where no sample is large enough, no block has the energy.
    #[inline(always)]
    fn quiet_blocks(self, samples: &[i16], limit: i32) -> usize {
        let mut whole = 0;
        while let Some(frame) = samples[whole..].first_chunk()
            && most_energy(self.magnitude_bits(frame)) < limit
        {
            whole += frame.len();
        }
        let rest = &samples[whole..];
        whole / BLOCK + rest.as_chunks().0.iter().take_while(|&block| self.energy(block) < limit).count()
    }
}

/// What a block has at most of the energy that [`Kernel::energy`] counts, by all bits that any magnitude has: they are
/// not less than the largest of them, of which none is above 2^15.
#[inline(always)]
fn most_energy(bits: u16) -> i32 {
    let half = u32::from(bits).min(1 << 15).div_ceil(2);
    ((BLOCK as u32 / 8 * half * half) >> 1) as i32
}

/// Has a block brought closer that may be heard soon, if there is one.
#[inline(always)]
pub(super) fn fetch(block: *const i16) {
    #[cfg(target_arch = "x86_64")]
    x86::fetch(block);
    #[cfg(not(target_arch = "x86_64"))]
    let _ = block;
}

/// Something to do with a kernel.
pub(super) trait WithKernel {
    type Output;

    /// To be inlined, so that the compiler may use the kernel's instructions all the way.
    fn run<K: Kernel>(self, kernel: K) -> Self::Output;
}

/// How much of a tone `offset_hz` away from a reference is seen there, -1 to 1 (real, because the
/// references are centred).
pub(super) const fn leakage(offset_hz: f64) -> f64 {
    let turns = offset_hz / 8_000.0;
    if turns < 1e-9 && turns > -1e-9 {
        return 1.0;
    }
    sin_turns(turns * BLOCK as f64 / 2.0) / sin_turns(turns / 2.0) / BLOCK as f64
}

/// Amplitude of the references. Samples are halved, and a block is folded (sample `n` and sample `39 - n` meet the
/// same cosine and opposite sines) before it is multiplied, so that it fits: 20 x 32768 x 3000 is below 2^31.
const AMPLITUDE: u16 = 3000;
/// Samples of a folded block.
const FOLDED: usize = BLOCK / 2;
/// Room for them in whole vectors.
const PADDED: usize = 24;
/// Pairs of samples, which one instruction multiplies and adds.
const PAIRS: usize = FOLDED / 2;

/// One part of the references, in the order the samples come.
#[repr(align(32))]
struct References {
    /// By pair of samples, then by tone.
    tones: [[[i16; 2]; TONES]; PAIRS],
    gap: [i16; PADDED],
}

static COSINES: References = References::new(0.25);
static SINES: References = References::new(0.0);

impl References {
    const fn new(lead_turns: f64) -> Self {
        let mut table = Self { tones: [[[0; 2]; TONES]; PAIRS], gap: [0; PADDED] };
        let mut n = 0;
        while n < FOLDED {
            let mut k = 0;
            while k < TONES {
                table.tones[n / 2][k][n % 2] = reference(TONE_HZ[k], n, lead_turns);
                k += 1;
            }
            table.gap[n] = reference(GAP_HZ, n, lead_turns);
            n += 1;
        }
        table
    }
}

const fn reference(hz: u16, n: usize, lead_turns: f64) -> i16 {
    let position = n as f64 - (BLOCK - 1) as f64 / 2.0;
    let value = AMPLITUDE as f64 * sin_turns(hz as f64 * position / 8_000.0 + lead_turns);
    (value + if value < 0.0 { -0.5 } else { 0.5 }) as i16
}

/// `e^(-2 pi j n / 200)`: every tone is a whole number of Hz, so the phase it gains over a block of
/// 1/200 s repeats after 200 blocks.
pub(super) const fn block_rotation(tone: usize, blocks: usize) -> (f32, f32) {
    let turns = (TONE_HZ[tone] as usize * blocks % 200) as f64 / 200.0;
    (cos_turns(turns) as f32, -sin_turns(turns) as f32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Everything a kernel computes.
    struct All<'a>(&'a [i16; BLOCK], &'a [i16], i32);

    impl WithKernel for All<'_> {
        type Output = (Spectrum, i32, usize);

        fn run<K: Kernel>(self, kernel: K) -> Self::Output {
            let mut spectrum = Spectrum::NOTHING;
            kernel.look(self.0, &mut spectrum);
            (spectrum, kernel.energy(self.0), kernel.quiet_blocks(self.1, self.2))
        }
    }

    /// The energies of all blocks and the spectra of the loud ones, with whether they are lively.
    struct LookAhead<'a>(&'a [[i16; BLOCK]], &'a Gate);

    impl WithKernel for LookAhead<'_> {
        type Output = (Vec<i32>, Vec<Option<(Spectrum, bool)>>);

        fn run<K: Kernel>(self, kernel: K) -> Self::Output {
            let ahead = kernel.look_ahead(self.0, self.1);
            let len = self.0.len().min(AHEAD);
            let view = |n| ahead.is_loud(n).then(|| (*ahead.spectrum(n), ahead.is_lively(n)));
            ((0..len).map(|n| ahead.energy(n)).collect(), (0..len).map(view).collect())
        }
    }

    struct Strongest<'a>(&'a [Spectrum; 3]);

    impl WithKernel for Strongest<'_> {
        type Output = (Pair, f32);

        fn run<K: Kernel>(self, kernel: K) -> Self::Output {
            kernel.strongest(&self.0[0], &self.0[1], &self.0[2])
        }
    }

    proptest! {
        #[test]
        fn every_kernel_gives_the_same_sums(
            block in prop::array::uniform(any::<i16>()),
            quieter in 0u32..16,
            limit in 0i32..1 << 20,
        ) {
            let block: [i16; BLOCK] = <[i16; BLOCK]>::map(block, |sample| sample >> quieter);
            let frame: Vec<i16> = (0..7).flat_map(|n| block.map(|sample| sample >> (7 - n))).chain([9; 17]).collect();
            let expected = Path::Portable.with(All(&block, &frame, limit));
            for path in Path::all() {
                prop_assert_eq!(path.with(All(&block, &frame, limit)), expected, "{:?}", path);
            }
        }

        #[test]
        fn every_kernel_sees_the_same_ahead(
            blocks in prop::collection::vec((prop::array::uniform(any::<i16>()), 0u32..16, 0.0f64..1.0), 1..6),
        ) {
            // Something like a key with something like noise over it.
            let blocks: Vec<[i16; BLOCK]> = blocks
                .into_iter()
                .map(|(noise, quieter, key): ([i16; BLOCK], _, _)| core::array::from_fn(|n| {
                    let tone = |hz: f64| key * sin_turns(hz * n as f64 / 8_000.0);
                    (noise[n] >> quieter) / 2 + (7_000.0 * (tone(770.0) + tone(1336.0))) as i16
                }))
                .collect();
            let gate = Gate::new(&crate::Criteria::default());
            let expected = Path::Portable.with(LookAhead(&blocks, &gate));
            for path in Path::all() {
                prop_assert_eq!(path.with(LookAhead(&blocks, &gate)), expected.clone(), "{:?}", path);
            }
            for (block, view) in blocks.iter().zip(&expected.1) {
                let (spectrum, energy, _) = Path::Portable.with(All(block, &[], 0));
                let lively = gate.is_lively(&spectrum, energy);
                prop_assert_eq!(*view, (energy >= gate.energy).then_some((spectrum, lively)));
            }
        }

        #[test]
        fn every_kernel_finds_the_same_pair(blocks in prop::array::uniform3(prop::array::uniform(any::<i16>()))) {
            let blocks = blocks.map(|block| Path::Portable.with(All(&block, &[], 0)).0);
            let expected = Path::Portable.with(Strongest(&blocks));
            for path in Path::all() {
                prop_assert_eq!(path.with(Strongest(&blocks)), expected, "{:?}", path);
            }
        }
    }

    #[test]
    fn the_loudest_samples_do_not_overflow() {
        for n in 0..TONES {
            for (table, mirrored) in [(&COSINES, true), (&SINES, false)] {
                let block: [i16; BLOCK] = core::array::from_fn(|at| {
                    let fold = at.min(BLOCK - 1 - at);
                    let positive = (table.tones[fold / 2][n][fold % 2] > 0) ^ (at != fold && !mirrored);
                    if positive { i16::MAX } else { i16::MIN }
                });
                let (found, ..) = Path::Portable.with(All(&block, &[], 0));
                assert!(if mirrored { found.re[n] > 0.0 } else { found.im[n] < 0.0 }, "{n}");
            }
        }
        assert_eq!(Path::Portable.with(All(&[i16::MIN; BLOCK], &[], 0)).1, 40 << 24);
    }

    #[test]
    fn a_tone_is_seen_with_its_amplitude_and_leaks_as_computed() {
        let tone = |hz: f64| {
            core::array::from_fn(|n| {
                (10_000.0 * (core::f64::consts::TAU * hz * n as f64 / 8000.0 + 0.3).cos()).round() as i16
            })
        };
        let seen = |block: &[i16; BLOCK], k: usize| {
            let (found, ..) = Path::Portable.with(All(block, &[], 0));
            found.re[k].hypot(found.im[k]) / UNIT / 10_000.0
        };
        for (k, &hz) in TONE_HZ.iter().enumerate() {
            // The mirror image at -hz adds or takes up to 5 % of amplitude.
            assert!((seen(&tone(f64::from(hz)), k) - 1.0).abs() < 0.06);
        }
        assert!((f64::from(seen(&tone(1209.0), 5)) - leakage(127.0).abs()).abs() < 0.05);
        assert_eq!(leakage(0.0), 1.0);
    }
}
