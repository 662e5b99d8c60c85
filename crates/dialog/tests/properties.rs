//! Laws that hold for every sequence of events.

#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

mod common;

use core::time::Duration;

use common::{START, order, order_code};
use paytone_card::{Card, CardEntry, PanPolicy, test_numbers};
use paytone_dialog::{
    Action, Command, Dialog, Entry, Event, Field, FieldRules, Language, Mode, OrderChange, OrderRefusal,
    Outcome, PlayId, Progress, Script, Timeouts, Verdict,
};
use paytone_dtmf::Key;
use paytone_psp::DeclineReason;
use proptest::prelude::*;

/// Something that happens to a dialog. Cards and play ids are filled in when it happens.
#[derive(Clone, Debug)]
enum Step {
    Answered,
    Keys(&'static str),
    Key(u8),
    PromptDone {
        stale: bool,
    },
    Secured,
    SecureRefused,
    OrderFound,
    OrderRefused,
    Approved,
    Declined {
        reason: usize,
        with_card: bool,
    },
    NotATestCard,
    Unavailable,
    Unknown,
    Held,
    Resumed,
    HungUp,
    Command(Command),
    /// An event that says all there is to say.
    Other(usize),
    Timeout,
    Pass(u64),
    ClockBack(u64),
}

/// Everything an operator can say.
fn commands() -> Vec<Command> {
    let fields = [Field::OrderCode, Field::Postcode, Field::Pan, Field::Expiry, Field::SecurityCode];
    let of_fields = fields.into_iter().flat_map(|field| {
        [Command::Capture(field), Command::Capture(field), Command::Clear(field), Command::Skip(field)]
    });
    let others = [
        Command::Mode(Mode::Automatic),
        Command::Mode(Mode::Directed),
        Command::Repeat,
        Command::SlowMode(true),
        Command::SlowMode(false),
        Command::Submit,
        Command::Submit,
        Command::Submit,
        Command::HandOver,
        Command::Talk,
        Command::Talk,
        Command::Cancel,
        Command::TakeBack,
    ];
    of_fields.chain(others).collect()
}

fn other(which: usize) -> Event {
    match which {
        0 => Event::Released,
        1 => Event::OrderWithdrawn(OrderChange::Cancelled),
        2 => Event::OrderWithdrawn(OrderChange::Changed),
        3 => Event::CodeTriesLeft(0),
        4 => Event::CodeTriesLeft(1),
        5 => Event::Speak(Language::Ja),
        6 => Event::Speak(Language::En),
        7 => Event::Unavailable,
        _ => Event::Failed,
    }
}

fn step() -> impl Strategy<Value = Step> {
    let entries = vec![
        test_numbers::VISA,
        test_numbers::MASTERCARD,
        test_numbers::AMERICAN_EXPRESS,
        test_numbers::UNIONPAY_19,
        test_numbers::MAESTRO,
        "1230",
        "123",
        "#",
        "*",
    ];
    prop_oneof![
        4 => Just(Step::Answered),
        12 => prop::sample::select(entries).prop_map(Step::Keys),
        6 => (0..16_u8).prop_map(Step::Key),
        6 => any::<bool>().prop_map(|stale| Step::PromptDone { stale }),
        6 => Just(Step::Secured),
        1 => Just(Step::SecureRefused),
        4 => Just(Step::OrderFound),
        1 => Just(Step::OrderRefused),
        1 => Just(Step::Approved),
        4 => (0..DeclineReason::ALL.len(), any::<bool>())
            .prop_map(|(reason, with_card)| Step::Declined { reason, with_card }),
        1 => Just(Step::NotATestCard),
        1 => Just(Step::Unavailable),
        1 => Just(Step::Unknown),
        2 => Just(Step::Held),
        3 => Just(Step::Resumed),
        1 => Just(Step::HungUp),
        12 => prop::sample::select(commands()).prop_map(Step::Command),
        4 => (0..9_usize).prop_map(Step::Other),
        6 => Just(Step::Timeout),
        6 => (0..20_000_u64).prop_map(Step::Pass),
        1 => (0..20_000_u64).prop_map(Step::ClockBack),
    ]
}

/// A dialog whose laws are checked at every action.
struct Watched {
    dialog: Dialog,
    now: Duration,
    playing: Option<PlayId>,
    stopped: Option<PlayId>,
    securing: bool,
    secured: bool,
    /// It has been, so that there can be a card.
    was_secured: bool,
    card: Option<Card>,
    awaiting_verdict: bool,
    released: bool,
    outcome: Option<Outcome>,
    sequence: u32,
    actions: usize,
}

impl Watched {
    fn new(script: Script) -> Self {
        Self {
            dialog: Dialog::new(script),
            now: START,
            playing: None,
            stopped: None,
            securing: false,
            secured: false,
            was_secured: false,
            card: None,
            awaiting_verdict: false,
            released: false,
            outcome: None,
            sequence: 0,
            actions: 0,
        }
    }

    fn step(&mut self, step: Step) {
        match step {
            Step::Keys(keys) => keys.chars().for_each(|c| self.event(Event::Key(Key::from_char(c).unwrap()))),
            Step::Key(code) => self.event(Event::Key(Key::from_event_code(code).unwrap())),
            Step::PromptDone { stale } => {
                if let Some(id) = if stale { self.stopped } else { self.playing.take() } {
                    self.event(Event::PromptDone(id));
                }
            }
            Step::Answered => self.event(Event::Answered),
            Step::Secured => {
                self.secured |= self.securing;
                self.was_secured |= self.secured;
                self.event(Event::Secured);
            }
            Step::SecureRefused => {
                self.secured = false;
                self.securing = false;
                self.event(Event::SecureRefused);
            }
            Step::OrderFound => self.event(Event::OrderFound(order())),
            Step::OrderRefused => self.event(Event::OrderRefused(OrderRefusal::Busy)),
            Step::Approved => self.verdict(Verdict::Approved),
            Step::Declined { reason, with_card } => {
                let card = self.card.take().filter(|_| with_card);
                self.verdict(Verdict::Declined { reason: DeclineReason::ALL[reason], card });
            }
            Step::NotATestCard => self.verdict(Verdict::NotATestCard),
            Step::Unavailable => self.verdict(Verdict::Unavailable),
            Step::Unknown => self.verdict(Verdict::Unknown),
            Step::Held => self.event(Event::Held),
            Step::Resumed => self.event(Event::Resumed),
            Step::HungUp => self.event(Event::HungUp),
            Step::Command(command) => self.command(command),
            Step::Other(which) => self.event(other(which)),
            Step::Timeout => self.timeout(),
            Step::Pass(millis) => self.now += Duration::from_millis(millis),
            Step::ClockBack(millis) => self.now -= Duration::from_millis(millis),
        }
    }

    fn verdict(&mut self, verdict: Verdict) {
        self.awaiting_verdict = false;
        self.event(Event::Verdict(verdict));
    }

    fn timeout(&mut self) {
        self.dialog.handle_timeout(self.now);
        self.drain();
    }

    /// A command that is refused changes nothing.
    fn command(&mut self, command: Command) {
        let before = format!("{:?}", self.dialog);
        if self.dialog.command(command, self.now).is_err() {
            assert_eq!(self.dialog.poll_action().map(|action| format!("{action:?}")), None, "{command:?}");
            assert_eq!(format!("{:?}", self.dialog), before, "{command:?}");
        }
        self.drain();
    }

    fn event(&mut self, event: Event) {
        self.dialog.handle(event, self.now);
        self.drain();
    }

    fn drain(&mut self) {
        while let Some(action) = self.dialog.poll_action() {
            self.actions += 1;
            assert_eq!(self.outcome, None, "Finished is the last action and comes once");
            self.check(action);
        }
        assert_eq!(self.dialog.is_finished(), self.outcome.is_some());
        let shown = format!("{:?}", self.dialog);
        assert!(!shown.contains(|c: char| c.is_ascii_digit()), "{shown}");
    }

    fn check(&mut self, action: Action) {
        match action {
            Action::Secure => self.securing = true,
            Action::Play { id, prompts, .. } => {
                assert!(!prompts.is_empty());
                assert_eq!(self.playing, None, "what is playing is stopped first");
                assert!(self.secured || !prompts.iter().any(|prompt| prompt.asks_for_card_data()));
                self.playing = Some(id);
            }
            Action::StopPlaying => self.stopped = self.playing.take(),
            Action::LookUpOrder(code) => assert_eq!(code.as_str().len(), 9),
            Action::Authorize(payment) => {
                assert!(self.was_secured);
                assert!(!self.awaiting_verdict, "one authorization at a time");
                self.awaiting_verdict = true;
                self.card = Some(payment.into_card());
            }
            Action::Report(progress) => self.check_report(&progress),
            Action::Release => (self.released, self.secured, self.securing) = (true, false, false),
            Action::HangUp | Action::SlowMode(_) | Action::ReturnToOperator | Action::Consent { .. } => {}
            Action::Void => {
                assert!(
                    self.card.is_none() || !self.awaiting_verdict,
                    "only what was approved is taken back"
                );
            }
            Action::Finished(outcome) => {
                assert!(!self.secured && !self.securing, "every way out leaves secure mode");
                self.outcome = Some(outcome);
            }
        }
    }

    fn check_report(&mut self, progress: &Progress) {
        let shown = progress.last_four().map_or(0, |mask| mask.last_four().len() + mask.first().len());
        assert!(shown <= 4, "never more than the last four digits");
        assert_eq!(progress.sequence(), self.sequence + 1);
        self.sequence += 1;
    }

    /// Nothing happens any more but time.
    fn run_out(&mut self, session: Duration) {
        self.event(Event::Answered);
        let start = self.now;
        for _ in 0..1_000 {
            let Some(at) = self.dialog.poll_timeout() else { break };
            self.now = self.now.max(at);
            self.timeout();
        }
        assert!(self.outcome.is_some(), "{:?} did not end", self.dialog);
        // The clock may have gone back by as much as a step does, for each step.
        assert!(self.now - start <= session + SLACK, "{:?}", self.now - start);
    }
}

/// One authorization, the closing prompt, and what clocks set back can add.
const SLACK: Duration = Duration::from_secs(90 + 30 + 60 * 20);

proptest! {
    #[test]
    fn whatever_happens_a_dialog_ends_well(
        steps in prop::collection::vec(step(), 0..60),
        asks in any::<bool>(),
        directed in any::<bool>(),
        in_order in any::<bool>(),
    ) {
        let entry = if asks { Entry::AskOrderCode } else { Entry::Order(order()) };
        let script = Script::builder(entry)
            .mode(if directed { Mode::Directed } else { Mode::Automatic })
            .fields([Field::Postcode, Field::Pan, Field::Expiry, Field::SecurityCode])
            .rules(Field::Postcode, FieldRules { optional: true, ..FieldRules::default() })
            .languages(&[Language::En, Language::Ja]);
        let mut watched = Watched::new(script.build().unwrap());
        if in_order {
            watched.step(Step::Answered);
            watched.step(Step::Secured);
            for digit in order_code().as_str().bytes().filter(|_| asks) {
                watched.step(Step::Key(digit - b'0'));
            }
            watched.step(Step::OrderFound);
        }
        let count = steps.len();
        steps.into_iter().for_each(|step| watched.step(step));
        watched.run_out(Timeouts::default().session);
        prop_assert!(watched.actions < 200 + count * 80);
    }

    #[test]
    fn digits_that_differ_only_in_date_and_code_look_the_same(
        month in 1..=12_u8, year in 27..=40_u8, code in 0..1000_u16, wrong in any::<bool>(),
    ) {
        let seen = |month: u8, year: u8, code: u16| {
            let mut watched = Watched::new(Script::builder(Entry::Order(order())).build().unwrap());
            watched.event(Event::Answered);
            (watched.secured, watched.was_secured) = (true, true);
            watched.dialog.handle(Event::Secured, START);
            let reason = DeclineReason::CodeMismatch;
            let keys = format!("{}{month:02}{year:02}{code:03}", test_numbers::MASTERCARD);
            let mut seen = Vec::new();
            for c in keys.chars() {
                watched.dialog.handle(Event::Key(Key::from_char(c).unwrap()), START);
            }
            if wrong {
                watched.dialog.handle(Event::Verdict(Verdict::Declined { reason, card: None }), START);
            }
            while let Some(action) = watched.dialog.poll_action() {
                seen.push(format!("{action:?}"));
            }
            seen
        };
        prop_assert_eq!(seen(month, year, code), seen(12, 30, 123));
    }
}

#[test]
fn debug_of_events_and_actions_shows_no_keyed_digit() {
    let key = format!("{:?}", Event::Key(Key::D7));
    assert!(!key.contains('7'), "{key}");
    let code = format!("{:?}", Action::LookUpOrder(order_code()));
    assert!(!code.contains(|c: char| c.is_ascii_digit()), "{code}");
    let mut entry = CardEntry::new();
    let policy = PanPolicy::default();
    for byte in test_numbers::VISA.bytes() {
        entry.push_pan(byte - b'0', &policy);
    }
    entry.accept_pan(&policy).unwrap();
    for digit in [1, 2, 3, 0] {
        entry.push_expiry(digit);
    }
    entry.accept_expiry(START).unwrap();
    for digit in [1, 2, 3] {
        entry.push_code(digit);
    }
    entry.accept_code().unwrap();
    let shown = format!("{:?}", entry.finish().unwrap());
    assert!(!shown.contains(|c: char| c.is_ascii_digit()), "{shown}");
}
