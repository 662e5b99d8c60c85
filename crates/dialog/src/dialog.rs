use alloc::collections::VecDeque;
use alloc::vec;
use core::fmt;
use core::time::Duration;

use paytone_card::CardEntry;
use paytone_psp::DeclineReason;

use crate::field::Field;
use crate::keypad::{CodeEntry, Keypad};
use crate::speech::Speech;
use crate::state::{Collecting, Missing, Secure, State};
use crate::timers::{Timer, Timers};
use crate::{Action, Entry, Event, Language, Outcome, Phase, Progress, Prompt, Script};

mod authorizing;
mod card;
mod collecting;
mod ending;
mod order;
mod speaking;

/// The dialog with one caller: events go in, actions come out, time is an argument.
///
/// After every [`handle`](Self::handle) and [`handle_timeout`](Self::handle_timeout) take all actions with
/// [`poll_action`](Self::poll_action), then wait for the next event or for
/// [`poll_timeout`](Self::poll_timeout). Times are durations since the Unix epoch, since an expiry date is
/// judged by them. Every event is accepted in every state. From [`Event::Answered`] or [`Event::HungUp`] on,
/// [`Action::Finished`] comes within the session limit, one authorisation and one closing prompt.
///
/// `Debug` prints where the dialog stands and no digit at all.
pub struct Dialog {
    script: Script,
    state: State,
    secure: Secure,
    caller_gone: bool,
    keypad: Keypad,
    code: CodeEntry,
    card: Option<CardEntry>,
    missing: Missing,
    authorizations: u8,
    declined: Option<DeclineReason>,
    timers: Timers,
    speech: Speech,
    language: Language,
    language_is_chosen: bool,
    progress: Progress,
    actions: VecDeque<Action>,
}

impl Dialog {
    /// A dialog that waits for [`Event::Answered`].
    #[must_use]
    pub fn new(script: Script) -> Self {
        Self {
            language: script.first_language(),
            language_is_chosen: false,
            script,
            state: State::Ringing,
            secure: Secure::Off,
            caller_gone: false,
            keypad: Keypad::new(),
            code: CodeEntry::new(),
            card: None,
            missing: Missing::ALL,
            authorizations: 0,
            declined: None,
            timers: Timers::new(),
            speech: Speech::default(),
            progress: Progress::new(),
            actions: VecDeque::new(),
        }
    }

    /// Takes in what happened at `now`.
    pub fn handle(&mut self, event: Event, now: Duration) {
        if self.is_finished() {
            return;
        }
        match event {
            Event::Answered => self.answered(now),
            Event::Key(key) => self.key_pressed(key, now),
            Event::PromptDone(id) => self.prompt_done(id, now),
            Event::Secured => self.secured(now),
            Event::SecureRefused => self.secure_refused(now),
            Event::OrderFound(order) => self.order_found(order, now),
            Event::OrderRefused(refusal) => self.order_refused(refusal, now),
            Event::Verdict(verdict) => self.verdict(verdict, now),
            Event::Held => self.held(now),
            Event::Resumed => self.resumed(now),
            Event::Speak(language) => self.speak_in(language),
            Event::HungUp => self.hung_up(),
        }
        self.settle(now);
    }

    /// Acts on every deadline up to `now`. Called early, or again, it does nothing.
    pub fn handle_timeout(&mut self, now: Duration) {
        while let Some(timer) = self.timers.take_due(now) {
            match timer {
                Timer::Entry | Timer::Field => self.entry_over(now),
                Timer::StillWorking => self.still_working(now),
                Timer::Closing => self.closed(),
                Timer::Card => self.card_too_old(now),
                Timer::Securing => self.masking_failed(now),
                Timer::LookUp => self.look_up_failed(now),
                Timer::Authorizing => self.no_verdict(now),
                Timer::Session => self.session_over(now),
            }
            self.settle(now);
        }
    }

    /// The next thing to do, in order; `None` until something else happens.
    pub fn poll_action(&mut self) -> Option<Action> {
        let next = self.actions.pop_front();
        if next.is_none() {
            // Most of a call is waiting: it is waited for without an empty queue.
            self.actions = VecDeque::new();
        }
        next
    }

    /// When to call [`handle_timeout`](Self::handle_timeout) at the latest.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Duration> {
        self.timers.next()
    }

    /// What a screen may show now.
    #[must_use]
    pub const fn progress(&self) -> &Progress {
        &self.progress
    }

    /// The language that is spoken now.
    #[must_use]
    pub const fn language(&self) -> Language {
        self.language
    }

    /// Whether [`Action::Finished`] has been queued: nothing follows it.
    #[must_use]
    pub const fn is_finished(&self) -> bool {
        matches!(self.state, State::Finished)
    }

    fn answered(&mut self, now: Duration) {
        if !matches!(self.state, State::Ringing) {
            return;
        }
        self.enter(State::Securing);
        self.secure = Secure::Asked;
        self.timers.start(Timer::Session, now, self.script.timeouts.session);
        self.timers.start(Timer::Securing, now, self.script.timeouts.securing);
        self.actions.push_back(Action::Secure);
    }

    fn secured(&mut self, now: Duration) {
        if self.secure == Secure::Asked {
            self.secure = Secure::On;
        }
        if matches!(self.state, State::Securing) && self.secure == Secure::On {
            self.begin(now);
        }
    }

    fn begin(&mut self, now: Duration) {
        match self.script.entry.clone() {
            Entry::AskOrderCode => self.open(Field::OrderCode, vec![Prompt::Welcome], now),
            Entry::Order(order) => {
                self.ask_card(Missing::ALL, vec![Prompt::Welcome, Prompt::OrderSummary(order)], now);
            }
            Entry::Refused(refusal) => {
                let words = vec![Prompt::Welcome, Prompt::OrderRefused(refusal)];
                self.close(Outcome::OrderRefused(refusal), words, now);
            }
        }
    }

    /// Keys are not hidden, or no longer: whatever was entered goes. A card that is with the provider
    /// already is not called back.
    fn secure_refused(&mut self, now: Duration) {
        if matches!(self.state, State::Ringing) {
            return;
        }
        self.secure = Secure::Refused;
        if matches!(self.state, State::Securing | State::Collecting(_) | State::LookingUp) {
            self.masking_failed(now);
        }
    }

    fn masking_failed(&mut self, now: Duration) {
        self.close(Outcome::MaskingUnavailable, vec![Prompt::MaskingUnavailable], now);
    }

    fn enter(&mut self, state: State) {
        self.timers.leave_state();
        self.state = state;
    }

    /// Brings the dialog to rest: waiting keys are used up, then something is said, then reported.
    fn settle(&mut self, now: Duration) {
        while matches!(self.state, State::Collecting(_)) {
            let Some(key) = self.keypad.type_ahead.pop() else { break };
            self.consume(key, now);
        }
        if !self.is_finished() {
            self.speak();
            self.report();
        }
    }

    fn report(&mut self) {
        let seen = self.snapshot();
        if seen != self.progress {
            self.progress = Progress { sequence: seen.sequence.wrapping_add(1), ..seen };
            self.actions.push_back(Action::Report(self.progress.clone()));
        }
    }

    fn snapshot(&self) -> Progress {
        let field = self.collecting().map(|open| open.field);
        let (brand, last_four) = match &self.card {
            Some(card) => (card.brand(), card.masked()),
            None => (self.progress.brand, self.progress.last_four),
        };
        Progress {
            sequence: self.progress.sequence,
            phase: self.phase(),
            field,
            digits: self.collecting().map_or(0, Collecting::digits_to_show),
            brand,
            last_four,
            authorizations: self.authorizations,
            held: self.timers.is_held(),
        }
    }

    const fn collecting(&self) -> Option<&Collecting> {
        match &self.state {
            State::Collecting(open) => Some(open),
            _ => None,
        }
    }

    const fn phase(&self) -> Phase {
        self.state.phase()
    }
}

/// Prints phase and open field; never a digit, nor how many there are.
impl fmt::Debug for Dialog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dialog")
            .field("phase", &self.phase())
            .field("field", &self.collecting().map(|open| open.field))
            .field("held", &self.timers.is_held())
            .finish_non_exhaustive()
    }
}
