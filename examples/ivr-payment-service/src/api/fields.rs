//! The fields of an order as a merchant sends them.

use core::time::Duration;
use std::collections::BTreeMap;

use paytone_card::{Brand, BrandSet};
use paytone_psp::{Currency, CustomerNumber, Money, OrderId};
use paytone_redact::SafeText;
use utoipa::ToSchema;

use super::Problem;
use super::body::Fields;
use crate::store::{
    AfterHangUp, AfterPayment, Edit, MAX_AMOUNT, NewOrder, OrderTerms, PaymentMethods, Purpose, parse_method,
};

const LONGEST_DESCRIPTION: usize = 200;
const LONGEST_FIELD: usize = 100;
const LONGEST_NAME: usize = 40;
const MOST_ENTRIES: usize = 20;
const LONGEST_TTL: u64 = 366 * 24 * 3600;

/// What an order is made of.
#[derive(ToSchema)]
#[expect(
    dead_code,
    reason = "it describes the body, which is read field by field so that an error names the field"
)]
pub(super) struct OrderRequest {
    /// The merchant's own id: 1 to 64 of `A-Z a-z 0-9 _ . -`, and nothing that could be a card number.
    #[schema(min_length = 1, max_length = 64, pattern = "^[A-Za-z0-9_.-]+$", example = "2026-0001")]
    order_id: String,
    /// Minor units; 0 (or left out) for `verify` and `register`.
    #[schema(minimum = 0, maximum = 9_999_999_999_u64, example = 1200)]
    amount: Option<u64>,
    /// ISO 4217.
    #[schema(example = "JPY")]
    currency: String,
    /// `verify`, `authorize`, `capture` (if left out), `register` or `charge_and_store`.
    purpose: Option<String>,
    /// The merchant's own number of the customer.
    #[schema(min_length = 1, max_length = 64, pattern = "^[A-Za-z0-9_.-]+$")]
    customer_number: Option<String>,
    /// One line of at most 200 characters.
    description: Option<String>,
    /// One line of at most 100 characters, echoed in every result.
    field_1: Option<String>,
    /// One line of at most 100 characters, echoed in every result.
    field_2: Option<String>,
    /// One line of at most 100 characters, echoed in every result.
    field_3: Option<String>,
    /// At most 20 texts by name, echoed in every result.
    metadata: Option<BTreeMap<String, String>>,
    /// The language of the prompts, such as `en` or `ja`.
    language: Option<String>,
    /// The brands that are taken, such as `visa`.
    allowed_brands: Option<Vec<String>>,
    /// `lump_sum`, `instalments_2` to `instalments_99`, `bonus`, `revolving`.
    payment_methods: Option<Vec<String>>,
    /// `return_to_operator`, `return_to_queue`, `hang_up` or `play_then_hang_up`.
    after_payment: Option<String>,
    /// `finish_and_report` or `void_if_approved`: what becomes of an approval that comes when the caller has hung up; as the
    /// line has it if left out.
    after_hang_up: Option<String>,
    /// For how long it can be paid, in seconds.
    #[schema(minimum = 1, maximum = 31_622_400_u64)]
    ttl_s: Option<u64>,
}

/// What can be changed about an order; what is left out stays.
#[derive(ToSchema)]
#[expect(
    dead_code,
    reason = "it describes the body, which is read field by field so that an error names the field"
)]
pub(super) struct EditRequest {
    /// Minor units.
    #[schema(minimum = 1, maximum = 9_999_999_999_u64)]
    amount: Option<u64>,
    /// The merchant's own number of the customer.
    customer_number: Option<String>,
    /// One line of at most 200 characters.
    description: Option<String>,
    /// One line of at most 100 characters.
    field_1: Option<String>,
    /// One line of at most 100 characters.
    field_2: Option<String>,
    /// One line of at most 100 characters.
    field_3: Option<String>,
    /// All of the texts by name.
    metadata: Option<BTreeMap<String, String>>,
    /// The language of the prompts.
    language: Option<String>,
    /// The brands that are taken.
    allowed_brands: Option<Vec<String>>,
    /// How it may be paid.
    payment_methods: Option<Vec<String>>,
    /// What becomes of the caller afterwards.
    after_payment: Option<String>,
    /// `finish_and_report` or `void_if_approved`: what becomes of an approval that comes when the caller has hung up; as the
    /// line has it if left out.
    after_hang_up: Option<String>,
    /// From now on, for how long it can be paid, in seconds.
    #[schema(minimum = 1, maximum = 31_622_400_u64)]
    ttl_s: Option<u64>,
}

const TERMS: [&str; 9] = [
    "field_1",
    "field_2",
    "field_3",
    "metadata",
    "language",
    "allowed_brands",
    "payment_methods",
    "after_payment",
    "after_hang_up",
];

const NEW: [&str; 16] = [
    "order_id",
    "amount",
    "currency",
    "customer_number",
    "description",
    "purpose",
    "ttl_s",
    "field_1",
    "field_2",
    "field_3",
    "metadata",
    "language",
    "allowed_brands",
    "payment_methods",
    "after_payment",
    "after_hang_up",
];

const EDIT: [&str; 13] = [
    "amount",
    "customer_number",
    "description",
    "ttl_s",
    "field_1",
    "field_2",
    "field_3",
    "metadata",
    "language",
    "allowed_brands",
    "payment_methods",
    "after_payment",
    "after_hang_up",
];

/// Reads a new order.
pub(super) fn new_order(fields: Fields, usual_ttl: Duration) -> Result<NewOrder, Problem> {
    let mut fields = fields.only(&NEW)?;
    let order_id = OrderId::parse(&fields.text("order_id")?)
        .map_err(|error| Problem::field("order_id", error.to_string()))?;
    let purpose = purpose(&mut fields)?;
    let minor = match purpose.has_amount() {
        true => amount(fields.whole_number("amount")?)?,
        false => no_amount(fields.optional_whole_number("amount")?)?,
    };
    let currency = Currency::parse(&fields.text("currency")?)
        .map_err(|error| Problem::field("currency", error.to_string()))?;
    Ok(NewOrder {
        order_id,
        money: Money::new(minor, currency),
        customer_number: customer_number(&mut fields)?,
        description: line(&mut fields, "description", LONGEST_DESCRIPTION)?,
        terms: OrderTerms { purpose, ..terms(&mut fields, OrderTerms::default())? },
        ttl: ttl(&mut fields)?.unwrap_or(usual_ttl),
    })
}

/// Reads a change to an order with this amount and these terms.
pub(super) fn edit(fields: Fields, money: Money, known: &OrderTerms) -> Result<Edit, Problem> {
    let mut fields = fields.only(&EDIT)?;
    let new = match fields.optional_whole_number("amount")? {
        Some(minor) if known.purpose.has_amount() => Some(Money::new(amount(minor)?, money.currency())),
        Some(minor) => Some(Money::new(no_amount(Some(minor))?, money.currency())),
        None => None,
    };
    let changed = TERMS.iter().any(|name| fields.has(name));
    Ok(Edit {
        money: new,
        customer_number: customer_number(&mut fields)?,
        description: line(&mut fields, "description", LONGEST_DESCRIPTION)?,
        terms: changed.then(|| terms(&mut fields, known.clone())).transpose()?,
        ttl: ttl(&mut fields)?,
    })
}

fn purpose(fields: &mut Fields) -> Result<Purpose, Problem> {
    match fields.optional_text("purpose")? {
        None => Ok(Purpose::default()),
        Some(word) => Purpose::parse(&word).ok_or_else(|| {
            Problem::field("purpose", "must be verify, authorize, capture, register or charge_and_store")
        }),
    }
}

/// An amount from a request.
pub(super) fn amount(minor: u64) -> Result<u64, Problem> {
    match (1..MAX_AMOUNT).contains(&minor) {
        true => Ok(minor),
        false => Err(Problem::field("amount", "must be from 1 to 9999999999 minor units")),
    }
}

fn no_amount(minor: Option<u64>) -> Result<u64, Problem> {
    match minor {
        None | Some(0) => Ok(0),
        Some(_) => Err(Problem::field("amount", "must be 0 where no money is to move")),
    }
}

fn customer_number(fields: &mut Fields) -> Result<Option<CustomerNumber>, Problem> {
    let parsed =
        fields.optional_text("customer_number")?.map(|text| CustomerNumber::parse(&text)).transpose();
    parsed.map_err(|error| Problem::field("customer_number", error.to_string()))
}

fn ttl(fields: &mut Fields) -> Result<Option<Duration>, Problem> {
    match fields.optional_whole_number("ttl_s")? {
        None => Ok(None),
        Some(seconds @ 1..=LONGEST_TTL) => Ok(Some(Duration::from_secs(seconds))),
        Some(_) => Err(Problem::field("ttl_s", "must be from 1 second to a year")),
    }
}

fn terms(fields: &mut Fields, known: OrderTerms) -> Result<OrderTerms, Problem> {
    let [first, second, third] = known.fields;
    Ok(OrderTerms {
        purpose: known.purpose,
        fields: [
            line(fields, "field_1", LONGEST_FIELD)?.or(first),
            line(fields, "field_2", LONGEST_FIELD)?.or(second),
            line(fields, "field_3", LONGEST_FIELD)?.or(third),
        ],
        metadata: metadata(fields)?.unwrap_or(known.metadata),
        language: language(fields)?.or(known.language),
        allowed_brands: brands(fields)?.or(known.allowed_brands),
        payment_methods: methods(fields)?.unwrap_or(known.payment_methods),
        after_payment: after_payment(fields)?.unwrap_or(known.after_payment),
        after_hang_up: after_hang_up(fields)?.or(known.after_hang_up),
    })
}

/// One line of text, redacted.
pub(super) fn line(
    fields: &mut Fields,
    name: &'static str,
    longest: usize,
) -> Result<Option<SafeText>, Problem> {
    match fields.optional_text(name)? {
        None => Ok(None),
        Some(text) if is_line(&text, longest) => Ok(Some(SafeText::new(&text))),
        Some(_) => Err(Problem::field(name, format!("must be one line of at most {longest} characters"))),
    }
}

fn is_line(text: &str, longest: usize) -> bool {
    text.chars().count() <= longest && !text.chars().any(char::is_control)
}

fn metadata(fields: &mut Fields) -> Result<Option<BTreeMap<SafeText, SafeText>>, Problem> {
    let Some(pairs) = fields.optional_map("metadata")? else { return Ok(None) };
    let fits = |(name, text): &(String, String)| {
        !name.is_empty() && is_line(name, LONGEST_NAME) && is_line(text, LONGEST_DESCRIPTION)
    };
    if pairs.len() > MOST_ENTRIES || !pairs.iter().all(fits) {
        let problem = "must be at most 20 lines of 200 characters, their names of 1 to 40";
        return Err(Problem::field("metadata", problem));
    }
    Ok(Some(pairs.iter().map(|(name, text)| (SafeText::new(name), SafeText::new(text))).collect()))
}

fn language(fields: &mut Fields) -> Result<Option<SafeText>, Problem> {
    match fields.optional_text("language")? {
        None => Ok(None),
        Some(tag)
            if (2..=8).contains(&tag.len()) && tag.bytes().all(|b| b.is_ascii_alphabetic() || b == b'-') =>
        {
            Ok(Some(SafeText::new(&tag)))
        }
        Some(_) => Err(Problem::field("language", "must be a language tag such as en or ja")),
    }
}

fn brands(fields: &mut Fields) -> Result<Option<BrandSet>, Problem> {
    let Some(names) = fields.optional_texts("allowed_brands")? else { return Ok(None) };
    let known = names.iter().map(|name| Brand::from_name(name)).collect::<Option<Vec<_>>>();
    match known {
        Some(brands) if !brands.is_empty() => Ok(Some(BrandSet::of(&brands))),
        _ => Err(Problem::field(
            "allowed_brands",
            "must be names of brands, such as visa and jcb; at least one",
        )),
    }
}

fn methods(fields: &mut Fields) -> Result<Option<PaymentMethods>, Problem> {
    let Some(names) = fields.optional_texts("payment_methods")? else { return Ok(None) };
    let known = names.iter().map(|name| parse_method(name)).collect::<Option<Vec<_>>>();
    let problem =
        "must be of lump_sum, instalments_2 to instalments_99, bonus and revolving; 1 to 20 of them";
    let few = names.len() <= MOST_ENTRIES;
    known
        .filter(|_| few)
        .and_then(PaymentMethods::new)
        .map(Some)
        .ok_or_else(|| Problem::field("payment_methods", problem))
}

fn after_payment(fields: &mut Fields) -> Result<Option<AfterPayment>, Problem> {
    match fields.optional_text("after_payment")? {
        None => Ok(None),
        Some(word) => AfterPayment::parse(&word).map(Some).ok_or_else(|| {
            let problem = "must be return_to_operator, return_to_queue, hang_up or play_then_hang_up";
            Problem::field("after_payment", problem)
        }),
    }
}

fn after_hang_up(fields: &mut Fields) -> Result<Option<AfterHangUp>, Problem> {
    let Some(word) = fields.optional_text("after_hang_up")? else { return Ok(None) };
    let known = AfterHangUp::parse(&word);
    known
        .map(Some)
        .ok_or_else(|| Problem::field("after_hang_up", "must be finish_and_report or void_if_approved"))
}
