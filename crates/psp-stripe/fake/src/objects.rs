//! Stripe's objects in JSON.

use serde_json::{Map, Value, json};

use crate::books::{Customer, Method, Payment, Setup};
use crate::cards::Refused;

pub(crate) fn method(id: &str, method: &Method) -> Value {
    json!({
        "id": id, "object": "payment_method", "type": "card", "livemode": false,
        "customer": method.customer,
        "card": {
            "last4": method.last_four, "exp_month": method.expiry.0, "exp_year": method.expiry.1,
        },
    })
}

pub(crate) fn customer(id: &str, customer: &Customer) -> Value {
    json!({"id": id, "object": "customer", "livemode": false, "metadata": map(&customer.metadata)})
}

pub(crate) fn payment(id: &str, payment: &Payment, whole_charge: bool) -> Value {
    let charge = payment
        .charge
        .as_ref()
        .map(|known| if whole_charge { charge(id, payment) } else { Value::from(known.id.clone()) });
    let next_action = (payment.status == "requires_action").then(|| json!({"type": "use_stripe_sdk"}));
    json!({
        "id": id, "object": "payment_intent", "livemode": false, "created": payment.created,
        "amount": payment.amount, "amount_received": payment.captured, "currency": payment.currency,
        "amount_capturable": if payment.status == "requires_capture" { payment.amount } else { 0 },
        "status": payment.status, "client_secret": format!("{id}_secret_fake"),
        "capture_method": if payment.is_manual { "manual" } else { "automatic" },
        "payment_method_types": ["card"], "payment_method": payment.method, "customer": payment.customer,
        "metadata": map(&payment.metadata), "latest_charge": charge, "next_action": next_action,
        "last_payment_error": payment.error.map(|refused| error(&refused)),
    })
}

fn charge(payment_id: &str, payment: &Payment) -> Value {
    let Some(charge) = &payment.charge else { return Value::Null };
    let is_captured = payment.status == "succeeded";
    // What a part capture lets go of is counted as refunded.
    let let_go = if is_captured { payment.amount - payment.captured } else { 0 };
    json!({
        "id": charge.id, "object": "charge", "livemode": false, "payment_intent": payment_id,
        "amount": payment.amount, "amount_captured": payment.captured, "captured": is_captured,
        "amount_refunded": payment.refunded + let_go, "currency": payment.currency, "status": "succeeded",
        "payment_method_details": {
            "type": "card",
            "card": {
                "last4": charge.last_four, "authorization_code": charge.approval,
                "moto": charge.is_moto,
            },
        },
    })
}

pub(crate) fn setup(id: &str, setup: &Setup) -> Value {
    json!({
        "id": id, "object": "setup_intent", "livemode": false, "status": setup.status,
        "customer": setup.customer, "payment_method": setup.method,
        "last_setup_error": setup.error.map(|refused| error(&refused)),
    })
}

pub(crate) fn refund(id: &str, payment_id: &str, amount: u64, currency: &str) -> Value {
    json!({
        "id": id, "object": "refund", "status": "succeeded", "payment_intent": payment_id,
        "amount": amount, "currency": currency,
    })
}

/// The error object of a decline.
pub(crate) fn error(refused: &Refused) -> Value {
    json!({
        "type": "card_error", "code": refused.code, "decline_code": refused.decline_code,
        "advice_code": refused.advice_code, "message": format!("fake: {}", refused.decline_code),
    })
}

fn map(pairs: &[(String, String)]) -> Map<String, Value> {
    pairs.iter().map(|(name, value)| (name.clone(), Value::from(value.clone()))).collect()
}
