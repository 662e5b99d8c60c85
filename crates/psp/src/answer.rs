//! What a provider says. A decline is an answer like an approval; what is not an answer is in the error
//! types.

use core::cmp::Ordering;

use paytone_card::MaskedPan;

use crate::{ApprovalCode, Decline, DeclineReason, Money, Reference, StoredCardId, TransactionId};

/// The answer to an authorisation.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "an approval that nobody records is money lost"]
pub enum Authorization {
    /// The issuer approved.
    Approved(Approval),
    /// The issuer or the provider declined; no money moved.
    Declined(Decline),
}

/// An approval.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Approval {
    /// The transaction as the provider has it: [`Authorised`](ProviderState::Authorised) or, where it was
    /// captured at once, [`Captured`](ProviderState::Captured).
    pub snapshot: Snapshot,
    /// The issuer's approval code, where the provider passes it on.
    pub approval_code: Option<ApprovalCode>,
}

/// One transaction as the provider has it at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// Our own name of it.
    pub reference: Reference,
    /// What has become of it.
    pub state: ProviderState,
    /// The amount authorised or, once captured, captured.
    pub money: Money,
    /// The provider's id, where it has one.
    pub transaction: Option<TransactionId>,
    /// True where no real card network was asked.
    pub test: bool,
}

/// What has become of a transaction at the provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProviderState {
    /// The provider has not decided yet.
    Pending,
    /// The provider knows it and has taken nothing; the request that would may still be running.
    NotCharged,
    /// Declined; final.
    Declined(DeclineReason),
    /// Approved, the money held but not taken.
    Authorised,
    /// The money is taken.
    Captured,
    /// Approved once and let go of before it was taken.
    Voided,
    /// Money was given back, all or part of it.
    Refunded {
        /// All that was given back so far.
        total: Money,
    },
}

impl ProviderState {
    /// Whether the provider holds or has taken money it has not given back in full. A part refund of `money`
    /// counts as held.
    #[must_use]
    pub fn holds_money(self, money: Money) -> bool {
        match self {
            Self::Authorised | Self::Captured => true,
            Self::Refunded { total } => {
                !matches!(total.partial_cmp(&money), Some(Ordering::Equal | Ordering::Greater))
            }
            Self::Pending | Self::NotCharged | Self::Declined(_) | Self::Voided => false,
        }
    }
}

/// The answer to a lookup.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub enum Found {
    /// The provider has nothing under our reference now. The request may still be on its way, so this is
    /// final only after the settle time ([`SETTLE`](crate::attempt::SETTLE)).
    Absent,
    /// The provider has it.
    Present(Snapshot),
}

/// The answer to a card check.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub enum Verification {
    /// The issuer would accept the card; nothing is reserved.
    Valid {
        /// The provider's id of the check, where it has one.
        transaction: Option<TransactionId>,
        /// True where no real card network was asked.
        test: bool,
    },
    /// The issuer would not.
    Declined(Decline),
}

/// The answer to a card registration.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub enum Registration {
    /// The provider stores the card.
    Stored(StoredCard),
    /// The check before storing was declined; nothing is stored.
    Declined(Decline),
}

/// A card the provider stores.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredCard {
    /// The provider's id of it.
    pub id: StoredCardId,
    /// What may be shown of its number.
    pub masked: MaskedPan,
    /// True where no real card network was asked.
    pub test: bool,
}
