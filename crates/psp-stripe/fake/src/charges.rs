//! Payments: made, confirmed, captured, cancelled, refunded.

use serde_json::{Value, json};

use crate::Answer;
use crate::books::{Charge, Payment};
use crate::cards::{AUTHENTICATION, Behaviour, Refused};
use crate::objects;
use crate::routes::Call;
use crate::setups::known_customer;

type Done = Result<Answer, Answer>;

pub(crate) fn create(call: &mut Call<'_>) -> Done {
    call.allow(&[
        "amount",
        "currency",
        "payment_method",
        "payment_method_types",
        "payment_method_options",
        "capture_method",
        "customer",
        "metadata",
        "description",
        "confirm",
        "off_session",
        "error_on_requires_action",
        "expand",
    ])?;
    let payment = new_payment(call)?;
    let id = call.books.id("pi");
    let order = call.books.made();
    call.books.payments.insert(id.clone(), Payment { order, ..payment });
    if call.fields.is_true("confirm") { charge(call, &id) } else { retrieve(call, &id) }
}

fn new_payment(call: &Call<'_>) -> Result<Payment, Answer> {
    let amount = call.fields.number("amount").ok_or_else(|| Answer::bad("parameter_invalid_integer"))?;
    if amount == 0 {
        return Err(Answer::bad("amount_too_small"));
    }
    let currency = call.needs("currency")?.to_owned();
    let method = call.fields.text("payment_method").map(str::to_owned);
    let customer = call.fields.text("customer").map(str::to_owned);
    if let Some(customer) = &customer {
        known_customer(call, customer)?;
    }
    if let Some(method) = &method {
        let known = call.books.methods.get(method).ok_or_else(|| Answer::bad("resource_missing"))?;
        if known.customer != customer {
            return Err(Answer::bad("payment_method_customer_mismatch"));
        }
    }
    Ok(Payment {
        status: if method.is_some() { "requires_confirmation" } else { "requires_payment_method" },
        amount,
        captured: 0,
        refunded: 0,
        currency,
        is_manual: call.fields.text("capture_method") == Some("manual"),
        method,
        customer,
        metadata: call.fields.map("metadata"),
        charge: None,
        error: None,
        created: call.now.as_secs(),
        order: 0,
    })
}

pub(crate) fn retrieve(call: &mut Call<'_>, id: &str) -> Done {
    let payment = call.books.payments.get(id).ok_or_else(Answer::missing)?;
    Ok(Answer::ok(&objects::payment(id, payment, call.wants_charge())))
}

/// The newest first, in pages.
pub(crate) fn list(call: &mut Call<'_>) -> Done {
    let from = call.fields.number("created[gte]").unwrap_or(0);
    let to = call.fields.number("created[lte]").unwrap_or(u64::MAX);
    let limit = usize::try_from(call.fields.number("limit").unwrap_or(10)).unwrap_or(10);
    let fits = |payment: &Payment| (from..=to).contains(&payment.created);
    let mut all: Vec<_> = call.books.payments.iter().filter(|(_, payment)| fits(payment)).collect();
    all.sort_by_key(|(_, payment)| core::cmp::Reverse(payment.order));
    let start = match call.fields.text("starting_after") {
        Some(last) => all.iter().position(|(id, _)| *id == last).map_or(all.len(), |place| place + 1),
        None => 0,
    };
    let page: Vec<Value> = all
        .iter()
        .skip(start)
        .take(limit)
        .map(|(id, payment)| objects::payment(id, payment, false))
        .collect();
    let has_more = start + page.len() < all.len();
    Ok(Answer::ok(
        &json!({"object": "list", "url": "/v1/payment_intents", "data": page, "has_more": has_more}),
    ))
}

pub(crate) fn confirm(call: &mut Call<'_>, id: &str) -> Done {
    call.allow(&["payment_method_options", "off_session", "error_on_requires_action", "expand"])?;
    charge(call, id)
}

fn charge(call: &mut Call<'_>, id: &str) -> Done {
    let payment = call.books.payments.get(id).ok_or_else(Answer::missing)?;
    let method = payment.method.as_ref().and_then(|method| call.books.methods.get(method)).cloned();
    let (Some(method), "requires_confirmation") = (method, payment.status) else {
        return Err(unexpected_state(id, payment));
    };
    match method.behaviour {
        Behaviour::Decline(refused) | Behaviour::DeclineCharge(refused) => decline(call, id, refused),
        Behaviour::Authenticate if call.fields.is_true("error_on_requires_action") => {
            decline(call, id, AUTHENTICATION)
        }
        Behaviour::Authenticate => {
            with(call, id, |payment| payment.status = "requires_action")?;
            retrieve(call, id)
        }
        Behaviour::Approve => {
            let charge = Charge {
                id: call.books.id("ch"),
                approval: format!("{:06}", call.books.made() % 1_000_000),
                last_four: method.last_four,
                at: call.now.as_secs(),
                is_moto: call.fields.is_true("payment_method_options[card][moto]"),
            };
            with(call, id, |payment| {
                payment.charge = Some(charge);
                payment.status = if payment.is_manual { "requires_capture" } else { "succeeded" };
                payment.captured = if payment.is_manual { 0 } else { payment.amount };
            })?;
            retrieve(call, id)
        }
    }
}

fn decline(call: &mut Call<'_>, id: &str, refused: Refused) -> Done {
    with(call, id, |payment| {
        payment.status = "requires_payment_method";
        payment.method = None;
        payment.error = Some(refused);
    })?;
    let payment = call.books.payments.get(id).ok_or_else(Answer::missing)?;
    let mut error = objects::error(&refused);
    error["payment_intent"] = objects::payment(id, payment, false);
    Err(Answer::json(402, &json!({ "error": error })))
}

pub(crate) fn capture(call: &mut Call<'_>, id: &str) -> Done {
    call.allow(&["amount_to_capture", "expand"])?;
    let payment = call.books.payments.get(id).ok_or_else(Answer::missing)?;
    if payment.status != "requires_capture" {
        return Err(unexpected_state(id, payment));
    }
    let amount = call.fields.number("amount_to_capture").unwrap_or(payment.amount);
    if amount == 0 || amount > payment.amount {
        return Err(Answer::bad("amount_too_large"));
    }
    with(call, id, |payment| {
        payment.status = "succeeded";
        payment.captured = amount;
    })?;
    retrieve(call, id)
}

pub(crate) fn cancel(call: &mut Call<'_>, id: &str) -> Done {
    call.allow(&["cancellation_reason", "expand"])?;
    let payment = call.books.payments.get(id).ok_or_else(Answer::missing)?;
    if matches!(payment.status, "succeeded" | "canceled" | "processing") {
        return Err(unexpected_state(id, payment));
    }
    with(call, id, |payment| payment.status = "canceled")?;
    retrieve(call, id)
}

pub(crate) fn refund(call: &mut Call<'_>) -> Done {
    call.allow(&["payment_intent", "amount", "metadata", "reason"])?;
    let id = call.needs("payment_intent")?.to_owned();
    let payment = call.books.payments.get(&id).ok_or_else(|| Answer::bad("resource_missing"))?;
    if payment.status != "succeeded" {
        return Err(unexpected_state(&id, payment));
    }
    let left = payment.captured - payment.refunded;
    let amount = call.fields.number("amount").unwrap_or(left);
    if left == 0 {
        return Err(Answer::bad("charge_already_refunded"));
    }
    if amount == 0 || amount > left {
        return Err(Answer::bad("amount_too_large"));
    }
    let currency = payment.currency.clone();
    with(call, &id, |payment| payment.refunded += amount)?;
    let refund = call.books.id("re");
    Ok(Answer::ok(&objects::refund(&refund, &id, amount, &currency)))
}

fn unexpected_state(id: &str, payment: &Payment) -> Answer {
    let error = json!({
        "type": "invalid_request_error", "code": "payment_intent_unexpected_state",
        "message": format!("fake: the payment is {}", payment.status),
        "payment_intent": objects::payment(id, payment, false),
    });
    Answer::json(400, &json!({ "error": error }))
}

fn with(call: &mut Call<'_>, id: &str, change: impl FnOnce(&mut Payment)) -> Result<(), Answer> {
    change(call.books.payments.get_mut(id).ok_or_else(Answer::missing)?);
    Ok(())
}
