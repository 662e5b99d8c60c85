//! Who calls, and who we are: digest authentication (RFC 3261, 22) of partners, ours with others, and REGISTER.

use core::time::Duration;
use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use rand::RngExt;
use rsipstack::dialog::authenticate::{Credential, verify_digest};
use rsipstack::dialog::registration::{RefreshOutcome, Registration};
use rsipstack::sip::prelude::HeadersExt;
use rsipstack::sip::typed::Authorization;
use rsipstack::sip::{Header, Request, Uri};
use secrecy::ExposeSecret;
use tokio_util::sync::CancellationToken;

use super::endpoint::Switchboard;
use crate::config::{AccountConfig, Login};

/// What callers have been asked with and have not answered yet. Each is good for one answer, so that none can be played again.
#[derive(Default)]
pub(super) struct Challenges(Mutex<VecDeque<(String, Duration)>>);

impl Challenges {
    /// A new challenge, as a header of a 401.
    pub(super) fn ask(&self, now: Duration) -> Header {
        let nonce: String =
            rand::rng().random::<[u8; 16]>().iter().map(|byte| format!("{byte:02x}")).collect();
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        open.retain(|(_, asked)| now.saturating_sub(*asked) < PATIENCE);
        if open.len() == MOST_OPEN {
            open.pop_front();
        }
        let challenge = format!("Digest realm=\"{REALM}\", nonce=\"{nonce}\", algorithm=MD5, qop=\"auth\"");
        open.push_back((nonce, now));
        Header::WwwAuthenticate(challenge.into())
    }

    /// Whether the request answers one of our challenges with this name and password.
    pub(super) fn is_met(&self, request: &Request, login: &Login, now: Duration) -> bool {
        let Some(header) = request.authorization_header() else { return false };
        let Ok(shown) = Authorization::parse(header.value()) else { return false };
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(place) = open.iter().position(|(nonce, _)| *nonce == shown.nonce) else { return false };
        let is_fresh = open.remove(place).is_some_and(|(_, asked)| now.saturating_sub(asked) < PATIENCE);
        drop(open);
        is_fresh
            && shown.realm == REALM
            && shown.username == login.user
            && verify_digest(&shown, login.password().expose_secret(), request.method(), header.value())
    }
}

/// What we show a peer who asks who we are.
pub(super) fn credential(account: &AccountConfig) -> Credential {
    Credential {
        username: account.login.user.clone(),
        password: account.login.password().expose_secret().to_owned(),
        ..Credential::default()
    }
}

/// Keeps us registered with every peer that wants that, until `stop`; then says goodbye.
pub(super) fn register(switchboard: &Switchboard, stop: &CancellationToken) {
    for account in switchboard.services.config.sip.accounts.iter().filter(|account| account.register) {
        let Ok(registrar) = Uri::try_from(account.peer.as_str()) else { continue };
        let mut registration =
            Registration::new(switchboard.dialogs.endpoint.clone(), Some(credential(account)));
        let (peer, expires, stop) = (account.peer.clone(), account.expires, stop.clone());
        switchboard.tasks.spawn(async move {
            let said = |outcome: RefreshOutcome<'_>| match outcome {
                RefreshOutcome::Registered(_) => tracing::debug!(peer, "registered"),
                RefreshOutcome::Rejected(response) => {
                    let status = response.status_code.code();
                    tracing::warn!(peer, status, "the registration was refused");
                }
                RefreshOutcome::Failed(_) => tracing::warn!(peer, "the registrar does not answer"),
            };
            registration.keep_alive(registrar.clone(), expires, stop, said).await;
            drop(tokio::time::timeout(super::BYE_PATIENCE, registration.register(registrar, Some(0))).await);
        });
    }
}

const REALM: &str = "paytone";
/// A phone answers a challenge at once.
const PATIENCE: Duration = Duration::from_secs(60);
/// Challenges that may be open at a time; the oldest is forgotten.
const MOST_OPEN: usize = 4096;
