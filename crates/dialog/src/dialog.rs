use alloc::boxed::Box;
use alloc::sync::Arc;
use core::fmt;
use core::time::Duration;

use paytone_card::{Brand, CardEntry, PanPolicy};
use paytone_dtmf::Key;
use paytone_psp::DeclineReason;

use crate::actions::Actions;
use crate::field::{Field, FieldSet};
use crate::keypad::{CodeEntry, Keypad};
use crate::phase::SecureState;
use crate::script::Plan;
use crate::speech::Speech;
use crate::state::{Collecting, State};
use crate::timers::{Timer, Timers, nanoseconds};
use crate::{
    Action, AfterCall, Command, CommandRefused, Details, Entry, Event, Language, Mode, OrderSummary, Phase,
    Progress, Script,
};

mod answers;
mod authorizing;
mod card;
mod collecting;
mod directing;
mod ending;
mod keying;
mod menu;
mod order;
mod securing;
mod speaking;

/// The dialog with one caller: events go in, actions come out, time is an argument.
///
/// After every [`handle`](Self::handle), [`command`](Self::command) and [`handle_timeout`](Self::handle_timeout) take
/// all actions with [`poll_action`](Self::poll_action), then wait for the next event or for
/// [`poll_timeout`](Self::poll_timeout). Times are durations since the Unix epoch, since an expiry date is
/// judged by them. Every event is accepted in every state. From [`Event::Answered`] or [`Event::HungUp`] on,
/// [`Action::Finished`] comes within the session limit, one authorisation and one closing prompt.
///
/// `Debug` prints where the dialog stands and no digit at all.
pub struct Dialog {
    plan: Arc<Plan>,
    entry: Entry,
    order: Option<OrderSummary>,
    state: State,
    mode: Mode,
    secure: SecureState,
    language: Language,
    /// The script's, as far as the order says nothing else.
    after: AfterCall,
    /// The script's, for the brands that the order takes.
    cards: PanPolicy,
    caller: CallerSoFar,
    keypad: Keypad,
    code: CodeEntry,
    card: Option<CardEntry>,
    /// What a screen may know of the card's brand, kept so that it is not worked out with every event.
    brand: Option<Brand>,
    details: Option<Box<Details>>,
    missing: FieldSet,
    /// Everything that is asked for, missing or not: what an operator can have asked again.
    asked: FieldSet,
    authorizations: u8,
    code_tries: Option<u8>,
    declined: Option<DeclineReason>,
    timers: Timers,
    speech: Speech,
    progress: Progress,
    /// It has changed and nobody has fetched it.
    report_due: bool,
    actions: Actions,
    /// Knows no short way for a digit, to be compared with one that does.
    #[cfg(test)]
    always_long: bool,
}

/// What has happened so far that decides what comes.
#[derive(Debug, Default)]
#[allow(clippy::struct_excessive_bools, reason = "they are independent of each other")]
struct CallerSoFar {
    gone: bool,
    /// A key was heard.
    heard: bool,
    /// How to switch to tones was explained.
    told_about_tones: bool,
    /// The order has not been spoken yet.
    summary_due: bool,
    /// No other card was offered as a way out.
    may_have_no_card: bool,
    /// Waits are longer.
    slow: bool,
    /// The key of a hand-over was pressed.
    handed_over: bool,
    /// The operator agreed to the hand-over.
    operator_agreed: bool,
    /// The language was chosen in this call.
    language_is_chosen: bool,
}

impl Dialog {
    /// A dialog that waits for [`Event::Answered`].
    #[must_use]
    pub fn new(script: Script) -> Self {
        let Script { plan, entry } = script;
        let known = (plan.known != Details::default()).then(|| Box::new(plan.known.clone()));
        let mut dialog = Self {
            order: None,
            state: State::Ringing,
            mode: plan.mode,
            secure: SecureState::Clear,
            language: plan.language_of(match &entry {
                Entry::Order(order) => Some(order),
                _ => None,
            }),
            after: plan.after,
            cards: plan.pan_policy,
            caller: CallerSoFar::default(),
            keypad: Keypad::new(),
            code: CodeEntry::new(),
            card: None,
            brand: None,
            details: known,
            missing: order::all_missing(&plan, &entry),
            asked: FieldSet::of(&plan.fields),
            authorizations: 0,
            code_tries: None,
            declined: None,
            timers: Timers::new(),
            speech: Speech::default(),
            progress: Progress::new(),
            report_due: false,
            actions: Actions::new(),
            #[cfg(test)]
            always_long: false,
            plan,
            entry,
        };
        dialog.progress = dialog.snapshot();
        dialog
    }

    /// Takes in what happened at `now`.
    // Inlined, the event would be copied before it is looked at.
    #[inline(never)]
    pub fn handle(&mut self, event: Event, now: Duration) {
        match event {
            // Most events are keys.
            Event::Key(key) => self.handle_key(key, now),
            rare => self.handle_rare(rare, now),
        }
    }

    fn handle_key(&mut self, key: Key, now: Duration) {
        if let Some((field, digit)) = self.next_digit(key) {
            return self.take_digit(field, digit, now);
        }
        if !self.is_finished() {
            self.key_pressed(key, now);
            self.settle(now);
        }
    }

    #[inline(never)]
    fn handle_rare(&mut self, event: Event, now: Duration) {
        if self.is_finished() {
            return self.finished(&event);
        }
        match event {
            Event::Key(key) => self.key_pressed(key, now),
            Event::PromptDone(id) => self.prompt_done(id, now),
            Event::Answered => self.answered(now),
            Event::Secured => self.secured(now),
            Event::SecureRefused => self.secure_refused(now),
            Event::OrderFound(order) => self.order_found(order, now),
            Event::OrderRefused(refusal) => self.order_refused(refusal, now),
            Event::OrderWithdrawn(change) => self.order_withdrawn(change, now),
            Event::CodeTriesLeft(left) => self.code_tries = Some(left),
            Event::Verdict(verdict) => self.verdict(verdict, now),
            Event::Held => self.held(now),
            Event::Resumed => self.resumed(now),
            Event::Speak(language) => self.speak_in(language),
            // An operator who cannot be told about a refusal sees it in the report.
            Event::Command(command) => drop(self.follow(command, now)),
            Event::Unavailable => self.unavailable(now),
            Event::Failed => self.failed(now),
            Event::Released => self.released(),
            Event::HungUp => self.hung_up(now),
        }
        self.settle(now);
    }

    /// Does what the operator wants, at `now`.
    ///
    /// # Errors
    /// [`CommandRefused`] says why not; nothing has changed then.
    pub fn command(&mut self, command: Command, now: Duration) -> Result<(), CommandRefused> {
        let followed = self.follow(command, now);
        if !self.is_finished() {
            self.settle(now);
        }
        followed
    }

    /// Acts on every deadline up to `now`. Called early, or again, it does nothing.
    pub fn handle_timeout(&mut self, now: Duration) {
        while let Some(timer) = self.timers.take_due(now) {
            match timer {
                Timer::Entry => self.paused(now),
                Timer::Field => self.entry_over(now),
                Timer::StillWorking => self.still_working(now),
                Timer::Closing => self.closed(now),
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
    #[inline]
    pub fn poll_action(&mut self) -> Option<Action> {
        if self.report_due || !self.actions.is_empty() { self.next_action() } else { None }
    }

    #[inline(never)]
    fn next_action(&mut self) -> Option<Action> {
        if self.report_due && self.actions.only_outcome_left() {
            self.report_due = false;
            return Some(Action::Report(self.progress));
        }
        self.actions.pop()
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

    /// Nothing follows the outcome but the end of secure mode.
    fn finished(&mut self, event: &Event) {
        if matches!(event, Event::Released) {
            self.released();
            self.progress.secure = self.secure;
        }
    }

    fn enter(&mut self, state: State) {
        self.timers.leave_state();
        self.state = state;
    }

    /// Brings the dialog to rest: waiting keys are used up, then something is said, then reported.
    fn settle(&mut self, now: Duration) {
        while matches!(self.state, State::Collecting(_))
            && !self.keypad.type_ahead.is_empty()
            && !self.must_listen()
        {
            let Some(key) = self.keypad.type_ahead.pop() else { break };
            self.consume(key, now);
        }
        if !self.is_finished() {
            self.speak();
            self.report(now);
        }
    }

    /// Brings what a screen may show up to date, and notes whether that has changed anything.
    fn report(&mut self, now: Duration) {
        let mut seen = self.snapshot();
        // A digit more is what mostly differs, and is seen at once.
        if seen.digits == self.progress.digits && seen == self.progress {
            return;
        }
        if seen.phase != self.progress.phase {
            seen.phase_since = nanoseconds(now);
        }
        self.next_report();
        seen.sequence = self.progress.sequence;
        self.progress = seen;
    }

    #[inline]
    fn snapshot(&self) -> Progress {
        let open = self.collecting();
        Progress {
            sequence: self.progress.sequence,
            phase: self.phase(),
            phase_since: self.progress.phase_since,
            mode: self.mode,
            secure: self.secure,
            field: open.map(|open| open.field),
            menu: open.is_some_and(|open| open.menu),
            digits: open.map_or(0, Collecting::digits_to_show),
            missing: self.missing,
            brand: self.brand,
            last_four: self.last_four(),
            authorizations: self.authorizations,
            held: self.timers.is_held(),
            no_key_heard: self.caller.told_about_tones && !self.caller.heard,
            slow: self.caller.slow,
        }
    }

    const fn collecting(&self) -> Option<&Collecting> {
        match &self.state {
            State::Collecting(open) => Some(open),
            _ => None,
        }
    }

    const fn collecting_mut(&mut self) -> Option<&mut Collecting> {
        match &mut self.state {
            State::Collecting(open) => Some(open),
            _ => None,
        }
    }

    fn open_field(&self) -> Option<Field> {
        self.collecting().map(|open| open.field)
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
            .field("mode", &self.mode)
            .field("field", &self.open_field())
            .field("held", &self.timers.is_held())
            .finish_non_exhaustive()
    }
}
