//! Passwords: what may be one, and how it is kept.

use std::sync::{Arc, OnceLock};

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use rand::RngExt;
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::Semaphore;

/// The fewest characters of a password.
pub const SHORTEST: usize = 12;
/// The most; more would only be work.
pub(super) const LONGEST: usize = 128;
/// As many passwords are hashed at a time: each takes 19 MiB.
const AT_ONCE: usize = 4;
const LETTERS: &[u8] = b"abcdefghjkmnpqrstuvwxyz";

/// Why a text cannot be a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPassword {
    /// It has fewer than [`SHORTEST`] characters.
    #[error("a password has at least 12 characters")]
    TooShort,
    /// It has more than 128 bytes.
    #[error("a password has at most 128 characters")]
    TooLong,
    /// It is the name, or hardly more than one character.
    #[error("a password is neither the name nor one character many times")]
    TooSimple,
}

/// Hashes passwords, a few at a time, beside the tasks that serve calls.
#[derive(Debug, Clone)]
pub struct Hasher(Arc<Semaphore>);

impl Hasher {
    /// A hasher with argon2id's usual cost: 19 MiB, two passes.
    #[must_use]
    pub fn new() -> Self {
        Self(Arc::new(Semaphore::new(AT_ONCE)))
    }

    /// The text that is kept instead of the password.
    ///
    /// # Panics
    ///
    /// The operating system has no random numbers, or no memory.
    pub async fn hash(&self, password: SecretString) -> Vec<u8> {
        self.work(move || hash(password.expose_secret().as_bytes())).await
    }

    /// Whether this is the password. Where there is none to compare with the answer is no, after as much work.
    ///
    /// # Panics
    ///
    /// The operating system has no memory.
    pub async fn verify(&self, password: SecretString, kept: Option<Vec<u8>>) -> bool {
        self.work(move || {
            let nobodys = kept.is_none();
            let kept = kept.unwrap_or_else(|| nobody().to_vec());
            verify(password.expose_secret().as_bytes(), &kept) && !nobodys
        })
        .await
    }

    #[expect(clippy::expect_used, reason = "the semaphore is never closed and the work does not panic")]
    async fn work<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> T {
        let _turn = self.0.acquire().await.expect("never closed");
        tokio::task::spawn_blocking(work).await.expect("hashing does not panic")
    }
}

impl Default for Hasher {
    fn default() -> Self {
        Self::new()
    }
}

/// Whether this text may be the password of whoever signs in under `login`.
///
/// # Errors
///
/// [`InvalidPassword`].
pub fn check(password: &str, login: &str) -> Result<(), InvalidPassword> {
    if password.chars().count() < SHORTEST {
        return Err(InvalidPassword::TooShort);
    }
    if password.len() > LONGEST {
        return Err(InvalidPassword::TooLong);
    }
    let mut distinct: Vec<char> = password.chars().collect();
    distinct.sort_unstable();
    distinct.dedup();
    let same = password.eq_ignore_ascii_case(login);
    if same || distinct.len() < 4 { Err(InvalidPassword::TooSimple) } else { Ok(()) }
}

/// A password for somebody to begin with: 90 bits and a fraction, in groups that can be read out.
#[must_use]
pub fn make() -> SecretString {
    let mut rng = rand::rng();
    let groups: Vec<String> = (0..4)
        .map(|_| (0..5).map(|_| char::from(LETTERS[rng.random_range(0..LETTERS.len())])).collect())
        .collect();
    groups.join("-").into()
}

#[expect(clippy::expect_used, reason = "the built-in parameters are in range")]
fn hash(password: &[u8]) -> Vec<u8> {
    Argon2::default().hash_password(password).expect("a salt and 19 MiB").to_string().into_bytes()
}

fn verify(password: &[u8], kept: &[u8]) -> bool {
    let kept = core::str::from_utf8(kept).ok().and_then(|text| PasswordHash::new(text).ok());
    kept.is_some_and(|kept| Argon2::default().verify_password(password, &kept).is_ok())
}

/// What is compared with where nobody has the name, so that it takes as long as where somebody does.
fn nobody() -> &'static [u8] {
    static NOBODY: OnceLock<Vec<u8>> = OnceLock::new();
    NOBODY.get_or_init(|| hash(make().expose_secret().as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_password_is_kept_as_argon2id_and_recognised() {
        let hasher = Hasher::new();
        let kept = hasher.hash("correct horse battery".into()).await;
        let text = core::str::from_utf8(&kept).unwrap();
        assert!(text.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{text}");
        assert!(hasher.verify("correct horse battery".into(), Some(kept.clone())).await);
        assert!(!hasher.verify("correct horse batterY".into(), Some(kept.clone())).await);
        assert!(!hasher.verify("correct horse battery".into(), None).await);
        assert_ne!(hasher.hash("correct horse battery".into()).await, kept, "every hash has its own salt");
    }

    #[test]
    fn short_and_simple_passwords_are_none() {
        assert_eq!(check("elevenchars", "a"), Err(InvalidPassword::TooShort));
        assert_eq!(check("twelve-chars", "a"), Ok(()));
        assert_eq!(check("十二文字以上の合い言葉です", "a"), Ok(()));
        assert_eq!(check(&"ab".repeat(65), "a"), Err(InvalidPassword::TooLong));
        assert_eq!(check("aaaaaaaaaaaaab", "a"), Err(InvalidPassword::TooSimple));
        assert_eq!(check("Hanako.Yamada", "hanako.yamada"), Err(InvalidPassword::TooSimple));
    }

    #[test]
    fn a_made_password_can_be_one() {
        let (made, other) = (make(), make());
        assert_eq!(check(made.expose_secret(), "admin"), Ok(()));
        assert_ne!(made.expose_secret(), other.expose_secret());
    }
}
