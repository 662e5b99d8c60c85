//! One call from answer to its outcome.

mod refresh;
mod tick;

use core::time::Duration;
use std::sync::Arc;
use std::time::Instant;

use paytone_call::{Action, Call, Input, Settings};
use paytone_dialog::{Field, Outcome, Phase, SecureState};
use rsipstack::dialog::dialog::{DialogState, DialogStateReceiver, TransactionHandle};
use rsipstack::dialog::invite_dialog::InviteDialog;
use rsipstack::sip::Request;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::{Interval, MissedTickBehavior};

use self::refresh::Refreshed;
use super::bridge::{self, Bridging};
use super::endpoint::Switchboard;
use super::media::MediaSession;
use super::message::{self, InfoBody};
use super::operator::OperatorLeg;
use super::recording::CallRecording;
use super::timer::SessionTimer;
use crate::config::OperatorConfig;
use crate::desk::Desk;
use crate::recorder::Recorder;

/// One call: the SIP dialog, the audio, the composed state machine, and the desk that finds orders and takes payments.
pub(super) struct Session {
    pub(super) switchboard: Arc<Switchboard>,
    pub(super) dialog: InviteDialog,
    states: DialogStateReceiver,
    messages: mpsc::Receiver<ToSession>,
    media: MediaSession,
    pub(super) call: Call,
    pub(super) desk: Desk,
    pub(super) clock: SessionClock,
    ticks: Interval,
    answers: (mpsc::Sender<Input<'static>>, mpsc::Receiver<Input<'static>>),
    pub(super) bridge: Bridging,
    recording: Option<CallRecording>,
    timer: Option<SessionTimer>,
    /// Our refresh is on its way.
    refreshing: Option<JoinHandle<Refreshed>>,
    /// No refresh before then.
    refresh_from: Duration,
    recorder: Option<Recorder>,
    /// The recorder was told to pause and not to go on.
    recorder_rests: bool,
    pub(super) up: bool,
    pub(super) held: bool,
}

/// What comes for a session from outside its dialog.
pub(super) enum ToSession {
    /// An INFO request with a key.
    Info(InfoBody),
    /// Whether another dialog may take the place of the caller's leg now.
    MayReplace(oneshot::Sender<bool>),
    /// The caller's leg has another dialog from now on (RFC 3891).
    Replaced(Box<NewLeg>),
}

/// A leg that has been answered, on its way to whoever it is for.
pub(super) struct NewLeg {
    pub(super) dialog: InviteDialog,
    pub(super) states: DialogStateReceiver,
    pub(super) media: MediaSession,
}

/// What a session is made of.
pub(super) struct Parts {
    pub(super) switchboard: Arc<Switchboard>,
    pub(super) dialog: InviteDialog,
    pub(super) states: DialogStateReceiver,
    pub(super) messages: mpsc::Receiver<ToSession>,
    pub(super) media: MediaSession,
    pub(super) call: Call,
    pub(super) desk: Desk,
    pub(super) operator: Option<OperatorConfig>,
    /// How the call is composed.
    pub(super) settings: Settings,
    pub(super) recording: Option<CallRecording>,
    /// The switchboard's, where the line names it.
    pub(super) recorder: Option<Recorder>,
    pub(super) timer: Option<SessionTimer>,
    pub(super) clock: SessionClock,
}

/// Wall-clock time that cannot go backwards within a call.
#[derive(Debug, Clone, Copy)]
pub(super) struct SessionClock {
    wall: Duration,
    started: Instant,
}

impl SessionClock {
    pub(super) fn start() -> Self {
        Self { wall: crate::clock::now(), started: Instant::now() }
    }

    pub(super) fn now(&self) -> Duration {
        self.wall + self.started.elapsed()
    }

    /// Since the call began.
    pub(super) fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    pub(super) fn instant(&self, at: Duration) -> tokio::time::Instant {
        (self.started + at.saturating_sub(self.wall)).into()
    }
}

impl Session {
    pub(super) fn new(parts: Parts) -> Self {
        let Parts { switchboard, dialog, states, messages, media, call, desk, operator, .. } = parts;
        let Parts { settings, recording, recorder, timer, clock, .. } = parts;
        let mut ticks = tokio::time::interval(FRAME);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
        let answers = mpsc::channel(ANSWERS);
        let (up, held, bridge) = (true, false, Bridging::new(operator, settings));
        Self {
            switchboard,
            dialog,
            states,
            messages,
            media,
            call,
            desk,
            clock,
            ticks,
            answers,
            bridge,
            recording,
            timer,
            refreshing: None,
            refresh_from: Duration::ZERO,
            recorder,
            recorder_rests: false,
            up,
            held,
        }
    }

    /// Runs the call to its outcome, whatever the caller and the network do.
    pub(super) async fn run(&mut self) {
        if self.bridge.operator_stays() {
            if !self.join_waiting().await && !self.call_operator(Vec::new()) {
                self.no_operator();
            }
        } else {
            self.call.handle(Input::Answered, self.clock.now());
        }
        if self.media.is_held() {
            self.hold(true);
        }
        let outcome = loop {
            if let Some(outcome) = self.carry_out()
                && let Some(outcome) = self.is_over(outcome).await
            {
                break outcome;
            }
            if let Some(outcome) = self.talked_out() {
                break outcome;
            }
            self.step().await;
        };
        self.hang_up();
        self.count_keys();
        if !self.bridge.is_closed() {
            self.desk.close(outcome).await;
        }
    }

    /// Counts what the caller has pressed in the call as it is composed now.
    pub(super) fn count_keys(&self) {
        self.switchboard.services.metrics.keys(self.call.keys_heard());
    }

    /// Waits for the next thing that happens and tells the call. What only has to be looked at now and then, packets too, is
    /// looked at in [`tick`](Self::tick), so that it takes no timer and no wakeup of its own.
    async fn step(&mut self) {
        let up = self.up;
        let timeout = self.call.poll_timeout().filter(|_| !up).map(|at| self.clock.instant(at));
        tokio::select! {
            // In this order, so that nothing can stop the clock.
            biased;
            _ = self.ticks.tick(), if up => self.tick(),
            state = self.states.recv(), if up => self.sip(state).await,
            Some(message) = self.messages.recv(), if up => match message {
                ToSession::Info(info) => self.info(&info),
                ToSession::MayReplace(answer) => drop(answer.send(!self.takes_card())),
                ToSession::Replaced(leg) => self.replaced(*leg),
            },
            Some(answer) = self.answers.1.recv() => self.answered(answer),
            event = OperatorLeg::next(&mut self.bridge.leg), if up => self.operator(event).await,
            Some(commanded) = self.desk.command(), if up => self.command(commanded),
            script = bridge::done(&mut self.bridge.script), if up => self.begin_payment(script),
            referred = bridge::done(&mut self.bridge.referral), if up => self.referred(referred).await,
            refreshed = bridge::done(&mut self.refreshing), if up => self.refreshed(refreshed),
            () = until(timeout) => self.call.handle_timeout(self.clock.now()),
        }
    }

    /// Does what the call asks for until it asks for nothing more; the outcome, once there is one.
    fn carry_out(&mut self) -> Option<Outcome> {
        while let Some(action) = self.call.poll_action() {
            match action {
                Action::Secure => self.secure(),
                Action::Release => self.release(),
                Action::LookUpOrder(code) => self.desk.look_up(code, self.answers.0.clone()),
                Action::Authorize(payment) => self.desk.authorize(payment, self.answers.0.clone()),
                Action::Void => self.desk.void(self.answers.0.clone()),
                Action::Consent { given, at } => self.desk.consent(given, at),
                Action::KeyDropped(role) => self.desk.key_dropped(role),
                Action::CommandRefused(command, why) => {
                    tracing::warn!(call = %self.desk.call(), ?command, %why, "a command was not followed");
                }
                Action::Speaking { prompts, language } => self.desk.speaking(&prompts, language),
                Action::Report(progress) => self.desk.report(progress),
                Action::HangUp => self.hang_up(),
                Action::ReturnToOperator => {
                    self.desk.back_to_operator();
                    self.bridge.wants_return = true;
                }
                Action::Announced => self.end("nobody to go back to"),
                Action::Finished(outcome) => return Some(outcome),
            }
        }
        if self.recorder_rests && self.call.progress().secure() == SecureState::Clear {
            self.recorder_rests = false;
            self.recorder.iter().for_each(Recorder::resume);
        }
        None
    }

    /// Nobody is asked for a card that could not be paid. What we send is masked in any case; a recorder of the switchboard
    /// has to say that it is paused.
    fn secure(&mut self) {
        match &self.recorder {
            Some(_) => self.recorder_rests = true,
            None => self.desk.unverified(),
        }
        self.desk.before_card(self.recorder.clone(), self.answers.0.clone());
    }

    fn answered(&mut self, answer: Input<'static>) {
        if matches!(answer, Input::Secured) && self.call.progress().secure() == SecureState::Securing {
            self.desk.secured();
        }
        self.call.handle(answer, self.clock.now());
    }

    /// Leaves secure mode; on a bridge the call says itself when the last key is through.
    fn release(&mut self) {
        self.desk.released();
        if !self.bridge.operator_stays() {
            self.call.handle(Input::Released, self.clock.now());
        }
    }

    /// Ends the call from our side; the dialog decides what is left to wait for.
    pub(super) fn end(&mut self, why: &'static str) {
        tracing::info!(call = %self.desk.call(), why, "ending the call");
        self.hang_up();
        self.call.handle(Input::HungUp, self.clock.now());
    }

    /// Sends BYE unless the line is down already. The call may still be waiting for a verdict.
    pub(super) fn hang_up(&mut self) {
        self.bridge.hang_up();
        if core::mem::take(&mut self.up) {
            self.send_bye(self.dialog.clone());
        }
    }

    fn send_bye(&self, dialog: InviteDialog) {
        let switchboard = self.switchboard.clone();
        self.switchboard.tasks.spawn(async move {
            // A peer that is gone never answers.
            drop(tokio::time::timeout(super::BYE_PATIENCE, dialog.bye()).await);
            switchboard.disconnect(&dialog.id());
        });
    }

    async fn sip(&mut self, state: Option<DialogState>) {
        match state {
            None | Some(DialogState::Terminated(..)) => {
                self.up = false;
                self.bridge.hang_up();
                self.switchboard.disconnect(&self.dialog.id());
                self.call.handle(Input::HungUp, self.clock.now());
            }
            Some(DialogState::Updated(_, request, handle)) => self.reoffer(&request, &handle).await,
            Some(DialogState::Notify(_, request, handle)) => self.notified(&request, &handle).await,
            Some(_) => {}
        }
    }

    /// An attended transfer: whoever was on the caller's leg has left it to somebody else.
    fn replaced(&mut self, leg: NewLeg) {
        let NewLeg { dialog, states, media } = leg;
        tracing::info!(call = %self.desk.call(), "the caller's leg was replaced");
        let before = core::mem::replace(&mut self.dialog, dialog);
        (self.states, self.media, self.timer) = (states, media, None);
        self.send_bye(before);
        self.call.handle(Input::EventsWithdrawn, self.clock.now());
        self.hold(self.media.is_held());
    }

    /// Whether some of a card is there: then nobody else gets onto the caller's leg.
    fn takes_card(&self) -> bool {
        let progress = self.call.progress();
        let is_in_card = progress
            .field()
            .is_some_and(|field| field.is_card_data() && (field != Field::Pan || progress.digits() > 0));
        progress.secure() == SecureState::Secured && (is_in_card || progress.phase() == Phase::Authorizing)
    }

    fn info(&mut self, info: &InfoBody) {
        let now = self.clock.now();
        self.media.heard(now);
        self.call.handle(Input::Info { content_type: &info.content_type, body: &info.body }, now);
    }

    /// A re-INVITE or UPDATE: hold, resume, another address, or nothing new.
    async fn reoffer(&mut self, request: &Request, handle: &TransactionHandle) {
        self.media.heard(self.clock.now());
        if self.refuses_crossing(request, handle).await || self.refuses_hold(request, handle).await {
            return;
        }
        if let Some(timer) = &mut self.timer {
            timer.refresh(Some(request), self.clock.now());
        }
        let more = self.timer.iter().flat_map(SessionTimer::answer).collect();
        if !message::answer_reoffer(&mut self.media, request, handle, more).await {
            tracing::debug!(call = %self.desk.call(), "a re-invite could not be answered");
        }
        if !self.media.delivers_events() {
            self.call.handle(Input::EventsWithdrawn, self.clock.now());
        }
        self.hold(self.media.is_held());
    }

    fn hold(&mut self, held: bool) {
        if held != self.held {
            self.held = held;
            self.media.heard(self.clock.now());
            self.call.handle(if held { Input::Held } else { Input::Resumed }, self.clock.now());
        }
    }
}

/// Sleeps until then, or for ever.
pub(super) async fn until(at: Option<tokio::time::Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at).await,
        None => core::future::pending().await,
    }
}

/// One frame of audio.
pub(super) const FRAME: Duration = Duration::from_millis(20);
/// Answers that may wait: one lookup and one verdict are open at a time.
const ANSWERS: usize = 4;
