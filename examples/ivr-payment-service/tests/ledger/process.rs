//! What a process needs that goes on where another one was killed.

use core::time::Duration;
use std::path::Path;

use ivr_payment_service::clock::{Clock, now};
use ivr_payment_service::store::Store;
use paytone_psp::BoxFuture;
use secrecy::SecretString;

/// The machine's clock, ahead by so much: a second process that does not have to wait.
#[derive(Debug)]
pub(crate) struct Ahead(pub(crate) Duration);

impl Clock for Ahead {
    fn now(&self) -> Duration {
        now() + self.0
    }

    fn sleep_until(&self, then: Duration) -> BoxFuture<'_, ()> {
        Box::pin(tokio::time::sleep(then.saturating_sub(self.now())))
    }
}

/// A store of either kind, by its place.
pub(crate) async fn open(place: &str) -> Store {
    match place.strip_prefix("postgres") {
        Some(_) => Store::postgres(&SecretString::from(place), "main").await.unwrap(),
        None => Store::open(Path::new(place)).await.unwrap(),
    }
}
