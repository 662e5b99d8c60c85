//! The arithmetic on one block of many channels at once: lane by lane what it is on one.

#[cfg(target_arch = "x86_64")]
mod tables;

#[cfg(target_arch = "x86_64")]
pub(super) use tables::{REFERENCES, SEPARATIONS_BY_PLACE};

use super::super::block::{Block, Gate, LEAST_COHERENCE, Pair, Spectrum};
use super::super::measure::{WINDOW, tone_keeps_pace};
use super::super::tracker::{PROMISING, looks_like};
use super::{BLOCK, Kernel, TONES};

/// Channels at once: those of the widest vector.
pub(in super::super) const LANES: usize = 16;

/// Something of every channel.
#[derive(Clone, Copy, Debug, PartialEq)]
#[repr(C, align(64))]
pub(in super::super) struct Lanes<T>(pub(in super::super) [T; LANES]);

/// The same block of all channels.
#[derive(Clone, Debug, PartialEq)]
#[repr(C)]
pub(in super::super) struct Spectra {
    /// [`Spectrum::re`] by tone, then [`Spectrum::im`].
    pub(in super::super) pointers: [Lanes<f32>; 2 * TONES],
    pub(in super::super) band: Lanes<f32>,
    pub(in super::super) row: Lanes<f32>,
    pub(in super::super) column: Lanes<f32>,
    pub(in super::super) energy: Lanes<i32>,
}

/// The strongest pair of all channels.
#[derive(Clone, Debug, PartialEq)]
pub(in super::super) struct Pairs {
    pub(in super::super) low: Lanes<u32>,
    pub(in super::super) high: Lanes<u32>,
    pub(in super::super) power: Lanes<f32>,
    /// [`Pair::sums`].
    pub(in super::super) sums: [Lanes<f32>; 4],
}

/// A block of all channels, by pair of samples: what one vector holds.
#[derive(Clone, PartialEq)]
pub(in super::super) struct Samples(pub(super) [Lanes<[i16; 2]>; BLOCK / 2]);

/// Leaves out the samples: they may hold a key.
impl core::fmt::Debug for Samples {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Samples").finish_non_exhaustive()
    }
}

impl Samples {
    const NONE: Self = Self([Lanes([[0; 2]; LANES]); BLOCK / 2]);

    /// Those of one channel.
    #[inline(always)]
    pub(in super::super) fn lane(&self, lane: usize) -> [i16; BLOCK] {
        core::array::from_fn(|n| self.0[n / 2].0[lane][n % 2])
    }

    #[inline(always)]
    pub(in super::super) fn set_lane(&mut self, lane: usize, block: &[i16; BLOCK]) {
        for (to, &pair) in self.0.iter_mut().zip(block.as_chunks().0) {
            to.0[lane] = pair;
        }
    }
}

/// A block of all channels and what the arithmetic makes of it.
#[derive(Clone, Debug, PartialEq)]
#[repr(C)]
pub(in super::super) struct Moment {
    pub(in super::super) samples: Samples,
    pub(in super::super) spectra: Spectra,
    pub(in super::super) pairs: Pairs,
}

impl Moment {
    pub(in super::super) const NOTHING: Self =
        Self { samples: Samples::NONE, spectra: Spectra::NOTHING, pairs: Pairs::NONE };

    /// Takes over a block of one channel, and of the two before it the sums.
    pub(in super::super) fn set_lane(&mut self, lane: usize, blocks: [&Block; 3]) {
        let block = blocks[0];
        self.spectra.set_lane(lane, &block.spectrum);
        self.spectra.energy.0[lane] = block.energy;
        self.pairs.low.0[lane] = block.pair.low as u32;
        self.pairs.high.0[lane] = block.pair.high as u32;
        self.pairs.power.0[lane] = block.pair_power;
        for (to, sum) in self.pairs.sums.iter_mut().zip(block.pair.sums(blocks.map(|block| &block.spectrum)))
        {
            to.0[lane] = sum;
        }
    }
}

/// The [`Gate`]s of all channels.
#[derive(Clone, Debug)]
pub(in super::super) struct Gates {
    pub(super) energy: Lanes<i32>,
    pub(super) power: Lanes<f32>,
    pub(super) row_over_column: Lanes<f32>,
    pub(super) column_over_row: Lanes<f32>,
}

/// What is true of a block, a bit for every channel.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in super::super) struct Verdicts {
    /// Not quiet.
    pub(in super::super) loud: u16,
    /// [`Gate::is_lively`].
    pub(in super::super) lively: u16,
    /// [`Spectrum::may_be_suspect`].
    pub(in super::super) suspect: u16,
}

impl Gates {
    pub(in super::super) const NONE: Self = Self {
        energy: Lanes([0; LANES]),
        power: Lanes([0.0; LANES]),
        row_over_column: Lanes([0.0; LANES]),
        column_over_row: Lanes([0.0; LANES]),
    };

    #[inline(always)]
    pub(in super::super) fn set(&mut self, lane: usize, gate: &Gate) {
        self.energy.0[lane] = gate.energy;
        self.power.0[lane] = gate.power;
        self.row_over_column.0[lane] = gate.row_over_column;
        self.column_over_row.0[lane] = gate.column_over_row;
    }

    fn lane(&self, lane: usize) -> Gate {
        Gate {
            energy: self.energy.0[lane],
            power: self.power.0[lane],
            row_over_column: self.row_over_column.0[lane],
            column_over_row: self.column_over_row.0[lane],
        }
    }
}

impl Pairs {
    pub(in super::super) const NONE: Self = Self {
        low: Lanes([0; LANES]),
        high: Lanes([0; LANES]),
        power: Lanes([0.0; LANES]),
        sums: [Lanes([0.0; LANES]); 4],
    };

    #[inline(always)]
    pub(in super::super) const fn lane(&self, lane: usize) -> (Pair, f32) {
        let pair = Pair { low: self.low.0[lane] as usize, high: self.high.0[lane] as usize };
        (pair, self.power.0[lane])
    }
}

impl Spectra {
    pub(in super::super) const NOTHING: Self = Self {
        pointers: [Lanes([0.0; LANES]); 2 * TONES],
        band: Lanes([0.0; LANES]),
        row: Lanes([0.0; LANES]),
        column: Lanes([0.0; LANES]),
        energy: Lanes([0; LANES]),
    };

    /// That of one channel.
    pub(in super::super) fn lane(&self, lane: usize) -> Spectrum {
        Spectrum {
            re: core::array::from_fn(|k| self.pointers[k].0[lane]),
            im: core::array::from_fn(|k| self.pointers[TONES + k].0[lane]),
            band: self.band.0[lane],
            row: self.row.0[lane],
            column: self.column.0[lane],
        }
    }

    fn set_lane(&mut self, lane: usize, spectrum: &Spectrum) {
        for (to, from) in self.pointers.iter_mut().zip(spectrum.re.iter().chain(&spectrum.im)) {
            to.0[lane] = *from;
        }
        self.band.0[lane] = spectrum.band;
        self.row.0[lane] = spectrum.row;
        self.column.0[lane] = spectrum.column;
    }
}

/// [`Kernel::look`] and [`Kernel::energy`] one channel after the other.
pub(super) fn look<K: Kernel>(kernel: K, blocks: &[&[i16; BLOCK]; LANES], active: u16, moment: &mut Moment) {
    let Moment { samples, spectra, .. } = moment;
    for (lane, block) in blocks.iter().enumerate().filter(|&(lane, _)| active >> lane & 1 == 1) {
        let mut spectrum = Spectrum::NOTHING;
        kernel.look(block, &mut spectrum);
        spectra.set_lane(lane, &spectrum);
        spectra.energy.0[lane] = kernel.energy(block);
        samples.set_lane(lane, block);
    }
}

/// What every channel's block comes to, one after the other.
pub(super) fn verdicts(spectra: &Spectra, gates: &Gates) -> Verdicts {
    let mut verdicts = Verdicts { loud: 0, lively: 0, suspect: 0 };
    for lane in 0..LANES {
        let (spectrum, energy, gate) = (spectra.lane(lane), spectra.energy.0[lane], gates.lane(lane));
        verdicts.loud |= u16::from(energy >= gate.energy) << lane;
        verdicts.lively |= u16::from(gate.is_lively(&spectrum, energy)) << lane;
        verdicts.suspect |= u16::from(spectrum.may_be_suspect()) << lane;
    }
    verdicts
}

/// [`Kernel::strongest`] one channel after the other; whose blocks are not in phase.
pub(super) fn strongest<K: Kernel>(kernel: K, blocks: [&Spectra; 3], heard: u16, pairs: &mut Pairs) -> u16 {
    let mut incoherent = 0;
    for lane in 0..LANES {
        let [newest, one, mut two] = blocks.map(|spectra| spectra.lane(lane));
        if heard >> lane & 1 == 0 {
            two = Spectrum::NOTHING;
        }
        let (pair, power) = kernel.strongest(&newest, &one, &two);
        (pairs.low.0[lane], pairs.high.0[lane], pairs.power.0[lane]) =
            (pair.low as u32, pair.high as u32, power);
        for (to, sum) in pairs.sums.iter_mut().zip(pair.sums([&newest, &one, &two])) {
            to.0[lane] = sum;
        }
        let band = newest.band + one.band + two.band;
        incoherent |= u16::from(power * 3.0 < band * LEAST_COHERENCE) << lane;
    }
    incoherent
}

/// Who of those `asked` [looks like](looks_like) a key.
pub(super) fn alike(spectra: &Spectra, pairs: &Pairs, floors: &Lanes<f32>, asked: u16) -> u16 {
    let is_alike = |lane: usize| {
        let Pair { low, high } = pairs.lane(lane).0;
        let tone = |k: usize| (spectra.pointers[k].0[lane], spectra.pointers[TONES + k].0[lane]);
        let powers = Pair { low, high }.powers_of(tone(low), tone(high));
        looks_like(floors.0[lane], powers, spectra.band.0[lane])
    };
    asked & (0..LANES).fold(0, |all, lane| all | u16::from(is_alike(lane)) << lane)
}

/// Whose strongest pair, of those `asked`, has been the same for a whole window and is worth measuring; newest first.
/// Of those that are `wide` the pace does not matter.
pub(super) fn promising(recent: [&Moment; WINDOW], wide: u16, asked: u16) -> u16 {
    let is_promising = |lane: usize| {
        let pairs: [&Pairs; WINDOW / 2 + 1] = core::array::from_fn(|ago| &recent[ago].pairs);
        let (pair, power) = pairs[0].lane(lane);
        let is_same = pairs.iter().all(|older| older.lane(lane).0 == pair);
        let band: f32 = recent.iter().map(|block| block.spectra.band.0[lane]).sum();
        let promises = (power + pairs[WINDOW / 2].power.0[lane]) * (WINDOW as f32 / 2.0) >= PROMISING * band;
        let keeps_pace = pairs.array_windows().all(|[newer, older]| {
            let sum = |pairs: &Pairs, part: usize| (pairs.sums[part].0[lane], pairs.sums[part + 1].0[lane]);
            let step = |tone, part| tone_keeps_pace(tone, sum(older, part), sum(newer, part));
            step(pair.low, 0) & step(pair.high, 2)
        });
        is_same && promises && (wide >> lane & 1 == 1 || keeps_pace)
    };
    asked & (0..LANES).fold(0, |all, lane| all | u16::from(is_promising(lane)) << lane)
}

#[cfg(test)]
mod tests {
    use super::super::{Path, WithKernel};
    use super::*;
    use crate::Criteria;
    use crate::math::sin_turns;
    use proptest::prelude::*;

    /// Everything a kernel computes of three blocks, newest first.
    struct All<'a>(&'a [[[i16; BLOCK]; LANES]; 3], &'a Gates, u16, u16);

    #[derive(Debug, PartialEq)]
    struct Found {
        moments: [Moment; 3],
        verdicts: Verdicts,
        incoherent: u16,
        pairs: Pairs,
        alike: [u16; 2],
        promising: u16,
    }

    impl WithKernel for All<'_> {
        type Output = Found;

        fn run<K: Kernel>(self, kernel: K) -> Found {
            let Self(blocks, gates, heard, asked) = self;
            let mut moments = blocks.each_ref().map(|blocks| {
                let mut moment = Moment::NOTHING;
                kernel.look_abreast(&blocks.each_ref(), u16::MAX, &mut moment);
                moment
            });
            let [newest, one, two] = moments.each_ref().map(|moment| &moment.spectra);
            let mut pairs = Pairs::NONE;
            let incoherent = kernel.strongest_abreast([newest, one, two], heard, &mut pairs);
            let alike =
                [newest, one].map(|spectra| kernel.alike_abreast(spectra, &pairs, &gates.power, asked));
            let verdicts = kernel.verdicts(newest, gates);
            moments.iter_mut().for_each(|moment| moment.pairs = pairs.clone());
            let recent = core::array::from_fn(|ago| &moments[ago % 3]);
            let promising = kernel.promising_abreast(recent, heard, asked);
            Found { verdicts, incoherent, pairs, alike, promising, moments }
        }
    }

    /// Something like a key with something like noise over it.
    fn blocks() -> impl Strategy<Value = [[i16; BLOCK]; LANES]> {
        let lane = (prop::array::uniform(any::<i16>()), 0u32..16, 0.0f64..1.0, 0usize..4, 0usize..4);
        prop::array::uniform16(lane).prop_map(|lanes| {
            lanes.map(|(noise, quieter, key, row, column): ([i16; BLOCK], _, _, _, _)| {
                core::array::from_fn(|n| {
                    let tone = |k: usize| sin_turns(f64::from(super::super::TONE_HZ[k]) * n as f64 / 8_000.0);
                    (noise[n] >> quieter) / 2 + (key * 7_000.0 * (tone(row) + tone(4 + column))) as i16
                })
            })
        })
    }

    proptest! {
        #[test]
        fn every_kernel_finds_the_same_on_many_channels(
            one in blocks(), two in blocks(), three in blocks(), heard: u16, asked: u16, held: bool,
            level in -45.0f32..-5.0,
        ) {
            let mut gates = Gates::NONE;
            for lane in 0..LANES {
                gates.set(lane, &Gate::new(&Criteria::default().with_min_level_dbm0(level - lane as f32)));
            }
            let blocks = if held { [one, one, one] } else { [one, two, three] };
            let expected = Path::Portable.with(All(&blocks, &gates, heard, asked));
            for path in Path::all() {
                prop_assert_eq!(&path.with(All(&blocks, &gates, heard, asked)), &expected, "{:?}", path);
            }
        }
    }
}
