//! An operator who has called in: the leg waits until a caller gets it, and for the next when that one has gone.

use core::time::Duration;
use std::sync::Arc;

use paytone_call::{FRAME_SAMPLES, Input};
use paytone_dialog::OrderCode;
use rsipstack::dialog::dialog::DialogState;
use rsipstack::dialog::invite_dialog::InviteDialog;
use rsipstack::sip::StatusCode;
use rsipstack::transaction::transaction::Transaction;
use tokio::sync::mpsc;

use super::admission;
use super::endpoint::Switchboard;
use super::media::Listener;
use super::message;
use super::operator::OperatorLeg;
use super::session::{FRAME, NewLeg, SessionClock};
use super::tone;
use crate::bus::EventKind;
use crate::config::{LineKind, LineMatch};
use crate::waiting::{Ask, WaitingOperator};

/// The leg, from its answer or the end of a caller's call until a caller gets it or it ends.
pub(super) struct WaitingLeg {
    switchboard: Arc<Switchboard>,
    leg: NewLeg,
    operator: WaitingOperator,
    clock: SessionClock,
}

/// Whether operators call in on this line.
pub(super) fn is_operators(line: &LineMatch<'_>) -> bool {
    line.line.kind == LineKind::Operator
}

/// Answers the INVITE. 404 for a code that is none.
pub(super) async fn connect(
    switchboard: &Arc<Switchboard>,
    transaction: &mut Transaction,
    line: LineMatch<'_>,
    clock: SessionClock,
) -> Result<(WaitingLeg, InviteDialog), StatusCode> {
    if line.code.is_some_and(|code| OrderCode::parse(code).is_err()) {
        return Err(StatusCode::NotFound);
    }
    let (media, answer) = admission::media(switchboard, &transaction.original, clock.now())?;
    let media = media.of_operator();
    let operator = WaitingOperator {
        merchant: switchboard.services.of(line.line).shop.merchant_id,
        line: line.line.name.clone(),
        operator: message::from_user(&transaction.original),
        code: line.code.map(str::to_owned),
        since: clock.now(),
    };
    let (dialog, states) = admission::dialog(switchboard, transaction)?;
    admission::accept(switchboard, &dialog, &answer, Vec::new())?;
    let leg = NewLeg { dialog: dialog.clone(), states, media };
    Ok((WaitingLeg { switchboard: switchboard.clone(), leg, operator, clock }, dialog))
}

/// Has an operator wait for the next caller whose call with the one before is over.
pub(super) fn wait_again(switchboard: &Arc<Switchboard>, leg: NewLeg, operator: WaitingOperator) {
    let clock = SessionClock::start();
    let operator = WaitingOperator { since: clock.now(), ..operator };
    let leg = WaitingLeg { switchboard: switchboard.clone(), leg, operator, clock };
    switchboard.tasks.spawn(leg.run());
}

impl WaitingLeg {
    /// Runs until a caller gets the leg, or either side hangs up.
    pub(super) async fn run(mut self) {
        let room = self.switchboard.services.waiting.clone();
        let (asked, mut asking) = mpsc::channel(1);
        let seat = room.enter(self.operator.clone(), asked);
        self.tell(true);
        let wanted = self.wait(&mut asking).await;
        room.leave(seat);
        // One who was asked for just then is not, if the leg has ended.
        asking.close();
        self.tell(false);
        match wanted {
            Some(ask) => {
                // Whoever asked may have gone: then the leg is dropped, which hangs up or has it wait again.
                drop(ask.send(OperatorLeg::called_in(&self.switchboard, self.leg, self.operator)));
            }
            None => {
                // A peer that is gone never answers, and one that hung up is not asked.
                drop(tokio::time::timeout(super::BYE_PATIENCE, self.leg.dialog.bye()).await);
                self.switchboard.dialogs.remove_dialog(&self.leg.dialog.id());
            }
        }
    }

    async fn wait(&mut self, asking: &mut mpsc::Receiver<Ask>) -> Option<Ask> {
        let mut ticks = tokio::time::interval(FRAME);
        let mut frames = 0;
        loop {
            tokio::select! {
                ask = asking.recv() => return ask,
                _ = ticks.tick() => if !self.tick(&mut frames) { return None },
                state = self.leg.states.recv() => match state {
                    None | Some(DialogState::Terminated(..)) => return None,
                    Some(DialogState::Updated(_, request, handle)) => {
                        message::answer_reoffer(&mut self.leg.media, &request, &handle, Vec::new()).await;
                        self.leg.media.heard(self.clock.now());
                    }
                    Some(_) => {}
                },
                () = self.switchboard.cancel.cancelled() => return None,
            }
        }
    }

    /// 20 ms; whether the leg goes on.
    fn tick(&mut self, frames: &mut usize) -> bool {
        let (now, limits) = (self.clock.now(), &self.switchboard.services.config.call);
        self.leg.media.receive(&mut Nobody, now);
        if self.leg.media.is_silent(limits.rtp_timeout, now) || self.clock.elapsed() >= limits.max_length {
            return false;
        }
        if self.leg.media.is_held() {
            self.leg.media.rest();
            return true;
        }
        self.leg.media.play_out(&mut Nobody, now);
        let mut frame = [0; FRAME_SAMPLES];
        if *frames % BEEP_EVERY < BEEP_FOR {
            tone::mix_400_hz(&mut frame);
        }
        *frames += 1;
        self.leg.media.send_frame(&frame);
        true
    }

    fn tell(&self, waits: bool) {
        let WaitingOperator { merchant, line, operator, .. } = &self.operator;
        tracing::info!(line, operator, waits, "an operator has called in");
        let kind = EventKind::OperatorWaits { line: line.clone(), operator: operator.clone(), waits };
        self.switchboard.services.bus.publish(*merchant, None, self.clock.now(), kind);
    }
}

/// Nobody hears an operator who waits.
struct Nobody;

impl Listener for Nobody {
    fn handle(&mut self, _: Input<'_>, _: Duration) {}
}

/// A tenth of a second of tone every five seconds, in frames: still connected, still waiting.
const BEEP_FOR: usize = 5;
const BEEP_EVERY: usize = 250;
