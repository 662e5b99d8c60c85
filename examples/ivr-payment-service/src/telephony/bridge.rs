//! A call with an operator's leg: they talk, a payment is taken in between, they talk on.

use core::time::Duration;
use std::collections::VecDeque;

use paytone_call::{FRAME_SAMPLES, Input, Recording, SecureSpeech, Settings, Topology};
use paytone_dialog::{Command, CommandRefused, Mode, OrderCode, Outcome, Phase, Script, SecureState};
use rsipstack::dialog::dialog::TransactionHandle;
use rsipstack::sip::{Header, Request, StatusCode};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use super::message;
use super::operator::{Invitation, LegEvent, OperatorLeg};
use super::session::Session;
use super::tone;
use crate::bus::{CallCommand, Commanded};
use crate::config::{LineConfig, OperatorConfig, WayBack};
use crate::desk::CannotPay;
use crate::store::OrderUlid;

/// What a session knows of its operator.
#[derive(Default)]
pub(super) struct Bridging {
    operator: Option<OperatorConfig>,
    pub(super) leg: Option<OperatorLeg>,
    /// The script of a payment that is about to begin.
    pub(super) script: Option<JoinHandle<Result<Script, CannotPay>>>,
    /// The caller's side has been asked to call the operator.
    pub(super) referral: Option<JoinHandle<bool>>,
    pub(super) notified: Option<mpsc::Sender<u16>>,
    /// The dialog wants the caller to go back.
    pub(super) wants_return: bool,
    /// Ways back to the operator that have not been tried yet, the next one first.
    pub(super) ways: VecDeque<WayBack>,
    /// The outcome is recorded; what goes on is talk.
    pub(super) closed: bool,
    info: bool,
    recording: Option<Recording>,
    /// What became of the last payment of a call that goes on.
    pub(super) outcome: Option<Outcome>,
    /// Frames of ringing tone so far.
    rung: usize,
}

/// How a call on this line is composed. Keys by SIP INFO count only where nobody on the way can read them.
pub(super) fn settings(line: &LineConfig, is_private: bool, recording: Option<Recording>) -> Settings {
    let stays = line.operator.as_ref().is_some_and(|operator| operator.stays);
    let info = line.allow_info && is_private;
    let settings = Settings { recording, ..settings_of(line.operator.as_ref(), info, stays) };
    if line.conference { Settings { topology: Topology::Conference, ..settings } } else { settings }
}

fn settings_of(operator: Option<&OperatorConfig>, info: bool, is_bridge: bool) -> Settings {
    let usual = Settings::default();
    let hears = operator.is_some_and(|operator| operator.hears_speech);
    Settings {
        info,
        topology: if is_bridge { Topology::Bridge } else { Topology::Transfer },
        speech: if hears { SecureSpeech::Heard } else { SecureSpeech::Cut },
        look_back_ms: operator.map_or(usual.look_back_ms, |operator| operator.masking_delay),
        ..usual
    }
}

impl Bridging {
    pub(super) fn new(operator: Option<OperatorConfig>, settings: Settings) -> Self {
        let Settings { info, recording, .. } = settings;
        Self { operator, info, recording, ..Self::default() }
    }

    pub(super) const fn operator(&self) -> Option<&OperatorConfig> {
        self.operator.as_ref()
    }

    pub(super) const fn is_closed(&self) -> bool {
        self.closed
    }

    /// How a call is composed on which people talk.
    pub(super) fn talk(&self) -> Settings {
        Settings { recording: self.recording, ..settings_of(self.operator.as_ref(), self.info, true) }
    }

    pub(super) fn operator_stays(&self) -> bool {
        self.operator.as_ref().is_some_and(|operator| operator.stays)
    }

    pub(super) fn hang_up(&mut self) {
        self.leg = None;
        self.notified = None;
    }

    /// Lets the caller hear that the operator's phone rings: 400 Hz, one second in three.
    pub(super) fn ring(&mut self, frame: &mut [i16; FRAME_SAMPLES]) {
        if !self.leg.as_ref().is_some_and(OperatorLeg::is_ringing) {
            return;
        }
        if self.rung % RING_EVERY < RING_FOR {
            tone::mix_400_hz(frame);
        }
        self.rung += 1;
    }
}

impl Session {
    /// Dials the operator of the line. Whether there is a phone that may ring now.
    pub(super) fn call_operator(&mut self, headers: Vec<Header>) -> bool {
        let Some(operator) = &self.bridge.operator else { return false };
        let from = self.desk.caller_user();
        let invitation = Invitation {
            to: &operator.uri,
            from,
            headers,
            encryption: operator.encryption,
            ring: operator.ring,
        };
        let leg = OperatorLeg::dial(&self.switchboard, invitation).ok();
        self.bridge.rung = 0;
        self.bridge.leg = leg;
        self.bridge.leg.is_some()
    }

    /// Takes the leg of an operator who has called in: who waits for this order's caller, or else the longest for any.
    pub(super) async fn join_waiting(&mut self) -> bool {
        let Some(line) = self.bridge.operator().and_then(|operator| operator.waits_on.clone()) else {
            return false;
        };
        let services = &self.switchboard.services;
        let (merchant, code) = (self.desk.merchant(), self.desk.order_code());
        let code = code.as_ref().map(OrderCode::as_str);
        while let Some(waiting) = services.waiting.take(merchant, &line, code) {
            let (ask, leg) = oneshot::channel();
            // Who hung up just then is not there any more: the next.
            if waiting.send(ask).await.is_ok()
                && let Ok(leg) = leg.await
            {
                tracing::info!(call = %self.desk.call(), "an operator had called in");
                self.bridge.leg = Some(leg);
                return true;
            }
        }
        false
    }

    pub(super) async fn operator(&mut self, event: LegEvent) {
        match event {
            LegEvent::Reoffer(request, handle) => {
                if self.refuses_hold(&request, &handle).await {
                    return;
                }
                if let Some(leg) = &mut self.bridge.leg {
                    leg.reoffer(&request, &handle).await;
                }
            }
            LegEvent::Answered => tracing::info!(call = %self.desk.call(), "operator on the line"),
            LegEvent::Unreachable(status) => {
                tracing::warn!(call = %self.desk.call(), status, "the operator could not be reached");
                self.unreachable().await;
            }
            LegEvent::HungUp => self.operator_hung_up(),
            LegEvent::Nothing => {}
        }
    }

    /// 20 ms of the operator's leg.
    pub(super) fn operator_tick(&mut self, now: Duration) {
        let Some(leg) = &mut self.bridge.leg else { return };
        leg.tick(&mut self.call, now);
        if leg.is_silent(self.switchboard.services.config.call.rtp_timeout, now) {
            self.operator_hung_up();
        }
    }

    /// A caller who is on the way back tries the next way; one who was to talk to the operator first has nobody to talk to.
    async fn unreachable(&mut self) {
        self.bridge.leg = None;
        if self.bridge.closed { self.go_on_back().await } else { self.no_operator() }
    }

    pub(super) fn no_operator(&mut self) {
        self.desk.alarm("operator_unreachable");
        self.end("the operator cannot be reached");
    }

    /// Refuses to let either of the two put the other on hold while the card is taken: whoever comes on the line then is not
    /// whom secure mode was entered with. Whether it was refused.
    pub(super) async fn refuses_hold(&mut self, request: &Request, handle: &TransactionHandle) -> bool {
        let is_secure = self.call.progress().secure() != SecureState::Clear;
        let refused = self.bridge.leg.is_some() && is_secure && message::holds(request);
        if refused {
            tracing::info!(call = %self.desk.call(), "no hold while the card is taken");
            drop(handle.reply(StatusCode::RequestPending).await);
        }
        refused
    }

    /// Without a payment under way there is nobody left to talk to; a payment goes on by the script.
    fn operator_hung_up(&mut self) {
        self.bridge.leg = None;
        if self.is_talk() {
            return self.end("the operator hung up");
        }
        self.call.handle(Input::Command(Command::Mode(Mode::Automatic)), self.clock.now());
    }

    /// Whether no dialog runs: people talk.
    fn is_talk(&self) -> bool {
        matches!(self.call.progress().phase(), Phase::Ringing | Phase::Finished)
    }

    /// Does what an operator wants, and says whether it was done.
    pub(super) fn command(&mut self, commanded: Commanded) {
        let now = self.clock.now();
        let done = match (commanded.command, commanded.command.input()) {
            (CallCommand::TakePayment(order), _) => self.take_payment(order),
            (_, Some(Input::Command(command))) => self.call.command(command, now),
            (_, Some(input)) => {
                self.call.handle(input, now);
                Ok(())
            }
            (_, None) => Err(CommandRefused::NotReady),
        };
        commanded.answer(done);
    }

    /// Has the script of a payment written, if one can begin now.
    fn take_payment(&mut self, order: Option<OrderUlid>) -> Result<(), CommandRefused> {
        let is_bridged = self.bridge.leg.as_ref().is_some_and(OperatorLeg::is_up);
        if !is_bridged || self.held || !self.is_talk() || self.bridge.script.is_some() {
            return Err(CommandRefused::NotReady);
        }
        self.bridge.script = Some(tokio::spawn(self.desk.next_payment(order)));
        Ok(())
    }

    pub(super) fn begin_payment(&mut self, script: Option<Result<Script, CannotPay>>) {
        let begun = script
            .and_then(Result::ok)
            .is_some_and(|script| self.call.take_payment(script, self.clock.now()).is_ok());
        if !begun {
            self.desk.no_payment();
        }
    }

    /// The outcome of a call whose people have stopped talking after their payment.
    pub(super) fn talked_out(&mut self) -> Option<Outcome> {
        let is_finished = self.call.progress().phase() == Phase::Finished;
        if self.up || !is_finished { None } else { self.bridge.outcome.take() }
    }
}

/// Waits for a task to be done; for ever where there is none. A task that died is like one that failed. Cancel-safe.
pub(super) async fn done<T>(task: &mut Option<JoinHandle<T>>) -> Option<T> {
    let Some(running) = task else { return core::future::pending().await };
    let result = running.await.ok();
    *task = None;
    result
}

/// One second of tone, two of silence: the ringing tone of Japan's network, in frames.
const RING_FOR: usize = 50;
const RING_EVERY: usize = 150;
