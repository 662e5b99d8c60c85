//! Cards handed in, checked, stored and forgotten.

use serde_json::json;

use crate::Answer;
use crate::books::{Customer, Method, Setup};
use crate::cards::{AUTHENTICATION, Behaviour, Refused, look_at};
use crate::objects;
use crate::routes::Call;

type Done = Result<Answer, Answer>;

pub(crate) fn create_method(call: &mut Call<'_>) -> Done {
    call.allow(&["type", "card", "billing_details", "metadata"])?;
    if call.needs("type")? != "card" {
        return Err(Answer::bad("parameter_unknown"));
    }
    let number = call.fields.bytes("card[number]").ok_or_else(|| Answer::bad("parameter_missing"))?;
    let (behaviour, last_four) = look_at(number).map_err(declined_as)?;
    let month = call.fields.number("card[exp_month]").ok_or_else(|| Answer::bad("parameter_missing"))?;
    let year = call.fields.number("card[exp_year]").ok_or_else(|| Answer::bad("parameter_missing"))?;
    if !(1..=12).contains(&month) {
        return Err(declined_as("invalid_expiry_month"));
    }
    let year = if year < 100 { year + 2000 } else { year };
    let id = call.books.id("pm");
    let method = Method { behaviour, last_four, expiry: (month, year), customer: None };
    let answer = Answer::ok(&objects::method(&id, &method));
    call.books.methods.insert(id, method);
    Ok(answer)
}

fn declined_as(code: &'static str) -> Answer {
    let (code, decline_code) =
        if code == "test_mode_live_card" { ("card_declined", code) } else { (code, code) };
    declined(&Refused { code, decline_code, advice_code: None })
}

pub(crate) fn declined(refused: &Refused) -> Answer {
    Answer::json(402, &json!({"error": objects::error(refused)}))
}

pub(crate) fn method(call: &mut Call<'_>, id: &str) -> Done {
    let method = call.books.methods.get(id).ok_or_else(Answer::missing)?;
    Ok(Answer::ok(&objects::method(id, method)))
}

pub(crate) fn attach(call: &mut Call<'_>, id: &str) -> Done {
    call.allow(&["customer", "expand"])?;
    let customer = call.needs("customer")?.to_owned();
    known_customer(call, &customer)?;
    let method = call.books.methods.get_mut(id).ok_or_else(Answer::missing)?;
    if let Behaviour::Decline(refused) = method.behaviour {
        return Err(declined(&refused));
    }
    method.customer = Some(customer);
    Ok(Answer::ok(&objects::method(id, method)))
}

pub(crate) fn detach(call: &mut Call<'_>, id: &str) -> Done {
    let method = call.books.methods.get_mut(id).ok_or_else(Answer::missing)?;
    if method.customer.take().is_none() {
        return Err(Answer::bad("payment_method_not_attached"));
    }
    Ok(Answer::ok(&objects::method(id, method)))
}

pub(crate) fn create_customer(call: &mut Call<'_>) -> Done {
    call.allow(&["metadata", "name", "email", "description"])?;
    let id = call.books.id("cus");
    let customer = Customer { metadata: call.fields.map("metadata") };
    let answer = Answer::ok(&objects::customer(&id, &customer));
    call.books.customers.insert(id, customer);
    Ok(answer)
}

pub(crate) fn delete_customer(call: &mut Call<'_>, id: &str) -> Done {
    call.books.customers.remove(id).ok_or_else(Answer::missing)?;
    for method in call.books.methods.values_mut() {
        if method.customer.as_deref() == Some(id) {
            method.customer = None;
        }
    }
    Ok(Answer::ok(&json!({"id": id, "object": "customer", "deleted": true})))
}

pub(crate) fn known_customer(call: &Call<'_>, id: &str) -> Result<(), Answer> {
    match call.books.customers.contains_key(id) {
        true => Ok(()),
        false => Err(Answer::bad("resource_missing")),
    }
}

pub(crate) fn create(call: &mut Call<'_>) -> Done {
    call.allow(&["payment_method_types", "usage", "customer", "metadata", "expand"])?;
    let customer = call.fields.text("customer").map(str::to_owned);
    if let Some(customer) = &customer {
        known_customer(call, customer)?;
    }
    let id = call.books.id("seti");
    let setup = Setup { status: "requires_payment_method", customer, method: None, error: None };
    let answer = Answer::ok(&objects::setup(&id, &setup));
    call.books.setups.insert(id, setup);
    Ok(answer)
}

pub(crate) fn confirm(call: &mut Call<'_>, id: &str) -> Done {
    call.allow(&["payment_method", "payment_method_options", "expand"])?;
    let method_id = call.needs("payment_method")?.to_owned();
    let behaviour =
        call.books.methods.get(&method_id).ok_or_else(|| Answer::bad("resource_missing"))?.behaviour;
    let setup = call.books.setups.get_mut(id).ok_or_else(Answer::missing)?;
    if setup.status == "succeeded" {
        return Err(Answer::bad("setup_intent_unexpected_state"));
    }
    match behaviour {
        Behaviour::Decline(refused) => {
            setup.error = Some(refused);
            Err(declined(&refused))
        }
        Behaviour::Authenticate => {
            setup.error = Some(AUTHENTICATION);
            setup.status = "requires_action";
            Ok(Answer::ok(&objects::setup(id, setup)))
        }
        Behaviour::Approve | Behaviour::DeclineCharge(_) => {
            setup.status = "succeeded";
            setup.method = Some(method_id.clone());
            let customer = setup.customer.clone();
            let answer = Answer::ok(&objects::setup(id, setup));
            if let Some(method) = call.books.methods.get_mut(&method_id) {
                method.customer = customer;
            }
            Ok(answer)
        }
    }
}
