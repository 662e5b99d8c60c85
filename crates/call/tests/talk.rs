//! Operator and caller talk, a payment is taken, and they talk on.
#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]

use core::time::Duration;
use std::sync::Arc;

use paytone_call::{
    Action, Call, FRAME_SAMPLES, Input, PaymentUnderWay, SecureSpeech, Settings, Silent, Topology,
};
use paytone_card::test_numbers;
use paytone_dialog::phrase::Situation;
use paytone_dialog::{
    AfterCall, Entry, Language, MerchantName, OrderSummary, Outcome, Phase, Prompt, Script, SecureState,
    Verdict,
};
use paytone_dtmf::{Criteria, Detector, Generator, Key, SampleRate, ToneEvent};
use paytone_psp::{Currency, Money};

struct Room {
    call: Call,
    now: Duration,
    operator_heard: Vec<i16>,
    outcomes: Vec<Outcome>,
}

impl Room {
    fn new(speech: SecureSpeech) -> Self {
        let settings = Settings { topology: Topology::Bridge, speech, ..Settings::default() };
        Self {
            call: Call::new(script(), Arc::new(Silent), settings),
            now: Duration::from_secs(1_800_000_000),
            operator_heard: Vec::new(),
            outcomes: Vec::new(),
        }
    }

    fn frame(&mut self, caller: &[i16]) {
        self.now += Duration::from_millis(20);
        self.call.handle(Input::Audio(caller), self.now);
        self.call.handle_timeout(self.now);
        let mut heard = [0; FRAME_SAMPLES];
        self.call.next_operator_frame(&mut heard);
        self.operator_heard.extend(heard);
        self.call.next_frame(&mut heard, self.now);
        self.act();
    }

    fn act(&mut self) {
        while let Some(action) = self.call.poll_action() {
            match action {
                Action::Secure => self.call.handle(Input::Secured, self.now),
                Action::Authorize(_) => self.call.handle(Input::Verdict(Verdict::Approved), self.now),
                Action::Finished(outcome) => self.outcomes.push(outcome),
                _ => {}
            }
        }
    }

    fn hear(&mut self, frame: &[i16; FRAME_SAMPLES], times: usize) {
        (0..times).for_each(|_| self.frame(frame));
    }

    fn press(&mut self, keys: &str) {
        for key in keys.chars().filter_map(Key::from_char) {
            let mut audio: Vec<i16> = Generator::new(SampleRate::Hz8000).key(key).take(800).collect();
            audio.resize(1600, 0);
            audio.chunks_exact(FRAME_SAMPLES).for_each(|frame| self.frame(frame));
        }
    }

    /// How loud the operator heard the last 20 ms.
    fn peak(&self) -> u16 {
        let last = &self.operator_heard[self.operator_heard.len() - FRAME_SAMPLES..];
        last.iter().map(|sample| sample.unsigned_abs()).max().unwrap()
    }
}

fn script() -> Script {
    let order = OrderSummary::new(MerchantName::default(), Money::new(1200, Currency::JPY));
    Script::builder(Entry::Order(order)).after(AfterCall::Operator).build().unwrap()
}

fn voice() -> [i16; FRAME_SAMPLES] {
    core::array::from_fn(|at| ((at as f64 * core::f64::consts::TAU / 20.0).sin() * 8_000.0) as i16)
}

const SILENCE: [i16; FRAME_SAMPLES] = [0; FRAME_SAMPLES];

#[test]
fn a_payment_in_the_middle_of_a_talk() {
    let mut room = Room::new(SecureSpeech::Cut);
    room.press("4711");
    assert_eq!(room.call.progress().phase(), Phase::Ringing, "keys of a talk are nobody's business");
    room.hear(&voice(), 10);
    assert!(room.peak() > 4_000, "they talk");

    room.call.take_payment(script(), room.now).unwrap();
    room.act();
    assert_eq!(room.call.take_payment(script(), room.now), Err(PaymentUnderWay));
    room.hear(&voice(), 10);
    assert!(room.peak() < 500, "a caller who reads the number aloud is not heard");
    room.hear(&SILENCE, 10);
    room.press(&format!("{}#1230123", test_numbers::VISA));
    room.hear(&SILENCE, 20);
    assert_eq!(room.outcomes, [Outcome::Approved]);
    room.press("99");

    room.hear(&voice(), 100);
    assert!(room.peak() > 4_000, "they talk again");
    room.press("99");
    assert_eq!(room.outcomes.len(), 1, "keys after the payment mean nothing");

    room.call.take_payment(script(), room.now).unwrap();
    room.act();
    room.hear(&SILENCE, 10);
    assert_eq!(room.call.progress().digits(), 0, "what was keyed before is not this card's");
    room.press(&format!("{}#1230123", test_numbers::MASTERCARD));
    room.hear(&SILENCE, 20);
    assert_eq!(room.outcomes, [Outcome::Approved, Outcome::Approved], "a second payment on the same call");

    let keen = Criteria::new().with_min_level_dbm0(-55.0).with_min_duration(Duration::from_millis(20));
    let mut detector = Detector::with_criteria(SampleRate::Hz8000, keen);
    let keys =
        detector.process(&room.operator_heard).filter(|event| matches!(event, ToneEvent::Start { .. }));
    assert_eq!(keys.count(), 0, "no key before, during or after the payments");
}

#[test]
fn the_caller_is_heard_half_a_second_after_the_last_key() {
    let mut room = Room::new(SecureSpeech::Cut);
    room.call.take_payment(script(), room.now).unwrap();
    room.act();
    room.hear(&SILENCE, 5);
    room.press(&format!("{}#1230123", test_numbers::VISA));
    while room.outcomes.is_empty() {
        room.frame(&SILENCE);
    }
    assert_eq!(room.call.progress().secure(), SecureState::Releasing);
    room.hear(&voice(), 20);
    assert!(room.peak() < 500, "400 ms after the end");
    room.hear(&voice(), 10);
    assert!(room.peak() > 4_000, "600 ms after the end");
    assert_eq!(room.call.progress().secure(), SecureState::Clear);
}

#[test]
fn what_no_dialog_says_is_spoken_to_the_caller_and_reported() {
    let mut room = Room::new(SecureSpeech::Cut);
    let words = [Prompt::NoOperator, Prompt::Goodbye];
    room.call.announce(&words, &Situation::new(Language::Ja));
    match room.call.poll_action() {
        Some(Action::Speaking { prompts, language }) => {
            assert_eq!((&*prompts, language), (&words[..], Language::Ja));
        }
        other => panic!("{other:?}"),
    }
    assert!(room.call.poll_action().is_none(), "not said yet");
    room.call.next_frame(&mut [0; FRAME_SAMPLES], room.now);
    assert!(matches!(room.call.poll_action(), Some(Action::Announced)));
    room.press("12");
    assert_eq!(room.call.progress().phase(), Phase::Ringing, "nobody listens to keys");
}
