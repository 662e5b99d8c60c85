//! A call to a line that is there to try lines out: keys are spoken back with the way they came.

use std::sync::Arc;

use paytone_call::{FRAME_SAMPLES, Input, LineCheck};
use rsipstack::dialog::dialog::{DialogState, DialogStateReceiver};
use rsipstack::dialog::invite_dialog::InviteDialog;
use rsipstack::sip::StatusCode;
use rsipstack::transaction::transaction::Transaction;
use tokio::sync::mpsc;

use super::admission::{self, Established};
use super::endpoint::Switchboard;
use super::media::MediaSession;
use super::message;
use super::session::{FRAME, SessionClock, ToSession, until};
use crate::bus::EventKind;
use crate::config::{LineKind, LineMatch};
use crate::store::MerchantUlid;

/// One call, from its answer to its end.
pub(super) struct CheckSession {
    switchboard: Arc<Switchboard>,
    dialog: InviteDialog,
    states: DialogStateReceiver,
    messages: mpsc::Receiver<ToSession>,
    media: MediaSession,
    check: LineCheck,
    line: String,
    merchant: MerchantUlid,
    clock: SessionClock,
}

/// Whether this line is one to try out.
pub(super) fn is_check(line: &LineMatch<'_>) -> bool {
    line.line.kind == LineKind::Check
}

/// Answers the INVITE.
pub(super) async fn connect(
    switchboard: &Arc<Switchboard>,
    transaction: &mut Transaction,
    line: LineMatch<'_>,
    clock: SessionClock,
) -> Result<(CheckSession, InviteDialog), StatusCode> {
    let (media, answer) = admission::media(switchboard, &transaction.original, clock.now())?;
    let shop = switchboard.services.of(line.line).shop;
    let language = line.line.languages.first().copied().unwrap_or_default();
    let check = LineCheck::new(shop.clips.clone(), language);
    let Established { dialog, states, messages, .. } =
        admission::establish(switchboard, transaction, &answer)?;
    let session = CheckSession {
        switchboard: switchboard.clone(),
        dialog: dialog.clone(),
        states,
        messages,
        media,
        check,
        line: line.line.name.clone(),
        merchant: shop.merchant_id,
        clock,
    };
    Ok((session, dialog))
}

impl CheckSession {
    /// Runs until either side hangs up, and says how keys have come.
    pub(super) async fn run(mut self) {
        let mut ticks = tokio::time::interval(FRAME);
        loop {
            let timeout = self.check.poll_timeout().map(|at| self.clock.instant(at));
            let now = || self.clock.now();
            tokio::select! {
                _ = ticks.tick() => if !self.tick() { break },
                state = self.states.recv() => match state {
                    None | Some(DialogState::Terminated(..)) => break,
                    Some(DialogState::Updated(_, request, handle)) => {
                        message::answer_reoffer(&mut self.media, &request, &handle, Vec::new()).await;
                        self.media.heard(self.clock.now());
                    }
                    Some(_) => {}
                },
                Some(message) = self.messages.recv() => {
                    let ToSession::Info(info) = message else { continue };
                    let now = now();
                    self.media.heard(now);
                    let key = Input::Info { content_type: &info.content_type, body: &info.body };
                    self.check.handle(key, now);
                }
                () = until(timeout) => {
                    let now = now();
                    self.check.handle_timeout(now);
                }
                () = self.switchboard.cancel.cancelled() => break,
            }
        }
        self.end().await;
    }

    /// 20 ms; whether the call goes on.
    fn tick(&mut self) -> bool {
        let (now, limits) = (self.clock.now(), &self.switchboard.services.config.call);
        self.media.receive(&mut self.check, now);
        if self.media.is_silent(limits.rtp_timeout, now) || self.clock.elapsed() >= limits.max_length {
            return false;
        }
        if self.media.is_held() {
            self.media.rest();
            return true;
        }
        self.media.play_out(&mut self.check, now);
        let mut frame = [0; FRAME_SAMPLES];
        self.check.next_frame(&mut frame);
        self.media.send_frame(&frame);
        true
    }

    async fn end(self) {
        // A peer that is gone never answers, and one that hung up is not asked.
        drop(tokio::time::timeout(super::BYE_PATIENCE, self.dialog.bye()).await);
        self.switchboard.disconnect(&self.dialog.id());
        let (line, counts) = (self.line, self.check.counts());
        let doubled = counts.doubled();
        let paytone_call::Counts { keys, events, infos, tones } = counts;
        tracing::info!(line, keys, events, infos, tones, doubled, "a line was tried out");
        let kind = EventKind::LineChecked { line, keys, events, infos, tones, doubled };
        self.switchboard.services.bus.publish(self.merchant, None, self.clock.now(), kind);
    }
}
