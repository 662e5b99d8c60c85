//! The line's faults, the same again for the same seed.

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use crate::Options;

/// Loses and reorders packets on their way out.
pub(crate) struct Line {
    loss: f64,
    reorder: f64,
    late: Option<Vec<u8>>,
    random: StdRng,
}

impl Line {
    pub(crate) fn new(options: &Options) -> Self {
        let random = StdRng::seed_from_u64(options.seed);
        Self { loss: options.loss, reorder: options.reorder, late: None, random }
    }

    /// What leaves when `packet` is sent: nothing, itself, or itself and one it overtook.
    pub(crate) fn carry(&mut self, packet: Vec<u8>) -> impl Iterator<Item = Vec<u8>> {
        let lost = self.random.random_bool(self.loss);
        let overtaken = self.random.random_bool(self.reorder);
        let (now, after) = match (lost, self.late.take()) {
            (true, late) => (late, None),
            (false, None) if overtaken => {
                self.late = Some(packet);
                (None, None)
            }
            (false, late) => (Some(packet), late),
        };
        now.into_iter().chain(after)
    }
}

/// White noise with a normal distribution.
pub(crate) struct Noise {
    deviation: f64,
    random: StdRng,
}

impl Noise {
    /// `snr_db` below a tone with the root mean square `level`.
    pub(crate) fn new(snr_db: f64, level: f64, seed: u64) -> Self {
        Self { deviation: level / 10_f64.powf(snr_db / 20.0), random: StdRng::seed_from_u64(!seed) }
    }

    pub(crate) fn add_to(&mut self, samples: &mut [i16]) {
        for sample in samples {
            let noisy = f64::from(*sample) + self.deviation * self.normal();
            *sample = noisy.round() as i16;
        }
    }

    /// Box and Muller's transform.
    fn normal(&mut self) -> f64 {
        let radius = (-2.0 * (1.0 - self.random.random::<f64>()).ln()).sqrt();
        radius * (core::f64::consts::TAU * self.random.random::<f64>()).cos()
    }
}

/// Root mean square of `samples`.
pub(crate) fn level(samples: &[i16]) -> f64 {
    let sum: f64 = samples.iter().map(|sample| f64::from(*sample).powi(2)).sum();
    (sum / samples.len().max(1) as f64).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn carried(options: &Options, packets: u16) -> Vec<u16> {
        let mut line = Line::new(options);
        let sent = (0..packets).flat_map(|n| line.carry(n.to_be_bytes().to_vec()).collect::<Vec<_>>());
        sent.map(|bytes| u16::from_be_bytes([bytes[0], bytes[1]])).collect()
    }

    #[test]
    fn a_perfect_line_changes_nothing() {
        assert_eq!(carried(&Options::new(), 100), (0..100).collect::<Vec<_>>());
    }

    #[test]
    fn a_dead_line_carries_nothing() {
        assert_eq!(carried(&Options::new().loss(1.0), 100), []);
    }

    #[test]
    fn loss_is_about_what_was_asked_for_and_repeatable() {
        let options = Options::new().loss(0.2).seed(7);
        let arrived = carried(&options, 2_000);
        assert!((1_500..1_700).contains(&arrived.len()), "{}", arrived.len());
        assert!(arrived.is_sorted());
        assert_eq!(arrived, carried(&options, 2_000));
        assert_ne!(arrived, carried(&options.seed(8), 2_000));
    }

    #[test]
    fn reordering_swaps_neighbours_and_loses_none() {
        let arrived = carried(&Options::new().reorder(0.3), 1_000);
        let swaps = arrived.windows(2).filter(|pair| pair[1] < pair[0]).count();
        assert!((150..350).contains(&swaps), "{swaps}");
        assert!(arrived.iter().enumerate().all(|(place, n)| place.abs_diff(usize::from(*n)) <= 1));
        assert!(arrived.len() >= 999, "at most the last one is still under way");
    }

    #[test]
    fn noise_has_the_level_asked_for() {
        let mut samples = vec![0; 40_000];
        Noise::new(20.0, 3_000.0, 1).add_to(&mut samples);
        assert!((285.0..315.0).contains(&level(&samples)), "{}", level(&samples));
    }
}
