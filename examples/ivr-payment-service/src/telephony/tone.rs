//! The one tone the service makes itself.

use paytone_call::FRAME_SAMPLES;

/// Adds 20 ms of 400 Hz, the pitch of Japan's ringing tone; frame after frame it goes on without a click.
pub(super) fn mix_400_hz(frame: &mut [i16; FRAME_SAMPLES]) {
    for (place, sample) in frame.iter_mut().enumerate() {
        // A frame holds eight whole waves of 400 Hz.
        let triangle = 10 - (place % 20).abs_diff(10) as i16 * 2;
        *sample = sample.saturating_add(triangle * STEP);
    }
}

/// A triangle wave of about -20 dBm0.
const STEP: i16 = 200;
