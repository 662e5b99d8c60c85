//! What is not an answer, split by the one question that matters: may money have moved?

use core::time::Duration;

use crate::text::named_variants;
use crate::{CheckpointBlob, CheckpointFailed, Operation, ProviderCode, Reference, TransactionId};

/// Why an operation has no answer.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[must_use]
pub enum GatewayError {
    /// It is certain that nothing was carried out: no connection, the checkpoint failed, the provider was too
    /// busy to begin.
    #[error("nothing was sent")]
    NotSent {
        /// Whether the same request may be made again.
        retry: Retry,
    },
    /// The provider, or the gateway before any request, refused to carry it out. Not a decline: the card is
    /// not to blame.
    #[error("refused: {reason}")]
    Refused {
        /// Why.
        reason: Refusal,
        /// The provider's own code.
        code: Option<ProviderCode>,
    },
    /// The request may have been carried out and the answer is missing. Only a lookup can tell.
    #[error("no answer; it may have been carried out")]
    InDoubt(InDoubt),
}

impl GatewayError {
    /// A refusal before any request.
    pub const fn refused(reason: Refusal) -> Self {
        Self::Refused { reason, code: None }
    }

    /// Whether money may have moved.
    #[must_use]
    pub const fn may_have_moved_money(&self) -> bool {
        matches!(self, Self::InDoubt(_))
    }
}

/// Without its checkpoint nothing is sent.
impl From<CheckpointFailed> for GatewayError {
    fn from(CheckpointFailed: CheckpointFailed) -> Self {
        Self::NotSent { retry: Retry::Never }
    }
}

/// Whether a request that was not sent may be made again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retry {
    /// It would fail again.
    Never,
    /// With the same key and reference, while the card data is still held.
    SameKey {
        /// Not before this much time has passed.
        after: Duration,
    },
}

/// Why an operation was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// This gateway does not offer the operation; nothing was sent.
    #[error("this gateway does not offer {0}")]
    Unsupported(Operation),
    /// A test gateway takes published test card numbers only.
    #[error("not a published test card number")]
    NotATestNumber,
    /// A live gateway takes no published test card numbers.
    #[error("a test card number at a live gateway")]
    TestNumber,
    /// The provider does not accept our credentials.
    #[error("the provider does not accept the credentials")]
    Credentials,
    /// The contract with the provider does not cover this.
    #[error("the contract with the provider does not cover this")]
    Contract,
    /// Something about the request itself is wrong.
    #[error("the provider refuses the request's parameters")]
    Parameters,
    /// The amount is zero, too large, or more than is left.
    #[error("the amount is not possible")]
    Amount,
    /// The currency is not offered.
    #[error("the currency is not offered")]
    Currency,
    /// Nothing is known under this reference, transaction or stored card.
    #[error("not known to the provider")]
    NotFound,
    /// The transaction's state does not allow it, such as a capture after a void.
    #[error("the transaction's state does not allow it")]
    WrongState,
    /// The key was used before with other parameters.
    #[error("the key was used for another request")]
    KeyReused,
    /// The reference was used before by another attempt.
    #[error("the reference was used for another attempt")]
    ReferenceReused,
}

/// A request that may have been carried out and whose answer is missing.
///
/// It is the only thing [`lookup`](crate::Gateway::lookup) takes. The one a gateway hands out and one rebuilt
/// from the journal ([`Attempt::in_doubt`](crate::attempt::Attempt::in_doubt)) serve alike, so a crash loses
/// nothing.
#[derive(Debug, PartialEq, Eq)]
#[must_use = "an unknown outcome has to be looked up"]
pub struct InDoubt {
    reference: Reference,
    operation: Operation,
    cause: DoubtCause,
    checkpoint: Option<CheckpointBlob>,
    transaction: Option<TransactionId>,
}

impl InDoubt {
    /// The answer to `operation` on the attempt `reference` is missing.
    pub const fn new(reference: Reference, operation: Operation, cause: DoubtCause) -> Self {
        Self { reference, operation, cause, checkpoint: None, transaction: None }
    }

    /// Adds what was made durable before the request.
    pub fn with_checkpoint(mut self, checkpoint: CheckpointBlob) -> Self {
        self.checkpoint = Some(checkpoint);
        self
    }

    /// Adds the provider's id, where an earlier answer gave it.
    pub fn with_transaction(mut self, transaction: TransactionId) -> Self {
        self.transaction = Some(transaction);
        self
    }

    /// The attempt's reference.
    #[must_use]
    pub const fn reference(&self) -> &Reference {
        &self.reference
    }

    /// Which operation is in doubt.
    #[must_use]
    pub const fn operation(&self) -> Operation {
        self.operation
    }

    /// What happened to the answer.
    #[must_use]
    pub const fn cause(&self) -> DoubtCause {
        self.cause
    }

    /// What was made durable before the request.
    #[must_use]
    pub const fn checkpoint(&self) -> Option<&CheckpointBlob> {
        self.checkpoint.as_ref()
    }

    /// The provider's id, where it is known.
    #[must_use]
    pub const fn transaction(&self) -> Option<&TransactionId> {
        self.transaction.as_ref()
    }
}

/// What happened to a missing answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum DoubtCause {
    /// No answer before the deadline, or the connection broke after sending had begun.
    NoAnswer,
    /// The provider answered with an error of its own (5xx) and does not say how far it had come.
    ServerError,
    /// The answer could not be read.
    Unreadable,
    /// The provider is still busy with the same request.
    AlreadyRunning,
    /// The journal says that it was sent, and this process was not there for the answer.
    Restart,
}

named_variants! { DoubtCause,
    NoAnswer => "no_answer",
    ServerError => "server_error",
    Unreadable => "unreadable",
    AlreadyRunning => "already_running",
    Restart => "restart",
}

/// Why a call that may simply be made again ([`lookup`](crate::Gateway::lookup),
/// [`forget`](crate::Gateway::forget)) has no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AskError {
    /// The provider could not be asked, or its answer is missing: ask again.
    #[error("no answer")]
    NoAnswer,
    /// The provider refuses; asking again as it is will not help.
    #[error("refused: {0}")]
    Refused(Refusal),
}

#[cfg(test)]
mod tests {
    use super::*;

    static_assertions::assert_not_impl_any!(InDoubt: Clone);

    #[test]
    fn only_a_missing_answer_may_have_moved_money() {
        let reference = Reference::parse("01ARYZ6S41TSV4RRFFQ69G5FAV").unwrap();
        let doubt = InDoubt::new(reference, Operation::Authorize, DoubtCause::NoAnswer);
        assert!(GatewayError::InDoubt(doubt).may_have_moved_money());
        assert!(!GatewayError::NotSent { retry: Retry::Never }.may_have_moved_money());
        assert!(!GatewayError::refused(Refusal::Credentials).may_have_moved_money());
    }
}
