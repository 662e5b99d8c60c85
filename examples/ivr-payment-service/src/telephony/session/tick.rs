//! The call's 20 ms clock.

use paytone_call::FRAME_SAMPLES;

use super::Session;
use crate::telephony::timer::SessionTimer;

impl Session {
    /// 20 ms of the call: what was heard goes in, what is said goes out, and what is due is done.
    pub(super) fn tick(&mut self) {
        let now = self.clock.now();
        if self.switchboard.cancel.is_cancelled() {
            return self.end("shutdown");
        }
        if now.saturating_sub(self.clock.wall) >= self.switchboard.services.config.call.max_length {
            return self.end("maximum length");
        }
        self.media.receive(&mut self.call, now);
        if self.call.poll_timeout().is_some_and(|at| at <= now) {
            self.call.handle_timeout(now);
        }
        let is_due = |timer: SessionTimer| timer.due().0.max(self.refresh_from) <= now;
        if self.refreshing.is_none() && self.timer.is_some_and(is_due) {
            self.session_due();
        }
        self.operator_tick(now);
        if self.held {
            self.record();
            return self.media.rest();
        }
        if self.media.is_silent(self.switchboard.services.config.call.rtp_timeout, now) {
            return self.end("nothing heard");
        }
        self.media.play_out(&mut self.call, now);
        let mut frame = [0; FRAME_SAMPLES];
        self.call.next_frame(&mut frame, now);
        self.bridge.ring(&mut frame);
        self.media.send_frame(&frame);
        self.record();
    }

    fn record(&mut self) {
        if let Some(recording) = &mut self.recording
            && let Some(recorded) = self.call.next_recorded()
        {
            recording.put(&recorded);
        }
    }
}
