//! A session is asked for again now and then, so that a peer that is gone is noticed (RFC 4028).

use core::time::Duration;

use rand::RngExt as _;
use rsipstack::dialog::dialog::TransactionHandle;
use rsipstack::sip::{Method, Request, StatusCode};

use super::Session;
use crate::telephony::timer::Due;
use crate::telephony::{bridge, message};

/// What came of a refresh.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refreshed {
    /// The peer is there.
    Alive,
    /// It has crossed a request of the peer's own (RFC 3261, 14.1).
    Crossed,
    /// The peer is gone.
    Gone,
}

impl Session {
    /// The session timer is up: it is refreshed, or the peer has not done so and is gone.
    pub(super) fn session_due(&mut self) {
        let Some(timer) = self.timer else { return };
        if timer.due().1 == Due::GiveUp {
            return self.end("the session was not refreshed");
        }
        let (dialog, offer) = (self.dialog.clone(), self.media.offer());
        let headers = message::sdp_headers().into_iter().chain(timer.request()).collect();
        self.refreshing = Some(tokio::spawn(async move {
            let asked = dialog.reinvite(Some(headers), Some(offer.into_bytes()));
            match tokio::time::timeout(REFRESH_PATIENCE, asked).await {
                Ok(Ok(Some(response))) => match response.status_code {
                    StatusCode::RequestPending => Refreshed::Crossed,
                    StatusCode::RequestTimeout | StatusCode::CallTransactionDoesNotExist => Refreshed::Gone,
                    _ => Refreshed::Alive,
                },
                _ => Refreshed::Gone,
            }
        }));
    }

    pub(super) fn refreshed(&mut self, refreshed: Option<Refreshed>) {
        let now = self.clock.now();
        match (refreshed, &mut self.timer) {
            (Some(Refreshed::Alive), Some(timer)) => timer.refresh(None, now),
            (Some(Refreshed::Alive), None) => {}
            // The peer's own request, where it gets through first, is as good a refresh.
            (Some(Refreshed::Crossed), _) => {
                let wait = rand::rng().random_range(0..=LONGEST_WAIT_MS / 10) * 10;
                self.refresh_from = now + Duration::from_millis(wait);
            }
            (Some(Refreshed::Gone) | None, _) => self.end("the peer is gone"),
        }
    }

    /// Refuses a re-INVITE that crosses ours (RFC 3261, 14.1). Whether it was refused.
    pub(super) async fn refuses_crossing(&mut self, request: &Request, handle: &TransactionHandle) -> bool {
        if self.refreshing.is_none() || request.method != Method::Invite {
            return false;
        }
        // A peer that has just got our ACK may be heard before the task that sent it.
        let settled = tokio::time::timeout(SETTLING, bridge::done(&mut self.refreshing)).await;
        if let Ok(refreshed) = settled {
            self.refreshed(refreshed);
            return false;
        }
        tracing::debug!(call = %self.desk.call(), "two re-invites have crossed");
        drop(handle.reply(StatusCode::RequestPending).await);
        true
    }
}

/// How long who has not made the Call-ID waits at most before a refresh that crossed the peer's request is made again.
const LONGEST_WAIT_MS: u64 = 2000;
/// How long a refresh whose answer has come may take to be known as done: the length of one packet.
const SETTLING: Duration = Duration::from_millis(20);
/// A peer that does not answer a refresh for this long is gone.
const REFRESH_PATIENCE: Duration = Duration::from_secs(32);
