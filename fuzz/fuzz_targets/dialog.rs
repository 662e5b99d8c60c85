//! A dialog fed with arbitrary events at arbitrary times: it never panics, asks for card data in secure mode
//! only, finishes once and last, and comes to an end.

#![no_main]

use core::time::Duration;

use libfuzzer_sys::fuzz_target;
use paytone_card::{Card, test_numbers};
use paytone_dialog::{
    Action, Dialog, Entry, Event, MerchantName, OrderRefusal, OrderSummary, PlayId, Script, Verdict,
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
    let entry = if first % 2 == 0 { Entry::AskOrderCode } else { Entry::Order(order()) };
    let Ok(script) = Script::builder(entry).build() else { return };
    let mut run = Run {
        dialog: Dialog::new(script),
        now: START,
        card: None,
        playing: None,
        asked: false,
        secured: false,
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
    finished: bool,
}

impl Run {
    /// One byte says what happens, the other how.
    fn step(&mut self, what: u8, how: u8) {
        let event = match what % 16 {
            0..=2 => {
                self.keys(ENTRIES[usize::from(how) % ENTRIES.len()]);
                None
            }
            3..=6 => Key::from_event_code(how % 16).map(Event::Key),
            7 => Some(Event::Answered),
            8 => {
                self.secured |= self.asked;
                Some(Event::Secured)
            }
            9 => self.playing.map(Event::PromptDone),
            10 => Some(Event::OrderFound(order())),
            11 => Some(Event::Verdict(self.verdict(how))),
            12 => Some(if how % 2 == 0 { Event::Held } else { Event::Resumed }),
            13 => Some(self.rare(how)),
            14 => {
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
        match how % 3 {
            0 => Event::HungUp,
            1 => {
                (self.asked, self.secured) = (false, false);
                Event::SecureRefused
            }
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
                Action::Authorize(payment) => self.card = Some(payment.into_card()),
                Action::Finished(_) => self.finished = true,
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

fn order() -> OrderSummary {
    OrderSummary::new(MerchantName::default(), Money::new(1_200, Currency::JPY))
}
