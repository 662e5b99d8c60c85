//! Every language has every prompt, every clip is spoken somewhere.

use alloc::vec::Vec;

use paytone_card::{Brand, BrandSet};
use paytone_psp::{Currency, Money};

use super::*;
use crate::{MerchantName, OrderSummary, Outcome};

#[test]
fn every_prompt_has_words_in_every_language() {
    for language in Language::ALL {
        for prompt in samples() {
            let words = text(&prompt, *language);
            assert!(words.ends_with(['.', '。']), "{} in {language}: {words:?}", prompt.name());
            for clip in clips(&prompt, *language) {
                assert!(find(clip.name(), *language).is_some(), "{clip} is not in the {language} catalog");
            }
        }
    }
}

#[test]
fn every_prompt_is_there_once() {
    let names: Vec<_> = samples().iter().map(Prompt::name).collect();
    for (place, name) in names.iter().enumerate() {
        assert!(!names[..place].contains(name), "{name} is there twice");
    }
}

#[test]
fn catalog_names_are_unique_and_fit_for_files() {
    for language in Language::ALL {
        let names: Vec<_> = catalog(*language).iter().map(Recording::name).collect();
        for (place, name) in names.iter().enumerate() {
            assert!(MerchantName::default().with_clip(name).is_ok(), "{name}");
            assert!(!names[..place].contains(name), "{name} is there twice in {language}");
        }
    }
}

#[test]
fn a_catalog_has_what_is_spoken_and_nothing_else() {
    for language in Language::ALL {
        let mut used: Vec<_> = samples().iter().flat_map(|prompt| clips(prompt, *language)).collect();
        let free = OrderSummary::new(MerchantName::default(), Money::zero(Currency::JPY));
        used.extend(clips(&Prompt::OrderSummary(free), *language));
        used.extend(values().iter().flat_map(|value| value.clips(*language)));
        let wordings = phrasebook::BUILT_IN.iter().filter(|wording| wording.is_for(*language));
        used.extend(wordings.map(|wording| Clip::named(wording.clip())));
        let catalog: Vec<_> = catalog(*language).iter().map(Recording::name).collect();
        let missing: Vec<_> = used.iter().filter(|clip| !catalog.contains(&clip.name())).collect();
        assert!(missing.is_empty(), "{language} lacks {missing:?}");
        let unused: Vec<_> =
            catalog.iter().filter(|name| !used.iter().any(|clip| clip.name() == **name)).collect();
        assert!(unused.is_empty(), "{language} never speaks {unused:?}");
    }
}

#[test]
fn japanese_readings_are_katakana_and_words_are_not_latin() {
    for recording in catalog(Language::Ja) {
        let is_kana = |c: char| matches!(c, 'ァ'..='ヶ' | 'ー' | '、' | '。');
        assert!(recording.reading().chars().all(is_kana), "{}: {}", recording.name(), recording.reading());
        let is_letter = recording.name().starts_with("letter-");
        assert!(is_letter || !recording.text().contains(|c: char| c.is_ascii_alphabetic()));
        assert_eq!(
            recording.text().ends_with('。'),
            recording.reading().ends_with('。'),
            "{}",
            recording.name()
        );
    }
}

#[test]
fn a_merchants_own_clip_is_played_and_its_own_name_shown() {
    let merchant = MerchantName::new("Flower Shop").unwrap().with_clip("flower-shop").unwrap();
    let prompt = Prompt::OrderSummary(OrderSummary::new(merchant, Money::new(500, Currency::JPY)));
    for language in Language::ALL {
        assert_eq!(clips(&prompt, *language)[0].name(), "flower-shop");
    }
    assert_eq!(text(&prompt, Language::En), "Flower Shop. The amount to pay is five hundred yen.");
    assert_eq!(text(&prompt, Language::Ja), "Flower Shop。お支払い金額は、五百円です。");
    assert_eq!(reading(&prompt, Language::Ja), "Flower Shop。オシハライキンガクワ、ゴヒャクエンデス。");
}

#[test]
fn counts_the_digits_it_received() {
    let said = |received, language| text(&Prompt::PanLength { received }, language);
    assert_eq!(said(1, Language::En), "I received one digit. That is not the length of a card number.");
    assert_eq!(said(15, Language::En), "I received fifteen digits. That is not the length of a card number.");
    assert_eq!(said(1, Language::Ja), "入力されたのは、一桁でした。カード番号の桁数ではありません。");
    assert_eq!(said(12, Language::Ja), "入力されたのは、十二桁でした。カード番号の桁数ではありません。");
}

#[test]
fn the_brands_that_are_taken_are_named() {
    let said = |brands: &[Brand], language| text(&Prompt::BrandsAccepted(BrandSet::of(brands)), language);
    let three = [Brand::Visa, Brand::Mastercard, Brand::Jcb];
    assert_eq!(said(&three, Language::En), "We accept Visa Mastercard and J. C. B.");
    assert_eq!(
        said(&three, Language::Ja),
        "ご利用いただけるカードは、ビザと、マスターカードと、ジェーシービーです。"
    );
    assert_eq!(said(&three[..1], Language::En), "We accept Visa.");
    assert_eq!(said(&[Brand::Visa, Brand::Mir], Language::En), "We accept Visa.", "no clip, no word");
}

#[test]
fn a_card_that_is_only_stored_costs_nothing() {
    let free = Prompt::OrderSummary(OrderSummary::new(MerchantName::default(), Money::zero(Currency::JPY)));
    assert_eq!(text(&free, Language::En), "Paytone Demo Shop. Nothing will be charged now.");
    assert_eq!(text(&free, Language::Ja), "Paytone Demo Shop。今回、代金は請求されません。");
}

#[test]
fn the_last_four_digits_are_spoken_one_by_one() {
    let masked = paytone_card::MaskedPan::from_last_four("0905").unwrap();
    let said = |language| text(&Prompt::CardEndsIn(masked), language);
    assert_eq!(said(Language::En), "Your card ends in zero nine zero five.");
    assert_eq!(said(Language::Ja), "カード番号の下4桁は、ゼロ九ゼロ五です。");
}

#[test]
fn an_example_says_how_to_key_a_date() {
    let said = |language| text(&Prompt::ExpiryWrong, language);
    assert_eq!(
        said(Language::En),
        "That is not a valid expiry date. For March twenty thirty press zero three three zero."
    );
    assert_eq!(
        said(Language::Ja),
        "有効期限が正しくありません。たとえば、二千三十年三月なら、ゼロ三三ゼロと押してください。"
    );
}

#[test]
fn the_last_words_depend_on_how_it_ended() {
    let last = |outcome: &Outcome| {
        let situation = Situation::new(Language::Ja).with_outcome(outcome);
        Phrasebook::new().texts(&[Prompt::Goodbye], &situation).concat()
    };
    assert_eq!(last(&Outcome::Approved), "お電話ありがとうございました。失礼いたします。");
    assert!(last(&Outcome::NoInput(crate::Field::Pan)).starts_with("カードをお手元に"));
}

/// Enough values to need every clip there is for them.
fn values() -> Vec<Value> {
    let amounts =
        (0..200).chain([1_000, 1_050, 1_000_000, 10_000_000, 100_000_000_000, 1_234_567_899, u64::MAX]);
    let thousands = (1..100).map(|hundreds| hundreds * 100);
    let numbers: Vec<_> = amounts.chain(thousands).collect();
    let mut values: Vec<_> = (0..=255).map(Value::Digits).collect();
    values.extend((1..=12).map(|month| Value::Month { month, year: 2034 }));
    values.extend([Value::Four([0, 1, 2, 3]), Value::Four([4, 5, 6, 7]), Value::Four([8, 9, 9, 9])]);
    values.push(Value::Brands(BrandSet::ALL));
    values.extend(numbers.iter().map(|number| Value::Number(*number)));
    for code in ["USD", "EUR", "GBP", "JPY", "KRW", "KWD"].into_iter().chain(ALPHABET) {
        let currency = Currency::parse(code).unwrap();
        values.extend(numbers.iter().map(|minor| Value::Money(Money::new(*minor, currency))));
    }
    values
}

/// Codes that among them use every letter.
const ALPHABET: [&str; 15] =
    ["CHF", "BWP", "ZMW", "QAR", "DKK", "XAF", "ILS", "NOK", "VUV", "TJS", "GEL", "BYN", "MXN", "TRY", "IQD"];
