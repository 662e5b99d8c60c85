//! Which request does what.

use core::time::Duration;

use crate::books::Books;
use crate::form::Fields;
use crate::{Answer, Incoming, charges, setups};

/// What a request is about.
pub(crate) struct Call<'a> {
    pub(crate) books: &'a mut Books,
    pub(crate) fields: Fields,
    pub(crate) now: Duration,
}

impl Call<'_> {
    /// Refuses parameters Stripe does not know here.
    pub(crate) fn allow(&self, known: &[&str]) -> Result<(), Answer> {
        match self.fields.unknown(known) {
            Some(_) => Err(Answer::bad("parameter_unknown")),
            None => Ok(()),
        }
    }

    pub(crate) fn needs(&self, name: &str) -> Result<&str, Answer> {
        self.fields.text(name).filter(|text| !text.is_empty()).ok_or_else(|| Answer::bad("parameter_missing"))
    }

    /// Whether the answer is to hold the whole charge.
    pub(crate) fn wants_charge(&self) -> bool {
        ["expand[0]", "expand[]"].iter().any(|name| self.fields.text(name) == Some("latest_charge"))
    }
}

pub(crate) fn route(books: &mut Books, request: &Incoming, now: Duration) -> Answer {
    let mut call = Call { books, fields: request.fields(), now };
    let path: Vec<&str> = request.path().split('/').filter(|part| !part.is_empty()).collect();
    let done = match (request.method(), path.as_slice()) {
        ("POST", ["v1", "payment_methods"]) => setups::create_method(&mut call),
        ("GET", ["v1", "payment_methods", id]) => setups::method(&mut call, id),
        ("POST", ["v1", "payment_methods", id, "attach"]) => setups::attach(&mut call, id),
        ("POST", ["v1", "payment_methods", id, "detach"]) => setups::detach(&mut call, id),
        ("POST", ["v1", "customers"]) => setups::create_customer(&mut call),
        ("DELETE", ["v1", "customers", id]) => setups::delete_customer(&mut call, id),
        ("POST", ["v1", "setup_intents"]) => setups::create(&mut call),
        ("POST", ["v1", "setup_intents", id, "confirm"]) => setups::confirm(&mut call, id),
        ("POST", ["v1", "payment_intents"]) => charges::create(&mut call),
        ("GET", ["v1", "payment_intents"]) => charges::list(&mut call),
        ("GET", ["v1", "payment_intents", id]) => charges::retrieve(&mut call, id),
        ("POST", ["v1", "payment_intents", id, "confirm"]) => charges::confirm(&mut call, id),
        ("POST", ["v1", "payment_intents", id, "capture"]) => charges::capture(&mut call, id),
        ("POST", ["v1", "payment_intents", id, "cancel"]) => charges::cancel(&mut call, id),
        ("POST", ["v1", "refunds"]) => charges::refund(&mut call),
        _ => Err(Answer::missing()),
    };
    done.unwrap_or_else(|refused| refused)
}
