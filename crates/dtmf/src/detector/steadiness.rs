//! What speaks for two tones being a key although there is doubt: that the high one has not changed at all.
//!
//! A voice under a key disturbs the low tone and spoils the purity of any 30 ms, but its harmonics seldom reach
//! the high tone, which a keypad holds to the last hertz. A voice alone that holds one harmonic still holds all.

use super::measure::Measurement;

/// The windows of a candidate, as long as its high tone is the same in all of them.
#[derive(Clone, Debug)]
pub(super) struct Steadiness {
    /// The oldest first.
    windows: [Window; WINDOWS],
    len: usize,
}

#[derive(Clone, Copy, Debug)]
struct Window {
    error: f32,
    level_db: f32,
    /// What speaks against it, as [`Lasting::doubt`] has it.
    doubt: f32,
    lead: f32,
    low_scatter: f32,
}

/// A pair whose high tone has stood still.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lasting {
    /// What speaks against the first window, whatever came before it.
    pub(super) doubt: f32,
    /// How far before the newest window the tones began, in blocks.
    pub(super) lead: f32,
}

impl Steadiness {
    pub(super) const fn new() -> Self {
        Self {
            windows: [Window { error: 0.0, level_db: 0.0, doubt: 0.0, lead: 0.0, low_scatter: 0.0 }; WINDOWS],
            len: 0,
        }
    }

    pub(super) const fn clear(&mut self) {
        self.len = 0;
    }

    /// Adds the window after the last one.
    #[inline(always)]
    pub(super) fn add(&mut self, m: &Measurement, doubt: f32) -> Option<Lasting> {
        if m.high.scatter > MOST_SCATTER {
            self.clear();
            return None;
        }
        if self.len == WINDOWS {
            self.windows.rotate_left(1);
            self.len -= 1;
        }
        let newest = Window {
            error: m.high.error,
            level_db: m.high_db,
            doubt,
            lead: m.lead,
            low_scatter: m.low.scatter,
        };
        self.windows[self.len] = newest;
        self.len += 1;
        let is_same = |window: &Window| {
            (window.error - newest.error).abs() <= MOST_DRIFT
                && (window.level_db - newest.level_db).abs() <= MOST_SWELL_DB
        };
        let disturbed: f32 = self.windows.iter().map(|window| window.low_scatter).sum();
        let lasts = self.len == WINDOWS
            && disturbed >= LEAST_DISTURBED * WINDOWS as f32
            && self.windows.iter().all(is_same);
        let first = self.windows[0];
        lasts.then_some(Lasting { doubt: first.doubt, lead: first.lead + (WINDOWS - 1) as f32 })
    }
}

/// How many windows, each a block after the other: the tones have lasted for 55 ms.
const WINDOWS: usize = 6;
/// How far the frequency may be off that of the newest window, relative: a hertz or two.
const MOST_DRIFT: f32 = 0.001;
const MOST_SWELL_DB: f32 = 0.3;
/// Part of the high tone's power that is not in the steady tone.
const MOST_SCATTER: f32 = 0.06;
/// The same part of the low tone's, on average: a vowel held still has both tones of it still.
const LEAST_DISTURBED: f32 = 0.1;

#[cfg(test)]
mod tests {
    use super::super::measure::ToneFit;
    use super::*;
    use crate::math::power_to_db;

    fn window(error: f32, power: f32, scatter: f32, low_scatter: f32) -> Measurement {
        let high = ToneFit { power, error, bend_hz: 0.0, slope_db: 0.0, scatter };
        Measurement {
            low: ToneFit { scatter: low_scatter, ..high },
            high,
            purity: 0.6,
            clarity: 0.6,
            evenness: 0.6,
            before: 0.0,
            lead: 0.5,
            low_over_high_db: 0.0,
            high_db: power_to_db(power),
        }
    }

    #[test]
    fn six_windows_alike_last() {
        let mut steadiness = Steadiness::new();
        for n in 0..9 {
            let lasting = steadiness.add(&window(0.01, 1e6, 0.01, 0.2), 0.1 * n as f32);
            assert_eq!(lasting.is_some(), n >= 5, "{n}");
            if let Some(lasting) = lasting {
                assert!((lasting.doubt - 0.1 * (n - 5) as f32).abs() < 1e-6);
                assert_eq!(lasting.lead, 5.5);
            }
        }
        steadiness.clear();
        assert!(steadiness.add(&window(0.01, 1e6, 0.01, 0.2), 0.0).is_none());
    }

    #[test]
    fn what_drifts_swells_or_scatters_does_not_last() {
        let lasts = |change: fn(u8) -> Measurement| {
            let mut steadiness = Steadiness::new();
            (0..12).any(|n| steadiness.add(&change(n), 0.0).is_some())
        };
        assert!(lasts(|_| window(0.01, 1e6, 0.01, 0.2)));
        assert!(!lasts(|n| window(0.0003 * f32::from(n), 1e6, 0.01, 0.2)));
        assert!(!lasts(|n| window(0.01, 1e6 * (1.0 + 0.02 * f32::from(n)), 0.01, 0.2)));
        assert!(!lasts(|_| window(0.01, 1e6, 0.1, 0.2)));
        assert!(!lasts(|_| window(0.01, 1e6, 0.01, 0.01)));
    }
}
