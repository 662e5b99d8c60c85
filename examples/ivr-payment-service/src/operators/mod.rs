//! People who sign in to the console: passwords, codes, sessions, and how often one may get it wrong.
//!
//! There is no default password: the first start makes one administrator with a password of its own, shown once.

mod password;
mod permission;
mod totp;

use core::time::Duration;
use std::sync::Arc;

use paytone_dialog::Language;
use paytone_redact::SafeText;
use rand::RngExt;
use secrecy::{ExposeSecret, SecretString};

use crate::clock::Clock;
use crate::store::{
    AuditEntry, Credentials, MerchantUlid, NewOperator, Operator, OperatorRole, OperatorUlid, Session,
    SessionLimits, Store, StoreError,
};

pub use self::password::{Hasher, InvalidPassword, SHORTEST, check as check_password, make as make_password};
pub use self::permission::Permission;
pub use self::totp::{make_secret, step_of, written};

/// How long a session lasts, and how often a sign-in may go wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SignInRules {
    /// How long a session lasts.
    pub session: SessionLimits,
    /// So many wrong tries in a row lock a name.
    pub most_failures: u32,
    /// For so long.
    pub locked_for: Duration,
}

impl Default for SignInRules {
    /// What PCI DSS 8.2.8 and 8.3.4 ask for, and stricter: 15 minutes idle, 6 of 10 tries, half an hour.
    fn default() -> Self {
        Self {
            session: SessionLimits { idle: minutes(15), whole: minutes(12 * 60) },
            most_failures: 6,
            locked_for: minutes(30),
        }
    }
}

/// The people who sign in. Cheap to clone; all clones are one.
#[derive(Debug, Clone)]
pub struct Operators {
    store: Store,
    clock: Arc<dyn Clock>,
    hasher: Hasher,
    rules: SignInRules,
}

/// What somebody shows to sign in.
#[derive(Debug)]
pub struct Shown {
    /// The name, as typed.
    pub login: String,
    /// The password.
    pub password: SecretString,
    /// The code of an authenticator; may be empty.
    pub code: String,
    /// The secret of the session the browser had before, if any.
    pub before: Option<SecretString>,
    /// Where the request came from.
    pub origin: SafeText,
}

/// Somebody who has just signed in.
#[derive(Debug)]
pub struct SignedIn {
    /// Who.
    pub operator: Operator,
    /// The secret the browser shows from now on.
    pub secret: SecretString,
}

/// Why somebody is not signed in, or a password not changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SignInError {
    /// The name, the password or the code is wrong, or the name is locked: which, is not said.
    #[error("the name, the password or the code is not right")]
    Refused,
    /// The new password cannot be one.
    #[error(transparent)]
    Password(#[from] InvalidPassword),
    /// The database fails.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Operators {
    /// The people in this store.
    #[must_use]
    pub fn new(store: Store, clock: Arc<dyn Clock>, rules: SignInRules) -> Self {
        Self { store, clock, hasher: Hasher::new(), rules }
    }

    /// How long a session lasts, and how often a sign-in may go wrong.
    #[must_use]
    pub const fn rules(&self) -> &SignInRules {
        &self.rules
    }

    /// Makes the first administrator where there is nobody at all; the password is to be shown, once.
    ///
    /// # Errors
    ///
    /// The database fails.
    pub async fn ensure_admin(&self, merchant: MerchantUlid) -> Result<Option<SecretString>, StoreError> {
        if self.store.has_operators().await? {
            return Ok(None);
        }
        let password = make_password();
        let hash = self.hasher.hash(password.clone()).await;
        let (login, name) = (SafeText::new(FIRST_LOGIN), SafeText::new("Administrator"));
        let new = NewOperator {
            login: &login,
            name: &name,
            role: OperatorRole::Admin,
            language: Language::default(),
            refund_limit: None,
            password: &hash,
        };
        self.store.create_operator(merchant, new, self.clock.now()).await?;
        Ok(Some(password))
    }

    /// Signs somebody in, under a secret nobody has known before. Every try is audited.
    ///
    /// # Errors
    ///
    /// [`SignInError::Refused`], or the database fails.
    pub async fn sign_in(&self, shown: Shown) -> Result<SignedIn, SignInError> {
        let now = self.clock.now();
        let login = SafeText::new(&shown.login.trim().to_lowercase());
        let known = self.store.credentials(&login).await?;
        let known = known.filter(|known| known.operator.disabled_at.is_none());
        let hash = known.as_ref().map(|known| known.password.clone());
        let password = self.hasher.verify(shown.password, hash).await;
        let Some(known) = known else { return Err(SignInError::Refused) };
        let locked = known.operator.locked_until > now;
        let accepted = password && !locked && self.code_is_right(&known, &shown.code, now).await?;
        self.audit(&known.operator, "sign in", accepted, &shown.origin).await?;
        if !accepted {
            if !locked {
                self.count_failure(&known.operator, &shown.origin, now).await?;
            }
            return Err(SignInError::Refused);
        }
        let secret = make_secret_text();
        let before = shown.before.as_ref().map(|before| before.expose_secret().as_bytes());
        let csrf = rand::rng().random();
        let id = known.operator.id;
        self.store.begin_session(id, secret.expose_secret().as_bytes(), &csrf, before, now).await?;
        Ok(SignedIn { operator: known.operator, secret })
    }

    /// Who shows this secret, if the session still lasts.
    ///
    /// # Errors
    ///
    /// The database fails.
    pub async fn session(&self, secret: &SecretString) -> Result<Option<Session>, StoreError> {
        let secret = secret.expose_secret().as_bytes();
        self.store.session(secret, self.rules.session, self.clock.now()).await
    }

    /// Notes that whoever has this session did something.
    ///
    /// # Errors
    ///
    /// The database fails.
    pub async fn touch(&self, secret: &SecretString) -> Result<(), StoreError> {
        self.store.touch_session(secret.expose_secret().as_bytes(), self.clock.now()).await
    }

    /// Ends a session.
    ///
    /// # Errors
    ///
    /// The database fails.
    pub async fn sign_out(
        &self,
        operator: &Operator,
        secret: &SecretString,
        origin: &SafeText,
    ) -> Result<(), StoreError> {
        self.store.end_session(secret.expose_secret().as_bytes()).await?;
        self.audit(operator, "sign out", true, origin).await
    }

    /// Changes one's own password; whoever is signed in under the name is signed out.
    ///
    /// # Errors
    ///
    /// [`SignInError::Refused`] where the old one is wrong, [`SignInError::Password`], or the database fails.
    pub async fn change_password(
        &self,
        operator: &Operator,
        old: SecretString,
        new: SecretString,
        origin: &SafeText,
    ) -> Result<(), SignInError> {
        check_password(new.expose_secret(), operator.login.as_str())?;
        let now = self.clock.now();
        let known = self.store.credentials(&operator.login).await?.ok_or(SignInError::Refused)?;
        let same = old.expose_secret() == new.expose_secret();
        if known.operator.locked_until > now || same || !self.hasher.verify(old, Some(known.password)).await {
            self.audit(operator, "change password", false, origin).await?;
            self.count_failure(operator, origin, now).await?;
            return Err(SignInError::Refused);
        }
        let hash = self.hasher.hash(new).await;
        self.store.set_password(operator.merchant, operator.id, &hash, false).await?;
        Ok(self.audit(operator, "change password", true, origin).await?)
    }

    /// Makes an operator with a password to begin with, which is to be shown once.
    ///
    /// # Errors
    ///
    /// [`StoreError::Conflict`] where the name is taken, or the database fails.
    pub async fn create(
        &self,
        by: &Operator,
        login: &SafeText,
        name: &SafeText,
        role: OperatorRole,
        language: Language,
    ) -> Result<SecretString, StoreError> {
        let given = make_password();
        let hash = self.hasher.hash(given.clone()).await;
        let new = NewOperator { login, name, role, language, refund_limit: None, password: &hash };
        self.store.create_operator(by.merchant, new, self.clock.now()).await?;
        Ok(given)
    }

    /// Gives an operator a new password to begin with; it also takes a lock off.
    ///
    /// # Errors
    ///
    /// [`StoreError::NotFound`], or the database fails.
    pub async fn reset_password(
        &self,
        by: &Operator,
        operator: OperatorUlid,
    ) -> Result<SecretString, StoreError> {
        let given = make_password();
        let hash = self.hasher.hash(given.clone()).await;
        self.store.set_password(by.merchant, operator, &hash, true).await?;
        Ok(given)
    }

    async fn code_is_right(
        &self,
        known: &Credentials,
        code: &str,
        now: Duration,
    ) -> Result<bool, StoreError> {
        let Some(secret) = &known.totp_secret else { return Ok(true) };
        match step_of(secret, code, now) {
            Some(step) => self.store.take_totp_step(known.operator.id, step).await,
            None => Ok(false),
        }
    }

    async fn count_failure(
        &self,
        operator: &Operator,
        origin: &SafeText,
        now: Duration,
    ) -> Result<(), StoreError> {
        let until = now.saturating_add(self.rules.locked_for);
        if self.store.sign_in_failed(operator.id, self.rules.most_failures, until).await? {
            self.audit(operator, "lock out", true, origin).await?;
        }
        Ok(())
    }

    async fn audit(
        &self,
        operator: &Operator,
        action: &'static str,
        success: bool,
        origin: &SafeText,
    ) -> Result<(), StoreError> {
        let entry = AuditEntry {
            actor: operator.login.clone(),
            action: SafeText::new(action),
            success,
            origin: origin.clone(),
            object: SafeText::new(operator.id.as_str()),
            detail: SafeText::new(""),
        };
        self.store.audit(operator.merchant, &entry, self.clock.now()).await.map(drop)
    }
}

/// 225 bits. Letters only, so that nothing that looks for card numbers stumbles over one.
fn make_secret_text() -> SecretString {
    let mut rng = rand::rng();
    let mut text = String::with_capacity(SECRET_LETTERS);
    text.extend((0..SECRET_LETTERS).map(|_| char::from(rng.random_range(b'a'..=b'z'))));
    text.into()
}

const fn minutes(minutes: u64) -> Duration {
    Duration::from_secs(60 * minutes)
}

const SECRET_LETTERS: usize = 48;
/// The name of the first administrator; the password is made at the first start.
pub const FIRST_LOGIN: &str = "admin";
