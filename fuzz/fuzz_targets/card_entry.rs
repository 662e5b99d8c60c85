//! Any sequence of operations on a card entry: it must not panic, and must agree with parsing the whole number.
//! The same bytes as a text must not upset the parsers of masks, truncated numbers and fingerprints.

#![no_main]

use core::time::Duration;

use libfuzzer_sys::fuzz_target;
use paytone_card::{
    BrandSet, CardEntry, Dispute, FingerprintKey, LuhnPolicy, MaskForm, MaskedPan, Pan, PanFingerprint,
    PanPolicy, PanProgress, Truncation, luhn,
};

fuzz_target!(|bytes: &[u8]| {
    let [settings, operations @ ..] = bytes else { return };
    let policy = policy(*settings, operations.first().copied().unwrap_or_default());
    read_back(operations);
    let mut entry = CardEntry::new();
    // What the entry should hold, kept beside it.
    let mut pan: Vec<u8> = Vec::new();
    for &operation in operations {
        match operation {
            b'0'..=b'9' | 10 => push(&mut entry, &mut pan, operation, &policy),
            b'c' => {
                entry.clear_pan();
                pan.clear();
            }
            b's' => split(&mut entry, &mut pan, &policy),
            b'a' => {
                assert_eq!(entry.accept_pan(&policy), Pan::parse(&pan, &policy).map(|parsed| parsed.brand()))
            }
            b'A'..=b'J' => assert!(entry.push_expiry(operation - b'A') <= 4),
            b'K'..=b'T' => assert!(entry.push_code(operation - b'K') <= 4),
            b'e' => {
                let _ = entry.accept_expiry(Duration::from_secs(1_700_000_000));
            }
            b'k' => {
                let _ = entry.accept_code();
            }
            b'x' => entry.clear_expiry(),
            b'y' => entry.clear_code(),
            b'f' => entry = finish(entry, &mut pan),
            _ => {}
        }
        assert_eq!(entry.pan_len(), pan.len());
        assert_eq!(entry.pan_progress(&policy), PanProgress::of(&pan, &policy));
        if Pan::parse(&pan, &policy).is_ok() {
            assert!(entry.pan_entry().lengths(&policy).contains(pan.len()));
        }
    }
});

fn policy(settings: u8, disputes: u8) -> PanPolicy {
    let luhn = [LuhnPolicy::Required, LuhnPolicy::BrandDefault, LuhnPolicy::Off][usize::from(settings) % 3];
    let accepted = if settings & 0x80 == 0 { BrandSet::PAYABLE } else { BrandSet::ALL };
    let policy = PanPolicy::default().with_luhn(luhn).with_accepted(accepted);
    let chosen = Dispute::ALL.iter().enumerate().filter(|(bit, _)| disputes >> (bit % 8) & 1 != 0);
    chosen
        .fold(policy, |policy, (_, &dispute)| policy.with_disputed(dispute))
        .with_rare_lengths(settings & 0x40 != 0)
}

/// Whatever the bytes are as a text, reading it gives an error or something that is written the same way.
fn read_back(bytes: &[u8]) {
    let _ = luhn::is_valid(bytes);
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Ok(mask) = text.parse::<MaskedPan>() {
        assert_eq!(mask.to_string(), text);
    }
    if let Ok(fingerprint) = text.parse::<PanFingerprint>() {
        assert_eq!(fingerprint.to_string(), text);
    }
    for truncation in [Truncation::LastFour, Truncation::SixAndLastFour, Truncation::Widest] {
        if let Ok(truncated) = truncation.read(text) {
            assert_eq!(truncated.to_string(), text);
        }
    }
}

/// Masks and truncations of a valid number show its ends, and leave four digits out.
fn ends(pan: &Pan, digits: &[u8]) {
    for form in [MaskForm::LastFour, MaskForm::SixAndLastFour, MaskForm::EightAndLastFour] {
        let mask = pan.masked_as(form);
        assert!(digits.starts_with(mask.first().as_bytes()) && digits.ends_with(mask.last_four().as_bytes()));
        assert!(mask.first().len() + 8 <= digits.len());
    }
    for form in [Truncation::LastFour, Truncation::SixAndLastFour, Truncation::Widest] {
        let truncated = form.of(pan);
        assert!(truncated.first().len() + 8 <= digits.len());
        assert_eq!(form.read(&truncated.to_string()), Ok(truncated));
    }
    let key = FingerprintKey::new(&[7; 32]).expect("a key");
    assert_eq!(key.fingerprint(pan), key.fingerprint(pan));
}

fn push(entry: &mut CardEntry, pan: &mut Vec<u8>, operation: u8, policy: &PanPolicy) {
    let digit = operation.wrapping_sub(b'0');
    let progress = entry.push_pan(digit, policy);
    if digit > 9 || progress == PanProgress::TooLong {
        return;
    }
    pan.push(operation);
    let parsed = Pan::parse(pan, policy);
    match progress {
        PanProgress::MayGoOn => assert!(parsed.is_ok()),
        PanProgress::Incomplete | PanProgress::Refused(_) => assert!(parsed.is_err()),
        PanProgress::Complete | PanProgress::TooLong => {}
    }
}

fn split(entry: &mut CardEntry, pan: &mut Vec<u8>, policy: &PanPolicy) {
    let at = entry.valid_prefix(policy).unwrap_or(7);
    let mut tail = entry.split_pan(at);
    let mut rest = pan.split_off(at.min(pan.len())).into_iter();
    while let Some(digit) = tail.pop_front() {
        assert_eq!(Some(b'0' + digit), rest.next());
    }
    assert_eq!(rest.next(), None);
}

/// Makes the card and opens it again, or starts over when something is missing.
fn finish(entry: CardEntry, pan: &mut Vec<u8>) -> CardEntry {
    match entry.finish() {
        Ok(card) => {
            assert!(card.pan().expose(|digits| digits == pan));
            ends(card.pan(), pan);
            assert_eq!(card.masked().last_four().as_bytes(), &pan[pan.len() - 4..]);
            card.into_entry()
        }
        Err(_) => {
            pan.clear();
            CardEntry::new()
        }
    }
}
