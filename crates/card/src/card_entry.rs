use alloc::boxed::Box;
use core::fmt;
use core::time::Duration;

use zeroize::Zeroize;

use crate::digits::Digits;
use crate::pan::check;
use crate::security_code::{check_length, expected_length};
use crate::{
    Brand, Card, DigitTail, ExpiryDate, IncompleteCard, InvalidExpiryDate, InvalidPan, InvalidSecurityCode,
    MaskedPan, Pan, PanEntry, PanPolicy, PanProgress, SecurityCode, SecurityCodeRule,
};

/// The one place where the digits of a card gather, key by key.
///
/// One heap block, filled in place and wiped when dropped; the entry and the [`Card`] it becomes move as a
/// pointer. A field is filled with `push_*` (digits are values 0 to 9), emptied with `clear_*` and closed with
/// `accept_*`; a digit pushed or cleared after that opens it again.
///
/// ```
/// use core::time::Duration;
/// use paytone_card::{CardEntry, PanPolicy};
///
/// let (policy, now) = (PanPolicy::default(), Duration::from_secs(1_700_000_000));
/// let mut entry = CardEntry::new();
/// for key in [4, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1] {
///     entry.push_pan(key, &policy);
/// }
/// entry.accept_pan(&policy).unwrap();
/// for key in [1, 2, 3, 0] {
///     entry.push_expiry(key);
/// }
/// entry.accept_expiry(now).unwrap();
/// for key in [1, 2, 3] {
///     entry.push_code(key);
/// }
/// entry.accept_code().unwrap();
/// let card = entry.finish().unwrap();
/// assert_eq!(card.masked().to_string(), "**** 1111");
/// ```
pub struct CardEntry {
    fields: Box<Fields>,
}

/// What an entry and a card share. Every part wipes itself.
pub(crate) struct Fields {
    pub(crate) pan: PanEntry,
    pub(crate) expiry_digits: Digits<4>,
    pub(crate) expiry: Option<ExpiryDate>,
    pub(crate) code: SecurityCode,
    pub(crate) code_accepted: bool,
}

impl CardEntry {
    /// An entry without a digit.
    #[must_use]
    pub fn new() -> Self {
        Self {
            fields: Box::new(Fields {
                pan: PanEntry::new(),
                expiry_digits: Digits::new(),
                expiry: None,
                code: SecurityCode::empty(),
                code_accepted: false,
            }),
        }
    }

    pub(crate) const fn from_fields(fields: Box<Fields>) -> Self {
        Self { fields }
    }

    /// Whether every card of the accepted brand carries a security code.
    #[must_use]
    pub fn wants_code(&self) -> bool {
        self.brand().is_none_or(|brand| matches!(brand.security_code(), SecurityCodeRule::Required(_)))
    }

    /// The brand of the number: the accepted one or, while it is being keyed, the one it will be whatever
    /// follows.
    #[must_use]
    pub fn brand(&self) -> Option<Brand> {
        self.fields.pan.brand()
    }

    /// What may be shown of the number, once it has been accepted.
    #[must_use]
    pub fn masked(&self) -> Option<MaskedPan> {
        self.fields.pan.pan().map(Pan::masked)
    }

    /// Makes the card out of the accepted fields. The digits stay where they are.
    ///
    /// # Errors
    ///
    /// [`IncompleteCard`] names the first field that was not accepted; the entry is wiped. The code may be
    /// missing where the brand does not require one.
    pub fn finish(self) -> Result<Card, IncompleteCard> {
        let code_missing = self.wants_code() && !self.fields.code_accepted;
        let card = self.finish_without_code()?;
        if code_missing { Err(IncompleteCard::SecurityCode) } else { Ok(card) }
    }

    /// Like [`finish`](Self::finish) for a merchant that does not ask for the code: an accepted one is kept,
    /// anything else keyed for it is wiped.
    ///
    /// # Errors
    ///
    /// [`IncompleteCard`] as for `finish`, never `SecurityCode`.
    pub fn finish_without_code(mut self) -> Result<Card, IncompleteCard> {
        if !self.fields.code_accepted {
            self.fields.code.zeroize();
        }
        self.fields.expiry_digits.zeroize();
        Card::new(self.fields)
    }

    fn pan_digits(&self) -> &[u8] {
        self.fields.pan.digits()
    }
}

/// The card number.
impl CardEntry {
    /// Adds a digit (0 to 9) and tells what the number now amounts to. A digit that no number with this prefix
    /// has room for is not stored ([`PanProgress::TooLong`]); a value above 9 is not either
    /// ([`InvalidPan::NotADigit`]).
    pub fn push_pan(&mut self, digit: u8, policy: &PanPolicy) -> PanProgress {
        self.fields.pan.push(digit, policy)
    }

    /// The number being keyed: brands and lengths it may still come to.
    #[must_use]
    pub const fn pan_entry(&self) -> &PanEntry {
        &self.fields.pan
    }

    /// How many digits have been stored, 0 to 19.
    #[must_use]
    pub fn pan_len(&self) -> usize {
        self.pan_digits().len()
    }

    /// Wipes the number.
    pub fn clear_pan(&mut self) {
        self.fields.pan.clear();
    }

    /// What the digits stored so far amount to; never `TooLong`.
    #[must_use]
    pub fn pan_progress(&self, policy: &PanPolicy) -> PanProgress {
        self.fields.pan.progress(policy)
    }

    /// Closes the number.
    ///
    /// # Errors
    ///
    /// The first [`InvalidPan`] reason that applies, as for [`Pan::parse`]; the digits stay.
    pub fn accept_pan(&mut self, policy: &PanPolicy) -> Result<Brand, InvalidPan> {
        self.fields.pan.accept(policy)
    }

    /// Where keys ran on into the next field: the length of the card number at the start of the entry, when
    /// exactly one length of the brand passes every check and it is shorter than the entry.
    #[must_use]
    pub fn valid_prefix(&self, policy: &PanPolicy) -> Option<usize> {
        let digits = self.pan_digits();
        let mut valid = (1..=digits.len()).filter(|&length| check(&digits[..length], policy).is_ok());
        let length = valid.next()?;
        (valid.next().is_none() && length < digits.len()).then_some(length)
    }

    /// Keeps the first `at` digits of the number and hands out the rest, which belong to the next fields. An
    /// `at` beyond the digits stored hands out nothing.
    #[must_use]
    pub fn split_pan(&mut self, at: usize) -> DigitTail {
        let mut tail = DigitTail::new();
        tail.fill(self.pan_digits().get(at..).unwrap_or_default());
        if !tail.is_empty() {
            self.fields.pan.truncate(at);
        }
        tail
    }
}

/// The expiry date: month, then year.
impl CardEntry {
    /// Adds a digit (0 to 9) and tells how many there are now. The date is full at 4; further digits, and
    /// values above 9, are not stored.
    pub fn push_expiry(&mut self, digit: u8) -> usize {
        if self.fields.expiry_digits.push(digit) {
            self.fields.expiry = None;
        }
        self.fields.expiry_digits.len()
    }

    /// How many digits have been stored, 0 to 4.
    #[must_use]
    pub fn expiry_len(&self) -> usize {
        self.fields.expiry_digits.len()
    }

    /// Wipes the date.
    pub fn clear_expiry(&mut self) {
        self.fields.expiry_digits.zeroize();
        self.fields.expiry = None;
    }

    /// Closes the date. `now` is the time since the Unix epoch.
    ///
    /// # Errors
    ///
    /// The first [`InvalidExpiryDate`] reason that applies; the digits stay.
    pub fn accept_expiry(&mut self, now: Duration) -> Result<(), InvalidExpiryDate> {
        self.fields.expiry = None;
        self.fields.expiry = Some(ExpiryDate::parse(self.fields.expiry_digits.as_slice(), now)?);
        Ok(())
    }
}

/// The security code.
impl CardEntry {
    /// Adds a digit (0 to 9) and tells how many there are now. The code is full at
    /// [`code_len`](Self::code_len); further digits, and values above 9, are not stored.
    pub fn push_code(&mut self, digit: u8) -> usize {
        let full = self.code_digits() >= usize::from(self.code_len());
        if !full && self.fields.code.digits.push(digit) {
            self.fields.code_accepted = false;
        }
        self.code_digits()
    }

    /// How many digits have been stored, 0 to 4.
    #[must_use]
    pub fn code_digits(&self) -> usize {
        self.fields.code.digits.len()
    }

    /// Wipes the code.
    pub fn clear_code(&mut self) {
        self.fields.code.zeroize();
        self.fields.code_accepted = false;
    }

    /// How many digits the code has by brand: 4 for American Express, else 3 (also before the brand is known).
    #[must_use]
    pub fn code_len(&self) -> u8 {
        self.brand().map_or(3, expected_length)
    }

    /// Closes the code.
    ///
    /// # Errors
    ///
    /// [`InvalidSecurityCode::Length`]; the digits stay.
    pub fn accept_code(&mut self) -> Result<(), InvalidSecurityCode> {
        self.fields.code_accepted = false;
        check_length(self.code_digits(), self.brand().unwrap_or(Brand::Visa))?;
        self.fields.code_accepted = true;
        Ok(())
    }
}

impl Default for CardEntry {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for CardEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CardEntry(..)")
    }
}
