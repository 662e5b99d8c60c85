//! A dialog fed with arbitrary events and commands at arbitrary times: it never panics, asks for card data in secure
//! mode only, authorises once per verdict, shows four digits at most, finishes once and last, and comes to an end.

#![no_main]

use core::time::Duration;

use libfuzzer_sys::fuzz_target;
use paytone_card::{Card, test_numbers};
use paytone_dialog::{
    Action, AfterCall, Command, Dialog, Entry, Event, Field, FieldRules, HangUpPolicy, Language,
    MerchantName, Methods, Mode, OrderChange, OrderRefusal, OrderSummary, OrderTerms, PlayId, Progress,
    Script, Storing, Verdict,
};
use paytone_dtmf::Key;
use paytone_psp::{Currency, DeclineReason, Money};

/// 21 September 2026.
const START: Duration = Duration::from_secs(1_790_000_000);

/// What takes a fuzzer too long to find: an order code, card numbers, an expiry date, security codes.
const ENTRIES: [&str; 8] = [
    "572400000",
    test_numbers::VISA,
    test_numbers::MASTERCARD,
    test_numbers::AMERICAN_EXPRESS,
    test_numbers::MAESTRO,
    "1230",
    "123",
    "1234",
];

fuzz_target!(|bytes: &[u8]| {
    let Some((first, steps)) = bytes.split_first() else { return };
    let entry = if first % 2 == 0 { Entry::AskOrderCode } else { Entry::Order(order(*first)) };
    let mode = if first % 4 < 2 { Mode::Automatic } else { Mode::Directed };
    let script = Script::builder(entry)
        .mode(mode)
        .fields([Field::Postcode, Field::Pan, Field::Expiry, Field::SecurityCode])
        .rules(Field::Postcode, FieldRules { optional: true, ..FieldRules::default() })
        .languages(Language::ALL);
    let Ok(script) = script.build() else { return };
    let mut run = Run {
        dialog: Dialog::new(script),
        now: START,
        card: None,
        playing: None,
        asked: false,
        secured: false,
        was_secured: false,
        awaiting_verdict: false,
        finished: false,
    };
    for step in steps.chunks_exact(2) {
        run.step(step[0], step[1]);
    }
    run.to_the_end();
});

struct Run {
    dialog: Dialog,
    now: Duration,
    card: Option<Card>,
    playing: Option<PlayId>,
    asked: bool,
    secured: bool,
    /// It has been, so that there can be a card.
    was_secured: bool,
    awaiting_verdict: bool,
    finished: bool,
}

impl Run {
    /// One byte says what happens, the other how.
    fn step(&mut self, what: u8, how: u8) {
        let event = match what % 20 {
            0..=2 => {
                self.keys(ENTRIES[usize::from(how) % ENTRIES.len()]);
                None
            }
            3..=6 => Key::from_event_code(how % 16).map(Event::Key),
            7 => Some(Event::Answered),
            8 => {
                self.secured |= self.asked;
                self.was_secured |= self.secured;
                Some(Event::Secured)
            }
            9 => self.playing.map(Event::PromptDone),
            10 => Some(Event::OrderFound(order(how))),
            11 => {
                self.awaiting_verdict = false;
                Some(Event::Verdict(self.verdict(how)))
            }
            12 => Some(if how % 2 == 0 { Event::Held } else { Event::Resumed }),
            13 => Some(self.rare(how)),
            14 | 15 => {
                // A refusal is as good an answer as any.
                let _ = self.dialog.command(command(how), self.now);
                None
            }
            16 => {
                self.now += Duration::from_millis(u64::from(how) * 100);
                None
            }
            _ => {
                self.dialog.handle_timeout(self.now);
                None
            }
        };
        if let Some(event) = event {
            self.dialog.handle(event, self.now);
        }
        self.drain();
    }

    fn keys(&mut self, keys: &str) {
        for key in keys.chars().filter_map(Key::from_char) {
            self.dialog.handle(Event::Key(key), self.now);
        }
    }

    fn verdict(&mut self, how: u8) -> Verdict {
        let reason = DeclineReason::ALL[usize::from(how) % DeclineReason::ALL.len()];
        match how {
            0..=31 => Verdict::Approved,
            32..=63 => Verdict::NotATestCard,
            64..=79 => Verdict::Unavailable,
            80..=95 => Verdict::Unknown,
            96..=127 => Verdict::Declined { reason, card: None },
            _ => Verdict::Declined { reason, card: self.card.take() },
        }
    }

    fn rare(&mut self, how: u8) -> Event {
        match how % 10 {
            0 => Event::HungUp,
            1 => {
                (self.asked, self.secured) = (false, false);
                Event::SecureRefused
            }
            2 => Event::Released,
            3 => Event::OrderWithdrawn(OrderChange::ALL[usize::from(how / 9) % 2]),
            4 => Event::CodeTriesLeft(how / 9 % 3),
            5 => Event::Speak(Language::Ja),
            6 => Event::Speak(Language::En),
            7 => Event::Failed,
            8 => Event::Unavailable,
            _ => Event::OrderRefused(OrderRefusal::Busy),
        }
    }

    fn drain(&mut self) {
        while let Some(action) = self.dialog.poll_action() {
            assert!(!self.finished);
            match action {
                Action::Secure => self.asked = true,
                Action::Play { id, prompts, .. } => {
                    assert!(self.secured || !prompts.iter().any(|prompt| prompt.asks_for_card_data()));
                    self.playing = Some(id);
                }
                Action::Authorize(payment) => {
                    assert!(self.was_secured && !self.awaiting_verdict);
                    self.awaiting_verdict = true;
                    self.card = Some(payment.into_card());
                }
                Action::Release => (self.asked, self.secured) = (false, false),
                Action::Report(progress) => assert!(digits_shown(&progress) <= 4),
                Action::Finished(_) => {
                    assert!(!self.asked && !self.secured);
                    self.finished = true;
                }
                _ => {}
            }
        }
        assert_eq!(self.finished, self.dialog.is_finished());
        assert!(!format!("{:?}", self.dialog).contains(|c: char| c.is_ascii_digit()));
    }

    fn to_the_end(&mut self) {
        self.dialog.handle(Event::Answered, self.now);
        self.drain();
        for _ in 0..1_000 {
            let Some(at) = self.dialog.poll_timeout() else { break };
            self.now = self.now.max(at);
            self.dialog.handle_timeout(self.now);
            self.drain();
        }
        assert!(self.finished);
    }
}

fn command(how: u8) -> Command {
    const FIELDS: [Field; 6] =
        [Field::Postcode, Field::Pan, Field::Expiry, Field::SecurityCode, Field::OrderCode, Field::Method];
    let field = FIELDS[usize::from(how / 12) % FIELDS.len()];
    match how % 12 {
        0..=2 => Command::Capture(field),
        3 => Command::Clear(field),
        4 => Command::Skip(field),
        5 => Command::Repeat,
        6 => Command::SlowMode(how > 127),
        7 | 8 => Command::Submit,
        9 if how > 127 => Command::Talk,
        9 => Command::HandOver,
        10 => Command::Mode(if how > 127 { Mode::Directed } else { Mode::Automatic }),
        _ if how > 127 => Command::Cancel,
        _ => Command::TakeBack,
    }
}

fn digits_shown(progress: &Progress) -> usize {
    progress.last_four().map_or(0, |mask| mask.last_four().len() + mask.first().len())
}

/// An order that says nothing, or something, about how it is paid.
fn order(how: u8) -> OrderSummary {
    let order = OrderSummary::new(MerchantName::default(), Money::new(1_200, Currency::JPY));
    if how < 128 {
        return order;
    }
    let instalments = if how & 4 == 0 { vec![3, 12] } else { Vec::new() };
    let methods = Methods { lump_sum: how & 8 == 0, instalments, bonus: how & 16 == 0, revolving: false };
    order.with_terms(OrderTerms {
        methods: Some(methods),
        storing: [Storing::No, Storing::IfAgreed, Storing::Needed][usize::from(how / 32) % 3],
        after: [None, Some(AfterCall::Operator)][usize::from(how) % 2],
        hang_up: [None, Some(HangUpPolicy::FinishAndReport), Some(HangUpPolicy::VoidIfApproved)]
            [usize::from(how) % 3],
        ..OrderTerms::default()
    })
}
