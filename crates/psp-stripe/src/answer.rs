//! Stripe's objects, as far as they are read. Unknown fields and unknown words are let through.

use std::collections::BTreeMap;

use paytone_psp::exchange::Response;
use paytone_psp::{Money, ProviderState, Reference, Snapshot, TransactionId};
use serde::Deserialize;

use crate::amount::from_stripe;
use crate::decline::decline;

/// A payment.
#[derive(Deserialize)]
pub(crate) struct PaymentIntent {
    #[serde(deserialize_with = "id")]
    pub(crate) id: String,
    pub(crate) status: Status,
    amount: u64,
    amount_received: Option<u64>,
    currency: String,
    #[serde(default)]
    livemode: bool,
    latest_charge: Option<LatestCharge>,
    pub(crate) last_payment_error: Option<ErrorObject>,
    #[serde(default)]
    metadata: BTreeMap<String, String>,
}

/// Where a payment or a card setup stands.
#[derive(Deserialize, Clone, Copy, PartialEq, Eq, Debug)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Status {
    RequiresPaymentMethod,
    RequiresConfirmation,
    RequiresAction,
    Processing,
    RequiresCapture,
    Canceled,
    Succeeded,
    #[serde(other)]
    Unknown,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum LatestCharge {
    Whole(Charge),
    /// The id alone, where it was not asked for whole.
    Id(#[allow(dead_code, reason = "read to tell the two forms apart")] String),
}

#[derive(Deserialize)]
struct Charge {
    amount: u64,
    amount_captured: Option<u64>,
    #[serde(default)]
    amount_refunded: u64,
    payment_method_details: Option<MethodDetails>,
}

#[derive(Deserialize)]
struct MethodDetails {
    card: Option<CardDetails>,
}

#[derive(Deserialize)]
struct CardDetails {
    authorization_code: Option<String>,
}

/// What is wrong, in Stripe's words. Messages are not read: they are for people.
#[derive(Deserialize, Default)]
pub(crate) struct ErrorObject {
    #[serde(rename = "type")]
    pub(crate) kind: Option<String>,
    pub(crate) code: Option<String>,
    pub(crate) decline_code: Option<String>,
    pub(crate) advice_code: Option<String>,
}

/// Any object whose id is all that matters.
#[derive(Deserialize)]
pub(crate) struct WithId {
    #[serde(deserialize_with = "id")]
    pub(crate) id: String,
}

/// A card setup.
#[derive(Deserialize)]
pub(crate) struct SetupIntent {
    #[serde(deserialize_with = "id")]
    pub(crate) id: String,
    pub(crate) status: Status,
    pub(crate) last_setup_error: Option<ErrorObject>,
}

/// One page of payments.
#[derive(Deserialize)]
pub(crate) struct Page {
    pub(crate) data: Vec<PaymentIntent>,
    pub(crate) has_more: bool,
}

/// An id, which becomes part of later paths: letters, digits and `_` alone.
fn id<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let text = String::deserialize(deserializer)?;
    if is_id(&text) { Ok(text) } else { Err(serde::de::Error::custom("not an id")) }
}

/// Whether a text is safe as a part of a path.
pub(crate) fn is_id(text: &str) -> bool {
    (1..=255).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// The object in an answer; `None` where it cannot be read.
pub(crate) fn read<T: for<'a> Deserialize<'a>>(response: &Response) -> Option<T> {
    serde_json::from_slice(response.body()).ok()
}

impl PaymentIntent {
    /// Whether this is the payment of an attempt.
    pub(crate) fn is_of(&self, reference: &Reference) -> bool {
        self.metadata.get(REFERENCE).is_some_and(|text| text == reference.as_str())
    }

    /// The issuer's approval code.
    pub(crate) fn authorization_code(&self) -> Option<&str> {
        self.charge()?.payment_method_details.as_ref()?.card.as_ref()?.authorization_code.as_deref()
    }

    /// The payment in our words; `None` where it is not this attempt's or makes no sense.
    pub(crate) fn snapshot(&self, reference: Reference) -> Option<Snapshot> {
        if !self.is_of(&reference) {
            return None;
        }
        Some(Snapshot {
            reference,
            state: self.state()?,
            money: self.money()?,
            transaction: TransactionId::parse(&self.id).ok(),
            test: !self.livemode,
        })
    }

    fn state(&self) -> Option<ProviderState> {
        Some(match (self.status, &self.last_payment_error) {
            (Status::RequiresPaymentMethod, Some(error)) => {
                ProviderState::Declined(decline(error, !self.livemode).reason)
            }
            (Status::RequiresPaymentMethod | Status::RequiresConfirmation | Status::RequiresAction, _) => {
                ProviderState::NotCharged
            }
            (Status::Processing, _) => ProviderState::Pending,
            (Status::RequiresCapture, _) => ProviderState::Authorised,
            // Cancelled with a charge means: let go of. Cancelled without one was never confirmed.
            (Status::Canceled, _) if self.latest_charge.is_some() => ProviderState::Voided,
            (Status::Canceled, _) => ProviderState::NotCharged,
            (Status::Succeeded, _) => match self.given_back() {
                0 => ProviderState::Captured,
                total => ProviderState::Refunded { total: from_stripe(total, &self.currency)? },
            },
            (Status::Unknown, _) => return None,
        })
    }

    /// The amount authorised or, once captured, captured.
    fn money(&self) -> Option<Money> {
        let captured = self.amount_received.filter(|_| self.status == Status::Succeeded);
        from_stripe(captured.unwrap_or(self.amount), &self.currency)
    }

    /// What was refunded. What a part capture let go of is counted there by Stripe, and not here.
    fn given_back(&self) -> u64 {
        self.charge().map_or(0, |charge| {
            let let_go = charge.amount_captured.map_or(0, |captured| charge.amount.saturating_sub(captured));
            charge.amount_refunded.saturating_sub(let_go)
        })
    }

    /// What can still be refunded, in Stripe's units.
    pub(crate) fn left(&self) -> u64 {
        self.amount_received.unwrap_or(self.amount).saturating_sub(self.given_back())
    }

    fn charge(&self) -> Option<&Charge> {
        match &self.latest_charge {
            Some(LatestCharge::Whole(charge)) => Some(charge),
            _ => None,
        }
    }
}

/// The metadata field with our reference.
pub(crate) const REFERENCE: &str = "reference";

/// The metadata field with the merchant's order.
pub(crate) const ORDER: &str = "order_id";

#[cfg(test)]
mod tests {
    use super::*;

    const OWN: &str = "01ARYZ6S41TSV4RRFFQ69G5FAV";

    fn payment(fields: &str) -> PaymentIntent {
        let json = format!(
            r#"{{"id":"pi_1","amount":1200,"currency":"jpy","metadata":{{"reference":"{OWN}"}},{fields}}}"#
        );
        serde_json::from_str(&json).expect("a payment")
    }

    fn state(fields: &str) -> Option<ProviderState> {
        payment(fields).snapshot(Reference::parse(OWN).expect("valid")).map(|snapshot| snapshot.state)
    }

    #[test]
    fn a_cancelled_payment_was_let_go_of_or_never_made() {
        assert_eq!(state(r#""status":"canceled","latest_charge":null"#), Some(ProviderState::NotCharged));
        assert_eq!(state(r#""status":"canceled","latest_charge":"ch_1""#), Some(ProviderState::Voided));
    }

    #[test]
    fn what_a_part_capture_let_go_of_is_no_refund() {
        let charge = |refunded| {
            format!(
                r#""status":"succeeded","amount_received":700,
                   "latest_charge":{{"amount":1200,"amount_captured":700,"amount_refunded":{refunded}}}"#
            )
        };
        assert_eq!(state(&charge(500)), Some(ProviderState::Captured));
        let total = Money::new(100, paytone_psp::Currency::JPY);
        assert_eq!(state(&charge(600)), Some(ProviderState::Refunded { total }));
        assert_eq!(payment(&charge(600)).left(), 600);
    }

    #[test]
    fn a_new_status_and_another_attempts_payment_are_not_read() {
        assert_eq!(state(r#""status":"requires_moonlight""#), None);
        let other = Reference::parse("01ARYZ6S41TSV4RRFFQ69G5FAW").expect("valid");
        assert_eq!(payment(r#""status":"succeeded""#).snapshot(other), None);
    }
}
