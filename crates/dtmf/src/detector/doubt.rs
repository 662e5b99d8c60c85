//! What speaks against two tones being a key.
//!
//! A voice also has two strong tones in the right places now and then, but it rarely gets
//! everything right at once. So beyond the hard limits every flaw adds its weight to one sum, and a
//! key may be far off in one respect or slightly in some. The weights were fitted to keys in the
//! worst conditions a line may bring (noise, hum, dial tone, clipping, echo, prompts, the corners of
//! the standards) against hours of speech, singing and whistling.

use super::measure::Measurement;
use crate::Criteria;
use crate::math::power_to_db;

/// The doubt about a measured pair that has been the strongest for `age` blocks without becoming a
/// key; infinite beyond a hard limit.
pub(super) fn doubt(m: &Measurement, age: u32, criteria: &Criteria) -> f32 {
    let limit = criteria.max_frequency_error();
    let (low, high) = (m.low.error / limit, m.high.error / limit);
    let low_over_high_db = power_to_db(m.low.power / m.high.power);
    let twist = criteria.relative_twist(low_over_high_db);
    if low.abs() > 1.0 || high.abs() > 1.0 || twist > 1.0 || m.evenness < MIN_EVENNESS {
        return f32::INFINITY;
    }
    let twist_weight = if low_over_high_db > 0.0 { LOW_LOUDER } else { HIGH_LOUDER };
    let late = (age.saturating_sub(1) as f32 / LATE_BLOCKS).min(1.0);
    IMPURITY * (1.0 - m.purity).max(0.0)
        + UNCLARITY * (1.0 - m.clarity).max(0.0)
        + LOW_ERROR * square(low)
        + HIGH_ERROR * square(high)
        + twist_weight * square(twist)
        + BEND * square(m.high.bend_hz / 20.0)
        + LOW_SLOPE * square(m.low.slope_db / 4.0)
        + HIGH_SLOPE * square(m.high.slope_db / 4.0)
        + LATE * late
        + BEFORE * (m.before - 0.2).max(0.0)
}

/// The doubt that a third tone adds, which has `rival` times the power of one of the two.
pub(super) fn doubt_of_rival(rival: f32) -> f32 {
    RIVAL * ((rival - RIVAL_FROM) / (RIVAL_TO - RIVAL_FROM)).clamp(0.0, 1.0)
}

fn square(x: f32) -> f32 {
    x * x
}

/// No block of the window may have less than this of the pair's amplitude: a 30 ms window over a
/// 23 ms burst always has such a block.
const MIN_EVENNESS: f32 = 0.65;

/// Other sound in the band of the tones.
const IMPURITY: f32 = 1.5;
/// Other sound anywhere: a voice has its strongest harmonics below the tones, but so has a hum.
const UNCLARITY: f32 = 0.42;
/// Frequency error at the limit.
const LOW_ERROR: f32 = 0.4;
const HIGH_ERROR: f32 = 0.4;
/// Twist at the limit. Voices are louder at low frequencies.
const LOW_LOUDER: f32 = 0.65;
const HIGH_LOUDER: f32 = 0.4;
/// A glide of 20 Hz over 15 ms.
const BEND: f32 = 1.0;
/// A swell of 4 dB over 15 ms.
const LOW_SLOPE: f32 = 0.12;
const HIGH_SLOPE: f32 = 0.4;
/// Having been there for a while without being good enough: keys are as good as they get at once.
const LATE: f32 = 0.3;
const LATE_BLOCKS: f32 = 6.0;
/// Having been there before the window: a key is found in the first window it fills.
const BEFORE: f32 = 1.0;
/// A third tone: a key has none, chords and call progress tones have. A voice under a key seldom holds one.
const RIVAL: f32 = 0.6;
const RIVAL_FROM: f32 = 0.25;
const RIVAL_TO: f32 = 0.6;
