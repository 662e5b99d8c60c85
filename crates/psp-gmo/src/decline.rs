//! The card companies' answer codes, which the provider puts in brackets at the end of an error's detail.

use paytone_psp::DeclineReason;

/// What an answer code says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CardCode {
    /// The card company or the provider said no; nothing was charged.
    Declined(DeclineReason),
    /// A fault at the card company or on the way to it: nobody knows what it did.
    Unknown,
}

/// Finds the code in a text like `This card cannot be used for transactions.(G12)`; also in its long form,
/// `42G120000`.
pub(crate) fn code_in(detail: &str) -> Option<&str> {
    let code = in_brackets(detail)?;
    let code = code.strip_prefix("42").unwrap_or(code);
    let short = code.get(..3)?;
    let is_code = matches!(short.as_bytes(), [b'G' | b'C', tens, ones] if tens.is_ascii_digit() && ones.is_ascii_digit());
    is_code.then_some(short)
}

/// What the last pair of brackets holds.
pub(crate) fn in_brackets(detail: &str) -> Option<&str> {
    let (_, rest) = detail.rsplit_once('(')?;
    rest.split_once(')').map(|(inside, _)| inside)
}

/// What a short code, such as `G12`, says.
pub(crate) fn meaning(code: &str) -> CardCode {
    if code.starts_with('C') {
        return CardCode::Unknown;
    }
    CardCode::Declined(match code {
        "G02" | "G04" | "G06" => DeclineReason::InsufficientFunds,
        "G03" | "G05" | "G07" | "G54" | "G55" => DeclineReason::LimitExceeded,
        "G12" | "G22" | "G56" | "G60" | "G61" | "G96" | "G97" | "G98" | "G99" => DeclineReason::CardNotUsable,
        "G30" | "G92" => DeclineReason::IssuerRefused,
        "G44" => DeclineReason::CodeMismatch,
        "G45" => DeclineReason::CodeMissing,
        "G65" => DeclineReason::InvalidNumber,
        "G83" => DeclineReason::InvalidExpiry,
        "G95" => DeclineReason::IssuerUnavailable,
        "G67" | "G68" | "G69" | "G70" | "G71" | "G72" | "G73" | "G74" | "G75" | "G76" | "G77" | "G78"
        | "G79" | "G80" | "G81" => DeclineReason::Parameters,
        _ => DeclineReason::Unrecognised,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_found_in_both_forms_and_nothing_else_is() {
        assert_eq!(code_in("This card cannot be used for transactions.(G12)"), Some("G12"));
        assert_eq!(code_in("Refused (see terms). (42G120000) "), Some("G12"));
        assert_eq!(code_in("Communication error.(42C010000)"), Some("C01"));
        for detail in ["", "G12", "(", "()", "(G1)", "(Gxx)", "(order.amount)", "(注文)"] {
            assert_eq!(code_in(detail), None, "{detail}");
        }
    }

    #[test]
    fn a_fault_on_the_way_is_no_decline() {
        assert_eq!(meaning("C01"), CardCode::Unknown);
        assert_eq!(meaning("G12"), CardCode::Declined(DeclineReason::CardNotUsable));
        assert_eq!(meaning("G00"), CardCode::Declined(DeclineReason::Unrecognised));
    }
}
