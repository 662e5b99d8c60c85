//! The key of the API: one bearer token (RFC 6750). Requests without a good one are in the audit.

use core::time::Duration;
use std::collections::HashSet;
use std::env;
use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::{Request, State};
use axum::http::{HeaderMap, header};
use axum::middleware::Next;
use axum::response::Response;
use paytone_redact::SafeText;
use rand::RngExt;
use secrecy::{ExposeSecret, SecretString};
use subtle::ConstantTimeEq;

use super::{Backend, Problem, layers};
use crate::store::{AuditEntry, Principal, Role};

const VARIABLE: &str = "PAYTONE_API_KEY";

/// 188 bits and a fraction. Letters only, so that nothing that looks for card numbers stumbles over a key.
const LETTERS: usize = 40;

/// Origins whose failed sign-ins are written down in one minute.
const ENTRIES_PER_MINUTE: usize = 20;

/// The key in `PAYTONE_API_KEY`, where that is set.
#[must_use]
pub fn key_from_environment() -> Option<SecretString> {
    env::var(VARIABLE).ok().filter(|key| !key.is_empty()).map(SecretString::from)
}

/// A key for this run. Whoever started the service has to be shown it.
#[must_use]
pub fn make_key() -> SecretString {
    let mut rng = rand::rng();
    let mut key = String::with_capacity(LETTERS);
    key.extend((0..LETTERS).map(|_| char::from(rng.random_range(b'a'..=b'z'))));
    key.into()
}

/// Lets a request pass that shows a key, and notes whose it is.
pub(super) async fn require(
    State(backend): State<Backend>,
    mut request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let asked = Asked {
        origin: layers::origin(&request),
        what: format!("{} {}", request.method(), request.uri().path()),
    };
    let Some(shown) = bearer_token(request.headers()) else {
        return Err(refuse(&backend, &asked, None).await);
    };
    let key = backend.key.expose_secret().as_bytes();
    let principal = match bool::from(shown.ct_eq(key)) {
        true => Principal {
            merchant: backend.merchant,
            actor: SafeText::new("administrator"),
            role: Role::Admin,
            refund_limit: None,
        },
        false => match backend.store.principal(shown).await? {
            Some(principal) => principal,
            None => return Err(refuse(&backend, &asked, Some(shown)).await),
        },
    };
    request.extensions_mut().insert(principal);
    Ok(next.run(request).await)
}

/// Where a request came from, and what it wanted.
struct Asked {
    origin: String,
    what: String,
}

/// Writes down a request that shows no good key: in the chain of the merchant whose key it was once, or else of the first.
async fn refuse(backend: &Backend, asked: &Asked, shown: Option<&[u8]>) -> Problem {
    let known = match shown {
        Some(secret) => backend.store.former_key(secret).await.ok().flatten(),
        None => None,
    };
    let (merchant, actor, detail) = match (known, shown) {
        (Some((merchant, name)), _) => (merchant, name, "a key that was taken back"),
        (None, Some(_)) => (backend.merchant, SafeText::new("nobody we know"), "an unknown key"),
        (None, None) => (backend.merchant, SafeText::new("nobody we know"), "no key"),
    };
    if let Some(more) = backend.refusals.count(&asked.origin, backend.clock.now()) {
        let entry = AuditEntry {
            actor,
            action: SafeText::new("sign in"),
            success: false,
            origin: SafeText::new(&asked.origin),
            object: SafeText::new(&asked.what),
            detail: SafeText::new(&match more {
                0 => detail.to_owned(),
                more => format!("{detail}; {more} more since the last entry like this"),
            }),
        };
        if let Err(error) = backend.store.audit(merchant, &entry, backend.clock.now()).await {
            tracing::error!(%error, "a refused request could not be audited");
        }
    }
    Problem::UNAUTHORIZED
}

/// Counts failed sign-ins, so that nobody can flood the audit with them: one entry for every origin and minute, and so
/// many for all of them together. What is not written is counted, and the next entry says how many. Cheap to clone; all
/// clones count together.
#[derive(Debug, Clone, Default)]
pub struct Refusals(Arc<Mutex<Counted>>);

#[derive(Debug, Default)]
struct Counted {
    minute: u64,
    origins: HashSet<String>,
    unwritten: u64,
}

impl Refusals {
    /// Counts one. Where it is to be written down: how many were not, since the last that was.
    pub fn count(&self, origin: &str, now: Duration) -> Option<u64> {
        let mut counted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let minute = now.as_secs() / 60;
        if counted.minute != minute {
            counted.minute = minute;
            counted.origins.clear();
        }
        let written = counted.origins.len() < ENTRIES_PER_MINUTE && counted.origins.insert(origin.to_owned());
        if written {
            return Some(core::mem::take(&mut counted.unwritten));
        }
        counted.unwritten += 1;
        None
    }
}

fn bearer_token(headers: &HeaderMap) -> Option<&[u8]> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let (value, None) = (values.next()?, values.next()) else { return None };
    let (scheme, token) = value.as_bytes().split_at_checked(b"Bearer ".len())?;
    scheme.eq_ignore_ascii_case(b"Bearer ").then_some(token)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failed_sign_ins_are_written_once_for_an_origin_and_minute_and_counted() {
        let (refusals, minute) = (Refusals::default(), Duration::from_secs(60));
        assert_eq!(refusals.count("a", minute), Some(0));
        assert!((0..50).all(|_| refusals.count("a", minute).is_none()));
        assert_eq!(refusals.count("b", minute), Some(50));
        assert_eq!(refusals.count("a", minute * 2), Some(0));
        let many = (0..1000).filter(|number| refusals.count(&number.to_string(), minute * 3).is_some());
        assert_eq!(many.count(), ENTRIES_PER_MINUTE);
        assert_eq!(refusals.count("a", minute * 4), Some(980));
    }

    #[test]
    fn a_made_key_is_long_new_and_without_digits() {
        let (key, other) = (make_key(), make_key());
        assert_eq!(key.expose_secret().len(), LETTERS);
        assert!(key.expose_secret().bytes().all(|byte| byte.is_ascii_lowercase()));
        assert_ne!(key.expose_secret(), other.expose_secret());
    }
}
