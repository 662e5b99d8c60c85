//! Why a card was declined, in words every provider's codes are mapped to, and what the caller may do about
//! it.

use crate::text::named_variants;
use crate::{ProviderCode, TransactionId};

/// Why the issuer or the provider said no.
///
/// A decline is an answer: it is certain that no money moved. A missing answer is
/// [`InDoubt`](crate::InDoubt) and never one of these.
///
/// ```
/// use paytone_psp::{DeclineReason, Recovery};
///
/// let reason = DeclineReason::CodeMismatch;
/// assert_eq!(reason.as_str(), "code_mismatch");
/// assert_eq!(reason.recovery(), Recovery::ReenterCode);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum DeclineReason {
    /// The issuer knows no such card number.
    InvalidNumber,
    /// The expiry date is not the one of this card.
    InvalidExpiry,
    /// The card is past its expiry date.
    Expired,
    /// The security code is wrong.
    CodeMismatch,
    /// The issuer wants a security code and got none.
    CodeMissing,
    /// The balance or the credit line does not cover the amount.
    InsufficientFunds,
    /// A limit on amount, count or frequency is reached.
    LimitExceeded,
    /// The card cannot be used here: restricted, not supported, or declined without a reason.
    CardNotUsable,
    /// The issuer refused, or wants the cardholder to call.
    IssuerRefused,
    /// The provider or the issuer suspects fraud. The caller is never told this.
    SuspectedFraud,
    /// The card is reported lost or stolen. The caller is never told this.
    LostOrStolen,
    /// The postcode is not the cardholder's.
    PostcodeMismatch,
    /// The issuer insists on a step that needs a screen (3-D Secure), which a phone call cannot offer.
    AuthenticationRequired,
    /// The issuer, or the network to it, is out of order and says so; nothing was charged.
    IssuerUnavailable,
    /// The payment's own data was refused, such as an instalment count: the merchant's side must correct it.
    Parameters,
    /// A code this version knows nothing about; the provider's own code is kept beside it.
    Unrecognised,
}

named_variants! { DeclineReason,
    InvalidNumber => "invalid_number",
    InvalidExpiry => "invalid_expiry",
    Expired => "expired",
    CodeMismatch => "code_mismatch",
    CodeMissing => "code_missing",
    InsufficientFunds => "insufficient_funds",
    LimitExceeded => "limit_exceeded",
    CardNotUsable => "card_not_usable",
    IssuerRefused => "issuer_refused",
    SuspectedFraud => "suspected_fraud",
    LostOrStolen => "lost_or_stolen",
    PostcodeMismatch => "postcode_mismatch",
    AuthenticationRequired => "authentication_required",
    IssuerUnavailable => "issuer_unavailable",
    Parameters => "parameters",
    Unrecognised => "unrecognised",
}

impl DeclineReason {
    /// What can be done about it in the same call.
    #[must_use]
    pub const fn recovery(self) -> Recovery {
        match self {
            Self::InvalidNumber => Recovery::ReenterNumber,
            Self::InvalidExpiry | Self::Expired => Recovery::ReenterExpiry,
            Self::CodeMismatch | Self::CodeMissing => Recovery::ReenterCode,
            Self::InsufficientFunds
            | Self::LimitExceeded
            | Self::CardNotUsable
            | Self::IssuerRefused
            | Self::AuthenticationRequired
            | Self::Unrecognised => Recovery::OtherCard,
            Self::IssuerUnavailable => Recovery::TryLater,
            Self::PostcodeMismatch => Recovery::ReenterPostcode,
            Self::Parameters => Recovery::Operator,
            Self::SuspectedFraud | Self::LostOrStolen => Recovery::Stop,
        }
    }

    /// Whether the caller may be told this reason in words. Where not, the words are those of
    /// [`CardNotUsable`](Self::CardNotUsable): a thief learns nothing.
    #[must_use]
    pub const fn may_be_spoken(self) -> bool {
        !matches!(self, Self::SuspectedFraud | Self::LostOrStolen | Self::Unrecognised | Self::Parameters)
    }
}

/// What a caller can do after a decline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Recovery {
    /// Key the card number again (and with it the security code).
    ReenterNumber,
    /// Key the expiry date again.
    ReenterExpiry,
    /// Key the security code again.
    ReenterCode,
    /// Key the postcode again (and with it the security code), where it was asked for; else as `Operator`.
    ReenterPostcode,
    /// Use another card; the same one is not tried again.
    OtherCard,
    /// Try the same card again later; at most once in this call, as a new attempt.
    TryLater,
    /// Nothing the caller can key helps; a person must look at it.
    Operator,
    /// No further try in this call, in neutral words.
    Stop,
}

/// What the card network advises about trying the same card again. It binds harder than [`Recovery`]:
/// networks charge fees for tries they advised against.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Advice {
    /// No advice was given.
    #[default]
    Unspecified,
    /// Do not try this card again.
    DoNotRetry,
    /// The same data may succeed later.
    TryLater,
    /// Check the card data with the cardholder first.
    ConfirmData,
}

named_variants! { Advice,
    Unspecified => "unspecified",
    DoNotRetry => "do_not_retry",
    TryLater => "try_later",
    ConfirmData => "confirm_data",
}

/// A decline as a gateway answers it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decline {
    /// Why, in this crate's words.
    pub reason: DeclineReason,
    /// The network's advice on another try.
    pub advice: Advice,
    /// The provider's own code, for support.
    pub code: Option<ProviderCode>,
    /// The provider's id of the refused transaction, where it made one.
    pub transaction: Option<TransactionId>,
    /// True where no real card network was asked.
    pub test: bool,
}

impl Decline {
    /// A decline with a reason and nothing else known.
    #[must_use]
    pub const fn new(reason: DeclineReason) -> Self {
        Self { reason, advice: Advice::Unspecified, code: None, transaction: None, test: false }
    }

    /// What can be done in the same call: the reason's recovery, unless the network advised against another
    /// try.
    #[must_use]
    pub const fn recovery(&self) -> Recovery {
        match (self.advice, self.reason.recovery()) {
            (Advice::DoNotRetry, Recovery::Stop) => Recovery::Stop,
            (Advice::DoNotRetry, Recovery::Operator) => Recovery::Operator,
            (Advice::DoNotRetry, _) => Recovery::OtherCard,
            (_, recovery) => recovery,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::UnknownName;

    #[test]
    fn names_read_back() {
        for &reason in DeclineReason::ALL {
            assert_eq!(DeclineReason::parse(reason.as_str()), Ok(reason));
        }
        assert_eq!(DeclineReason::parse("Expired"), Err(UnknownName));
    }

    #[test]
    fn a_thief_gets_no_further_try_and_no_reason() {
        for reason in [DeclineReason::SuspectedFraud, DeclineReason::LostOrStolen] {
            assert_eq!(reason.recovery(), Recovery::Stop);
            assert!(!reason.may_be_spoken());
        }
    }

    #[test]
    fn advice_against_another_try_binds() {
        let mut decline = Decline::new(DeclineReason::CodeMismatch);
        assert_eq!(decline.recovery(), Recovery::ReenterCode);
        decline.advice = Advice::DoNotRetry;
        assert_eq!(decline.recovery(), Recovery::OtherCard);
        decline.reason = DeclineReason::LostOrStolen;
        assert_eq!(decline.recovery(), Recovery::Stop);
    }
}
