//! Finding the order a call is about: four ways behind one trait. Whatever they find or refuse is in the merchant's audit,
//! written with the finding itself by the store.

mod user_to_user;

use core::fmt;
use core::time::Duration;

use paytone_psp::{BoxFuture, CustomerNumber};
use paytone_redact::SafeText;

use crate::config::{LineConfig, LineKind, MatchBy};
use crate::store::{CallUlid, Claim, Claimant, GuessLimits, MatchedBy, Store, StoreError};

pub use self::user_to_user::read_user_to_user;

/// What a call says about its order. `Debug` shows none of it.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Clues {
    /// The digits of the SIP user that was dialled.
    pub dialled: Option<String>,
    /// The digits that were keyed.
    pub keyed: Option<String>,
    /// The caller's telephone number, digits alone.
    pub caller_id: Option<String>,
    /// What headers say, first of all the most telling.
    pub headers: Vec<String>,
}

/// Who asks for orders in a call's name.
#[derive(Debug, Clone)]
pub struct Asker {
    /// Where orders are.
    pub store: Store,
    /// The call.
    pub call: CallUlid,
    /// Where it comes from.
    pub source: SafeText,
    /// How many wrong codes are too many.
    pub limits: GuessLimits,
    /// What time it is, since the Unix epoch.
    pub now: Duration,
}

/// One way to find the order of a call.
pub trait Matcher: fmt::Debug + Send + Sync {
    /// Which, for the audit.
    fn by(&self) -> MatchedBy;

    /// Gives the call its order, or says why it gets none; nothing where this way has no clue to go by, so that the next
    /// is tried.
    ///
    /// # Errors
    ///
    /// The call is over, or the database fails.
    fn find<'a>(
        &'a self,
        asker: &'a Asker,
        clues: &'a Clues,
    ) -> BoxFuture<'a, Result<Option<Claim>, StoreError>>;
}

/// By the SIP user that was dialled: `pay-{code}`, or the code itself as an extension.
#[derive(Debug, Clone, Copy)]
pub struct DialledUser;

/// By the one-time code that was keyed on the call, by the caller or by an operator before the caller is joined, or by the
/// order an operator names on a screen.
#[derive(Debug, Clone, Copy)]
pub enum KeyedCode {
    /// On the call's keypad.
    OnTheCall,
    /// On an operator's screen.
    OnAScreen,
}

/// By who calls, where exactly one order of that customer is open. Numbers are borrowed and forged: the caller is asked.
#[derive(Debug, Clone, Copy)]
pub struct CallerId;

/// By `User-to-User` or a header of the switchboard's own.
#[derive(Debug, Clone, Copy)]
pub struct SipHeader;

impl Matcher for DialledUser {
    fn by(&self) -> MatchedBy {
        MatchedBy::Dialled
    }

    fn find<'a>(
        &'a self,
        asker: &'a Asker,
        clues: &'a Clues,
    ) -> BoxFuture<'a, Result<Option<Claim>, StoreError>> {
        Box::pin(asker.by_code(clues.dialled.as_deref(), self.by()))
    }
}

impl Matcher for KeyedCode {
    fn by(&self) -> MatchedBy {
        match self {
            Self::OnTheCall => MatchedBy::Keyed,
            Self::OnAScreen => MatchedBy::Operator,
        }
    }

    fn find<'a>(
        &'a self,
        asker: &'a Asker,
        clues: &'a Clues,
    ) -> BoxFuture<'a, Result<Option<Claim>, StoreError>> {
        Box::pin(asker.by_code(clues.keyed.as_deref(), self.by()))
    }
}

impl Matcher for CallerId {
    fn by(&self) -> MatchedBy {
        MatchedBy::CallerId
    }

    /// None and two are no match: the caller is asked for a code.
    fn find<'a>(
        &'a self,
        asker: &'a Asker,
        clues: &'a Clues,
    ) -> BoxFuture<'a, Result<Option<Claim>, StoreError>> {
        Box::pin(async move {
            let number = clues.caller_id.as_deref().map(CustomerNumber::parse);
            let Some(Ok(number)) = number else { return Ok(None) };
            let claimant = asker.claimant(self.by());
            let claim = asker.store.claim_only_order_of(&number, &claimant, asker.now).await?;
            Ok(Some(claim).filter(|claim| matches!(claim, Claim::Taken(_))))
        })
    }
}

impl Matcher for SipHeader {
    fn by(&self) -> MatchedBy {
        MatchedBy::Header
    }

    fn find<'a>(
        &'a self,
        asker: &'a Asker,
        clues: &'a Clues,
    ) -> BoxFuture<'a, Result<Option<Claim>, StoreError>> {
        Box::pin(asker.by_code(clues.headers.first().map(String::as_str), self.by()))
    }
}

impl Asker {
    async fn by_code(&self, code: Option<&str>, by: MatchedBy) -> Result<Option<Claim>, StoreError> {
        let Some(code) = code else { return Ok(None) };
        self.store.claim_order(code, &self.claimant(by), &self.limits, self.now).await.map(Some)
    }

    fn claimant(&self, by: MatchedBy) -> Claimant {
        Claimant { call: self.call, source: self.source.clone(), by }
    }
}

/// The ways a line finds the order of a call that rings, in the order they are tried.
#[must_use]
pub fn ways(line: &LineConfig) -> Vec<Box<dyn Matcher>> {
    match line.kind {
        LineKind::PayFixed(_) | LineKind::Check | LineKind::Operator => Vec::new(),
        LineKind::PayOrder => vec![Box::new(DialledUser)],
        LineKind::Order => line.match_by.iter().copied().map(way).collect(),
    }
}

fn way(by: MatchBy) -> Box<dyn Matcher> {
    match by {
        MatchBy::Header => Box::new(SipHeader),
        MatchBy::CallerId => Box::new(CallerId),
    }
}

/// What the first way that has something to go by comes to; nothing where none has.
///
/// # Errors
///
/// The call is over, or the database fails.
pub async fn find(
    ways: &[Box<dyn Matcher>],
    asker: &Asker,
    clues: &Clues,
) -> Result<Option<(MatchedBy, Claim)>, StoreError> {
    for way in ways {
        if let Some(claim) = way.find(asker, clues).await? {
            return Ok(Some((way.by(), claim)));
        }
    }
    Ok(None)
}

/// The digits of a telephone number as a SIP user or a `tel` URI has it (RFC 3966): a leading `+`, visual separators and
/// parameters are left out. Nothing where it is no number of 3 to 15 digits.
#[must_use]
pub fn telephone_number(user: &str) -> Option<String> {
    let number = user.split(';').next()?;
    let number = number.strip_prefix('+').unwrap_or(number);
    let digits: String = number.chars().filter(|c| !matches!(c, '-' | '.' | '(' | ')' | ' ')).collect();
    let fits = (3..=15).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
    fits.then_some(digits)
}

impl fmt::Debug for Clues {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Clues(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_telephone_number_is_its_digits() {
        let digits = |user| telephone_number(user);
        assert_eq!(digits("+81312345678").as_deref(), Some("81312345678"));
        assert_eq!(digits("03-1234-5678").as_deref(), Some("0312345678"));
        assert_eq!(digits("0312345678;phone-context=+81").as_deref(), Some("0312345678"));
        for none in ["anonymous", "", "+", "12", "1234567890123456", "03a1234", "++81312345678"] {
            assert_eq!(digits(none), None, "{none}");
        }
    }
}
