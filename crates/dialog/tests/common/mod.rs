//! A caller, a media side and a clock for one dialog, in virtual time.

#![allow(dead_code, reason = "each test file uses its own part")]
#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

use core::time::Duration;
use std::sync::Arc;

use paytone_card::Card;
use paytone_dialog::phrase::Situation;
use paytone_dialog::{
    Action, Command, CommandRefused, Details, Dialog, Entry, Event, MerchantName, OrderCode, OrderSummary,
    Outcome, PlayId, Progress, Prompt, Script, ScriptBuilder, Verdict,
};
use paytone_dtmf::Key;
use paytone_psp::{Currency, DeclineReason, Money};

/// 21 September 2026.
pub(crate) const START: Duration = Duration::from_secs(1_790_000_000);
/// How long each prompt of a list is spoken.
pub(crate) const PROMPT: Duration = Duration::from_secs(2);
/// From one key to the next.
pub(crate) const GAP: Duration = Duration::from_millis(200);
/// An expiry date that lies ahead.
pub(crate) const EXPIRY: &str = "1230";

pub(crate) struct Call {
    pub(crate) dialog: Dialog,
    pub(crate) now: Duration,
    pub(crate) cards: Vec<Card>,
    pub(crate) reports: Vec<Progress>,
    /// Everything that was said, and what the words for it depend on.
    pub(crate) spoken: Vec<(Arc<[Prompt]>, Situation)>,
    /// What was asked for besides the card.
    pub(crate) details: Details,
    log: Vec<String>,
    playing: Option<(PlayId, Duration)>,
    confirms_secure: bool,
    secured: bool,
    outcome: Option<Outcome>,
}

impl Call {
    pub(crate) fn new(script: Script) -> Self {
        Self {
            dialog: Dialog::new(script),
            now: START,
            cards: Vec::new(),
            reports: Vec::new(),
            spoken: Vec::new(),
            details: Details::default(),
            log: Vec::new(),
            playing: None,
            confirms_secure: true,
            secured: false,
            outcome: None,
        }
    }

    /// Whether the media side confirms secure mode by itself, at once.
    pub(crate) fn confirms_secure(mut self, confirms: bool) -> Self {
        self.confirms_secure = confirms;
        self
    }

    pub(crate) fn answered(mut self) -> Self {
        self.event(Event::Answered);
        self
    }

    pub(crate) fn event(&mut self, event: Event) {
        self.secured |= matches!(event, Event::Secured);
        self.dialog.handle(event, self.now);
        self.drain();
    }

    /// What the operator wants.
    pub(crate) fn command(&mut self, command: Command) -> Result<(), CommandRefused> {
        let followed = self.dialog.command(command, self.now);
        self.drain();
        followed
    }

    /// Presses keys [`GAP`] apart, the first one at once; spaces are for the reader.
    pub(crate) fn keys(&mut self, keys: &str) {
        for key in keys.chars().filter(|c| *c != ' ') {
            self.event(Event::Key(Key::from_char(key).unwrap()));
            self.pass(GAP);
        }
    }

    /// Lets time pass; prompts end and timers fire when they are due.
    pub(crate) fn pass(&mut self, time: Duration) {
        let until = self.now + time;
        while let Some(at) = self.next().filter(|at| *at <= until) {
            self.now = at;
            self.happen();
        }
        self.now = until;
    }

    pub(crate) fn wait(&mut self, seconds: u64) {
        self.pass(Duration::from_secs(seconds));
    }

    /// Waits until nothing is being said.
    pub(crate) fn listen(&mut self) {
        while let Some((_, end)) = self.playing {
            self.pass(end.saturating_sub(self.now));
        }
    }

    pub(crate) fn verdict(&mut self, verdict: Verdict) {
        self.event(Event::Verdict(verdict));
    }

    /// Declines the last card, handing it back.
    pub(crate) fn decline(&mut self, reason: DeclineReason) {
        let mut card = self.cards.pop().unwrap();
        card.drop_code();
        self.verdict(Verdict::Declined { reason, card: Some(card) });
    }

    /// What happened since the last look, without reports.
    pub(crate) fn log(&mut self) -> Vec<String> {
        core::mem::take(&mut self.log)
    }

    /// The names of the prompts since the last look, one string per play.
    pub(crate) fn said(&mut self) -> Vec<String> {
        self.log().iter().filter_map(|line| line.strip_prefix("play ")).map(str::to_owned).collect()
    }

    pub(crate) fn outcome(&self) -> Option<&Outcome> {
        self.outcome.as_ref()
    }

    /// Lets everything that is due happen until the dialog is over.
    pub(crate) fn run_out(&mut self) -> Outcome {
        while let Some(at) = self.next() {
            self.now = at.max(self.now);
            self.happen();
        }
        self.outcome.expect("a dialog ends")
    }

    fn next(&self) -> Option<Duration> {
        let prompt = self.playing.map(|(_, end)| end);
        [prompt, self.dialog.poll_timeout()].into_iter().flatten().min()
    }

    fn happen(&mut self) {
        match self.playing.take_if(|(_, end)| *end <= self.now) {
            Some((id, _)) => self.event(Event::PromptDone(id)),
            None => {
                self.dialog.handle_timeout(self.now);
                self.drain();
            }
        }
    }

    fn drain(&mut self) {
        while let Some(action) = self.dialog.poll_action() {
            assert_eq!(self.outcome, None, "nothing follows Finished");
            self.act(action);
        }
    }

    fn act(&mut self, action: Action) {
        let line = match action {
            Action::Secure => {
                if self.confirms_secure {
                    self.event(Event::Secured);
                }
                return;
            }
            Action::Release => "release".to_owned(),
            Action::Play { id, prompts, situation } => {
                assert_eq!(self.playing, None, "one play at a time");
                assert!(self.secured || !prompts.iter().any(|prompt| prompt.asks_for_card_data()));
                self.playing = Some((id, self.now + PROMPT * u32::try_from(prompts.len()).unwrap()));
                let names: Vec<_> = prompts.iter().map(|prompt| prompt.name()).collect();
                let line = format!("play {}", names.join(" "));
                self.spoken.push((prompts, situation));
                line
            }
            Action::StopPlaying => {
                self.playing.take().expect("something was playing");
                "stop".to_owned()
            }
            Action::LookUpOrder(code) => {
                assert_eq!(code, order_code());
                "look-up".to_owned()
            }
            Action::Authorize(payment) => {
                let (card, details) = payment.into_parts();
                self.cards.push(card);
                self.details = details;
                "authorize".to_owned()
            }
            Action::Report(progress) => return self.reports.push(progress),
            Action::HangUp => "hang-up".to_owned(),
            Action::ReturnToOperator => "to-operator".to_owned(),
            Action::Void => "void".to_owned(),
            Action::SlowMode(on) => format!("slow {on}"),
            Action::Consent { given, .. } => format!("consent {given}"),
            Action::Finished(outcome) => {
                self.outcome = Some(outcome);
                format!("finished {outcome}")
            }
        };
        self.log.push(line);
    }
}

pub(crate) fn order() -> OrderSummary {
    OrderSummary::new(MerchantName::default(), Money::new(1_200, Currency::JPY))
}

pub(crate) fn order_code() -> OrderCode {
    OrderCode::generate([1, 2, 3, 4, 5, 6, 7, 8]).unwrap()
}

/// A script that starts at the order summary.
pub(crate) fn card_script() -> ScriptBuilder {
    Script::builder(Entry::Order(order()))
}

/// A call that has just begun to ask for the card number, the log still empty.
pub(crate) fn at_pan() -> Call {
    at_pan_of(card_script())
}

pub(crate) fn at_pan_of(script: ScriptBuilder) -> Call {
    let mut call = Call::new(script.build().unwrap()).answered();
    assert_eq!(call.log(), ["play welcome order-summary enter-pan"]);
    call
}

/// A call whose card is with the provider, the log empty.
pub(crate) fn authorizing(pan: &str) -> Call {
    authorizing_of(card_script(), pan)
}

pub(crate) fn authorizing_of(script: ScriptBuilder, pan: &str) -> Call {
    let mut call = at_pan_of(script);
    call.keys(pan);
    call.keys("#");
    call.keys(EXPIRY);
    call.keys("123");
    assert_eq!(call.log().last().unwrap(), "play one-moment");
    call
}
