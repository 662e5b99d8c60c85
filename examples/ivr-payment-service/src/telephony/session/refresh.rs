//! A session is asked for again now and then, so that a peer that is gone is noticed (RFC 4028).

use core::time::Duration;

use rsipstack::sip::StatusCode;

use super::Session;
use crate::telephony::message;
use crate::telephony::timer::Due;

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
            let asked = dialog.reinvite_with_glare_retry(Some(headers), Some(offer.into_bytes()), GLARES);
            let answer = tokio::time::timeout(REFRESH_PATIENCE, asked).await;
            let gone = [StatusCode::RequestTimeout, StatusCode::CallTransactionDoesNotExist];
            matches!(answer, Ok(Ok(Some(response))) if !gone.contains(&response.status_code))
        }));
    }

    pub(super) fn refreshed(&mut self, alive: Option<bool>) {
        if alive != Some(true) {
            return self.end("the peer is gone");
        }
        if let Some(timer) = &mut self.timer {
            timer.refresh(None, self.clock.now());
        }
    }
}

/// How often a refresh that crosses the peer's own request is tried.
const GLARES: usize = 3;
/// A peer that does not answer a refresh for this long is gone.
const REFRESH_PATIENCE: Duration = Duration::from_secs(32);
