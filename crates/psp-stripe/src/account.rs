//! Whose account, and how requests to it look.

use core::fmt;

use paytone_psp::exchange::{Body, Request};
use secrecy::{ExposeSecret, SecretString};

/// The version of Stripe's interface this adapter was written against. It goes with every request, so an account's
/// own setting plays no part.
pub const API_VERSION: &str = "2026-10-28.endive";

/// An account at Stripe.
#[derive(Clone)]
pub struct Account {
    authorization: SecretString,
    is_test: bool,
    profile: Profile,
}

/// Who answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Profile {
    /// Stripe.
    #[default]
    Stripe,
    /// `localstripe` 1.15, a stand-in written in Python. It knows no keys, so nothing may be repeated; it refuses
    /// parameters at a confirmation, `moto` among them; its lists cannot be narrowed; it refunds more than was
    /// taken, so that is checked here; and it does not attach a card that was set up, so that is done here.
    Localstripe,
}

/// The text is no secret key of Stripe: it begins with neither `sk_test_`, `sk_live_`, `rk_test_` nor `rk_live_`, or
/// is not printable ASCII.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a secret key of stripe")]
pub struct InvalidKey;

impl Account {
    /// The account `key` belongs to. A key with `_test_` in its name is a test account: it takes published test
    /// card numbers alone, and a live one takes none of them.
    ///
    /// # Errors
    ///
    /// No secret or restricted key.
    pub fn new(key: &SecretString) -> Result<Self, InvalidKey> {
        let key = key.expose_secret();
        let starts = |prefixes: [&str; 2]| prefixes.iter().any(|prefix| key.starts_with(prefix));
        let is_test = starts(["sk_test_", "rk_test_"]);
        let is_printable = key.bytes().all(|byte| byte.is_ascii_graphic());
        if !(is_test || starts(["sk_live_", "rk_live_"])) || !is_printable {
            return Err(InvalidKey);
        }
        let authorization = SecretString::from(format!("Bearer {key}"));
        Ok(Self { authorization, is_test, profile: Profile::Stripe })
    }

    /// The same account at somebody who stands in for Stripe.
    #[must_use]
    pub const fn with_profile(mut self, profile: Profile) -> Self {
        self.profile = profile;
        self
    }

    pub(crate) const fn is_test(&self) -> bool {
        self.is_test
    }

    pub(crate) fn is_stripe(&self) -> bool {
        self.profile == Profile::Stripe
    }

    pub(crate) fn get(&self, path: &str) -> Request {
        self.signed(Request::get(path))
    }

    pub(crate) fn delete(&self, path: &str) -> Request {
        self.signed(Request::delete(path))
    }

    /// A request that happens once per `key`, however often it arrives.
    pub(crate) fn post(&self, path: &str, key: &str, body: Body) -> Request {
        let request = Request::post(path, "application/x-www-form-urlencoded", body);
        self.signed(request).header("idempotency-key", key)
    }

    fn signed(&self, request: Request) -> Request {
        request
            .secret_header("authorization", self.authorization.clone())
            .header("stripe-version", API_VERSION)
    }
}

impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Account")
            .field("is_test", &self.is_test)
            .field("profile", &self.profile)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_secret_keys_are_taken_and_none_is_shown() {
        let account = |key: &str| Account::new(&SecretString::from(key));
        assert!(account("sk_test_hidden").is_ok_and(|account| account.is_test()));
        assert!(account("rk_live_hidden").is_ok_and(|account| !account.is_test()));
        for key in ["", "pk_test_hidden", "sk_test_\r\nX: y", "sk_hidden"] {
            assert_eq!(account(key).err(), Some(InvalidKey), "{key:?}");
        }
        let shown = format!("{:?}", account("sk_test_hidden"));
        assert!(!shown.contains("hidden"), "{shown}");
    }
}
