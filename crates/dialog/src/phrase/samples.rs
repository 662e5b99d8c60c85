use alloc::vec::Vec;

use paytone_card::{Brand, BrandSet, MaskedPan};
use paytone_psp::{Currency, DeclineReason, Money};

use crate::{
    Field, MerchantName, OrderChange, OrderCode, OrderRefusal, OrderSummary, Outcome, Phase, Prompt,
};

/// One of every prompt, in the order of a call: for tables, and for tests that a language has them all.
#[must_use]
pub fn samples() -> Vec<Prompt> {
    core::iter::successors(Some(Prompt::Welcome), next).collect()
}

/// The prompt that comes after another in the list. A new prompt has to be put in between two here, since this match
/// names them all.
fn next(prompt: &Prompt) -> Option<Prompt> {
    Some(match prompt {
        Prompt::Welcome => Prompt::EnterOrderCode,
        Prompt::EnterOrderCode => Prompt::OrderCodeWrong,
        Prompt::OrderCodeWrong => {
            Prompt::OrderSummary(OrderSummary::new(MerchantName::default(), Money::new(1_200, Currency::JPY)))
        }
        Prompt::OrderSummary(_) => Prompt::OrderRefused(OrderRefusal::Unknown),
        Prompt::OrderRefused(refusal) => after_refusal(*refusal),
        Prompt::EnterPan => Prompt::EnterExpiry,
        Prompt::EnterExpiry => Prompt::EnterFrontCode,
        Prompt::EnterFrontCode => Prompt::EnterBackCode,
        Prompt::EnterBackCode => Prompt::EnterCodeIfAny,
        Prompt::EnterCodeIfAny => Prompt::NoInput,
        Prompt::NoInput => Prompt::PanLength { received: 15 },
        Prompt::PanLength { .. } => Prompt::PanWrong,
        Prompt::PanWrong => Prompt::BrandNotAccepted,
        Prompt::BrandNotAccepted => {
            Prompt::BrandsAccepted(BrandSet::of(&[Brand::Visa, Brand::Mastercard, Brand::Jcb]))
        }
        Prompt::BrandsAccepted(_) => Prompt::NotATestCard,
        Prompt::NotATestCard => Prompt::ExpiryWrong,
        Prompt::ExpiryWrong => Prompt::CardExpired,
        Prompt::CardExpired => Prompt::SecurityCodeWrong,
        Prompt::SecurityCodeWrong => Prompt::ContinueEntry,
        Prompt::ContinueEntry => Prompt::StartAgain,
        Prompt::StartAgain => Prompt::OneMoment,
        Prompt::OneMoment => Prompt::StillWorking,
        Prompt::StillWorking => Prompt::Approved,
        Prompt::Approved => Prompt::DeclinedNumber,
        Prompt::DeclinedNumber => Prompt::DeclinedExpiry,
        Prompt::DeclinedExpiry => Prompt::DeclinedSecurityCode,
        Prompt::DeclinedSecurityCode => Prompt::DeclinedPostcode,
        Prompt::DeclinedPostcode => Prompt::DeclinedCard,
        Prompt::DeclinedCard => Prompt::DeclinedForNow,
        Prompt::DeclinedForNow => Prompt::Declined,
        Prompt::Declined => Prompt::PaymentUnknown,
        Prompt::PaymentUnknown => Prompt::ServiceUnavailable,
        Prompt::ServiceUnavailable => Prompt::MaskingUnavailable,
        Prompt::MaskingUnavailable => Prompt::TooManyAttempts,
        Prompt::TooManyAttempts => Prompt::TooLongSilence,
        Prompt::TooLongSilence => Prompt::SessionExpired,
        Prompt::SessionExpired => Prompt::HandOver,
        Prompt::HandOver => Prompt::ConfirmOrder,
        Prompt::ConfirmOrder => Prompt::EnterAmount,
        Prompt::EnterAmount => Prompt::AmountWrong,
        Prompt::AmountWrong => Prompt::AmountKeyed(Money::new(1_200, Currency::JPY)),
        Prompt::AmountKeyed(_) => Prompt::ConfirmAmount,
        Prompt::ConfirmAmount => Prompt::ChooseMethod,
        Prompt::ChooseMethod => Prompt::MethodLumpSum,
        Prompt::MethodLumpSum => Prompt::MethodInstalments,
        Prompt::MethodInstalments => Prompt::MethodBonus,
        Prompt::MethodBonus => Prompt::MethodRevolving,
        Prompt::MethodRevolving => Prompt::EnterInstalments,
        Prompt::EnterInstalments => Prompt::InstalmentsWrong,
        Prompt::InstalmentsWrong => Prompt::EnterPostcode,
        Prompt::EnterPostcode => Prompt::PostcodeWrong,
        Prompt::PostcodeWrong => Prompt::AskConsent,
        Prompt::AskConsent => Prompt::NumberWrong,
        Prompt::NumberWrong => last_four(),
        Prompt::CardEndsIn(_) => Prompt::ConfirmCard,
        Prompt::ConfirmCard => Prompt::NotAChoice,
        Prompt::NotAChoice => Prompt::NoOtherCard,
        Prompt::NoOtherCard => Prompt::SwitchToTone,
        Prompt::SwitchToTone => Prompt::Menu,
        Prompt::Menu => Prompt::HelpOperator,
        Prompt::HelpOperator => Prompt::HelpRepeat,
        Prompt::HelpRepeat => Prompt::HelpLanguage,
        Prompt::HelpLanguage => Prompt::HelpHelp,
        Prompt::HelpHelp => Prompt::HelpCancel,
        Prompt::HelpCancel => Prompt::HelpBack,
        Prompt::HelpBack => Prompt::Registered,
        Prompt::Registered => Prompt::Checked,
        Prompt::Checked => Prompt::Cancelled,
        Prompt::Cancelled => Prompt::OrderWithdrawn(OrderChange::Cancelled),
        Prompt::OrderWithdrawn(OrderChange::Cancelled) => Prompt::OrderWithdrawn(OrderChange::Changed),
        Prompt::OrderWithdrawn(OrderChange::Changed) => Prompt::ToOperator,
        Prompt::ToOperator => Prompt::BackToOperator,
        Prompt::BackToOperator => Prompt::NoOperator,
        Prompt::NoOperator => receipt(),
        // The merchant's own words are in no catalog.
        Prompt::Receipt(_) | Prompt::EnterCustom(_) => Prompt::Goodbye,
        Prompt::Goodbye => return None,
    })
}

/// The last four digits of a card, or where there are none the prompt after it.
fn last_four() -> Prompt {
    MaskedPan::from_last_four("0123").map_or(Prompt::ConfirmCard, Prompt::CardEndsIn)
}

/// A receipt number, or where there is none the prompt after it.
fn receipt() -> Prompt {
    OrderCode::generate([4, 0, 7, 1, 9, 2, 5, 8]).map_or(Prompt::Goodbye, Prompt::Receipt)
}

const fn after_refusal(refusal: OrderRefusal) -> Prompt {
    Prompt::OrderRefused(match refusal {
        OrderRefusal::Unknown => OrderRefusal::Expired,
        OrderRefusal::Expired => OrderRefusal::AlreadyPaid,
        OrderRefusal::AlreadyPaid => OrderRefusal::Busy,
        OrderRefusal::Busy => OrderRefusal::TooManyGuesses,
        OrderRefusal::TooManyGuesses => return Prompt::EnterPan,
    })
}

/// One of every outcome.
#[must_use]
pub fn outcomes() -> Vec<Outcome> {
    core::iter::successors(Some(Outcome::Approved), next_outcome).collect()
}

fn next_outcome(outcome: &Outcome) -> Option<Outcome> {
    Some(match outcome {
        Outcome::Approved => Outcome::Declined(DeclineReason::IssuerRefused),
        Outcome::Declined(_) => Outcome::TooManyAttempts(Field::Pan),
        Outcome::TooManyAttempts(_) => Outcome::NoInput(Field::Pan),
        Outcome::NoInput(_) => Outcome::CallerHungUp(Phase::Collecting),
        Outcome::CallerHungUp(_) => Outcome::OrderRefused(OrderRefusal::Unknown),
        Outcome::OrderRefused(_) => Outcome::MaskingUnavailable,
        Outcome::MaskingUnavailable => Outcome::GatewayUnavailable,
        Outcome::GatewayUnavailable => Outcome::Unknown,
        Outcome::Unknown => Outcome::SessionExpired,
        Outcome::SessionExpired => Outcome::ApprovedThenVoided,
        Outcome::ApprovedThenVoided => Outcome::Registered,
        Outcome::Registered => Outcome::Checked,
        Outcome::Checked => Outcome::NoKeyHeard,
        Outcome::NoKeyHeard => Outcome::NoUsableCard,
        Outcome::NoUsableCard => Outcome::OperatorRequested,
        Outcome::OperatorRequested => Outcome::CancelledByCaller,
        Outcome::CancelledByCaller => Outcome::CancelledByOperator,
        Outcome::CancelledByOperator => Outcome::OrderWithdrawn(OrderChange::Cancelled),
        Outcome::OrderWithdrawn(_) => Outcome::Internal,
        Outcome::Internal => return None,
    })
}
