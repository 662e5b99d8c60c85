use core::fmt;

use paytone_psp::{DeclineReason, Recovery};

use crate::{Field, OrderChange, OrderRefusal, Phase};

/// How a dialog ended. A dialog has exactly one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// The provider accepted the payment.
    Approved,
    /// The provider accepted the payment, and took it back since the caller had hung up.
    ApprovedThenVoided,
    /// The card was stored; nothing was charged.
    Registered,
    /// The card was found valid; nothing was charged.
    Checked,
    /// The provider declined it and no further try was made.
    Declined(DeclineReason),
    /// The caller keyed this field wrongly once too often.
    TooManyAttempts(Field),
    /// The caller stayed silent at this field once too often.
    NoInput(Field),
    /// No key was heard in the whole call: the telephone may send none.
    NoKeyHeard,
    /// The caller has no card that could be used.
    NoUsableCard,
    /// The caller asked for the operator.
    OperatorRequested,
    /// The caller cancelled.
    CancelledByCaller,
    /// The operator cancelled, or took the call back.
    CancelledByOperator,
    /// The order was cancelled or changed while the card was being taken.
    OrderWithdrawn(OrderChange),
    /// The caller hung up before the card was sent to the provider.
    CallerHungUp(Phase),
    /// The order cannot be paid, or there is no such order.
    OrderRefused(OrderRefusal),
    /// The media side did not confirm that keys are hidden, so no card was asked for.
    MaskingUnavailable,
    /// The provider, or the order lookup, could not be reached: nothing was sent.
    GatewayUnavailable,
    /// The card was sent and no answer came. This is not a decline.
    Unknown,
    /// The limit of the whole session was reached.
    SessionExpired,
    /// Something on our side failed before the card was sent.
    Internal,
}

/// Whether an outcome may have moved money.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MoneyMoved {
    /// Certainly not.
    No,
    /// Certainly.
    Yes,
    /// Only a lookup at the provider can tell.
    Maybe,
}

/// What an operator may do next about an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Retry {
    /// Nothing is left to be tried.
    No,
    /// A new attempt, with a reference of its own.
    NewAttempt,
    /// Nothing, until a lookup of the same attempt has told what became of it.
    AfterLookup,
}

impl Outcome {
    /// The name used in reports and logs, in snake case: `approved`, `caller_hung_up` and so on.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Approved => "approved",
            Self::ApprovedThenVoided => "approved_then_voided",
            Self::Registered => "registered",
            Self::Checked => "checked",
            Self::NoKeyHeard => "no_key_heard",
            Self::NoUsableCard => "no_usable_card",
            Self::OperatorRequested => "operator_requested",
            Self::CancelledByCaller => "cancelled_by_caller",
            Self::CancelledByOperator => "cancelled_by_operator",
            Self::OrderWithdrawn(_) => "order_withdrawn",
            Self::Internal => "internal",
            Self::Declined(_) => "declined",
            Self::TooManyAttempts(_) => "too_many_attempts",
            Self::NoInput(_) => "no_input",
            Self::CallerHungUp(_) => "caller_hung_up",
            Self::OrderRefused(_) => "order_refused",
            Self::MaskingUnavailable => "masking_unavailable",
            Self::GatewayUnavailable => "gateway_unavailable",
            Self::Unknown => "unknown",
            Self::SessionExpired => "session_expired",
        }
    }

    /// What `as_str` leaves out: the decline reason, field, phase or refusal, in snake case.
    #[must_use]
    pub fn detail(&self) -> Option<&'static str> {
        match self {
            Self::Declined(reason) => Some(reason.as_str()),
            Self::TooManyAttempts(field) | Self::NoInput(field) => Some(field.as_str()),
            Self::CallerHungUp(phase) => Some(phase.as_str()),
            Self::OrderRefused(refusal) => Some(refusal.as_str()),
            Self::OrderWithdrawn(change) => Some(change.as_str()),
            _ => None,
        }
    }

    /// Whether money may have moved.
    #[must_use]
    pub const fn money_moved(&self) -> MoneyMoved {
        match self {
            Self::Approved => MoneyMoved::Yes,
            Self::Unknown => MoneyMoved::Maybe,
            _ => MoneyMoved::No,
        }
    }

    /// Whether the operator may have it tried again, and how.
    #[must_use]
    pub const fn retry(&self) -> Retry {
        match self {
            Self::Approved
            | Self::Registered
            | Self::Checked
            | Self::OrderRefused(OrderRefusal::AlreadyPaid)
            | Self::OrderWithdrawn(_) => Retry::No,
            Self::Unknown => Retry::AfterLookup,
            _ => Retry::NewAttempt,
        }
    }

    /// Whether only a person can help the caller on.
    #[must_use]
    pub const fn needs_operator(&self) -> bool {
        match self {
            Self::Declined(reason) => {
                matches!(reason.recovery(), Recovery::Operator | Recovery::ReenterPostcode)
            }
            Self::NoKeyHeard
            | Self::NoUsableCard
            | Self::OperatorRequested
            | Self::OrderWithdrawn(_)
            | Self::MaskingUnavailable
            | Self::GatewayUnavailable
            | Self::Unknown
            | Self::Internal => true,
            _ => false,
        }
    }
}

/// `approved`, or with its detail `declined: insufficient_funds`.
impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())?;
        self.detail().map_or(Ok(()), |detail| write!(f, ": {detail}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_answer_that_never_came_leaves_money_in_doubt() {
        assert_eq!(Outcome::Unknown.money_moved(), MoneyMoved::Maybe);
        assert_eq!(Outcome::Approved.money_moved(), MoneyMoved::Yes);
        assert_eq!(Outcome::GatewayUnavailable.money_moved(), MoneyMoved::No);
        assert_eq!(Outcome::CallerHungUp(Phase::Collecting).money_moved(), MoneyMoved::No);
    }

    #[test]
    fn nothing_is_tried_again_before_it_is_known_what_became_of_it() {
        assert_eq!(Outcome::Unknown.retry(), Retry::AfterLookup);
        assert_eq!(Outcome::Approved.retry(), Retry::No);
        assert_eq!(Outcome::ApprovedThenVoided.retry(), Retry::NewAttempt);
        assert_eq!(Outcome::Declined(DeclineReason::CodeMismatch).retry(), Retry::NewAttempt);
    }

    #[test]
    fn is_displayed_with_its_detail() {
        assert_eq!(
            format!("{}", Outcome::Declined(DeclineReason::InsufficientFunds)),
            "declined: insufficient_funds"
        );
        assert_eq!(format!("{}", Outcome::NoInput(Field::Pan)), "no_input: pan");
        assert_eq!(format!("{}", Outcome::Approved), "approved");
    }
}
