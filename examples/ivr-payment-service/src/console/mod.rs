//! The operator's screen: pages made here, with one small script and one style sheet of our own, in English and Japanese.
//!
//! Whatever changes something goes through the API's own handlers, in the operator's name, so that a page can do nothing the
//! API would refuse. There is no input for card data on any page; what is written down is refused where it looks like it.
//!
//! Reading order: `routes` (what there is and who may), `seat` (who asks), `page` (what every page has), then the pages.

mod admin;
mod assets;
mod audit;
mod board;
mod call;
mod chart;
mod closing;
mod command;
mod field;
mod format;
mod hand_over;
mod incident;
mod inner;
mod live;
mod money;
mod order;
mod orders;
mod outcome;
mod page;
mod person;
mod profile;
mod progress;
mod refusal;
mod reports;
mod routes;
mod seat;
mod sign_in;
mod stream;
mod wording;

use std::sync::Arc;

use axum::Router;
use tokio_util::sync::CancellationToken;

use crate::api::Backend;
use crate::config::{LineConfig, SupportConfig};
use crate::health::Health;
use crate::operators::Operators;

pub use self::routes::{ROUTES, Route};

/// What the pages need of the service.
#[derive(Debug, Clone)]
pub struct Setup {
    /// What the API is made of.
    pub backend: Backend,
    /// Who may sign in.
    pub operators: Operators,
    /// What works and what does not.
    pub health: Health,
    /// Days begin and end, and times are shown, here.
    pub time_zone: jiff::tz::TimeZone,
    /// Whom to call when something fails.
    pub support: SupportConfig,
    /// Pages come over TLS: cookies are for TLS alone.
    pub secure: bool,
    /// The lines callers can dial.
    pub lines: Vec<LineConfig>,
    /// How many calls there can be at a time.
    pub most_calls: usize,
    /// Streams end when this is cancelled.
    pub stop: CancellationToken,
}

/// What every handler has.
#[derive(Debug, Clone)]
struct Desk(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    setup: Setup,
    /// The API, for whoever has been let in.
    api: Router,
}

impl core::ops::Deref for Desk {
    type Target = Setup;

    fn deref(&self) -> &Setup {
        &self.0.setup
    }
}

/// The pages as an axum router.
pub fn router(setup: Setup) -> Router {
    let api = crate::api::for_principals(setup.backend.clone());
    routes::router(Desk(Arc::new(Inner { setup, api })))
}
