//! PG Multi-Payment Service as a Paytone adapter: the interface the provider calls "OpenAPI type".
//!
//! ```
//! use paytone_psp::exchange::{Adapter, Step};
//! use paytone_psp::{DoubtCause, InDoubt, Operation, Reference};
//! use paytone_psp_gmo::{Environment, Gmo, Merchant, Shop};
//! use secrecy::SecretString;
//!
//! let shop = Shop::new("tshop00000001", &SecretString::from("password"))?;
//! let gateway = Gmo::new(shop, merchant(), Environment::Test)?;
//! let reference = Reference::parse("01ARYZ6S41TSV4RRFFQ69G5FAV")?;
//! let doubt = InDoubt::new(reference, Operation::Authorize, DoubtCause::NoAnswer);
//! let Step::Send { request, .. } = gateway.lookup(&doubt) else { panic!("a question comes first") };
//! assert_eq!(request.path(), "/order/inquiry");
//! assert_eq!(request.body().unwrap().as_ref(), br#"{"orderId":"01ARYZ6S41TSV4RRFFQ69G5FAV"}"#);
//! # fn merchant() -> Merchant {
//! #     Merchant {
//! #         name: "見本ストア".into(),
//! #         name_kana: "ミホンストア".into(),
//! #         name_alphabet: "Sample Store".into(),
//! #         name_short: "見本".into(),
//! #         contact_name: "窓口".into(),
//! #         contact_email: "support@example.com".into(),
//! #         contact_phone: "0120-123-456".into(),
//! #         contact_opening_hours: "10:00-18:00".into(),
//! #     }
//! # }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! With a transport ([`Runner`](paytone_psp::exchange::Runner), `paytone-psp-http`) it is a
//! [`Gateway`](paytone_psp::Gateway).
//!
//! # How the provider's calls are used
//!
//! | operation | calls |
//! |---|---|
//! | authorize | `/credit/charge`, with the card itself and `useTds2: false` |
//! | charge stored | `/credit/on-file/charge` |
//! | verify, register | `/credit/verifyCard`, storing the card in the same call; `/credit/storeCard` where no check is wanted |
//! | capture, void | `/order/inquiry`, then `/order/capture` or `/order/cancel` |
//! | refund | `/order/inquiry`, then `/order/cancel`; for a part of it `/order/update` to what is to remain |
//! | lookup | `/order/inquiry` by our own order id |
//! | forget | `/member/deleteItem`, `/member/delete` |
//!
//! Our [`Reference`](paytone_psp::Reference) is the provider's order id. `clientField1` holds the merchant's own
//! order id, `clientField2` the amount at first: the provider shows zero for a cancelled transaction.
//!
//! # What an answer means for the money
//!
//! Certainly nothing happened: 400, 401, 402 with a card company's `G` code, 403, 404, 405, 415, 429, and 503 where
//! the provider itself says `service_unavailable`. In doubt: 409, every other 5xx, 402 with a `C` code (a fault on
//! the way to the card company) or a failure without any, a complaint about our order id (it is taken, so an earlier
//! request got through), and every answer that cannot be read.
//!
//! # Telephone orders
//!
//! The interface has no field for them: they are a matter of the shop's contract. A shop that must use 3-D Secure
//! answers with an error or with a page to go on at, which is
//! [`AuthenticationRequired`](paytone_psp::DeclineReason::AuthenticationRequired).

#![forbid(unsafe_code)]

mod account;
mod adapter;
mod decline;
#[cfg(feature = "fake")]
pub mod fake;
mod json;
mod order;
mod problem;
mod requests;

use core::time::Duration;

use paytone_psp::{Capabilities, Currency, GatewayInfo, Operation};

pub use crate::account::{Environment, InvalidAccount, Merchant, Shop};

/// The provider, for one shop.
#[derive(Debug)]
pub struct Gmo {
    shop: Shop,
    merchant: Merchant,
    info: GatewayInfo,
}

impl Gmo {
    /// The adapter for `shop`.
    ///
    /// # Errors
    ///
    /// A field of `merchant` is not as the provider wants it.
    pub fn new(shop: Shop, merchant: Merchant, environment: Environment) -> Result<Self, InvalidAccount> {
        merchant.check()?;
        Ok(Self { shop, merchant, info: info(environment) })
    }
}

fn info(environment: Environment) -> GatewayInfo {
    GatewayInfo {
        name: String::from("gmo"),
        test: environment == Environment::Test,
        capabilities: Capabilities {
            operations: Operation::ALL.to_vec(),
            partial_capture: false,
            partial_refund: true,
            remembers_keys: Some(Duration::from_secs(24 * 60 * 60)),
            currencies: vec![Currency::JPY],
        },
    }
}

#[cfg(test)]
mod tests {
    pub(crate) fn merchant() -> crate::Merchant {
        crate::Merchant {
            name: "見本ストア".into(),
            name_kana: "ミホンストア".into(),
            name_alphabet: "Sample Store".into(),
            name_short: "見本".into(),
            contact_name: "お客様窓口".into(),
            contact_email: "support@example.com".into(),
            contact_phone: "0120-123-456".into(),
            contact_opening_hours: "10:00-18:00".into(),
        }
    }
}
