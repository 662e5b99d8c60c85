//! A stand-in for the provider: its card payments over one store, with faults on demand.
//!
//! ```
//! use core::time::Duration;
//! use paytone_psp::exchange::Runner;
//! use paytone_psp::{Gateway, Operation};
//! use paytone_psp_gmo::fake::Fake;
//! use paytone_psp_gmo::{Environment, Gmo};
//!
//! let fake = Fake::new(|| Duration::from_secs(1_800_000_000));
//! let adapter = Gmo::new(Fake::shop(), Fake::merchant(), Environment::Test)?;
//! // Without a socket; `serve` offers the same over HTTP.
//! let gateway: Box<dyn Gateway> = Box::new(Runner::new(adapter, fake));
//! assert!(gateway.info().capabilities.supports(Operation::Authorize));
//! # Ok::<(), paytone_psp_gmo::InvalidAccount>(())
//! ```
//!
//! It does what the provider's document says, and nothing pretends to be the provider's own test system: which of
//! its cards are declined is not public, so the published test numbers of [`paytone_card::test_numbers`] decide
//! here. Where the document is silent it assumes: an order id is used once, even after a decline; a key repeated
//! with another request is refused; both as `invalid_request`.

mod books;
mod cards;
mod fault;
mod reply;
mod server;
mod wire;

use core::time::Duration;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use paytone_psp::Money;
use secrecy::SecretString;

pub use self::fault::Fault;
pub use self::reply::{Outcome, Reply};
pub use self::server::serve;
pub use self::wire::WireRequest;

use self::books::{Books, Scripted};
use crate::{Merchant, Shop};

/// The provider's stand-in. Clones share the books.
#[derive(Clone)]
pub struct Fake {
    books: Arc<Mutex<Books>>,
    clock: Arc<dyn Fn() -> Duration + Send + Sync>,
}

impl Fake {
    /// Empty books, and a clock that tells the time since the Unix epoch.
    pub fn new(clock: impl Fn() -> Duration + Send + Sync + 'static) -> Self {
        Self { books: Arc::default(), clock: Arc::new(clock) }
    }

    /// The only shop it knows.
    ///
    /// # Panics
    ///
    /// Never: the shop's id is a good one.
    #[must_use]
    pub fn shop() -> Shop {
        Shop::new(SHOP_ID, &SecretString::from(SHOP_PASSWORD)).expect("the shop's id is a good one")
    }

    /// A merchant with every field as the provider wants it.
    #[must_use]
    pub fn merchant() -> Merchant {
        Merchant {
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

    /// Lets the next `times` requests whose path ends in `path` meet `fault`.
    pub fn script(&self, path: &str, fault: Fault, times: u32) {
        self.books().scripted.push(Scripted { path: path.to_owned(), fault, times });
    }

    /// Keeps every exchange from now on, for a judge to look at.
    pub fn record(&self) {
        self.books().recorded.get_or_insert_default();
    }

    /// What was recorded: path, request, status, answer.
    #[must_use]
    pub fn recorded(&self) -> Vec<Exchange> {
        self.books().recorded.clone().unwrap_or_default()
    }

    /// What is held or taken now: what the provider's own list would show.
    #[must_use]
    pub fn held(&self) -> Vec<Held> {
        self.books().held()
    }

    /// Answers one request.
    #[must_use]
    pub fn handle(&self, request: &WireRequest<'_>) -> Outcome {
        let now = (self.clock)();
        self.books().handle(request, now)
    }

    fn books(&self) -> MutexGuard<'_, Books> {
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl core::fmt::Debug for Fake {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Fake(..)")
    }
}

/// Money held or taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// The provider's order id, which is our reference.
    pub order_id: String,
    /// How much.
    pub money: Money,
    /// When it was charged, since the Unix epoch.
    pub charged_at: Duration,
}

/// One exchange as it was on the wire.
#[derive(Debug, Clone)]
pub struct Exchange {
    /// The path.
    pub path: String,
    /// The request's body.
    pub request: serde_json::Value,
    /// The status of the answer.
    pub status: u16,
    /// The answer's body, before any fault.
    pub answer: serde_json::Value,
}

/// The shop's id.
pub const SHOP_ID: &str = "tshop00000001";
/// The shop's password.
pub const SHOP_PASSWORD: &str = "fake-password";
