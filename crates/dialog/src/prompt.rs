use crate::{OrderRefusal, OrderSummary};

/// Something said to the caller, by meaning. [`phrase`](crate::phrase) turns it into audio clips or text.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Prompt {
    /// The greeting of a call.
    Welcome,
    /// Asks for the order code.
    EnterOrderCode,
    /// The order code has a wrong length or check digit.
    OrderCodeWrong,
    /// Who is to be paid, and how much.
    OrderSummary(OrderSummary),
    /// Why the order cannot be paid.
    OrderRefused(OrderRefusal),
    /// Asks for the card number.
    EnterPan,
    /// Asks for the expiry date as MMYY.
    EnterExpiry,
    /// Asks for the security code: four digits on the front of the card.
    EnterFrontCode,
    /// Asks for the security code: three digits on the back of the card.
    EnterBackCode,
    /// Asks for the three digit security code of a card that may have none.
    EnterCodeIfAny,
    /// Nothing was keyed.
    NoInput,
    /// The card number has a length that no card of its brand has.
    PanLength {
        /// How many digits were keyed.
        received: u8,
    },
    /// The card number has a mistake in it.
    PanWrong,
    /// Cards of this brand are not taken.
    BrandNotAccepted,
    /// Only published test card numbers are taken here.
    NotATestCard,
    /// The expiry date is not four digits that are a month and a year.
    ExpiryWrong,
    /// The expiry date is over.
    CardExpired,
    /// The security code has too few digits.
    SecurityCodeWrong,
    /// After a hold, part of a field being kept: go on keying.
    ContinueEntry,
    /// The card was wiped after a long pause; entry starts again.
    StartAgain,
    /// The provider is being asked.
    OneMoment,
    /// The provider is still being asked.
    StillWorking,
    /// The payment was accepted.
    Approved,
    /// Declined: the card number.
    DeclinedNumber,
    /// Declined: the expiry date.
    DeclinedExpiry,
    /// Declined: the security code.
    DeclinedSecurityCode,
    /// Declined: another card may do.
    DeclinedCard,
    /// Declined: the same may work later.
    DeclinedForNow,
    /// Declined in neutral words that reveal no reason.
    Declined,
    /// It is not known whether the payment went through; do not pay again.
    PaymentUnknown,
    /// The payment service cannot be reached; nothing was charged.
    ServiceUnavailable,
    /// Card details cannot be taken safely now.
    MaskingUnavailable,
    /// Too many mistakes.
    TooManyAttempts,
    /// Too long a silence.
    TooLongSilence,
    /// The session's time is over.
    SessionExpired,
    /// The last words of a call.
    Goodbye,
}

impl Prompt {
    /// The name used in logs and timelines, in kebab case: `enter-pan`.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Welcome => "welcome",
            Self::EnterOrderCode => "enter-order-code",
            Self::OrderCodeWrong => "order-code-wrong",
            Self::OrderSummary(_) => "order-summary",
            Self::OrderRefused(refusal) => refused_name(*refusal),
            Self::EnterPan => "enter-pan",
            Self::EnterExpiry => "enter-expiry",
            Self::EnterFrontCode => "enter-front-code",
            Self::EnterBackCode => "enter-back-code",
            Self::EnterCodeIfAny => "enter-code-if-any",
            Self::NoInput => "no-input",
            Self::PanLength { .. } => "pan-length",
            Self::PanWrong => "pan-wrong",
            Self::BrandNotAccepted => "brand-not-accepted",
            Self::NotATestCard => "not-a-test-card",
            Self::ExpiryWrong => "expiry-wrong",
            Self::CardExpired => "card-expired",
            Self::SecurityCodeWrong => "security-code-wrong",
            Self::ContinueEntry => "continue-entry",
            Self::StartAgain => "start-again",
            Self::OneMoment => "one-moment",
            Self::StillWorking => "still-working",
            Self::Approved => "approved",
            Self::DeclinedNumber => "declined-number",
            Self::DeclinedExpiry => "declined-expiry",
            Self::DeclinedSecurityCode => "declined-security-code",
            Self::DeclinedCard => "declined-card",
            Self::DeclinedForNow => "declined-for-now",
            Self::Declined => "declined",
            Self::PaymentUnknown => "payment-unknown",
            Self::ServiceUnavailable => "service-unavailable",
            Self::MaskingUnavailable => "masking-unavailable",
            Self::TooManyAttempts => "too-many-attempts",
            Self::TooLongSilence => "too-long-silence",
            Self::SessionExpired => "session-expired",
            Self::Goodbye => "goodbye",
        }
    }

    /// Whether it asks the caller to key card data, which only happens in secure mode.
    #[must_use]
    pub const fn asks_for_card_data(&self) -> bool {
        matches!(
            self,
            Self::EnterPan
                | Self::EnterExpiry
                | Self::EnterFrontCode
                | Self::EnterBackCode
                | Self::EnterCodeIfAny
        )
    }
}

const fn refused_name(refusal: OrderRefusal) -> &'static str {
    match refusal {
        OrderRefusal::Unknown => "order-unknown",
        OrderRefusal::Expired => "order-expired",
        OrderRefusal::AlreadyPaid => "order-already-paid",
        OrderRefusal::Busy => "order-busy",
        OrderRefusal::TooManyGuesses => "too-many-guesses",
    }
}
