//! Codes of an authenticator app: RFC 6238 with SHA-1, six digits, thirty seconds, as every app has them.

use core::time::Duration;

use rand::RngExt;
use totp_rs::{Builder, Secret, Totp};

/// How long one code lasts.
const STEP: u64 = 30;
/// 160 bits, as RFC 4226 section 4 recommends.
const SECRET: usize = 20;

/// A secret to be shared with an authenticator.
#[must_use]
pub fn make_secret() -> Vec<u8> {
    let mut rng = rand::rng();
    (0..SECRET).map(|_| rng.random()).collect()
}

/// The secret as it is typed into an authenticator (RFC 4648 base32), in groups of four.
#[must_use]
pub fn written(secret: &[u8]) -> String {
    let text = Secret::from(secret.to_vec()).to_base32();
    let groups: Vec<_> = text.as_bytes().chunks(4).map(String::from_utf8_lossy).collect();
    groups.join(" ")
}

/// The time step this code belongs to, if it is the code of `now`, or of the step before or after.
#[must_use]
pub fn step_of(secret: &[u8], code: &str, now: Duration) -> Option<u64> {
    let code: String = code.chars().filter(|c| !c.is_whitespace()).collect();
    let totp = totp(secret);
    let step = now.as_secs() / STEP;
    [step, step.saturating_sub(1), step.saturating_add(1)]
        .into_iter()
        .find(|step| subtle::ConstantTimeEq::ct_eq(code.as_bytes(), code_at(&totp, *step).as_bytes()).into())
}

fn totp(secret: &[u8]) -> Totp {
    Builder::new().with_secret(secret.to_vec()).with_skew(0).build_noncompliant()
}

fn code_at(totp: &Totp, step: u64) -> String {
    totp.generate(step * STEP).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6238 appendix B, the last six of eight digits.
    const SECRET: &[u8] = b"12345678901234567890";

    #[test]
    fn the_codes_are_those_of_the_standard() {
        for (time, code) in [(59, "287082"), (1_111_111_109, "081804"), (1_234_567_890, "005924")] {
            let at = Duration::from_secs(time);
            assert_eq!(step_of(SECRET, code, at), Some(time / 30), "{time}");
            assert_eq!(step_of(SECRET, code, at + Duration::from_secs(30)), Some(time / 30));
            assert_eq!(step_of(SECRET, code, at + Duration::from_secs(60)), None, "a minute late");
        }
        assert_eq!(step_of(SECRET, "28 70 82", Duration::from_secs(59)), Some(1), "spaces are an app's");
        assert_eq!(step_of(SECRET, "", Duration::from_secs(59)), None);
    }

    #[test]
    fn a_secret_is_written_as_apps_read_it() {
        assert_eq!(written(b"12345678901234567890"), "GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ");
        assert_eq!(make_secret().len(), 20);
    }
}
