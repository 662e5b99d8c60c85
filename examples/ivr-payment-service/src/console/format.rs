//! Times, amounts and texts as a page shows them.

use core::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use paytone_card::Brand;
use paytone_psp::Money;

use super::wording::Wording;

/// A time of a day in this zone, such as `2026-11-22 18:30:05`.
pub(super) fn date_time(time: Duration, zone: &TimeZone) -> String {
    zoned(time, zone).strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// The time of the day alone.
pub(super) fn clock_time(time: Duration, zone: &TimeZone) -> String {
    zoned(time, zone).strftime("%H:%M:%S").to_string()
}

/// The day alone.
pub(super) fn day(time: Duration, zone: &TimeZone) -> String {
    zoned(time, zone).strftime("%Y-%m-%d").to_string()
}

pub(super) fn zoned(time: Duration, zone: &TimeZone) -> jiff::Zoned {
    let millis = i64::try_from(time.as_millis()).unwrap_or(i64::MAX);
    Timestamp::from_millisecond(millis).unwrap_or(Timestamp::MAX).to_zoned(zone.clone())
}

/// An amount with its currency and grouped digits: `JPY 12,000`, `USD 12.50`; in Japanese `12,000円`.
pub(super) fn money(words: Wording, money: Money) -> String {
    let plain = money.to_string();
    let (currency, number) = plain.split_once(' ').unwrap_or(("", &plain));
    let (whole, rest) = number.split_at(number.find('.').unwrap_or(number.len()));
    let whole = grouped(whole);
    match currency {
        "JPY" if words.is_japanese() => format!("{whole}円"),
        _ => format!("{currency} {whole}{rest}"),
    }
}

pub(super) fn grouped(digits: &str) -> String {
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A brand as people know it; as it stands where nobody does.
pub(super) fn brand(name: &str) -> &str {
    match Brand::from_name(name) {
        Some(brand) => brand.label(),
        None => name,
    }
}

/// An order code in groups of three, as it is read out.
pub(super) fn code(code: &str) -> String {
    let groups: Vec<_> = code.as_bytes().chunks(3).map(String::from_utf8_lossy).collect();
    groups.join(" ")
}

/// How long something took: `1:05`, `1:02:03`.
pub(super) fn length(time: Duration) -> String {
    let seconds = time.as_secs();
    match seconds / 3600 {
        0 => format!("{}:{:02}", seconds / 60, seconds % 60),
        hours => format!("{hours}:{:02}:{:02}", seconds / 60 % 60, seconds % 60),
    }
}

/// A text as a part of a query (RFC 3986, section 2.1).
pub(super) fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                escaped.push(char::from(byte));
            }
            byte => escaped.push_str(&format!("%{byte:02X}")),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;
    use paytone_dialog::Language;
    use paytone_psp::Currency;

    #[test]
    fn amounts_are_grouped_and_have_the_decimals_of_their_currency() {
        let of = |language, minor, code| {
            money(Wording(language), Money::new(minor, Currency::parse(code).unwrap()))
        };
        assert_eq!(of(Language::En, 1_234_567, "JPY"), "JPY 1,234,567");
        assert_eq!(of(Language::En, 100, "JPY"), "JPY 100");
        assert_eq!(of(Language::En, 1_234_567, "USD"), "USD 12,345.67");
        assert_eq!(of(Language::Ja, 1_234_567, "JPY"), "1,234,567円");
        assert_eq!(of(Language::Ja, 1_250, "USD"), "USD 12.50");
    }

    #[test]
    fn a_day_is_the_merchants() {
        let tokyo = TimeZone::get("Asia/Tokyo").unwrap();
        let time = Duration::from_secs(1_795_359_600);
        assert_eq!(date_time(time, &tokyo), "2026-11-23 00:00:00");
        assert_eq!(day(time, &TimeZone::UTC), "2026-11-22");
        assert_eq!(length(Duration::from_secs(3723)), "1:02:03");
        assert_eq!(code("123456789"), "123 456 789");
    }
}
