//! A three-way call: a mixer adds caller, operator and service up, as a switchboard does. No card is asked for while the
//! operator may hear the keys.
#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]

mod common;

use std::time::Duration;

use common::ear::Ear;
use common::{CODE, EXPIRY, Fixture, Watch};
use ivr_payment_service::config::Config;
use ivr_payment_service::scan::scan_audio;
use paytone_card::test_numbers;
use paytone_dialog::Language;
use paytone_dtmf::{Generator, Key, SampleRate};
use phone::{Call, Keying, Options, Target};
use serde_json::{Value, json};

const LINE: &str = "[[lines]]\nname = 'three'\nkind = 'order'\nusers = ['three']\nconference = true\n";
const NEUTRAL: &str = "hand-over";
const ORDER: &str = "order-summary";
const CARD: &str = "enter-pan";

/// Caller, operator and service on one bridge: each hears the other two.
struct Mixer {
    service: Call,
    operator_is_in: bool,
    operator_heard: Vec<i16>,
    /// How much of the service the operator has heard, in samples.
    passed_on: usize,
}

impl Mixer {
    async fn call(fixture: &Fixture) -> Self {
        let target: Target = fixture.uri("three").parse().unwrap();
        let options = Options::new().keying(Keying::Tone).offer_events(false);
        let service = Call::dial(&target, &options).await.unwrap();
        Self { service, operator_is_in: true, operator_heard: Vec::new(), passed_on: 0 }
    }

    /// Both speak at the same time, one perhaps longer.
    async fn speak(&mut self, caller: &[i16], operator: &[i16]) {
        let operator = if self.operator_is_in { operator } else { &[] };
        let length = caller.len().max(operator.len());
        let at = |audio: &[i16], place: usize| audio.get(place).copied().unwrap_or_default();
        let mixed: Vec<i16> =
            (0..length).map(|place| at(caller, place).saturating_add(at(operator, place))).collect();
        if self.service.say(&mixed).await.is_err() {
            // It has hung up, or is late: a mixer goes on, and whoever waits for something says when it did not come.
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        if self.operator_is_in {
            let heard = self.service.heard();
            let heard = &heard.samples()[self.passed_on..];
            self.passed_on += heard.len();
            let length = heard.len().max(caller.len());
            let both = (0..length).map(|place| at(heard, place).saturating_add(at(caller, place)));
            self.operator_heard.extend(both);
        }
    }

    async fn caller_keys(&mut self, keys: &str) {
        // The operator breathes, or has a radio on: a pitch that is no key's.
        self.speak(&tones(keys), &hum(tones(keys).len())).await;
    }

    /// Half a second at a time, until this has happened.
    async fn until(&mut self, events: &mut Watch, name: &str) -> Vec<Value> {
        let mut waiting = Box::pin(events.wait_for_all(name));
        loop {
            tokio::select! {
                biased;
                seen = &mut waiting => return seen,
                () = self.speak(&[0; 4000], &[]) => {}
            }
        }
    }
}

fn tones(keys: &str) -> Vec<i16> {
    let mut audio = vec![0; 1600];
    for key in keys.chars().filter_map(Key::from_char) {
        audio.extend(Generator::new(SampleRate::Hz8000).key(key).take(800));
        audio.extend([0; 800]);
    }
    audio
}

fn hum(length: usize) -> Vec<i16> {
    let sample = |at: usize| ((at as f64 * 310.0 / 8000.0 * core::f64::consts::TAU).sin() * 300.0) as i16;
    (0..length).map(sample).collect()
}

/// Whether one of these events speaks this clip.
fn speaks(seen: &[Value], clip: &str) -> bool {
    let spoken = seen.iter().filter(|event| event["event"] == "prompt");
    spoken.flat_map(|event| event["data"].as_array().unwrap()).any(|name| name == clip)
}

/// Speaks on until the service has said this once more.
async fn until_it_says(mixer: &mut Mixer, events: &mut Watch, clip: &str) -> Vec<Value> {
    let mut seen = Vec::new();
    loop {
        seen.extend(mixer.until(events, "prompt").await);
        if speaks(&seen[seen.len() - 1..], clip) {
            return seen;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_in_the_conference_hears_no_word_about_the_card_and_the_card_is_taken_without_them() {
    let fixture = Fixture::start_with_own_voice_and(LINE).await;
    let order = fixture.order("THREE-1", 1200).await;
    let mut events = fixture.watch();
    let mut mixer = Mixer::call(&fixture).await;
    mixer.caller_keys(order["code"].as_str().unwrap()).await;
    let mut seen = until_it_says(&mut mixer, &mut events, NEUTRAL).await;
    seen.extend(until_it_says(&mut mixer, &mut events, NEUTRAL).await);
    // The caller is ready, the operator is still there: nothing but the loop, even if a card is keyed.
    mixer.caller_keys("1").await;
    seen.extend(until_it_says(&mut mixer, &mut events, NEUTRAL).await);
    mixer.caller_keys(test_numbers::VISA).await;
    seen.extend(until_it_says(&mut mixer, &mut events, NEUTRAL).await);
    assert!(!speaks(&seen, ORDER) && !speaks(&seen, CARD), "{seen:?}");

    mixer.operator_is_in = false;
    let (status, answer) = fixture.command(json!({ "command": "hand_over" })).await;
    assert_eq!(status, 200, "{answer}");
    until_it_says(&mut mixer, &mut events, CARD).await;
    mixer.caller_keys(&format!("{}#", test_numbers::VISA)).await;
    mixer.caller_keys(EXPIRY).await;
    mixer.caller_keys(CODE).await;
    let ended = mixer.until(&mut events, "call_ended").await.pop().unwrap();
    assert_eq!(ended["data"]["outcome"], "approved", "{ended}");
    fixture.order_becomes("THREE-1", "paid").await;

    let ear = Ear::new();
    let hears = |audio: &[i16], clip| ear.hears(audio, Language::En, clip);
    assert!(hears(&mixer.operator_heard, NEUTRAL), "the mixer lets the operator hear the service");
    assert!(scan_audio(&mixer.operator_heard, SampleRate::Hz8000).keys > 0, "and the caller: that is why");
    assert!(!hears(&mixer.operator_heard, CARD), "no word about the card while the operator is there");
    assert!(hears(mixer.service.heard().samples(), CARD), "the caller is asked for it afterwards");
    fixture.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_who_has_not_pressed_1_is_not_asked_for_a_card_whatever_the_operator_says() {
    let fixture = Fixture::start_with(LINE).await;
    let order = fixture.order("THREE-2", 1200).await;
    let mut events = fixture.watch();
    let mut mixer = Mixer::call(&fixture).await;
    mixer.caller_keys(order["code"].as_str().unwrap()).await;
    let mut seen = until_it_says(&mut mixer, &mut events, NEUTRAL).await;
    let (status, answer) = fixture.command(json!({ "command": "hand_over" })).await;
    assert_eq!(status, 200, "{answer}");
    mixer.caller_keys("2").await;
    seen.extend(until_it_says(&mut mixer, &mut events, NEUTRAL).await);
    assert!(!speaks(&seen, ORDER) && !speaks(&seen, CARD), "{seen:?}");
    mixer.service.hang_up().await;
    events.wait_for("call_ended").await;
    assert_eq!(fixture.get("/v1/orders/THREE-2").await["attempts"], json!([]));
    fixture.stop().await;
}

#[test]
fn a_conference_is_a_line_whose_order_code_is_keyed() {
    let folder = tempfile::tempdir().unwrap();
    let with = |more: &str| Config::isolated(folder.path(), &format!("{LINE}{more}"));
    assert!(with("").is_ok());
    assert!(with("[lines.dialog]\nhand_over = 'caller'\n").is_ok(), "both have to agree all the same");
    assert!(with("match_by = []\n").is_ok());
    for refused in [
        "match_by = ['caller_id']\n",
        "match_by = ['header']\n",
        "header = 'X-Code'\n",
        "[lines.operator]\nuri = 'sip:desk@127.0.0.1'\nstays = true\n",
    ] {
        assert!(with(refused).is_err(), "{refused}");
    }
    let dialled =
        "[[lines]]\nname = 'three'\nkind = 'pay_order'\nusers = ['three-{code}']\nconference = true\n";
    assert!(Config::isolated(folder.path(), dialled).is_err());
}
