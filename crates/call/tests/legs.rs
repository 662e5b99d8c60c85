//! Calls with more than one leg, in virtual time: who hears what, whose keys count, and what a bad line and a bad
//! gateway do to it.
#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]

use core::time::Duration;
use std::sync::Arc;

use paytone_call::{
    Action, Call, Clip, Clips, FRAME_SAMPLES, Input, Recording, Role, SecureSpeech, Settings, Topology,
};
use paytone_card::test_numbers;
use paytone_dialog::{
    Command, Entry, Field, HandOver, Language, MerchantName, Mode, MoneyMoved, OrderSummary, Outcome, Script,
    ScriptBuilder, Verdict,
};
use paytone_dtmf::{Criteria, Detector, Fill, Generator, Key, SampleRate, ToneEvent};
use paytone_psp::{Currency, DeclineReason, Money};

/// Every clip is a twentieth of a second of next to nothing, so that only the caller could be heard pressing keys.
struct Murmur;

impl Clips for Murmur {
    fn clip(&self, _: Language, _: &str) -> Option<Clip> {
        Some(Arc::from(vec![3; 400]))
    }
}

/// Everybody around one call.
struct World {
    call: Call,
    now: Duration,
    frames: usize,
    /// Every how many frames one of the caller's is lost; 0 is never.
    loss: usize,
    operator_heard: Vec<i16>,
    recorder_heard: Vec<i16>,
    caller_heard: Vec<i16>,
    verdicts: Vec<Verdict>,
    authorized: usize,
    dropped: usize,
    refused: usize,
    outcome: Option<Outcome>,
    last: Vec<&'static str>,
}

impl World {
    fn new(script: ScriptBuilder, settings: Settings) -> Self {
        let mut world = Self {
            call: Call::new(script.build().unwrap(), Arc::new(Murmur), settings),
            now: Duration::from_secs(1_800_000_000),
            frames: 0,
            loss: 0,
            operator_heard: Vec::new(),
            recorder_heard: Vec::new(),
            caller_heard: Vec::new(),
            verdicts: Vec::new(),
            authorized: 0,
            dropped: 0,
            refused: 0,
            outcome: None,
            last: Vec::new(),
        };
        world.handle(Input::Answered);
        world
    }

    fn handle(&mut self, input: Input<'_>) {
        self.call.handle(input, self.now);
        self.act();
    }

    fn act(&mut self) {
        while let Some(action) = self.call.poll_action() {
            assert!(self.outcome.is_none(), "{action:?} after the outcome");
            match action {
                Action::Secure => self.call.handle(Input::Secured, self.now),
                Action::Release => self.last.push("release"),
                Action::ReturnToOperator => self.last.push("to operator"),
                Action::HangUp => self.last.push("hang up"),
                Action::Authorize(payment) => {
                    self.authorized += 1;
                    let mut card = payment.into_card();
                    card.drop_code();
                    let verdict = match self.verdicts.pop() {
                        Some(Verdict::Declined { reason, .. }) => {
                            Verdict::Declined { reason, card: Some(card) }
                        }
                        Some(verdict) => verdict,
                        None => continue,
                    };
                    self.call.handle(Input::Verdict(verdict), self.now);
                }
                Action::KeyDropped(role) => {
                    assert_eq!(role, Role::Operator);
                    self.dropped += 1;
                }
                Action::CommandRefused(..) => self.refused += 1,
                Action::Finished(outcome) => self.outcome = Some(outcome),
                _ => {}
            }
        }
    }

    /// 20 ms of everybody's audio.
    fn frame(&mut self, caller: &[i16; FRAME_SAMPLES], operator: &[i16; FRAME_SAMPLES]) {
        self.now += Duration::from_millis(20);
        self.frames += 1;
        if self.loss > 0 && self.frames.is_multiple_of(self.loss) {
            self.handle(Input::AudioLost(FRAME_SAMPLES));
        } else {
            self.handle(Input::Audio(caller));
        }
        self.handle(Input::OperatorAudio(operator));
        let mut heard = [0; FRAME_SAMPLES];
        self.call.next_frame(&mut heard, self.now);
        self.caller_heard.extend(heard);
        self.call.next_operator_frame(&mut heard);
        self.operator_heard.extend(heard);
        if let Some(recorded) = self.call.next_recorded() {
            self.recorder_heard.extend(recorded.caller);
            assert_eq!(recorded.heard[..], self.caller_heard[self.caller_heard.len() - FRAME_SAMPLES..]);
        }
        self.act();
        if self.call.poll_timeout().is_some_and(|at| at <= self.now) {
            self.call.handle_timeout(self.now);
            self.act();
        }
    }

    fn wait(&mut self, seconds: u64) {
        for _ in 0..seconds * 50 {
            if self.outcome.is_none() {
                self.frame(&[0; FRAME_SAMPLES], &[0; FRAME_SAMPLES]);
            }
        }
    }

    fn press(&mut self, keys: &str) {
        for frame in frames(keys) {
            self.frame(&frame, &[0; FRAME_SAMPLES]);
        }
    }

    fn operator_presses(&mut self, keys: &str) {
        for frame in frames(keys) {
            self.frame(&[0; FRAME_SAMPLES], &frame);
        }
    }

    fn command(&mut self, command: Command) {
        self.handle(Input::Command(command));
    }
}

/// Tones of 100 ms, 100 ms apart.
fn frames(keys: &str) -> Vec<[i16; FRAME_SAMPLES]> {
    let mut audio: Vec<i16> = Vec::new();
    for key in keys.chars().filter_map(Key::from_char) {
        audio.extend(Generator::new(SampleRate::Hz8000).key(key).take(800));
        audio.resize(audio.len().next_multiple_of(800) + 800, 0);
    }
    audio.chunks_exact(FRAME_SAMPLES).map(|frame| frame.try_into().unwrap()).collect()
}

/// The keys that a detector more sensitive than ours hears.
fn keys_heard(audio: &[i16]) -> usize {
    let keen = Criteria::new().with_min_level_dbm0(-55.0).with_min_duration(Duration::from_millis(20));
    let mut detector = Detector::with_criteria(SampleRate::Hz8000, keen);
    detector.process(audio).filter(|event| matches!(event, ToneEvent::Start { .. })).count()
}

fn script() -> ScriptBuilder {
    let money = Money::new(1200, Currency::JPY);
    Script::builder(Entry::Order(OrderSummary::new(MerchantName::default(), money)))
}

fn bridged() -> Settings {
    Settings { topology: Topology::Bridge, ..recorded(Fill::Silence) }
}

fn recorded(fill: Fill) -> Settings {
    let recording = Recording { fill, speech: SecureSpeech::Heard };
    Settings { recording: Some(recording), ..Settings::default() }
}

#[test]
fn an_operator_who_stays_drives_the_payment_and_hears_no_key() {
    let mut world = World::new(script().mode(Mode::Directed), bridged());
    // Keys are masked from the answer on, not only while a card is taken.
    world.press("4711");
    world.wait(1);
    for (field, keys) in
        [(Field::Pan, test_numbers::MASTERCARD), (Field::Expiry, "1230"), (Field::SecurityCode, "123")]
    {
        world.command(Command::Capture(field));
        world.wait(1);
        world.press(keys);
    }
    world.verdicts.push(Verdict::Approved);
    world.command(Command::Submit);
    world.wait(5);
    assert_eq!(world.outcome, Some(Outcome::Approved));
    assert_eq!((world.authorized, world.refused), (1, 0));
    assert_eq!(keys_heard(&world.operator_heard), 0, "the operator");
    assert_eq!(keys_heard(&world.recorder_heard), 0, "the recorder");
}

#[test]
fn an_operators_keys_are_dropped_and_audited() {
    let mut world = World::new(script(), bridged());
    world.wait(2);
    world.operator_presses("5555");
    assert_eq!(world.dropped, 4);
    assert_eq!(world.call.progress().digits(), 0);
    world.press("4111");
    assert_eq!(world.call.progress().digits(), 4);
}

#[test]
fn caller_and_operator_hear_each_other() {
    let voice = |pitch: f64| {
        let sample = |at: usize| ((at as f64 * pitch).sin() * 8_000.0) as i16;
        core::array::from_fn::<i16, FRAME_SAMPLES, _>(sample)
    };
    let mut world = World::new(script().mode(Mode::Directed), bridged());
    for _ in 0..20 {
        world.frame(&voice(0.3), &voice(0.2));
    }
    for heard in [&world.operator_heard, &world.caller_heard, &world.recorder_heard] {
        assert!(heard[1_600..].iter().any(|sample| sample.abs() > 4_000));
    }
}

#[test]
fn a_caller_who_reads_the_number_aloud_can_be_cut_off_too() {
    let settings = Settings { speech: SecureSpeech::Cut, ..bridged() };
    let mut world = World::new(script(), settings);
    let voice: [i16; FRAME_SAMPLES] = core::array::from_fn(|at| ((at as f64 * 0.3).sin() * 8_000.0) as i16);
    for _ in 0..50 {
        world.frame(&voice, &[0; FRAME_SAMPLES]);
    }
    assert!(world.operator_heard.iter().all(|sample| sample.abs() < 500), "comfort noise at most");
}

#[test]
fn a_recording_holds_the_caller_and_no_key_however_the_legs_meet() {
    let voice: [i16; FRAME_SAMPLES] = core::array::from_fn(|at| ((at as f64 * 0.3).sin() * 8_000.0) as i16);
    for topology in [Topology::Transfer, Topology::Bridge] {
        for (fill, loudest) in [(Fill::Silence, 0), (Fill::FlatTone, 2_500)] {
            for speech in [SecureSpeech::Heard, SecureSpeech::Cut] {
                let recording = Some(Recording { fill, speech });
                let mut world = World::new(script(), Settings { topology, recording, ..Settings::default() });
                world.wait(1);
                world.press(test_numbers::MASTERCARD);
                let keyed = world.recorder_heard.len();
                assert_eq!(keys_heard(&world.recorder_heard), 0, "{topology:?} {fill:?}");
                for _ in 0..20 {
                    world.frame(&voice, &[0; FRAME_SAMPLES]);
                }
                let spoken = world.recorder_heard[keyed + 1_600..].iter().map(|s| s.abs()).max().unwrap();
                match speech {
                    SecureSpeech::Heard => assert!(spoken > 7_000, "{topology:?} {fill:?}: {spoken}"),
                    SecureSpeech::Cut => assert!(spoken <= loudest, "{topology:?} {fill:?}: {spoken}"),
                }
            }
        }
    }
}

#[test]
fn the_operator_hears_the_caller_as_late_as_is_wanted_and_no_later() {
    // A quiet line's noise, nowhere the same.
    let mut state = 1_u32;
    let mut noise = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as i16 - 128
    };
    let said: Vec<[i16; FRAME_SAMPLES]> = (0..50).map(|_| core::array::from_fn(|_| noise())).collect();
    for look_back_ms in [0, 10, 25, 40] {
        let settings = Settings { look_back_ms, speech: SecureSpeech::Heard, ..bridged() };
        let mut world = World::new(script(), settings);
        said.iter().for_each(|frame| world.frame(frame, &[0; FRAME_SAMPLES]));
        let (said, end) = (said.concat(), 40 * FRAME_SAMPLES);
        let late = (0..=400).find(|late| world.operator_heard[end..][..800] == said[end - late..][..800]);
        assert_eq!(late, Some(look_back_ms * 8), "{look_back_ms} ms");
    }
}

#[test]
fn a_conference_takes_no_card_unless_both_agree() {
    let conference = Settings { topology: Topology::Conference, ..Settings::default() };
    let mut world = World::new(script(), conference);
    world.wait(10);
    assert_eq!(world.outcome, Some(Outcome::MaskingUnavailable));

    let agreed = Script::builder(Entry::AskOrderCode).hand_over(HandOver::CallerAndOperator);
    let mut world = World::new(agreed, conference);
    world.wait(1);
    assert_eq!(world.call.progress().field(), Some(Field::OrderCode));
}

#[test]
fn a_bad_line_and_a_bad_gateway_end_in_one_outcome() {
    let faults: [(Option<Verdict>, Outcome, MoneyMoved); 4] = [
        (Some(Verdict::Approved), Outcome::Approved, MoneyMoved::Yes),
        (Some(Verdict::Unknown), Outcome::Unknown, MoneyMoved::Maybe),
        (Some(Verdict::Unavailable), Outcome::GatewayUnavailable, MoneyMoved::No),
        (None, Outcome::Unknown, MoneyMoved::Maybe),
    ];
    for (verdict, outcome, moved) in faults {
        for loss in [0, 23, 11] {
            let mut world = World::new(script(), bridged());
            world.loss = loss;
            world.verdicts.extend(match &verdict {
                Some(Verdict::Approved) => Some(Verdict::Approved),
                Some(Verdict::Unavailable) => Some(Verdict::Unavailable),
                Some(_) => Some(Verdict::Unknown),
                None => None,
            });
            world.wait(1);
            for keys in [test_numbers::MASTERCARD, "1230", "123"] {
                world.press(keys);
                world.wait(1);
            }
            world.wait(100);
            assert_eq!(world.outcome, Some(outcome), "one frame in {loss} lost");
            assert_eq!(world.outcome.unwrap().money_moved(), moved);
            assert_eq!(world.authorized, 1);
            assert_eq!(world.last, ["release", "hang up"]);
            assert_eq!(keys_heard(&world.operator_heard), 0, "one frame in {loss} lost");
        }
    }
}

#[test]
fn a_hang_up_while_the_gateway_is_asked_loses_nothing() {
    let mut world = World::new(script(), bridged());
    world.wait(1);
    for keys in [test_numbers::MASTERCARD, "1230", "123"] {
        world.press(keys);
    }
    world.handle(Input::HungUp);
    assert!(world.outcome.is_none());
    world.handle(Input::Verdict(Verdict::Declined { reason: DeclineReason::CodeMismatch, card: None }));
    assert_eq!(world.outcome, Some(Outcome::Declined(DeclineReason::CodeMismatch)));
}
