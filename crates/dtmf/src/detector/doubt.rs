//! What speaks against two tones being a key.
//!
//! A voice also has two strong tones in the right places now and then, but it rarely gets
//! everything right at once. So beyond the hard limits every flaw adds its weight to one sum, and a
//! key may be far off in one respect or slightly in some. The weights were fitted to keys in the
//! worst conditions a line may bring (noise, hum, dial tone, clipping, echo, prompts, the corners of
//! the standards) against hours of speech, singing and whistling.

use super::company::Company;
use super::measure::Measurement;
use crate::Criteria;

/// What came before a measured window.
#[derive(Clone, Copy, Debug)]
pub(super) struct Past {
    /// For how many blocks the pair has been the strongest without becoming a key.
    pub(super) age: u32,
    /// Power in the band before the first of its windows, over that in the window.
    pub(super) ambience: f32,
    /// Whether the window a block earlier was good enough.
    pub(super) is_second: bool,
}

/// The doubt about a measured pair, of which `lasting` is the part that [`lasting_doubt`] has; infinite beyond a
/// hard limit.
#[inline(always)]
pub(super) fn doubt(m: &Measurement, past: &Past, lasting: f32) -> f32 {
    if m.evenness < MIN_EVENNESS {
        return f32::INFINITY;
    }
    lasting
        + BEND * square(m.high.bend_hz / 20.0)
        + LOW_SLOPE * square(m.low.slope_db / 4.0)
        + HIGH_SLOPE * square(m.high.slope_db / 4.0)
        + SCATTER * m.high.scatter
        + UNEVENNESS * (STEADY_EVENNESS - m.evenness).max(0.0)
        + doubt_of_past(m, past)
}

/// The part of it that is not about change; infinite beyond a hard limit.
#[inline(always)]
pub(super) fn lasting_doubt(m: &Measurement, criteria: &Criteria) -> f32 {
    let limit = criteria.max_frequency_error();
    let (low, high) = (square(m.low.error / limit), square(m.high.error / limit));
    let twist = square(criteria.relative_twist(m.low_over_high_db));
    if low > 1.0 || high > 1.0 || twist > 1.0 {
        return f32::INFINITY;
    }
    let twist_weight = if m.low_over_high_db > 0.0 { LOW_LOUDER } else { HIGH_LOUDER };
    IMPURITY * (1.0 - m.purity).max(0.0)
        + UNCLARITY * (1.0 - m.clarity).max(0.0)
        + (LOW_ERROR + FAR_ERROR * low) * low
        + (HIGH_ERROR + FAR_ERROR * high) * high
        + (twist_weight + FAR_TWIST * twist) * twist
}

/// The doubt that what came before the window adds.
#[inline(always)]
fn doubt_of_past(m: &Measurement, past: &Past) -> f32 {
    // The second window of a key has a block of it before, and of a key within the standards it is steady.
    let steady = m.evenness >= STEADY_EVENNESS && m.low.scatter + m.high.scatter <= STEADY_SCATTER;
    let before = if past.is_second && steady { 0.0 } else { m.before };
    let late = (past.age.saturating_sub(1) as f32 / LATE_BLOCKS).min(1.0);
    LATE * late
        + if past.age > 1 { NOT_AT_ONCE } else { 0.0 }
        + BEFORE * (before - BEFORE_FROM).max(0.0)
        + AMBIENCE * (past.ambience.min(AMBIENCE_TO) - AMBIENCE_FROM).max(0.0)
}

/// The doubt that a third tone adds, which has `rival` times the power of one of the two.
pub(super) fn doubt_of_rival(rival: f32) -> f32 {
    RIVAL * ((rival - RIVAL_FROM) / (RIVAL_TO - RIVAL_FROM)).clamp(0.0, 1.0)
}

/// The doubt that the rest of the sound adds if the two tones belong to it.
pub(super) fn doubt_of_company(company: Company) -> f32 {
    KINSHIP
        * ((company.kinship - KINSHIP_FROM) / (KINSHIP_TO - KINSHIP_FROM)).clamp(0.0, 1.0)
        * ((company.rest - REST_FROM) / (REST_TO - REST_FROM)).clamp(0.0, 1.0)
}

fn square(x: f32) -> f32 {
    x * x
}

/// No block of the window may have less than this of the pair's amplitude: a 30 ms window over a
/// 23 ms burst always has such a block.
const MIN_EVENNESS: f32 = 0.65;

/// How alike the blocks of a window are that holds nothing but a key.
const STEADY_EVENNESS: f32 = 0.95;
const STEADY_SCATTER: f32 = 0.03;

/// Other sound in the band of the tones.
const IMPURITY: f32 = 1.34;
/// Other sound anywhere: a voice has its strongest harmonics below the tones, but so has a hum.
const UNCLARITY: f32 = 0.41;
/// Frequency error at the limit, and what its square's square adds.
const LOW_ERROR: f32 = 0.32;
const HIGH_ERROR: f32 = 0.29;
const FAR_ERROR: f32 = 0.32;
/// Twist at the limit. Voices are louder at low frequencies.
const LOW_LOUDER: f32 = 0.446;
const HIGH_LOUDER: f32 = 0.135;
const FAR_TWIST: f32 = 0.11;
/// A glide of 20 Hz over 15 ms.
const BEND: f32 = 0.747;
/// A swell of 4 dB over 15 ms.
const LOW_SLOPE: f32 = 0.108;
const HIGH_SLOPE: f32 = 0.378;
/// Unsteadiness of the high tone, and a dip of both.
const SCATTER: f32 = 0.234;
const UNEVENNESS: f32 = 0.129;
/// Having been there for a while without being good enough: keys are as good as they get at once.
const LATE: f32 = 0.251;
const LATE_BLOCKS: f32 = 6.0;
const NOT_AT_ONCE: f32 = 0.071;
/// Having been there before the window: a key is found in the first window it fills.
const BEFORE: f32 = 0.6;
const BEFORE_FROM: f32 = 0.2;
/// Other sound before: one vowel follows another, a key follows silence or a sound below its own level.
const AMBIENCE: f32 = 0.3;
const AMBIENCE_FROM: f32 = 0.478;
const AMBIENCE_TO: f32 = 1.2;
/// A third tone: a key has none, chords and call progress tones have. A voice under a key seldom holds one.
pub(super) const RIVAL: f32 = 0.75;
const RIVAL_FROM: f32 = 0.233;
const RIVAL_TO: f32 = 0.661;
/// Harmonics of one pitch, if what is heard of them beside the two tones is worth listening to.
pub(super) const KINSHIP: f32 = 0.7;
const KINSHIP_FROM: f32 = 0.5;
const KINSHIP_TO: f32 = 0.8;
pub(super) const REST_FROM: f32 = 0.03;
const REST_TO: f32 = 0.1;
