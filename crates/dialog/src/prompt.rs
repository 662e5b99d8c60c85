use alloc::sync::Arc;

use paytone_card::{BrandSet, MaskedPan};
use paytone_psp::Money;

use crate::{CustomField, OrderChange, OrderCode, OrderRefusal, OrderSummary};

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
    /// The brands that are taken, where they are few; said after [`BrandNotAccepted`](Self::BrandNotAccepted).
    BrandsAccepted(BrandSet),
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
    /// Declined: the postcode.
    DeclinedPostcode,
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
    /// No key was heard at all: how to switch a telephone to tones.
    SwitchToTone,
    /// Neutral words for whoever is on the line while the operator hands over: press one to begin.
    HandOver,
    /// Whether the order just spoken is the one to pay: one, or two to key an order code.
    ConfirmOrder,
    /// Asks for the amount, in the currency's smallest unit.
    EnterAmount,
    /// The amount is not one that can be paid here.
    AmountWrong,
    /// Whether the amount just spoken is right: one, or two to key it again.
    ConfirmAmount,
    /// Asks how to pay; what is on offer follows.
    ChooseMethod,
    /// One for a single sum.
    MethodLumpSum,
    /// Two for instalments.
    MethodInstalments,
    /// Three for the next bonus.
    MethodBonus,
    /// Four for revolving credit.
    MethodRevolving,
    /// Asks for the number of instalments.
    EnterInstalments,
    /// Instalments in that number are not on offer.
    InstalmentsWrong,
    /// Asks for the digits of the postcode.
    EnterPostcode,
    /// The postcode has too few digits.
    PostcodeWrong,
    /// Whether the card may be stored for later payments: one for yes, two for no.
    AskConsent,
    /// A number of the merchant's own has too few digits.
    NumberWrong,
    /// Whether to pay with the card just spoken: one, or two for another.
    ConfirmCard,
    /// The key is none of those on offer.
    NotAChoice,
    /// Zero for a caller who has no other card.
    NoOtherCard,
    /// What the menu of commands is.
    Menu,
    /// Zero for the operator.
    HelpOperator,
    /// One to hear the question again.
    HelpRepeat,
    /// Two for the next language.
    HelpLanguage,
    /// Three for these words again.
    HelpHelp,
    /// Nine to cancel the payment.
    HelpCancel,
    /// Star to go back.
    HelpBack,
    /// The card was stored; nothing was charged.
    Registered,
    /// The card was found valid; nothing was charged.
    Checked,
    /// A person takes over.
    ToOperator,
    /// The last words of a call that goes back to the operator.
    BackToOperator,
    /// The caller was to go back to the operator, and nobody could be reached.
    NoOperator,
    /// The number to name when calling again about what has become of this order: its code, twice.
    Receipt(OrderCode),
    /// The payment was cancelled; nothing was charged.
    Cancelled,
    /// The amount that was keyed.
    AmountKeyed(Money),
    /// The last four digits of the card that is to pay.
    CardEndsIn(MaskedPan),
    /// Asks for a number of the merchant's own.
    EnterCustom(Arc<CustomField>),
    /// The order was cancelled or changed while the card was being taken.
    OrderWithdrawn(OrderChange),
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
            Self::BrandsAccepted(_) => "brands-accepted",
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
            Self::DeclinedPostcode => "declined-postcode",
            Self::DeclinedCard => "declined-card",
            Self::DeclinedForNow => "declined-for-now",
            Self::Declined => "declined",
            Self::PaymentUnknown => "payment-unknown",
            Self::ServiceUnavailable => "service-unavailable",
            Self::MaskingUnavailable => "masking-unavailable",
            Self::TooManyAttempts => "too-many-attempts",
            Self::TooLongSilence => "too-long-silence",
            Self::SessionExpired => "session-expired",
            Self::SwitchToTone => "switch-to-tone",
            Self::HandOver => "hand-over",
            Self::ConfirmOrder => "confirm-order",
            Self::EnterAmount => "enter-amount",
            Self::AmountWrong => "amount-wrong",
            Self::ConfirmAmount => "confirm-amount",
            Self::ChooseMethod => "choose-method",
            Self::MethodLumpSum => "method-lump-sum",
            Self::MethodInstalments => "method-instalments",
            Self::MethodBonus => "method-bonus",
            Self::MethodRevolving => "method-revolving",
            Self::EnterInstalments => "enter-instalments",
            Self::InstalmentsWrong => "instalments-wrong",
            Self::EnterPostcode => "enter-postcode",
            Self::PostcodeWrong => "postcode-wrong",
            Self::AskConsent => "ask-consent",
            Self::NumberWrong => "number-wrong",
            Self::ConfirmCard => "confirm-card",
            Self::NotAChoice => "not-a-choice",
            Self::NoOtherCard => "no-other-card",
            Self::Menu => "menu",
            Self::HelpOperator => "help-operator",
            Self::HelpRepeat => "help-repeat",
            Self::HelpLanguage => "help-language",
            Self::HelpHelp => "help-help",
            Self::HelpCancel => "help-cancel",
            Self::HelpBack => "help-back",
            Self::Registered => "registered",
            Self::Checked => "checked",
            Self::ToOperator => "to-operator",
            Self::BackToOperator => "back-to-operator",
            Self::NoOperator => "no-operator",
            Self::Receipt(_) => "receipt",
            Self::Cancelled => "cancelled",
            Self::AmountKeyed(_) => "amount-keyed",
            Self::CardEndsIn(_) => "card-ends-in",
            Self::EnterCustom(_) => "enter-custom",
            Self::OrderWithdrawn(OrderChange::Cancelled) => "order-cancelled",
            Self::OrderWithdrawn(OrderChange::Changed) => "order-changed",
            Self::Goodbye => "goodbye",
        }
    }

    /// Whether it says what was wrong with what came before.
    #[must_use]
    pub const fn is_complaint(&self) -> bool {
        matches!(
            self,
            Self::NoInput
                | Self::SwitchToTone
                | Self::OrderCodeWrong
                | Self::PanLength { .. }
                | Self::PanWrong
                | Self::BrandNotAccepted
                | Self::NotATestCard
                | Self::ExpiryWrong
                | Self::CardExpired
                | Self::SecurityCodeWrong
                | Self::AmountWrong
                | Self::InstalmentsWrong
                | Self::PostcodeWrong
                | Self::NumberWrong
                | Self::NotAChoice
                | Self::DeclinedNumber
                | Self::DeclinedExpiry
                | Self::DeclinedSecurityCode
                | Self::DeclinedPostcode
                | Self::DeclinedCard
        )
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
