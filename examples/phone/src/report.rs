//! What became of a call.

use core::time::Duration;

use paytone_media::g711::{FRAME_SAMPLES, SAMPLE_RATE};

/// How a call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Ending {
    /// The phone hung up.
    Caller,
    /// The other side hung up.
    Callee,
    /// The other side refused the call.
    Refused,
    /// Nobody answered in time.
    NoAnswer,
    /// The phone cancelled the call before it was answered.
    Cancelled,
}

/// What the phone heard.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Heard {
    pub(crate) packets: u64,
    pub(crate) samples: Vec<i16>,
}

impl Heard {
    /// RTP packets that arrived from the other side, events included.
    #[must_use]
    pub const fn packets(&self) -> u64 {
        self.packets
    }

    /// The audio in order, 8000 samples per second, ten minutes at most. Zeros stand where packets were lost; time
    /// in which the other side sent nothing is left out.
    #[must_use]
    pub fn samples(&self) -> &[i16] {
        &self.samples
    }

    /// How much of it was loud enough to be speech or a tone.
    #[must_use]
    pub fn loud(&self) -> Duration {
        let loud = self.samples.chunks(FRAME_SAMPLES).filter(|frame| is_loud(frame));
        let samples: usize = loud.map(<[i16]>::len).sum();
        Duration::from_millis(1_000 * samples as u64 / u64::from(SAMPLE_RATE))
    }
}

impl core::fmt::Debug for Heard {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let (packets, samples) = (self.packets, self.samples.len());
        f.debug_struct("Heard").field("packets", &packets).field("samples", &samples).finish_non_exhaustive()
    }
}

/// Whether 20 ms of audio are more than line noise: about 40 dB below full scale.
pub(crate) fn is_loud(frame: &[i16]) -> bool {
    crate::line::level(frame) > LOUD
}

/// A finished call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallReport {
    pub(crate) call_id: String,
    pub(crate) status: Option<u16>,
    pub(crate) ending: Ending,
    pub(crate) duration: Duration,
    pub(crate) heard: Heard,
}

impl CallReport {
    /// The SIP Call-ID; contains no digits.
    #[must_use]
    pub fn call_id(&self) -> &str {
        &self.call_id
    }

    /// The final status of the INVITE, 200 to 699; `None` when there was none.
    #[must_use]
    pub const fn status(&self) -> Option<u16> {
        self.status
    }

    /// How the call ended.
    #[must_use]
    pub const fn ending(&self) -> Ending {
        self.ending
    }

    /// From the answer to the end; zero when there was no answer.
    #[must_use]
    pub const fn duration(&self) -> Duration {
        self.duration
    }

    /// What the phone heard.
    #[must_use]
    pub const fn heard(&self) -> &Heard {
        &self.heard
    }
}

const LOUD: f64 = 300.0;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loud_time_counts_whole_frames_above_the_line() {
        let mut samples = vec![0; 1_600];
        samples.extend([2_000; 1_600]);
        samples.extend([200; 1_600]);
        let heard = Heard { packets: 30, samples };
        assert_eq!(heard.loud(), Duration::from_millis(200));
        assert_eq!(format!("{heard:?}"), "Heard { packets: 30, samples: 4800, .. }");
    }
}
