//! Which language is spoken, and what the words depend on besides the prompt.
#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

mod common;

use common::{Call, EXPIRY, card_script, order, order_code};
use paytone_card::{Brand, test_numbers};
use paytone_dialog::phrase::Phrasebook;
use paytone_dialog::{Entry, Event, Language, Script};

const BOTH: [Language; 2] = [Language::En, Language::Ja];

#[test]
fn the_first_language_is_spoken_unless_the_order_says_otherwise() {
    let spoken = |script: Script| Call::new(script).answered().dialog.language();
    assert_eq!(spoken(card_script().build().unwrap()), Language::En);
    assert_eq!(spoken(card_script().languages(&[Language::Ja]).build().unwrap()), Language::Ja);
    let japanese = || Script::builder(Entry::Order(order().with_language(Language::Ja)));
    assert_eq!(spoken(japanese().languages(&BOTH).build().unwrap()), Language::Ja);
    assert_eq!(spoken(japanese().build().unwrap()), Language::En, "a language the script does not have");
}

#[test]
fn an_order_found_by_its_code_brings_its_language() {
    let script = || Script::builder(Entry::AskOrderCode).languages(&BOTH).build().unwrap();
    let found = |call: &mut Call| {
        call.keys(order_code().as_str());
        call.event(Event::OrderFound(order().with_language(Language::Ja)));
    };
    let mut call = Call::new(script()).answered();
    found(&mut call);
    assert_eq!(call.dialog.language(), Language::Ja);

    let mut chosen = Call::new(script()).answered();
    chosen.event(Event::Speak(Language::En));
    found(&mut chosen);
    assert_eq!(chosen.dialog.language(), Language::En, "what was chosen in the call stays");
}

#[test]
fn a_change_of_language_says_it_again_and_costs_nothing() {
    let mut call = Call::new(card_script().languages(&BOTH).build().unwrap()).answered();
    call.log();
    call.event(Event::Speak(Language::Ja));
    assert_eq!(call.log(), ["stop", "play welcome order-summary enter-pan"]);
    call.listen();
    call.event(Event::Speak(Language::En));
    assert_eq!(call.log(), ["play enter-pan"]);
    call.event(Event::Speak(Language::En));
    assert!(call.log().is_empty(), "nothing new is asked for");
    // Half a number is kept.
    let (half, rest) = test_numbers::VISA.split_at(8);
    call.keys(half);
    call.event(Event::Speak(Language::Ja));
    call.keys(&format!("{rest}# {EXPIRY} 123"));
    assert_eq!(call.cards.len(), 1);
    call.event(Event::Speak(Language::En));
    assert_eq!(call.dialog.language(), Language::En);
}

#[test]
fn the_words_follow_the_attempt_the_error_the_brand_and_the_outcome() {
    let mut call = Call::new(card_script().languages(&[Language::Ja]).build().unwrap()).answered();
    let texts = |call: &Call| {
        let (prompts, situation) = call.spoken.last().unwrap();
        Phrasebook::new().texts(prompts, situation).concat()
    };
    assert!(texts(&call).ends_with("カード番号を入力し、最後にシャープを押してください。"));
    call.keys(&format!("{}#", test_numbers::VISA_WRONG_CHECK_DIGIT));
    assert!(texts(&call).ends_with("もう一度、カード番号を入力し、最後にシャープを押してください。"));
    call.listen();
    call.keys(&format!("{}#", test_numbers::VISA_WRONG_CHECK_DIGIT));
    assert!(texts(&call).contains("ゆっくり"), "{}", texts(&call));
    call.listen();
    call.keys(&format!("{}#{EXPIRY}123#", test_numbers::AMERICAN_EXPRESS));
    assert_eq!(call.spoken.last().unwrap().1.brand(), Some(Brand::AmericanExpress));
    assert!(texts(&call).contains("カードの表側にある4桁です"), "{}", texts(&call));
    call.listen();
    call.keys("123#");
    call.listen();
    call.keys("123#");
    assert!(texts(&call).ends_with("もう一度おかけください。失礼いたします。"), "{}", texts(&call));
}
