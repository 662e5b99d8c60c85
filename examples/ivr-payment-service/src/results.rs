//! What the merchant is shown of an order, an attempt and a call: the same in the API, in webhooks and in the event stream.

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;

use crate::clock::rfc3339;
use crate::store::{AfterHangUp, AttemptRecord, CallRecord, Order, OrderState, method_name};
use core::time::Duration;

/// An order.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct OrderView {
    /// Our own id, 26 characters.
    pub id: String,
    /// Counts the changes; 1 at first.
    pub version: u32,
    /// The merchant's own id.
    pub order_id: String,
    /// `open`, `collecting`, `in_doubt`, `paid`, `completed`, `voided`, `refunded`, `cancelled` or `expired`.
    #[schema(value_type = String, example = "open")]
    pub state: &'static str,
    /// `verify`, `authorize`, `capture`, `register` or `charge_and_store`.
    #[schema(value_type = String, example = "capture")]
    pub purpose: &'static str,
    /// Minor units of the currency; 0 where no money is to move.
    pub amount: u64,
    /// ISO 4217.
    #[schema(example = "JPY")]
    pub currency: String,
    /// The merchant's own number of the customer.
    pub customer_number: Option<String>,
    /// What it is for.
    pub description: Option<String>,
    /// A text of the merchant's own.
    pub field_1: Option<String>,
    /// A text of the merchant's own.
    pub field_2: Option<String>,
    /// A text of the merchant's own.
    pub field_3: Option<String>,
    /// More texts of the merchant's own.
    pub metadata: BTreeMap<String, String>,
    /// The language of the prompts.
    pub language: Option<String>,
    /// The brands that are taken; `null`: every payable one.
    pub allowed_brands: Option<Vec<String>>,
    /// How it may be paid.
    pub payment_methods: Vec<String>,
    /// What becomes of the caller afterwards.
    #[schema(value_type = String, example = "play_then_hang_up")]
    pub after_payment: &'static str,
    /// What becomes of an approval that comes when the caller has hung up; `null`: as the line has it.
    #[schema(value_type = Option<String>, example = "void_if_approved")]
    pub after_hang_up: Option<&'static str>,
    /// RFC 3339.
    pub created_at: String,
    /// RFC 3339. It stands still while a call has the order.
    pub expires_at: String,
    /// RFC 3339.
    pub updated_at: String,
}

/// One try to take the money.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct AttemptView {
    /// Our own name of it, as the provider has it too; 26 characters.
    pub reference: String,
    /// The call it was made in.
    pub call: Option<String>,
    /// The stored card it was made with.
    pub stored_card: Option<String>,
    /// Where it stands, such as `captured` or `declined`.
    #[schema(value_type = String, example = "captured")]
    pub state: &'static str,
    /// Counts the changes; 1 at first. With the reference it tells reports apart.
    pub version: u32,
    /// Minor units of the currency.
    pub amount: u64,
    /// ISO 4217.
    pub currency: String,
    /// What was taken, in minor units.
    pub captured: Option<u64>,
    /// What was given back, in minor units.
    pub refunded: u64,
    /// The last four digits of the card.
    pub last_four: String,
    /// Its brand.
    #[schema(value_type = String, example = "visa")]
    pub brand: &'static str,
    /// How the cardholder pays the issuer: `lump_sum`, `instalments_3` (2 to 99), `bonus` or `revolving`.
    #[schema(example = "lump_sum")]
    pub payment_method: String,
    /// Whether the caller agreed to the card being stored; `null` where nobody asked.
    pub consent: Option<bool>,
    /// The digits of the postcode the caller keyed.
    pub postcode: Option<String>,
    /// The merchant's own numbers the caller keyed, in the order they were asked for; `-` for one that was left out.
    pub numbers: Vec<String>,
    /// The provider's own id.
    pub transaction_id: Option<String>,
    /// The issuer's approval code.
    pub approval_code: Option<String>,
    /// Why it was declined.
    #[schema(value_type = Option<String>)]
    pub decline_reason: Option<&'static str>,
    /// Whether money was moved: `no`, `yes`, or `maybe` while that is not known.
    #[schema(value_type = String, example = "yes")]
    pub money_moved: &'static str,
    /// No real card network was asked.
    pub test: bool,
    /// RFC 3339.
    pub created_at: String,
    /// RFC 3339.
    pub updated_at: String,
}

/// A call.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct CallView {
    /// Our own id, 26 characters.
    pub id: String,
    /// Counts the commands it was given.
    pub version: u32,
    /// The phone's own.
    pub sip_call_id: String,
    /// The line it rang.
    pub line: String,
    /// Who rang, as the phone says.
    pub caller: Option<String>,
    /// The operator in control of it.
    pub operator: Option<String>,
    /// Our id of the order it is for.
    pub order: Option<String>,
    /// The merchant's id of that order.
    pub order_id: Option<String>,
    /// `in_progress` or `ended`.
    #[schema(value_type = String, example = "in_progress")]
    pub state: &'static str,
    /// How it ended.
    pub outcome: Option<String>,
    /// What the outcome leaves out.
    pub detail: Option<String>,
    /// The last four digits of the card keyed last.
    pub last_four: Option<String>,
    /// Its brand.
    #[schema(value_type = Option<String>)]
    pub brand: Option<&'static str>,
    /// RFC 3339.
    pub started_at: String,
    /// RFC 3339.
    pub ended_at: Option<String>,
}

impl OrderView {
    /// The order as it stands at `now`.
    #[must_use]
    pub fn new(order: &Order, now: Duration) -> Self {
        let text = |text: &paytone_redact::SafeText| text.as_str().to_owned();
        let [first, second, third] = &order.terms.fields;
        Self {
            id: order.id.to_string(),
            version: order.version,
            order_id: order.order_id.as_str().to_owned(),
            state: order.state_at(now).as_str(),
            purpose: order.terms.purpose.as_str(),
            amount: order.money.minor(),
            currency: order.money.currency().code().to_owned(),
            customer_number: order.customer_number.as_ref().map(|number| number.as_str().to_owned()),
            description: order.description.as_ref().map(text),
            field_1: first.as_ref().map(text),
            field_2: second.as_ref().map(text),
            field_3: third.as_ref().map(text),
            metadata: order.terms.metadata.iter().map(|(name, value)| (text(name), text(value))).collect(),
            language: order.terms.language.as_ref().map(text),
            allowed_brands: order
                .terms
                .allowed_brands
                .map(|brands| brands.iter().map(|brand| brand.name().to_owned()).collect()),
            payment_methods: order.terms.payment_methods.names(),
            after_payment: order.terms.after_payment.as_str(),
            after_hang_up: order.terms.after_hang_up.map(AfterHangUp::as_str),
            created_at: rfc3339(order.created_at),
            expires_at: rfc3339(order.expires_at),
            updated_at: rfc3339(order.updated_at),
        }
    }
}

impl From<&AttemptRecord> for AttemptView {
    fn from(record: &AttemptRecord) -> Self {
        let attempt = &record.attempt;
        Self {
            reference: attempt.reference().to_string(),
            call: record.source.call().map(|call| call.to_string()),
            stored_card: record.source.stored_card().map(|card| card.to_string()),
            state: attempt.state().as_str(),
            version: attempt.version(),
            amount: attempt.money().minor(),
            currency: attempt.money().currency().code().to_owned(),
            captured: attempt.captured().map(paytone_psp::Money::minor),
            refunded: attempt.refunded().minor(),
            last_four: record.last_four.last_four().to_owned(),
            brand: record.brand.name(),
            payment_method: method_name(record.chosen.method),
            consent: record.chosen.consent,
            postcode: record.chosen.postcode.clone(),
            numbers: record.chosen.numbers.clone(),
            transaction_id: attempt.transaction().map(|id| id.as_str().to_owned()),
            approval_code: attempt.approval_code().map(|code| code.as_str().to_owned()),
            decline_reason: attempt.decline().map(paytone_psp::DeclineReason::as_str),
            money_moved: money_moved(attempt.state()),
            test: attempt.is_test(),
            created_at: rfc3339(record.created_at),
            updated_at: rfc3339(record.updated_at),
        }
    }
}

impl CallView {
    /// The call, and the order it is for.
    #[must_use]
    pub fn new(call: CallRecord, order: Option<&Order>) -> Self {
        let ended_at = call.ending.as_ref().map(|ending| rfc3339(ending.at));
        let (outcome, detail) = call.ending.map(|ending| (ending.outcome, ending.detail)).unzip();
        Self {
            id: call.id.to_string(),
            version: call.version,
            sip_call_id: call.sip_call_id.to_string(),
            line: call.line.to_string(),
            caller: call.caller.map(|caller| caller.to_string()),
            operator: call.operator.map(|operator| operator.to_string()),
            order: call.order.map(|order| order.to_string()),
            order_id: order.map(|order| order.order_id.as_str().to_owned()),
            state: if outcome.is_some() { "ended" } else { "in_progress" },
            outcome,
            detail: detail.flatten(),
            last_four: call.last_four.map(|masked| masked.last_four().to_owned()),
            brand: call.brand.map(paytone_card::Brand::name),
            started_at: rfc3339(call.started_at),
            ended_at,
        }
    }
}

const fn money_moved(state: paytone_psp::attempt::State) -> &'static str {
    use paytone_psp::attempt::State;
    match state {
        State::Approved | State::Capturing | State::Captured | State::Voiding | State::Refunding => "yes",
        State::Sending | State::InDoubt | State::NeedsPerson => "maybe",
        _ => "no",
    }
}

/// What the type of an event says about an order that came into this state.
#[must_use]
pub const fn order_event(state: OrderState) -> &'static str {
    match state {
        OrderState::Open => "order.open",
        OrderState::Collecting => "order.collecting",
        OrderState::InDoubt => "order.in_doubt",
        OrderState::Paid => "order.paid",
        OrderState::Completed => "order.completed",
        OrderState::Voided => "order.voided",
        OrderState::Refunded => "order.refunded",
        OrderState::Cancelled => "order.cancelled",
        OrderState::Expired => "order.expired",
    }
}
