//! What requests hold.

use core::time::Duration;

use axum::body::Bytes;
use paytone_card::{Card, CardEntry, LuhnPolicy, PanPolicy};
use paytone_psp::{Capture, Currency, IdempotencyKey, Money, OrderId, Postcode, Reference, StoredCardId};
use serde::Deserialize;
use zeroize::Zeroizing;

use crate::answer::Answer;

/// Any request; each route takes the fields it needs.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Fields<'a> {
    reference: Option<Reference>,
    key: Option<IdempotencyKey>,
    order: Option<OrderId>,
    amount: Option<u64>,
    currency: Option<Currency>,
    capture: Option<Capture>,
    stored: Option<StoredCardId>,
    #[serde(borrow)]
    card: Option<CardFields<'a>>,
}

/// A card as keyed. Its digits are read where they are, from the body that is wiped.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CardFields<'a> {
    number: &'a str,
    expiry: &'a str,
    code: Option<&'a str>,
    /// The cardholder's, its digits.
    postcode: Option<&'a str>,
}

/// The body, in a buffer that is wiped. What the HTTP library read it into is not: this server is for test numbers.
pub(crate) fn kept(body: Bytes) -> Zeroizing<Vec<u8>> {
    Zeroizing::new(Vec::from(body))
}

impl<'a> Fields<'a> {
    pub(crate) fn parse(body: &'a [u8]) -> Result<Self, Answer> {
        serde_json::from_slice(body).map_err(|_| Answer::bad("body"))
    }

    /// The attempt's own name: given, or made now.
    pub(crate) fn reference_or_new(&self, now: Duration) -> Reference {
        self.reference.unwrap_or_else(|| Reference::generate(now, &mut rand::rng()))
    }

    pub(crate) fn reference(&self) -> Result<Reference, Answer> {
        self.reference.ok_or(Answer::bad("reference"))
    }

    pub(crate) fn key_or_new(&self) -> IdempotencyKey {
        self.key.unwrap_or_else(|| IdempotencyKey::generate(&mut rand::rng()))
    }

    pub(crate) fn order(&self) -> Result<&OrderId, Answer> {
        self.order.as_ref().ok_or(Answer::bad("order"))
    }

    pub(crate) fn money(&self) -> Result<Money, Answer> {
        let amount = self.amount.ok_or(Answer::bad("amount"))?;
        Ok(Money::new(amount, self.currency.ok_or(Answer::bad("currency"))?))
    }

    pub(crate) fn capture(&self) -> Capture {
        self.capture.unwrap_or(Capture::Auto)
    }

    pub(crate) fn stored(&self) -> Result<&StoredCardId, Answer> {
        self.stored.as_ref().ok_or(Answer::bad("stored"))
    }

    /// The cardholder's postcode, where there is one.
    pub(crate) fn postcode(&self) -> Result<Option<Postcode>, Answer> {
        let keyed = self.card.as_ref().and_then(|card| card.postcode);
        keyed.map(|digits| Postcode::parse(digits).ok_or(Answer::bad("postcode"))).transpose()
    }

    pub(crate) fn card(&self, now: Duration) -> Result<Card, Answer> {
        let fields = self.card.as_ref().ok_or(Answer::bad("card"))?;
        // Some published numbers have a wrong check digit on purpose.
        let policy = PanPolicy::default().with_luhn(LuhnPolicy::Off).with_test_numbers_only(true);
        let mut entry = CardEntry::new();
        for digit in digits(fields.number) {
            entry.push_pan(digit, &policy);
        }
        entry.accept_pan(&policy).map_err(|_| Answer::bad("number"))?;
        for digit in digits(fields.expiry) {
            entry.push_expiry(digit);
        }
        entry.accept_expiry(now).map_err(|_| Answer::bad("expiry"))?;
        let Some(code) = fields.code else {
            return entry.finish_without_code().map_err(|_| Answer::bad("code"));
        };
        for digit in digits(code) {
            entry.push_code(digit);
        }
        entry.accept_code().map_err(|_| Answer::bad("code"))?;
        entry.finish().map_err(|_| Answer::bad("card"))
    }
}

/// Anything that is no digit becomes one that no entry takes.
fn digits(text: &str) -> impl Iterator<Item = u8> {
    text.bytes().map(|character| character.wrapping_sub(b'0'))
}
