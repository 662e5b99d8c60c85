//! Whole calls in virtual time: a caller with a telephone, a gateway that answers, no sockets.
#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]

use core::time::Duration;
use std::sync::Arc;

use paytone_call::{Action, Call, Clip, Clips, FRAME_SAMPLES, Input, Settings};
use paytone_card::test_numbers;
use paytone_dialog::{Entry, Language, MerchantName, OrderSummary, Outcome, Prompt, Script, Verdict};
use paytone_dtmf::Key;
use paytone_dtmf::telephone_event::EventSender;
use paytone_psp::{Currency, DeclineReason, Money};

/// Every clip is a tenth of a second of a quiet tone, so that prompts take time.
struct Beeps;

impl Clips for Beeps {
    fn clip(&self, _: Language, _: &str) -> Option<Clip> {
        Some(Arc::from(vec![1000; 800]))
    }
}

/// The world around one call: time, the caller, and answers to what the call asks for.
struct World {
    call: Call,
    now: Duration,
    timestamp: u32,
    spoken: Vec<&'static str>,
    verdicts: Vec<Verdict>,
    authorized: Vec<String>,
    hung_up: bool,
    outcome: Option<Outcome>,
    voiced_frames: usize,
}

impl World {
    fn new(settings: Settings) -> Self {
        let money = Money::new(1200, Currency::parse("JPY").unwrap());
        let order = OrderSummary::new(MerchantName::default(), money);
        let script = Script::builder(Entry::Order(order)).build().unwrap();
        let mut world = Self {
            call: Call::new(script, Arc::new(Beeps), settings),
            now: Duration::from_secs(1_800_000_000),
            timestamp: 0,
            spoken: Vec::new(),
            verdicts: Vec::new(),
            authorized: Vec::new(),
            hung_up: false,
            outcome: None,
            voiced_frames: 0,
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
            assert!(self.outcome.is_none(), "an action after the outcome: {action:?}");
            match action {
                Action::Secure => self.call.handle(Input::Secured, self.now),
                Action::Speaking { prompts, .. } => self.spoken.extend(prompts.iter().map(Prompt::name)),
                Action::Authorize(payment) => {
                    let card = payment.into_card();
                    self.authorized.push(card.masked().last_four().to_owned());
                    let verdict = match self.verdicts.remove(0) {
                        Verdict::Declined { reason, .. } => {
                            let mut card = card;
                            card.drop_code();
                            Verdict::Declined { reason, card: Some(card) }
                        }
                        verdict => verdict,
                    };
                    self.call.handle(Input::Verdict(verdict), self.now);
                }
                Action::HangUp => self.hung_up = true,
                Action::Finished(outcome) => self.outcome = Some(outcome),
                _ => {}
            }
        }
    }

    /// Lets time pass in frames of 20 ms, with a silent caller.
    fn wait(&mut self, time: Duration) {
        let end = self.now + time;
        while self.now < end && self.outcome.is_none() {
            self.now += Duration::from_millis(20);
            self.handle(Input::Audio(&[0; FRAME_SAMPLES]));
            let mut frame = [0; FRAME_SAMPLES];
            self.call.next_frame(&mut frame, self.now);
            self.voiced_frames += usize::from(frame.iter().any(|sample| *sample != 0));
            self.act();
            if self.call.poll_timeout().is_some_and(|at| at <= self.now) {
                self.call.handle_timeout(self.now);
                self.act();
            }
        }
    }

    fn press(&mut self, keys: &str) {
        for key in keys.chars().map(|key| Key::from_char(key).unwrap()) {
            for packet in EventSender::new(key, self.timestamp, Duration::from_millis(80)) {
                let payload = packet.payload.write();
                let (timestamp, marker) = (packet.timestamp, packet.marker);
                self.handle(Input::TelephoneEvent { ssrc: 7, timestamp, marker, payload: &payload });
            }
            self.timestamp += 2000;
            self.wait(Duration::from_millis(250));
        }
    }

    fn press_info(&mut self, keys: &str) {
        for key in keys.chars() {
            let body = format!("Signal={key}\r\nDuration=160\r\n");
            self.handle(Input::Info { content_type: "application/dtmf-relay", body: body.as_bytes() });
            self.wait(Duration::from_millis(250));
        }
    }
}

fn pan() -> String {
    test_numbers::VISA.to_owned()
}

#[test]
fn a_call_is_paid_with_telephone_events() {
    let mut world = World::new(Settings::default());
    world.verdicts.push(Verdict::Approved);
    world.wait(Duration::from_secs(2));
    world.press(&pan());
    world.wait(Duration::from_secs(3));
    world.press("1230");
    world.press("123");
    world.wait(Duration::from_secs(20));
    assert_eq!(world.outcome, Some(Outcome::Approved), "heard {:?}", world.spoken);
    assert!(world.hung_up);
    assert_eq!(world.authorized, [&pan()[12..]]);
    assert!(world.voiced_frames > 20, "prompts are audible");
}

#[test]
fn info_counts_only_where_it_is_allowed() {
    let mut trusted = World::new(Settings { info: true, ..Settings::default() });
    trusted.verdicts.push(Verdict::Approved);
    trusted.press_info(&format!("{}#1230123", pan()));
    trusted.wait(Duration::from_secs(20));
    assert_eq!(trusted.outcome, Some(Outcome::Approved));

    let mut untrusted = World::new(Settings::default());
    untrusted.press_info(&format!("{}#1230123", pan()));
    untrusted.wait(Duration::from_secs(120));
    assert_eq!(untrusted.outcome, Some(Outcome::NoKeyHeard));
    assert!(untrusted.authorized.is_empty());
}

#[test]
fn a_wrong_code_is_asked_again_alone() {
    let mut world = World::new(Settings::default());
    world.verdicts.push(Verdict::Declined { reason: DeclineReason::CodeMismatch, card: None });
    world.verdicts.push(Verdict::Approved);
    world.press(&format!("{}#1230", pan()));
    world.press("999");
    world.wait(Duration::from_secs(3));
    world.press("123");
    world.wait(Duration::from_secs(20));
    assert_eq!(world.outcome, Some(Outcome::Approved), "heard {:?}", world.spoken);
    assert_eq!(world.authorized.len(), 2);
}

#[test]
fn a_held_call_keeps_its_time() {
    let mut world = World::new(Settings::default());
    world.verdicts.push(Verdict::Approved);
    world.press(&pan()[..8]);
    world.handle(Input::Held);
    // No frames and no timers while held; only the session's own limit runs on.
    world.now += Duration::from_secs(120);
    world.handle(Input::Resumed);
    world.press(&pan()[8..]);
    world.press("#1230123");
    world.wait(Duration::from_secs(20));
    assert_eq!(world.outcome, Some(Outcome::Approved), "heard {:?}", world.spoken);
    assert!(world.spoken.contains(&"continue-entry"), "heard {:?}", world.spoken);
}

#[test]
fn a_hang_up_ends_the_call_without_a_payment() {
    let mut world = World::new(Settings::default());
    world.press("4111");
    world.handle(Input::HungUp);
    assert!(matches!(world.outcome, Some(Outcome::CallerHungUp(_))), "{:?}", world.outcome);
    assert!(world.authorized.is_empty());
}

#[test]
fn nothing_shows_a_digit() {
    let mut world = World::new(Settings::default());
    world.press(&pan()[..12]);
    let shown = format!("{:?}", world.call);
    assert!(!shown.contains("4111"), "{shown}");
    let input = Input::Info { content_type: "application/dtmf", body: b"4" };
    assert_eq!(format!("{input:?}"), "Info(..)");
}
