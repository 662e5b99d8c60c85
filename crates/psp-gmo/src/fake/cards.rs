//! The cards: what is kept of them, and what the card companies say.

use paytone_card::{Brand, Pan, PanPolicy, test_numbers};
use serde_json::{Value, json};

use super::reply::Reply;

/// What is kept of a card: not its number.
#[derive(Clone)]
pub(super) struct CardOnFile {
    last_four: String,
    month: String,
    year: String,
    brand: &'static str,
    pub(super) verdict: CardVerdict,
}

/// What the card company says, as a title and a code.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum CardVerdict {
    Good,
    GoodUntilCharged,
    Refused(&'static str, &'static str),
    WantsAuthentication,
}

impl CardOnFile {
    pub(super) fn shown(&self) -> Value {
        json!({
            "cardNumber": format!("**********{}", self.last_four), "expiryMonth": self.month,
            "expiryYear": self.year, "brand": self.brand,
        })
    }
}

/// Reads a card. Only published test numbers are taken.
pub(super) fn card(body: &Value, place: &str, path: &str) -> Result<CardOnFile, Reply> {
    let field = |name: &str| {
        let missing = || Reply::invalid("missing_parameter", &format!("card.{name}"), path);
        text(body, &format!("{place}/{name}")).ok_or_else(missing)
    };
    let (number, month, year) = (field("cardNumber")?, field("expiryMonth")?, field("expiryYear")?);
    if !test_numbers::is_published(number.as_bytes()) || !(12..=16).contains(&number.len()) {
        return Err(Reply::invalid("invalid_parameter", "card.cardNumber", path));
    }
    if month.len() != 2 || year.len() != 4 {
        return Err(Reply::invalid("invalid_parameter", "card.expiryMonth", path));
    }
    let brand = Pan::parse(number.as_bytes(), &PanPolicy::default()).ok().map(|pan| brand_name(pan.brand()));
    Ok(CardOnFile {
        last_four: number[number.len() - 4..].to_owned(),
        month: month.to_owned(),
        year: year.to_owned(),
        brand: brand.unwrap_or("UNKNOWN"),
        verdict: verdict(number),
    })
}

fn verdict(number: &str) -> CardVerdict {
    match number {
        test_numbers::VISA_DECLINED => CardVerdict::Refused("card_declined", "G12"),
        test_numbers::VISA_INSUFFICIENT_FUNDS | test_numbers::VISA_SANDBOX_FUNDS => {
            CardVerdict::Refused("insufficient_balance", "G02")
        }
        test_numbers::VISA_LIMIT_EXCEEDED | test_numbers::VISA_SANDBOX_LIMIT => {
            CardVerdict::Refused("amount_limit_exceeded", "G55")
        }
        test_numbers::VISA_LOST | test_numbers::VISA_STOLEN => CardVerdict::Refused("card_declined", "G60"),
        test_numbers::VISA_FRAUD => CardVerdict::Refused("card_declined", "G61"),
        test_numbers::VISA_EXPIRED => CardVerdict::Refused("card_declined", "G83"),
        test_numbers::VISA_CODE_MISMATCH => CardVerdict::Refused("card_declined", "G44"),
        test_numbers::VISA_WRONG_CHECK_DIGIT => CardVerdict::Refused("card_declined", "G65"),
        test_numbers::VISA_PROCESSING_ERROR => CardVerdict::Refused("processing_failure", "42C010000"),
        test_numbers::VISA_AUTHENTICATION | test_numbers::VISA_AUTHENTICATION_ALWAYS => {
            CardVerdict::WantsAuthentication
        }
        test_numbers::VISA_FAILS_WHEN_CHARGED => CardVerdict::GoodUntilCharged,
        _ => CardVerdict::Good,
    }
}

const fn brand_name(brand: Brand) -> &'static str {
    match brand {
        Brand::Visa => "VISA",
        Brand::Mastercard => "MASTERCARD",
        Brand::Jcb => "JCB",
        Brand::DinersClub => "DINERS",
        Brand::AmericanExpress => "AMEX",
        _ => "UNKNOWN",
    }
}

/// A text in a request.
pub(super) fn text<'a>(body: &'a Value, place: &str) -> Option<&'a str> {
    body.pointer(place)?.as_str()
}
