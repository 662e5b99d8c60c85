//! The few functions of real numbers that `core` does not have.
//!
//! Angles are in turns (1.0 is a full circle), so that reducing them is dropping whole numbers.
//! Everything here gives the same bits on every machine.

use core::f64::consts::TAU;

/// Sine of an angle in turns, to about 1e-12. Usable for tables at compile time.
pub(crate) const fn sin_turns(turns: f64) -> f64 {
    // Into -0.25..=0.25, where the series is short.
    let mut t = turns - (turns as i64) as f64;
    if t > 0.5 {
        t -= 1.0;
    } else if t < -0.5 {
        t += 1.0;
    }
    if t > 0.25 {
        t = 0.5 - t;
    } else if t < -0.25 {
        t = -0.5 - t;
    }
    let x = t * TAU;
    let mut term = x;
    let mut sum = x;
    let mut n = 1;
    while n < 9 {
        term *= -x * x / ((2 * n) as f64 * (2 * n + 1) as f64);
        sum += term;
        n += 1;
    }
    sum
}

/// Cosine of an angle in turns.
pub(crate) const fn cos_turns(turns: f64) -> f64 {
    sin_turns(turns + 0.25)
}

/// The angles of eight points (x, y) in turns, -0.5 to 0.5, to about 1e-6; zero for the origin. Eight at a
/// time without a branch, which compilers turn into vector instructions.
#[inline(always)]
pub(crate) fn angles_turns(y: &[f32; 8], x: &[f32; 8]) -> [f32; 8] {
    core::array::from_fn(|n| {
        let (ax, ay) = (x[n].abs(), y[n].abs());
        let (small, large) = if ax < ay { (ax, ay) } else { (ay, ax) };
        // Arc tangent on 0..=1, a minimax polynomial; result in turns.
        let t = small / if large > f32::MIN_POSITIVE { large } else { f32::MIN_POSITIVE };
        let s = t * t;
        let series = ((((ATAN[5] * s + ATAN[4]) * s + ATAN[3]) * s + ATAN[2]) * s + ATAN[1]) * s + ATAN[0];
        let angle = series * t * (1.0 / core::f32::consts::TAU);
        let octant = if ax < ay { 0.25 - angle } else { angle };
        let half = if x[n] < 0.0 { 0.5 - octant } else { octant };
        if y[n] < 0.0 { -half } else { half }
    })
}

/// Cosine and sine of an angle of at most a quarter turn either way, to about 3e-5.
#[inline(always)]
pub(crate) fn unit(turns: f32) -> (f32, f32) {
    let x = turns * core::f32::consts::TAU;
    let s = x * x;
    let cos = 1.0 + s * (-1.0 / 2.0 + s * (1.0 / 24.0 + s * (-1.0 / 720.0 + s / 40_320.0)));
    let sin = x * (1.0 + s * (-1.0 / 6.0 + s * (1.0 / 120.0 + s * (-1.0 / 5_040.0 + s / 362_880.0))));
    (cos, sin)
}

/// Square root, to a relative error of about 1e-7. Zero for anything not positive.
#[inline]
pub(crate) fn sqrt(x: f32) -> f32 {
    if x <= 0.0 {
        return 0.0;
    }
    let guess = f32::from_bits((x.to_bits() >> 1) + 0x1fbd_1df5);
    (0..3).fold(guess, |root, _| 0.5 * (root + x / root))
}

/// Decibels of a power ratio; see [`powers_to_db`].
pub(crate) fn power_to_db(ratio: f32) -> f32 {
    powers_to_db([ratio])[0]
}

/// Decibels of power ratios, to about 0.001 dB; -200 for anything not positive. All at a time without a branch,
/// which compilers turn into vector instructions.
#[inline(always)]
pub(crate) fn powers_to_db<const N: usize>(ratios: [f32; N]) -> [f32; N] {
    let mut db = ratios;
    for db in &mut db {
        let bits = db.to_bits();
        let exponent = ((bits >> 23) as i32 - 127) as f32;
        let mantissa = f32::from_bits(bits & 0x007f_ffff | 0x3f80_0000);
        // ln(m) = 2 atanh((m - 1) / (m + 1)), with m in 1..2.
        let y = (mantissa - 1.0) / (mantissa + 1.0);
        let y2 = y * y;
        let ln = 2.0 * y * (1.0 + y2 * (1.0 / 3.0 + y2 * (0.2 + y2 * (1.0 / 7.0 + y2 / 9.0))));
        let found = (exponent * core::f32::consts::LN_2 + ln) * (10.0 * core::f32::consts::LOG10_E);
        *db = if *db < f32::MIN_POSITIVE { -200.0 } else { found };
    }
    db
}

/// The power ratio of `db` decibels.
pub(crate) const fn db_to_power(db: f32) -> f32 {
    let ln = db as f64 * core::f64::consts::LN_10 / 10.0;
    let halvings = 12;
    let x = ln / (1 << halvings) as f64;
    let mut power = 1.0 + x * (1.0 + x / 2.0 * (1.0 + x / 3.0 * (1.0 + x / 4.0)));
    let mut n = 0;
    while n < halvings {
        power *= power;
        n += 1;
    }
    power as f32
}

/// The amplitude ratio of `db` decibels.
pub(crate) const fn db_to_amplitude(db: f32) -> f32 {
    db_to_power(db / 2.0)
}

/// Arc tangent coefficients (odd powers), error below 1e-5 of a radian.
pub(crate) const ATAN: [f32; 6] =
    [0.999_977_26, -0.332_623_47, 0.193_543_46, -0.116_432_87, 0.052_653_32, -0.011_721_2];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sine_and_cosine_agree_with_the_library() {
        for n in -3000..3000 {
            let t = f64::from(n) / 777.0;
            assert!((sin_turns(t) - (t * TAU).sin()).abs() < 1e-10);
            assert!((cos_turns(t) - (t * TAU).cos()).abs() < 1e-10);
        }
    }

    #[test]
    fn angles_agree_with_the_library() {
        for n in 0..1000 {
            let angles: [f32; 8] =
                core::array::from_fn(|k| ((n * 8 + k) as f32 / 8000.0 - 0.4999) * core::f32::consts::TAU);
            let found =
                angles_turns(&angles.map(|angle| 7.0 * angle.sin()), &angles.map(|angle| 7.0 * angle.cos()));
            for (found, angle) in found.into_iter().zip(angles) {
                assert!((found - angle / core::f32::consts::TAU).abs() < 1e-5, "{angle}");
                if angle.abs() < core::f32::consts::FRAC_PI_2 {
                    let (cos, sin) = unit(found);
                    assert!((cos - angle.cos()).abs() < 1e-4 && (sin - angle.sin()).abs() < 1e-4, "{angle}");
                }
            }
        }
        assert_eq!(angles_turns(&[0.0; 8], &[0.0; 8]), [0.0; 8]);
    }

    #[test]
    fn roots_and_decibels_agree_with_the_library() {
        for n in 0..400 {
            let x = 10f32.powf((n as f32 - 200.0) / 20.0);
            assert!((sqrt(x) / x.sqrt() - 1.0).abs() < 1e-6);
            assert!((powers_to_db([x])[0] - 10.0 * x.log10()).abs() < 0.002);
            let db = n as f32 / 4.0 - 50.0;
            assert!((db_to_power(db) / 10f32.powf(db / 10.0) - 1.0).abs() < 1e-4);
            assert!((db_to_amplitude(db) / 10f32.powf(db / 20.0) - 1.0).abs() < 1e-4);
        }
        assert_eq!(sqrt(-1.0), 0.0);
        assert_eq!(powers_to_db([0.0, -1.0]), [-200.0; 2]);
    }
}
