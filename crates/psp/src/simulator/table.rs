//! The one table that decides what the simulator answers.

use alloc::format;
use alloc::string::String;
use core::time::Duration;

use paytone_card::{Pan, test_numbers};

use crate::{Advice, DeclineReason, Money, Postcode};

/// One row: when it applies, and what happens then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row {
    trigger: Trigger,
    pub(super) effect: Effect,
    text: &'static str,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Trigger {
    /// A published test card number.
    Number(&'static str),
    /// What the postcode ends in, where there is one.
    PostcodeEnding(&'static str),
    /// The last two digits of the amount in minor units.
    AmountEnding(u8),
    /// Everything else.
    Otherwise,
}

/// What happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Effect {
    Approve,
    Decline(DeclineReason, Advice),
    /// Passes a check and can be stored; a charge is declined.
    DeclineCharge(DeclineReason),
    Fault(Fault),
}

/// What goes wrong although the card is good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    LostAnswer,
    LostRequest,
    NotSent,
    Slow,
    ServerError,
    Unreadable,
    Late,
    LostAnswerLater,
    LostRequestLater,
}

/// How long a slow answer takes.
pub(super) const SLOW: Duration = Duration::from_secs(12);

/// How long after the request a late approval shows up in lookups.
pub(super) const LATE: Duration = Duration::from_secs(60);

/// Every row, in the order in which they are tried: the first that applies decides.
#[must_use]
pub fn table() -> &'static [Row] {
    ROWS
}

/// The table in Markdown, for a README that is checked against it.
#[must_use]
pub fn markdown_table() -> String {
    let rows = ROWS.iter().map(|row| format!("| {} | {} |\n", row.when(), row.then()));
    core::iter::once(String::from("| card or amount | what happens |\n|---|---|\n")).chain(rows).collect()
}

impl Row {
    const fn number(digits: &'static str, effect: Effect, text: &'static str) -> Self {
        Self { trigger: Trigger::Number(digits), effect, text }
    }

    const fn amount(ending: u8, fault: Fault, text: &'static str) -> Self {
        Self { trigger: Trigger::AmountEnding(ending), effect: Effect::Fault(fault), text }
    }

    /// When the row applies, in words.
    #[must_use]
    pub fn when(&self) -> String {
        match self.trigger {
            Trigger::Number(digits) => format!("card {digits}"),
            Trigger::PostcodeEnding(ending) => format!("postcode ending in {ending}"),
            Trigger::AmountEnding(ending) => format!("amount ending in {ending:02} (minor units)"),
            Trigger::Otherwise => String::from("any other published test card, any other amount"),
        }
    }

    /// What happens then, in words.
    #[must_use]
    pub const fn then(&self) -> &'static str {
        self.text
    }

    /// The card number the row is about.
    #[must_use]
    pub const fn test_number(&self) -> Option<&'static str> {
        match self.trigger {
            Trigger::Number(digits) => Some(digits),
            _ => None,
        }
    }

    /// The last two digits of the amount, in minor units, the row is about: 0 to 99.
    #[must_use]
    pub const fn amount_ending(&self) -> Option<u8> {
        match self.trigger {
            Trigger::AmountEnding(ending) => Some(ending),
            _ => None,
        }
    }
}

/// The row of a card number, where it has one of its own.
pub(super) fn row_of_number(pan: &Pan) -> Option<&'static Row> {
    pan.expose(|digits| {
        ROWS.iter().find(|row| row.test_number().is_some_and(|number| number.as_bytes() == digits))
    })
}

/// What a charge of `money` to a card with that row does, with the postcode that was keyed.
pub(super) fn effect_of_charge(row: Option<&Row>, money: Money, postcode: Option<Postcode>) -> Effect {
    let of_postcode = || {
        let postcode = postcode.as_ref()?.as_str();
        ROWS.iter().find(|row| matches!(row.trigger, Trigger::PostcodeEnding(end) if postcode.ends_with(end)))
    };
    let of_amount = || {
        ROWS.iter()
            .find(|row| row.amount_ending().is_some_and(|ending| u64::from(ending) == money.minor() % 100))
    };
    row.or_else(of_postcode).or_else(of_amount).map_or(Effect::Approve, |row| row.effect)
}

const fn declined(reason: DeclineReason) -> Effect {
    Effect::Decline(reason, Advice::Unspecified)
}

const fn barred(reason: DeclineReason) -> Effect {
    Effect::Decline(reason, Advice::DoNotRetry)
}

const ROWS: &[Row] = &[
    Row::number(
        test_numbers::VISA_DECLINED,
        declined(DeclineReason::CardNotUsable),
        "declined: card not usable",
    ),
    Row::number(
        test_numbers::VISA_INSUFFICIENT_FUNDS,
        declined(DeclineReason::InsufficientFunds),
        "declined: insufficient funds",
    ),
    Row::number(
        test_numbers::VISA_LIMIT_EXCEEDED,
        declined(DeclineReason::LimitExceeded),
        "declined: limit exceeded",
    ),
    Row::number(
        test_numbers::VISA_LOST,
        barred(DeclineReason::LostOrStolen),
        "declined: lost (the caller is not told why)",
    ),
    Row::number(
        test_numbers::VISA_STOLEN,
        barred(DeclineReason::LostOrStolen),
        "declined: stolen (the caller is not told why)",
    ),
    Row::number(
        test_numbers::VISA_FRAUD,
        barred(DeclineReason::SuspectedFraud),
        "declined: suspected fraud (the caller is not told why)",
    ),
    Row::number(test_numbers::VISA_EXPIRED, declined(DeclineReason::Expired), "declined: card expired"),
    Row::number(
        test_numbers::VISA_CODE_MISMATCH,
        declined(DeclineReason::CodeMismatch),
        "declined: wrong security code",
    ),
    Row::number(
        test_numbers::VISA_PROCESSING_ERROR,
        declined(DeclineReason::IssuerUnavailable),
        "declined: issuer unavailable",
    ),
    Row::number(
        test_numbers::VISA_AUTHENTICATION,
        declined(DeclineReason::AuthenticationRequired),
        "declined: authentication required",
    ),
    Row::number(
        test_numbers::VISA_AUTHENTICATION_ALWAYS,
        declined(DeclineReason::AuthenticationRequired),
        "declined: authentication required",
    ),
    Row::number(
        test_numbers::VISA_FAILS_WHEN_CHARGED,
        Effect::DeclineCharge(DeclineReason::CardNotUsable),
        "can be checked and stored; every charge is declined: card not usable",
    ),
    Row::number(
        test_numbers::VISA_SANDBOX_LIMIT,
        declined(DeclineReason::LimitExceeded),
        "declined: limit exceeded",
    ),
    Row::number(
        test_numbers::VISA_SANDBOX_FUNDS,
        declined(DeclineReason::InsufficientFunds),
        "declined: insufficient funds (its check digit is wrong: only where that is not checked)",
    ),
    Row::number(
        test_numbers::VISA_WRONG_CHECK_DIGIT,
        declined(DeclineReason::InvalidNumber),
        "declined: no such number (its check digit is wrong: only where that is not checked)",
    ),
    Row {
        trigger: Trigger::PostcodeEnding("99"),
        effect: declined(DeclineReason::PostcodeMismatch),
        text: "declined: the postcode is not the cardholder's",
    },
    Row::amount(51, Fault::LostAnswer, "approved at the provider, the answer is lost: in doubt"),
    Row::amount(52, Fault::LostRequest, "the request is lost on its way, nothing is charged: in doubt"),
    Row::amount(53, Fault::NotSent, "no connection, nothing is sent"),
    Row::amount(54, Fault::Slow, "approved, the answer takes 12 seconds"),
    Row::amount(55, Fault::ServerError, "the provider fails with a 5xx before it charges: in doubt"),
    Row::amount(56, Fault::Unreadable, "approved at the provider, the answer cannot be read: in doubt"),
    Row::amount(
        57,
        Fault::Late,
        "no answer: in doubt; approved at the provider, found only after 60 seconds",
    ),
    Row::amount(
        61,
        Fault::LostAnswerLater,
        "approved; the first capture, void or refund is done and its answer is lost",
    ),
    Row::amount(
        62,
        Fault::LostRequestLater,
        "approved; the first capture, void or refund is lost on its way and not done",
    ),
    Row { trigger: Trigger::Otherwise, effect: Effect::Approve, text: "approved" },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_is_published_and_none_has_two_rows() {
        for (place, row) in ROWS.iter().enumerate() {
            if let Some(number) = row.test_number() {
                assert!(test_numbers::is_published(number.as_bytes()), "{number}");
            }
            assert!(!ROWS[..place].iter().any(|earlier| earlier.trigger == row.trigger), "{}", row.when());
        }
        assert_eq!(ROWS.last().unwrap().trigger, Trigger::Otherwise);
    }

    #[test]
    fn the_words_name_what_the_row_does() {
        for row in ROWS {
            let begins = match row.effect {
                Effect::Approve => "approved",
                Effect::Decline(..) => "declined: ",
                Effect::DeclineCharge(_) => "can be checked and stored",
                Effect::Fault(Fault::LostRequest) => "the request is lost",
                Effect::Fault(Fault::NotSent | Fault::Late) => "no ",
                Effect::Fault(Fault::ServerError) => "the provider fails",
                Effect::Fault(_) => "approved",
            };
            assert!(row.text.starts_with(begins), "{}", row.text);
        }
    }

    #[test]
    fn the_readme_shows_this_table() {
        let readme = include_str!("../../README.md");
        assert!(readme.contains(&markdown_table()), "README.md should hold:\n{}", markdown_table());
    }
}
