//! What a gateway is asked. Card data is only ever lent.

use paytone_card::Card;

use crate::{
    Capture, Entry, IdempotencyKey, Money, OrderId, PaymentMethod, Postcode, Reference, StoredCardId,
    TransactionId,
};

/// Reserve, or take at once, an amount from a card.
#[derive(Debug, Clone, Copy)]
pub struct Authorize<'a> {
    /// The attempt's own name; never used before.
    pub reference: Reference,
    /// The same for every repetition of this request.
    pub key: IdempotencyKey,
    /// The merchant's order, shown where the provider shows such a thing.
    pub order: &'a OrderId,
    /// How much; more than zero.
    pub money: Money,
    /// When the money is taken.
    pub capture: Capture,
    /// How the cardholder pays the issuer.
    pub method: PaymentMethod,
    /// How the card data came in.
    pub entry: Entry,
    /// The card. It stays with the caller, who wipes the code once no repetition needs it.
    pub card: &'a Card,
    /// The cardholder's postcode, where it was asked for. A provider that has no place for it leaves it out.
    pub postcode: Option<Postcode>,
}

/// Reserve, or take at once, an amount from a card the provider stores.
#[derive(Debug, Clone, Copy)]
pub struct ChargeStored<'a> {
    /// The attempt's own name; never used before.
    pub reference: Reference,
    /// The same for every repetition of this request.
    pub key: IdempotencyKey,
    /// The merchant's order.
    pub order: &'a OrderId,
    /// How much; more than zero.
    pub money: Money,
    /// When the money is taken.
    pub capture: Capture,
    /// How the cardholder pays the issuer.
    pub method: PaymentMethod,
    /// Who asks for the charge.
    pub entry: Entry,
    /// The stored card.
    pub stored: &'a StoredCardId,
}

/// Ask the issuer whether a card is good; no amount.
#[derive(Debug, Clone, Copy)]
pub struct Verify<'a> {
    /// Our own name of the check; never used before.
    pub reference: Reference,
    /// The same for every repetition of this request.
    pub key: IdempotencyKey,
    /// How the card data came in.
    pub entry: Entry,
    /// The card.
    pub card: &'a Card,
}

/// Store a card at the provider.
#[derive(Debug, Clone, Copy)]
pub struct Register<'a> {
    /// Our own name of the registration; never used before.
    pub reference: Reference,
    /// The same for every repetition of this request.
    pub key: IdempotencyKey,
    /// Whether the issuer is asked first.
    pub mode: RegisterMode,
    /// How the card data came in.
    pub entry: Entry,
    /// The card.
    pub card: &'a Card,
}

/// Whether the issuer is asked before a card is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RegisterMode {
    /// A declined card is not stored.
    #[default]
    VerifyThenStore,
    /// Stored unseen: a bad card shows up at the first charge.
    StoreOnly,
}

/// Take money that was authorised.
#[derive(Debug, Clone, Copy)]
pub struct CaptureRequest<'a> {
    /// The attempt.
    pub reference: Reference,
    /// The same for every repetition of this request, another than the authorisation's.
    pub key: IdempotencyKey,
    /// The provider's id, where it is known.
    pub transaction: Option<&'a TransactionId>,
    /// How much: at most what was authorised.
    pub money: Money,
}

/// Let go of money that was authorised and not taken.
#[derive(Debug, Clone, Copy)]
pub struct VoidRequest<'a> {
    /// The attempt.
    pub reference: Reference,
    /// The same for every repetition of this request, another than the authorisation's.
    pub key: IdempotencyKey,
    /// The provider's id, where it is known.
    pub transaction: Option<&'a TransactionId>,
}

/// Give back money that was taken.
#[derive(Debug, Clone, Copy)]
pub struct RefundRequest<'a> {
    /// The attempt.
    pub reference: Reference,
    /// The same for every repetition of this request; another one for every further refund.
    pub key: IdempotencyKey,
    /// The provider's id, where it is known.
    pub transaction: Option<&'a TransactionId>,
    /// How much to give back now: at most what is left.
    pub money: Money,
}
