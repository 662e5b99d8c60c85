//! How a prompt is put together in each language: recorded words, and values between them.

use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use paytone_card::MaskedPan;

use super::value::one_by_one;
use super::{Clip, Language, Value, reading_of, text_of};
use crate::{CustomField, MerchantName, OrderCode, Prompt};

/// A piece of a sentence.
enum Part<'a> {
    Clip(&'static str),
    Value(Value),
    Merchant(&'a MerchantName),
    /// A code, digit by digit.
    Code(&'a OrderCode),
    /// The merchant's own words.
    Own(&'a CustomField),
    /// The end of a sentence that ends with a value: seen, not heard.
    Stop,
}

/// A prompt in one language.
pub(super) struct Sentence<'a> {
    parts: Vec<Part<'a>>,
    language: Language,
}

impl<'a> Sentence<'a> {
    pub(super) fn of(prompt: &'a Prompt, language: Language) -> Self {
        use Part::{Code, Merchant, Stop, Value as V};
        let mut parts = match prompt {
            Prompt::OrderSummary(order) if order.money().is_zero() => {
                vec![Merchant(order.merchant()), Stop, Part::Clip("nothing-is-charged")]
            }
            Prompt::OrderSummary(order) => {
                let amount = V(Value::Money(*order.money()));
                vec![Merchant(order.merchant()), Stop, Part::Clip("the-amount-is"), amount]
            }
            Prompt::PanLength { received } => {
                let count = V(Value::Digits(*received));
                let stop = (language == Language::En).then_some(Stop);
                let ends = stop.into_iter().chain([Part::Clip("pan-length-wrong")]);
                [Part::Clip("pan-length-received"), count].into_iter().chain(ends).collect()
            }
            Prompt::ExpiryWrong => vec![
                Part::Clip("expiry-wrong"),
                Part::Clip("expiry-example"),
                V(EXAMPLE),
                Part::Clip("expiry-example-keys"),
                V(EXAMPLE_KEYS),
            ],
            Prompt::AmountKeyed(money) => vec![Part::Clip("amount-keyed"), V(Value::Money(*money))],
            Prompt::CardEndsIn(masked) => vec![Part::Clip("card-ends-in"), V(last_four(masked))],
            Prompt::BrandsAccepted(brands) => {
                vec![Part::Clip("brands-accepted"), V(Value::Brands(*brands))]
            }
            Prompt::Receipt(code) => {
                let is_said = match language {
                    Language::Ja => Part::Clip("the-amount-is-end"),
                    Language::En => Stop,
                };
                let (once, again) = (Part::Clip("receipt-number-is"), Part::Clip("once-more"));
                vec![once, Code(code), is_said, again, Code(code)]
            }
            Prompt::EnterCustom(own) => vec![Part::Own(own)],
            fixed => vec![Part::Clip(fixed.name())],
        };
        parts.push(verb(prompt, language).map_or(Stop, Part::Clip));
        Self { parts, language }
    }

    /// Whether it is the one clip of the prompt's own name.
    pub(super) fn is_one_clip(&self) -> bool {
        matches!(self.parts[..], [Part::Clip(_), Part::Stop])
    }

    pub(super) fn clips(&self) -> Vec<Clip> {
        let mut clips = Vec::new();
        for part in &self.parts {
            match part {
                Part::Clip(name) => clips.push(Clip::built_in(name)),
                Part::Value(value) => clips.extend(value.clips(self.language)),
                Part::Code(code) => clips.extend(one_by_one(code, self.language).map(Clip::built_in)),
                Part::Merchant(merchant) => clips.push(Clip::named(merchant.clip())),
                Part::Own(own) => clips.push(Clip::named(own.clip())),
                Part::Stop => {}
            }
        }
        clips
    }

    pub(super) fn text(&self) -> String {
        let merchant = |merchant: &MerchantName| merchant.display().into();
        self.write(merchant, |names| text_of(names, self.language))
    }

    pub(super) fn reading(&self) -> String {
        let merchant = |merchant: &MerchantName| match self.language {
            Language::Ja if merchant.display() == MerchantName::BUILT_IN => {
                reading_of(&["merchant"], self.language)
            }
            _ => merchant.display().into(),
        };
        self.write(merchant, |names| reading_of(names, self.language))
    }

    fn write(
        &self,
        merchant: impl Fn(&MerchantName) -> String,
        words: impl Fn(&[&'static str]) -> String,
    ) -> String {
        let (space, stop) = match self.language {
            Language::En => (" ", '.'),
            Language::Ja => ("", '。'),
        };
        let mut text = String::new();
        for part in &self.parts {
            let piece = match part {
                Part::Clip(name) => words(&[*name]),
                Part::Value(value) => words(&value.names(self.language)),
                Part::Code(code) => words(&one_by_one(code, self.language).collect::<Vec<_>>()),
                Part::Merchant(name) => merchant(name),
                Part::Own(own) => own.text(self.language).unwrap_or_default().into(),
                Part::Stop => {
                    if !text.ends_with(stop) {
                        text.push(stop);
                    }
                    continue;
                }
            };
            if !text.is_empty() {
                text.push_str(space);
            }
            text.push_str(&piece);
        }
        text
    }
}

/// What ends the sentence: Japanese puts the verb after the value.
fn verb(prompt: &Prompt, language: Language) -> Option<&'static str> {
    match (language, prompt) {
        (Language::Ja, Prompt::OrderSummary(order)) if order.money().is_zero() => None,
        (
            Language::Ja,
            Prompt::OrderSummary(_)
            | Prompt::AmountKeyed(_)
            | Prompt::CardEndsIn(_)
            | Prompt::BrandsAccepted(_)
            | Prompt::Receipt(_),
        ) => Some("the-amount-is-end"),
        (Language::Ja, Prompt::ExpiryWrong) => Some("expiry-example-end"),
        _ => None,
    }
}

fn last_four(masked: &MaskedPan) -> Value {
    let mut digits = [0; 4];
    for (digit, ascii) in digits.iter_mut().zip(masked.last_four().bytes()) {
        *digit = ascii.wrapping_sub(b'0');
    }
    Value::Four(digits)
}

/// The date in the example of how to key one, and its keys.
const EXAMPLE: Value = Value::Month { month: 3, year: 2030 };
const EXAMPLE_KEYS: Value = Value::Four([0, 3, 3, 0]);
