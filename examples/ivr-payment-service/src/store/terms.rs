//! What a merchant can say about an order beside how much it is: what the script of its call is made from.

use std::collections::BTreeMap;

use paytone_card::{Brand, BrandSet};
use paytone_psp::{Capture, InstalmentCount, PaymentMethod};
use paytone_redact::SafeText;

use super::StoreError;
use super::sql::{Column, Row, Sql, Word};

/// What an order says beside how much it is: echoed in its results, and what the script of its call is made from.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct OrderTerms {
    /// What the card is for.
    pub purpose: Purpose,
    /// Three texts of the merchant's own, 100 characters each at most.
    pub fields: [Option<SafeText>; 3],
    /// More texts of the merchant's own, by name.
    pub metadata: BTreeMap<SafeText, SafeText>,
    /// The language of the prompts, as a tag (BCP 47) such as `ja`; the line's own where there is none.
    pub language: Option<SafeText>,
    /// The brands that are taken; every payable one where there is none.
    pub allowed_brands: Option<BrandSet>,
    /// How it may be paid; the first is used where the caller is not asked. At least one.
    pub payment_methods: PaymentMethods,
    /// What becomes of the caller afterwards.
    pub after_payment: AfterPayment,
    /// What becomes of an approval that comes when the caller has hung up; as the line has it where there is none.
    pub after_hang_up: Option<AfterHangUp>,
}

/// What the card of an order is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Purpose {
    /// The issuer is asked whether the card is good; no amount.
    Verify,
    /// The amount is reserved; the merchant captures it later.
    Authorize,
    /// The amount is taken.
    #[default]
    Capture,
    /// The provider stores the card; no amount.
    Register,
    /// The amount is taken and the provider stores the card.
    ChargeAndStore,
}

/// What becomes of the caller after the payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum AfterPayment {
    /// Back to the operator who sent the call.
    ReturnToOperator,
    /// Back to the queue.
    ReturnToQueue,
    /// The result is spoken, goodbye is said and the call ends, whatever the line does with others.
    HangUp,
    /// As the line does: the result is spoken, and the call ends or goes to the line's operator.
    #[default]
    PlayThenHangUp,
}

/// What becomes of an approval that comes when the caller has hung up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AfterHangUp {
    /// It stands, and the merchant is told.
    FinishAndReport,
    /// It is taken back at once.
    VoidIfApproved,
}

/// The ways an order may be paid, at least one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaymentMethods(Vec<PaymentMethod>);

/// Declares the names of a vocabulary.
macro_rules! words {
    ($name:ident { $($variant:ident => $word:literal),+ $(,)? }) => {
        impl $name {
            /// Every one.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// Its name in the API and the store.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }

            /// Reads a name.
            #[must_use]
            pub fn parse(word: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|known| known.as_str() == word)
            }
        }

        impl core::fmt::Display for $name {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }
    };
}
pub(crate) use words;

words! { Purpose {
    Verify => "verify",
    Authorize => "authorize",
    Capture => "capture",
    Register => "register",
    ChargeAndStore => "charge_and_store",
} }

words! { AfterPayment {
    ReturnToOperator => "return_to_operator",
    ReturnToQueue => "return_to_queue",
    HangUp => "hang_up",
    PlayThenHangUp => "play_then_hang_up",
} }

words! { AfterHangUp {
    FinishAndReport => "finish_and_report",
    VoidIfApproved => "void_if_approved",
} }

impl Purpose {
    /// Whether money moves.
    #[must_use]
    pub const fn has_amount(self) -> bool {
        !matches!(self, Self::Verify | Self::Register)
    }

    /// Whether the money is taken with the approval.
    #[must_use]
    pub const fn capture(self) -> Capture {
        match self {
            Self::Authorize => Capture::Manual,
            _ => Capture::Auto,
        }
    }

    /// Whether the provider stores the card.
    #[must_use]
    pub const fn stores_card(self) -> bool {
        matches!(self, Self::Register | Self::ChargeAndStore)
    }
}

impl PaymentMethods {
    /// These, in this order. `None` without any.
    #[must_use]
    pub fn new(methods: Vec<PaymentMethod>) -> Option<Self> {
        (!methods.is_empty()).then_some(Self(methods))
    }

    /// The one that is used where the caller is not asked.
    #[must_use]
    pub fn first(&self) -> PaymentMethod {
        self.0.first().copied().unwrap_or_default()
    }

    /// Each of them, in their order.
    pub fn iter(&self) -> impl Iterator<Item = PaymentMethod> {
        self.0.iter().copied()
    }

    /// Their names, in their order.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        self.0.iter().copied().map(method_name).collect()
    }
}

impl Default for PaymentMethods {
    fn default() -> Self {
        Self(vec![PaymentMethod::LumpSum])
    }
}

/// A payment method's name: `lump_sum`, `instalments_3` (2 to 99), `bonus`, `revolving`.
#[must_use]
pub fn method_name(method: PaymentMethod) -> String {
    match method {
        PaymentMethod::Instalments { count } => format!("instalments_{}", count.count()),
        PaymentMethod::Bonus => "bonus".to_owned(),
        PaymentMethod::Revolving => "revolving".to_owned(),
        _ => "lump_sum".to_owned(),
    }
}

/// Reads a [`method_name`].
#[must_use]
pub fn parse_method(name: &str) -> Option<PaymentMethod> {
    match name {
        "lump_sum" => Some(PaymentMethod::LumpSum),
        "bonus" => Some(PaymentMethod::Bonus),
        "revolving" => Some(PaymentMethod::Revolving),
        name => {
            let count = name.strip_prefix("instalments_")?.parse().ok().and_then(InstalmentCount::new)?;
            Some(PaymentMethod::Instalments { count })
        }
    }
}

/// Puts the columns from `purpose` to `after_hang_up`, in the order of [`COLUMNS`].
pub(super) fn put(sql: Sql, terms: &OrderTerms) -> Sql {
    let [first, second, third] = &terms.fields;
    let brands = terms.allowed_brands.map(brand_names);
    sql.put(terms.purpose.as_str())
        .put(first.as_ref())
        .put(second.as_ref())
        .put(third.as_ref())
        .put(Metadata(&terms.metadata))
        .put(terms.language.as_ref())
        .put(brands.as_deref().map(Word))
        .put(Word(&terms.payment_methods.names().join(" ")))
        .put(terms.after_payment.as_str())
        .put(terms.after_hang_up.map(|after| Word(after.as_str())))
}

/// The columns [`put`] fills.
pub(super) const COLUMNS: &str = "purpose, field_1, field_2, field_3, metadata, language, allowed_brands, \
                                  payment_methods, after_payment, after_hang_up";

pub(super) fn read(row: &Row) -> Result<OrderTerms, StoreError> {
    let wrong = |column| move || StoreError::Column(column);
    let metadata: BTreeMap<String, String> =
        serde_json::from_str(row.text("metadata")?).map_err(|_| StoreError::Column("metadata"))?;
    let methods = row.text("payment_methods")?.split(' ').map(parse_method).collect::<Option<Vec<_>>>();
    Ok(OrderTerms {
        purpose: Purpose::parse(row.text("purpose")?).ok_or_else(wrong("purpose"))?,
        fields: [
            row.optional_safe_text("field_1")?,
            row.optional_safe_text("field_2")?,
            row.optional_safe_text("field_3")?,
        ],
        metadata: metadata.iter().map(|(name, text)| (SafeText::new(name), SafeText::new(text))).collect(),
        language: row.optional_safe_text("language")?,
        allowed_brands: row.optional_text("allowed_brands")?.map(parse_brands).transpose()?,
        payment_methods: methods.and_then(PaymentMethods::new).ok_or_else(wrong("payment_methods"))?,
        after_payment: AfterPayment::parse(row.text("after_payment")?).ok_or_else(wrong("after_payment"))?,
        after_hang_up: row
            .optional_text("after_hang_up")?
            .map(|word| AfterHangUp::parse(word).ok_or_else(wrong("after_hang_up")))
            .transpose()?,
    })
}

/// A map of redacted texts as a JSON column.
struct Metadata<'a>(&'a BTreeMap<SafeText, SafeText>);

impl Column for Metadata<'_> {
    fn put(self, sql: Sql) -> Sql {
        let map: serde_json::Map<_, _> = self
            .0
            .iter()
            .map(|(name, text)| (name.as_str().to_owned(), serde_json::Value::from(text.as_str())))
            .collect();
        Word(&serde_json::Value::Object(map).to_string()).put(sql)
    }
}

fn brand_names(brands: BrandSet) -> String {
    brands.iter().map(Brand::name).collect::<Vec<_>>().join(" ")
}

fn parse_brands(names: &str) -> Result<BrandSet, StoreError> {
    names.split_ascii_whitespace().try_fold(BrandSet::default(), |brands, name| {
        Ok(brands.with(Brand::from_name(name).ok_or(StoreError::Column("allowed_brands"))?))
    })
}
