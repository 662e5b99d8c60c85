//! What else is heard while two tones sound: whether they belong to it.
//!
//! Two tones of a voice or an instrument are harmonics of one pitch, and so is all that comes with them: take
//! the tones out and the rest repeats itself whenever the tones do. What lies over a key (a prompt, noise, an
//! echo of the room) has a pitch of its own or none.

use super::kernel::BLOCK;
use super::measure::WINDOW;
use super::recall::Recall;
use crate::math::{cos_turns, sin_turns, sqrt};

/// What is left of a window when its two tones are taken out.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Company {
    /// Its part of all power.
    pub(super) rest: f32,
    /// How well it repeats itself where both tones do: 1 for the harmonics of a pitch that the tones are
    /// harmonics of as well, about 0 for anything else.
    pub(super) kinship: f32,
}

impl Company {
    /// That of two tones, at `hz`, in the newest [`WINDOW`] blocks of `history`.
    pub(super) fn of(hz: [f32; 2], history: &impl Recall) -> Self {
        let blocks: [[i16; BLOCK]; WINDOW] = core::array::from_fn(|n| history.samples(WINDOW - 1 - n));
        let samples = blocks.as_flattened();
        // Less of what is low, where hums are, and nothing at all at 0 Hz.
        let mut signal: [f32; LEN] =
            core::array::from_fn(|n| f32::from(samples[n + 2]) - f32::from(samples[n]));
        let tones_power = take_out(hz, &mut signal);
        let rest_power = dot(&signal, &signal);
        Self {
            rest: rest_power / (rest_power + tones_power).max(f32::MIN_POSITIVE),
            kinship: common_periods(hz).map(|lag| repetition(&signal, lag)).fold(0.0, f32::max),
        }
    }
}

/// Subtracts the two tones, and those of a dial tone, as least squares finds them; returns the energy of the two.
fn take_out(hz: [f32; 2], signal: &mut [f32; LEN]) -> f32 {
    // Seen from the middle, cosines are even and sines are odd: they do not meet.
    let (mut even, mut odd) = ([0.0; ROOM], [0.0; ROOM]);
    for n in 0..LEN / 2 {
        let (later, earlier) = (signal[LEN / 2 + n], signal[LEN / 2 - 1 - n]);
        (even[n], odd[n]) = (0.5 * (later + earlier), 0.5 * (later - earlier));
    }
    let [low, high] = hz.map(Wave::new);
    let energy = take_out_half(&mut even, [&low.cos, &high.cos, &DIAL_TONE[0].cos, &DIAL_TONE[1].cos])
        + take_out_half(&mut odd, [&low.sin, &high.sin, &DIAL_TONE[0].sin, &DIAL_TONE[1].sin]);
    for n in 0..LEN / 2 {
        signal[LEN / 2 + n] = even[n] + odd[n];
        signal[LEN / 2 - 1 - n] = even[n] - odd[n];
    }
    2.0 * energy
}

/// Subtracts from half a signal what it has of four waves; returns the energy of the first two.
fn take_out_half(half: &mut [f32; ROOM], waves: [&[f32; ROOM]; 4]) -> f32 {
    // The normal equations with their right sides, solved from the last unknown back.
    let mut rows: [[f32; 5]; 4] =
        waves.map(|wave| core::array::from_fn(|n| dot(wave, waves.get(n).copied().unwrap_or(half))));
    for pivot in 0..4 {
        let scale = 1.0 / rows[pivot][pivot];
        let equation = rows[pivot].map(|value| value * scale);
        rows[pivot] = equation;
        for row in &mut rows[pivot + 1..] {
            let times = row[pivot];
            row.iter_mut().zip(equation).for_each(|(value, other)| *value -= times * other);
        }
    }
    let mut parts = [0.0; 4];
    for row in (0..4).rev() {
        parts[row] = rows[row][4] - (row + 1..4).map(|n| rows[row][n] * parts[n]).sum::<f32>();
    }
    let mut energy = 0.0;
    for n in 0..LEN / 2 {
        let tones = parts[0] * waves[0][n] + parts[1] * waves[1][n];
        energy += tones * tones;
        half[n] -= tones + parts[2] * waves[2][n] + parts[3] * waves[3][n];
    }
    energy
}

/// The later half of a wave around the middle of a signal.
struct Wave {
    cos: [f32; ROOM],
    sin: [f32; ROOM],
}

impl Wave {
    fn new(hz: f32) -> Self {
        let turns = f64::from(hz) / 8_000.0;
        let step = (cos_turns(turns) as f32, sin_turns(turns) as f32);
        let mut at = (cos_turns(0.5 * turns) as f32, sin_turns(0.5 * turns) as f32);
        let mut wave = Self { cos: [0.0; ROOM], sin: [0.0; ROOM] };
        for n in 0..LEN / 2 {
            (wave.cos[n], wave.sin[n]) = at;
            at = (at.0 * step.0 - at.1 * step.1, at.0 * step.1 + at.1 * step.0);
        }
        wave
    }

    const fn fixed(hz: f64) -> Self {
        let mut wave = Self { cos: [0.0; ROOM], sin: [0.0; ROOM] };
        let mut n = 0;
        while n < LEN / 2 {
            let turns = hz * (n as f64 + 0.5) / 8_000.0;
            (wave.cos[n], wave.sin[n]) = (cos_turns(turns) as f32, sin_turns(turns) as f32);
            n += 1;
        }
        wave
    }
}

/// After how many samples both tones are where they were, nearly.
fn common_periods(hz: [f32; 2]) -> impl Iterator<Item = f32> {
    let [low, high] = hz.map(|hz| hz / 8_000.0);
    let square = low * low + high * high;
    (1u8..MOST_PERIODS).filter_map(move |periods| {
        let periods = f32::from(periods);
        let others = (high * periods / low + 0.5) as i32 as f32;
        let lag = (periods * low + others * high) / square;
        let off = (low * lag - periods).abs().max((high * lag - others).abs());
        (off <= NEARLY && (SHORTEST_LAG..=LONGEST_LAG).contains(&lag)).then_some(lag)
    })
}

/// How much a signal is like itself `lag` samples before, -1 to 1.
fn repetition(signal: &[f32; LEN], lag: f32) -> f32 {
    let whole = lag as usize;
    let part = lag - whole as f32;
    let mut before = [0.0; LEN];
    let len = LEN - whole - 1;
    for (n, value) in before[..len].iter_mut().enumerate() {
        *value = signal[n + 1] + part * (signal[n] - signal[n + 1]);
    }
    let (now, before) = (&signal[whole + 1..], &before[..len]);
    let energy = dot(now, now) * dot(before, before);
    dot(now, before) / sqrt(energy).max(f32::MIN_POSITIVE)
}

/// Adds up in eight columns: what a compiler does at once, and in the same order on every machine.
fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut columns = [0.0; 8];
    let ((a, a_rest), (b, b_rest)) = (a.as_chunks::<8>(), b.as_chunks::<8>());
    for (a, b) in a.iter().zip(b) {
        columns = core::array::from_fn(|n| columns[n] + a[n] * b[n]);
    }
    for (n, (a, b)) in a_rest.iter().zip(b_rest).enumerate() {
        columns[n] += a * b;
    }
    columns.iter().sum()
}

/// Samples that are compared: those of the window that have one two samples before.
const LEN: usize = WINDOW * BLOCK - 2;
/// Half of them, in whole vectors.
const ROOM: usize = 120;
/// A dial tone: 350 and 440 Hz or 425 Hz, which are too close to be told apart in 30 ms.
static DIAL_TONE: [Wave; 2] = [Wave::fixed(350.0), Wave::fixed(432.0)];
/// Pitches from 80 to 800 Hz.
const LONGEST_LAG: f32 = 100.0;
const SHORTEST_LAG: f32 = 10.0;
/// More than a low tone has of them in the longest lag.
const MOST_PERIODS: u8 = 14;
/// By how much of its period each tone may be off.
const NEARLY: f32 = 0.06;

#[cfg(test)]
mod tests {
    use super::super::block::tests::look;
    use super::super::history::History;
    use super::super::kernel::Portable;
    use super::*;

    /// Of the key 4 with something else, by the sample.
    fn company(hz: [f32; 2], other: impl Fn(f64) -> f64) -> Company {
        let mut history = History::new();
        for block in 0..WINDOW {
            let samples: [i16; BLOCK] = core::array::from_fn(|n| {
                let t = (block * BLOCK + n) as f64 / 8000.0;
                (4000.0 * (sine(770.0, t) + sine(1210.0, t)) + other(t)) as i16
            });
            let (spectrum, energy) = look(&samples);
            *history.upcoming(0) = spectrum;
            history.push_heard(Portable, &samples, energy, true);
        }
        Company::of(hz, &history)
    }

    fn sine(hz: f64, t: f64) -> f64 {
        (core::f64::consts::TAU * hz * t + 0.3 * hz).sin()
    }

    /// Twelve harmonics of a pitch.
    fn voice(pitch: f64, t: f64) -> f64 {
        (1..=12).map(|h| 900.0 * sine(pitch * f64::from(h), t)).sum()
    }

    const HZ: [f32; 2] = [770.0, 1210.0];

    #[test]
    fn tones_of_a_voice_are_akin_to_the_rest_of_it() {
        let of_a_voice = company(HZ, |t| voice(110.0, t));
        assert!(of_a_voice.kinship > 0.9 && of_a_voice.rest > 0.05, "{of_a_voice:?}");
    }

    #[test]
    fn a_key_is_not_akin_to_a_voice_over_it() {
        for pitch in [93.0, 127.0, 141.0, 203.0, 230.0] {
            let over_a_key = company(HZ, |t| voice(pitch, t));
            assert!(over_a_key.kinship < 0.5 && over_a_key.rest > 0.1, "{pitch} {over_a_key:?}");
        }
    }

    #[test]
    fn a_key_alone_leaves_nothing_and_neither_do_hum_and_dial_tone() {
        assert!(company(HZ, |_| 0.0).rest < 1e-4);
        assert!(company(HZ, |t| 3000.0 + 6000.0 * sine(50.0, t)).rest < 0.03);
        assert!(company(HZ, |t| 6000.0 * (sine(350.0, t) + sine(440.0, t))).rest < 0.1);
        assert!(company(HZ, |t| 8000.0 * sine(425.0, t)).rest < 0.1);
    }

    #[test]
    fn nothing_at_all_is_no_company() {
        let silence = History::new();
        assert_eq!(Company::of(HZ, &silence), Company { rest: 0.0, kinship: 0.0 });
    }
}
