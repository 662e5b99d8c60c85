//! The key of the API: one bearer token (RFC 6750).

use std::env;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, header};
use axum::middleware::Next;
use axum::response::Response;
use paytone_redact::SafeText;
use rand::RngExt;
use secrecy::{ExposeSecret, SecretString};
use subtle::ConstantTimeEq;

use super::{Backend, Problem};
use crate::store::{Principal, Role};

const VARIABLE: &str = "PAYTONE_API_KEY";

/// 188 bits and a fraction. Letters only, so that nothing that looks for card numbers stumbles over a key.
const LETTERS: usize = 40;

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
    let shown = bearer_token(request.headers()).ok_or(Problem::UNAUTHORIZED)?;
    let key = backend.key.expose_secret().as_bytes();
    let principal = match bool::from(shown.ct_eq(key)) {
        true => Principal {
            merchant: backend.merchant,
            actor: SafeText::new("administrator"),
            role: Role::Admin,
            refund_limit: None,
        },
        false => backend.store.principal(shown).await?.ok_or(Problem::UNAUTHORIZED)?,
    };
    request.extensions_mut().insert(principal);
    Ok(next.run(request).await)
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
    fn a_made_key_is_long_new_and_without_digits() {
        let (key, other) = (make_key(), make_key());
        assert_eq!(key.expose_secret().len(), LETTERS);
        assert!(key.expose_secret().bytes().all(|byte| byte.is_ascii_lowercase()));
        assert_ne!(key.expose_secret(), other.expose_secret());
    }
}
