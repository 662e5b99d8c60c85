use core::fmt;

/// One thing the caller is asked to key, or asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Field {
    /// The nine digits that name an order, see [`OrderCode`](crate::OrderCode).
    OrderCode,
    /// After an operator keyed the order code: whether the caller is there now. Only the key `1` answers.
    HandOver,
    /// Whether the order that was found without being named by the caller is the one to pay.
    ConfirmOrder,
    /// How much is paid, in minor units of the order's currency.
    Amount,
    /// Whether the amount was keyed as meant.
    ConfirmAmount,
    /// In one sum, in instalments, with the bonus, or revolving.
    Method,
    /// How many instalments; asked after [`Method`](Self::Method) where instalments were chosen.
    Instalments,
    /// The digits of the cardholder's postcode.
    Postcode,
    /// Whether the card may be stored for later payments.
    Consent,
    /// A number of the merchant's own, by its place in the script: 0 to 3. See
    /// [`CustomField`](crate::CustomField).
    Custom(u8),
    /// The primary account number: the card number.
    Pan,
    /// The month and year printed on the card, keyed as MMYY.
    Expiry,
    /// The three or four digit card verification code.
    SecurityCode,
    /// Whether this card is to pay, by its last four digits.
    ConfirmCard,
}

impl Field {
    /// The field of this [name](Self::as_str).
    ///
    /// ```
    /// use paytone_dialog::Field;
    ///
    /// assert_eq!(Field::named("custom_4"), Some(Field::Custom(3)));
    /// assert_eq!(Field::named("shoe_size"), None);
    /// ```
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        FieldSet::ALL.into_iter().find(|field| field.as_str() == name)
    }

    /// The name used in reports and logs, in snake case: `order_code`, `pan`, `custom_1` and so on.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::OrderCode => "order_code",
            Self::HandOver => "hand_over",
            Self::ConfirmOrder => "confirm_order",
            Self::Amount => "amount",
            Self::ConfirmAmount => "confirm_amount",
            Self::Method => "method",
            Self::Instalments => "instalments",
            Self::Postcode => "postcode",
            Self::Consent => "consent",
            Self::Custom(0) => "custom_1",
            Self::Custom(1) => "custom_2",
            Self::Custom(2) => "custom_3",
            Self::Custom(_) => "custom_4",
            Self::Pan => "pan",
            Self::Expiry => "expiry",
            Self::SecurityCode => "security_code",
            Self::ConfirmCard => "confirm_card",
        }
    }

    /// Whether the keys of this field are card data, so that it may only be asked for in secure mode.
    #[must_use]
    pub const fn is_card_data(self) -> bool {
        matches!(self, Self::Pan | Self::Expiry | Self::SecurityCode)
    }

    /// Whether one key answers it.
    #[must_use]
    pub const fn is_question(self) -> bool {
        matches!(
            self,
            Self::HandOver
                | Self::ConfirmOrder
                | Self::ConfirmAmount
                | Self::Method
                | Self::Consent
                | Self::ConfirmCard
        )
    }

    const fn bit(self) -> u32 {
        let place = match self {
            Self::OrderCode => 0,
            Self::HandOver => 1,
            Self::ConfirmOrder => 2,
            Self::Amount => 3,
            Self::ConfirmAmount => 4,
            Self::Method => 5,
            Self::Instalments => 6,
            Self::Postcode => 7,
            Self::Consent => 8,
            Self::Pan => 9,
            Self::Expiry => 10,
            Self::SecurityCode => 11,
            Self::ConfirmCard => 12,
            Self::Custom(place) => 13 + if place < 4 { place } else { 3 },
        };
        1 << place
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// By its name, as [`Field::as_str`] gives it.
#[cfg(feature = "serde")]
impl serde::Serialize for Field {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// Some of the fields.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct FieldSet(u32);

impl FieldSet {
    /// Every field that can be among them, in the order of [`Field`].
    const ALL: [Field; 17] = [
        Field::OrderCode,
        Field::HandOver,
        Field::ConfirmOrder,
        Field::Amount,
        Field::ConfirmAmount,
        Field::Method,
        Field::Instalments,
        Field::Postcode,
        Field::Consent,
        Field::Custom(0),
        Field::Custom(1),
        Field::Custom(2),
        Field::Custom(3),
        Field::Pan,
        Field::Expiry,
        Field::SecurityCode,
        Field::ConfirmCard,
    ];

    /// The set of these.
    #[must_use]
    pub const fn of(fields: &[Field]) -> Self {
        let (mut set, mut place) = (Self(0), 0);
        while place < fields.len() {
            set.0 |= fields[place].bit();
            place += 1;
        }
        set
    }

    /// Whether the field is one of them.
    #[must_use]
    pub const fn contains(self, field: Field) -> bool {
        self.0 & field.bit() != 0
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Each of them, in the order of [`Field`].
    pub fn iter(self) -> impl Iterator<Item = Field> {
        Self::ALL.into_iter().filter(move |field| self.contains(*field))
    }

    pub(crate) const fn insert(&mut self, field: Field) {
        self.0 |= field.bit();
    }

    pub(crate) const fn remove(&mut self, field: Field) {
        self.0 &= !field.bit();
    }

    pub(crate) const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub(crate) const fn intersection(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    pub(crate) const CARD: Self = Self::of(&[Field::Pan, Field::Expiry, Field::SecurityCode]);
    /// A security code is never kept for a second authorisation, so it always comes with the others.
    pub(crate) const PAN: Self = Self::of(&[Field::Pan, Field::SecurityCode]);
    pub(crate) const EXPIRY: Self = Self::of(&[Field::Expiry, Field::SecurityCode]);
    pub(crate) const POSTCODE: Self = Self::of(&[Field::Postcode, Field::SecurityCode]);
    pub(crate) const SECURITY_CODE: Self = Self::of(&[Field::SecurityCode]);
}

impl fmt::Debug for FieldSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

/// As a list of names.
#[cfg(feature = "serde")]
impl serde::Serialize for FieldSet {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_has_a_place_and_a_name_of_its_own() {
        let mut names: Vec<_> = FieldSet::ALL.iter().map(|field| field.as_str()).collect();
        assert_eq!(FieldSet::of(&FieldSet::ALL).iter().count(), FieldSet::ALL.len());
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), FieldSet::ALL.len());
    }

    #[test]
    fn what_is_taken_out_is_not_in_it_any_more() {
        let mut card = FieldSet::CARD;
        card.remove(Field::Pan);
        assert_eq!(card, FieldSet::EXPIRY);
        assert_eq!(card.union(FieldSet::PAN), FieldSet::CARD);
        assert_eq!(card.intersection(FieldSet::PAN), FieldSet::SECURITY_CODE);
    }
}
