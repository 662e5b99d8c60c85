//! The operator's leg of a call: dialled, connected, hung up.

use core::time::Duration;
use std::net::SocketAddr;
use std::sync::Arc;

use paytone_call::{Call, FRAME_SAMPLES};
use rsipstack::dialog::dialog::{DialogState, DialogStateReceiver, TransactionHandle};
use rsipstack::dialog::invitation::{InviteAsyncResult, InviteOption};
use rsipstack::dialog::invite_dialog::InviteDialog;
use rsipstack::sip::uri::ParamsExt;
use rsipstack::sip::{Header, Request, Response, StatusCodeKind, Transport, Uri};
use tokio::task::JoinHandle;

use super::digest;
use super::endpoint::Switchboard;
use super::media::{MediaSession, OfferedMedia};
use super::message;
use super::session::NewLeg;
use super::waiting;
use crate::config::Encryption;
use crate::waiting::WaitingOperator;

/// Who is called, and what the phone shows.
pub(super) struct Invitation<'a> {
    /// The operator's URI.
    pub(super) to: &'a str,
    /// The user part of whom the call is from.
    pub(super) from: &'a str,
    /// What else the INVITE says.
    pub(super) headers: Vec<Header>,
    /// Whether its media is encrypted.
    pub(super) encryption: Encryption,
    /// How long the phone may ring.
    pub(super) ring: Duration,
}

/// The leg, from the INVITE to the BYE. Dropped while it is up, it hangs up.
pub(crate) struct OperatorLeg {
    switchboard: Arc<Switchboard>,
    dialog: InviteDialog,
    stage: Stage,
    /// Called in, and waits for the next caller when this one has gone.
    waits: Option<WaitingOperator>,
}

enum Stage {
    Ringing {
        answer: JoinHandle<InviteAsyncResult>,
        offered: Option<(OfferedMedia, DialogStateReceiver)>,
        until: tokio::time::Instant,
    },
    Up(Box<MediaSession>, DialogStateReceiver),
    Over,
}

/// What happened on the leg.
pub(super) enum LegEvent {
    /// The operator answered.
    Answered,
    /// Nobody answered, or it made no sense; the status where there was one.
    Unreachable(Option<u16>),
    /// The operator hung up.
    HungUp,
    /// The operator's phone describes its audio anew.
    Reoffer(Box<Request>, TransactionHandle),
    /// Nothing of interest.
    Nothing,
}

impl OperatorLeg {
    /// Sends the INVITE.
    ///
    /// # Errors
    ///
    /// The URI or this machine has no usable address.
    pub(super) fn dial(
        switchboard: &Arc<Switchboard>,
        invitation: Invitation<'_>,
    ) -> Result<Self, Unreachable> {
        let config = &switchboard.services.config.sip;
        let callee = Uri::try_from(invitation.to).map_err(|_| Unreachable)?;
        let peer = callee.host_with_port.to_string();
        let peer = peer.parse().ok().or_else(|| Some(SocketAddr::new(peer.parse().ok()?, 5060)));
        let media = OfferedMedia::towards(peer, &switchboard.media_policy(invitation.encryption));
        let media = media.map_err(|_| Unreachable)?;
        let transport = callee.transport().copied().unwrap_or(Transport::Udp);
        let contact = super::contact(switchboard, transport, None).ok_or(Unreachable)?;
        let caller = super::contact(switchboard, transport, Some(invitation.from)).ok_or(Unreachable)?;
        let option = InviteOption {
            caller,
            callee,
            contact,
            offer: Some(media.offer().into_bytes()),
            headers: Some(invitation.headers),
            credential: config.account_for(invitation.to).map(digest::credential),
            ..InviteOption::default()
        };
        let (state_sender, states) = switchboard.dialogs.new_dialog_state_channel();
        let invited = switchboard.dialogs.do_invite_async(option, state_sender);
        let (dialog, answer) = invited.map_err(|_| Unreachable)?;
        let until = tokio::time::Instant::now() + invitation.ring;
        Ok(Self {
            switchboard: switchboard.clone(),
            dialog,
            stage: Stage::Ringing { answer, offered: Some((media, states)), until },
            waits: None,
        })
    }

    /// The leg of an operator who has called in. Who waited for any caller does so again, when this one has gone.
    pub(super) fn called_in(switchboard: &Arc<Switchboard>, leg: NewLeg, operator: WaitingOperator) -> Self {
        let NewLeg { dialog, states, mut media } = leg;
        media.heard(crate::clock::now());
        Self {
            switchboard: switchboard.clone(),
            dialog,
            stage: Stage::Up(Box::new(media), states),
            waits: Some(operator).filter(|operator| operator.code.is_none()),
        }
    }

    /// Whether the operator has answered and not hung up.
    pub(super) const fn is_up(&self) -> bool {
        matches!(self.stage, Stage::Up(..))
    }

    /// Whether the operator's phone still rings.
    pub(super) const fn is_ringing(&self) -> bool {
        matches!(self.stage, Stage::Ringing { .. })
    }

    /// Waits for what happens next; for ever where there is no leg. Cancel-safe.
    pub(super) async fn next(leg: &mut Option<Self>) -> LegEvent {
        let Some(leg) = leg else { return core::future::pending().await };
        match &mut leg.stage {
            Stage::Ringing { answer, until, .. } => {
                let answered = tokio::select! {
                    answered = answer => answered.ok().and_then(Result::ok).and_then(|(_, response)| response),
                    () = tokio::time::sleep_until(*until) => None,
                };
                leg.answered(answered)
            }
            Stage::Up(_, states) => {
                let state = states.recv().await;
                leg.changed(state)
            }
            Stage::Over => core::future::pending().await,
        }
    }

    fn answered(&mut self, response: Option<Response>) -> LegEvent {
        let Stage::Ringing { offered, .. } = &mut self.stage else { return LegEvent::Nothing };
        let status = response.as_ref().map(|response| response.status_code.code());
        let response = response.filter(|response| response.status_code.kind() == StatusCodeKind::Successful);
        let agreed = offered.take().zip(response).and_then(|((media, states), answer)| {
            Some((media.answered(&answer.body, crate::clock::now()).ok()?, states))
        });
        let Some((media, states)) = agreed else {
            self.hang_up();
            return LegEvent::Unreachable(status);
        };
        self.stage = Stage::Up(Box::new(media), states);
        LegEvent::Answered
    }

    fn changed(&mut self, state: Option<DialogState>) -> LegEvent {
        match state {
            None | Some(DialogState::Terminated(..)) => {
                self.stage = Stage::Over;
                self.switchboard.dialogs.remove_dialog(&self.dialog.id());
                LegEvent::HungUp
            }
            Some(DialogState::Updated(_, request, handle)) => LegEvent::Reoffer(Box::new(request), handle),
            Some(_) => LegEvent::Nothing,
        }
    }

    /// 20 ms of the leg: what the operator said goes in, what the operator hears goes out.
    pub(super) fn tick(&mut self, call: &mut Call, now: Duration) {
        let Stage::Up(media, _) = &mut self.stage else { return };
        media.receive(call, now);
        media.play_out(call, now);
        let mut frame = [0; FRAME_SAMPLES];
        call.next_operator_frame(&mut frame);
        if media.is_held() { media.rest() } else { media.send_frame(&frame) }
    }

    /// Whether the operator's phone has been silent on the network for this long, and is not on hold.
    pub(super) fn is_silent(&self, limit: Duration, now: Duration) -> bool {
        match &self.stage {
            Stage::Up(media, _) => media.is_silent(limit, now),
            _ => false,
        }
    }

    /// Answers a re-INVITE or UPDATE of the operator's phone.
    pub(super) async fn reoffer(&mut self, request: &Request, handle: &TransactionHandle) {
        let Stage::Up(media, _) = &mut self.stage else { return };
        message::answer_reoffer(media, request, handle, Vec::new()).await;
    }

    /// Ends the leg from our side: BYE, or CANCEL where nobody has answered. Who has called in for any caller waits again.
    pub(super) fn hang_up(&mut self) {
        let (switchboard, dialog) = (self.switchboard.clone(), self.dialog.clone());
        let stage = match (core::mem::replace(&mut self.stage, Stage::Over), self.waits.take()) {
            (Stage::Over, _) => return,
            (Stage::Up(media, states), Some(operator)) => {
                let leg = NewLeg { dialog, states, media: *media };
                return waiting::wait_again(&switchboard, leg, operator);
            }
            (stage, _) => stage,
        };
        self.switchboard.tasks.spawn(async move {
            // A peer that is gone never answers.
            drop(tokio::time::timeout(super::BYE_PATIENCE, dialog.hangup()).await);
            if let Stage::Ringing { answer, .. } = stage
                && !answer.is_finished()
            {
                // The INVITE's own end: an answer that crossed our CANCEL is ended by the library.
                drop(tokio::time::timeout(super::BYE_PATIENCE, answer).await);
            }
            switchboard.dialogs.remove_dialog(&dialog.id());
        });
    }
}

impl Drop for OperatorLeg {
    fn drop(&mut self) {
        self.hang_up();
    }
}

/// The operator cannot be called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the operator cannot be called")]
pub(super) struct Unreachable;
