//! Amounts as Stripe counts them. Its minor units are ISO 4217's, with a few exceptions.

use paytone_psp::{Currency, Money};

/// The amount to send. `None` where Stripe cannot take it: it wants no part of a whole krona, and no thousandth of a
/// dinar.
pub(crate) fn to_stripe(money: Money) -> Option<u64> {
    match counting(money.currency()) {
        Counting::Iso => Some(money.minor()),
        Counting::TwoMore => money.minor().checked_mul(100),
        Counting::TwoFewer => whole(money.minor(), 100).map(|whole| whole / 100),
        Counting::LastIsZero => whole(money.minor(), 10),
    }
}

/// What Stripe's amount and lower-case code say.
pub(crate) fn from_stripe(amount: u64, code: &str) -> Option<Money> {
    let currency = Currency::parse(&code.to_ascii_uppercase()).ok()?;
    let minor = match counting(currency) {
        Counting::Iso | Counting::LastIsZero => amount,
        Counting::TwoMore => whole(amount, 100)? / 100,
        Counting::TwoFewer => amount.checked_mul(100)?,
    };
    Some(Money::new(minor, currency))
}

/// The code as Stripe writes it.
pub(crate) fn code(currency: Currency) -> String {
    currency.code().to_ascii_lowercase()
}

enum Counting {
    Iso,
    /// No decimals in ISO 4217, two at Stripe for history's sake, both of them zero.
    TwoMore,
    /// Two decimals in ISO 4217, none at Stripe.
    TwoFewer,
    /// Three decimals, the last of them zero.
    LastIsZero,
}

fn counting(currency: Currency) -> Counting {
    match currency.code() {
        "ISK" | "UGX" => Counting::TwoMore,
        "MGA" => Counting::TwoFewer,
        "BHD" | "JOD" | "KWD" | "OMR" | "TND" => Counting::LastIsZero,
        _ => Counting::Iso,
    }
}

fn whole(amount: u64, unit: u64) -> Option<u64> {
    amount.is_multiple_of(unit).then_some(amount)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exceptions_go_there_and_back() {
        let cases = [
            ("JPY", 1200, 1200),
            ("USD", 1234, 1234),
            ("ISK", 12, 1200),
            ("UGX", 5, 500),
            ("MGA", 1200, 12),
            ("KWD", 1230, 1230),
        ];
        for (code, minor, sent) in cases {
            let money = Money::new(minor, Currency::parse(code).expect("a currency"));
            assert_eq!(to_stripe(money), Some(sent), "{code}");
            assert_eq!(from_stripe(sent, &code.to_ascii_lowercase()), Some(money), "{code}");
        }
    }

    #[test]
    fn what_stripe_cannot_take_is_refused() {
        let of = |minor, code| Money::new(minor, Currency::parse(code).expect("a currency"));
        assert_eq!(to_stripe(of(1234, "KWD")), None);
        assert_eq!(to_stripe(of(150, "MGA")), None);
        assert_eq!(to_stripe(of(u64::MAX, "ISK")), None);
        assert_eq!(from_stripe(150, "isk"), None);
        assert_eq!(from_stripe(150, "zzz"), None);
    }
}
