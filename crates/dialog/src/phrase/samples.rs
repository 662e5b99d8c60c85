use alloc::vec::Vec;

use paytone_psp::{Currency, DeclineReason, Money};

use crate::{Field, MerchantName, OrderRefusal, OrderSummary, Outcome, Phase, Prompt};

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
        Prompt::BrandNotAccepted => Prompt::NotATestCard,
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
        Prompt::DeclinedSecurityCode => Prompt::DeclinedCard,
        Prompt::DeclinedCard => Prompt::DeclinedForNow,
        Prompt::DeclinedForNow => Prompt::Declined,
        Prompt::Declined => Prompt::PaymentUnknown,
        Prompt::PaymentUnknown => Prompt::ServiceUnavailable,
        Prompt::ServiceUnavailable => Prompt::MaskingUnavailable,
        Prompt::MaskingUnavailable => Prompt::TooManyAttempts,
        Prompt::TooManyAttempts => Prompt::TooLongSilence,
        Prompt::TooLongSilence => Prompt::SessionExpired,
        Prompt::SessionExpired => Prompt::Goodbye,
        Prompt::Goodbye => return None,
    })
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
        Outcome::SessionExpired => return None,
    })
}
