//! Expiry dates as keyed: windows, month ends, likely swaps.

use core::time::Duration;

use paytone_card::{ExpiryDate, InvalidExpiryDate};
use proptest::prelude::*;

/// Seconds since the Unix epoch at noon UTC on the first of a month, which is midnight at UTC-12.
fn noon_on_the_first(year: u64, month: u64) -> Duration {
    let leap = |y: u64| y.is_multiple_of(4) && (!y.is_multiple_of(100) || y.is_multiple_of(400));
    let days_in = |y: u64, m: u64| match m {
        2 => 28 + u64::from(leap(y)),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    let years: u64 = (1970..year).map(|y| 365 + u64::from(leap(y))).sum();
    let months: u64 = (1..month).map(|m| days_in(year, m)).sum();
    Duration::from_secs((years + months) * 86_400 + 12 * 3600)
}

fn parse(mmyy: &str, now: Duration) -> Result<(u8, u16), InvalidExpiryDate> {
    ExpiryDate::parse(mmyy.as_bytes(), now).map(|date| (date.month(), date.year()))
}

#[test]
fn reasons() {
    let now = noon_on_the_first(2026, 8);
    let rows = [
        ("", InvalidExpiryDate::Length),
        ("826", InvalidExpiryDate::Length),
        ("08/26", InvalidExpiryDate::Length),
        ("0/26", InvalidExpiryDate::NotADigit),
        ("0026", InvalidExpiryDate::Month),
        ("1300", InvalidExpiryDate::Month),
        ("2613", InvalidExpiryDate::Month),
        ("2608", InvalidExpiryDate::LooksSwapped),
        ("1312", InvalidExpiryDate::LooksSwapped),
        ("0726", InvalidExpiryDate::Past),
        ("1225", InvalidExpiryDate::Past),
        ("0199", InvalidExpiryDate::Past),
        ("0147", InvalidExpiryDate::TooFar),
    ];
    for (mmyy, reason) in rows {
        assert_eq!(parse(mmyy, now), Err(reason), "{mmyy}");
    }
    assert_eq!(parse("0826", now), Ok((8, 2026)));
    assert_eq!(parse("1246", now), Ok((12, 2046)));
}

#[test]
fn the_last_day_ends_at_noon_utc_on_the_next() {
    let turn = noon_on_the_first(2026, 9);
    assert_eq!(parse("0826", turn - Duration::from_nanos(1)), Ok((8, 2026)));
    assert_eq!(parse("0826", turn), Err(InvalidExpiryDate::Past));
    let date = ExpiryDate::parse(b"0826", noon_on_the_first(2026, 8)).unwrap();
    assert!(!date.is_expired(turn - Duration::from_nanos(1)));
    assert!(date.is_expired(turn));
}

#[test]
fn a_leap_february_and_a_year_end() {
    for (mmyy, next_year, next_month) in [("0228", 2028, 3), ("1227", 2028, 1)] {
        let turn = noon_on_the_first(next_year, next_month);
        assert!(parse(mmyy, turn - Duration::from_secs(1)).is_ok(), "{mmyy}");
        assert_eq!(parse(mmyy, turn), Err(InvalidExpiryDate::Past), "{mmyy}");
    }
}

#[test]
fn the_century_follows_the_clock() {
    assert_eq!(parse("0105", noon_on_the_first(2095, 1)), Ok((1, 2105)));
    assert_eq!(parse("1299", noon_on_the_first(2099, 12)), Ok((12, 2099)));
    assert_eq!(parse("0100", noon_on_the_first(2099, 12)), Ok((1, 2100)));
}

#[test]
fn a_date_shows_its_type_only() {
    assert_eq!(format!("{:?}", ExpiryDate::parse(b"1230", noon_on_the_first(2026, 8))), "Ok(ExpiryDate(..))");
}

proptest! {
    #[test]
    fn every_month_of_the_window_is_taken_and_no_other(
        year in 1980u64..2150, month in 1u64..=12, ahead in 0u64..100, keyed in 1u64..=12
    ) {
        let now = noon_on_the_first(year, month);
        let mmyy = format!("{keyed:02}{:02}", (year + ahead) % 100);
        let expected = if ahead > 20 {
            None
        } else {
            Some((keyed as u8, (year + ahead) as u16)).filter(|_| ahead > 0 || keyed >= month)
        };
        prop_assert_eq!(parse(&mmyy, now).ok(), expected);
    }

    #[test]
    fn no_input_panics(mmyy in prop::collection::vec(any::<u8>(), 0..6), now in any::<u64>()) {
        let _ = ExpiryDate::parse(&mmyy, Duration::from_secs(now));
    }
}
