//! Everything that is spoken, as tables to be reviewed.

use paytone_dialog::phrase::{self, Language, Phrasebook, Value};
use paytone_psp::{Currency, Money};

/// The whole of `PROMPTS.md`.
pub(crate) fn markdown() -> String {
    [INTRODUCTION, &prompts(), WORDINGS, &wordings(), VALUES, &values(), CLIPS, &clips()].concat()
}

fn prompts() -> String {
    let row = |prompt: &_| {
        let clips = |language| {
            let clips = phrase::clips(prompt, language);
            clips.iter().map(|clip| format!("`{clip}`")).collect::<Vec<_>>().join(" ")
        };
        let (en, ja) = (clips(Language::En), clips(Language::Ja));
        let clips = if en == ja { en } else { format!("en {en}, ja {ja}") };
        let [english, japanese] = [Language::En, Language::Ja].map(|language| phrase::text(prompt, language));
        let reading = phrase::reading(prompt, Language::Ja);
        format!("| `{}` | {english} | {japanese} | {reading} | {clips} |\n", prompt.name())
    };
    let rows = phrase::samples().iter().map(row).collect::<String>();
    format!("| prompt | English | Japanese | how it sounds | clips |\n|---|---|---|---|---|\n{rows}")
}

fn wordings() -> String {
    let book = Phrasebook::new();
    let words = |language, clip: &str| {
        let found = phrase::catalog(language).iter().find(|recording| recording.name() == clip);
        found.map_or("", |recording| recording.text())
    };
    let row = |wording: &phrase::Wording| {
        let [english, japanese] =
            [Language::En, Language::Ja].map(|language| words(language, wording.clip()));
        let (prompt, clip) = (wording.prompt(), wording.clip());
        format!("| `{prompt}` | {} | {english} | {japanese} | `{clip}` |\n", wording.conditions())
    };
    let rows = book.wordings().map(row).collect::<String>();
    format!("| prompt | when | English | Japanese | clip |\n|---|---|---|---|---|\n{rows}")
}

fn values() -> String {
    let yen = |amount| Value::Money(Money::new(amount, Currency::JPY));
    let money =
        |amount, code| Currency::parse(code).map(|currency| Value::Money(Money::new(amount, currency)));
    let of = |amount, code| money(amount, code).ok();
    let samples = [
        ("0 yen", Some(yen(0))),
        ("4 yen", Some(yen(4))),
        ("14 yen", Some(yen(14))),
        ("300 yen", Some(yen(300))),
        ("600 yen", Some(yen(600))),
        ("800 yen", Some(yen(800))),
        ("1,000 yen", Some(yen(1_000))),
        ("3,980 yen", Some(yen(3_980))),
        ("8,640 yen", Some(yen(8_640))),
        ("10,000 yen", Some(yen(10_000))),
        ("128,000 yen", Some(yen(128_000))),
        ("10,000,000 yen", Some(yen(10_000_000))),
        ("100,000,000 yen", Some(yen(100_000_000))),
        ("$1.01", of(101, "USD")),
        ("$12.34", of(1_234, "USD")),
        ("EUR 20.80", of(2_080, "EUR")),
        ("GBP 2.50", of(250, "GBP")),
        ("KRW 15,000", of(15_000, "KRW")),
        ("CHF 10.05", of(1_005, "CHF")),
        ("1 digit", Some(Value::Digits(1))),
        ("16 digits", Some(Value::Digits(16))),
        ("4/2034", Some(Value::Month { month: 4, year: 2034 })),
        ("9/2027", Some(Value::Month { month: 9, year: 2027 })),
        ("last four 0254", Some(Value::Four([0, 2, 5, 4]))),
    ];
    let row = |(name, value): (&str, Option<Value>)| {
        let value = value?;
        let [english, japanese] = [Language::En, Language::Ja].map(|language| value.text(language));
        Some(format!("| {name} | {english} | {japanese} | {} |\n", value.reading(Language::Ja)))
    };
    let rows = samples.into_iter().filter_map(row).collect::<String>();
    format!("| value | English | Japanese | how it sounds |\n|---|---|---|---|\n{rows}")
}

fn clips() -> String {
    let row = |recording: &phrase::Recording| {
        format!("| `{}` | {} | {} |\n", recording.name(), recording.text(), recording.reading())
    };
    let is_part = |recording: &&phrase::Recording| {
        !phrase::samples().iter().any(|prompt| prompt.name() == recording.name())
    };
    let rows = phrase::catalog(Language::Ja).iter().filter(is_part).map(row).collect::<String>();
    format!("| clip | words | how they sound |\n|---|---|---|\n{rows}")
}

const INTRODUCTION: &str = "\
# What is spoken

Printed by `cargo run -p paytone-dialog --example catalog -- table`; a test holds it to what the crate says today. Japanese
is given in its usual writing and in katakana as it is heard: `ー` for every long vowel.

## Prompts

In their usual words. Amounts, numbers and the merchant's name are examples.

";

const WORDINGS: &str = "
## Other words

Where the situation asks for them; of several that fit, the most specific one (see `phrase::Phrasebook`).

";

const VALUES: &str = "
## Values by rule

";

const CLIPS: &str = "
## Japanese clips that are parts

Numbers and what they count, and the pieces between values. English has the same parts in its own words.

";
