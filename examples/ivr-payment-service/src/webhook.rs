//! What merchants are told, as the [Standard Webhooks](https://www.standardwebhooks.com) specification has it: signed with
//! the event's id, the time and the body, by every key that is active, at least once, in the order it happened.
//!
//! ```
//! use core::time::Duration;
//! use ivr_payment_service::webhook::{Forged, sign, verify};
//!
//! let (key, other) = (b"a key of 24 to 64 bytes, random".as_slice(), b"another key of 24 to 64 bytes".as_slice());
//! let (now, body) = (Duration::from_secs(1_800_000_000), r#"{"type":"payment.captured"}"#);
//! let signatures = sign("01MCC5RM00AK2B72X4J8V2FCFD", now, body, &[key]);
//! assert_eq!(verify("01MCC5RM00AK2B72X4J8V2FCFD", "1800000000", &signatures, body, &[key], now), Ok(()));
//! assert_eq!(
//!     verify("01MCC5RM00AK2B72X4J8V2FCFD", "1800000000", &signatures, body, &[other], now),
//!     Err(Forged::Signature)
//! );
//! ```

mod inbox;

use core::time::Duration;
use std::sync::Arc;

use base64ct::{Base64, Encoding as _};
use hmac::{Hmac, KeyInit, Mac};
use hyper::Uri;
use paytone_psp::exchange::{Body, Request, Transport};
use paytone_psp_http::{Endpoint, Http, Trust};
use rand::RngExt;
use secrecy::{ExposeSecret, SecretSlice, SecretString};
use sha2::Sha256;

use crate::clock::Clock;
use crate::failpoint;
use crate::store::{Delivery, SigningKeys, Store, StoreError, Tried};

pub use self::inbox::{Inbox, NotTaken, Turn};

/// How long after each failed try the next is made. After the last there is none: the delivery is dead until somebody
/// asks for it again.
pub const DELAYS: [Duration; 9] = [
    Duration::from_secs(5),
    Duration::from_secs(30),
    Duration::from_secs(2 * 60),
    Duration::from_secs(10 * 60),
    Duration::from_secs(30 * 60),
    Duration::from_secs(3600),
    Duration::from_secs(3 * 3600),
    Duration::from_secs(6 * 3600),
    Duration::from_secs(12 * 3600),
];

/// How far a message's time may be from the receiver's.
pub const TOLERANCE: Duration = Duration::from_secs(5 * 60);

/// How long a merchant may take to answer.
const PATIENCE: Duration = Duration::from_secs(15);

/// How many deliveries are looked for at a time.
const BATCH: u32 = 32;

/// Why a message is not one of ours, or not one of now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Forged {
    /// No signature fits.
    #[error("no signature fits")]
    Signature,
    /// The time is not a time, or too far from now: the message may have been sent again by somebody else.
    #[error("the time is too far from now")]
    Time,
}

/// Why an address is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be https, or http on this machine, without a user name")]
pub struct InvalidAddress;

/// The value of `webhook-signature`: one signature for every key.
#[must_use]
pub fn sign(id: &str, at: Duration, body: &str, keys: &[&[u8]]) -> String {
    let signatures = keys.iter().filter_map(|key| mac(key, id, &at.as_secs().to_string(), body));
    let signatures =
        signatures.map(|mac| format!("v1,{}", Base64::encode_string(&mac.finalize().into_bytes())));
    signatures.collect::<Vec<_>>().join(" ")
}

/// What a receiver does: checks the three headers and the body against the keys it knows. A message that passes may still
/// have come before, or after a later one: [`Inbox`] tells.
///
/// # Errors
///
/// [`Forged`].
pub fn verify(
    id: &str,
    timestamp: &str,
    signatures: &str,
    body: &str,
    keys: &[&[u8]],
    now: Duration,
) -> Result<(), Forged> {
    let sent = timestamp.parse().map(Duration::from_secs).map_err(|_| Forged::Time)?;
    if sent.abs_diff(now) > TOLERANCE {
        return Err(Forged::Time);
    }
    let given = signatures.split(' ').filter_map(|text| Base64::decode_vec(text.strip_prefix("v1,")?).ok());
    let given: Vec<_> = given.collect();
    let fits = |key: &&[u8]| {
        given.iter().any(|tag| mac(key, id, timestamp, body).is_some_and(|mac| mac.verify_slice(tag).is_ok()))
    };
    if keys.iter().any(fits) { Ok(()) } else { Err(Forged::Signature) }
}

fn mac(key: &[u8], id: &str, timestamp: &str, body: &str) -> Option<Hmac<Sha256>> {
    let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(key).ok()?;
    for part in [id, ".", timestamp, ".", body] {
        mac.update(part.as_bytes());
    }
    Some(mac)
}

/// A key to sign with, and how the merchant is shown it.
#[must_use]
pub fn make_key() -> (SecretSlice<u8>, SecretString) {
    let mut key = vec![0; 32];
    rand::rng().fill(&mut key[..]);
    let shown = format!("whsec_{}", Base64::encode_string(&key));
    (key.into(), shown.into())
}

/// Checks an address a merchant wants to be told things at.
///
/// # Errors
///
/// [`InvalidAddress`].
pub fn check_address(url: &str) -> Result<(), InvalidAddress> {
    split(url).map(drop)
}

/// Host and path of an address.
pub(crate) fn split(url: &str) -> Result<(Endpoint, String), InvalidAddress> {
    let uri: Uri = url.parse().map_err(|_| InvalidAddress)?;
    let (scheme, authority) = (uri.scheme_str(), uri.authority());
    let (Some(scheme), Some(authority)) = (scheme, authority) else { return Err(InvalidAddress) };
    let endpoint = Endpoint::parse(&format!("{scheme}://{authority}")).map_err(|_| InvalidAddress)?;
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    Ok((endpoint, path.to_owned()))
}

/// Carries what is in the outbox to the merchants.
#[derive(Debug, Clone)]
pub struct Courier {
    store: Store,
    clock: Arc<dyn Clock>,
}

impl Courier {
    /// A courier for this store.
    #[must_use]
    pub fn new(store: Store, clock: Arc<dyn Clock>) -> Self {
        Self { store, clock }
    }

    /// Delivers what is due until nothing is; how many were tried. Addresses do not wait for each other; what goes to one
    /// address about one order does.
    ///
    /// # Errors
    ///
    /// The store fails.
    pub async fn deliver_due(&self) -> Result<usize, StoreError> {
        let mut tried = 0;
        loop {
            let due = self.store.deliveries_due(self.clock.now(), BATCH).await?;
            if due.is_empty() {
                return Ok(tried);
            }
            tried += due.len();
            let mut tasks = tokio::task::JoinSet::new();
            for delivery in due {
                let this = self.clone();
                tasks.spawn(async move { this.deliver(&delivery).await });
            }
            while let Some(done) = tasks.join_next().await {
                done.map_err(|_| StoreError::Database)??;
            }
        }
    }

    async fn deliver(&self, delivery: &Delivery) -> Result<(), StoreError> {
        let keys = self.store.signing_keys(delivery.endpoint).await?;
        let status = send(delivery, &keys, self.clock.now()).await;
        failpoint::hit("delivered");
        let now = self.clock.now();
        let tried = match (status, DELAYS.get(usize::try_from(delivery.tries).unwrap_or(usize::MAX))) {
            (200..=299, _) => Tried::Taken(status),
            (status, Some(delay)) => Tried::Later { status, at: now.saturating_add(*delay) },
            (status, None) => Tried::GivenUp(status),
        };
        if let Tried::GivenUp(_) = tried {
            tracing::error!(event = %delivery.event, endpoint = %delivery.endpoint, "a webhook is dead");
        }
        self.store.delivery_tried(delivery.id, tried, now).await
    }
}

/// Sends it once. The HTTP status, or 0 where there is none.
async fn send(delivery: &Delivery, keys: &SigningKeys, now: Duration) -> u16 {
    let Ok((endpoint, path)) = split(&delivery.url) else { return 0 };
    let Ok(http) = Http::new(endpoint, &Trust::PublicAuthorities) else { return 0 };
    let id = delivery.event.to_string();
    let previous = keys.previous.as_ref().map(ExposeSecret::expose_secret);
    let keys: Vec<&[u8]> = core::iter::once(keys.current.expose_secret()).chain(previous).collect();
    let body = Body::write(|sink| sink.push(delivery.body.as_bytes()));
    let request = Request::post(&path, "application/json", body)
        .header("webhook-id", &id)
        .header("webhook-timestamp", &now.as_secs().to_string())
        .header("webhook-signature", &sign(&id, now, &delivery.body, &keys))
        .patience(PATIENCE);
    let answer = http.session(PATIENCE).send(request).await;
    answer.map_or(0, |response| response.status())
}
