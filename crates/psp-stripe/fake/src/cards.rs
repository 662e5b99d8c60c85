//! What the published test cards do.

use paytone_card::{Pan, PanPolicy, test_numbers};

/// What happens to a card.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Behaviour {
    Approve,
    Decline(Refused),
    /// Can be checked and stored; a charge is declined.
    DeclineCharge(Refused),
    /// The holder has to prove who they are on a screen.
    Authenticate,
}

/// The codes of a decline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Refused {
    pub(crate) code: &'static str,
    pub(crate) decline_code: &'static str,
    pub(crate) advice_code: Option<&'static str>,
}

/// What the card does, and the last four digits; `Err` is the code of a number that cannot be one.
pub(crate) fn look_at(number: &[u8]) -> Result<(Behaviour, String), &'static str> {
    if number == test_numbers::VISA_WRONG_CHECK_DIGIT.as_bytes() {
        return Err("incorrect_number");
    }
    let pan = Pan::parse(number, &PanPolicy::default()).map_err(|_| "invalid_number")?;
    if !pan.is_published_test_number() {
        return Err("test_mode_live_card");
    }
    let row = ROWS.iter().find(|(digits, _)| digits.as_bytes() == number);
    let behaviour = row.map_or(Behaviour::Approve, |(_, behaviour)| *behaviour);
    Ok((behaviour, pan.masked().last_four().to_owned()))
}

const fn declined(decline_code: &'static str, advice_code: Option<&'static str>) -> Behaviour {
    Behaviour::Decline(Refused { code: "card_declined", decline_code, advice_code })
}

const fn coded(code: &'static str) -> Behaviour {
    Behaviour::Decline(Refused { code, decline_code: code, advice_code: Some("confirm_card_data") })
}

const ROWS: &[(&str, Behaviour)] = &[
    (test_numbers::VISA_DECLINED, declined("generic_decline", Some("try_again_later"))),
    (test_numbers::VISA_INSUFFICIENT_FUNDS, declined("insufficient_funds", Some("try_again_later"))),
    (test_numbers::VISA_LOST, declined("lost_card", Some("do_not_try_again"))),
    (test_numbers::VISA_STOLEN, declined("stolen_card", Some("do_not_try_again"))),
    (test_numbers::VISA_LIMIT_EXCEEDED, declined("card_velocity_exceeded", None)),
    (test_numbers::VISA_FRAUD, declined("fraudulent", Some("do_not_try_again"))),
    (test_numbers::VISA_EXPIRED, coded("expired_card")),
    (test_numbers::VISA_CODE_MISMATCH, coded("incorrect_cvc")),
    (test_numbers::VISA_PROCESSING_ERROR, coded("processing_error")),
    (test_numbers::VISA_AUTHENTICATION, Behaviour::Authenticate),
    (test_numbers::VISA_AUTHENTICATION_ALWAYS, Behaviour::Authenticate),
    (
        test_numbers::VISA_FAILS_WHEN_CHARGED,
        Behaviour::DeclineCharge(Refused {
            code: "card_declined",
            decline_code: "generic_decline",
            advice_code: None,
        }),
    ),
];

/// The codes of a card whose issuer wants to see its holder.
pub(crate) const AUTHENTICATION: Refused =
    Refused { code: "authentication_required", decline_code: "authentication_required", advice_code: None };
