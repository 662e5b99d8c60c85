use core::fmt;
use core::time::Duration;

use zeroize::{Zeroize, ZeroizeOnDrop};

/// The month a card expires in, as keyed from its front: two digits of month, two of year.
///
/// A card is good through the last day of that month. Which time zone ends the day is not laid down, so the
/// latest one (UTC-12) does. `Debug` prints the type name only.
///
/// ```
/// use core::time::Duration;
/// use paytone_card::{ExpiryDate, InvalidExpiryDate};
///
/// let november_2023 = Duration::from_secs(1_700_000_000);
/// let date = ExpiryDate::parse(b"0226", november_2023).unwrap();
/// assert_eq!((date.month(), date.year()), (2, 2026));
/// assert_eq!(ExpiryDate::parse(b"2602", november_2023).unwrap_err(), InvalidExpiryDate::LooksSwapped);
/// ```
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct ExpiryDate {
    month: u8,
    year: u16,
}

/// Why an expiry date was not taken. Never holds a digit of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidExpiryDate {
    /// Not four digits.
    #[error("the expiry date does not have four digits")]
    Length,
    /// Something other than the ASCII digits 0 to 9.
    #[error("the expiry date holds something other than digits")]
    NotADigit,
    /// The first two digits are no month.
    #[error("the expiry date has no such month")]
    Month,
    /// The first two digits are no month, the last two are: keyed as year and month.
    #[error("the expiry date looks like year before month")]
    LooksSwapped,
    /// The month is over everywhere on Earth.
    #[error("the expiry date is past")]
    Past,
    /// More than 20 years ahead.
    #[error("the expiry date is too far ahead")]
    TooFar,
}

impl ExpiryDate {
    /// Takes four ASCII digits, month then year. `now` is the time since the Unix epoch; the century is the
    /// one that brings the year closest to it.
    ///
    /// # Errors
    ///
    /// The first [`InvalidExpiryDate`] reason that applies, in the order of the enum.
    pub fn parse(mmyy: &[u8], now: Duration) -> Result<Self, InvalidExpiryDate> {
        let &[m1, m2, y1, y2] = mmyy else {
            return Err(InvalidExpiryDate::Length);
        };
        if !mmyy.iter().all(u8::is_ascii_digit) {
            return Err(InvalidExpiryDate::NotADigit);
        }
        let month = (m1 - b'0') * 10 + (m2 - b'0');
        let short_year = (y1 - b'0') * 10 + (y2 - b'0');
        match (month, short_year) {
            (1..=12, _) => {}
            (13.., 1..=12) => return Err(InvalidExpiryDate::LooksSwapped),
            _ => return Err(InvalidExpiryDate::Month),
        }
        Ok(Self { month, year: full_year(short_year, now)? })
            .and_then(|date: Self| if date.is_expired(now) { Err(InvalidExpiryDate::Past) } else { Ok(date) })
    }

    /// The month, 1 to 12.
    #[must_use]
    pub const fn month(&self) -> u8 {
        self.month
    }

    /// The year in full, as in 2031.
    #[must_use]
    pub const fn year(&self) -> u16 {
        self.year
    }

    /// Whether the month is over in every time zone at `at`, the time since the Unix epoch.
    #[must_use]
    pub fn is_expired(&self, at: Duration) -> bool {
        (self.year, self.month) < year_and_month(at)
    }
}

impl fmt::Debug for ExpiryDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ExpiryDate(..)")
    }
}

/// The year with these last two digits that a card seen at `now` can mean.
fn full_year(short_year: u8, now: Duration) -> Result<u16, InvalidExpiryDate> {
    let (this_year, _) = year_and_month(now);
    let ahead = (u16::from(short_year) + 100 - this_year % 100) % 100;
    match ahead {
        0..=MAX_YEARS_AHEAD => Ok(this_year + ahead),
        // Half a century splits what is long past from what is far ahead.
        50.. => Err(InvalidExpiryDate::Past),
        _ => Err(InvalidExpiryDate::TooFar),
    }
}

/// Year and month at UTC-12, where every day ends last.
fn year_and_month(at: Duration) -> (u16, u8) {
    let days = at.saturating_sub(LATEST_ZONE).as_secs() / SECONDS_PER_DAY;
    // Howard Hinnant's `civil_from_days`, for days since 1970-01-01 that are never negative: years that start
    // in March have their leap day last, and 400 of them repeat.
    let days = days.min(MAX_DAYS) + 719_468;
    let era = days / 146_097;
    let day_of_era = days % 146_097;
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let march_month = (5 * day_of_year + 2) / 153;
    let month = if march_month < 10 { march_month + 3 } else { march_month - 9 };
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    (year as u16, month as u8)
}

const MAX_YEARS_AHEAD: u16 = 20;
const LATEST_ZONE: Duration = Duration::from_secs(12 * 3600);
const SECONDS_PER_DAY: u64 = 86_400;
/// About the year 29,000: far enough, and every year up to it fits its type with room for the window.
const MAX_DAYS: u64 = 10_000_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_turn_at_noon_utc_on_the_first() {
        // 2024-03-01T12:00:00Z is midnight at UTC-12, after a leap day.
        let turn = Duration::from_secs(1_709_294_400);
        assert_eq!(year_and_month(turn - Duration::from_nanos(1)), (2024, 2));
        assert_eq!(year_and_month(turn), (2024, 3));
    }

    #[test]
    fn known_dates() {
        assert_eq!(year_and_month(Duration::ZERO), (1970, 1));
        assert_eq!(year_and_month(Duration::from_secs(951_868_800)), (2000, 2)); // 2000-03-01T00:00Z
        assert_eq!(year_and_month(Duration::from_secs(4_107_585_600)), (2100, 3)); // 2100-03-01T12:00Z+
        assert_eq!(year_and_month(Duration::from_secs(4_102_444_800)), (2099, 12)); // 2100-01-01T00:00Z
        let (year, month) = year_and_month(Duration::MAX);
        assert!(year > 20_000 && (1..=12).contains(&month));
    }
}
